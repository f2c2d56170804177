/* An entry as journald gets it. */
#include "enrold/events.h"
#include "enrold/log.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- in the place of journald ---- */

static char sent[64][2048];
static int sent_count, sendv_result;
static bool is_away, hangs;

int __wrap_connect(int file, const struct sockaddr *address, socklen_t size);
int __wrap_poll(struct pollfd *polled, nfds_t count, int timeout_ms);
int __wrap_sd_journal_sendv(const struct iovec *fields, int count);

int __wrap_connect(int file, const struct sockaddr *address, socklen_t size)
{
	const struct sockaddr_un *place = (const struct sockaddr_un *)address;
	cr_assert(file >= 0 && size == sizeof *place && place->sun_family == AF_UNIX);
	cr_assert_str_eq(place->sun_path, "/run/systemd/journal/socket");
	return is_away ? -1 : 0;
}

int __wrap_poll(struct pollfd *polled, nfds_t count, int timeout_ms)
{
	cr_assert(count == 1 && polled->events == POLLOUT);
	cr_assert(timeout_ms >= 0 && timeout_ms < 1000);
	polled->revents = hangs ? 0 : POLLOUT;
	return hangs ? 0 : 1;
}

int __wrap_sd_journal_sendv(const struct iovec *fields, int count)
{
	sent_count = count;
	for (int i = 0; i < count; i++) {
		cr_assert_lt(fields[i].iov_len, sizeof sent[i]);
		memcpy(sent[i], fields[i].iov_base, fields[i].iov_len);
		sent[i][fields[i].iov_len] = '\0';
	}
	return sendv_result;
}

/* stderr is a file, and that file is the journal. */
static FILE *journal_begin(void)
{
	char stream[64];
	struct stat ours;
	FILE *file = tmpfile();
	cr_assert(file && dup2(fileno(file), STDERR_FILENO) == STDERR_FILENO);
	fstat(STDERR_FILENO, &ours);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)ours.st_dev,
	    (unsigned long long)ours.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	return file;
}

static char line[64 << 10];

static const char *stderr_read(FILE *file)
{
	rewind(file);
	size_t size = fread(line, 1, sizeof line - 1, file);
	line[size] = '\0';
	return line;
}

static const char *field(const char *name)
{
	size_t size = strlen(name);
	for (int i = 0; i < sent_count; i++)
		if (strncmp(sent[i], name, size) == 0 && sent[i][size] == '=')
			return sent[i] + size + 1;
	return "(none)";
}

Test(journal, gets_texts_as_they_are_and_the_rest_as_json)
{
	FILE *file = journal_begin();
	json_t *fields = json_pack("{s:s, s:s, s:i, s:b, s:n, s:f, s:[i, s], s:{s:i}}", "run", "R1",
	    "file", "two\nlines = \"x\"", "rows_in_error", 3, "is_preview", 1, "nothing", "share",
	    0.5, "list", 1, "a", "counts", "done", 2);
	log_event(LOG_WARNING, "run_refused", fields, "it %s", "is\nso");
	cr_expect_str_eq(stderr_read(file), "");
	cr_expect_str_eq(field("RUN"), "R1");
	cr_expect_str_eq(field("FILE"), "two\nlines = \"x\"");
	cr_expect_str_eq(field("ROWS_IN_ERROR"), "3");
	cr_expect_str_eq(field("IS_PREVIEW"), "true");
	cr_expect_str_eq(field("NOTHING"), "null");
	cr_expect_str_eq(field("SHARE"), "0.5");
	cr_expect_str_eq(field("LIST"), "[1,\"a\"]");
	cr_expect_str_eq(field("COUNTS"), "{\"done\":2}");
	cr_expect_str_eq(field("PRIORITY"), "4");
	cr_expect_str_eq(field("EVENT"), "run_refused");
	cr_expect_str_eq(field("MESSAGE_ID"), events_find("run_refused")->id);
	cr_expect_str_eq(field("SYSLOG_IDENTIFIER"), program_invocation_short_name);
	cr_expect_str_eq(field("TIME"), "(none)");
	cr_expect_str_eq(field("LEVEL"), "(none)");
	cr_expect(strncmp(field("MESSAGE"), "it is", 5) == 0, "%s", field("MESSAGE"));
}

