/*
 * leaving: what matters where somebody is to leave a course or a cohort (lms/README 10): other
 * enrolments there, grades that would go, roles that are ours to take. Nothing is asked for those
 * who are not to leave.
 */
#include "work.h"

#include "write_behind.h"

#include <stdlib.h>

static bool may_see_grades(const struct lms *lms)
{
	return rights_may_read(&lms->rights, "grade_items") &&
	       rights_may_read(&lms->rights, "grade_grades");
}

struct db_rows grades_ask(struct lms *lms, const struct db_questions *questions)
{
	const struct db_questions none = db_questions_begin(questions->arena);
	return db_ask(lms->db,
	    "SELECT 1 FROM {each}{grade_items} i CROSS JOIN {grade_grades} g WHERE i.courseid = "
	    "?2 AND g.itemid = i.id AND g.userid = ?1 AND (g.finalgrade IS NOT NULL OR "
	    "(g.feedback IS NOT NULL AND g.feedback <> ''))",
	    may_see_grades(lms) ? questions : &none);
}

/* ---- enrolments ---- */

static bool is_asked(const struct enrolment_facts *is)
{
	return is->asks_leaving && is->user != 0 && is->course != 0;
}

/* Rows come by method: one more, unless it is the last one again. */
static void other_note(struct leaving_facts *leaving, struct slice method, struct arena *arena)
{
	struct slice *others = &leaving->others;
	if (others->size == 0) {
		*others = arena_copy(arena, method);
		return;
	}
	bool is_known =
	    others->size >= method.size &&
	    memcmp(others->bytes + others->size - method.size, method.bytes, method.size) == 0 &&
	    (others->size == method.size || others->bytes[others->size - method.size - 1] == ' ');
	if (!is_known)
		*others = arena_print(arena, "%.*s, %.*s", SLICE_ARG(*others), SLICE_ARG(method));
}

static void others_search(struct lms *lms, struct enrolment_facts *enrolments,
    const struct db_questions *questions, struct arena *arena)
{
	struct db_rows rows = db_ask(lms->db,
	    "SELECT e.id, e.enrol, u.timemodified FROM {each}{enrol} e CROSS JOIN "
	    "{user_enrolments} u WHERE e.courseid = ?2 AND u.enrolid = e.id AND u.userid = ?1 "
	    "ORDER BY e.enrol",
	    questions);
	while (db_next(&rows)) {
		struct enrolment_facts *is = &enrolments[rows.tag];
		if (db_column_int(&rows, 0) == is->enrol)
			is->leaving.modified = db_column_int(&rows, 2);
		else
			other_note(&is->leaving, db_column_text(&rows, 1), arena);
	}
}

/* Only with the last enrolment grades go. */
static void history_search(struct lms *lms, struct enrolment_facts *enrolments, size_t count)
{
	struct db_questions questions = db_questions_begin(lms->scratch);
	if (!may_see_grades(lms))
		return;
	for (size_t i = 0; i < count; i++)
		if (is_asked(&enrolments[i]) && enrolments[i].leaving.others.size == 0)
			db_question(&questions, i,
			    DB_VALUES(db_int(enrolments[i].user), db_int(enrolments[i].course)));
	struct db_rows rows = grades_ask(lms, &questions);
	while (db_next(&rows))
		enrolments[rows.tag].leaving.has_history = true;
}

static void owned_add(struct leaving_facts *leaving, int64_t role, struct arena *arena)
{
	size_t at = leaving->owned_roles_count;
	for (size_t i = 0; i < leaving->owned_roles_count; i++)
		if (leaving->owned_roles[i] == role)
			return;
	int64_t *roles =
	    arena_grow(arena, leaving->owned_roles, at, at + 1, sizeof *leaving->owned_roles);
	if (!roles)
		return;
	for (; at > 0 && roles[at - 1] > role; at--)
		roles[at] = roles[at - 1];
	roles[at] = role;
	leaving->owned_roles = roles;
	leaving->owned_roles_count++;
}

static void roles_search(struct lms *lms, struct enrolment_facts *enrolments,
    const struct db_questions *questions, struct arena *arena)
{
	struct db_rows rows = db_ask(lms->db,
	    "SELECT roleid, component, itemid FROM {each}{role_assignments} WHERE userid = ?1 AND "
	    "{index_tail contextid} = ?2",
	    questions);
	while (db_next(&rows)) {
		struct leaving_facts *leaving = &enrolments[rows.tag].leaving;
		if (db_column_text(&rows, 1).size > 0)
			owned_add(leaving, db_column_int(&rows, 0), arena);
		else if (db_column_int(&rows, 2) == 0)
			leaving->has_roles = true;
	}
}

/* Of activities and blocks, where the course itself has none. */
static void roles_below_search(struct lms *lms, struct enrolment_facts *enrolments, size_t count)
{
	struct db_questions contexts = db_questions_begin(lms->scratch),
	                    below = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (is_asked(&enrolments[i]) && !enrolments[i].leaving.has_roles)
			db_question(&contexts, i, DB_VALUES(db_int(enrolments[i].context)));
	struct db_rows rows =
	    db_ask(lms->db, "SELECT path FROM {each}{context} WHERE id = ?1", &contexts);
	while (db_next(&rows)) {
		struct slice path = db_column_text(&rows, 0);
		if (path.size > 0)
			db_question(&below, rows.tag,
			    DB_VALUES(db_int(enrolments[rows.tag].user),
			        db_text(arena_print(lms->scratch, "%.*s/%%", SLICE_ARG(path)))));
	}
	rows = db_ask(lms->db,
	    "SELECT 1 FROM {each}{role_assignments} r JOIN {context} x ON x.id = r.contextid WHERE "
	    "r.userid = ?1 AND x.path LIKE ?2 AND {no_index r.component} = '' AND {no_index "
	    "r.itemid} = 0",
	    &below);
	while (db_next(&rows))
		enrolments[rows.tag].leaving.has_roles = true;
}

