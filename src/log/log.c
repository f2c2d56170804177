#include "enrold/log.h"

#include "enrold/jsonout.h"
#include "enrold/value.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {"debug", "info", "warning", "error"};

/* The one thing that all threads of the process share for good, like stderr itself. */
static _Atomic enum log_level threshold = LOG_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&threshold, level);
}

json_t *log_text(const char *text)
{
	struct buffer shown = {0};
	value_reveal(slice_of(text), &shown);
	json_t *whole =
	    shown.failed ? NULL : json_stringn(shown.bytes ? shown.bytes : "", shown.size);
	buffer_done(&shown);
	return whole;
}

static void time_format(char *text, size_t size)
{
	struct timespec now;
	struct tm tm;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	size_t length = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + length, size - length, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

/* If nobody reads our log there is nobody to tell. */
static void line_write(struct slice line)
{
	ssize_t written = write(STDERR_FILENO, line.bytes, line.size);
	(void)written;
}

/* Without any memory: what happened, if not to whom. */
static void bare_write(const char *time, const char *level, const char *event, char *message)
{
	char line[1280];
	for (char *c = message; *c; c++)
		if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
			*c = ' ';
	snprintf(line, sizeof line,
	    "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"message\":\"%s\"}\n", time, level,
	    event, message);
	line_write(slice_of(line));
}

void log_event(enum log_level level, const char *event, json_t *fields, const char *format, ...)
{
	char message[1024], time[40];
	va_list arguments;
	if (level < atomic_load(&threshold)) {
		json_decref(fields);
		return;
	}
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	time_format(time, sizeof time);
	json_t *line = json_object();
	bool is_whole = json_object_set_new(line, "time", json_string(time)) == 0 &&
	                json_object_set_new(line, "level", json_string(level_names[level])) == 0 &&
	                json_object_set_new(line, "event", json_string(event)) == 0 &&
	                (!fields || json_object_update(line, fields) == 0) &&
	                json_object_set_new(line, "message", log_text(message)) == 0;
	struct buffer text = {0};
	jsonout_add(&text, is_whole ? line : NULL, JSON_COMPACT);
	buffer_add_char(&text, '\n');
	if (!text.failed)
		line_write(buffer_slice(&text));
	else
		bare_write(time, level_names[level], event, message);
	buffer_done(&text);
	json_decref(line);
	json_decref(fields);
}