static const struct {
	const char *key, *name;
} names[] = {
    {"rows", "ROWS"},
    {"code", "CODE"},
    {"_pid", "ENROLD__PID"},
    {"_PID", "ENROLD__PID"},
    {"2nd", "ENROLD_2ND"},
    {"", "ENROLD_"},
    {"unit", "ENROLD_UNIT"},
    {"priority", "ENROLD_PRIORITY"},
    {"message_id", "ENROLD_MESSAGE_ID"},
    {"code_line", "ENROLD_CODE_LINE"},
    {"syslog_pid", "ENROLD_SYSLOG_PID"},
    {"a-b c=d\n\xc3\xa9", "A_B_C_D___"},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee12345678901234567890",
        "AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDDEEEEEEEEEE1234567"},
    {"_aaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee12345678901234567890",
        "ENROLD__AAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDDEEEEEEEEEE1234567"},
};

Test(journal, names_its_fields_as_journald_wants_and_never_as_its_own)
{
	journal_begin();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		log_event(
		    LOG_INFO, "ready", json_pack("{s:s}", names[i].key, "here"), "%s", "ready");
		cr_expect_str_eq(field(names[i].name), "here", "%s", names[i].key);
		cr_expect_leq(strlen(names[i].name), 64);
	}
}

Test(journal, loses_no_entry_that_it_does_not_take)
{
	static const struct {
		bool is_away, hangs;
		int result;
	} troubles[] = {{true, false, 0}, {false, true, 0}, {false, false, -105}};
	for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
		FILE *file = journal_begin();
		is_away = troubles[i].is_away;
		hangs = troubles[i].hangs;
		sendv_result = troubles[i].result;
		log_event(LOG_ERROR, "failed", json_pack("{s:s}", "feed", "hr"), "%s", "no");
		const char *text = stderr_read(file);
		cr_expect(strncmp(text, "<3>{", 4) == 0, "%s", text);
		cr_expect(strstr(text, "\"feed\":\"hr\""), "%s", text);
		fclose(file);
	}
}

Test(journal, loses_no_entry_of_too_many_fields)
{
	FILE *file = journal_begin();
	json_t *fields = json_object();
	for (int i = 0; i < 100; i++) {
		char key[16];
		snprintf(key, sizeof key, "field%d", i);
		json_object_set_new(fields, key, json_integer(i));
	}
	log_event(LOG_ERROR, "failed", fields, "%s", "no");
	cr_expect(strstr(stderr_read(file), "\"field99\":99"), "%s", line);
	cr_expect_eq(sent_count, 0);
}

Test(journal, gets_nothing_where_stderr_is_none)
{
	FILE *file = journal_begin();
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_event(LOG_INFO, "ready", NULL, "%s", "ready");
	cr_expect_eq(sent_count, 0);
	cr_expect_eq(*stderr_read(file), '{', "%s", line);
}

Test(events, have_names_and_ids_of_their_own)
{
	size_t count;
	const struct event *events = events_all(&count);
	for (size_t i = 0; i < count; i++) {
		cr_expect_eq(strlen(events[i].id), 32, "%s", events[i].name);
		for (const char *c = events[i].id; *c; c++)
			cr_expect(isdigit(*c) || (*c >= 'a' && *c <= 'f'), "%s", events[i].id);
		for (size_t k = 0; k < i; k++)
			cr_expect_neq(strcmp(events[k].id, events[i].id), 0, "%s", events[i].name);
		if (i > 0)
			cr_expect_lt(strcmp(events[i - 1].name, events[i].name), 0,
			    "%s comes after %s", events[i].name, events[i - 1].name);
		cr_expect_eq(events[i].meaning[strlen(events[i].meaning) - 1], '.');
		cr_expect_eq(events_find(events[i].name), &events[i]);
	}
	cr_expect_null(events_find("no_such_event"));
}