void leaving_load(
    struct lms *lms, struct enrolment_facts *enrolments, size_t count, struct arena *arena)
{
	struct db_questions places = db_questions_begin(lms->scratch),
	                    contexts = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		const struct enrolment_facts *is = &enrolments[i];
		if (!is_asked(is))
			continue;
		db_question(&places, i, DB_VALUES(db_int(is->user), db_int(is->course)));
		db_question(&contexts, i, DB_VALUES(db_int(is->user), db_int(is->context)));
	}
	if (places.count == 0)
		return;
	write_behind_finish(lms->write_behind); /* what was decided has to be there */
	others_search(lms, enrolments, &places, arena);
	history_search(lms, enrolments, count);
	roles_search(lms, enrolments, &contexts, arena);
	roles_below_search(lms, enrolments, count);
}

/* ---- cohorts ---- */

/* Who is asked to leave which cohort. */
struct exit {
	int64_t user, cohort;
};

/* A course that takes the members of a cohort which is to be left. */
struct synced {
	size_t membership;
	int64_t course;
	bool stays; /* somebody who leaves it is still in the course */
};

struct syncs {
	struct lms *lms;
	struct exit *exits; /* ascending */
	size_t exits_count;
	struct synced *items;
	size_t count, room;
};

static int exit_compare(const void *a, const void *b)
{
	const struct exit *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return x->cohort < y->cohort ? -1 : x->cohort > y->cohort;
}

static bool leaves_cohort(const struct membership_facts *is)
{
	return is->kind == PERSON_IN_COHORT && is->asks_leaving && is->is_member;
}

static void synced_note(struct syncs *syncs, size_t membership, int64_t course, bool stays)
{
	struct synced *last = syncs->count > 0 ? &syncs->items[syncs->count - 1] : NULL;
	if (last && last->membership == membership && last->course == course) {
		last->stays |= stays;
		return;
	}
	if (syncs->count == syncs->room) {
		size_t room = syncs->room * 2 + 64;
		syncs->items = arena_grow(
		    syncs->lms->scratch, syncs->items, syncs->count, room, sizeof *syncs->items);
		syncs->room = room;
	}
	if (!arena_has_failed(syncs->lms->scratch))
		syncs->items[syncs->count++] = (struct synced){membership, course, stays};
}

/* All enrolments in the courses: those by cohorts that the same person is asked to leave as well
 * will not stay. */
static void synced_search(
    struct syncs *syncs, const struct membership_facts *memberships, size_t count)
{
	struct db_questions questions = db_questions_begin(syncs->lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (leaves_cohort(&memberships[i]))
			db_question(&questions, i,
			    DB_VALUES(
			        db_int(memberships[i].who_id), db_int(memberships[i].target_id)));
	struct db_rows rows = db_ask(syncs->lms->db,
	    "SELECT e.courseid, f.enrol, f.customint1 FROM {each}{enrol} e JOIN "
	    "{user_enrolments} u ON u.enrolid = e.id JOIN {enrol} f ON f.courseid = e.courseid "
	    "JOIN {user_enrolments} n ON n.enrolid = f.id AND n.userid = u.userid WHERE e.enrol = "
	    "'cohort' AND e.customint1 = ?2 AND u.userid = ?1 ORDER BY e.courseid",
	    &questions);
	while (db_next(&rows)) {
		const struct exit exit = {memberships[rows.tag].who_id, db_column_int(&rows, 2)};
		bool goes =
		    slice_is(db_column_text(&rows, 1), SLICE("cohort")) &&
		    bsearch(&exit, syncs->exits, syncs->exits_count, sizeof exit, exit_compare);
		synced_note(syncs, rows.tag, db_column_int(&rows, 0), !goes);
	}
}

static void purges_search(struct syncs *syncs, struct membership_facts *memberships)
{
	struct db_questions questions = db_questions_begin(syncs->lms->scratch);
	for (size_t i = 0; i < syncs->count; i++) {
		const struct synced *is = &syncs->items[i];
		if (!is->stays)
			db_question(&questions, is->membership,
			    DB_VALUES(
			        db_int(memberships[is->membership].who_id), db_int(is->course)));
	}
	struct db_rows rows = grades_ask(syncs->lms, &questions);
	while (db_next(&rows))
		memberships[rows.tag].purges = true;
}

void cohorts_leaving_load(struct lms *lms, struct membership_facts *memberships, size_t count)
{
	struct syncs syncs = {.lms = lms};
	if (lms->cohort_unenrols != COHORT_UNENROL || !may_see_grades(lms))
		return;
	for (size_t i = 0; i < count; i++)
		syncs.exits_count += leaves_cohort(&memberships[i]);
	if (syncs.exits_count == 0)
		return;
	syncs.exits = arena_alloc(lms->scratch, syncs.exits_count * sizeof *syncs.exits);
	syncs.exits_count = 0;
	for (size_t i = 0; syncs.exits && i < count; i++)
		if (leaves_cohort(&memberships[i]))
			syncs.exits[syncs.exits_count++] =
			    (struct exit){memberships[i].who_id, memberships[i].target_id};
	if (!syncs.exits)
		return;
	qsort(syncs.exits, syncs.exits_count, sizeof *syncs.exits, exit_compare);
	write_behind_finish(lms->write_behind);
	synced_search(&syncs, memberships, count);
	purges_search(&syncs, memberships);
}
