/*
 * sqlite_bury: an account is deleted: it leaves everything, and its row becomes a tombstone under
 * another name (facts 5.7). What the log says of it is gathered before it is gone.
 */
#include "sqlite.h"

#include "enrold/value.h"

#include "php.h"
#include "site_rows.h"

#include <openssl/evp.h>
#include <stdio.h>

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

static void md5_text(struct site_db *db, struct slice text, char hex[33])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = {0};
	unsigned int size = 0;
	if (EVP_Digest(text.bytes, text.size, digest, &size, EVP_md5(), NULL) != 1)
		site_db_fail(db, error_memory("hashing a user name"));
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
		    "SELECT id FROM {user} WHERE mnethostid = ? AND username = ?", 0,
		    DB_VALUES(db_int(row->host), db_text(name)));
		if (taken == 0)
			return name;
	}
}

static void row_bury(struct leaver *leaver, const struct old_row *row)
{
	char email[33];
	md5_text(leaver->work->lms->db, row->username, email);
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

void account_bury(struct work *work, size_t index)
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
