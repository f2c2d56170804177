#include "enrold/log.h"

#include "journal.h"

#include "enrold/jsonout.h"
#include "enrold/value.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
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

/* See sd-daemon(3). */
const char *log_prefix(enum log_level level)
{
	static const char *const prefixes[] = {"<7>", "<6>", "<4>", "<3>"};
	return journal_is_stderr() ? prefixes[level] : "";
}

/* One write, so that lines never mix. If nobody reads our log there is nobody to tell. */
static void line_write(enum log_level level, struct slice line)
{
	const char *prefix = log_prefix(level);
	struct iovec parts[] = {{(void *)prefix, strlen(prefix)}, {(void *)line.bytes, line.size}};
	ssize_t written = writev(STDERR_FILENO, parts, sizeof parts / sizeof *parts);
	(void)written;
}

/* Without any memory: what happened, if not to whom. */
static void bare_write(enum log_level level, const char *time, const char *event, char *message)
{
	char line[1280];
	for (char *c = message; *c; c++)
		if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
			*c = ' ';
	snprintf(line, sizeof line,
	    "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"message\":\"%s\"}\n", time,
	    level_names[level], event, message);
	line_write(level, slice_of(line));
}

/* False: there is no memory for it. */
static bool line_fill(json_t *line, const char *time, enum log_level level, const char *event)
{
	return json_object_set_new(line, "time", json_string(time)) == 0 &&
	       json_object_set_new(line, "level", json_string(level_names[level])) == 0 &&
	       json_object_set_new(line, "event", json_string(event)) == 0;
}

static bool json_write(enum log_level level, const json_t *line)
{
	struct buffer text = {0};
	jsonout_add(&text, line, JSON_COMPACT);
	buffer_add_char(&text, '\n');
	bool is_written = !text.failed;
	if (is_written)
		line_write(level, buffer_slice(&text));
	buffer_done(&text);
	return is_written;
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
	bool is_whole = line_fill(line, time, level, event) &&
	                (!fields || json_object_update(line, fields) == 0) &&
	                json_object_set_new(line, "message", log_text(message)) == 0;
	bool is_told = is_whole && ((journal_is_stderr() && journal_send(level, event, line)) ||
	                               json_write(level, line));
	if (!is_told)
		bare_write(level, time, event, message);
	json_decref(line);
	json_decref(fields);
}
