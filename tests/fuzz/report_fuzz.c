/*
 * report_fuzz: the first line of the bytes as the names and sentences of a run, the others as rows
 * of its result. Whatever they hold, the page is one of ours, balanced and escaped, and not larger
 * than a page may be: a tag that is put around every text never comes out as one.
 */
#include "fuzz.h"

#include "enrold/report.h"

#include "../unit/page.h"

#include <stdio.h>
#include <stdlib.h>

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { TEXT_MAX = 400 };

static void text_mark(char room[TEXT_MAX], struct slice text)
{
	size_t size = 0;
	for (size_t i = 0; i < text.size && size < TEXT_MAX - 16; i++)
		if (text.bytes[i] != '\0')
			room[size++] = text.bytes[i];
	room[size] = '\0';
	memmove(room + 4, room, size + 1);
	memcpy(room, "<zz>", 4);
	strcat(room, "</zz>");
}

static void check(const struct report *report)
{
	struct buffer out = {0};
	size_t at;
	report_format(report, &out);
	if (out.failed || out.size > REPORT_BYTES_MAX || page_check(buffer_slice(&out), &at) ||
	    memmem(out.bytes, out.size, "<zz", 3) || !memmem(out.bytes, out.size, "&lt;zz", 6))
		abort();
	buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const char *const modes[] = {"apply", "preview"};
	static const char *const statuses[] = {"done", "refused", "discarded", "held"};
	struct slice bytes = {(const char *)data, size}, first = slice_take(&bytes, '\n');
	char text[TEXT_MAX], file[TEXT_MAX + 16];
	text_mark(text, first);
	snprintf(file, sizeof file, "%s.result.csv", text);
	struct problems *problems = problems_create();
	if (!problems)
		abort();
	while (bytes.size > 0)
		problems_add(problems, slice_take(&bytes, '\n'));
	struct tally tally = {.rows = size, .rows_in_error = size % 7, .outcomes = {1, 2, 3, 4, 5}};
	struct error refusal = {.code = "invalid_value", .line = size};
	snprintf(refusal.text, sizeof refusal.text, "%s", text);
	const struct remarks remarks = {
	    .items = {{REMARK_UNUSED_CELL, slice_of(text), NULL, 0}}, .count = 1};
	struct summary summary = {.run = text,
	    .feed = text,
	    .node = text,
	    .policy_sha256 = text,
	    .input_name = text,
	    .input_sha256 = text,
	    .tally = &tally,
	    .remarks = &remarks,
	    .files = {{.name = file, .bytes = size, .sha256 = HASH}},
	    .files_count = 1,
	    .order = text,
	    .previous = HASH};
	for (size_t i = 0; i < 8; i++) {
		summary.mode = modes[i % 2];
		summary.status = statuses[i / 2];
		summary.refusal = i / 2 > 0 ? &refusal : NULL;
		tally.codes[size % CODES] = i;
		check(&(struct report){&summary, problems, text});
	}
	problems_free(problems);
	return 0;
}
