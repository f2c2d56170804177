/*
 * lms: the connection and its transactions.
 */
#include "work.h"

#include "census.h"
#include "conflicts.h"
#include "spelt.h"
#include "taken.h"
#include "write_behind.h"

#include "enrold/schema.h"
#include "enrold/site.h"

#include <stdlib.h>
#include <string.h>

static const char *const needed[] = {"user_enrolments", "role_assignments", "config"};

enum { NEEDED = sizeof needed / sizeof *needed };

static struct error version_check(struct lms *lms)
{
	bool is_old = db_ledger_version(lms->db) < SCHEMA_LEDGER_VERSION;
	struct error error = db_error(lms->db);
	if (!is_error(&error) && is_old)
		error = error_config("%s: enrold's own tables are those of an older enrold: bring "
		                     "them up to date with `enrolctl lms init`",
		    db_name(lms->db));
	return error;
}

/* What may be read is there: one question for all. */
static bool are_readable(struct db *db)
{
	const char *tables[NEEDED + 1];
	uint32_t rights[NEEDED + 1];
	memcpy(tables, needed, sizeof needed);
	tables[NEEDED] = "enrold_run";
	db_rights_all(db, tables, NEEDED + 1, rights);
	bool are = !db_has_failed(db);
	for (size_t i = 0; i <= NEEDED; i++)
		are = are && (rights[i] & (DB_MAY_READ | DB_IS_ABSENT)) == DB_MAY_READ;
	return are;
}

/* Which of them is missing, and why, is asked for one by one. */
static struct error tables_check(struct lms *lms)
{
	struct error error = OK;
	if (are_readable(lms->db))
		return version_check(lms);
	for (size_t i = 0; i < NEEDED && !is_error(&error); i++)
		error = rights_check_read(lms->db, needed[i]);
	if (!is_error(&error))
		error = rights_check_read(lms->db, "enrold_run");
	if (is_error(&error))
		return error;
	bool has = true, has_ledger = db_has_table(lms->db, "enrold_run");
	for (size_t i = 0; i < NEEDED; i++)
		has = has && db_has_table(lms->db, needed[i]);
	error = db_error(lms->db);
	if (!is_error(&error) && !has)
		error = error_config("%s has no site with the prefix '%s'%s", db_name(lms->db),
		    lms->options->prefix,
		    db_is_server(lms->db) ? ": see lms.prefix"
		                          : ": make one with `enrolctl lms init`");
	else if (!is_error(&error) && !has_ledger)
		error = error_config("%s has no tables of enrold's own: make them with `enrolctl "
		                     "lms init`",
		    db_name(lms->db));
	return is_error(&error) ? error : version_check(lms);
}

static struct error open_as(const struct lms_options *options, bool is_known, struct lms **result)
{
	struct lms *lms = calloc(1, sizeof *lms);
	if (!lms)
		return error_memory("opening the LMS database");
	lms->options = options;
	lms->arena = arena_create();
	lms->scratch = arena_create();
	lms->writing = arena_create();
	lms->write_behind = write_behind_create(lms);
	lms->taken = taken_create();
	lms->chores = chores_create();
	bool has_memory = lms->arena && lms->scratch && lms->writing && lms->write_behind &&
	                  lms->taken && lms->chores;
	struct error error = has_memory ? site_connect(options, DB_EXISTING, &lms->db)
	                                : error_memory("opening the LMS database");
	if (!is_error(&error)) {
		db_set_journal(lms->db);
		accounts_prepare(lms);
		error = is_known ? db_error(lms->db) : tables_check(lms);
	}
	if (is_error(&error)) {
		lms_close(lms);
		return error;
	}
	*result = lms;
	return OK;
}

struct error lms_open(const struct lms_options *options, struct lms **result)
{
	return open_as(options, false, result);
}

struct error lms_open_known(const struct lms_options *options, struct lms **result)
{
	return open_as(options, true, result);
}

