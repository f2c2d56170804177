/*
 * postgresql_link: errors, and statements on their way to the server: some are asked at once, those
 * whose answer nobody needs wait in a pipeline, rows of one table in a COPY.
 */
#include "postgresql.h"

#include "enrold/value.h"

#include <stdio.h>
#include <stdlib.h>

/* What waiting cannot mend: no right, no such table or column, a value that does not fit. */
static bool is_lasting(const char *state)
{
	static const char *const classes[] = {"0A", "22", "23", "28", "3D", "3F", "42"};
	if (strcmp(state, "23505") == 0)
		return false; /* somebody else was faster: look again */
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (strncmp(state, classes[i], 2) == 0)
			return true;
	return false;
}

/* Those of these that lie in the statement, not in who we are or which database it is: another file
 * may fare better. */
static bool is_narrow(const char *state)
{
	return strncmp(state, "28", 2) != 0 && strncmp(state, "3D", 2) != 0;
}

/* Serialization failure, deadlock, a lock not got in time, a row that somebody else was faster
 * with: less at a time meets fewer. */
static bool is_collision(const char *state)
{
	static const char *const states[] = {"40001", "40P01", "55P03", "23505"};
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

/* One line of libpq's several. */
struct error postgresql_error(const struct postgresql *db, const PGresult *result)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	if (!text)
		text = PQerrorMessage(db->handle);
	int length = (int)strcspn(text, "\n");
	if (!state || !is_lasting(state)) {
		struct error passing = error_retry("%s: %.*s", db->db.name, length, text);
		passing.is_collision = state && is_collision(state);
		return passing;
	}
	struct error error = error_config("%s: %.*s", db->db.name, length, text);
	error.is_narrow = is_narrow(state);
	return error;
}

static bool is_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN ||
	       status == PGRES_COPY_OUT || status == PGRES_PIPELINE_SYNC;
}

/* Takes the result; true when it is good. */
bool postgresql_check(struct postgresql *db, PGresult *result)
{
	bool good = is_good(result);
	if (!good)
		db_fail(&db->db, postgresql_error(db, result));
	PQclear(result);
	return good;
}

/* Fails unless as many rows were written as given: a trigger may drop some. */
static void count_check(struct postgresql *db, PGresult *result)
{
	uint64_t written = strtoull(PQcmdTuples(result), NULL, 10);
	if (written != db->copied && PQresultStatus(result) == PGRES_COMMAND_OK)
		db_fail_count(&db->db, written, db->copied);
}

void postgresql_copy_end(struct postgresql *db)
{
	if (!db->copying)
		return;
	db->copying = NULL;
	if (PQputCopyEnd(db->handle, db_has_failed(&db->db) ? "stopped" : NULL) != 1)
		db_fail(&db->db, postgresql_error(db, NULL));
	for (PGresult *result; (result = PQgetResult(db->handle));) {
		count_check(db, result);
		postgresql_check(db, result);
	}
}

/* Takes the result of one that waited; what was skipped follows one whose error is known. */
static void queued_check(struct postgresql *db, PGresult *result)
{
	if (result && PQresultStatus(result) != PGRES_PIPELINE_ABORTED)
		postgresql_check(db, result);
	else
		PQclear(result);
}

/* Ends the pipeline. All in it is done, and checked but for the last, whose result is returned. */
static PGresult *pipeline_end(struct postgresql *db)
{
	PGresult *last = NULL;
	bool is_synced = !PQpipelineSync(db->handle);
	if (is_synced)
		db_fail(&db->db, postgresql_error(db, NULL));
	while (!is_synced && PQstatus(db->handle) == CONNECTION_OK) {
		PGresult *result = PQgetResult(db->handle);
		if (!result)
			continue; /* between two statements */
		is_synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		queued_check(db, is_synced ? result : last);
		last = is_synced ? last : result;
	}
	if (PQstatus(db->handle) != CONNECTION_OK)
		db_fail(&db->db, postgresql_error(db, NULL));
	PQexitPipelineMode(db->handle);
	db->queued = 0;
	db->queued_sql = NULL;
	return last;
}

/* All that waits is done when this returns. */
void postgresql_flush(struct postgresql *db)
{
	postgresql_copy_end(db);
	if (PQpipelineStatus(db->handle) != PQ_PIPELINE_OFF)
		queued_check(db, pipeline_end(db));
}

PGresult *postgresql_query(
    struct postgresql *db, const char *text, int count, const Oid *types, const char *const *values)
{
	postgresql_copy_end(db);
	if (db_has_failed(&db->db))
		return NULL;
	if (PQpipelineStatus(db->handle) == PQ_PIPELINE_OFF)
		return PQexecParams(db->handle, text, count, types, values, NULL, NULL, 0);
	if (!PQsendQueryParams(db->handle, text, count, types, values, NULL, NULL, 0))
		db_fail(&db->db, postgresql_error(db, NULL));
	PGresult *result = pipeline_end(db);
	if (!db_has_failed(&db->db))
		return result;
	PQclear(result);
	return NULL;
}

/* NULL: no memory, which has been noted. */
const char *postgresql_text_end(struct postgresql *db)
{
	buffer_add_char(&db->text, '\0');
	if (!db->text.failed)
		return db->text.bytes;
	db_fail(&db->db, error_memory("writing a statement"));
	return NULL;
}

const char *postgresql_write(struct postgresql *db, const char *sql, const char *end)
{
	struct db_text_job job = {.db = &db->db, .out = &db->text};
	buffer_clear(&db->text);
	db_write_out(&job, sql);
	buffer_add_text(&db->text, end);
	return postgresql_text_end(db);
}

bool postgresql_is_text(struct slice text)
{
	return value_check(text) != VALUE_NOT_UTF8 && !memchr(text.bytes, '\0', text.size);
}

void postgresql_parameters(
    struct postgresql *db, struct parameters *out, const struct db_value *values, size_t count)
{
	size_t places[DB_COLUMNS_MAX];
	out->count = (int)count;
	out->copies = (struct buffer){0};
	for (size_t i = 0; i < count; i++) {
		out->types[i] = values[i].type == DB_INTEGER ? OID_INT8 : OID_INFERRED;
		out->texts[i] = NULL;
		places[i] = out->copies.size;
		if (values[i].type == DB_INTEGER) {
			snprintf(out->numbers[i], sizeof out->numbers[i], "%lld",
			    (long long)values[i].integer);
			out->texts[i] = out->numbers[i];
		} else if (values[i].type == DB_TEXT) {
			buffer_add(&out->copies, values[i].text.bytes, values[i].text.size);
			buffer_add_char(&out->copies, '\0');
		}
	}
	for (size_t i = 0; i < count && !out->copies.failed; i++)
		if (values[i].type == DB_TEXT)
			out->texts[i] = out->copies.bytes + places[i];
	if (out->copies.failed)
		db_fail(&db->db, error_memory("writing a statement"));
}

/* NULL after an error. */
PGresult *postgresql_good(struct postgresql *db, PGresult *result)
{
	if (db_has_failed(&db->db) || is_good(result))
		return result;
	postgresql_check(db, result);
	return NULL;
}

PGresult *postgresql_execute(struct postgresql *db, const char *sql, const char *end,
    const struct db_value *values, size_t count)
{
	struct parameters parameters;
	PGresult *result = NULL;
	postgresql_parameters(db, &parameters, values, count);
	const char *text = postgresql_write(db, sql, end);
	if (!db_has_failed(&db->db))
		result = postgresql_query(
		    db, text, parameters.count, parameters.types, parameters.texts);
	buffer_done(&parameters.copies);
	return postgresql_good(db, result);
}
