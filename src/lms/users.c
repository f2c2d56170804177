/*
 * users: accounts by what a file calls them, and all there is to know of them. {no_index ...} hides
 * a column from SQLite's planner, which might walk the whole index on `deleted`.
 */
#include "work.h"

#include "census.h"
#include "spelt.h"
#include "taken.h"

#include "enrold/columns.h"
#include "enrold/value.h"

static void found(struct user_key *key, int64_t id)
{
	if (key->matches < 2)
		key->ids[key->matches++] = id;
}

static struct db_questions questions_of(
    struct lms *lms, const struct user_key *keys, size_t count, enum user_key_by by)
{
	struct db_questions questions = db_questions_begin(lms->scratch);
	struct db_value host = db_int(lms->site.local_host);
	for (size_t i = 0; i < count; i++) {
		if (keys[i].by == by)
			db_question(&questions, i, DB_VALUES(db_text(keys[i].text), host));
	}
	return questions;
}

/* A name that differs only in letter case or accents is taken when the site's collation knows
 * neither: its index lets nobody else have it. */
static void find_by_username(struct lms *lms, struct user_key *keys, size_t count)
{
	struct db_questions questions = questions_of(lms, keys, count, KEY_USERNAME);
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id, deleted, username FROM {each}{user} WHERE mnethostid = ?2 AND username = "
	    "?1",
	    &questions);
	while (db_next(&rows)) {
		struct user_key *key = &keys[rows.tag];
		bool is_deleted = db_column_int(&rows, 1) != 0;
		if (is_deleted || !slice_is(db_column_text(&rows, 2), key->text))
			key->is_taken = true;
		else
			found(key, db_column_int(&rows, 0));
	}
}

static void find_by_idnumber(struct lms *lms, struct user_key *keys, size_t count)
{
	struct db_questions questions = questions_of(lms, keys, count, KEY_IDNUMBER);
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id FROM {each}{user} WHERE {same idnumber = ?1} AND {no_index mnethostid} = ?2 "
	    "AND "
	    "{no_index deleted} = 0 ORDER BY {no_index id}",
	    &questions);
	while (db_next(&rows))
		found(&keys[rows.tag], db_column_int(&rows, 0));
}

/* ---- what looks the same ---- */

/* Ways to write a text: as it is, with a no-break space behind, and with its letters taken apart.
 */
static void ways_ask(
    struct lms *lms, struct db_questions *questions, size_t about, struct slice text)
{
	struct slice folded = value_fold(text, lms->scratch);
	struct slice apart = value_decompose(folded, lms->scratch);
	db_question(questions, about, DB_VALUES(db_text(folded)));
	db_question(questions, about,
	    DB_VALUES(
	        db_text(arena_print(lms->scratch, "%.*s" NO_BREAK_SPACE, SLICE_ARG(folded)))));
	if (!slice_is(folded, apart))
		db_question(questions, about, DB_VALUES(db_text(apart)));
}

/* How these are spelt in the column, each with the site's number, to ask for to the letter. */
static struct db_questions spellings_find(
    struct lms *lms, const struct db_column *column, const struct db_questions *ways)
{
	struct db_questions spellings = db_questions_begin(lms->scratch);
	struct db_questions exact = db_questions_begin(lms->scratch);
	db_find_spellings(lms_db(lms), column, ways, &spellings);
	for (size_t i = 0; i < spellings.count; i++)
		db_question(&exact, spellings.tag[i],
		    DB_VALUES(spellings.values[i], db_int(lms->site.local_host)));
	return exact;
}

static void find_by_email(struct lms *lms, struct user_key *keys, size_t count)
{
	static const struct db_column email = {.table = "user", .column = "email"};
	struct db_questions ways = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (keys[i].by == KEY_EMAIL && !spelt_lacks(lms->spelt, SPELT_EMAIL, keys[i].text))
			ways_ask(lms, &ways, i, keys[i].text);
	struct db_questions exact = spellings_find(lms, &email, &ways);
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id FROM {each}{user} WHERE {same email = ?1} AND {no_index deleted} = 0 AND "
	    "{no_index mnethostid} = ?2 ORDER BY {no_index id}",
	    &exact);
	while (db_next(&rows))
		found(&keys[rows.tag], db_column_int(&rows, 0));
}

static void alike(struct user_key *key, int64_t id, struct slice text, struct arena *arena)
{
	if (key->alikes_count < 2)
		key->alikes[key->alikes_count++] = (struct user_alike){id, arena_copy(arena, text)};
}

/* Looks for those whose name nobody has to the letter. */
static void find_alikes(
    struct lms *lms, struct user_key *keys, size_t count, enum user_key_by by, struct arena *arena)
{
	const struct db_column column = {.table = "user",
	    .column = by == KEY_USERNAME ? "username" : "idnumber",
	    .first = by == KEY_USERNAME ? "mnethostid" : NULL,
	    .first_is = lms->site.local_host};
	struct db_questions ways = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (keys[i].by == by && keys[i].matches == 0 &&
		    !(by == KEY_USERNAME && spelt_lacks(lms->spelt, SPELT_USERNAME, keys[i].text)))
			ways_ask(lms, &ways, i, keys[i].text);
	struct db_questions exact = spellings_find(lms, &column, &ways);
	struct db_rows rows = db_ask(lms_db(lms),
	    by == KEY_USERNAME
	        ? "SELECT id, username FROM {each}{user} WHERE mnethostid = ?2 AND {same username "
	          "= ?1} AND {no_index deleted} = 0 ORDER BY {no_index id}"
	        : "SELECT id, idnumber FROM {each}{user} WHERE {same idnumber = ?1} AND {no_index "
	          "mnethostid} = ?2 AND {no_index deleted} = 0 ORDER BY {no_index id}",
	    &exact);
	while (db_next(&rows))
		alike(&keys[rows.tag], db_column_int(&rows, 0), db_column_text(&rows, 1), arena);
}

