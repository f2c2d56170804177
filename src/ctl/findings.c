#include "findings.h"

#include <stdarg.h>
#include <stdio.h>

static void put(struct findings *findings, const char *word, const char *about, const char *text)
{
	if (findings->list)
		json_array_append_new(findings->list,
		    json_pack("{s:s, s:s, s:s}", "finding", word, "about", about, "text", text));
	else
		printf("%-4s  %s: %s\n", word, about, text);
}

void findings_on(void *context, enum finding finding, const char *about, const char *text)
{
	static const char *const words[] = {
	    [FINDING_GOOD] = "ok", [FINDING_NOTE] = "note", [FINDING_BAD] = "BAD"};
	struct findings *findings = context;
	findings->has_bad |= finding == FINDING_BAD;
	put(findings, words[finding], about, text);
}

void findings_add(
    struct findings *findings, enum finding finding, const char *about, const char *format, ...)
{
	char text[2 * sizeof((struct error *)0)->text];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	findings_on(findings, finding, about, text);
}

void findings_add_fixed(struct findings *findings, const char *about, const char *text)
{
	put(findings, "fixed", about, text);
}

void findings_begin(struct findings *findings, bool is_json)
{
	*findings = (struct findings){.list = is_json ? json_array() : NULL};
}

enum ctl_exit findings_end(struct findings *findings)
{
	int failed = 0;
	if (findings->list) {
		failed = json_dumpf(findings->list, stdout, JSON_COMPACT);
		failed |= putchar('\n') == EOF;
		json_decref(findings->list);
		findings->list = NULL;
	}
	failed |= fflush(stdout) != 0;
	return failed ? CTL_TRY_LATER : findings->has_bad ? CTL_NO : CTL_OK;
}
