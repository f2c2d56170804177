/*
 * account: accounts made, changed and renamed (lms/README 5.1-5.3).
 */
#include "work.h"

#include "spelt.h"
#include "taken.h"

#include "enrold/columns.h"

/* ---- preferences ---- */

/* Moodle flags a preference that is taken away even where there was none. */
static void preference_set(struct work *work, int64_t user, const char *name, int8_t how)
{
	struct db *db = work->lms->db;
	if (how == 0)
		return;
	if (how < 0)
		db_run(db, "DELETE FROM {user_preferences} WHERE userid = ? AND name = ?",
		    DB_VALUES(db_int(user), db_string(name)));
	else
		db_run(db,
		    "INSERT INTO {user_preferences} (userid, name, value) VALUES (?, ?, '1') "
		    "{conflict userid, name} value = '1'",
		    DB_VALUES(db_int(user), db_string(name)));
	dirty_flag_set(work, "userpreferenceschanged", user);
}

static void preferences_set(struct work *work, int64_t user, const struct account_change *change)
{
	preference_set(work, user, "create_password", change->generate);
	preference_set(work, user, "auth_forcepasswordchange", change->force);
}

static void profile_set(struct work *work, int64_t user, const struct account_change *change)
{
	for (uint32_t i = 0; i < change->profile_count; i++) {
		const struct profile_value *value = &change->profile[i];
		if (value->is_unique)
			taken_note(work->lms->taken, value->field, user, value->data);
		db_run(work->lms->db,
		    "INSERT INTO {user_info_data} (userid, fieldid, data, dataformat) VALUES (?1, "
		    "?2, ?3, 0) {conflict userid, fieldid} data = ?3",
		    DB_VALUES(db_int(user), db_int(value->field), db_text(value->data)));
	}
}

/* ---- new ones ---- */

enum { OWN_VALUES = 10, CREATED_TOGETHER = 500 };

static const struct db_table preferences_table = {"user_preferences", "userid, name, value", 3};

static const struct db_table contexts_table = {
    "context", "contextlevel, instanceid, depth, locked", 4};

static void user_add(struct work *work, struct new_rows *users, const struct change *change)
{
	struct lms *lms = work->lms;
	const struct account_change *account = change->account;
	const struct db_value now = db_int(work->effects->now);
	struct db_value values[OWN_VALUES + DETAILS_MAX] = {
	    db_int(1),
	    db_int(lms->site.local_host),
	    db_text(account->username),
	    db_text(account->stored),
	    db_text(account->auth),
	    db_int(account->is_suspended),
	    db_text(lms->calendar.size > 0 ? lms->calendar : SLICE("gregorian")),
	    db_int(lms->tracks_forums),
	    now,
	    now,
	};
	uint32_t count = columns_details_count();
	for (uint32_t i = 0; i < count; i++)
		values[OWN_VALUES + i] = columns_detail(i)->detail.is_nullable
		                             ? db_text_or_null(account->values[i])
		                             : db_text(account->values[i]);
	spelt_note(lms->spelt, SPELT_USERNAME, account->username);
	spelt_note(lms->spelt, SPELT_EMAIL, account->values[DETAIL_EMAIL]);
	new_rows_add(users, values, OWN_VALUES + count);
}

/* As Moodle does it, in two steps: the path ends with the row's own id. */
static void contexts_make(struct work *work, const struct new_rows *users)
{
	struct new_rows contexts = new_rows_begin(work, &contexts_table, users->count);
	for (size_t i = 0; i < users->count; i++)
		new_rows_add(&contexts,
		    DB_VALUES(db_int(LEVEL_USER), db_int(users->ids[i]), db_int(0), db_int(0)));
	new_rows_write(work, &contexts);
	for (size_t i = 0; i < contexts.count; i++) {
		struct slice path = arena_print(work->arena, "/%lld/%lld",
		    (long long)work->lms->site.system_context, (long long)contexts.ids[i]);
		db_run(work->lms->db, "UPDATE {context} SET path = ?, depth = 2 WHERE id = ?",
		    DB_VALUES(db_text(path), db_int(contexts.ids[i])));
	}
}

/* Changes that wait to be made together. */
struct waiting {
	size_t changes[CREATED_TOGETHER];
	size_t count;
};

/* Nobody has had these ids before: there is nothing of theirs to find first. */
static void preference_add(
    struct work *work, struct new_rows *rows, int64_t user, const char *name, int8_t how)
{
	if (how > 0)
		new_rows_add(rows, DB_VALUES(db_int(user), db_string(name), db_string("1")));
	if (how != 0)
		dirty_flag_set(work, "userpreferenceschanged", user);
}

static void preferences_make(
    struct work *work, const struct new_rows *users, const struct waiting *new)
{
	struct new_rows rows = new_rows_begin(work, &preferences_table, users->count * 2);
	for (size_t i = 0; i < users->count; i++) {
		const struct account_change *account =
		    work->effects->changes[new->changes[i]].account;
		preference_add(work, &rows, users->ids[i], "create_password", account->generate);
		preference_add(
		    work, &rows, users->ids[i], "auth_forcepasswordchange", account->force);
	}
	if (rows.count > 0)
		db_insert_all(work->lms->db, rows.table, rows.values, rows.count, NULL);
}

