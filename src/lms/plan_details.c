#include "enrold/plan_details.h"

#include "enrold/listing.h"

#include "work.h"

/* Who and where, by ids; 0: there is none. */
struct met {
	int64_t user, course;
};

struct asking {
	struct lms *lms;
	struct slice feed;
	struct plan_detail *details;
	struct met *met;
	size_t count;
	struct arena *arena; /* the caller's */
};

static struct slice full_name(struct arena *arena, struct slice first, struct slice last)
{
	bool has_both = first.size > 0 && last.size > 0;
	return arena_print(
	    arena, "%.*s%s%.*s", SLICE_ARG(first), has_both ? " " : "", SLICE_ARG(last));
}

/* An engine that knows no letter case finds others, too. */
static void people_find(struct asking *asking)
{
	struct lms *lms = asking->lms;
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < asking->count; i++)
		if (asking->details[i].username.size > 0)
			db_question(&questions, i,
			    DB_VALUES(db_text(asking->details[i].username),
			        db_int(lms->site.local_host)));
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id, username, firstname, lastname FROM {each}{user} WHERE mnethostid = ?2 AND "
	    "username = ?1 AND {no_index deleted} = 0",
	    &questions);
	while (db_next(&rows)) {
		struct plan_detail *detail = &asking->details[rows.tag];
		if (!slice_is(db_column_text(&rows, 1), detail->username))
			continue;
		asking->met[rows.tag].user = db_column_int(&rows, 0);
		detail->fullname =
		    full_name(asking->arena, db_column_text(&rows, 2), db_column_text(&rows, 3));
	}
}

static void courses_find(struct asking *asking, enum course_key_by by)
{
	static const char *const queries[] = {
	    [COURSE_BY_SHORTNAME] =
	        "SELECT id, fullname FROM {each}{course} WHERE {same shortname = ?1}",
	    [COURSE_BY_IDNUMBER] =
	        "SELECT id, fullname FROM {each}{course} WHERE {same idnumber = ?1}"};
	struct db_questions questions = db_questions_begin(asking->lms->scratch);
	for (size_t i = 0; i < asking->count; i++)
		if (asking->details[i].course.size > 0 && asking->details[i].by == by)
			db_question(&questions, i, DB_VALUES(db_text(asking->details[i].course)));
	struct db_rows rows = db_ask(asking->lms->db, queries[by], &questions);
	while (db_next(&rows)) {
		asking->met[rows.tag].course = db_column_int(&rows, 0);
		asking->details[rows.tag].course_fullname =
		    arena_copy(asking->arena, db_column_text(&rows, 1));
	}
}

static struct db_questions who_and_where(const struct asking *asking)
{
	struct db_questions questions = db_questions_begin(asking->lms->scratch);
	for (size_t i = 0; i < asking->count; i++)
		if (asking->met[i].user != 0 && asking->met[i].course != 0)
			db_question(&questions, i,
			    DB_VALUES(db_int(asking->met[i].user), db_int(asking->met[i].course)));
	return questions;
}

static void grades_find(struct asking *asking)
{
	const struct db_questions questions = who_and_where(asking);
	struct db_rows rows = grades_ask(asking->lms, &questions);
	while (db_next(&rows))
		asking->details[rows.tag].has_grades = true;
}

/* ---- when a file listed them last ---- */

struct lasts {
	struct listing_last *items;
	size_t *of; /* the detail of each */
	size_t count, room;
};

static void last_add(struct asking *asking, struct lasts *lasts, size_t of, int64_t enrolment)
{
	struct arena *arena = asking->lms->scratch;
	if (lasts->count == lasts->room) {
		lasts->room = lasts->room * 2 + asking->count;
		lasts->items = arena_grow(
		    arena, lasts->items, lasts->count, lasts->room, sizeof *lasts->items);
		lasts->of =
		    arena_grow(arena, lasts->of, lasts->count, lasts->room, sizeof *lasts->of);
	}
	if (arena_has_failed(arena))
		return;
	lasts->of[lasts->count] = of;
	lasts->items[lasts->count++] = (struct listing_last){.user = asking->met[of].user,
	    .enrolment = enrolment,
	    .is_absent = asking->details[of].is_absent};
}

/* By whichever method; without a course it is the account itself. */
static void lasts_gather(struct asking *asking, struct lasts *lasts)
{
	const struct db_questions questions = who_and_where(asking);
	struct db_rows rows = db_ask(asking->lms->db,
	    "SELECT u.id FROM {each}{enrol} e CROSS JOIN {user_enrolments} u WHERE e.courseid = ?2 "
	    "AND u.enrolid = e.id AND u.userid = ?1",
	    &questions);
	while (db_next(&rows))
		last_add(asking, lasts, rows.tag, db_column_int(&rows, 0));
	for (size_t i = 0; i < asking->count; i++)
		if (asking->met[i].user != 0 && asking->details[i].course.size == 0)
			last_add(asking, lasts, i, 0);
}

static struct error lasts_find(struct asking *asking)
{
	struct lasts lasts = {0};
	lasts_gather(asking, &lasts);
	if (arena_has_failed(asking->lms->scratch))
		return error_memory("looking up a plan");
	struct error error = listing_find_last(
	    asking->lms->db, asking->feed, lasts.items, lasts.count, asking->lms->scratch);
	for (size_t i = 0; i < lasts.count && !is_error(&error); i++) {
		int64_t *at = &asking->details[lasts.of[i]].last_listed_at;
		*at = lasts.items[i].at > *at ? lasts.items[i].at : *at;
	}
	return error;
}

struct error lms_load_plan_details(struct lms *lms, struct slice feed, struct plan_detail *details,
    size_t count, struct arena *arena)
{
	arena_reset(lms->scratch);
	struct asking asking = {.lms = lms,
	    .feed = feed,
	    .details = details,
	    .met = arena_alloc(lms->scratch, (count + 1) * sizeof(struct met)),
	    .count = count,
	    .arena = arena};
	if (!asking.met)
		return error_memory("looking up a plan");
	for (size_t i = 0; i < count; i++)
		details[i] = (struct plan_detail){.username = details[i].username,
		    .course = details[i].course,
		    .by = details[i].by,
		    .is_absent = details[i].is_absent};
	people_find(&asking);
	courses_find(&asking, COURSE_BY_SHORTNAME);
	courses_find(&asking, COURSE_BY_IDNUMBER);
	grades_find(&asking);
	struct error error = lasts_find(&asking);
	return !is_error(&error) && arena_has_failed(arena) ? error_memory("looking up a plan")
	                                                    : error;
}
