/*
 * account_delete: accounts are deleted: they leave everything, and their rows become tombstones
 * under other names (lms/README 5.7). What the log tells is gathered before it is gone.
 */
#include "work.h"

#include "enrold/value.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

/* An account on its way out. */
struct deletion {
	size_t change;
	int64_t user;
	/* What its row held, for the log and for the name that the tombstone gets: */
	struct slice username, email, idnumber;
	int64_t picture, host, context;
	struct slice stem, name; /* <stem>.<time>: the tombstone's */
	int64_t time;
	bool is_named;
};

struct deletions {
	struct work *work;
	struct deletion *items;
	struct leaving *leavings; /* by item */
	size_t count;
	struct db_questions users; /* the id of each */
};

static struct slice keep(struct deletions *all, struct slice text)
{
	return arena_copy(all->work->arena, text);
}

static struct db_rows ask(struct deletions *all, const char *sql)
{
	return db_ask(all->work->lms->db, sql, &all->users);
}

static void run_for_all(struct deletions *all, const char *sql)
{
	for (size_t i = 0; i < all->count; i++)
		db_run(all->work->lms->db, sql, DB_VALUES(db_int(all->items[i].user)));
}

/* ---- what they leave ---- */

static void told(struct deletions *all)
{
	for (size_t i = 0; i < all->count; i++)
		audit_move(all->work, all->items[i].change, &all->leavings[i].told);
}

static void groups_leave(struct deletions *all)
{
	members_take(all->work, members_of_user, &all->users, all->leavings);
	told(all);
}

static void roles_leave(struct deletions *all)
{
	roles_take(all->work, roles_of_user, &all->users, all->leavings);
	told(all);
	run_for_all(all, "DELETE FROM {role_assignments} WHERE userid = ?"); /* of no context */
}

static void enrolments_leave(struct deletions *all)
{
	struct work *work = all->work;
	struct db_rows rows = ask(all,
	    "SELECT u.id, u.status, u.enrolid, u.userid, u.timestart, u.timeend, u.modifierid, "
	    "u.timecreated, u.timemodified, e.enrol, e.courseid, x.id, CASE WHEN EXISTS (SELECT 1 "
	    "FROM {user_enrolments} v JOIN {enrol} f ON f.id = v.enrolid WHERE v.userid = u.userid "
	    "AND f.courseid = e.courseid AND v.id > u.id) THEN 0 ELSE 1 END FROM "
	    "{each}{user_enrolments} u JOIN {enrol} e ON e.id = u.enrolid LEFT JOIN {context} x ON "
	    "x.contextlevel = 50 AND x.instanceid = e.courseid WHERE u.userid = ?1 ORDER BY u.id");
	while (db_next(&rows)) {
		const struct enrolment_row row = enrolment_read(&rows, all->work->arena);
		audit_keep(work, all->items[rows.tag].change,
		    (struct audit_row){.name = "\\core\\event\\user_enrolment_deleted",
		        .target = "user_enrolment",
		        .action = "deleted",
		        .table = "user_enrolments",
		        .crud = "d",
		        .object = row.columns[0],
		        .context = db_column_int(&rows, 11),
		        .level = LEVEL_COURSE,
		        .instance = row.course,
		        .course = row.course,
		        .related = all->items[rows.tag].user,
		        .other = enrolment_other(all->work, &row, db_column_int(&rows, 12) != 0)});
	}
	run_for_all(all, "DELETE FROM {user_enrolments} WHERE userid = ?");
}

static void belongings_delete(struct deletions *all)
{
	static const char *const statements[] = {
	    "DELETE FROM {cohort_members} WHERE userid = ?",
	    "DELETE FROM {user_preferences} WHERE userid = ?",
	    "DELETE FROM {user_info_data} WHERE userid = ?",
	    "DELETE FROM {user_password_history} WHERE userid = ?",
	};
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
		run_for_all(all, statements[i]);
	run_for_all(all, "DELETE FROM {sessions} WHERE userid = ?");
}

/* Deletes rows of parts of Moodle that not every site has. */
static void rest_delete(struct deletions *all)
{
	struct departure *who = arena_alloc(all->work->arena, all->count * sizeof *who);
	for (size_t i = 0; who && i < all->count; i++)
		who[i] = (struct departure){
		    all->items[i].change, all->items[i].user, all->items[i].context};
	if (!who)
		return;
	tags_leave(all->work, who, all->count);
	departures_clear(all->work, who, all->count);
}

/* ---- what they held ---- */

static void rows_load(struct deletions *all)
{
	struct db_rows rows = ask(all,
	    "SELECT username, email, idnumber, picture, mnethostid FROM {each}{user} WHERE id = "
	    "?1");
	while (db_next(&rows)) {
		struct deletion *deletion = &all->items[rows.tag];
		deletion->username = keep(all, db_column_text(&rows, 0));
		deletion->email = keep(all, db_column_text(&rows, 1));
		deletion->idnumber = keep(all, db_column_text(&rows, 2));
		deletion->picture = db_column_int(&rows, 3);
		deletion->host = db_column_int(&rows, 4);
	}
	rows =
	    ask(all, "SELECT id FROM {each}{context} WHERE contextlevel = 30 AND instanceid = ?1");
	while (db_next(&rows))
		all->items[rows.tag].context = db_column_int(&rows, 0);
}

/* ---- the names of tombstones ---- */

enum { TOMBSTONE_STEM_MAX = 89 };

