/*
 * Time is linear in the rows, whatever they are: instructions are counted, by valgrind, because a
 * clock tells of the machine. Of N, 2N and 4N rows the second step must cost twice the first. What
 * a database without an index of names makes quadratic shows when there are many names already:
 * such sites are as large as their file.
 */
#include "fatal.h"
#include "program.h"
#include "rig.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

typedef void write_rows(struct buffer *csv, long rows);

/* The row of number i is "p1,C1,g1": its number comes where a %ld is. */
struct shape {
	char name[40];
	long rows;       /* the N of this shape */
	char header[64]; /* "": write makes the file */
	char row[64];
	write_rows *write;
	char feed[64];
	bool has_courses; /* the site has as many courses as the file rows */
	bool has_errors;  /* rows are meant to fail */
	char site[400];   /* SQL, its %ld are the rows */
};

#define COUNT_TO "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %ld) "
#define OLD_GROUPS                                                                                 \
	COUNT_TO "INSERT INTO mdl_groups (courseid, name) "                                        \
	         "SELECT (SELECT id FROM mdl_course WHERE shortname = 'C1'), 'old' || i FROM n;"
#define OLD_GROUPINGS                                                                              \
	COUNT_TO "INSERT INTO mdl_groupings (courseid, name) "                                     \
	         "SELECT (SELECT id FROM mdl_course WHERE shortname = 'C1'), 'old' || i FROM n;"

/* ---- files that are not a row many times ---- */

static void header_write(struct buffer *csv, long courses)
{
	buffer_add_text(csv, "username");
	for (long i = 0; i < courses; i++)
		buffer_print(csv, ",course%ld", i);
	buffer_add_char(csv, '\n');
}

static void one_row(struct buffer *csv, long courses)
{
	header_write(csv, courses);
	buffer_add_text(csv, "p1");
	for (long i = 0; i < courses; i++)
		buffer_print(csv, ",C%ld", i % 10 + 1);
	buffer_add_char(csv, '\n');
}

/* The longer the user name, the more courses. */
static void long_name(struct buffer *csv, long courses)
{
	header_write(csv, courses);
	for (long i = 0; i < 8 * courses; i++)
		buffer_add_char(csv, 'x');
	for (long i = 0; i < courses; i++)
		buffer_add_text(csv, ",C1");
	buffer_add_char(csv, '\n');
}

/* One letter that has more and more marks, none of them in its place. */
static void many_marks(struct buffer *csv, long marks)
{
	buffer_add_text(csv, "username,course1,group1\np1,C1,a");
	for (long i = 0; i < marks; i++)
		buffer_add_text(csv, "\u0301\u0315\u0321");
	buffer_add_char(csv, '\n');
}

/* Everybody gets the name that the one before has left. */
static void rename_chain(struct buffer *csv, long rows)
{
	buffer_add_text(csv, "oldusername,username\np1,r1\n");
	for (long i = 1; i < rows; i++)
		buffer_print(csv, "r%ld,r%ld\n", i, i + 1);
}

static uint64_t draw(uint64_t *dice)
{
	*dice = *dice * UINT64_C(6364136223846793005) + 1;
	return *dice >> 33;
}

static bool is_text(uint64_t word)
{
	for (int i = 0; i < 8; i++) {
		unsigned char c = (unsigned char)(word >> (8 * i));
		if (c < '0' || c > 'z' || (c > '9' && c < 'A'))
			return false;
	}
	return true;
}

/* Names that a hash of multiplications and no key (it was ours once) puts into one place: the last
 * word takes back what the others have done. */
static struct slice colliding_name(char name[20], uint64_t *dice)
{
	const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15), end = UINT64_C(0x3132333435363738);
	for (;;) {
		uint64_t hash = UINT64_C(0xCBF29CE484222325), words[3] = {'s'};
		for (int i = 5; i < 16; i++)
			words[i / 8] |= (uint64_t)('a' + draw(dice) % 26) << (i % 8 * 8);
		for (int i = 0; i < 2; i++) {
			hash = (hash ^ words[i]) * factor;
			hash ^= hash >> 32;
		}
		words[2] = hash ^ end;
		if (!is_text(words[2]))
			continue;
		memcpy(name, (const char *)words + 5, 19);
		return (struct slice){name, 19};
	}
}

static void colliding_names(struct buffer *csv, long courses)
{
	uint64_t dice = 1;
	char name[20];
	header_write(csv, courses);
	buffer_add_text(csv, "p1");
	for (long i = 0; i < courses; i++) {
		struct slice course = colliding_name(name, &dice);
		buffer_print(csv, ",%.*s", SLICE_ARG(course));
	}
	buffer_add_char(csv, '\n');
}

