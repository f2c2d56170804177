#include "enrold/active.h"

#include "work.h"

#include "enrold/idset.h"

/* A server's answer is in memory as a whole, and a course may have everybody. */
enum { COURSES_TOGETHER = 16 };

static const char question[] =
    "SELECT n.userid FROM {each}{enrol} e JOIN {user_enrolments} n ON n.enrolid = e.id JOIN {user} "
    "u ON u.id = n.userid WHERE e.courseid = ?1 AND n.status = 0 AND (n.timeend = 0 OR n.timeend > "
    "?2) AND {no_index u.deleted} = 0";

static bool people_add(
    struct lms *lms, const int64_t *courses, size_t count, int64_t now, struct idset *people)
{
	bool is_added = true, is_new;
	arena_reset(lms->scratch);
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i, DB_VALUES(db_int(courses[i]), db_int(now)));
	struct db_rows rows = db_ask(lms_db(lms), question, &questions);
	while (is_added && db_next(&rows))
		is_added = idset_add(people, db_column_int(&rows, 0), &is_new);
	db_rows_close(&rows);
	return is_added && !arena_has_failed(lms->scratch);
}

struct error lms_count_active(
    struct lms *lms, const int64_t *courses, size_t count, int64_t now, uint64_t *people)
{
	struct idset set = {0};
	bool is_added = true;
	for (size_t i = 0; i < count && is_added && !db_has_failed(lms->db);
	     i += COURSES_TOGETHER) {
		size_t together = count - i < COURSES_TOGETHER ? count - i : COURSES_TOGETHER;
		is_added = people_add(lms, courses + i, together, now, &set);
	}
	*people = set.count;
	idset_done(&set);
	return is_added ? db_error(lms->db) : error_memory("counting people");
}

struct error lms_count_accounts(struct lms *lms, uint64_t *accounts)
{
	*accounts = (uint64_t)db_find(lms_db(lms),
	    "SELECT COUNT(*) FROM {user} WHERE deleted = 0 AND suspended = 0 AND id <> ?1", 0,
	    DB_VALUES(db_int(lms->site.guest)));
	return db_error(lms->db);
}
