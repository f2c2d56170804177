/*
 * sqlite_account: accounts made, changed, renamed and deleted (facts 5.1-5.3, 5.7).
 */
#include "sqlite.h"

#include "enrold/columns.h"
#include "enrold/value.h"

#include "php.h"
#include "site_rows.h"

#include <openssl/evp.h>
#include <stdio.h>

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

static void sessions_end(struct work *work, int64_t user)
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

/* ---- deleted ones ---- */

/* An account on its way out. */
struct leaver {
	struct work *work;
	size_t change;
	int64_t user;
};

static struct slice keep(struct leaver *leaver, struct slice text)
{
	return arena_copy(leaver->work->arena, text);
}

static struct slice other(struct leaver *leaver, json_t *data)
{
	return php_encode(data, leaver->work->lms->site.audit_json, leaver->work->arena);
}

static void groups_leave(struct leaver *leaver)
{
	struct work *work = leaver->work;
	struct db_rows rows = site_db_select(work->lms->db,
	    "SELECT g.id, g.courseid, x.id FROM {groups_members} m JOIN {groups} g ON g.id = "
	    "m.groupid "
	    "LEFT JOIN {context} x ON x.contextlevel = 50 AND x.instanceid = g.courseid WHERE "
	    "m.userid = ? ORDER BY m.id",
	    DB_VALUES(db_int(leaver->user)));
	while (site_db_next(&rows))
		audit_keep(work, leaver->change,
		    (struct audit_row){.name = "\\core\\event\\group_member_removed",
		        .target = "group_member",
		        .action = "removed",
		        .table = "groups",
		        .crud = "d",
		        .object = db_column_int(&rows, 0),
		        .context = db_column_int(&rows, 2),
		        .level = CONTEXT_COURSE,
		        .instance = db_column_int(&rows, 1),
		        .course = db_column_int(&rows, 1),
		        .related = leaver->user,
		        .other = other(leaver, json_null())});
	site_db_run(work->lms->db,
	    "UPDATE {groups} SET timemodified = ? WHERE id IN (SELECT groupid FROM "
	    "{groups_members} "
	    "WHERE userid = ?)",
	    DB_VALUES(db_int(work->effects->now), db_int(leaver->user)));
	site_db_run(work->lms->db, "DELETE FROM {groups_members} WHERE userid = ?",
	    DB_VALUES(db_int(leaver->user)));
}

/* PHP has read all columns as texts. */
static json_t *text_of(int64_t number)
{
	return json_sprintf("%lld", (long long)number);
}

static void roles_leave(struct leaver *leaver)
{
	struct work *work = leaver->work;
	bool had_some = false;
	struct db_rows rows = site_db_select(work->lms->db,
	    "SELECT r.id, r.roleid, r.component, r.itemid, x.id, x.contextlevel, x.instanceid FROM "
	    "{role_assignments} r JOIN {context} x ON x.id = r.contextid WHERE r.userid = ? ORDER "
	    "BY "
	    "r.id",
	    DB_VALUES(db_int(leaver->user)));
	while (site_db_next(&rows)) {
		struct slice component = db_column_text(&rows, 2);
		json_t *data = json_pack("{s:o, s:s%, s:o}", "id", text_of(db_column_int(&rows, 0)),
		    "component", component.bytes, component.size, "itemid",
		    text_of(db_column_int(&rows, 3)));
		int64_t level = db_column_int(&rows, 5), instance = db_column_int(&rows, 6);
		had_some = true;
		audit_keep(work, leaver->change,
		    (struct audit_row){.name = "\\core\\event\\role_unassigned",
		        .target = "role",
		        .action = "unassigned",
		        .table = "role",
		        .crud = "d",
		        .object = db_column_int(&rows, 1),
		        .context = db_column_int(&rows, 4),
		        .level = level,
		        .instance = instance,
		        .course = level == CONTEXT_COURSE ? instance : 0,
		        .related = leaver->user,
		        .other = other(leaver, data)});
	}
	site_db_run(work->lms->db, "DELETE FROM {role_assignments} WHERE userid = ?",
	    DB_VALUES(db_int(leaver->user)));
	if (had_some)
		flag_set(work, "accesslib/dirtyusers", leaver->user);
}

