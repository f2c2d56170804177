#include "explain_today.h"

#include "figure.h"
#include "sentence.h"
#include "words.h"

#include "enrold/runid.h"

#include <string.h>

enum { INDENT = 2 };

static void time_add(struct buffer *out, int64_t epoch_s, int64_t now_s)
{
	char shown[FIGURE_SIZE];
	figure_time(shown, epoch_s, now_s);
	buffer_add_text(out, shown + strspn(shown, " "));
}

/* ---- who ---- */

/* "anna, today anna.holm; until 3 Mar anna.berg" */
static bool person_tell(const json_t *person, int64_t now_s)
{
	size_t i;
	json_t *name;
	struct buffer out = {0};
	const char *asked = words_text(person, "asked");
	buffer_add_text(&out, asked);
	json_array_foreach(json_object_get(person, "names"), i, name)
	{
		const char *until = words_text(name, "until");
		if (!words_is(name, "by", "username") || (!*until && words_is(name, "name", asked)))
			continue;
		buffer_add_text(&out, *until ? "; until " : ", today");
		if (*until)
			time_add(&out, words_run_time(until), now_s);
		buffer_print(&out, " %s", words_text(name, "name"));
	}
	bool is_told = sentence_write(stdout, &out, INDENT);
	buffer_done(&out);
	if (words_is(person, "source", "outbox"))
		puts("The database is away, so this is what the answers in the outbox say.");
	putchar('\n');
	return is_told;
}

/* ---- what is not known ---- */

static bool gap_tell(const json_t *gap, int64_t now_s)
{
	static const struct {
		const char *why, *words;
	} words[] = {{"missing", "is gone"}, {"altered", "is not what enrold wrote"},
	    {"pruned", "was pruned by rule"}, {"unreadable", "cannot be read"},
	    {"too_many", "has too much about this person"}};
	struct buffer out = {0};
	buffer_print(&out, "What %s of ", words_text(gap, "file"));
	time_add(&out, words_run_time(words_text(gap, "run")), now_s);
	buffer_print(&out, " did is not known: %s", words_text(gap, "path"));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words_is(gap, "why", words[i].why))
			buffer_print(&out, " %s", words[i].words);
	if (strlen(words_text(gap, "pruned_by")) == RUN_ID_SIZE) {
		const char *by = words_text(gap, "pruned_by");
		buffer_print(&out, " on %.4s-%.2s-%.2s", by, by + 4, by + 6);
	}
	buffer_add_char(&out, '.');
	bool is_told = sentence_write(stdout, &out, INDENT);
	buffer_done(&out);
	return is_told;
}

/* ---- absence ---- */

/* " Absence has suspended it 27 Nov 02:03 (feed hr); it is unenrolled on 2026-12-27, unless ..." */
static void absence_add(struct buffer *out, const json_t *absence, int64_t now_s)
{
	const char *due = words_text(absence, "due");
	if (!json_is_object(absence))
		return;
	buffer_print(
	    out, " Not in the files of feed %s any more: suspended ", words_text(absence, "feed"));
	time_add(out, words_time(words_text(absence, "suspended")), now_s);
	if (*words_text(absence, "run"))
		buffer_print(out, " (run %s)", words_text(absence, "run"));
	if (*due)
		buffer_print(
		    out, ", and unenrolled on %s, unless a file lists the person again", due);
	buffer_add_char(out, '.');
}

/* ---- the account ---- */

static bool account_tell(const json_t *account, int64_t now_s)
{
	static const struct {
		const char *state, *words;
	} states[] = {{"active", "the account is active"},
	    {"suspended", "the account is suspended"}, {"deleted", "the account was deleted"},
	    {"none", "there is no such account"}, {"unknown", "not known"}};
	size_t i;
	json_t *difference;
	struct buffer out = {0};
	buffer_add_text(&out, "Today: ");
	for (i = 0; i < sizeof states / sizeof *states; i++)
		if (words_is(account, "state", states[i].state))
			buffer_add_text(&out, states[i].words);
	if (*words_text(account, "why"))
		buffer_print(&out, ": %s", words_text(account, "why"));
	buffer_add_char(&out, '.');
	absence_add(&out, json_object_get(account, "absence"), now_s);
	bool is_told = sentence_write(stdout, &out, INDENT);
	json_array_foreach(json_object_get(account, "differences"), i, difference)
	{
		buffer_print(&out,
		    "  %s is '%s'; a file had made it '%s': something else has changed it since.",
		    words_text(difference, "name"), words_text(difference, "today"),
		    words_text(difference, "said"));
		is_told &= sentence_write(stdout, &out, INDENT + INDENT);
	}
	buffer_done(&out);
	return is_told;
}

/* ---- a course ---- */

static void state_add(struct buffer *out, const json_t *course, int64_t now_s)
{
	char now[STATE_SIZE];
	words_state(now, words_text(course, "today"), now_s);
	if (words_is(course, "enrolled", "unknown"))
		buffer_add_text(out, "not known.");
	else if (json_is_false(json_object_get(course, "is_there")))
		buffer_add_text(out, "there is no such course.");
	else
		buffer_print(out, "%s.", now);
}

static void others_add(struct buffer *out, const json_t *others)
{
	size_t i;
	json_t *way;
	json_array_foreach(others, i, way) buffer_print(out, " Also by the method %s: %s.",
	    words_text(way, "method"), words_text(way, "enrolled"));
}

