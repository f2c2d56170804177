/*
 * give: the answer's objects, one by one, to whoever waits for them.
 */
#include "history.h"

#include "enrold/value.h"

#include <limits.h>
#include <stdio.h>

struct error history_give(struct history *history, json_t *object)
{
	if (!object)
		return error_memory("answering");
	if (!history->is_over)
		history->is_over = !history->on_object(history->context, object);
	json_decref(object);
	return OK;
}

struct error history_check(const struct history *history)
{
	bool is_cancelled = history->is_cancelled && atomic_load(history->is_cancelled);
	return is_cancelled ? error_retry("nobody waits for the answer any more") : OK;
}

json_t *history_text(struct slice text)
{
	struct buffer shown = {0};
	value_show(text, &shown);
	json_t *value =
	    shown.failed ? NULL : json_stringn(shown.bytes ? shown.bytes : "", shown.size);
	buffer_done(&shown);
	return value;
}

json_t *history_text_or_null(struct slice text)
{
	return text.size > 0 ? history_text(text) : json_null();
}

json_t *history_time_or_null(int64_t epoch_s)
{
	char text[TIME_TEXT_SIZE];
	summary_time(epoch_s * 1000000, text);
	return epoch_s != 0 ? json_string(text) : json_null();
}

struct told_line told_line_of(const json_t *summary, uint64_t line)
{
	return (struct told_line){line, member_line_read(summary, line)};
}

void told_line_set(json_t *object, const struct told_line *told)
{
	json_object_set_new(object, "line", json_integer((json_int_t)told->line));
	if (!told->at.name)
		return;
	json_object_set_new(object, "member", history_text(slice_of(told->at.name)));
	json_object_set_new(object, "member_line", json_integer((json_int_t)told->at.line));
}

json_t *history_path(const struct history *history, const struct place *place)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", history->config->spool, place->path);
	return history_text(slice_of(path));
}
