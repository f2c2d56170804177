/*
 * report_problems: what went wrong, by its causes, the commonest error first, each with those of
 * its rows that are among the first of the run. Rows end where the page would become too large,
 * and so do causes, later: how many are left is said in both cases.
 */
#include "report_parts.h"

#include "enrold/outcome.h"

#include <ctype.h>

/* Of the page; what comes behind the problems has the rest. A row is at most 7 KB. */
enum { ROWS_UNTIL = 1000 << 10, CAUSES_UNTIL = 1500 << 10 };
/* A cause with so many rows shows them at once. */
enum { ROWS_OPEN = 10 };
enum { TARGET_SHOWN = 80, CELL_SHOWN = 200 };

struct page {
	const struct summary *summary;
	struct buffer *out;
	const struct problem_row *rows;
	size_t rows_count;
	uint64_t shown;     /* rows, so far */
	const char *result; /* its name; NULL: there is none */
};

/* ---- rows ---- */

/* A number alone where there is one file. */
static void row_line(struct buffer *out, const struct summary *summary, uint64_t line)
{
	struct member_line at = report_line(summary, line);
	buffer_print(
	    out, "<tr><th scope=\"row\"%s data-th=\"Line\">", at.name ? "" : " class=\"num\"");
	if (at.name)
		part_line(out, &at);
	else if (line > 0)
		html_count(out, line);
	else
		buffer_add_text(out, "none");
	buffer_add_text(out, "</th>");
}

static void row(struct page *page, const struct problem_row *row)
{
	struct buffer *out = page->out;
	const struct {
		const char *name, *text;
	} cells[] = {{"User", row->username}, {"Column", row->column}, {"Target", row->target},
	    {"Message", row->message}};
	row_line(out, page->summary, row->line);
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		if (*cells[i].text == '\0') {
			buffer_add_text(out, "<td></td>");
			continue;
		}
		buffer_print(out, "<td data-th=\"%s\"><span>", cells[i].name);
		part_text(out, cells[i].text, i == 3 ? REPORT_SENTENCE_MAX : CELL_SHOWN);
		buffer_add_text(out, "</span></td>");
	}
	buffer_add_text(out, "</tr>\n");
}

static uint64_t kept_of(const struct page *page, const struct problem_cause *cause)
{
	uint64_t kept = 0;
	for (size_t i = 0; i < page->rows_count; i++)
		kept += page->rows[i].cause == cause->id;
	return kept;
}

static void table(struct page *page, const struct problem_cause *cause)
{
	struct buffer *out = page->out;
	buffer_add_text(out, "<table class=\"rows\">\n<caption>Rows with ");
	part_code(out, cause->code);
	buffer_add_text(out, "</caption>\n<thead><tr><th scope=\"col\" class=\"num\">Line</th>"
	                     "<th scope=\"col\">User</th><th scope=\"col\">Column</th>"
	                     "<th scope=\"col\">Target</th><th scope=\"col\">Message</th></tr>"
	                     "</thead>\n<tbody>\n");
	for (size_t i = 0; i < page->rows_count && out->size < ROWS_UNTIL; i++) {
		if (page->rows[i].cause != cause->id)
			continue;
		row(page, &page->rows[i]);
		page->shown++;
	}
	buffer_add_text(out, "</tbody>\n</table>\n");
}

static void rows_of(struct page *page, const struct problem_cause *cause)
{
	struct buffer *out = page->out;
	uint64_t kept = kept_of(page, cause);
	if (kept == 0 || out->size >= ROWS_UNTIL)
		return;
	buffer_print(out, "<details%s>\n<summary>", cause->rows <= ROWS_OPEN ? " open" : "");
	if (kept < cause->rows) {
		buffer_add_text(out, "The first ");
		html_count(out, kept);
		buffer_add_text(out, " of ");
	}
	part_count(out, cause->rows, "row", "rows");
	buffer_add_text(out, "</summary>\n");
	table(page, cause);
	buffer_add_text(out, "</details>\n");
}

/* ---- causes ---- */

static const char *tone_of(const struct problem_cause *cause)
{
	enum code code = outcome_code_parse(slice_of(cause->code));
	if (strcmp(cause->outcome, "error") == 0)
		return "bad";
	bool is_waiting = strcmp(cause->outcome, "warning") == 0 ||
	                  (code < CODES && outcome_code_is_withheld(code));
	return is_waiting ? "wait" : "plain";
}

