/*
 * causes: the problems of a run, by their causes, as the objects of `show`.
 */
#include "history.h"

static json_t *targets_json(const struct problem_cause *cause)
{
	json_t *array = json_array();
	for (size_t i = 0; i < cause->targets_count; i++)
		json_array_append_new(array, json_pack("{s:o, s:I}", "target",
		                                 history_text(slice_of(cause->targets[i].text)),
		                                 "count", (json_int_t)cause->targets[i].count));
	return array;
}

static json_t *columns_json(const struct problem_cause *cause)
{
	json_t *array = json_array();
	for (size_t i = 0; i < cause->columns_count; i++)
		json_array_append_new(array, history_text(slice_of(cause->columns[i])));
	return array;
}

static json_t *cause_json(const struct problem_cause *cause, const json_t *summary)
{
	json_t *object = json_pack("{s:s, s:o, s:o, s:I, s:o, s:o, s:b, s:o}", "kind", "cause",
	    "outcome", history_text(slice_of(cause->outcome)), "code",
	    history_text(slice_of(cause->code)), "count", (json_int_t)cause->rows, "columns",
	    columns_json(cause), "targets", targets_json(cause), "targets_exact",
	    !cause->targets_inexact, "message", history_text(slice_of(cause->message)));
	struct told_line line = told_line_of(summary, cause->line);
	told_line_set(object, &line);
	return object;
}

struct error causes_give(
    struct problems *problems, const struct past_run *run, struct history *history)
{
	size_t count;
	const struct problem_cause *causes = problems_causes(problems, &count);
	struct error error = problems_check(problems);
	for (size_t i = 0; i < count && !is_error(&error); i++)
		error = history_give(history, cause_json(&causes[i], run->summary));
	uint64_t others = problems_others(problems);
	if (!is_error(&error) && others > 0)
		error = history_give(history,
		    json_pack("{s:s, s:I}", "kind", "other_causes", "count", (json_int_t)others));
	return error;
}
