/*
 * holders: who has a role in the whole site, which protects accounts. Where few have one, as on
 * most sites, all are read once a transaction, which costs one question; where many have (a role
 * for everybody who logs in), each person is asked for. Roles in categories and courses, which most
 * people have, are always asked for.
 */
#include "work.h"

#include <stdlib.h>

enum { HOLDERS_MAX = 4096 };

struct holder {
	int64_t user;
	struct site_role role;
};

struct holders {
	bool are_many; /* and not here */
	size_t count;
	struct holder list[HOLDERS_MAX + 1]; /* by user */
};

void holders_drop(struct lms *lms)
{
	free(lms->holders);
	lms->holders = NULL;
}

void holders_follow(struct lms *lms, const struct effects *effects)
{
	for (size_t i = 0; i < effects->count && lms->holders; i++) {
		const struct change *change = &effects->changes[i];
		bool is_role =
		    change->kind == CHANGE_ASSIGN_ROLE || change->kind == CHANGE_UNASSIGN_ROLE;
		if (is_role &&
		    effects->enrolments[change->enrolment].context == lms->site.system_context)
			holders_drop(lms);
	}
}

/* Moodle's own are of no component; Moodle keeps them without a unique key. */
#define IS_FOREIGN "CASE WHEN component = '' AND itemid = 0 THEN 0 ELSE 1 END"

static int holder_compare(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;
	return x->user < y->user ? -1 : x->user > y->user;
}

/* Unordered: the database would sort all of them, however many. */
static struct holders *holders_read(struct lms *lms)
{
	struct holders *holders = calloc(1, sizeof *holders);
	if (!holders)
		return NULL;
	struct db_rows rows = db_select(lms_db(lms),
	    "SELECT userid, roleid, " IS_FOREIGN " FROM {role_assignments} WHERE contextid = ?1 "
	    "LIMIT ?2",
	    DB_VALUES(db_int(lms->site.system_context), db_int(HOLDERS_MAX + 1)));
	while (holders->count <= HOLDERS_MAX && db_next(&rows))
		holders->list[holders->count++] = (struct holder){db_column_int(&rows, 0),
		    {.role = db_column_int(&rows, 1), .is_foreign = db_column_int(&rows, 2) != 0}};
	db_rows_close(&rows);
	holders->are_many = holders->count > HOLDERS_MAX;
	qsort(holders->list, holders->count, sizeof *holders->list, holder_compare);
	return holders;
}

/* The first of the user's. */
static size_t holder_find(const struct holders *holders, int64_t user)
{
	size_t from = 0, to = holders->count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (holders->list[middle].user < user)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void recall(const struct holders *holders, struct account_facts *person, struct arena *arena)
{
	for (size_t i = holder_find(holders, person->id);
	     i < holders->count && holders->list[i].user == person->id; i++)
		account_add_site_role(person, holders->list[i].role, arena);
}

static void ask(struct lms *lms, struct account_facts *people, struct db_questions *questions,
    struct arena *arena)
{
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT roleid, " IS_FOREIGN " FROM {each}{role_assignments} WHERE userid = ?1 AND "
	    "{index_tail contextid} = ?2",
	    questions);
	while (db_next(&rows))
		account_add_site_role(&people[rows.tag],
		    (struct site_role){.role = db_column_int(&rows, 0),
		        .is_foreign = db_column_int(&rows, 1) != 0},
		    arena);
}

struct error lms_load_site_roles(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena)
{
	if (count == 0)
		return OK;
	if (!lms->holders)
		lms->holders = holders_read(lms);
	if (!lms->holders)
		return error_memory("looking up who is protected");
	arena_reset(lms->scratch);
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		if (people[i].details)
			continue; /* made by this batch */
		if (lms->holders->are_many)
			db_question(&questions, i,
			    DB_VALUES(db_int(people[i].id), db_int(lms->site.system_context)));
		else
			recall(lms->holders, &people[i], arena);
	}
	ask(lms, people, &questions, arena);
	if (arena_has_failed(arena))
		return error_memory("looking up who is protected");
	return db_error(lms_db(lms));
}

struct error lms_load_place_roles(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena)
{
	arena_reset(lms->scratch);
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (!people[i].details)
			db_question(&questions, i, DB_VALUES(db_int(people[i].id)));
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT r.roleid, x.contextlevel FROM {each}{role_assignments} r JOIN {context} x ON "
	    "x.id = r.contextid WHERE r.userid = ?1",
	    &questions);
	while (db_next(&rows)) {
		int64_t level = db_column_int(&rows, 1);
		if (level == LEVEL_CATEGORY || level == LEVEL_COURSE)
			account_add_place_role(&people[rows.tag],
			    (struct place_role){.role = db_column_int(&rows, 0),
			        .is_in_category = level == LEVEL_CATEGORY},
			    arena);
	}
	if (arena_has_failed(arena))
		return error_memory("looking up who has which role");
	return db_error(lms_db(lms));
}
