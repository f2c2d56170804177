/*
 * report_source: what the answer lies on: who was taken away and by whose word, remarks on the
 * file, the files of the answer, and where all of it comes from, down to the chain.
 */
#include "report_parts.h"

#include "enrold/names.h"

#include <jansson.h>
#include <stdio.h>

static void fact_begin(struct buffer *out, const char *name)
{
	buffer_print(out, "<dt>%s</dt><dd>", name);
}

static void fact_end(struct buffer *out)
{
	buffer_add_text(out, "</dd>\n");
}

static void fact_text(struct buffer *out, const char *name, const char *text)
{
	fact_begin(out, name);
	part_text(out, text, REPORT_SENTENCE_MAX);
	fact_end(out);
}

static void fact_code(struct buffer *out, const char *name, const char *text)
{
	fact_begin(out, name);
	if (*text != '\0')
		part_code(out, text);
	else
		buffer_add_text(out, "not known");
	fact_end(out);
}

/* ---- who was taken away ---- */

static const struct {
	const char *told, *would;
	enum code codes[2]; /* CODES: none */
} taken[] = {
    {"Suspended in a course", "Would be suspended in a course",
        {CODE_ABSENT_SUSPENDED, CODE_UNENROL_SUSPENDED}},
    {"Unenrolled from a course", "Would be unenrolled from a course",
        {CODE_ABSENT_UNENROLLED, CODE_UNENROLLED}},
    {"Left a group", "Would leave a group", {CODE_GROUP_LEFT, CODES}},
    {"Left a cohort", "Would leave a cohort", {CODE_COHORT_LEFT, CODES}},
    {"Lost a role", "Would lose a role", {CODE_ROLE_REMOVED, CODES}},
    {"Account suspended", "Account would be suspended", {CODE_ACCOUNT_SUSPENDED, CODES}},
    {"Account deleted", "Account would be deleted", {CODE_ACCOUNT_DELETED, CODES}},
    {"Active again, since listed again", "Would be active again, since listed again",
        {CODE_RETURNED, CODES}},
    {"Taken back", "Would be taken back", {CODE_UNDONE, CODES}},
};

static uint64_t taken_count(const struct tally *tally, size_t i)
{
	uint64_t count = 0;
	for (size_t k = 0; k < 2; k++)
		count += taken[i].codes[k] < CODES ? tally->codes[taken[i].codes[k]] : 0;
	return count;
}

static void removals_list(const struct summary *summary, struct buffer *out)
{
	enum report_end end = report_end_of(summary);
	bool is_done = end != END_PREVIEWED && end != END_HELD;
	uint64_t withheld = report_withheld(summary);
	buffer_add_text(out, "<dl class=\"facts\">\n");
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
		uint64_t count = taken_count(summary->tally, i);
		if (count == 0)
			continue;
		fact_begin(out, is_done ? taken[i].told : taken[i].would);
		html_count(out, count);
		fact_end(out);
	}
	if (withheld > 0) {
		fact_begin(out, is_done ? "Withheld: not done" : "Would be withheld");
		html_count(out, withheld);
		fact_end(out);
	}
	buffer_add_text(out, "</dl>\n");
}

static const char *order_text(const json_t *order, const char *name)
{
	const char *text = json_string_value(json_object_get(order, name));
	return text ? text : "";
}

static void order_courses(const json_t *order, struct buffer *out)
{
	size_t i;
	json_t *course;
	json_array_foreach(json_object_get(order, "courses"), i, course)
	{
		const char *name = json_string_value(course);
		if (i == 0)
			fact_begin(out, "Of the plan, these courses");
		buffer_add_text(out, i > 0 ? ", " : "");
		part_code(out, name ? name : "");
	}
	if (i > 0)
		fact_end(out);
}

/* A text in the ledger that is no order says nothing of anybody. */
static void order_show(const struct summary *summary, struct buffer *out)
{
	json_t *order = json_loads(summary->order, 0, NULL);
	int64_t at = (int64_t)json_integer_value(json_object_get(order, "at"));
	buffer_add_text(out, "<section>\n<h2>By whose word</h2>\n<dl class=\"facts\">\n");
	fact_text(out, "Who", order_text(order, "by"));
	fact_text(out, "Why", order_text(order, "why"));
	if (at > 0) {
		fact_begin(out, "When");
		html_time(out, at * 1000000);
		fact_end(out);
	}
	fact_text(out, "What", summary->input_name);
	if (*order_text(order, "plan"))
		fact_code(out, "The plan that was shown, sha256", order_text(order, "plan"));
	order_courses(order, out);
	buffer_add_text(out, "</dl>\n</section>\n");
	json_decref(order);
}

void report_removals(const struct report *report, struct buffer *out)
{
	const struct summary *summary = report->summary;
	uint64_t count = report_withheld(summary);
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		count += taken_count(summary->tally, i);
	if (count > 0) {
		buffer_add_text(out, "<section>\n<h2>Taken away, and given back</h2>\n");
		removals_list(summary, out);
		buffer_add_text(out, "</section>\n");
	}
	if (summary->order)
		order_show(summary, out);
}

/* ---- remarks ---- */

void report_remarks(const struct report *report, struct buffer *out)
{
	const struct remarks *remarks = report->summary->remarks;
	if (!remarks || remarks->count == 0)
		return;
	buffer_add_text(out, "<section>\n<h2>Remarks on the file</h2>\n<ul class=\"plain\">\n");
	for (size_t i = 0; i < remarks->count; i++) {
		buffer_add_text(out, "<li>");
		html_text_cut(out, remarks->items[i].message, REPORT_SENTENCE_MAX);
		buffer_add_text(out, " <span class=\"muted\">(");
		part_code(out, remark_code_name(remarks->items[i].code));
		buffer_add_text(out, ")</span></li>\n");
	}
	if (remarks->left_out > 0) {
		buffer_add_text(out, "<li>... and ");
		html_count(out, remarks->left_out);
		buffer_add_text(out, " more.</li>\n");
	}
	buffer_add_text(out, "</ul>\n</section>\n");
}

