/* What is a request of the control socket and what is not, and that whatever is answered is JSON.
 */
#include "enrold/protocol.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN "20261124-025744-123456"
#define Z10 "zzzzzzzzzz"

static const struct one {
	const char *line;   /* behind {"v":1, */
	const char *reason; /* in the sentence; NULL: it is taken */
} requests[] = {
    {"\"command\":\"status\"}", NULL},
    {"\"command\":\"status\",\"spool\":\"/s\"}", NULL},
    {"\"command\":\"status\",\"spool\":7}", "no value for 'spool'"},
    {"\"command\":\"reload\",\"login\":1000}", NULL},
    {"\"command\":\"show\",\"run\":\"last\",\"login\":4294967294}", NULL},
    {"\"command\":\"reload\",\"login\":4294967295}", "no value for 'login'"},
    {"\"command\":\"reload\",\"login\":-1}", "no value for 'login'"},
    {"\"command\":\"reload\",\"login\":\"anna\"}", "no value for 'login'"},
    {"\"command\":\"status\",\"feed\":\"hr\"}", "knows nothing of 'feed'"},
    {"\"command\":\"runs\"}", NULL},
    {"\"command\":\"runs\",\"feed\":\"hr\",\"since_us\":0,\"until_us\":9,\"status\":\"done\","
     "\"file\":\"a.csv\",\"limit\":3}",
        NULL},
    {"\"command\":\"runs\",\"limit\":-1}", "no value for 'limit'"},
    {"\"command\":\"runs\",\"limit\":1000000}", NULL},
    {"\"command\":\"runs\",\"limit\":1000001}", "no value for 'limit'"},
    {"\"command\":\"runs\",\"limit\":1.5}", "no value for 'limit'"},
    {"\"command\":\"runs\",\"limit\":\"3\"}", "no value for 'limit'"},
    {"\"command\":\"runs\",\"since_us\":-1}", "no value for 'since_us'"},
    {"\"command\":\"runs\",\"since_us\":9223372036854775807}", NULL},
    {"\"command\":\"runs\",\"since_us\":9223372036854775808}", "one JSON object"},
    {"\"command\":\"runs\",\"run\":\"" RUN "\"}", "knows nothing of 'run'"},
    {"\"command\":\"show\"}", "needs 'run'"},
    {"\"command\":\"show\",\"run\":\"last\"}", NULL},
    {"\"command\":\"show\",\"run\":\"" RUN "\"}", NULL},
    {"\"command\":\"show\",\"run\":\"first\"}", "no value for 'run'"},
    {"\"command\":\"show\",\"run\":\"../" RUN "\"}", "no value for 'run'"},
    {"\"command\":\"show\",\"run\":\"last\",\"feed\":\"hr\"}", NULL},
    {"\"command\":\"explain\"}", "needs 'user'"},
    {"\"command\":\"explain\",\"user\":\"anna\"}", NULL},
    {"\"command\":\"explain\",\"user\":\"anna\",\"course\":\"SAFETY\"}", NULL},
    {"\"command\":\"explain\",\"course\":\"SAFETY\"}", "needs 'user'"},
    {"\"command\":\"explain\",\"enrolment\":4711}", NULL},
    {"\"command\":\"explain\",\"enrolment\":0}", "no value for 'enrolment'"},
    {"\"command\":\"explain\",\"enrolment\":\"4711\"}", "no value for 'enrolment'"},
    {"\"command\":\"explain\",\"enrolment\":4711,\"user\":\"anna\"}", "without 'user'"},
    {"\"command\":\"explain\",\"enrolment\":4711,\"course\":\"C\"}", "without 'course'"},
    {"\"command\":\"explain\",\"user\":[\"anna\"]}", "no value for 'user'"},
    {"\"command\":\"explain\",\"user\":null}", "no value for 'user'"},
    {"\"command\":\"explain\",\"user\":\"a\\u0000b\"}", "one JSON object"},
    {"\"command\":\"explain\",\"user\":\"\xff\"}", "one JSON object"},
    {"\"command\":\"explain\",\"user\":\"\xc3\xa4\"}", NULL},
    {"\"command\":\"pause\"}", "needs 'feed'"},
    {"\"command\":\"pause\",\"feed\":\"hr\"}", NULL},
    {"\"command\":\"pause\",\"feed\":\"hr\",\"why\":\"the term ends\"}", NULL},
    {"\"command\":\"pause\",\"feed\":\"\"}", "no value for 'feed'"},
    {"\"command\":\"pause\",\"feed\":\"../hr\"}", "no value for 'feed'"},
    {"\"command\":\"pause\",\"feed\":\"Hr\"}", "no value for 'feed'"},
    {"\"command\":\"pause\",\"feed\":\"" Z10 Z10 Z10 "zz\"}", NULL},
    {"\"command\":\"pause\",\"feed\":\"" Z10 Z10 Z10 "zzz\"}", "no value for 'feed'"},
    {"\"command\":\"pause\",\"run\":\"" RUN "\"}", "knows nothing of 'run'"},
    {"\"command\":\"prune\",\"feed\":\"hr\"}", NULL},
    {"\"command\":\"prune\",\"feed\":\"hr\",\"before_s\":1790000000,\"why\":\"\"}", NULL},
    {"\"command\":\"prune\",\"feed\":\"hr\",\"before_s\":\"90d\"}", "no value for 'before_s'"},
    {"\"command\":\"prune\"}", "needs 'feed'"},
    {"\"command\":\"resume\",\"feed\":\"hr\"}", NULL},
    {"\"command\":\"resume\",\"feed\":\"hr\",\"why\":\"\"}", "knows nothing of 'why'"},
    {"\"command\":\"stop\",\"run\":\"" RUN "\"}", NULL},
    {"\"command\":\"stop\",\"run\":\"last\"}", "no value for 'run'"},
    {"\"command\":\"stop\",\"feed\":\"hr\"}", "knows nothing of 'feed'"},
    {"\"command\":\"release\",\"run\":\"" RUN "\",\"why\":\"\"}", NULL},
    {"\"command\":\"release\",\"run\":\"" RUN "\",\"courses\":[\"A\",\"\u00c4\"]}", NULL},
    {"\"command\":\"release\",\"run\":\"" RUN "\",\"courses\":[]}", "no value for 'courses'"},
    {"\"command\":\"release\",\"run\":\"" RUN "\",\"courses\":[\"\"]}", "no value for 'courses'"},
    {"\"command\":\"release\",\"run\":\"" RUN "\",\"courses\":[\"A\",7]}",
        "no value for 'courses'"},
    {"\"command\":\"release\",\"run\":\"" RUN "\",\"courses\":\"A\"}", "no value for 'courses'"},
    {"\"command\":\"release\",\"run\":\"" RUN "\",\"courses\":{\"A\":1}}",
        "no value for 'courses'"},
    {"\"command\":\"release\",\"run\":\"" RUN "\",\"courses\":null}", "no value for 'courses'"},
    {"\"command\":\"discard\",\"run\":\"" RUN "\",\"courses\":[\"A\"]}",
        "knows nothing of 'courses'"},
    {"\"command\":\"discard\",\"run\":\"" RUN "\",\"why\":\"\"}", NULL},
    {"\"command\":\"undo\",\"run\":\"" RUN "\",\"why\":\"wrong term\"}", NULL},
    {"\"command\":\"undo\",\"run\":\"last\"}", "no value for 'run'"},
    {"\"command\":\"undo\"}", "needs 'run'"},
    {"\"command\":\"discard\"}", "needs 'run'"},
    {"\"command\":\"reload\"}", NULL},
    {"\"command\":\"reload\",\"path\":\"/etc/passwd\"}", "knows nothing of 'path'"},
    {"\"command\":\"Status\"}", "no command 'Status'"},
    {"\"command\":\"\"}", "no command ''"},
    {"\"command\":7}", "no command ''"},
    {"\"feed\":\"hr\"}", "no command ''"},
    {"\"command\":\"status\",\"command\":\"status\"}", "one JSON object"},
    {"\"command\":\"status\",\"v\":1}", "one JSON object"},
    {"\"command\":\"status\"} x", "one JSON object"},
    {"\"command\":\"status\"", "one JSON object"},
};

