/*
 * summary_fuzz: bytes as the texts that go into a summary, a line each: the input's name, the
 * refusal's message, the node. It can always be made, is JSON, and what is read of it is what went
 * in. Then the bytes as a summary that somebody else has put into the ledger.
 */
#include "fuzz.h"

#include "enrold/summary.h"
#include "enrold/value.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { TEXT_MAX = 240, TEXTS = 3 };

struct texts {
	char lines[TEXTS][TEXT_MAX];
};

static void texts_cut(const char *bytes, size_t size, struct texts *texts)
{
	*texts = (struct texts){0};
	for (size_t i = 0, line = 0, at = 0; i < size && line < TEXTS; i++) {
		if (bytes[i] == '\n') {
			line++;
			at = 0;
		} else if (at + 1 < TEXT_MAX) {
			texts->lines[line][at++] = bytes[i];
		}
	}
}

/* As it was, where that is clean. */
static void member_check(const json_t *object, const char *name, const char *text)
{
	const char *member = json_string_value(json_object_get(object, name));
	bool is_clean = value_check(slice_of(text)) == VALUE_CLEAN;
	if (!member || (is_clean && strcmp(member, text) != 0))
		abort();
}

static void made_check(struct slice text, const struct summary *summary, const char *chain)
{
	char found[HASH_TEXT_SIZE + 1];
	struct buffer reason = {0};
	json_t *json = json_loadb(text.bytes, text.size, 0, NULL);
	if (!json)
		abort();
	member_check(json_object_get(json, "input"), "name", summary->input_name);
	member_check(json_object_get(json, "refusal"), "message", summary->refusal->text);
	member_check(json, "node", summary->node);
	summary_find_chain(text, found);
	bool is_preview = strcmp(summary->mode, "preview") == 0;
	if (strcmp(found, chain) != 0 || summary_is_preview(text) != is_preview)
		abort();
	summary_explain(text, &reason);
	if (reason.failed || !memmem(reason.bytes, reason.size, "Reason: ", 8))
		abort();
	buffer_done(&reason);
	json_decref(json);
}

static void make(const struct texts *texts, const char *mode)
{
	const struct tally tally = {.rows = 1};
	struct error refusal = {.class = ERROR_REJECT, .code = "invalid_value", .line = 7};
	snprintf(refusal.text, sizeof refusal.text, "%s", texts->lines[1]);
	const struct summary summary = {.run = "20261124-025744-123456",
	    .feed = "abcdefghijklmnopqrstuvwxyz012345",
	    .mode = mode,
	    .status = "refused",
	    .refusal = &refusal,
	    .node = texts->lines[2],
	    .policy_sha256 = HASH,
	    .input_name = texts->lines[0],
	    .input_sha256 = HASH,
	    .tally = &tally,
	    .files = {{.name = texts->lines[0], .bytes = 3, .sha256 = HASH}},
	    .files_count = 1,
	    .previous = HASH};
	struct buffer text = {0};
	char chain[HASH_TEXT_SIZE + 1];
	struct error error = summary_format(&summary, &text, chain);
	if (is_error(&error))
		abort();
	made_check(buffer_slice(&text), &summary, chain);
	buffer_done(&text);
}

static void read_hostile(struct slice text)
{
	char chain[HASH_TEXT_SIZE + 1];
	struct buffer reason = {0};
	summary_find_chain(text, chain);
	(void)summary_is_preview(text);
	summary_explain(text, &reason);
	bool is_hash = strspn(chain, "0123456789abcdefABCDEF") == strlen(chain);
	if (reason.failed || reason.size == 0 || !is_hash)
		abort();
	buffer_done(&reason);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct texts texts;
	texts_cut((const char *)data, size, &texts);
	make(&texts, "apply");
	make(&texts, "preview");
	read_hostile((struct slice){(const char *)data, size});
	return 0;
}