/* "staff.csv:7 of 26 Nov 02:03 (run 20261126-020301-118204) left it so." */
static void said_add(struct buffer *out, const json_t *course, int64_t now_s)
{
	char said[STATE_SIZE], at[PLACE_TEXT_SIZE];
	bool is_known = json_is_string(json_object_get(course, "said"));
	const json_t *has_changed = json_object_get(course, "changed_since");
	words_place(at, course);
	buffer_print(out, " %s of ", at);
	time_add(out, words_run_time(words_text(course, "run")), now_s);
	buffer_print(out, " (run %s) ", words_text(course, "run"));
	words_state(said, words_text(course, "said"), now_s);
	if (words_is(course, "outcome", "error") || words_is(course, "outcome", "skipped"))
		buffer_print(out, "said last: %s", words_text(course, "message"));
	else if (json_is_false(has_changed))
		buffer_add_text(out, "left it so.");
	else if (is_known)
		buffer_print(out, "left it %s%s", said,
		    json_is_true(has_changed) ? ": something else has changed it since." : ".");
	else
		buffer_print(out, "said: %s", words_text(course, "message"));
}

static void writer_add(struct buffer *out, const json_t *course, int64_t now_s)
{
	const char *by = words_text(course, "written_by");
	if (!json_is_true(json_object_get(course, "changed_since")) ||
	    !*words_text(course, "written"))
		return;
	buffer_add_text(out, " It was written ");
	time_add(out, words_time(words_text(course, "written")), now_s);
	buffer_print(out, " by %s.", *by ? by : "somebody unknown");
}

static bool course_tell(const json_t *course, int64_t now_s)
{
	struct buffer out = {0};
	buffer_print(&out, "  %s: ", words_text(course, "course"));
	state_add(&out, course, now_s);
	others_add(&out, json_object_get(course, "others"));
	if (*words_text(course, "run"))
		said_add(&out, course, now_s);
	else
		buffer_add_text(&out, " No file has said anything of it and this person.");
	absence_add(&out, json_object_get(course, "absence"), now_s);
	writer_add(&out, course, now_s);
	bool is_told = sentence_write(stdout, &out, INDENT + INDENT);
	buffer_done(&out);
	return is_told;
}

/* ---- the enrolment that was asked for ---- */

static void moment_add(
    struct buffer *out, const char *words, const json_t *row, const char *name, int64_t now_s)
{
	if (!*words_text(row, name))
		return;
	buffer_add_text(out, words);
	time_add(out, words_time(words_text(row, name)), now_s);
}

static void maker_add(struct buffer *out, const json_t *row)
{
	const json_t *made = json_object_get(row, "made_by");
	char at[PLACE_TEXT_SIZE];
	words_place(at, made);
	if (json_is_object(made))
		buffer_print(out, " %s of feed %s made it, in run %s.", at,
		    words_text(made, "feed"), words_text(made, "run"));
	else
		buffer_add_text(out, " No answer that is there says that a file made it.");
}

static bool enrolment_tell(const json_t *row, int64_t now_s)
{
	struct buffer out = {0};
	const char *user = words_text(row, "username"), *course = words_text(row, "course");
	buffer_print(&out, "Enrolment %lld", (long long)words_number(row, "id"));
	if (json_is_true(json_object_get(row, "is_of_deleted")) || !*user)
		buffer_print(&out, " of account %lld, which was deleted,",
		    (long long)words_number(row, "userid"));
	else
		buffer_print(&out, " of %s", user);
	buffer_print(&out, " in %s", *course ? course : "a course that is gone");
	if (*words_text(row, "method"))
		buffer_print(&out, " by the method %s", words_text(row, "method"));
	moment_add(&out, ": made ", row, "created", now_s);
	if (json_is_false(json_object_get(row, "is_there")))
		buffer_add_text(&out, "; it is gone");
	moment_add(&out, ", deleted ", row, "deleted", now_s);
	if (*words_text(row, "deleted_by"))
		buffer_print(&out, " by %s", words_text(row, "deleted_by"));
	buffer_add_char(&out, '.');
	maker_add(&out, row);
	bool is_told = sentence_write(stdout, &out, INDENT);
	buffer_done(&out);
	putchar('\n');
	return is_told;
}

/* ---- all of a kind ---- */

enum { GAPS_MAX = 5 };

typedef bool tell_one(const json_t *object, int64_t now_s);

/* At most so many; how many there are more is said. */
static bool each_tell(
    const json_t *answer, const char *kind, size_t most, int64_t now_s, tell_one *tell)
{
	size_t i, told = 0;
	json_t *object;
	bool is_told = true;
	json_array_foreach(answer, i, object)
	{
		if (words_is(object, "kind", kind) && told++ < most)
			is_told &= tell(object, now_s);
	}
	if (told > most)
		printf("And of %zu more; --json names them.\n", told - most);
	return is_told;
}

bool explain_person_tell(const json_t *answer, int64_t now_s)
{
	return each_tell(answer, "person", SIZE_MAX, now_s, person_tell);
}

bool explain_enrolment_tell(const json_t *answer, int64_t now_s)
{
	return each_tell(answer, "enrolment", SIZE_MAX, now_s, enrolment_tell);
}

bool explain_has_person(const json_t *answer)
{
	size_t i;
	json_t *object;
	json_array_foreach(answer, i, object) if (words_is(object, "kind", "person")) return true;
	return false;
}

bool explain_today_tell(const json_t *answer, int64_t now_s)
{
	putchar('\n');
	bool is_told = each_tell(answer, "gap", GAPS_MAX, now_s, gap_tell);
	is_told &= each_tell(answer, "account", SIZE_MAX, now_s, account_tell);
	return each_tell(answer, "course", SIZE_MAX, now_s, course_tell) && is_told;
}