static struct slice stem_of(struct deletions *all, const struct deletion *deletion)
{
	struct arena *arena = all->work->arena;
	struct slice stem = deletion->email.size > 0
	                        ? deletion->email
	                        : arena_print(arena, "%.*s.%lld@unknownemail.invalid",
	                              SLICE_ARG(deletion->username), (long long)deletion->user);
	stem = value_clean_username(stem, all->work->lms->site.extended_usernames, arena);
	while (value_characters(stem) > TOMBSTONE_STEM_MAX)
		stem.size--;
	return stem;
}

static int by_name(const void *a, const void *b)
{
	const struct deletion *x = *(struct deletion *const *)a, *y = *(struct deletion *const *)b;
	size_t shared = x->name.size < y->name.size ? x->name.size : y->name.size;
	int order = memcmp(x->name.bytes, y->name.bytes, shared);
	if (order != 0 || x->name.size != y->name.size)
		return order != 0 ? order : (x->name.size < y->name.size ? -1 : 1);
	if (x->is_named != y->is_named)
		return x->is_named ? -1 : 1;
	return x->change < y->change ? -1 : x->change > y->change;
}

/* The first of several with one name may have it, if nobody in the database has. */
static void names_ask(struct deletions *all, struct deletion **sorted)
{
	struct db_questions questions = db_questions_begin(all->work->arena);
	qsort(sorted, all->count, sizeof *sorted, by_name);
	for (size_t i = 0; i < all->count; i++) {
		struct deletion *deletion = sorted[i];
		bool is_first = i == 0 || !slice_is(deletion->name, sorted[i - 1]->name);
		if (!deletion->is_named && is_first)
			db_question(&questions, i,
			    DB_VALUES(db_int(deletion->host), db_text(deletion->name)));
	}
	for (size_t i = 0; i < questions.count; i++)
		sorted[questions.tag[i]]->is_named = true;
	struct db_rows rows = db_ask(all->work->lms->db,
	    "SELECT id FROM {each}{user} WHERE mnethostid = ?1 AND username = ?2", &questions);
	while (db_next(&rows))
		sorted[rows.tag]->is_named = false;
}

/* <address>.<time>, the time moved on until nobody has the name. */
static void names_find(struct deletions *all)
{
	struct work *work = all->work;
	struct deletion **sorted = arena_alloc(work->arena, all->count * sizeof(struct deletion *));
	bool is_done = !sorted;
	for (size_t i = 0; i < all->count; i++) {
		all->items[i].stem = stem_of(all, &all->items[i]);
		all->items[i].time = work->effects->now;
	}
	while (!is_done && !arena_has_failed(work->arena) && !db_has_failed(work->lms->db)) {
		for (size_t i = 0; i < all->count; i++) {
			struct deletion *deletion = sorted[i] = &all->items[i];
			if (!deletion->is_named)
				deletion->name = arena_print(work->arena, "%.*s.%lld",
				    SLICE_ARG(deletion->stem), (long long)deletion->time++);
		}
		names_ask(all, sorted);
		is_done = true;
		for (size_t i = 0; i < all->count; i++)
			is_done = is_done && all->items[i].is_named;
	}
}

void tombstone_mark(struct db *db, struct slice username, char mark[TOMBSTONE_SIZE + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = {0};
	unsigned int size = 0;
	if (EVP_Digest(username.bytes, username.size, digest, &size, EVP_md5(), NULL) != 1)
		db_fail(db, error_memory("hashing a user name"));
	for (size_t i = 0; i < 16; i++)
		snprintf(mark + 2 * i, 3, "%02x", digest[i]);
}

static void row_bury(struct deletions *all, const struct deletion *deletion)
{
	char email[TOMBSTONE_SIZE + 1];
	tombstone_mark(all->work->lms->db, deletion->username, email);
	db_run(all->work->lms->db,
	    "UPDATE {user} SET deleted = 1, username = ?, email = ?, idnumber = '', picture = 0, "
	    "timemodified = ? WHERE id = ?",
	    DB_VALUES(db_text(deletion->name), db_string(email), db_int(all->work->effects->now),
	        db_int(deletion->user)));
	json_t *data = json_pack("{s:s%, s:s%, s:s%, s:o, s:o}", "username",
	    deletion->username.bytes, deletion->username.size, "email", deletion->email.bytes,
	    deletion->email.size, "idnumber", deletion->idnumber.bytes, deletion->idnumber.size,
	    "picture", audit_text(deletion->picture), "mnethostid", audit_text(deletion->host));
	audit_keep(all->work, deletion->change,
	    (struct audit_row){.name = "\\core\\event\\user_deleted",
	        .target = "user",
	        .action = "deleted",
	        .table = "user",
	        .crud = "d",
	        .object = deletion->user,
	        .context = deletion->context,
	        .level = LEVEL_USER,
	        .instance = deletion->user,
	        .related = deletion->user,
	        .other = audit_other(all->work, data)});
}

void accounts_delete(struct work *work, const size_t *changes, size_t count)
{
	struct deletions all = {
	    .work = work, .count = count, .users = db_questions_begin(work->arena)};
	all.items = arena_alloc(work->arena, (count + 1) * sizeof *all.items);
	all.leavings = arena_alloc(work->arena, (count + 1) * sizeof *all.leavings);
	if (!all.items || !all.leavings || count == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct change *change = &work->effects->changes[changes[i]];
		all.items[i] = (struct deletion){.change = changes[i],
		    .user = work->effects->people[change->person].id,
		    .username = SLICE(""),
		    .email = SLICE(""),
		    .idnumber = SLICE("")};
		db_question(&all.users, i, DB_VALUES(db_int(all.items[i].user)));
	}
	rows_load(&all);
	rest_delete(&all);
	groups_leave(&all);
	enrolments_leave(&all);
	roles_leave(&all);
	belongings_delete(&all);
	names_find(&all);
	for (size_t i = 0; i < count; i++)
		row_bury(&all, &all.items[i]);
}
