#include "message.h"

#include "enrold/outcome.h"
#include "enrold/value.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define WORD_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

void message_show(const char *text, struct buffer *out)
{
	struct buffer shown = {0};
	value_reveal(slice_of(text && *text ? text : "?"), &shown);
	for (size_t i = 0; i < shown.size; i++)
		buffer_add_char(
		    out, strchr("\t\r\n", shown.bytes[i]) && shown.bytes[i] ? ' ' : shown.bytes[i]);
	out->failed |= shown.failed;
	buffer_done(&shown);
}

const char *message_word(const char *word)
{
	size_t length = word ? strspn(word, WORD_LETTERS) : 0;
	return length > 0 && length < TOLD_WORD_SIZE && word[length] == '\0' ? word : "?";
}

void message_time(int64_t epoch_s, struct buffer *out)
{
	char text[40];
	struct tm tm;
	time_t time = epoch_s;
	if (gmtime_r(&time, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm) > 0)
		buffer_add_text(out, text);
}

static void count_add(struct buffer *out, uint64_t count, const char *one, const char *many)
{
	buffer_print(out, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
}

static void code_add(struct buffer *out, const char *code)
{
	if (code && *code)
		buffer_print(out, " (%s)", message_word(code));
}

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

static bool tells(const struct message *message, enum tell tell)
{
	return message->telling->tells & TELL_BIT(tell);
}

/* ---- headlines ---- */

static void refused_headline(const struct message *message, struct buffer *out)
{
	const struct told_refusal *refusal = &message->told->refusal;
	message_show(refusal->file, out);
	buffer_add_text(out, message->notice ? " was refused"
	                                     : " was refused, and nothing was "
	                                       "accepted since");
	code_add(out, refusal->code);
}

static void held_headline(const struct message *message, struct buffer *out)
{
	const struct notice *notice = message->notice;
	const struct told *told = message->told;
	if (!notice) {
		count_add(out, told->plans_count, "plan still waits", "plans still wait");
		buffer_add_text(out, " for a person, since ");
		message_time(told->plans_count > 0 ? told->plans[0].since_s : 0, out);
		return;
	}
	bool is_whole = is(notice->status, "held");
	buffer_add_text(out, is_whole ? "" : "a part of ");
	message_show(notice->file, out);
	buffer_add_text(out, is_whole ? " waits for a person: " : " was withheld: ");
	count_add(out, notice->plan_people, "person", "people");
	code_add(out, notice->code);
}

static size_t first_error(const struct notice *notice, size_t *count)
{
	size_t first = notice->causes_count;
	*count = 0;
	for (size_t i = notice->causes_count; i-- > 0;)
		if (is(notice->causes[i].outcome, "error")) {
			first = i;
			++*count;
		}
	return first;
}

static void errors_headline(const struct message *message, struct buffer *out)
{
	const struct notice *notice = message->notice;
	size_t count, first = first_error(notice, &count);
	buffer_print(out, "%llu of ", (unsigned long long)notice->rows_in_error);
	count_add(out, notice->rows, "row in error", "rows in error");
	if (count == 0)
		return;
	buffer_print(out, " (%s", message_word(notice->causes[first].code));
	if (count > 1)
		buffer_print(out, ", and %zu more", count - 1);
	buffer_add_char(out, ')');
}

static void late_headline(const struct message *message, struct buffer *out)
{
	const struct notice *notice = message->notice;
	const struct told_late *late = &message->told->late;
	if (late->is_stale) {
		buffer_add_text(out, "nothing new since ");
		message_time(notice ? notice->since_us / 1000000 : late->since_s, out);
	} else if (notice && notice->expected) {
		buffer_print(out, "no file by %.5s", notice->expected);
	} else {
		buffer_add_text(out, "still no file since ");
		message_time(late->since_s, out);
	}
}

static void due_headline(const struct message *message, struct buffer *out)
{
	buffer_add_text(out, "grace ends for ");
	count_add(out, message->notice->people, "person", "people");
	buffer_print(
	    out, ", the first on %.10s", message->notice->day ? message->notice->day : "?");
}

static void recovered_headline(const struct message *message, struct buffer *out)
{
	static const char *const over[TROUBLES] = {
	    [TROUBLE_REFUSED] = "a file was accepted again",
	    [TROUBLE_HELD] = "no plan waits any more",
	    [TROUBLE_ERRORS] = "no row is in error any more",
	    [TROUBLE_LATE] = "on time again",
	};
	const char *comma = "";
	for (enum trouble trouble = 0; trouble < TROUBLES; trouble++) {
		if (!(message->telling->over & TELL_BIT(trouble)))
			continue;
		buffer_print(out, "%s%s", comma, over[trouble]);
		comma = ", ";
	}
}

static void success_headline(const struct message *message, struct buffer *out)
{
	message_show(message->notice->file, out);
	buffer_add_text(out, " was applied: ");
	count_add(out, message->notice->rows, "row", "rows");
}

typedef void headline(const struct message *message, struct buffer *out);

static headline *const headlines[TELLS] = {
    [TELL_REFUSED] = refused_headline,
    [TELL_HELD] = held_headline,
    [TELL_ERRORS] = errors_headline,
    [TELL_LATE] = late_headline,
    [TELL_DUE] = due_headline,
    [TELL_RECOVERED] = recovered_headline,
    [TELL_SUCCESS] = success_headline,
};

void message_headline(const struct message *message, struct buffer *out)
{
	headlines[telling_leads(message->telling)](message, out);
}

/* ---- the text ---- */

/* "line 12", or in a file of an archive "users.csv, line 5". */
static void line_add(struct buffer *out, const char *member, uint64_t line)
{
	if (member && *member) {
		message_show(member, out);
		buffer_add_text(out, ", ");
	}
	buffer_print(out, "line %llu", (unsigned long long)line);
}

static void cause_add(const struct message *message, size_t index, struct buffer *out)
{
	const struct notice_cause *cause = &message->notice->causes[index];
	const char *word = message_word(cause->code);
	bool is_new = index < 32 && message->telling->new_causes & (1U << index);
	enum code code = outcome_code_parse(slice_of(word));
	buffer_print(out, "  %s", word);
	if (cause->column && *cause->column)
		buffer_print(out, " in %s", message_word(cause->column));
	buffer_add_text(out, ": ");
	count_add(out, cause->rows, "row", "rows");
	if (cause->line > 0) {
		buffer_add_text(out, ", the first in ");
		line_add(out, cause->member, cause->member ? cause->member_line : cause->line);
	}
	buffer_add_text(out, is_new ? "; new\n" : "\n");
	if (code != CODES)
		buffer_print(out, "      %s\n", outcome_code_meaning(code));
}

static void causes_add(const struct message *message, struct buffer *out)
{
	const struct notice *notice = message->notice;
	buffer_print(out, "\n%llu of ", (unsigned long long)notice->rows_in_error);
	count_add(out, notice->rows, "row was", "rows were");
	buffer_add_text(out, " not applied. What is wrong there:\n");
	for (size_t i = 0; i < notice->causes_count; i++)
		if (is(notice->causes[i].outcome, "error"))
			cause_add(message, i, out);
	if (notice->other_rows > 0) {
		buffer_add_text(out, "  and ");
		count_add(out, notice->other_rows, "row", "rows");
		buffer_add_text(out, " with other problems\n");
	}
}

static void refusal_add(const struct message *message, struct buffer *out)
{
	const struct told_refusal *refusal = &message->told->refusal;
	buffer_print(
	    out, "\nNothing of the file was applied. The code is %s", message_word(refusal->code));
	if (refusal->line > 0) {
		buffer_add_text(out, ", in ");
		line_add(out, refusal->member, refusal->line);
	}
	buffer_add_text(out, "; enrold.csv(5) explains it under \"Refusals of a whole file\". The "
	                     "file lies in quarantine with the reason beside it. Correct it and "
	                     "drop it again.\n");
	buffer_print(out, "  enrolctl show %s\n", message_word(refusal->run));
}

static void plans_add(const struct message *message, struct buffer *out)
{
	const struct told *told = message->told;
	buffer_add_text(out,
	    "\nWhat waits is done when a person releases it, and is not when a person discards "
	    "it:\n");
	for (size_t i = 0; i < told->plans_count; i++) {
		const char *run = message_word(told->plans[i].run);
		buffer_print(out,
		    "  enrolctl show %s\n  enrolctl release %s\n"
		    "  enrolctl discard %s\n",
		    run, run, run);
	}
}

static void late_add(const struct message *message, struct buffer *out)
{
	buffer_add_text(out,
	    message->told->late.is_stale
	        ? "\nFiles come, but they are all the same, so nothing has been changed since: the "
	          "system that writes them may have stopped. See that it writes new ones.\n"
	        : "\nNo file was accepted, so nothing has been changed since. See that the file is "
	          "sent; it is applied as soon as it comes.\n");
	buffer_add_text(out, "  enrolctl status\n");
}

static void due_add(struct buffer *out)
{
	buffer_add_text(out,
	    "\nThese people are in no file of the feed any more, and were suspended for that. When "
	    "grace is over their enrolments are deleted; whoever is in a file again before that "
	    "day keeps them.\n");
}

static void over_add(const struct message *message, struct buffer *out)
{
	buffer_add_text(out, "\nOver: ");
	recovered_headline(message, out);
	buffer_add_text(out, ".\n");
}

static void open_add(const struct message *message, struct buffer *out)
{
	unsigned open = message->telling->open & ~message->telling->tells;
	if (open == 0)
		return;
	buffer_add_text(out, "\nWhat lasts, and was told before:");
	for (enum trouble trouble = 0; trouble < TROUBLES; trouble++)
		if (open & TELL_BIT(trouble))
			buffer_print(out, " %s", trouble_name(trouble));
	buffer_add_text(out, ".\n");
}

static void path_add(const char *what, const char *path, struct buffer *out)
{
	if (!path || !*path)
		return;
	buffer_print(out, "  %-9s", what);
	message_show(path, out);
	buffer_add_char(out, '\n');
}

static void run_add(const struct message *message, struct buffer *out)
{
	const struct notice *notice = message->notice;
	buffer_add_text(out, "\nRun ");
	buffer_add_text(out, message_word(notice->run));
	buffer_add_text(out, " of ");
	message_show(notice->file, out);
	buffer_add_text(out, ", ");
	message_time(notice->at_us / 1000000, out);
	buffer_add_text(out, ", on ");
	buffer_add_text(out, message_word(message->node));
	buffer_add_text(out, ":\n");
	path_add("report", notice->report, out);
	path_add("result", notice->result, out);
	path_add("retry", notice->retry, out);
	path_add("plan", notice->plan, out);
	path_add("summary", notice->summary, out);
}

static void retry_add(const struct message *message, struct buffer *out)
{
	if (!message->notice->retry || !tells(message, TELL_ERRORS))
		return;
	buffer_add_text(out, message->has_retry ? "\nThe retry file is attached: the rows in error "
	                                          "alone. Correct them and drop it.\n"
	                                        : "\nThe retry file holds the rows in error alone. "
	                                          "Correct them there and drop it.\n");
}

void message_text(const struct message *message, struct buffer *out)
{
	buffer_print(out, "Feed %s: ", message_word(message->feed));
	message_headline(message, out);
	buffer_add_text(out, ".\n");
	if (tells(message, TELL_REFUSED))
		refusal_add(message, out);
	if (tells(message, TELL_HELD))
		plans_add(message, out);
	if (tells(message, TELL_ERRORS))
		causes_add(message, out);
	if (tells(message, TELL_LATE))
		late_add(message, out);
	if (tells(message, TELL_DUE))
		due_add(out);
	if (tells(message, TELL_RECOVERED) && telling_leads(message->telling) != TELL_RECOVERED)
		over_add(message, out);
	open_add(message, out);
	if (message->notice && message->notice->kind == NOTICE_RUN) {
		retry_add(message, out);
		run_add(message, out);
	}
	buffer_print(out,
	    "\nWho hears of what is set in enrold.yaml under feeds.%s.notify; what "
	    "lasts is told again after a week: enrold-notify(8).\n",
	    message_word(message->feed));
}