/* Every column as a text, and where the enrolment was. */
static json_t *enrolment_data(struct db_rows *rows, bool is_last)
{
	static const char *const names[] = {"id", "status", "enrolid", "userid", "timestart",
	    "timeend", "modifierid", "timecreated", "timemodified"};
	enum { NAMES = sizeof names / sizeof *names };
	json_t *all = json_object();
	for (int i = 0; i < NAMES; i++)
		json_object_set_new(all, names[i], text_of(db_column_int(rows, i)));
	struct slice enrol = db_column_text(rows, NAMES);
	json_object_set_new(all, "courseid", text_of(db_column_int(rows, NAMES + 1)));
	json_object_set_new(all, "enrol", json_stringn(enrol.bytes, enrol.size));
	json_object_set_new(all, "lastenrol", json_boolean(is_last));
	return json_pack("{s:o, s:s%}", "userenrolment", all, "enrol", enrol.bytes, enrol.size);
}

static void enrolments_leave(struct leaver *leaver)
{
	struct work *work = leaver->work;
	struct db_rows rows = site_db_select(work->lms->db,
	    "SELECT u.id, u.status, u.enrolid, u.userid, u.timestart, u.timeend, u.modifierid, "
	    "u.timecreated, u.timemodified, e.enrol, e.courseid, x.id, NOT EXISTS (SELECT 1 FROM "
	    "{user_enrolments} v JOIN {enrol} f ON f.id = v.enrolid WHERE v.userid = u.userid AND "
	    "f.courseid = e.courseid AND v.id > u.id) FROM {user_enrolments} u JOIN {enrol} e ON "
	    "e.id "
	    "= u.enrolid LEFT JOIN {context} x ON x.contextlevel = 50 AND x.instanceid = "
	    "e.courseid "
	    "WHERE u.userid = ? ORDER BY u.id",
	    DB_VALUES(db_int(leaver->user)));
	while (site_db_next(&rows)) {
		int64_t course = db_column_int(&rows, 10);
		audit_keep(work, leaver->change,
		    (struct audit_row){.name = "\\core\\event\\user_enrolment_deleted",
		        .target = "user_enrolment",
		        .action = "deleted",
		        .table = "user_enrolments",
		        .crud = "d",
		        .object = db_column_int(&rows, 0),
		        .context = db_column_int(&rows, 11),
		        .level = CONTEXT_COURSE,
		        .instance = course,
		        .course = course,
		        .related = leaver->user,
		        .other =
		            other(leaver, enrolment_data(&rows, db_column_int(&rows, 12) != 0))});
	}
	site_db_run(work->lms->db, "DELETE FROM {user_enrolments} WHERE userid = ?",
	    DB_VALUES(db_int(leaver->user)));
}

static void belongings_delete(struct leaver *leaver)
{
	static const char *const statements[] = {
	    "DELETE FROM {cohort_members} WHERE userid = ?",
	    "DELETE FROM {user_preferences} WHERE userid = ?",
	    "DELETE FROM {user_info_data} WHERE userid = ?",
	    "DELETE FROM {user_password_history} WHERE userid = ?",
	};
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
		site_db_run(leaver->work->lms->db, statements[i], DB_VALUES(db_int(leaver->user)));
	/* Beyond the tables that every site of ours has: what a real site may have besides. */
	static const char *const optional[] = {
	    "user_lastaccess", "external_tokens", "external_services_users", "user_private_key"};
	for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
		char name[96], sql[128];
		snprintf(
		    name, sizeof name, "%s%s", leaver->work->lms->options->prefix, optional[i]);
		snprintf(sql, sizeof sql, "DELETE FROM %s WHERE userid = ?", name);
		if (site_db_find(leaver->work->lms->db,
		        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", 0,
		        DB_VALUES(db_string(name))) != 0)
			site_db_run_once(
			    leaver->work->lms->db, sql, DB_VALUES(db_int(leaver->user)));
	}
	sessions_end(leaver->work, leaver->user);
}

/* What the row held, for the log and for the names that the tombstone gets. */
struct old_row {
	struct slice username, email, idnumber;
	int64_t picture, host;
};

