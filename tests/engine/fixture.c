#include "fixture.h"

#include "enrold/site.h"

#include <criterion/criterion.h>

enum { COURSES_MAX = 4 };

static void courses_make(struct fixture *fixture, const char *names)
{
	struct course_row courses[COURSES_MAX] = {0};
	struct site_answer answers[COURSES_MAX];
	size_t count = 0;
	for (const char *name = names; *name; count++) {
		size_t size = strcspn(name, " ");
		cr_assert_lt(count, COURSES_MAX);
		courses[count].shortname = (struct slice){name, size};
		name += size;
		name += strspn(name, " ");
	}
	good(site_add_courses(&fixture->database.options, courses, count, answers));
}

void fixture_make(struct fixture *fixture, const char *courses, const char *sql)
{
	bool made;
	*fixture = (struct fixture){.arena = arena_create()};
	database_make(&fixture->database);
	good(site_init(&fixture->database.options, &made));
	courses_make(fixture, courses);
	database_execute(&fixture->database,
	    "INSERT INTO mdl_user (auth, confirmed, mnethostid, username) VALUES "
	    "('manual', 1, 1, 'p1'), ('manual', 1, 1, 'p2'), ('manual', 1, 1, 'gone'), "
	    "('manual', 1, 2, 'away');"
	    "UPDATE mdl_user SET deleted = 1 WHERE username = 'gone'");
	database_execute(&fixture->database, sql);
	database_move(&fixture->database);
}

void fixture_remove(struct fixture *fixture)
{
	arena_free(fixture->arena);
	lms_close(fixture->lms);
	database_remove(&fixture->database);
}

void fixture_open(struct fixture *fixture)
{
	lms_close(fixture->lms);
	fixture->lms = NULL;
	good(lms_open(&fixture->database.options, &fixture->lms));
	good(lms_load_site(fixture->lms, &fixture->site));
}

void fixture_load(struct fixture *fixture, uint32_t count)
{
	static const struct course_key keys[] = {
	    {COURSE_BY_SHORTNAME, {"C1", 2}}, {COURSE_BY_SHORTNAME, {"C2", 2}}};
	good(lms_find_courses(
	    fixture->lms, keys, (count + 1) / 2, fixture->courses, fixture->arena));
	for (uint32_t i = 0; i < count; i++) {
		const struct course_facts *course = &fixture->courses[i / 2];
		cr_assert_eq(course->matches, 1);
		fixture->enrolments[i] = (struct enrolment_facts){.person = i % 2,
		    .user = P1 + i % 2,
		    .course = course->id,
		    .enrol = course->enrol,
		    .context = course->context,
		    .level = 50,
		    .instance = course->id};
	}
	good(lms_load_enrolments(fixture->lms, fixture->enrolments, count, fixture->arena));
}

struct error fixture_apply(
    struct fixture *fixture, const struct change *changes, size_t count, int64_t now)
{
	static struct account_facts people[] = {{.id = P1}, {.id = P2}};
	const struct effects effects = {.changes = changes,
	    .count = count,
	    .people = people,
	    .enrolments = fixture->enrolments,
	    .now = now};
	return lms_apply(fixture->lms, &effects);
}

void fixture_expect(struct fixture *fixture, const char *sql, const char *rows)
{
	const char *found = database_rows(&fixture->database, sql);
	cr_expect_str_eq(found, rows, "%s:\n%s", sql, found);
}
