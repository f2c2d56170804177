/*
 * sqlite_account: accounts made, changed and renamed (facts 5.1-5.3).
 */
#include "sqlite.h"

#include "enrold/columns.h"

#include "site_rows.h"

/* ---- preferences ---- */

/* Moodle flags a preference that is taken away even where there was none. */
static void preference_set(struct work *work, int64_t user, const char *name, int8_t how)
{
	struct site_db *db = work->lms->db;
	if (how == 0)
		return;
	if (how < 0)
		site_db_run(db, "DELETE FROM {user_preferences} WHERE userid = ? AND name = ?",
		    DB_VALUES(db_int(user), db_string(name)));
	else
		site_db_run(db,
		    "INSERT INTO {user_preferences} (userid, name, value) VALUES (?, ?, '1') ON "
		    "CONFLICT (userid, name) DO UPDATE SET value = '1'",
		    DB_VALUES(db_int(user), db_string(name)));
	flag_set(work, "userpreferenceschanged", user);
}

static void preferences_set(struct work *work, int64_t user, const struct account_change *change)
{
	preference_set(work, user, "create_password", change->generate);
	preference_set(work, user, "auth_forcepasswordchange", change->force);
}

static void profile_set(struct work *work, int64_t user, const struct account_change *change)
{
	for (uint32_t i = 0; i < change->profile_count; i++)
		site_db_run(work->lms->db,
		    "INSERT INTO {user_info_data} (userid, fieldid, data, dataformat) VALUES (?, "
		    "?, ?, "
		    "0) ON CONFLICT (userid, fieldid) DO UPDATE SET data = excluded.data",
		    DB_VALUES(db_int(user), db_int(change->profile[i].field),
		        db_text(change->profile[i].data)));
}

void sessions_end(struct work *work, int64_t user)
{
	site_db_run(
	    work->lms->db, "DELETE FROM {sessions} WHERE userid = ?", DB_VALUES(db_int(user)));
}

/* ---- new ones ---- */

enum { OWN_VALUES = 8 };

static void create(struct work *work, const struct change *change)
{
	struct lms *lms = work->lms;
	const struct account_change *account = change->account;
	struct db_value values[OWN_VALUES + DETAILS_MAX] = {
	    db_int(lms->site.local_host),
	    db_text(account->username),
	    db_text(account->stored),
	    db_text(account->auth),
	    db_int(account->is_suspended),
	    db_text(lms->calendar.size > 0 ? lms->calendar : SLICE("gregorian")),
	    db_int(lms->tracks_forums),
	    db_int(work->effects->now),
	};
	uint32_t count = columns_details_count();
	for (uint32_t i = 0; i < count; i++)
		values[OWN_VALUES + i] = columns_detail(i)->detail.is_nullable
		                             ? db_text_or_null(account->values[i])
		                             : db_text(account->values[i]);
	int64_t user =
	    site_db_insert(lms->db, lms->account_insert.bytes, values, OWN_VALUES + count);
	site_add_context(
	    lms->db, CONTEXT_USER, user, site_find_context(lms->db, CONTEXT_SYSTEM, 0));
	profile_set(work, user, account);
	preferences_set(work, user, account);
	work->effects->people[change->person].id = user;
}

/* ---- changed ones ---- */

static void value_add(struct buffer *sql, struct db_value *values, size_t *count, const char *name,
    struct db_value value)
{
	buffer_print(sql, ", %s = ?", name);
	values[(*count)++] = value;
}

/* The statement names the columns that change and no others: each more is an index more. */
static void update(struct work *work, const struct change *change)
{
	const struct account_change *account = change->account;
	int64_t user = work->effects->people[change->person].id;
	struct buffer sql = {0};
	struct db_value values[OWN_VALUES + DETAILS_MAX] = {db_int(work->effects->now)};
	size_t count = 1;
	buffer_add_text(&sql, "UPDATE {user} SET timemodified = ?");
	for (uint32_t i = 0; i < columns_details_count(); i++)
		if (account->details & (UINT64_C(1) << i))
			value_add(&sql, values, &count, columns_detail(i)->name,
			    db_text(account->values[i]));
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
		site_db_fail(work->lms->db, error_memory("changing an account"));
	else
		site_db_run_once(work->lms->db, sql.bytes, values, count);
	buffer_done(&sql);
	profile_set(work, user, account);
	preferences_set(work, user, account);
	if (account->ends_sessions)
		sessions_end(work, user);
}

static void rename_to(struct work *work, const struct change *change)
{
	site_db_run(work->lms->db, "UPDATE {user} SET username = ? WHERE id = ?",
	    DB_VALUES(db_text(change->account->username),
	        db_int(work->effects->people[change->person].id)));
}

void accounts_write(struct work *work)
{
	for (size_t i = 0; i < work->effects->count; i++) {
		const struct change *change = &work->effects->changes[i];
		switch (change->kind) {
		case CHANGE_CREATE_ACCOUNT: create(work, change); break;
		case CHANGE_UPDATE_ACCOUNT: update(work, change); break;
		case CHANGE_RENAME_ACCOUNT: rename_to(work, change); break;
		case CHANGE_DELETE_ACCOUNT: account_bury(work, i); break;
		case CHANGE_ENROL:
		case CHANGE_ENROLMENT:
		case CHANGE_ASSIGN_ROLE:
		case CHANGE_UNASSIGN_ROLE:
		case CHANGE_CREATE_COHORT:
		case CHANGE_CREATE_GROUP:
		case CHANGE_CREATE_GROUPING:
		case CHANGE_JOIN: break;
		}
	}
}
