#include "heard.h"

#include "enrold/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct heard {
	struct buffer *out;
	char event[64]; /* the last, "": none */
	int times;
	size_t at; /* where it stands */
} heard;

void heard_begin(struct buffer *out)
{
	heard = (struct heard){.out = out};
}

void heard_end(void)
{
	if (heard.times > 1) {
		heard.out->size = heard.at;
		buffer_print(heard.out, "%s: %d times\n", heard.event, heard.times);
	}
	heard = (struct heard){.out = heard.out};
}

void __wrap_log_event(enum log_level level, const char *event, json_t *fields, const char *format,
    ...) PRINTF_LIKE(4, 5);

void __wrap_log_event(
    enum log_level level, const char *event, json_t *fields, const char *format, ...)
{
	static const char *const levels[] = {"debug", "info", "warning", "error"};
	char message[600], name[sizeof heard.event];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	json_decref(fields);
	snprintf(name, sizeof name, "%s %s", levels[level], event);
	if (strcmp(heard.event, name) != 0) {
		heard_end();
		heard.at = heard.out->size;
		memcpy(heard.event, name, sizeof name);
		buffer_print(heard.out, "%s: %s\n", name, message);
	}
	heard.times++;
}
