#include "webhook.h"

#include "enrold/jsonout.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <time.h>

/* As it may be shown; a text that is absent is no member. */
static void text_set(json_t *object, const char *name, const char *text)
{
	struct buffer shown = {0};
	if (!text || !*text)
		return;
	message_show(text, &shown);
	json_object_set_new(object, name, json_stringn(shown.bytes ? shown.bytes : "", shown.size));
	buffer_done(&shown);
}

static void word_set(json_t *object, const char *name, const char *word)
{
	if (word && *word)
		json_object_set_new(object, name, json_string(message_word(word)));
}

static void count_set(json_t *object, const char *name, uint64_t count)
{
	json_object_set_new(object, name, json_integer((json_int_t)count));
}

static void time_set(json_t *object, const char *name, int64_t epoch_s)
{
	char text[40] = "";
	struct tm tm;
	time_t time = epoch_s;
	if (gmtime_r(&time, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		json_object_set_new(object, name, json_string(text));
}

static json_t *tells_pack(unsigned bits)
{
	json_t *list = json_array();
	for (enum tell tell = 0; tell < TELLS; tell++)
		if (bits & TELL_BIT(tell))
			json_array_append_new(list, json_string(tell_name(tell)));
	return list;
}

/* As the answer counts it; and of an archive in which of its files. */
static void line_set(json_t *object, uint64_t line, const char *member, uint64_t member_line)
{
	if (line > 0)
		count_set(object, "line", line);
	text_set(object, "member", member);
	if (member)
		count_set(object, "member_line", member_line);
}

static json_t *causes_pack(const struct message *message)
{
	json_t *list = json_array();
	const struct notice *notice = message->notice;
	for (size_t i = 0; i < notice->causes_count; i++) {
		const struct notice_cause *cause = &notice->causes[i];
		json_t *item = json_object();
		word_set(item, "outcome", cause->outcome);
		word_set(item, "code", cause->code);
		word_set(item, "column", cause->column);
		count_set(item, "rows", cause->rows);
		line_set(item, cause->line, cause->member, cause->member_line);
		bool is_new = i < 32 && message->telling->new_causes & (1U << i);
		json_object_set_new(item, "new", json_boolean(is_new));
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *outcomes_pack(const struct notice *notice)
{
	json_t *outcomes = json_object();
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
		count_set(outcomes, outcome_kind_name(kind), notice->outcomes[kind]);
	return outcomes;
}

static json_t *paths_pack(const struct notice *notice)
{
	json_t *paths = json_object();
	text_set(paths, "report", notice->report);
	text_set(paths, "result", notice->result);
	text_set(paths, "retry", notice->retry);
	text_set(paths, "plan", notice->plan);
	text_set(paths, "summary", notice->summary);
	return paths;
}

static void run_set(json_t *object, const struct message *message)
{
	const struct notice *notice = message->notice;
	word_set(object, "run", notice->run);
	text_set(object, "file", notice->file);
	word_set(object, "status", notice->status);
	word_set(object, "code", notice->code);
	line_set(object, notice->line, notice->member, notice->member_line);
	count_set(object, "rows", notice->rows);
	count_set(object, "rows_in_error", notice->rows_in_error);
	json_object_set_new(object, "outcomes", outcomes_pack(notice));
	json_object_set_new(object, "causes", causes_pack(message));
	json_object_set_new(object, "paths", paths_pack(notice));
}

/* Those that wait, whatever is told. */
static json_t *plans_pack(const struct told *told)
{
	json_t *list = json_array();
	for (size_t i = 0; i < told->plans_count; i++) {
		json_t *item = json_object();
		word_set(item, "run", told->plans[i].run);
		word_set(item, "code", told->plans[i].code);
		count_set(item, "people", told->plans[i].people);
		time_set(item, "since", told->plans[i].since_s);
		json_array_append_new(list, item);
	}
	return list;
}

static void headline_set(json_t *object, const struct message *message)
{
	struct buffer text = {0};
	message_headline(message, &text);
	json_object_set_new(object, "text", json_stringn(text.bytes ? text.bytes : "", text.size));
	buffer_done(&text);
}

void webhook_format(const struct message *message, struct buffer *out)
{
	const struct telling *telling = message->telling;
	const struct notice *notice = message->notice;
	json_t *object = json_object();
	json_object_set_new(object, "v", json_integer(1));
	json_object_set_new(object, "id", json_string(telling->key));
	word_set(object, "feed", message->feed);
	word_set(object, "node", message->node);
	time_set(object, "at", telling->at_s);
	json_object_set_new(object, "event", json_string(tell_name(telling_leads(telling))));
	json_object_set_new(object, "events", tells_pack(telling->tells));
	json_object_set_new(object, "over", tells_pack(telling->over));
	json_object_set_new(object, "open", tells_pack(telling->open));
	json_object_set_new(object, "reminder", json_boolean(telling->is_reminder));
	headline_set(object, message);
	if (notice && notice->kind == NOTICE_RUN)
		run_set(object, message);
	if (notice && notice->kind == NOTICE_DUE) {
		count_set(object, "people", notice->people);
		word_set(object, "day", notice->day);
	}
	json_object_set_new(object, "plans", plans_pack(message->told));
	jsonout_add(out, object, JSON_COMPACT);
	json_decref(object);
}

struct error webhook_sign(
    struct slice key, int64_t timestamp, struct slice body, char signature[SIGNATURE_SIZE + 1])
{
	struct buffer text = {0};
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	buffer_print(&text, "%lld.", (long long)timestamp);
	buffer_add(&text, body.bytes, body.size);
	bool is_made =
	    !text.failed && HMAC(EVP_sha256(), key.bytes, (int)key.size,
	                        (const unsigned char *)text.bytes, text.size, bytes, &size);
	buffer_done(&text);
	if (!is_made || size * 2 != SIGNATURE_SIZE)
		return error_memory("signing a message");
	for (unsigned i = 0; i < size; i++)
		snprintf(signature + (size_t)i * 2, 3, "%02x", bytes[i]);
	return OK;
}
