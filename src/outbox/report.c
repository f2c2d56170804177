/*
 * report: what became of the file in a sentence, and how much of it; the sections stand in files of
 * their own. Foreign text goes through html.h alone. What may be many is bounded by bytes, for an
 * escaped letter is up to six of them.
 */
#include "report_parts.h"

/* ---- the head ---- */

static const struct {
	const char *tone, *word;
} badges[REPORT_ENDS] = {
    [END_APPLIED] = {"good", "Applied"},
    [END_APPLIED_WITH_ERRORS] = {"bad", "With errors"},
    [END_APPLIED_WITHHELD] = {"wait", "Applied, in part withheld"},
    [END_PREVIEWED] = {"plain", "Preview"},
    [END_HELD] = {"wait", "Held"},
    [END_REFUSED] = {"bad", "Refused"},
    [END_DISCARDED] = {"plain", "Discarded"},
    [END_RECORDED] = {"plain", "Recorded"},
};

static void errors_say(const struct tally *tally, bool would, struct buffer *out)
{
	html_count(out, tally->rows_in_error);
	buffer_add_text(out, " of ");
	part_count(out, tally->rows, "row", "rows");
	buffer_add_text(out, would                       ? " would be in error"
	                     : tally->rows_in_error == 1 ? " is in error"
	                                                 : " are in error");
}

static void refusal_say(const struct summary *summary, const char *ended, struct buffer *out)
{
	uint64_t rows = summary->tally->rows;
	buffer_print(out, "The file was %s", ended);
	if (rows == 0) {
		buffer_add_text(out, " as a whole: nothing in it was applied.");
		return;
	}
	buffer_add_text(out, " after its first ");
	part_count(out, rows, "row", "rows");
	buffer_add_text(out, " had been applied; what became of them stands below.");
}

static void applied_say(const struct summary *summary, struct buffer *out)
{
	const struct tally *tally = summary->tally;
	uint64_t changed = tally->outcomes[OUTCOME_DONE] + tally->outcomes[OUTCOME_WARNING];
	uint64_t skipped = tally->outcomes[OUTCOME_SKIPPED];
	if (changed > 0) {
		buffer_add_text(out, tally->codes[CODE_UNDONE] > 0 ? "It was taken back: "
		                     : skipped > 0                 ? "It was applied: "
		                                                   : "All of it was applied: ");
		part_count(out, changed, "change was", "changes were");
		buffer_add_text(out, " made");
	} else if (skipped > 0) {
		buffer_add_text(out, "Nothing was changed");
	} else {
		buffer_add_text(out, tally->rows == 0
		                         ? "The file has no rows: nothing was changed"
		                         : "All of it was so already: nothing had to be changed");
	}
	if (skipped > 0) {
		buffer_add_text(out, "; ");
		part_count(out, skipped, "thing was", "things were");
		buffer_add_text(out, " skipped, and why stands below");
	}
	buffer_add_char(out, '.');
}

static void applied_with_errors_say(const struct summary *summary, struct buffer *out)
{
	const struct tally *tally = summary->tally;
	uint64_t withheld = report_withheld(summary);
	errors_say(tally, false, out);
	if (withheld > 0) {
		buffer_add_text(out, ", and ");
		part_count(out, withheld, "change waits", "changes wait");
		buffer_add_text(out, " for a person");
	}
	buffer_add_text(out, tally->outcomes[OUTCOME_DONE] + tally->outcomes[OUTCOME_WARNING] > 0
	                         ? "; all else was applied."
	                     : withheld > 0 ? "; nothing was changed."
	                                    : ", and nothing was changed.");
}

static void status_say(const struct summary *summary, enum report_end end, struct buffer *out)
{
	const struct tally *tally = summary->tally;
	switch (end) {
	case END_REFUSED: refusal_say(summary, "refused", out); break;
	case END_DISCARDED: refusal_say(summary, "discarded", out); break;
	case END_HELD:
		buffer_add_text(out,
		    "The file waits for a person. Nothing of it has been applied: what it would do "
		    "stands below.");
		break;
	case END_PREVIEWED:
		buffer_add_text(out, "Nothing was changed: this is a preview of what the file "
		                     "would do. ");
		if (tally->rows_in_error > 0) {
			errors_say(tally, true, out);
			buffer_add_text(out, ".");
		}
		break;
	case END_RECORDED:
		buffer_add_text(out, "What a person said was put on record; by itself it changes "
		                     "nothing in Moodle.");
		break;
	case END_APPLIED_WITH_ERRORS: applied_with_errors_say(summary, out); break;
	case END_APPLIED_WITHHELD:
		buffer_add_text(out, "The file was applied, but for what was withheld: ");
		part_count(out, report_withheld(summary), "change waits", "changes wait");
		buffer_add_text(out, " for a person.");
		break;
	case END_APPLIED:
	case REPORT_ENDS: applied_say(summary, out); break;
	}
}

