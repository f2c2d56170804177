/* A large file is planned on a census and written by a thread of its own; a small one is not. The
 * same rows have to end the same. */
#include "files.h"
#include "law.h"
#include "reply.h"
#include "scale.h"

#include <criterion/criterion.h>

enum { ROWS = 6000, ROWS_OF_A_PIECE = 400, PEOPLE = 300, COURSES = 8 };

static unsigned dice(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed / 65536 % sides;
}

/* People come again and again, some do not exist, some cells are wrong. With `is_new` no row
 * changes what another has done: everything waits to be written together. */
static void row_add(struct buffer *out, unsigned *seed, const char *more, bool is_new)
{
	static const char *const roles[] = {"", "", "", "student", "teacher", "chef"};
	static const char *const statuses[] = {"", "", "", "0", "1", "2"};
	static const char *const starts[] = {"", "", "2026-09-01", "2027-01-01", "soon"};
	static const char *const periods[] = {"", "", "0", "30", "-1"};
	const char *role = roles[dice(seed, 6)], *status = statuses[dice(seed, 6)],
	           *start = starts[dice(seed, 5)], *period = periods[dice(seed, 5)];
	buffer_print(out, "p%u,C%u,%s,%s,%s,%s,C%u", dice(seed, PEOPLE + 20) + 1,
	    dice(seed, COURSES + 1) + 1, role, is_new ? "" : status, is_new ? "" : start,
	    is_new ? "" : period, dice(seed, COURSES) + 1);
	if (*more)
		buffer_print(out, ",G%u,K%u", dice(seed, 3), dice(seed, 3));
	buffer_add_char(out, '\n');
}

/* All lines of the answers to these files, but for their numbers. */
static void answers_add(const struct rig *rig, struct buffer *out, const char *name)
{
	struct reply reply;
	reply_open(&reply, rig, name, 0);
	for (size_t row = 1; row < reply.result.rows_count; row++)
		for (size_t i = 1; i < reply.result.rows[row].count; i++)
			buffer_print(out, "%s%c", table_at(&reply.result, row, i),
			    i + 1 < reply.result.rows[row].count ? '|' : '\n');
	reply_close(&reply);
}

static struct buffer one_file(struct rig *rig, const char *header, const struct buffer *rows)
{
	struct buffer text = {0}, answers = {0};
	buffer_add_text(&text, header);
	buffer_add(&text, rows->bytes, rows->size);
	rig_drop_bytes(rig, "all.csv", text.bytes, text.size);
	rig_once(rig);
	answers_add(rig, &answers, "all.csv");
	buffer_done(&text);
	return answers;
}

static struct buffer many_files(struct rig *rig, const char *header, const struct buffer *rows)
{
	struct buffer answers = {0};
	const char *at = rows->bytes, *end = rows->bytes + rows->size;
	for (int piece = 0; at < end; piece++) {
		struct buffer text = {0};
		buffer_add_text(&text, header);
		for (int row = 0; row < ROWS_OF_A_PIECE && at < end; row++) {
			const char *next = strchr(at, '\n') + 1;
			buffer_add(&text, at, (size_t)(next - at));
			at = next;
		}
		rig_drop_bytes(rig, path_of("%03d.csv", piece).text, text.bytes, text.size);
		buffer_done(&text);
	}
	rig_once(rig);
	for (int piece = 0; piece * ROWS_OF_A_PIECE < ROWS; piece++)
		answers_add(rig, &answers, path_of("%03d.csv", piece).text);
	return answers;
}

/* Log and flags as sets: a large file's rows come by course. */
static struct buffer traces_of(const struct rig *rig)
{
	return rig_query(rig,
	    "SELECT eventname, contextid, relateduserid, crud, courseid, count(*) FROM "
	    "mdl_logstore_standard_log GROUP BY 1, 2, 3, 4, 5 UNION ALL SELECT flagtype, name, 0, "
	    "value, 0, count(*) FROM mdl_cache_flags GROUP BY 1, 2, 4 ORDER BY 1, 2, 3, 4, 5");
}

static void same(struct buffer *a, struct buffer *b, const char *what)
{
	buffer_add_char(a, '\0');
	buffer_add_char(b, '\0');
	cr_expect_str_eq(a->bytes, b->bytes, "%s differ", what);
	buffer_done(a);
	buffer_done(b);
}

/* The first `new` rows change nothing that another has done. */
static void compare(const char *feeds, const char *more, int new)
{
	struct rig large, small;
	struct buffer rows = {0};
	unsigned seed = (unsigned)scale_from_environment("ENROLD_SEED", 7);
	const struct rig_options options = {.people = PEOPLE, .courses = COURSES, .feeds = feeds};
	struct path header = path_of("username,course1,role1,enrolstatus1,enroltimestart1,"
	                             "enrolperiod1,course2%s\n",
	    more);
	for (int i = 0; i < ROWS; i++)
		row_add(&rows, &seed, more, i < new);
	buffer_add_char(&rows, '\0');
	rows.size--; /* so that it can be searched */
	rig_make(&large, &options);
	rig_make(&small, &options);
	struct buffer a = one_file(&large, header.text, &rows);
	struct buffer b = many_files(&small, header.text, &rows);
	same(&a, &b, "answers");
	a = rig_state(&large), b = rig_state(&small);
	same(&a, &b, "enrolments");
	a = traces_of(&large), b = traces_of(&small);
	same(&a, &b, "audit rows and flags");
	buffer_done(&rows);
	law_close(&large);
	law_close(&small);
}

Test(large, ends_as_in_small_pieces)
{
	compare("  default: { " RIG_NO_LIMITS " }\n", "", 0);
}

Test(large, ends_as_in_small_pieces_when_all_is_new)
{
	compare("  default: { " RIG_NO_LIMITS " }\n", "", ROWS);
}

Test(large, ends_as_in_small_pieces_when_what_is_new_changes_at_once)
{
	compare("  default: { " RIG_NO_LIMITS " }\n", "", ROWS / 2);
}

Test(large, ends_as_in_small_pieces_when_everything_is_refreshed)
{
	compare("  default: { existing_enrolment: refresh, invalid_values: ignore, " RIG_NO_LIMITS
	        " }\n",
	    "", 0);
}

Test(large, ends_as_in_small_pieces_with_groups_and_cohorts)
{
	compare("  default: { " RIG_MAY_ALL ", " RIG_NO_LIMITS " }\n", ",group1,cohort1", 0);
}