static const struct shape shapes[] = {
    {.name = "new groups in one course",
        .rows = 400,
        .header = "groupname,coursename",
        .row = "g%ld,C1",
        .site = OLD_GROUPS},
    {.name = "new groupings in one course",
        .rows = 400,
        .header = "groupname,coursename,groupingname",
        .row = "g%ld,C1,q%ld",
        .site = OLD_GROUPS OLD_GROUPINGS},
    {.name = "groups into one grouping",
        .rows = 400,
        .header = "groupname,coursename,groupingname",
        .row = "old%ld,C1,old1",
        .site = OLD_GROUPS OLD_GROUPINGS},
    {.name = "new cohorts",
        .rows = 400,
        .header = "username,cohort1",
        .row = "p1,k%ld",
        .site = COUNT_TO "INSERT INTO mdl_cohort (contextid, name, idnumber, component, "
                         "descriptionformat, visible, timecreated, timemodified) "
                         "SELECT 1, 'old' || i, 'old' || i, '', 0, 1, 0, 0 FROM n;"},
    {.name = "groups of one person",
        .rows = 200,
        .header = "username,course1,group1",
        .row = "p1,C%ld,g%ld",
        .has_courses = true,
        .site = "INSERT INTO mdl_user_enrolments (enrolid, userid) SELECT e.id, u.id FROM "
                "mdl_enrol e JOIN mdl_user u ON u.username = 'p1' WHERE e.enrol = 'manual' AND "
                "%ld > 0"},
    {.name = "misspelt courses",
        .has_errors = true,
        .rows = 16,
        .header = "username,course1",
        .row = "p1,a_course_whose_name_is_as_long_as_those_of_others_%ldx",
        .site = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100 * "
                "%ld) INSERT INTO mdl_course (category, shortname, fullname, summary) SELECT 1, "
                "'a_course_whose_name_is_as_long_as_those_of_others_' || i, '', '' FROM n;"},
    {.name = "names of one hash", .rows = 1000, .write = colliding_names, .has_errors = true},
    {.name = "a chain of renames",
        .rows = 400,
        .write = rename_chain,
        .feed = "  default: { allow_rename: true }\n"},
    {.name = "one person in all rows",
        .rows = 400,
        .header = "username,course1,enrolstatus1",
        .row = "p1,C1,"},
    {.name = "one row with many courses", .rows = 2000, .write = one_row},
    {.name = "a letter with many marks", .rows = 2000, .write = many_marks, .has_errors = true},
    {.name = "a long cell beside many", .rows = 1000, .write = long_name, .has_errors = true},
};

/* ---- counting ---- */

/* A site's SQL and a row have at most two numbers. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void number_print(struct buffer *out, const char *format, long number)
{
	buffer_print(out, format, number, number);
}
#pragma GCC diagnostic pop

static void site_prepare(struct rig *rig, const struct shape *shape, long rows)
{
	struct buffer sql = {0};
	number_print(&sql, shape->site, rows);
	buffer_add_char(&sql, '\0');
	rig_execute(rig, sql.bytes);
	buffer_done(&sql);
}

static void file_drop(struct rig *rig, const struct shape *shape, long rows)
{
	struct buffer csv = {0};
	if (shape->write) {
		shape->write(&csv, rows);
	} else {
		buffer_print(&csv, "%s\n", shape->header);
		for (long i = 1; i <= rows; i++) {
			number_print(&csv, shape->row, i);
			buffer_add_char(&csv, '\n');
		}
	}
	rig_drop_bytes(rig, "rows.csv", csv.bytes, csv.size);
	buffer_done(&csv);
}

static double instructions_count(const struct rig *rig)
{
	struct path enrold = path_of("%s/enrold", program_directory());
	struct finished finished =
	    program_expect(0, ARGV(VALGRIND, "--tool=callgrind", "--callgrind-out-file=/dev/null",
	                          enrold.text, "--config", rig->config.text, "--once"));
	const char *count = strstr(finished.err.bytes, "Collected : ");
	if (!count)
		fatal("valgrind counts nothing:\n%s", finished.err.bytes);
	double instructions = strtod(count + strlen("Collected : "), NULL);
	finished_done(&finished);
	return instructions;
}

static double rows_cost(const struct shape *shape, long rows)
{
	struct rig rig;
	rig_make(
	    &rig, &(struct rig_options){.courses = shape->has_courses ? (int)rows : 10,
	              .feeds = *shape->feed ? shape->feed : "  default: { " RIG_MAY_ALL " }\n"});
	if (*shape->site)
		site_prepare(&rig, shape, rows);
	file_drop(&rig, shape, rows);
	double cost = instructions_count(&rig);
	cr_assert_eq(files_count(rig_path(&rig, "outbox").text, ".result.csv"), 1);
	cr_assert_eq(files_count(rig_path(&rig, "outbox").text, ".retry.csv"), shape->has_errors,
	    "%s", shape->name);
	rig_remove(&rig);
	return cost;
}

ParameterizedTestParameters(growth, is_linear)
{
	return cr_make_param_array(struct shape, (void *)shapes, sizeof shapes / sizeof *shapes);
}

ParameterizedTest(const struct shape *passed, growth, is_linear)
{
	/* Pointers do not survive the way into this process. */
	const struct shape *shape = shapes;
	while (strcmp(shape->name, passed->name) != 0)
		shape++;
	double once = rows_cost(shape, shape->rows), twice = rows_cost(shape, 2 * shape->rows);
	double four_times = rows_cost(shape, 4 * shape->rows);
	double growth = (four_times - twice) / (twice - once);
	fprintf(stderr, "growth: %-28s %6.1f %6.1f %6.1f million, %.2f\n", shape->name, once / 1e6,
	    twice / 1e6, four_times / 1e6, growth);
	cr_expect_leq(
	    growth, 2.3, "%s: twice the rows cost %.2f times as much", shape->name, growth);
}