/* ---- the files of the answer ---- */

static const struct {
	enum artefact artefact;
	const char *what;
} siblings[] = {
    {ARTEFACT_RESULT, "Result: what became of each row"},
    {ARTEFACT_RETRY, "Retry file: the rows in error, to be corrected"},
    {ARTEFACT_PLAN, "Plan: what waits for a person"},
};

static void sibling(const struct summary_file *file, const char *what, struct buffer *out)
{
	buffer_print(out, "<tr><th scope=\"row\" data-th=\"File\"><span>");
	part_link(out, file->name);
	buffer_print(out, "<br><span class=\"muted\">%s</span></span></th>", what);
	buffer_add_text(out, "<td class=\"num\" data-th=\"Bytes\">");
	html_count(out, file->bytes);
	buffer_add_text(out, "</td><td data-th=\"sha256\">");
	part_code(out, file->sha256);
	buffer_add_text(out, "</td></tr>\n");
}

static void summary_name(const struct summary *summary, char name[FILE_NAME_SIZE])
{
	bool is_preview = strcmp(summary->mode, "preview") == 0;
	name_make(name, summary->input_name, summary->run,
	    is_preview ? ".preview.summary.json" : ".summary.json");
}

void report_files(const struct report *report, struct buffer *out)
{
	char name[FILE_NAME_SIZE];
	buffer_add_text(out, "<section>\n<h2>Files of this answer</h2>\n<table>\n<caption>They lie "
	                     "beside this page</caption>\n<thead><tr><th scope=\"col\">File</th>"
	                     "<th scope=\"col\" class=\"num\">Bytes</th><th scope=\"col\">sha256"
	                     "</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < sizeof siblings / sizeof *siblings; i++) {
		const struct summary_file *file = part_file(report->summary, siblings[i].artefact);
		if (file)
			sibling(file, siblings[i].what, out);
	}
	summary_name(report->summary, name);
	buffer_add_text(out, "<tr><th scope=\"row\" data-th=\"File\"><span>");
	part_link(out, name);
	buffer_add_text(out,
	    "<br><span class=\"muted\">Summary: the numbers, for programs, and the "
	    "hash of this page</span></span></th><td></td><td data-th=\"sha256\">"
	    "<span>it ends with its own link of the chain</span></td></tr>\n"
	    "</tbody>\n</table>\n</section>\n");
}

/* ---- where it comes from ---- */

static void duration(struct buffer *out, int64_t us)
{
	int64_t seconds = us / 1000000;
	if (seconds < 60)
		buffer_print(out, "%lld.%lld s", (long long)seconds, (long long)(us / 100000 % 10));
	else if (seconds < 3600)
		buffer_print(
		    out, "%lld min %lld s", (long long)(seconds / 60), (long long)(seconds % 60));
	else
		buffer_print(out, "%lld h %lld min", (long long)(seconds / 3600),
		    (long long)(seconds / 60 % 60));
}

static void facts_of_input(const struct summary *summary, struct buffer *out)
{
	fact_text(out, "File", summary->input_name);
	fact_begin(out, "Size");
	part_count(out, summary->input_bytes, "byte", "bytes");
	fact_end(out);
	fact_code(out, "sha256, as dropped", summary->input_sha256);
	if (!summary->archived_sha256)
		return;
	fact_begin(out, "Archived without passwords");
	part_count(out, summary->archived_bytes, "byte", "bytes");
	fact_end(out);
	fact_code(out, "sha256, as archived", summary->archived_sha256);
}

static void facts_of_run(const struct report *report, struct buffer *out)
{
	const struct summary *summary = report->summary;
	fact_text(out, "Feed", summary->feed);
	fact_text(out, "Run", summary->run);
	fact_text(out, "Node", summary->node);
	fact_begin(out, "Started");
	html_time(out, summary->started_us);
	fact_end(out);
	fact_begin(out, "Finished");
	html_time(out, summary->finished_us);
	buffer_add_text(out, ", after ");
	duration(out, summary->finished_us - summary->started_us);
	fact_end(out);
	if (report->site_zone)
		fact_text(out, "The site's time zone", report->site_zone);
	fact_code(out, "Settings of the feed, sha256", summary->policy_sha256);
	fact_begin(out, "Number in the chain");
	html_count(out, summary->number);
	fact_end(out);
	fact_code(out, "The link before it", summary->previous);
}

void report_provenance(const struct report *report, struct buffer *out)
{
	const struct summary *summary = report->summary;
	buffer_add_text(out, "<section>\n<h2>Where this comes from</h2>\n<dl class=\"facts\">\n");
	facts_of_input(summary, out);
	facts_of_run(report, out);
	buffer_add_text(out, "</dl>\n<p>This page is part of the answer: its hash stands in the "
	                     "summary, and the summary is link ");
	html_count(out, summary->number);
	buffer_add_text(out,
	    " of a chain. <code class=\"command\">enrolctl verify</code> proves that "
	    "nothing of it was changed since, and so does the script "
	    "<code>etc/verify.sh</code>, which needs no trust in enrold: it uses "
	    "sha256sum, jq and openssl alone.</p>\n</section>\n"
	    "<footer><p>Written by enrold " ENROLD_VERSION ". Times are UTC.</p></footer>\n");
}
