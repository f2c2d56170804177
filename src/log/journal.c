#include "journal.h"

#include "enrold/buffer.h"
#include "enrold/events.h"
#include "enrold/jsonout.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Where an entry was logged would always be this file. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

/* journald takes no longer names; more fields than ours ever are. */
enum { NAME_MAX_SIZE = 64, FIELDS_MAX = 64, PATIENCE_MS = 200 };

struct entry {
	struct buffer text;
	size_t ends[FIELDS_MAX]; /* of each field in it */
	int count;
};

bool journal_is_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat ours;
	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &ours) == 0 && ours.st_dev == device && ours.st_ino == inode;
}

static int priority_of(enum log_level level)
{
	static const int priorities[] = {7, 6, 4, 3};
	return priorities[level];
}

/* Fields that mean something to systemd itself, see systemd.journal-fields(7). */
static bool is_taken(const char *name)
{
	static const char *const taken[] = {"MESSAGE", "MESSAGE_ID", "PRIORITY", "EVENT", "ERRNO",
	    "INVOCATION_ID", "USER_INVOCATION_ID", "DOCUMENTATION", "TID", "UNIT", "USER_UNIT"};
	static const char *const families[] = {"SYSLOG_", "CODE_", "COREDUMP_", "OBJECT_"};
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (strcmp(name, taken[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (strncmp(name, families[i], strlen(families[i])) == 0)
			return true;
	return false;
}

/* "rows_in_error" is ROWS_IN_ERROR. What would not do, or is another's, gets ENROLD_ in front. */
static void name_format(const char *key, char name[NAME_MAX_SIZE + 1])
{
	static const char ours[] = "ENROLD_";
	char text[NAME_MAX_SIZE + 1 - sizeof ours + 1];
	size_t size = 0;
	for (; key[size] && size + 1 < sizeof text; size++) {
		char c = key[size];
		bool is_small = c >= 'a' && c <= 'z';
		bool is_good = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		text[size] = is_small ? (char)(c - 'a' + 'A') : is_good ? c : '_';
	}
	text[size] = '\0';
	bool is_free = *text >= 'A' && *text <= 'Z' && !is_taken(text);
	snprintf(name, NAME_MAX_SIZE + 1, "%s%s", is_free ? "" : ours, text);
}

static void field_end(struct entry *entry)
{
	if (entry->count < FIELDS_MAX)
		entry->ends[entry->count++] = entry->text.size;
	else
		entry->text.failed = true;
}

static void field_add(struct entry *entry, const char *name, const json_t *value)
{
	buffer_add_text(&entry->text, name);
	buffer_add_char(&entry->text, '=');
	if (json_is_string(value))
		buffer_add(&entry->text, json_string_value(value), json_string_length(value));
	else
		jsonout_add(&entry->text, value, JSON_COMPACT | JSON_ENCODE_ANY);
	field_end(entry);
}

static bool is_journals_own(const char *key)
{
	return strcmp(key, "time") == 0 || strcmp(key, "level") == 0 || strcmp(key, "event") == 0;
}

static void fields_add(struct entry *entry, const json_t *line)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)line, key, value)
	{
		char name[NAME_MAX_SIZE + 1];
		if (is_journals_own(key))
			continue;
		name_format(key, name);
		field_add(entry, strcmp(key, "message") == 0 ? "MESSAGE" : name, value);
	}
}

static void head_add(struct entry *entry, enum log_level level, const char *event)
{
	const struct event *known = events_find(event);
	buffer_print(&entry->text, "PRIORITY=%d", priority_of(level));
	field_end(entry);
	buffer_print(&entry->text, "SYSLOG_IDENTIFIER=%s", program_invocation_short_name);
	field_end(entry);
	buffer_print(&entry->text, "EVENT=%s", event);
	field_end(entry);
	if (!known)
		return;
	buffer_print(&entry->text, "MESSAGE_ID=%s", known->id);
	field_end(entry);
}

/*
 * sd_journal_sendv is silent, and happy, where there is no journald at all, as in a unit with a
 * root of its own; and it waits for ever for one that hangs. A socket that is connected to
 * journald's tells both.
 */
static bool is_taking(void)
{
	static const struct sockaddr_un journald = {
	    .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
	struct pollfd polled = {
	    .fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), .events = POLLOUT};
	if (polled.fd < 0)
		return false;
	bool is = connect(polled.fd, (const struct sockaddr *)&journald, sizeof journald) == 0 &&
	          poll(&polled, 1, PATIENCE_MS) == 1 && (polled.revents & POLLOUT);
	close(polled.fd);
	return is;
}

static bool entry_send(const struct entry *entry)
{
	struct iovec fields[FIELDS_MAX];
	size_t start = 0;
	if (entry->text.failed)
		return false;
	for (int i = 0; i < entry->count; i++) {
		fields[i] = (struct iovec){entry->text.bytes + start, entry->ends[i] - start};
		start = entry->ends[i];
	}
	return is_taking() && sd_journal_sendv(fields, entry->count) == 0;
}

bool journal_send(enum log_level level, const char *event, const json_t *line)
{
	struct entry entry = {.count = 0};
	head_add(&entry, level, event);
	fields_add(&entry, line);
	bool is_sent = entry_send(&entry);
	buffer_done(&entry.text);
	return is_sent;
}
