/* Of how many people limits take their shares: on every engine. */
#include "enrold/active.h"

#include "fixture.h"

#include <criterion/criterion.h>

/* Somebody's enrolment in a course by that method. */
#define ENROL(person, course, method, status, end)                                                 \
	"INSERT INTO mdl_user_enrolments (status, enrolid, userid, timestart, timeend, "           \
	"modifierid, timecreated, timemodified) SELECT " #status ", e.id, u.id, 5, " #end          \
	", 2, 1, 1 FROM mdl_enrol e JOIN mdl_course c ON c.id = e.courseid, mdl_user u WHERE "     \
	"c.shortname = '" course "' AND e.enrol = '" method "' AND u.username = '" person "';"

#define SELF(course)                                                                               \
	"INSERT INTO mdl_enrol (enrol, status, courseid, sortorder) SELECT 'self', 1, id, 9 FROM " \
	"mdl_course WHERE shortname = '" course "';"

static void courses_find(struct fixture *fixture, int64_t ids[4])
{
	static const struct course_key keys[4] = {{COURSE_BY_SHORTNAME, {"C1", 2}},
	    {COURSE_BY_SHORTNAME, {"C2", 2}}, {COURSE_BY_SHORTNAME, {"C3", 2}},
	    {COURSE_BY_SHORTNAME, {"C4", 2}}};
	struct course_facts courses[4] = {0};
	good(lms_find_courses(fixture->lms, keys, 4, courses, fixture->arena));
	for (int i = 0; i < 4; i++)
		ids[i] = courses[i].id;
}

Test(active, counts_each_person_once_who_is_active_in_some_course)
{
	static const struct {
		const char *what;
		uint32_t courses; /* 1 << index */
		int64_t now;
		uint64_t people;
	} cases[] = {
	    {"one in two courses, and twice in one", 3, NOW, 1},
	    {"suspended here, active there", 5, NOW, 2},
	    {"suspended", 4, NOW, 1},
	    {"the end is to come", 8, 8, 2},
	    {"the end has come", 8, 9, 1},
	    {"none", 0, NOW, 0},
	    {"all", 15, NOW, 2},
	};
	struct fixture fixture;
	int64_t ids[4];
	fixture_make(&fixture, "C1 C2 C3 C4",
	    SELF("C1") ENROL("p1", "C1", "manual", 0, 0) ENROL("p1", "C1", "self", 0, 0)
	        ENROL("p1", "C2", "manual", 0, 0) ENROL("p1", "C3", "manual", 1, 0)
	            ENROL("p2", "C3", "manual", 0, 0) ENROL("gone", "C3", "manual", 0, 0)
	                ENROL("p2", "C4", "manual", 0, 0) ENROL("p1", "C4", "manual", 0, 9));
	fixture_open(&fixture);
	courses_find(&fixture, ids);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t asked[4];
		size_t count = 0;
		uint64_t people = 99;
		for (int c = 0; c < 4; c++)
			if (cases[i].courses & 1U << c)
				asked[count++] = ids[c];
		good(lms_count_active(fixture.lms, asked, count, cases[i].now, &people));
		cr_expect_eq(people, cases[i].people, "%s: %d", cases[i].what, (int)people);
	}
	fixture_remove(&fixture);
}

/* More courses than are asked for together, and some that are not there. */
Test(active, counts_over_many_courses)
{
	enum { MANY = 1000 };
	struct fixture fixture;
	int64_t ids[4], asked[MANY];
	uint64_t people;
	fixture_make(&fixture, "C1 C2 C3 C4",
	    ENROL("p1", "C1", "manual", 0, 0) ENROL("p1", "C2", "manual", 0, 0)
	        ENROL("p2", "C4", "manual", 0, 0));
	fixture_open(&fixture);
	courses_find(&fixture, ids);
	for (int i = 0; i < MANY; i++)
		asked[i] = 100000 + i;
	asked[0] = ids[0];
	asked[MANY / 2] = ids[1];
	asked[MANY - 1] = ids[3];
	good(lms_count_active(fixture.lms, asked, MANY, NOW, &people));
	cr_expect_eq(people, 2);
	fixture_remove(&fixture);
}

/* admin, p1, p2 and away; guest and gone do not count. */
Test(active, counts_the_accounts_of_the_site)
{
	struct fixture fixture;
	uint64_t accounts;
	fixture_make(&fixture, "C1 C2", "");
	fixture_open(&fixture);
	good(lms_count_accounts(fixture.lms, &accounts));
	cr_expect_eq(accounts, 4);
	fixture_remove(&fixture);
	fixture_make(&fixture, "C1 C2", "UPDATE mdl_user SET suspended = 1 WHERE username = 'p2'");
	fixture_open(&fixture);
	good(lms_count_accounts(fixture.lms, &accounts));
	cr_expect_eq(accounts, 3);
	fixture_remove(&fixture);
}
