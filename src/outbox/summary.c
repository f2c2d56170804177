#include "enrold/summary.h"

#include "enrold/cut.h"
#include "enrold/jsonout.h"
#include "enrold/member_line.h"
#include "enrold/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <time.h>

void summary_time(int64_t epoch_us, char text[TIME_TEXT_SIZE])
{
	time_t seconds = (time_t)(epoch_us / 1000000);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	size_t length = strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(
	    text + length, TIME_TEXT_SIZE - length, ".%03dZ", (int)(epoch_us % 1000000 / 1000));
}

/* A text from outside; one that is no UTF-8 is shown rather than keeping the run from its end. */
static json_t *slice_json(struct slice text)
{
	struct buffer shown = {0};
	value_show(text, &shown);
	json_t *value =
	    shown.failed ? NULL : json_stringn(shown.bytes ? shown.bytes : "", shown.size);
	buffer_done(&shown);
	return value;
}

static json_t *text_json(const char *text)
{
	return slice_json(slice_of(text));
}

/* The setters fail on want of memory alone; json_object_set_new takes a NULL value as a failure
 * too, so one sign for all of them is enough. */
static int set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

static int set_count(json_t *object, const char *key, uint64_t count)
{
	return set(object, key, json_integer((json_int_t)count));
}

static int set_time(json_t *object, const char *key, int64_t epoch_us)
{
	char text[TIME_TEXT_SIZE];
	summary_time(epoch_us, text);
	return set(object, key, json_string(text));
}

static json_t *refusal_json(const struct error *refusal)
{
	if (!refusal)
		return json_null();
	return json_pack("{s:s, s:I, s:o}", "code", refusal->code, "line",
	    (json_int_t)refusal->line, "message", text_json(refusal->text));
}