static void create_all(struct work *work, struct waiting *new)
{
	const struct change *changes = work->effects->changes;
	struct new_rows users = new_rows_begin(work, &work->lms->account_table, new->count);
	for (size_t i = 0; i < new->count; i++)
		user_add(work, &users, &changes[new->changes[i]]);
	new_rows_write(work, &users);
	contexts_make(work, &users);
	preferences_make(work, &users, new);
	for (size_t i = 0; i < users.count; i++) {
		const struct change *change = &changes[new->changes[i]];
		profile_set(work, users.ids[i], change->account);
		work->effects->people[change->person].id = users.ids[i];
	}
	new->count = 0;
}

/* ---- changed ones ---- */

static void value_add(struct buffer *sql, struct db_value *values, size_t *count, const char *name,
    struct db_value value)
{
	buffer_print(sql, ", %s = ?", name);
	values[(*count)++] = value;
}

/* Since 4.5 Moodle keeps timemodified when only profile fields or preferences change. */
enum { BRANCH_TOUCHES_LESS = 405 };

static bool touches_row(const struct work *work, const struct account_change *account)
{
	return work->lms->site.branch < BRANCH_TOUCHES_LESS || account->details != 0 ||
	       account->auth.size > 0 || account->stored.size > 0 || account->sets_suspended;
}

/* The statement names only the columns that change: each further one may cost an index. */
static void row_update(struct work *work, const struct account_change *account, int64_t user)
{
	struct buffer sql = {0};
	struct db_value values[OWN_VALUES + DETAILS_MAX] = {db_int(work->effects->now)};
	size_t count = 1;
	buffer_add_text(&sql, "UPDATE {user} SET timemodified = ?");
	for (uint32_t i = 0; i < columns_details_count(); i++)
		if (account->details & (UINT64_C(1) << i))
			value_add(&sql, values, &count, columns_detail(i)->name,
			    db_text(account->values[i]));
	if (account->details & (UINT64_C(1) << DETAIL_EMAIL))
		spelt_note(work->lms->spelt, SPELT_EMAIL, account->values[DETAIL_EMAIL]);
	if (account->auth.size > 0)
		value_add(&sql, values, &count, "auth", db_text(account->auth));
	if (account->stored.size > 0)
		value_add(&sql, values, &count, "password", db_text(account->stored));
	if (account->sets_suspended)
		value_add(&sql, values, &count, "suspended", db_int(account->is_suspended));
	buffer_add_text(&sql, " WHERE id = ?");
	buffer_add_char(&sql, '\0');
	values[count++] = db_int(user);
	if (sql.failed)
		db_fail(work->lms->db, error_memory("changing an account"));
	else
		db_run_once(work->lms->db, sql.bytes, values, count);
	buffer_done(&sql);
}

static void update(struct work *work, const struct change *change)
{
	const struct account_change *account = change->account;
	int64_t user = work->effects->people[change->person].id;
	if (touches_row(work, account))
		row_update(work, account, user);
	profile_set(work, user, account);
	preferences_set(work, user, account);
	if (account->ends_sessions)
		db_run(work->lms->db, "DELETE FROM {sessions} WHERE userid = ?",
		    DB_VALUES(db_int(user)));
}

static void rename_to(struct work *work, const struct change *change)
{
	spelt_note(work->lms->spelt, SPELT_USERNAME, change->account->username);
	db_run(work->lms->db, "UPDATE {user} SET username = ? WHERE id = ?",
	    DB_VALUES(db_text(change->account->username),
	        db_int(work->effects->people[change->person].id)));
}

/* ---- in the order given, as far as it matters ---- */

static void delete_all(struct work *work, struct waiting *leaving)
{
	accounts_delete(work, leaving->changes, leaving->count);
	leaving->count = 0;
}

static void defer(struct work *work, struct waiting *waiting, size_t change,
    void (*make_all)(struct work *work, struct waiting *waiting))
{
	waiting->changes[waiting->count++] = change;
	if (waiting->count == CREATED_TOGETHER)
		make_all(work, waiting);
}

/* An account may get the name that another has just left, or the other way round. */
void accounts_write(struct work *work)
{
	struct waiting new = {.count = 0}, leaving = {.count = 0};
	for (size_t i = 0; i < work->effects->count; i++) {
		const struct change *change = &work->effects->changes[i];
		if (!change_is_of_account(change))
			continue;
		bool is_new = change->kind == CHANGE_CREATE_ACCOUNT;
		bool is_leaving = change->kind == CHANGE_DELETE_ACCOUNT;
		bool is_renamed = change->kind == CHANGE_RENAME_ACCOUNT;
		if (is_leaving || is_renamed ||
		    (!is_new && work->effects->people[change->person].id == ACCOUNT_PLANNED))
			create_all(work, &new);
		if (is_new || is_renamed)
			delete_all(work, &leaving);
		if (is_new)
			defer(work, &new, i, create_all);
		else if (is_leaving)
			defer(work, &leaving, i, delete_all);
		else if (is_renamed)
			rename_to(work, change);
		else
			update(work, change);
	}
	create_all(work, &new);
	delete_all(work, &leaving);
}
