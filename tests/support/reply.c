#include "reply.h"

#include "fatal.h"

#include <stdlib.h>

/* Where the answers of a file's feed lie, and its own name. */
static struct path outbox_of(const struct rig *rig, const char *name)
{
	struct path feed = path_feed(name);
	bool is_default = strcmp(feed.text, "default") == 0;
	return rig_path(rig, "outbox%s%s", is_default ? "" : "/", is_default ? "" : feed.text);
}

static json_t *summary_load(const char *path)
{
	json_error_t error;
	json_t *summary = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!summary)
		fatal("%s: line %d: %s", path, error.line, error.text);
	return summary;
}

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static bool is_reply_to(const json_t *summary, const char *name)
{
	return strcmp(member(json_object_get(summary, "input"), "name"), path_base(name)) == 0;
}

static int summary_compare(const void *a, const void *b)
{
	return strcmp(member(*(json_t *const *)a, "run"), member(*(json_t *const *)b, "run"));
}

/* All summaries of a name, in the order of their runs. Given to the caller. */
static json_t **summaries_find(const struct rig *rig, const char *name, size_t *count)
{
	struct path outbox = outbox_of(rig, name);
	struct listing listing = files_list(outbox.text);
	json_t **found = calloc(listing.count + 1, sizeof *found);
	*count = 0;
	for (size_t i = 0; found && i < listing.count; i++) {
		const char *path = listing.entries[i].path;
		if (strchr(path, '/') || !text_ends(path, ".summary.json"))
			continue;
		json_t *summary = summary_load(path_of("%s/%s", outbox.text, path).text);
		if (is_reply_to(summary, name))
			found[(*count)++] = summary;
		else
			json_decref(summary);
	}
	listing_done(&listing);
	if (!found)
		fatal("out of memory");
	if (*count > 1)
		qsort(found, *count, sizeof *found, summary_compare);
	return found;
}

size_t reply_count(const struct rig *rig, const char *name)
{
	size_t count;
	json_t **found = summaries_find(rig, name, &count);
	for (size_t i = 0; i < count; i++)
		json_decref(found[i]);
	free(found);
	return count;
}

/* The path of the file of the summary's list that ends so, "" when there is none. */
static struct path file_named(const json_t *summary, const struct path *outbox, const char *end)
{
	size_t i;
	json_t *file;
	json_array_foreach(json_object_get(summary, "files"), i,
	    file) if (text_ends(member(file, "name"), end)) return path_of("%s/%s", outbox->text,
	    member(file, "name"));
	return path_of("%s", "");
}

void reply_open(struct reply *reply, const struct rig *rig, const char *name, size_t nth)
{
	size_t count;
	json_t **found = summaries_find(rig, name, &count);
	if (nth >= count)
		fatal("%zu answers to %s in %s, wanted one more than %zu", count, name,
		    rig->directory.text, nth);
	struct path outbox = outbox_of(rig, name);
	*reply = (struct reply){
	    .summary = json_incref(found[nth]),
	    .run = member(found[nth], "run"),
	    .result_path = file_named(found[nth], &outbox, ".result.csv"),
	    .retry_path = file_named(found[nth], &outbox, ".retry.csv"),
	};
	if (reply->result_path.text[0]) {
		struct buffer text = files_read(reply->result_path.text);
		reply->result = table_parse(text.bytes, text.size);
		buffer_done(&text);
	}
	if (reply->retry_path.text[0])
		reply->retry = files_read(reply->retry_path.text);
	for (size_t i = 0; i < count; i++)
		json_decref(found[i]);
	free(found);
}

void reply_to(struct reply *reply, struct rig *rig, const char *name, const char *text)
{
	size_t nth = reply_count(rig, name);
	const char *base = path_base(name);
	files_make_directory(rig_inbox(rig, path_of("%.*s", (int)(base - name), name).text).text);
	rig_drop(rig, name, text);
	rig_once(rig);
	reply_open(reply, rig, name, nth);
}

void reply_close(struct reply *reply)
{
	json_decref(reply->summary);
	table_done(&reply->result);
	buffer_done(&reply->retry);
	*reply = (struct reply){0};
}

const char *reply_status(const struct reply *reply)
{
	return member(reply->summary, "status");
}

const char *reply_refusal(const struct reply *reply)
{
	return member(json_object_get(reply->summary, "refusal"), "code");
}

json_int_t reply_number(const struct reply *reply, const char *group, const char *name)
{
	const json_t *object = group ? json_object_get(reply->summary, group) : reply->summary;
	return json_integer_value(json_object_get(object, name));
}

static bool is_like(const struct table *result, size_t row, struct expected expected)
{
	const char *line = table_at(result, row, table_column(result, "line"));
	const char *column = table_at(result, row, table_column(result, "column"));
	const char *outcome = table_at(result, row, table_column(result, "outcome"));
	const char *code = table_at(result, row, table_column(result, "code"));
	return (!expected.line || expected.line == strtol(line, NULL, 10)) &&
	       (!expected.column || strcmp(expected.column, column) == 0) &&
	       (!expected.outcome || strcmp(expected.outcome, outcome) == 0) &&
	       (!expected.code || strcmp(expected.code, code) == 0);
}

size_t reply_lines(const struct reply *reply, struct expected expected)
{
	size_t count = 0;
	for (size_t row = 1; row < reply->result.rows_count; row++)
		count += is_like(&reply->result, row, expected);
	return count;
}

const char *reply_cell(
    const struct reply *reply, struct expected expected, size_t nth, const char *column)
{
	for (size_t row = 1; row < reply->result.rows_count; row++)
		if (is_like(&reply->result, row, expected) && nth-- == 0)
			return table_at(&reply->result, row, table_column(&reply->result, column));
	return "";
}

void reply_expect(const struct reply *reply, const struct expected *expected, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t lines = reply_lines(reply, expected[i]);
		if (lines == 1)
			continue;
		struct buffer text = {0};
		if (reply->result_path.text[0])
			text = files_read(reply->result_path.text);
		fatal("%zu lines of the result, not 1, have line %d, column %s, outcome %s, "
		      "code %s:\n%s",
		    lines, expected[i].line, expected[i].column, expected[i].outcome,
		    expected[i].code, text.bytes ? text.bytes : "(there is no result)");
	}
}
