/*
 * suggest: what may have been meant by the name of a cohort or group that is not there. One wrong
 * name in a batch is a slip, a hundred are another catalogue: only some get a suggestion, and only
 * where the names are few enough to look through.
 */
#include "work.h"

#include "enrold/nearest.h"
#include "enrold/today.h"
#include "enrold/value.h"

enum { SUGGESTIONS_MAX = 10, NAMES_MAX = 5000, LOOKS_MAX = 100000 };
/* Of one name that a person has typed. */
enum { PEOPLE_MAX = 50000, PEOPLE_LOOKS_MAX = 1000000 };

/* NULL: no memory. */
static struct nearest *names_load(
    struct lms *lms, const char *sql, int64_t about, int64_t names_max)
{
	struct nearest *names = nearest_create();
	struct db_rows rows =
	    db_select(lms_db(lms), sql, DB_VALUES(db_int(about), db_int(names_max)));
	bool is_kept = names;
	while (is_kept && db_next(&rows))
		is_kept = nearest_add(names, db_column_text(&rows, 0));
	db_rows_close(&rows);
	if (is_kept)
		return names;
	nearest_free(names);
	return NULL;
}

static struct slice nearest_of(
    struct nearest *names, struct slice name, size_t *budget, struct arena *arena)
{
	struct slice found = SLICE("");
	if (!names || !nearest_find(names, name, budget, &found))
		arena_fail(arena);
	return found.size > 0 ? arena_copy(arena, found) : found;
}

static struct error ended(const struct lms *lms, const struct arena *arena)
{
	return arena_has_failed(arena) ? error_memory("looking for names") : db_error(lms->db);
}

struct error lms_suggest_cohorts(
    struct lms *lms, struct cohort_facts *cohorts, size_t count, struct arena *arena)
{
	struct nearest *names = NULL;
	size_t suggestions = lms_may(lms, DEED_SEE_COHORT) ? 0 : SUGGESTIONS_MAX;
	size_t budget = LOOKS_MAX;
	for (size_t i = 0; i < count && suggestions < SUGGESTIONS_MAX; i++) {
		if (cohorts[i].id != 0 || value_is_integer(cohorts[i].text))
			continue;
		if (suggestions++ == 0)
			names = names_load(lms,
			    "SELECT idnumber FROM {cohort} WHERE id > ?1 AND idnumber <> '' AND "
			    "component = '' ORDER BY id LIMIT ?2",
			    0, NAMES_MAX);
		cohorts[i].nearest = nearest_of(names, cohorts[i].text, &budget, arena);
	}
	nearest_free(names);
	return ended(lms, arena);
}

struct error lms_suggest_groups(
    struct lms *lms, struct group_facts *groups, size_t count, struct arena *arena)
{
	size_t suggestions = lms_may(lms, DEED_SEE_GROUP) ? 0 : SUGGESTIONS_MAX;
	size_t budget = LOOKS_MAX;
	for (size_t i = 0; i < count && suggestions < SUGGESTIONS_MAX; i++) {
		if (groups[i].matches > 0 || groups[i].course_id == 0)
			continue;
		suggestions++;
		struct nearest *names = names_load(lms,
		    "SELECT name FROM {groups} WHERE courseid = ?1 ORDER BY id LIMIT ?2",
		    groups[i].course_id, NAMES_MAX);
		groups[i].nearest = nearest_of(names, groups[i].text, &budget, arena);
		nearest_free(names);
	}
	return ended(lms, arena);
}

struct error lms_suggest_person(
    struct lms *lms, struct slice text, struct arena *arena, struct slice *nearest)
{
	size_t budget = PEOPLE_LOOKS_MAX;
	struct nearest *names = names_load(lms,
	    "SELECT username FROM {user} WHERE id > ?1 AND {no_index deleted} = 0 ORDER BY id "
	    "LIMIT "
	    "?2",
	    0, PEOPLE_MAX);
	*nearest = nearest_of(names, text, &budget, arena);
	nearest_free(names);
	return ended(lms, arena);
}
