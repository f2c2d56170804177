/*
 * report_steps: what to do first. One thing a line, the most urgent first, each with the command or
 * the file that it needs; where nothing is to be done it says so.
 */
#include "report_parts.h"

#include <stdio.h>

struct steps {
	const struct summary *summary;
	struct problems *problems;
	enum report_end end;
	struct buffer *out;
	size_t count;
};

static void step_begin(struct steps *steps)
{
	buffer_add_text(steps->out, steps->count++ == 0 ? "<ol class=\"steps\">\n<li>" : "<li>");
}

static void step_end(struct steps *steps)
{
	buffer_add_text(steps->out, "</li>\n");
}

/* ---- the file as a whole ---- */

static void refused(struct steps *steps)
{
	if (steps->end != END_REFUSED)
		return;
	step_begin(steps);
	buffer_add_text(steps->out,
	    steps->summary->tally->rows == 0
	        ? "Correct what the reason names, and drop the file into the inbox again."
	        : "Drop the file into the inbox again when the reason is gone: what is done "
	          "already stays as it is.");
	step_end(steps);
}

static void waiting(struct steps *steps)
{
	const struct summary_file *plan = part_file(steps->summary, ARTEFACT_PLAN);
	bool is_waiting = steps->end == END_HELD ||
	                  (plan && steps->end != END_PREVIEWED && steps->end != END_DISCARDED);
	if (!is_waiting)
		return;
	if (plan) {
		step_begin(steps);
		buffer_add_text(
		    steps->out, steps->summary->plan_rows > 0
		                    ? "Read the plan, which says whose and what it is: "
		                    : "The plan is empty, for nothing would be changed: ");
		part_link(steps->out, plan->name);
		buffer_add_text(steps->out, " (");
		part_count(steps->out, steps->summary->plan_people, "person", "people");
		buffer_add_text(steps->out, ", ");
		part_count(steps->out, steps->summary->plan_rows, "row", "rows");
		buffer_add_text(steps->out, ").");
		step_end(steps);
	}
	step_begin(steps);
	buffer_add_text(steps->out, "Have it done: ");
	part_command(steps->out, "release", steps->summary->run, " --why TEXT");
	buffer_add_text(steps->out, ", or say that it is not wanted: ");
	part_command(steps->out, "discard", steps->summary->run, " --why TEXT");
	step_end(steps);
}

/* ---- its rows ---- */

/* Errors come first. */
static void commonest(struct steps *steps)
{
	size_t count;
	const struct problem_cause *cause = problems_causes(steps->problems, &count);
	uint64_t errors = 0;
	for (size_t i = 0; i < count; i++)
		errors += strcmp(cause[i].outcome, "error") == 0 ? cause[i].rows : 0;
	if (errors == 0)
		return;
	struct buffer *out = steps->out;
	step_begin(steps);
	buffer_add_text(out, "Begin with ");
	part_code(out, cause->code);
	if (cause->columns_count > 0) {
		buffer_add_text(out, " in the column ");
		part_code(out, cause->columns[0]);
	}
	if (cause->rows == errors) {
		buffer_add_text(out, errors == 1 ? ", the only error" : ", the cause of all ");
		if (errors > 1)
			part_count(out, errors, "error", "errors");
	} else {
		buffer_add_text(out, ", the cause of ");
		html_count(out, cause->rows);
		buffer_add_text(out, " of ");
		part_count(out, errors, "error", "errors");
	}
	if (cause->targets_count > 0 && cause->targets[0].count > 1) {
		buffer_add_text(out, "; most often the target is ");
		part_code(out, cause->targets[0].text);
	}
	buffer_add_text(out, ".");
	step_end(steps);
}

static void retry(struct steps *steps)
{
	const struct summary_file *file = part_file(steps->summary, ARTEFACT_RETRY);
	struct buffer *out = steps->out;
	if (!file)
		return;
	step_begin(steps);
	if (steps->end == END_PREVIEWED) {
		buffer_add_text(
		    out, "Correct these rows before you drop the file into the inbox: ");
		part_link(out, file->name);
		buffer_add_text(out, " has them alone.");
	} else {
		buffer_add_text(out, "Correct ");
		part_link(out, file->name);
		buffer_add_text(out, ", which has the rows in error alone, and drop it into the "
		                     "inbox. Where the fault was in Moodle and is mended there, "
		                     "this drops it as it is: ");
		part_command(out, "retry", steps->summary->run, "");
	}
	step_end(steps);
}

static void apply(struct steps *steps)
{
	if (steps->end != END_PREVIEWED)
		return;
	step_begin(steps);
	buffer_add_text(steps->out,
	    "If this is what you want, drop the file into the inbox of its feed to apply it.");
	step_end(steps);
}

/* ---- if all was wrong ---- */

static bool has_changed(const struct tally *tally)
{
	return tally->outcomes[OUTCOME_DONE] + tally->outcomes[OUTCOME_WARNING] > 0;
}

static void look(const struct steps *steps)
{
	struct buffer *out = steps->out;
	bool is_changing = steps->end != END_PREVIEWED && steps->end != END_HELD;
	buffer_add_text(out,
	    "<p class=\"muted\">All about this run, and whether its files are what "
	    "they were: ");
	part_command(out, "show", steps->summary->run, "");
	if (is_changing && has_changed(steps->summary->tally)) {
		buffer_add_text(out, ". If it was the wrong file, this says what taking it back "
		                     "would do: ");
		part_command(out, "undo", steps->summary->run, " --preview");
	}
	buffer_add_text(out, "</p>\n");
}

void report_steps(const struct report *report, struct buffer *out)
{
	struct steps steps = {.summary = report->summary,
	    .problems = report->problems,
	    .end = report_end_of(report->summary),
	    .out = out};
	buffer_add_text(out, "<section>\n<h2>What to do first</h2>\n");
	refused(&steps);
	waiting(&steps);
	commonest(&steps);
	retry(&steps);
	apply(&steps);
	buffer_add_text(out, steps.count > 0 ? "</ol>\n" : "<p>Nothing is to be done.</p>\n");
	look(&steps);
	buffer_add_text(out, "</section>\n");
}
