/*
 * report_parts: what a run came to, and the words that all sections of its report use.
 */
#include "report_parts.h"

/* ---- what it came to ---- */

uint64_t report_withheld(const struct summary *summary)
{
	uint64_t count = 0;
	for (enum code code = 0; code < CODES; code++)
		count += outcome_code_is_withheld(code) ? summary->tally->codes[code] : 0;
	return count;
}

static bool has_outcomes(const struct tally *tally)
{
	uint64_t count = tally->rows;
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
		count += tally->outcomes[kind];
	return count > 0;
}

enum report_end report_end_of(const struct summary *summary)
{
	static const struct {
		const char *status;
		enum report_end end;
	} ends[] = {{"discarded", END_DISCARDED}, {"refused", END_REFUSED}, {"held", END_HELD}};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (strcmp(summary->status, ends[i].status) == 0)
			return ends[i].end;
	if (strcmp(summary->mode, "preview") == 0)
		return END_PREVIEWED;
	if (summary->order && !has_outcomes(summary->tally))
		return END_RECORDED;
	if (summary->tally->outcomes[OUTCOME_ERROR] > 0)
		return END_APPLIED_WITH_ERRORS;
	return report_withheld(summary) > 0 ? END_APPLIED_WITHHELD : END_APPLIED;
}

/* ---- words ---- */

void part_count(struct buffer *out, uint64_t count, const char *one, const char *many)
{
	html_count(out, count);
	buffer_print(out, " %s", by_count(count, one, many));
}

void part_text(struct buffer *out, const char *text, size_t most)
{
	html_text_cut(out, slice_of(text), most);
}

void part_code(struct buffer *out, const char *text)
{
	buffer_add_text(out, "<code>");
	part_text(out, text, REPORT_NAME_MAX);
	buffer_add_text(out, "</code>");
}

void part_command(struct buffer *out, const char *verb, const char *run, const char *more)
{
	buffer_print(out, "<code class=\"command\">enrolctl %s ", verb);
	part_text(out, run, REPORT_NAME_MAX);
	buffer_print(out, "%s</code>", more);
}

void part_link(struct buffer *out, const char *name)
{
	buffer_add_text(out, "<a href=\"");
	html_href(out, slice_of(name));
	buffer_add_text(out, "\">");
	part_text(out, name, REPORT_NAME_MAX);
	buffer_add_text(out, "</a>");
}

struct member_line report_line(const struct summary *summary, uint64_t line)
{
	return member_line_of(summary->members, summary->members_count, line);
}

void part_line(struct buffer *out, const struct member_line *at)
{
	if (at->name) {
		part_text(out, at->name, REPORT_NAME_MAX);
		buffer_add_text(out, ", ");
	}
	buffer_add_text(out, "line ");
	html_count(out, at->line);
}

const struct summary_file *part_file(const struct summary *summary, enum artefact artefact)
{
	const char *suffix = artefact_kinds[artefact].suffix;
	for (size_t i = 0; i < summary->files_count; i++) {
		const char *name = summary->files[i].name;
		size_t size = strlen(name), tail = strlen(suffix);
		if (size > tail && strcmp(name + size - tail, suffix) == 0)
			return &summary->files[i];
	}
	return NULL;
}
