#include "answered.h"
#include "terminal.h"
#include "words.h"

#include "enrold/jsonout.h"

#include <stdio.h>

bool answered_objects(const json_t *answer)
{
	size_t i;
	json_t *object;
	struct buffer out = {0};
	json_array_foreach(answer, i, object)
	{
		jsonout_add(&out, object, JSON_COMPACT);
		buffer_add_char(&out, '\n');
	}
	bool is_printed =
	    !out.failed && (out.size == 0 || fwrite(out.bytes, 1, out.size, stdout) == out.size);
	buffer_done(&out);
	return is_printed;
}

enum ctl_exit answered(const struct ctl *ctl, json_t *answer, answered_tell *tell)
{
	bool is_told = ctl->json ? answered_objects(answer) : tell(answer);
	json_decref(answer);
	if (is_told && fflush(stdout) == 0)
		return CTL_OK;
	struct error error = error_errno("cannot write the answer");
	return ctl_fail(&error);
}

void answered_note(const json_t *object)
{
	if (!words_is(object, "source", "outbox"))
		return;
	fputs("The database is away, so this is what the answers in the outbox say: ", stdout);
	terminal_write(stdout, words_text(object, "text"));
	fputs("\n\n", stdout);
}
