/*
 * absence_ban: whether those who would go look like people who have left, or like a file that is
 * not what it should be. A ban withholds all removals, or those in a course; never the rest of the
 * file.
 */
#include "enrold/absence.h"

#include "enrold/calendar.h"
#include "enrold/ending.h"

#include <fnmatch.h>

enum { WHOLE_BP = 10000, ROWS_OF_LAST_BP = 9000 };
/* More rows than that, and more than this part of the file, with people who are new and unknown. */
enum { UNKNOWN_MAX = 10, UNKNOWN_PART = 100 };

static const struct absence_ban none = {CODES, {"", 0}};

bool limit_trips(const struct policy_limit *limit, uint64_t count, uint64_t of)
{
	bool is_many = limit->count == 0 || count > limit->count;
	bool is_much = limit->share == 0 || count * WHOLE_BP > of * limit->share;
	bool has_either = limit->count != 0 || limit->share != 0;
	return (has_either && count > 0 && is_many && is_much) ||
	       (limit->most != 0 && count > limit->most);
}

static struct absence_ban limit_ban(struct arena *arena, const char *name,
    const struct policy_limit *limit, uint64_t count, uint64_t of, const char *what)
{
	if (!limit_trips(limit, count, of))
		return none;
	return (struct absence_ban){
	    CODE_WITHHELD, arena_print(arena, "%llu of %llu %s, more than limits.%s let go",
	                       (unsigned long long)count, (unsigned long long)of, what, name)};
}

/* ---- the file ---- */

/* The default means what a system drops, however it has packed it. */
static bool is_default(const char *pattern)
{
	return strcmp(pattern, "*.csv") == 0;
}

bool absence_is_full_name(const struct policy *policy, struct slice name)
{
	char text[256];
	const char *pattern = policy->absence.files;
	if (name.size >= sizeof text)
		return false;
	memcpy(text, name.bytes, name.size);
	text[name.size] = '\0';
	if (pattern && is_default(pattern))
		return *ending_find(text) != '\0';
	return !pattern || fnmatch(pattern, text, FNM_CASEFOLD) == 0;
}

bool absence_is_paused(const struct policy_absence *absence, int64_t day)
{
	struct calendar_span span;
	for (size_t i = 0; i < absence->pause.count; i++)
		if (calendar_parse_span(absence->pause.items[i], &span) && span.first <= day &&
		    day <= span.last)
			return true;
	return false;
}

static struct absence_ban rows_ban(
    const struct absence_terms *terms, const struct file_shape *base, const struct file_shape *file)
{
	const struct policy_limits *limits = &terms->policy->limits;
	share_bp share = limits->has_rows_of_last ? limits->rows_of_last : ROWS_OF_LAST_BP;
	if (file->rows * WHOLE_BP >= base->rows * share)
		return none;
	return (struct absence_ban){
	    CODE_WITHHELD, arena_print(terms->arena,
	                       "the file has %llu row%s, the last full one had %llu: less than "
	                       "limits.rows_of_last",
	                       (unsigned long long)file->rows, file->rows == 1 ? "" : "s",
	                       (unsigned long long)base->rows)};
}

static struct absence_ban unknown_ban(const struct absence_terms *terms,
    const struct file_shape *file, const struct absence_doubts *doubts)
{
	if (doubts->unknown_new <= UNKNOWN_MAX || doubts->unknown_new * UNKNOWN_PART <= file->rows)
		return none;
	return (struct absence_ban){CODE_WITHHELD,
	    arena_print(terms->arena,
	        "%llu rows name people whom nobody knows and whom the last full file did not name "
	        "(the first in line %llu), so that those who are missing may be meant by them",
	        (unsigned long long)doubts->unknown_new, (unsigned long long)doubts->unknown_line)};
}

/* As far as its name and time go. */
static struct absence_ban origin_ban(const struct absence_terms *terms,
    const struct file_shape *base, const struct file_shape *file,
    const struct absence_doubts *doubts)
{
	if (!file_shape_is_called(base->name, file->name))
		return (struct absence_ban){CODE_OTHER_FILE,
		    arena_print(terms->arena,
		        "the file is called otherwise than the last full one, '%.*s'",
		        SLICE_ARG(base->name))};
	if (doubts->seen_before)
		return (struct absence_ban){CODE_OLDER_FILE,
		    arena_print(terms->arena,
		        "the file is byte for byte that of run %s, after which others came",
		        doubts->seen_before)};
	if (file->modified_ms < base->last_modified_ms)
		return (struct absence_ban){CODE_OLDER_FILE,
		    arena_print(terms->arena,
		        "the file was last changed before the last full one, that of run %.*s",
		        SLICE_ARG(base->last_run))};
	return none;
}

struct absence_ban absence_ban_file(const struct absence_terms *terms,
    const struct file_shape *base, const struct file_shape *file,
    const struct absence_doubts *doubts)
{
	struct absence_ban ban = origin_ban(terms, base, file, doubts);
	struct slice lacks = file_shape_lacks(base, file);
	if (ban.code == CODES && lacks.size > 0)
		ban = (struct absence_ban){CODE_HEADER_CHANGED,
		    arena_print(terms->arena,
		        "the file has no column '%.*s', which the last full one had",
		        SLICE_ARG(lacks))};
	if (ban.code == CODES)
		ban = rows_ban(terms, base, file);
	if (ban.code == CODES && base->is_ended && !file->is_ended)
		ban = (struct absence_ban){CODE_WITHHELD,
		    SLICE("the last line has no newline, as that of the last full file had: the "
		          "file may have been cut short")};
	return ban.code == CODES ? unknown_ban(terms, file, doubts) : ban;
}

/* ---- a course, and all in all ---- */

struct absence_ban absence_ban_course(
    const struct absence_terms *terms, const struct absence_course *course)
{
	const struct policy_limit *limit = &terms->policy->limits.per_course;
	bool is_limited = limit->count != 0 || limit->share != 0;
	bool is_large = is_limited && course->ours > limit->count;
	if (course->going == 0)
		return none;
	if (course->unknown_new > terms->policy->absence.errors)
		return (struct absence_ban){CODE_WITHHELD,
		    arena_print(terms->arena,
		        "line %llu names somebody unknown in this course: correct it",
		        (unsigned long long)course->unknown_line)};
	if (is_large && !course->is_named)
		return (struct absence_ban){
		    CODE_WITHHELD, SLICE("the file names the course no longer")};
	if (is_large && course->going >= course->ours)
		return (struct absence_ban){CODE_WITHHELD,
		    arena_print(terms->arena, "all %llu people would leave the course",
		        (unsigned long long)course->ours)};
	return limit_ban(terms->arena, "per_course", limit, course->going, course->ours,
	    "people would leave the course");
}

struct absence_ban absence_ban_all(
    const struct absence_terms *terms, uint64_t going, uint64_t listed)
{
	return limit_ban(terms->arena, "removals", &terms->policy->limits.removals, going, listed,
	    "people would leave courses");
}

struct absence_ban absence_ban_accounts(
    const struct absence_terms *terms, uint64_t going, uint64_t listed)
{
	return limit_ban(terms->arena, "accounts", &terms->policy->limits.accounts, going, listed,
	    "accounts would be suspended");
}