static struct error parse(const char *line, size_t size, struct protocol_request *request)
{
	/* Just so long, so that a sanitizer sees who reads on. */
	char *bytes = malloc(size > 0 ? size : 1);
	cr_assert_not_null(bytes);
	memcpy(bytes, line, size);
	struct error error = protocol_parse((struct slice){size > 0 ? bytes : NULL, size}, request);
	free(bytes);
	return error;
}

static void expect(const char *line, size_t size, const char *reason)
{
	struct protocol_request request;
	struct error error = parse(line, size, &request);
	if (!reason) {
		cr_expect(!is_error(&error), "%.80s: %s", line, error.text);
		protocol_done(&request);
		return;
	}
	cr_expect_eq(error.class, ERROR_REJECT, "%.80s", line);
	cr_expect_str_eq(error.code, "bad_request");
	cr_expect(strstr(error.text, reason), "%.80s: %s", line, error.text);
	cr_expect_null(request.json);
}

Test(protocol, takes_what_each_command_has_and_says_what_is_wrong_with_the_rest)
{
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		char line[512];
		int size = snprintf(line, sizeof line, "{\"v\":1,%s", requests[i].line);
		expect(line, (size_t)size, requests[i].reason);
	}
}

Test(protocol, takes_no_other_version_and_nothing_but_an_object)
{
	static const struct one lines[] = {
	    {"{\"v\":2,\"command\":\"status\"}", "speaks version 1"},
	    {"{\"v\":\"1\",\"command\":\"status\"}", "speaks version 1"},
	    {"{\"v\":1.0,\"command\":\"status\"}", "speaks version 1"},
	    {"{\"command\":\"status\"}", "speaks version 1"},
	    {"{}", "speaks version 1"},
	    {"", "one JSON object"},
	    {" ", "one JSON object"},
	    {"null", "one JSON object"},
	    {"[{\"v\":1,\"command\":\"status\"}]", "one JSON object"},
	    {"status", "one JSON object"},
	    {"GET / HTTP/1.1\r", "one JSON object"},
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		expect(lines[i].line, strlen(lines[i].line), lines[i].reason);
	expect("{\"v\":1,\"command\":\"status\"}\0{", 28, "one JSON object");
	expect("\0", 1, "one JSON object");
}

/* A why of so many bytes. */
static void expect_why(size_t size, const char *reason)
{
	char line[PROTOCOL_LINE_MAX + 64];
	int length = snprintf(line, sizeof line,
	    "{\"v\":1,\"command\":\"pause\",\"feed\":\"hr\",\"why\":\"%0*d\"}", (int)size, 0);
	expect(line, (size_t)length, reason);
}

Test(protocol, bounds_what_is_long)
{
	expect_why(200, NULL);
	expect_why(201, "no value for 'why'");
	expect_why(PROTOCOL_LINE_MAX - 100, "no value for 'why'");
}

Test(protocol, bounds_what_is_deep)
{
	char line[PROTOCOL_LINE_MAX];
	memset(line, '[', sizeof line);
	expect(line, sizeof line, "one JSON object");
	for (size_t i = 0; i + 5 <= sizeof line; i += 5)
		memcpy(line + i, "{\"a\":", 5);
	expect(line, sizeof line, "one JSON object");
}

Test(protocol, fills_what_was_asked)
{
	struct protocol_request request;
	static const char line[] =
	    "{\"v\":1,\"command\":\"runs\",\"spool\":\"/s\",\"feed\":\"hr\",\"since_us\":5,"
	    "\"until_us\":9,\"status\":\"done\",\"file\":\"a.csv\",\"limit\":3}";
	struct error error = parse(line, sizeof line - 1, &request);
	cr_assert(!is_error(&error), "%s", error.text);
	cr_expect_eq(request.command, PROTOCOL_RUNS);
	cr_expect_str_eq(request.spool, "/s");
	cr_expect_eq(request.history.command, HISTORY_RUNS);
	cr_expect_str_eq(request.history.feed, "hr");
	cr_expect_str_eq(request.history.status, "done");
	cr_expect_str_eq(request.history.file, "a.csv");
	cr_expect_eq(request.history.since_us, 5);
	cr_expect_eq(request.history.until_us, 9);
	cr_expect_eq(request.history.limit, 3);
	cr_expect_null(request.why);
	protocol_done(&request);
	cr_expect_null(request.json);
}

Test(protocol, lets_a_reader_only_look)
{
	for (enum protocol_command c = 0; c < PROTOCOL_COMMANDS; c++)
		cr_expect_eq(protocol_is_reading(c), c <= PROTOCOL_EXPLAIN, "%s", protocol_name(c));
}

static json_t *end_read(const char *message)
{
	struct buffer out = {0};
	protocol_end(&out, 64, message);
	cr_assert(!out.failed, "no line of %s", message);
	cr_assert_eq(memchr(out.bytes, '\n', out.size), out.bytes + out.size - 1);
	json_t *line = json_loadb(out.bytes, out.size, 0, NULL);
	cr_assert_not_null(line, "%.*s", (int)out.size, out.bytes);
	buffer_done(&out);
	return line;
}

/* A sentence has what somebody sent, or a file's name in it. */
Test(protocol, ends_with_a_line_of_json_whatever_the_sentence_is)
{
	static const char *const messages[] = {"", "all is well", "\"\\\n\r\t\x1b[2J\x7f",
	    "a\xff\xfe", "half a letter \xc3", "\xed\xa0\x80", "\xf0\x9f\x98\x80"};
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		json_t *line = end_read(messages[i]);
		cr_expect_eq(json_integer_value(json_object_get(line, "v")), 1);
		cr_expect_eq(json_integer_value(json_object_get(line, "exit")), 64);
		cr_expect(json_is_string(json_object_get(line, "message")));
		json_decref(line);
	}
}

Test(protocol, cuts_no_letter_of_what_it_does_not_know)
{
	for (int lead = 30; lead < 42; lead++) {
		struct protocol_request request;
		char line[256];
		int size = snprintf(line, sizeof line,
		    "{\"v\":1,\"command\":\"status\",\"%0*d\xc3\xa4\xf0\x9f\x98\x80xyz\":1}", lead,
		    0);
		struct error error = parse(line, (size_t)size, &request);
		cr_assert(is_error(&error));
		json_t *text = json_string(error.text);
		cr_expect_not_null(text, "%s", error.text);
		json_decref(text);
	}
}
