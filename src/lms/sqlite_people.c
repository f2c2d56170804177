/*
 * sqlite_people: accounts by what a file calls them, and all there is to know of them.
 */
#include "sqlite.h"

#include "enrold/columns.h"
#include "enrold/value.h"

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
	    "SELECT id FROM {user} WHERE idnumber = ? AND mnethostid = ? AND deleted = 0 ORDER BY "
	    "id "
	    "LIMIT 2",
	    DB_VALUES(db_text(key->text), db_int(lms->site.local_host)));
	while (site_db_next(&rows))
		found(key, db_column_int(&rows, 0));
}

/* ---- addresses, whose letter case does not count ---- */

/*
 * The index on email knows one letter case only, and a scan of all accounts for each address would
 * take a third of a second per million. All ways to write the first three characters, eight at
 * most, are ranges of that index.
 */
enum { PREFIX_CHARACTERS = 3, PREFIX_BYTES = 4 * PREFIX_CHARACTERS };

static void range_search(struct lms *lms, struct user_key *key, struct slice prefix)
{
	char end[PREFIX_BYTES];
	memcpy(end, prefix.bytes, prefix.size);
	end[prefix.size - 1]++; /* no byte of UTF-8 is 0xFF */
	struct arena *arena = lms->scratch;
	struct db_rows rows = site_db_select(lms->db,
	    "SELECT id, email FROM {user} WHERE email >= ? AND email < ? AND deleted = 0 AND "
	    "mnethostid = ?",
	    DB_VALUES(db_text(prefix), db_text((struct slice){end, prefix.size}),
	        db_int(lms->site.local_host)));
	while (site_db_next(&rows)) {
		struct slice email = db_column_text(&rows, 1);
		if (email.size <= key->text.size * 2 &&
		    slice_is(value_lower(email, arena), key->text))
			found(key, db_column_int(&rows, 0));
	}
	if (arena_has_failed(arena))
		site_db_fail(lms->db, error_memory("looking for an address"));
	arena_reset(arena);
}

/* Each character in lower case, then in upper where that is another. */
static void prefixes_search(struct lms *lms, struct user_key *key, size_t at, int characters,
    char prefix[PREFIX_BYTES], size_t size)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t width = utf8proc_iterate((const utf8proc_uint8_t *)key->text.bytes + at,
	    (utf8proc_ssize_t)(key->text.size - at), &c);
	if (characters == PREFIX_CHARACTERS || width <= 0) {
		if (size > 0)
			range_search(lms, key, (struct slice){prefix, size});
		return;
	}
	const utf8proc_int32_t cases[] = {c, utf8proc_toupper(c)};
	for (int i = 0; i < 2 && (i == 0 || cases[1] != c); i++) {
		utf8proc_ssize_t more =
		    utf8proc_encode_char(cases[i], (utf8proc_uint8_t *)prefix + size);
		prefixes_search(
		    lms, key, at + (size_t)width, characters + 1, prefix, size + (size_t)more);
	}
}

struct error lms_find_users(struct lms *lms, struct user_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char prefix[PREFIX_BYTES];
		switch (keys[i].by) {
		case KEY_USERNAME: find_by_username(lms, &keys[i]); break;
		case KEY_IDNUMBER: find_by_idnumber(lms, &keys[i]); break;
		case KEY_EMAIL: prefixes_search(lms, &keys[i], 0, 0, prefix, 0); break;
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