static json_t *outcomes_json(const struct tally *tally)
{
	json_t *object = json_object();
	int failed = 0;
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
		failed |= set_count(object, outcome_kind_name(kind), tally->outcomes[kind]);
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *codes_json(const struct tally *tally)
{
	json_t *object = json_object();
	int failed = 0;
	for (enum code code = 0; code < CODES; code++)
		if (tally->codes[code] > 0)
			failed |= set_count(object, outcome_code_name(code), tally->codes[code]);
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *remark_json(const struct remark *remark)
{
	json_t *columns = json_array();
	int failed = 0;
	for (size_t i = 0; i < remark->columns_count; i++)
		failed |= json_array_append_new(columns, slice_json(remark->columns[i]));
	if (!failed)
		return json_pack("{s:s, s:o, s:o}", "code", remark_code_name(remark->code),
		    "message", slice_json(remark->message), "columns", columns);
	json_decref(columns);
	return NULL;
}

static json_t *remarks_json(const struct remarks *remarks)
{
	json_t *array = json_array();
	int failed = 0;
	for (size_t i = 0; remarks && i < remarks->count; i++)
		failed |= json_array_append_new(array, remark_json(&remarks->items[i]));
	if (remarks && remarks->left_out > 0)
		failed |= json_array_append_new(
		    array, json_pack("{s:s, s:o, s:[]}", "code", "more_remarks", "message",
		               json_sprintf("And %zu more.", remarks->left_out), "columns"));
	if (array && !failed)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *files_json(const struct summary *summary)
{
	json_t *array = json_array();
	for (size_t i = 0; i < summary->files_count; i++) {
		const struct summary_file *file = &summary->files[i];
		json_array_append_new(
		    array, json_pack("{s:o, s:I, s:s}", "name", text_json(file->name), "bytes",
		               (json_int_t)file->bytes, "sha256", file->sha256));
	}
	if (json_array_size(array) == summary->files_count)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *member_json(const struct summary_member *member)
{
	json_t *object = json_pack("{s:o, s:s?, s:I, s:s}", "name", text_json(member->name), "kind",
	    member->kind, "bytes", (json_int_t)member->bytes, "sha256", member->sha256);
	int failed = 0;
	if (member->lines > 0) {
		failed |= set_count(object, "first_line", member->first_line);
		failed |= set_count(object, "lines", member->lines);
	}
	failed |= set_count(object, "rows", member->rows);
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *members_json(const struct summary *summary)
{
	json_t *array = json_array();
	int failed = 0;
	for (size_t i = 0; i < summary->members_count; i++)
		failed |= json_array_append_new(array, member_json(&summary->members[i]));
	if (!failed)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *input_json(const struct summary *summary)
{
	json_t *input = json_pack("{s:o, s:I, s:s}", "name", text_json(summary->input_name),
	    "bytes", (json_int_t)summary->input_bytes, "sha256", summary->input_sha256);
	int failed = 0;
	if (summary->archived_sha256)
		failed |= set(input, "archived",
		    json_pack("{s:I, s:s}", "bytes", (json_int_t)summary->archived_bytes, "sha256",
		        summary->archived_sha256));
	if (summary->preset)
		failed |= set(input, "preset", text_json(summary->preset));
	if (summary->members_count > 0)
		failed |= set(input, "members", members_json(summary));
	if (!failed)
		return input;
	json_decref(input);
	return NULL;
}

static int members_set(json_t *object, const struct summary *summary)
{
	int failed = 0;
	failed |= set(object, "run", text_json(summary->run));
	failed |= set(object, "feed", text_json(summary->feed));
	failed |= set(object, "mode", text_json(summary->mode));
	failed |= set(object, "status", text_json(summary->status));
	failed |= set(object, "refusal", refusal_json(summary->refusal));
	failed |= set(object, "exact", json_boolean(summary->exact));
	failed |= set(object, "node", text_json(summary->node));
	failed |= set(object, "version", json_string(ENROLD_VERSION));
	failed |= set(object, "policy_sha256", text_json(summary->policy_sha256));
	failed |= set(object, "input", input_json(summary));
	failed |= set_count(object, "rows", summary->tally->rows);
	failed |= set(object, "outcomes", outcomes_json(summary->tally));
	failed |= set(object, "codes", codes_json(summary->tally));
	failed |= set(object, "remarks", remarks_json(summary->remarks));
	failed |= set_time(object, "started", summary->started_us);
	failed |= set_time(object, "finished", summary->finished_us);
	failed |= set(object, "files", files_json(summary));
	if (summary->plan_rows > 0)
		failed |= set(object, "plan",
		    json_pack("{s:I, s:I}", "rows", (json_int_t)summary->plan_rows, "people",
		        (json_int_t)summary->plan_people));
	if (summary->order)
		failed |= set(object, "order", json_loads(summary->order, 0, NULL));
	failed |= set_count(object, "number", summary->number);
	failed |= set(object, "previous", text_json(summary->previous));
	return failed;
}

static void chain_of(struct hash *hash, const char *previous, struct slice body, char *chain)
{
	hash_add(hash, previous, strlen(previous));
	hash_add(hash, "\n", 1);
	hash_add(hash, body.bytes, body.size);
	hash_finish(hash, chain);
}

struct error summary_format(
    const struct summary *summary, struct buffer *out, char chain[HASH_TEXT_SIZE + 1])
{
	json_t *object = json_object();
	struct buffer text = {0};
	jsonout_add(&text, members_set(object, summary) ? NULL : object, JSON_COMPACT);
	json_decref(object);
	struct hash *hash = hash_create();
	if (!text.failed && hash) {
		struct slice body = {text.bytes, text.size - 1}; /* without the closing brace */
		chain_of(hash, summary->previous, body, chain);
		buffer_add(out, body.bytes, body.size);
		buffer_print(out, ",\"chain\":\"%s\"}\n", chain);
	}
	bool is_made = !text.failed && hash && !out->failed;
	hash_free(hash);
	buffer_done(&text);
	return is_made ? OK : error_memory("writing the summary");
}

void summary_find_chain(struct slice text, char chain[HASH_TEXT_SIZE + 1])
{
	static const char before[] = ",\"chain\":\"", after[] = "\"}\n";
	const size_t before_size = strlen(before), after_size = strlen(after);
	chain[0] = '\0';
	if (text.size < before_size + HASH_TEXT_SIZE + after_size)
		return;
	const char *end = text.bytes + text.size - after_size, *hash = end - HASH_TEXT_SIZE;
	bool is_ours = memcmp(hash - before_size, before, before_size) == 0 &&
	               memcmp(end, after, after_size) == 0;
	for (const char *digit = hash; digit < end; digit++)
		is_ours = is_ours && isxdigit((unsigned char)*digit);
	if (!is_ours)
		return;
	memcpy(chain, hash, HASH_TEXT_SIZE);
	chain[HASH_TEXT_SIZE] = '\0';
}

void summary_find_previous(struct slice text, char previous[HASH_TEXT_SIZE + 1])
{
	static const char after[] = "\",\"chain\":\"", end[] = "\"}\n";
	summary_find_chain(text, previous);
	size_t size = HASH_TEXT_SIZE + strlen(after) + HASH_TEXT_SIZE + strlen(end);
	if (*previous != '\0' && text.size > size)
		memcpy(previous, text.bytes + text.size - size, HASH_TEXT_SIZE);
}

/* A summary ends with `,"number":N,"previous":"...","chain":"..."}`. */
uint64_t summary_find_number(struct slice text)
{
	static const char tail[] = ",\"previous\":\"";
	const size_t behind = strlen(tail) + HASH_TEXT_SIZE + strlen("\",\"chain\":\"") +
	                      HASH_TEXT_SIZE + strlen("\"}\n");
	uint64_t number = 0, power = 1;
	if (text.size <= behind)
		return 0;
	size_t at = text.size - behind;
	for (; at > 0 && text.bytes[at - 1] >= '0' && text.bytes[at - 1] <= '9'; at--) {
		number += power * (uint64_t)(text.bytes[at - 1] - '0');
		power *= 10;
	}
	static const char name[] = ",\"number\":";
	bool is =
	    at >= strlen(name) && memcmp(text.bytes + at - strlen(name), name, strlen(name)) == 0;
	return is ? number : 0;
}

static const char *text_member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

bool summary_is_preview(struct slice text)
{
	static const char mode[] = "\"mode\":\"preview\",";
	/* Before it stand only our own run id and a feed's name. */
	size_t start = text.size < 200 ? text.size : 200;
	return text.size > 0 && memmem(text.bytes, start, mode, strlen(mode));
}

static bool member_is(struct slice text, const char *name, const char *value)
{
	json_t *summary = json_loadb(text.bytes, text.size, 0, NULL);
	bool is = strcmp(text_member(summary, name), value) == 0;
	json_decref(summary);
	return is;
}

bool summary_is_of(struct slice text, const char *run)
{
	return member_is(text, "run", run);
}

bool summary_is_refused(struct slice text)
{
	return member_is(text, "status", "refused") || member_is(text, "status", "discarded");
}

bool summary_is_ordered(struct slice text)
{
	json_t *summary = json_loadb(text.bytes, text.size, 0, NULL);
	bool is = json_is_object(json_object_get(summary, "order"));
	json_decref(summary);
	return is;
}

bool summary_is_held(struct slice text)
{
	return member_is(text, "status", "held");
}

static bool has_text(struct slice text, const char *part)
{
	return text.size > 0 && memmem(text.bytes, text.size, part, strlen(part));
}

/* In texts from outside quotation marks are escaped; and no memory is needed for the answer. */
bool summary_quotes_cells(struct slice text)
{
	return !has_text(text, "\"refusal\":null,") ||
	       has_text(text, "\"code\":\"words_not_mapped\"");
}

/* Whether anything had been applied decides what is to be done. */
static void refusal_explain(const json_t *summary, struct buffer *out)
{
	bool is_discarded = strcmp(text_member(summary, "status"), "discarded") == 0;
	const char *ended = is_discarded ? "discarded" : "refused";
	const json_t *refusal = json_object_get(summary, "refusal");
	long long line = (long long)json_integer_value(json_object_get(refusal, "line"));
	struct member_line at = member_line_read(summary, line > 0 ? (uint64_t)line : 0);
	long long rows = (long long)json_integer_value(json_object_get(summary, "rows"));
	const char *name = text_member(json_object_get(summary, "input"), "name");
	if (rows == 0)
		buffer_print(
		    out, "%s was %s as a whole. Nothing in it was applied.\n\n", name, ended);
	else
		buffer_print(out,
		    "%s was %s after its first %lld %s been applied; what became of %s is "
		    "in the answer.\n\n",
		    name, ended, rows, rows == 1 ? "row had" : "rows had",
		    rows == 1 ? "it" : "them");
	buffer_print(out, "Reason: %s\n", text_member(refusal, "message"));
	if (at.name)
		buffer_print(out, "Line:   %s, line %" PRIu64 "\n", at.name, at.line);
	else if (line > 0)
		buffer_print(out, "Line:   %lld\n", line);
	buffer_print(out, "Code:   %s\n", text_member(refusal, "code"));
	buffer_print(out, "Run:    %s, feed %s\n\n", text_member(summary, "run"),
	    text_member(summary, "feed"));
	/* Too large to be copied, or not to be read. */
	if (*text_member(json_object_get(summary, "input"), "sha256") == '\0')
		buffer_add_text(out,
		    "enrold has no copy and no checksum of it: what lies here is the sender's own "
		    "file, which its sender may still be able to change.\n\n");
	if (is_discarded)
		return;
	buffer_add_text(
	    out, rows == 0 ? "Correct the file and drop it into the inbox again.\n"
	                   : "Drop the file into the inbox again when the reason is gone: what "
	                     "is done already stays as it is.\n");
}

void summary_explain(struct slice text, struct buffer *out)
{
	json_t *summary = json_loadb(text.bytes ? text.bytes : "", text.size, 0, NULL);
	if (json_is_object(summary))
		refusal_explain(summary, out);
	else
		buffer_add_text(out,
		    "The file was refused. Why is not known: its summary in the ledger cannot be "
		    "read, which enrold did not write so.\n");
	if (!out->failed)
		out->size = value_cover(out->bytes, out->size);
	json_decref(summary);
}

void summary_each_remark(struct slice text, summary_on_remark *on_remark, void *context)
{
	size_t i;
	json_t *remark, *summary = json_loadb(text.bytes ? text.bytes : "", text.size, 0, NULL);
	json_array_foreach(json_object_get(summary, "remarks"), i, remark)
	    on_remark(context, text_member(remark, "code"), text_member(remark, "message"));
	json_decref(summary);
}

void summary_find_refusal(
    struct slice text, char *code, size_t code_size, char *reason, size_t reason_size)
{
	json_t *summary = json_loadb(text.bytes ? text.bytes : "", text.size, 0, NULL);
	const json_t *refusal = json_object_get(summary, "refusal");
	snprintf(code, code_size, "%s", text_member(refusal, "code"));
	snprintf(
	    reason, reason_size, "%.*s", CUT_ARG(text_member(refusal, "message"), reason_size - 1));
	json_decref(summary);
}

void summary_find_archived(struct slice text, char sha256[HASH_TEXT_SIZE + 1])
{
	json_t *summary = json_loadb(text.bytes ? text.bytes : "", text.size, 0, NULL);
	const json_t *input = json_object_get(summary, "input");
	const char *found = text_member(json_object_get(input, "archived"), "sha256");
	snprintf(sha256, HASH_TEXT_SIZE + 1, "%s", strlen(found) == HASH_TEXT_SIZE ? found : "");
	json_decref(summary);
}

void summary_find_plan(struct slice text, uint64_t *rows, uint64_t *people)
{
	json_t *summary = json_loadb(text.bytes ? text.bytes : "", text.size, 0, NULL);
	const json_t *plan = json_object_get(summary, "plan");
	*rows = (uint64_t)json_integer_value(json_object_get(plan, "rows"));
	*people = (uint64_t)json_integer_value(json_object_get(plan, "people"));
	json_decref(summary);
}

void summary_find_withheld(
    struct slice text, char *code, size_t code_size, char *reason, size_t reason_size)
{
	size_t i;
	json_t *remark, *summary = json_loadb(text.bytes ? text.bytes : "", text.size, 0, NULL);
	snprintf(code, code_size, "withheld");
	snprintf(reason, reason_size, "%s", "see the rows of the answer");
	json_array_foreach(json_object_get(summary, "remarks"), i, remark)
	{
		const char *name = text_member(remark, "code");
		if (strcmp(name, remark_code_name(REMARK_REMOVALS_WITHHELD)) != 0 &&
		    strcmp(name, remark_code_name(REMARK_CHANGES_WITHHELD)) != 0)
			continue;
		snprintf(reason, reason_size, "%.*s",
		    CUT_ARG(text_member(remark, "message"), reason_size - 1));
		if (*reason && reason[strlen(reason) - 1] == '.')
			reason[strlen(reason) - 1] = '\0'; /* it stands in sentences */
		break;
	}
	json_decref(summary);
}

int64_t summary_parse_time(const char *text)
{
	struct tm tm = {0};
	int year, month, day, hour, minute, second, thousandth;
	if (!text || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &year, &month, &day, &hour,
	                 &minute, &second, &thousandth) != 7)
		return 0;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = second;
	return (int64_t)timegm(&tm) * 1000000 + (int64_t)thousandth * 1000;
}

int64_t summary_find_finished(struct slice text)
{
	json_t *summary = json_loadb(text.bytes ? text.bytes : "", text.size, 0, NULL);
	int64_t finished_us = summary_parse_time(text_member(summary, "finished"));
	json_decref(summary);
	return finished_us;
}