static void find_deleted(struct lms *lms, struct user_key *keys, size_t count)
{
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		char mark[TOMBSTONE_SIZE + 1];
		if (keys[i].by != KEY_DELETED)
			continue;
		tombstone_mark(lms_db(lms), keys[i].text, mark);
		struct slice kept = arena_copy(lms->scratch, slice_of(mark));
		db_question(&questions, i, DB_VALUES(db_text(kept), db_int(lms->site.local_host)));
	}
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id FROM {each}{user} WHERE {same email = ?1} AND {no_index deleted} = 1 AND "
	    "{no_index mnethostid} = ?2",
	    &questions);
	while (db_next(&rows))
		keys[rows.tag].matches = 1;
}

/* Whether all of them are answered. */
static bool users_recall(struct lms *lms, struct user_key *keys, size_t count, struct arena *arena)
{
	bool is_all = true;
	census_find_users(lms->census, keys, count, arena);
	for (size_t i = 0; i < count; i++)
		is_all &= keys[i].by == KEY_USERNAME;
	return is_all;
}

struct error lms_find_users(
    struct lms *lms, struct user_key *keys, size_t count, struct arena *arena)
{
	bool is_known = census_knows_people(lms->census);
	arena_reset(lms->scratch);
	if (is_known && users_recall(lms, keys, count, arena))
		return OK;
	if (!is_known)
		find_by_username(lms, keys, count);
	if (!is_known)
		find_alikes(lms, keys, count, KEY_USERNAME, arena);
	find_by_idnumber(lms, keys, count);
	find_alikes(lms, keys, count, KEY_IDNUMBER, arena);
	find_by_email(lms, keys, count);
	find_deleted(lms, keys, count);
	taken_find(lms->taken, lms_db(lms), &lms->site, keys, count);
	return db_error(lms_db(lms));
}

/* ---- the whole account ---- */

/* In front of the details. */
#define OWN_COLUMNS                                                                                \
	"confirmed, mnethostid, username, password, auth, suspended, calendartype, trackforums, "  \
	"timecreated, timemodified"
enum { OWN_COLUMNS_COUNT = 10 };

void accounts_prepare(struct lms *lms)
{
	uint32_t count = columns_details_count();
	buffer_add_text(&lms->account_select, "SELECT username, auth, suspended");
	buffer_add_text(&lms->account_columns, OWN_COLUMNS);
	for (uint32_t i = 0; i < count; i++) {
		buffer_print(&lms->account_select, ", %s", columns_detail(i)->name);
		buffer_print(&lms->account_columns, ", %s", columns_detail(i)->name);
	}
	buffer_add_text(&lms->account_select, " FROM {each}{user} WHERE id = ?1");
	buffer_add_char(&lms->account_select, '\0');
	buffer_add_char(&lms->account_columns, '\0');
	lms->account_table =
	    (struct db_table){"user", lms->account_columns.bytes, OWN_COLUMNS_COUNT + count};
	if (lms->account_select.failed || lms->account_columns.failed)
		db_fail(lms_db(lms), error_memory("opening the LMS database"));
}

/* Composed like all texts of a file, with which it is compared. */
static struct slice text_keep(struct arena *arena, const struct db_rows *rows, int column)
{
	struct slice text = db_column_text(rows, column);
	return text.bytes ? value_compose(arena_copy(arena, text), arena) : text;
}

static void details_load(struct lms *lms, struct account_facts *people,
    const struct db_questions *questions, struct arena *arena)
{
	uint32_t count = columns_details_count();
	struct db_rows rows = db_ask(lms_db(lms), lms->account_select.bytes, questions);
	while (db_next(&rows)) {
		struct account_facts *person = &people[rows.tag];
		person->username = text_keep(arena, &rows, 0);
		person->auth = text_keep(arena, &rows, 1);
		person->is_suspended = db_column_int(&rows, 2) != 0;
		for (uint32_t i = 0; i < count; i++)
			person->details[i] = text_keep(arena, &rows, (int)i + 3);
	}
}

static void profiles_load(struct lms *lms, struct account_facts *people,
    const struct db_questions *questions, struct arena *arena)
{
	size_t count = lms->site.profile_fields_count;
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT fieldid, data FROM {each}{user_info_data} WHERE userid = ?1", questions);
	while (db_next(&rows))
		for (size_t f = 0; f < count; f++)
			if (lms->site.profile_fields[f].id == db_column_int(&rows, 0))
				people[rows.tag].profile[f] = text_keep(arena, &rows, 1);
}

struct error lms_load_accounts(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena)
{
	arena_reset(lms->scratch);
	struct db_questions questions = db_questions_begin(lms->scratch);
	size_t fields = lms->site.profile_fields_count;
	for (size_t i = 0; i < count; i++) {
		struct account_facts *person = &people[i];
		if (person->details)
			continue; /* made by this batch */
		person->details =
		    arena_alloc(arena, columns_details_count() * sizeof *person->details);
		person->profile = arena_alloc(arena, (fields + 1) * sizeof *person->profile);
		db_question(&questions, i, DB_VALUES(db_int(person->id)));
	}
	if (arena_has_failed(arena))
		return error_memory("loading accounts");
	details_load(lms, people, &questions, arena);
	if (fields > 0)
		profiles_load(lms, people, &questions, arena);
	return arena_has_failed(arena) ? error_memory("loading accounts") : db_error(lms_db(lms));
}