static void head(const struct summary *summary, enum report_end end, struct buffer *out)
{
	buffer_add_text(out, "<header class=\"top\">\n<p class=\"eyebrow\">Feed ");
	part_text(out, summary->feed, REPORT_NAME_MAX);
	buffer_add_text(out, " &middot; run ");
	part_text(out, summary->run, REPORT_NAME_MAX);
	buffer_add_text(out, " &middot; ");
	html_time(out, summary->finished_us);
	buffer_add_text(out, "</p>\n<h1>");
	part_text(out, summary->input_name, REPORT_NAME_MAX);
	buffer_print(out, "</h1>\n<p class=\"lead\"><span class=\"badge %s\">%s</span> ",
	    badges[end].tone, badges[end].word);
	status_say(summary, end, out);
	buffer_add_text(out, "</p>\n");
	if (summary->refusal) {
		buffer_add_text(out, "<p class=\"reason\"><strong>Why:</strong> ");
		part_text(out, summary->refusal->text, REPORT_SENTENCE_MAX);
		buffer_add_text(out, " (");
		part_code(out, summary->refusal->code);
		if (summary->refusal->line > 0) {
			struct member_line at = report_line(summary, summary->refusal->line);
			buffer_add_text(out, ", ");
			part_line(out, &at);
		}
		buffer_add_text(out, ")</p>\n");
	}
	buffer_add_text(out, "</header>\n");
}

/* ---- how much ---- */

static const char *const told[OUTCOME_KINDS] = {
    [OUTCOME_DONE] = "done",
    [OUTCOME_UNCHANGED] = "so already",
    [OUTCOME_WARNING] = "done, with a warning",
    [OUTCOME_ERROR] = "in error",
    [OUTCOME_SKIPPED] = "skipped",
};
static const char *const would[OUTCOME_KINDS] = {
    [OUTCOME_DONE] = "would be done",
    [OUTCOME_UNCHANGED] = "so already",
    [OUTCOME_WARNING] = "would be done, with a warning",
    [OUTCOME_ERROR] = "would be in error",
    [OUTCOME_SKIPPED] = "would be skipped",
};
/* Good ones first. */
static const enum outcome_kind in_bar[OUTCOME_KINDS] = {
    OUTCOME_DONE, OUTCOME_UNCHANGED, OUTCOME_WARNING, OUTCOME_SKIPPED, OUTCOME_ERROR};

/* "12.3 %", and never 0 or 100 of what is neither. */
static void share_say(struct buffer *out, uint64_t part, uint64_t whole)
{
	unsigned tenths = (unsigned)((double)part * 1000 / (double)whole + 0.5);
	if (part > 0 && tenths == 0)
		buffer_add_text(out, "less than 0.1 %");
	else if (part < whole && tenths == 1000)
		buffer_add_text(out, "more than 99.9 %");
	else
		buffer_print(out, "%u.%u %%", tenths / 10, tenths % 10);
}

static void bar(const struct tally *tally, struct buffer *out)
{
	buffer_add_text(out, "<div class=\"bar\" aria-hidden=\"true\">");
	for (size_t i = 0; i < OUTCOME_KINDS; i++)
		if (tally->outcomes[in_bar[i]] > 0)
			buffer_print(out, "<i class=\"%s\" style=\"flex:%llu\"></i>",
			    outcome_kind_name(in_bar[i]),
			    (unsigned long long)tally->outcomes[in_bar[i]]);
	buffer_add_text(out, "</div>\n");
}

static void outcomes(const struct summary *summary, enum report_end end, struct buffer *out)
{
	const struct tally *tally = summary->tally;
	const char *const *words = end == END_PREVIEWED || end == END_HELD ? would : told;
	uint64_t all = 0;
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
		all += tally->outcomes[kind];
	if (all == 0)
		return;
	buffer_add_text(out, "<section>\n<h2>Outcome</h2>\n<p>");
	part_count(out, tally->rows, "row asks", "rows ask");
	buffer_add_text(out, " for ");
	part_count(out, all, "thing", "things");
	if (tally->removals > 0 && !summary->order) {
		buffer_add_text(out, ", among them ");
		part_count(out, tally->removals, "thing", "things");
		buffer_add_text(out, " about who is absent from the file");
	}
	buffer_add_text(out, ":</p>\n");
	bar(tally, out);
	buffer_add_text(out, "<ul class=\"key\">\n");
	for (size_t i = 0; i < OUTCOME_KINDS; i++) {
		uint64_t count = tally->outcomes[in_bar[i]];
		if (count == 0)
			continue;
		buffer_print(out, "<li><i class=\"%s\"></i><b>", outcome_kind_name(in_bar[i]));
		html_count(out, count);
		buffer_print(out, "</b> %s <span class=\"muted\">(", words[in_bar[i]]);
		share_say(out, count, all);
		buffer_add_text(out, ")</span></li>\n");
	}
	buffer_add_text(out, "</ul>\n");
	if (!summary->exact)
		buffer_add_text(out, "<p class=\"muted\">The file was too large to be previewed in "
		                     "one go: what its first rows would make, later rows have not "
		                     "seen.</p>\n");
	buffer_add_text(out, "</section>\n");
}

static void title_make(const struct summary *summary, enum report_end end, struct buffer *title)
{
	buffer_print(title, "%s: ", badges[end].word);
	buffer_add_text(title, summary->input_name);
	buffer_print(title, " (%s)", summary->feed);
}

void report_format(const struct report *report, struct buffer *out)
{
	const struct summary *summary = report->summary;
	enum report_end end = report_end_of(summary);
	struct buffer title = {0};
	title_make(summary, end, &title);
	out->failed |= title.failed;
	html_begin(out, title.failed ? SLICE("") : buffer_slice(&title));
	buffer_done(&title);
	buffer_add_text(out, "<main>\n");
	head(summary, end, out);
	outcomes(summary, end, out);
	report_steps(report, out);
	report_problems(report, out);
	report_removals(report, out);
	report_remarks(report, out);
	report_files(report, out);
	report_provenance(report, out);
	buffer_add_text(out, "</main>\n");
	html_end(out);
}
