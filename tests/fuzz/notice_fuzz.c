/*
 * notice_fuzz: bytes as a notice. One that is read can be queued and shown: its ID is a file's
 * name, no text of it breaks a line, and written again it is the same.
 */
#include "fuzz.h"

#include "enrold/notice.h"
#include "enrold/value.h"

#include <stdlib.h>
#include <string.h>

static void must(bool is)
{
	if (!is)
		abort();
}

static bool is_clean(const char *text)
{
	enum value_fault fault = text ? value_check(slice_of(text)) : VALUE_CLEAN;
	bool is_text = fault == VALUE_CLEAN || fault == VALUE_LOST;
	return !text || (is_text && !strpbrk(text, "\r\n\t"));
}

static void texts_check(const struct notice *notice)
{
	const char *const texts[] = {notice->feed, notice->node, notice->run, notice->file,
	    notice->mode, notice->status, notice->code, notice->order_verb, notice->order_of,
	    notice->result, notice->retry, notice->plan, notice->report, notice->summary,
	    notice->expected, notice->day};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		must(is_clean(texts[i]));
	must(notice->id && *notice->id != '.' && !strpbrk(notice->id, "/ \n"));
	must(strlen(notice->id) <= NOTICE_ID_MAX && notice->feed && notice->at_us >= 0);
	must(notice->kind != NOTICE_RUN || (notice->run && notice->status));
	must(notice->kind != NOTICE_DUE || notice->day);
	must(notice->causes_count <= NOTICE_CAUSES_MAX);
	for (size_t i = 0; i < notice->causes_count; i++) {
		const struct notice_cause *cause = &notice->causes[i];
		must(cause->outcome && cause->code && cause->column);
		must(is_clean(cause->outcome) && is_clean(cause->code) && is_clean(cause->column));
	}
}

/* at_us 0 is not written, and then not read. */
static void again_check(const struct notice *notice, struct arena *arena)
{
	struct notice again;
	struct buffer first = {0}, second = {0};
	notice_format(notice, &first);
	must(!first.failed);
	if (notice->at_us > 0 && first.size <= NOTICE_TEXT_MAX) {
		struct error error = notice_parse(buffer_slice(&first), arena, &again);
		must(!is_error(&error));
		notice_format(&again, &second);
		must(slice_is(buffer_slice(&first), buffer_slice(&second)));
	}
	buffer_done(&first);
	buffer_done(&second);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct notice notice;
	struct arena *arena = arena_create();
	struct error error = notice_parse((struct slice){(const char *)data, size}, arena, &notice);
	if (is_error(&error)) {
		must(error.class == ERROR_REJECT && *error.text);
	} else {
		texts_check(&notice);
		again_check(&notice, arena);
	}
	arena_free(arena);
	return 0;
}
