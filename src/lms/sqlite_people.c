/*
 * sqlite_people: accounts by what a file calls them, and all there is to know of them. A plus sign
 * keeps a term from SQLite's planner, which would as soon walk the index on `deleted`, all of it.
 */
#include "sqlite.h"

#include "enrold/columns.h"

#include <utf8proc.h>

static void found(struct user_key *key, int64_t id)
{
	if (key->matches < 2)
		key->ids[key->matches++] = id;
}

static void find_by_username(struct lms *lms, struct user_key *key)
{
	struct db_rows rows = site_db_select(lms->db,
	    "SELECT id, deleted FROM {user} WHERE mnethostid = ? AND username = ?",
	    DB_VALUES(db_int(lms->site.local_host), db_text(key->text)));
	if (site_db_next(&rows)) {
		key->is_taken = db_column_int(&rows, 1) != 0;
		if (!key->is_taken)
			found(key, db_column_int(&rows, 0));
	}
	site_db_leave(&rows);
}

static void find_by_idnumber(struct lms *lms, struct user_key *key)
{
	struct db_rows rows = site_db_select(lms->db,
	    "SELECT id FROM {user} WHERE idnumber = ? AND +mnethostid = ? AND +deleted = 0 "
	    "ORDER BY +id LIMIT 2",
	    DB_VALUES(db_text(key->text), db_int(lms->site.local_host)));
	while (site_db_next(&rows))
		found(key, db_column_int(&rows, 0));
}

/* ---- addresses, whose letter case does not count ---- */

/*
 * The index on email knows one letter case only. It is walked like a tree, letter by letter, down
 * every way to write what has been read so far that some account does write: one or two ways, and
 * two looks at the index for each letter. A scan of all accounts would take a fifth of a second per
 * million, for each batch of ten rows too.
 */
enum { ADDRESS_MAX = 512 };

struct walk {
	struct lms *lms;
	struct user_key *key;
	char bytes[ADDRESS_MAX]; /* one way to write what has been read so far */
};

static bool prefix_exists(struct walk *walk, size_t size)
{
	char end[ADDRESS_MAX];
	memcpy(end, walk->bytes, size);
	end[size - 1]++; /* no byte of UTF-8 is 0xFF */
	return site_db_find(walk->lms->db,
	           "SELECT 1 FROM {user} WHERE email >= ? AND email < ? LIMIT 1", 0,
	           DB_VALUES(db_text((struct slice){walk->bytes, size}),
	               db_text((struct slice){end, size}))) != 0;
}

static void address_search(struct walk *walk, size_t size)
{
	struct db_rows rows = site_db_select(walk->lms->db,
	    "SELECT id FROM {user} WHERE email = ? AND +deleted = 0 AND +mnethostid = ? ORDER BY "
	    "+id",
	    DB_VALUES(
	        db_text((struct slice){walk->bytes, size}), db_int(walk->lms->site.local_host)));
	while (site_db_next(&rows))
		found(walk->key, db_column_int(&rows, 0));
}

/* From byte `at` of the address on, behind `size` bytes of a way to write what stands before. */
static void walk_on(struct walk *walk, size_t at, size_t size)
{
	const struct slice text = walk->key->text;
	utf8proc_int32_t c;
	if (at == text.size) {
		address_search(walk, size);
		return;
	}
	utf8proc_ssize_t width = utf8proc_iterate(
	    (const utf8proc_uint8_t *)text.bytes + at, (utf8proc_ssize_t)(text.size - at), &c);
	if (width <= 0 || size + 8 > ADDRESS_MAX)
		return;
	const utf8proc_int32_t cases[] = {c, utf8proc_toupper(c)};
	bool has_cases = cases[1] != c;
	for (int i = 0; i < 1 + has_cases; i++) {
		size_t more =
		    (size_t)utf8proc_encode_char(cases[i], (utf8proc_uint8_t *)walk->bytes + size);
		if (!has_cases || prefix_exists(walk, size + more))
			walk_on(walk, at + (size_t)width, size + more);
	}
}

static void find_by_email(struct lms *lms, struct user_key *key)
{
	struct walk walk = {.lms = lms, .key = key};
	walk_on(&walk, 0, 0);
}

struct error lms_find_users(struct lms *lms, struct user_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		switch (keys[i].by) {
		case KEY_USERNAME: find_by_username(lms, &keys[i]); break;
		case KEY_IDNUMBER: find_by_idnumber(lms, &keys[i]); break;
		case KEY_EMAIL: find_by_email(lms, &keys[i]); break;
		}
	}
	return site_db_error(lms->db);
}

/* ---- the whole account ---- */

void accounts_prepare(struct lms *lms)
{
	uint32_t count = columns_details_count();
	buffer_add_text(&lms->account_select, "SELECT username, auth, suspended");
	buffer_add_text(&lms->account_insert,
	    "INSERT INTO {user} (confirmed, mnethostid, username, password, auth, suspended, "
	    "calendartype, trackforums, timecreated, timemodified");
	for (uint32_t i = 0; i < count; i++) {
		buffer_print(&lms->account_select, ", %s", columns_detail(i)->name);
		buffer_print(&lms->account_insert, ", %s", columns_detail(i)->name);
	}
	buffer_add_text(&lms->account_select, " FROM {user} WHERE id = ?");
	buffer_add_text(&lms->account_insert, ") VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8");
	for (uint32_t i = 0; i < count; i++)
		buffer_print(&lms->account_insert, ", ?%u", i + 9);
	buffer_add_text(&lms->account_insert, ")");
	buffer_add_char(&lms->account_select, '\0');
	buffer_add_char(&lms->account_insert, '\0');
	if (lms->account_select.failed || lms->account_insert.failed)
		site_db_fail(lms->db, error_memory("opening the LMS database"));
}

static struct slice text_keep(struct arena *arena, const struct db_rows *rows, int column)
{
	struct slice text = db_column_text(rows, column);
	return text.bytes ? arena_copy(arena, text) : text;
}

static void details_load(struct lms *lms, struct account_facts *person, struct arena *arena)
{
	uint32_t count = columns_details_count();
	person->details = arena_alloc(arena, count * sizeof *person->details);
	struct db_rows rows =
	    site_db_select(lms->db, lms->account_select.bytes, DB_VALUES(db_int(person->id)));
	if (person->details && site_db_next(&rows)) {
		person->username = text_keep(arena, &rows, 0);
		person->auth = text_keep(arena, &rows, 1);
		person->is_suspended = db_column_int(&rows, 2) != 0;
		for (uint32_t i = 0; i < count; i++)
			person->details[i] = text_keep(arena, &rows, (int)i + 3);
	}
	site_db_leave(&rows);
}

static void profile_load(struct lms *lms, struct account_facts *person, struct arena *arena)
{
	size_t count = lms->site.profile_fields_count;
	person->profile = arena_alloc(arena, (count + 1) * sizeof *person->profile);
	if (count == 0 || !person->profile)
		return;
	struct db_rows rows =
	    site_db_select(lms->db, "SELECT fieldid, data FROM {user_info_data} WHERE userid = ?",
	        DB_VALUES(db_int(person->id)));
	while (site_db_next(&rows))
		for (size_t f = 0; f < count; f++)
			if (lms->site.profile_fields[f].id == db_column_int(&rows, 0))
				person->profile[f] = text_keep(arena, &rows, 1);
}

struct error lms_load_accounts(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		if (people[i].details)
			continue; /* made by this batch */
		details_load(lms, &people[i], arena);
		profile_load(lms, &people[i], arena);
	}
	return arena_has_failed(arena) ? error_memory("loading accounts") : site_db_error(lms->db);
}
