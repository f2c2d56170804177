/*
 * chores: what Moodle itself has to do after one call of lms_apply, as JSON lines: whose caches no
 * longer say what is in the database, who is to be welcomed and subscribed, and whose account has
 * gone (lms/README 5.10, 5.12). etc/moodle/aftercare.php does them. It asks whether each is still
 * wanted, so one too many does no harm.
 */
#include "work.h"

#include <stdlib.h>

/* Moodle has welcome messages since then. */
enum { BRANCH_WELCOMES = 404 };

struct chores {
	struct buffer lines;
	/* Of the site, ascending: */
	int64_t *welcomes, *forums;
	size_t welcomes_count, forums_count;
	int64_t last_course; /* whose groups were noted last */
};

struct chores *chores_create(void)
{
	return calloc(1, sizeof(struct chores));
}

void chores_free(struct chores *chores)
{
	if (!chores)
		return;
	buffer_done(&chores->lines);
	free(chores);
}

struct slice lms_chores(const struct lms *lms)
{
	return buffer_slice(&lms->chores->lines);
}

/* ---- the site ---- */

static int64_t *ids_load(struct lms *lms, const char *sql, size_t *count)
{
	int64_t *ids = NULL;
	size_t room = 0;
	struct db_rows rows = db_select(lms_db(lms), sql, DB_NONE);
	*count = 0;
	while (db_next(&rows) && !arena_has_failed(lms->arena)) {
		if (*count == room) {
			ids = arena_grow(lms->arena, ids, room, room * 2 + 64, sizeof *ids);
			room = room * 2 + 64;
		}
		if (ids)
			ids[(*count)++] = db_column_int(&rows, 0);
	}
	db_rows_close(&rows);
	return ids;
}

void chores_load(struct lms *lms)
{
	struct chores *chores = lms->chores;
	chores->welcomes_count = chores->forums_count = 0;
	if (!lms->options->aftercare)
		return;
	if (lms->version.branch >= BRANCH_WELCOMES)
		chores->welcomes = ids_load(lms,
		    "SELECT id FROM {enrol} WHERE enrol = 'manual' AND customint1 <> 0 ORDER BY id",
		    &chores->welcomes_count);
	if (rights_may_read(&lms->rights, "forum"))
		chores->forums = ids_load(lms,
		    "SELECT DISTINCT course FROM {forum} WHERE forcesubscribe = 2 ORDER BY course",
		    &chores->forums_count);
}

static int id_compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static bool has_id(const int64_t *ids, size_t count, int64_t id)
{
	return count > 0 && bsearch(&id, ids, count, sizeof id, id_compare);
}

/* ---- the lines ---- */

static void groups_note(struct chores *chores, int64_t course)
{
	if (course == chores->last_course)
		return;
	chores->last_course = course;
	buffer_print(
	    &chores->lines, "{\"job\":\"course_groups\",\"course\":%lld}\n", (long long)course);
}

void chore_member(struct lms *lms, int64_t user)
{
	if (lms->options->aftercare)
		buffer_print(&lms->chores->lines, "{\"job\":\"member_groups\",\"user\":%lld}\n",
		    (long long)user);
}

void chore_role(struct lms *lms, int64_t user, int64_t course, int64_t role)
{
	const struct chores *chores = lms->chores;
	if (has_id(chores->forums, chores->forums_count, course))
		buffer_print(&lms->chores->lines,
		    "{\"job\":\"subscribe\",\"course\":%lld,\"user\":%lld,\"role\":%lld}\n",
		    (long long)course, (long long)user, (long long)role);
}

void chore_completion(struct lms *lms, int64_t user, int64_t course)
{
	if (lms->options->aftercare)
		buffer_print(&lms->chores->lines,
		    "{\"job\":\"completion\",\"user\":%lld,\"course\":%lld}\n", (long long)user,
		    (long long)course);
}

void chore_feedback(struct lms *lms, int64_t grade)
{
	if (lms->options->aftercare)
		buffer_print(&lms->chores->lines, "{\"job\":\"grade_deleted\",\"grade\":%lld}\n",
		    (long long)grade);
}

static void join_note(struct lms *lms, const struct effects *effects, const struct change *change)
{
	const struct membership_facts *is = &effects->memberships[change->target];
	struct chores *chores = lms->chores;
	if (is->kind == PERSON_IN_GROUP)
		chore_member(lms, effects->people[is->who].id);
	if (is->kind != GROUP_IN_GROUPING)
		return;
	groups_note(chores, effects->groups[is->who].course_id);
	buffer_print(&chores->lines, "{\"job\":\"group_members\",\"group\":%lld}\n",
	    (long long)effects->groups[is->who].id);
}

/* The role that comes with the enrolment, if any, is the next change. */
static int64_t role_of(const struct effects *effects, size_t index)
{
	const struct change *next = &effects->changes[index + 1];
	bool has = index + 1 < effects->count && next->kind == CHANGE_ASSIGN_ROLE &&
	           next->enrolment == effects->changes[index].enrolment;
	return has ? next->role : 0;
}

static void enrolment_note(struct lms *lms, const struct effects *effects, size_t index)
{
	const struct enrolment_facts *is = &effects->enrolments[effects->changes[index].enrolment];
	struct chores *chores = lms->chores;
	if (has_id(chores->welcomes, chores->welcomes_count, is->enrol))
		buffer_print(&chores->lines,
		    "{\"job\":\"welcome\",\"enrol\":%lld,\"user\":%lld,\"role\":%lld}\n",
		    (long long)is->enrol, (long long)effects->people[is->person].id,
		    (long long)role_of(effects, index));
}

static void change_note(struct lms *lms, const struct effects *effects, size_t index)
{
	const struct change *change = &effects->changes[index];
	const struct enrolment_facts *is;
	switch (change->kind) {
	case CHANGE_DELETE_ACCOUNT:
		buffer_print(&lms->chores->lines, "{\"job\":\"account_deleted\",\"user\":%lld}\n",
		    (long long)effects->people[change->person].id);
		break;
	case CHANGE_ENROL: enrolment_note(lms, effects, index); break;
	case CHANGE_ASSIGN_ROLE:
		is = &effects->enrolments[change->enrolment];
		if (is->level == LEVEL_COURSE)
			chore_role(lms, effects->people[is->person].id, is->instance, change->role);
		break;
	case CHANGE_CREATE_GROUP:
		groups_note(lms->chores, effects->groups[change->target].course_id);
		break;
	case CHANGE_CREATE_GROUPING:
		groups_note(lms->chores, effects->groupings[change->target].course_id);
		break;
	case CHANGE_JOIN: join_note(lms, effects, change); break;
	case CHANGE_CREATE_ACCOUNT:
	case CHANGE_UPDATE_ACCOUNT:
	case CHANGE_RENAME_ACCOUNT:
	case CHANGE_SET_INTERESTS:
	case CHANGE_ENROLMENT:
	case CHANGE_UNASSIGN_ROLE:
	case CHANGE_CREATE_COHORT:
	case CHANGE_LEAVE:
	case CHANGE_UNENROL:
	case CHANGE_UNASSIGN_ALL: break;
	}
}

void chores_begin(struct lms *lms)
{
	buffer_clear(&lms->chores->lines);
	lms->chores->last_course = 0;
}

void chores_note(struct lms *lms, const struct effects *effects)
{
	for (size_t i = 0; i < effects->count && lms->options->aftercare; i++)
		change_note(lms, effects, i);
	if (lms->chores->lines.failed)
		db_fail(lms->db, error_memory("noting what Moodle has to do"));
}