static struct old_row old_row_load(struct leaver *leaver)
{
	struct old_row row = {.username = SLICE("")};
	struct db_rows rows = site_db_select(leaver->work->lms->db,
	    "SELECT username, email, idnumber, picture, mnethostid FROM {user} WHERE id = ?",
	    DB_VALUES(db_int(leaver->user)));
	if (site_db_next(&rows))
		row = (struct old_row){keep(leaver, db_column_text(&rows, 0)),
		    keep(leaver, db_column_text(&rows, 1)), keep(leaver, db_column_text(&rows, 2)),
		    db_column_int(&rows, 3), db_column_int(&rows, 4)};
	site_db_leave(&rows);
	return row;
}

static void md5_text(struct slice text, char hex[33])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	EVP_Digest(text.bytes, text.size, digest, &size, EVP_md5(), NULL);
	for (unsigned int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

enum { TOMBSTONE_STEM_MAX = 89 };

/* <address>.<time>, the time moved on until nobody has the name. */
static struct slice tombstone_name(struct leaver *leaver, const struct old_row *row)
{
	struct arena *arena = leaver->work->arena;
	struct slice stem = row->email.size > 0
	                        ? row->email
	                        : arena_print(arena, "%.*s.%lld@unknownemail.invalid",
	                              SLICE_ARG(row->username), (long long)leaver->user);
	stem = value_clean_username(stem, leaver->work->lms->site.extended_usernames, arena);
	while (value_characters(stem) > TOMBSTONE_STEM_MAX)
		stem.size--;
	for (int64_t time = leaver->work->effects->now;; time++) {
		struct slice name =
		    arena_print(arena, "%.*s.%lld", SLICE_ARG(stem), (long long)time);
		int64_t taken = site_db_find(leaver->work->lms->db,
		    "SELECT id FROM {user} WHERE username = ?", 0, DB_VALUES(db_text(name)));
		if (taken == 0)
			return name;
	}
}

static void row_bury(struct leaver *leaver, const struct old_row *row)
{
	char email[33];
	md5_text(row->username, email);
	site_db_run(leaver->work->lms->db,
	    "UPDATE {user} SET deleted = 1, username = ?, email = ?, idnumber = '', picture = 0, "
	    "timemodified = ? WHERE id = ?",
	    DB_VALUES(db_text(tombstone_name(leaver, row)), db_string(email),
	        db_int(leaver->work->effects->now), db_int(leaver->user)));
	json_t *data = json_pack("{s:s%, s:s%, s:s%, s:o, s:o}", "username", row->username.bytes,
	    row->username.size, "email", row->email.bytes, row->email.size, "idnumber",
	    row->idnumber.bytes, row->idnumber.size, "picture", text_of(row->picture), "mnethostid",
	    text_of(row->host));
	audit_keep(leaver->work, leaver->change,
	    (struct audit_row){.name = "\\core\\event\\user_deleted",
	        .target = "user",
	        .action = "deleted",
	        .table = "user",
	        .crud = "d",
	        .object = leaver->user,
	        .context = audit_user_context(leaver->work, leaver->user),
	        .level = CONTEXT_USER,
	        .instance = leaver->user,
	        .related = leaver->user,
	        .other = other(leaver, data)});
}

static void delete_from(struct work *work, size_t index)
{
	const struct change *change = &work->effects->changes[index];
	struct leaver leaver = {work, index, work->effects->people[change->person].id};
	const struct old_row row = old_row_load(&leaver);
	groups_leave(&leaver);
	enrolments_leave(&leaver);
	roles_leave(&leaver);
	belongings_delete(&leaver);
	row_bury(&leaver, &row);
}

void accounts_write(struct work *work)
{
	for (size_t i = 0; i < work->effects->count; i++) {
		const struct change *change = &work->effects->changes[i];
		switch (change->kind) {
		case CHANGE_CREATE_ACCOUNT: create(work, change); break;
		case CHANGE_UPDATE_ACCOUNT: update(work, change); break;
		case CHANGE_RENAME_ACCOUNT: rename_to(work, change); break;
		case CHANGE_DELETE_ACCOUNT: delete_from(work, i); break;
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