void lms_close(struct lms *lms)
{
	if (!lms)
		return;
	write_behind_free(lms->write_behind);
	census_free(lms->census);
	spelt_free(lms->spelt);
	taken_free(lms->taken);
	chores_free(lms->chores);
	roll_free(lms->roll);
	course_names_drop(lms);
	holders_drop(lms);
	db_close(lms->observer);
	db_close(lms->db);
	buffer_done(&lms->account_select);
	buffer_done(&lms->account_columns);
	arena_free(lms->scratch);
	arena_free(lms->writing);
	arena_free(lms->arena);
	free(lms);
}

static void census_drop(struct lms *lms)
{
	census_free(lms->census);
	lms->census = NULL;
}

static void spelt_drop(struct lms *lms)
{
	spelt_free(lms->spelt);
	lms->spelt = NULL;
}

struct error lms_ask_clock(struct lms *lms, int64_t *epoch_us)
{
	*epoch_us = db_clock_us(lms_db(lms));
	return db_error(lms->db);
}

bool lms_is_alive(struct lms *lms)
{
	return db_is_alive(lms->db);
}

void lms_rest(struct lms *lms)
{
	if (!lms)
		return;
	write_behind_join(lms->write_behind);
	census_drop(lms);
	spelt_drop(lms);
	arena_reset(lms->scratch);
	arena_trim(lms->scratch);
	arena_trim(lms->writing);
	db_rest(lms_db(lms));
}

struct error lms_begin(struct lms *lms)
{
	taken_forget(lms->taken);
	holders_drop(lms);
	lms->session = 0;
	db_begin_alone(lms->db, DB_PATIENCE_S);
	if (lms->census && db_version(lms->db) != lms->census_version)
		census_drop(lms);
	if (lms->spelt && db_version(lms->db) != lms->spelt_version)
		spelt_drop(lms);
	return db_error(lms->db);
}

struct error lms_prefetch(struct lms *lms, uint64_t people)
{
	if (lms->census)
		return OK;
	lms->census = census_take(lms->db, lms->site.local_host, people);
	if (lms->census)
		lms->census_version = db_version(lms->db);
	conflicts_expect(lms);
	return db_error(lms->db);
}

struct error lms_prefetch_spellings(struct lms *lms, uint64_t people)
{
	if (!lms->spelt)
		lms->spelt = spelt_take(lms->db, people);
	if (lms->spelt)
		lms->spelt_version = db_version(lms->db);
	return db_error(lms->db);
}

void lms_rehearse(struct lms *lms)
{
	write_behind_rehearse(lms->write_behind);
}

static void transaction_end(struct lms *lms)
{
	write_behind_drop(lms->write_behind);
	taken_forget(lms->taken);
	roll_free(lms->roll);
	lms->roll = NULL;
	holders_drop(lms);
}

/* The database now says what the transaction has noted. The census is kept only where one can ask
 * whether others write until the next transaction. */
static bool census_may_stay(const struct lms *lms)
{
	return lms->census && lms->census_version != 0 && census_is_small(lms->census);
}

struct error lms_flush(struct lms *lms)
{
	write_behind_finish(lms->write_behind);
	write_behind_mark_dirty(lms->write_behind);
	return db_error(lms->db);
}

struct error lms_commit(struct lms *lms)
{
	struct error error = lms_flush(lms); /* it sticks, and db_end returns it */
	if (!is_error(&error))
		conflicts_check(lms);
	transaction_end(lms);
	if (is_error(&error) || !census_may_stay(lms))
		census_drop(lms);
	if (is_error(&error) || lms->spelt_version == 0)
		spelt_drop(lms);
	error = db_end(lms->db);
	if (is_error(&error)) {
		census_drop(lms);
		spelt_drop(lms);
	}
	return error;
}

void lms_rollback(struct lms *lms)
{
	if (!lms)
		return;
	transaction_end(lms);
	census_drop(lms);
	spelt_drop(lms);
	db_rollback(lms->db);
}