static void columns(struct buffer *out, const struct problem_cause *cause)
{
	for (size_t i = 0; i < cause->columns_count; i++) {
		buffer_add_text(out, i == 0 ? " <span class=\"muted\">in</span> " : ", ");
		part_code(out, cause->columns[i]);
	}
	if (cause->columns_count == PROBLEM_COLUMNS_MAX)
		buffer_add_text(out, " ...");
}

static void meaning(struct buffer *out, const struct problem_cause *cause)
{
	enum code code = outcome_code_parse(slice_of(cause->code));
	const char *text = code < CODES ? outcome_code_meaning(code) : "";
	if (*text == '\0')
		return;
	buffer_add_char(out, (char)toupper((unsigned char)*text));
	html_text(out, slice_of(text + 1));
	buffer_add_text(out, ". ");
}

static void targets(struct buffer *out, const struct problem_cause *cause)
{
	if (cause->targets_count == 0)
		return;
	buffer_add_text(out, cause->targets[0].count > 1 ? "<p>Most often: " : "<p>For example: ");
	for (size_t i = 0; i < cause->targets_count; i++) {
		buffer_add_text(out, i == 0 ? "<code>" : ", <code>");
		part_text(out, cause->targets[i].text, TARGET_SHOWN);
		buffer_add_text(out, "</code>");
		if (cause->targets[0].count == 1)
			continue;
		buffer_add_text(out, " <span class=\"muted\">(");
		if (cause->targets_inexact)
			buffer_add_text(out, "at least ");
		html_count(out, cause->targets[i].count);
		buffer_add_text(out, ")</span>");
	}
	buffer_add_text(out, "</p>\n");
}

static void cause_show(struct page *page, const struct problem_cause *cause)
{
	struct buffer *out = page->out;
	buffer_print(out, "<section>\n<h3><span class=\"badge %s\">", tone_of(cause));
	html_count(out, cause->rows);
	buffer_add_char(out, ' ');
	part_text(out, cause->outcome, REPORT_NAME_MAX);
	bool is_noun = strcmp(cause->outcome, "skipped") != 0;
	buffer_add_text(out, is_noun && cause->rows != 1 ? "s" : "");
	buffer_add_text(out, "</span> ");
	part_code(out, cause->code);
	columns(out, cause);
	buffer_add_text(out, "</h3>\n<p>");
	meaning(out, cause);
	if (cause->line > 0) {
		struct member_line at = report_line(page->summary, cause->line);
		buffer_add_text(out, "First in ");
		part_line(out, &at);
		buffer_add_text(out, ": ");
	} else {
		buffer_add_text(out, "For example: ");
	}
	part_text(out, cause->message, REPORT_SENTENCE_MAX / 2);
	buffer_add_text(out, "</p>\n");
	targets(out, cause);
	rows_of(page, cause);
	buffer_add_text(out, "</section>\n");
}

/* ---- all of it ---- */

static void left_say(struct page *page, uint64_t rows, uint64_t causes, uint64_t of_them)
{
	struct buffer *out = page->out;
	if (causes > 0) {
		buffer_add_text(out, "<p>... and ");
		part_count(out, of_them, "row", "rows");
		buffer_add_text(out, " of further causes.</p>\n");
	}
	if (rows == 0)
		return;
	buffer_add_text(out, "<p>... and ");
	part_count(out, rows, "more row", "more rows");
	if (page->result) {
		buffer_add_text(out, " in ");
		part_link(out, page->result);
	}
	buffer_add_text(out, "</p>\n");
}

void report_problems(const struct report *report, struct buffer *out)
{
	size_t count;
	uint64_t all, left = problems_others(report->problems);
	const struct problem_cause *causes = problems_causes(report->problems, &count);
	const struct summary_file *result = part_file(report->summary, ARTEFACT_RESULT);
	struct page page = {
	    .summary = report->summary, .out = out, .result = result ? result->name : NULL};
	page.rows = problems_rows(report->problems, &page.rows_count, &all);
	if (all == 0)
		return;
	buffer_add_text(out, "<section>\n<h2>Problems, by their causes</h2>\n<p>");
	part_count(out, all, "row of the result has", "rows of the result have");
	buffer_add_text(out, " a problem, of ");
	part_count(out, count, "cause", "causes");
	buffer_add_text(out, left > 0 ? " and more.</p>\n" : ".</p>\n");
	bool is_more = left > 0;
	for (size_t i = 0; i < count; i++) {
		if (out->size < CAUSES_UNTIL) {
			cause_show(&page, &causes[i]);
			continue;
		}
		left += causes[i].rows;
		is_more = true;
	}
	left_say(&page, all - page.shown, is_more, left);
	buffer_add_text(out, "</section>\n");
}
