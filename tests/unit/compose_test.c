/* What a message says, byte by byte: as mail, as JSON, and whatever somebody may have put into the
 * names that are in it. */
#include "../../src/notify/mail.h"
#include "../../src/notify/webhook.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define RUN "20261126-060000-000001"

static struct told told;
static struct telling telling;
static struct notice_cause causes[] = {{"error", "user_not_found", "username", 11, 7, NULL, 0},
    {"error", "course_not_found", "course", 1, 90, NULL, 0},
    {"warning", "weak_password", "password", 2, 3, NULL, 0}};

static bool apply(const struct notice *notice, unsigned on, struct telling *made)
{
	return rule_apply(&told, notice, on, notice->at_us / 1000000, made);
}

static struct notice errors_notice(void)
{
	return (struct notice){.kind = NOTICE_RUN,
	    .id = RUN,
	    .feed = "hr",
	    .node = "moodle1",
	    .at_us = INT64_C(1795673400000000),
	    .run = RUN,
	    .file = "staff.csv",
	    .mode = "apply",
	    .status = "done",
	    .is_accepted = true,
	    .rows = 300,
	    .rows_in_error = 12,
	    .outcomes = {[OUTCOME_DONE] = 286, [OUTCOME_WARNING] = 2, [OUTCOME_ERROR] = 12},
	    .causes = causes,
	    .causes_count = 3,
	    .report = "/var/lib/enrold/outbox/hr/staff." RUN ".report.html",
	    .retry = "/var/lib/enrold/outbox/hr/staff." RUN ".retry.csv"};
}

static struct message message_of(const struct notice *notice, unsigned on)
{
	told = (struct told){0};
	cr_assert(apply(notice, on, &telling));
	return (struct message){
	    .telling = &telling, .notice = notice, .told = &told, .feed = "hr", .node = "moodle1"};
}

#define BUT_SUCCESS (TELL_BIT(TELL_SUCCESS) - 1)

static void text_is(struct buffer *text, const char *wanted)
{
	buffer_add_char(text, '\0');
	cr_assert_not(text->failed);
	cr_expect_str_eq(text->bytes, wanted);
	buffer_done(text);
}

Test(compose, writes_a_whole_mail)
{
	static const char *const to[] = {"hr@example.org", "it@example.org"};
	struct notice notice = errors_notice();
	struct message message = message_of(&notice, BUT_SUCCESS);
	struct buffer headline = {0}, text = {0}, out = {0};
	message_headline(&message, &headline);
	message_text(&message, &text);
	struct mail mail = {.from = "enrold@example.org",
	    .to = to,
	    .to_count = 2,
	    .feed = "hr",
	    .node = "moodle1",
	    .key = telling.key,
	    .thread = RUN ".refused",
	    .at_s = telling.at_s,
	    .headline = buffer_slice(&headline),
	    .text = buffer_slice(&text)};
	cr_assert(mail_format(&mail, &out));
	text_is(&out,
	    "Date: Thu, 26 Nov 2026 06:10:00 +0000\r\n"
	    "From: enrold <enrold@example.org>\r\n"
	    "To: hr@example.org,\r\n it@example.org\r\n"
	    "Subject: [enrold] hr: 12 of 300 rows in error (user_not_found, and 1 more)\r\n"
	    "Message-ID: <" RUN ".errors@moodle1>\r\n"
	    "In-Reply-To: <" RUN ".refused@moodle1>\r\n"
	    "References: <" RUN ".refused@moodle1>\r\n"
	    "List-Id: <hr.enrold.moodle1>\r\n"
	    "X-Enrold-Feed: hr\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Feed hr: 12 of 300 rows in error (user_not_found, and 1 more).\r\n"
	    "\r\n"
	    "12 of 300 rows were not applied. What is wrong there:\r\n"
	    "  user_not_found in username: 11 rows, the first in line 7; new\r\n"
	    "      no account of that name\r\n"
	    "  course_not_found in course: 1 row, the first in line 90; new\r\n"
	    "      no course of exactly that short name, or idnumber\r\n"
	    "\r\n"
	    "The retry file holds the rows in error alone. Correct them there and drop\r\n"
	    "it.\r\n"
	    "\r\n"
	    "Run " RUN " of staff.csv, 2026-11-26 06:10 UTC, on moodle1:\r\n"
	    "  report   /var/lib/enrold/outbox/hr/staff." RUN ".report.html\r\n"
	    "  retry    /var/lib/enrold/outbox/hr/staff." RUN ".retry.csv\r\n"
	    "\r\n"
	    "Who hears of what is set in enrold.yaml under feeds.hr.notify; what lasts is\r\n"
	    "told again after a week: enrold-notify(8).\r\n");
	buffer_done(&headline);
	buffer_done(&text);
}

struct headline_case {
	struct notice notice;
	const char *headline;
};

Test(compose, says_in_the_subject_what_has_happened)
{
	const struct headline_case cases[] = {
	    {{.status = "refused", .file = "staff.csv", .code = "not_text", .line = 1},
	        "staff.csv was refused (not_text)"},
	    {{.status = "held",
	         .file = "staff.csv",
	         .code = "created",
	         .plan_rows = 9,
	         .plan_people = 80},
	        "staff.csv waits for a person: 80 people (created)"},
	    {{.status = "done",
	         .file = "staff.csv",
	         .code = "removals",
	         .plan_rows = 1,
	         .plan_people = 1,
	         .is_accepted = true},
	        "a part of staff.csv was withheld: 1 person (removals)"},
	    {{.status = "done", .file = "staff.csv", .rows = 1, .is_accepted = true},
	        "staff.csv was applied: 1 row"},
	    {{.kind = NOTICE_LATE, .expected = "06:00"}, "no file by 06:00"},
	    {{.kind = NOTICE_STALE, .since_us = INT64_C(1795673400000000)},
	        "nothing new since 2026-11-26 06:10 UTC"},
	    {{.kind = NOTICE_DUE, .people = 7, .day = "2026-12-01"},
	        "grace ends for 7 people, the first on 2026-12-01"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct notice notice = cases[i].notice;
		struct buffer headline = {0}, text = {0}, json = {0};
		notice.id = notice.run = RUN;
		notice.mode = "apply";
		struct message message = message_of(&notice, BUT_SUCCESS | TELL_BIT(TELL_SUCCESS));
		message_headline(&message, &headline);
		message_text(&message, &text);
		webhook_format(&message, &json);
		cr_expect(memmem(text.bytes, text.size, headline.bytes, headline.size));
		cr_expect(memmem(json.bytes, json.size, headline.bytes, headline.size));
		text_is(&headline, cases[i].headline);
		buffer_done(&text);
		buffer_done(&json);
	}
}

Test(compose, says_what_to_do_where_there_is_no_run)
{
	static const struct {
		struct notice notice;
		const char *words;
	} cases[] = {
	    {{.kind = NOTICE_LATE, .expected = "06:00"}, "See that the file is sent"},
	    {{.kind = NOTICE_STALE, .since_us = INT64_C(1795673400000000)},
	        "See that it writes new ones"},
	    {{.kind = NOTICE_DUE, .people = 7, .day = "2026-12-01"},
	        "in a file again before that day keeps them"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct notice notice = cases[i].notice;
		struct buffer text = {0};
		notice.id = "1";
		struct message message = message_of(&notice, BUT_SUCCESS);
		message_text(&message, &text);
		cr_expect(memmem(text.bytes, text.size, cases[i].words, strlen(cases[i].words)));
		buffer_done(&text);
	}
}

Test(compose, says_what_is_over_and_what_lasts)
{
	struct notice notice = errors_notice();
	struct message message = message_of(&notice, BUT_SUCCESS);
	struct notice refused = {.id = "2",
	    .at_us = INT64_C(1795673500000000),
	    .run = "2",
	    .file = "b.csv",
	    .mode = "apply",
	    .status = "refused",
	    .code = "empty_file"};
	struct buffer text = {0};
	cr_assert(apply(&refused, BUT_SUCCESS, &telling));
	message.notice = &refused;
	message_text(&message, &text);
	cr_expect(memmem(text.bytes, text.size, "told before: errors.", 20));
	buffer_clear(&text);
	struct notice clean = {.id = "3",
	    .at_us = INT64_C(1795673600000000),
	    .run = "3",
	    .file = "c.csv",
	    .mode = "apply",
	    .status = "done",
	    .is_accepted = true,
	    .rows = 3,
	    .plan_rows = 2,
	    .plan_people = 1};
	cr_assert(apply(&clean, BUT_SUCCESS, &telling));
	message.notice = &clean;
	message_text(&message, &text);
	static const char over[] =
	    "Over: a file was accepted again, no row is in error any more.\n";
	cr_expect(memmem(text.bytes, text.size, over, strlen(over)));
	cr_expect(memmem(text.bytes, text.size, "enrolctl discard 3\n", 19));
	buffer_done(&text);
}

/* Whatever the names hold: each header is a line of ours, and no line is too long. */
static void mail_look(const struct buffer *out, size_t headers_max)
{
	size_t headers = 0, width = 0;
	bool is_head = true;
	cr_assert_not(out->failed);
	for (size_t i = 0; i < out->size; i++) {
		unsigned char byte = (unsigned char)out->bytes[i];
		cr_assert(byte == '\r' || byte == '\n' || (byte >= ' ' && byte <= '~'));
		cr_assert(
		    (byte == '\r') == (out->bytes[i + (byte == '\r')] == '\n' && byte == '\r'));
		if (byte != '\n') {
			width++;
			continue;
		}
		cr_assert_eq(out->bytes[i - 1], '\r');
		cr_assert_leq(width, 998);
		is_head = is_head && width > 1;
		headers += is_head && i + 1 < out->size && out->bytes[i + 1] != ' ';
		width = 0;
	}
	cr_expect_leq(headers, headers_max);
}

static struct buffer mail_about(const char *file, struct mail *mail)
{
	static const char *const to[] = {"hr@example.org"};
	struct notice notice = {.id = RUN,
	    .run = RUN,
	    .mode = "apply",
	    .status = "refused",
	    .file = file,
	    .code = "a\r\nBcc: x@y",
	    .summary = file};
	struct buffer headline = {0}, text = {0}, out = {0};
	struct message message = message_of(&notice, BUT_SUCCESS);
	message_headline(&message, &headline);
	message_text(&message, &text);
	*mail = (struct mail){.from = "e@example.org",
	    .to = to,
	    .to_count = 1,
	    .feed = "hr",
	    .node = "n",
	    .key = telling.key,
	    .thread = "",
	    .headline = buffer_slice(&headline),
	    .text = buffer_slice(&text),
	    .attached_name = mail->attached_name,
	    .attached = mail->attached};
	cr_assert(mail_format(mail, &out));
	buffer_done(&headline);
	buffer_done(&text);
	return out;
}

Test(compose, lets_no_name_write_a_header)
{
	static const char long_name[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.csv";
	static const char *const names[] = {"a\r\nBcc: x@y\r\n\r\n.csv", "\n.\r\n",
	    "=?UTF-8?Q?x?=", "Mitarbeiter Köln – größer.csv", "\xff\xfe.csv",
	    "\xe2\x80\xae"
	    "gpj.csv",
	    long_name, "a                                        b",
	    "\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct mail mail = {.attached_name = i % 2 ? names[i] : NULL,
		    .attached =
		        i % 2 ? SLICE("username,course\nanna,X\n") : (struct slice){NULL, 0}};
		struct buffer out = mail_about(names[i], &mail);
		mail_look(&out, 11);
		cr_expect_null(memmem(out.bytes, out.size, "\nBcc", 4), "%zu", i);
		buffer_done(&out);
	}
}

Test(compose, encodes_what_is_not_ascii)
{
	struct mail mail = {0};
	struct buffer out = mail_about("Köln.csv", &mail);
	static const char subject[] =
	    "Subject:\r\n =?UTF-8?B?W2Vucm9sZF0gaHI6IEvDtmxuLmNzdiB3YXMgcmVmdXNlZCAoPyk=?=\r\n";
	cr_expect(memmem(out.bytes, out.size, subject, strlen(subject)));
	cr_expect(memmem(out.bytes, out.size, "K=C3=B6ln.csv", 13));
	cr_expect(memmem(out.bytes, out.size, "quoted-printable", 16));
	buffer_done(&out);
}

Test(compose, attaches_a_file_whole)
{
	struct mail mail = {.attached_name = "Köln 1.retry.csv", .attached = SLICE("a,b\n1,2")};
	struct buffer out = mail_about("staff.csv", &mail);
	static const char part[] =
	    "filename*=UTF-8''K%C3%B6ln%201.retry.csv\r\n\r\nYSxiCjEsMg==\r\n"
	    "--=_enrold_part--\r\n";
	cr_expect(memmem(out.bytes, out.size, part, strlen(part)));
	buffer_done(&out);
}

Test(compose, makes_no_mail_of_what_is_no_address)
{
	static const char *const addresses[] = {"", "x", "@y", "x@", "a@b@c", "a b@c",
	    "a@b\r\nRCPT", "a@b>", "<a@b", "a,b@c", "a@b;c", "\"a\"@b", "ä@b", "a@b\x7f"};
	struct mail mail = {.from = "e@example.org",
	    .to_count = 1,
	    .feed = "hr",
	    .node = "n",
	    .key = "k",
	    .thread = ""};
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct buffer out = {0};
		mail.to = &addresses[i];
		cr_expect_not(mail_format(&mail, &out), "%zu", i);
		cr_expect_eq(out.size, 0);
	}
	const char *good = "o'brien+enrold@mail.example.org";
	struct buffer out = {0};
	mail.to = &good;
	cr_expect(mail_format(&mail, &out));
	mail.key = "a\r\nb";
	cr_expect_not(mail_format(&mail, &out));
	mail.key = "k";
	mail.node = "n>";
	cr_expect_not(mail_format(&mail, &out));
	buffer_done(&out);
}

Test(compose, writes_what_a_webhook_gets)
{
	struct notice notice = errors_notice();
	struct message message = message_of(&notice, BUT_SUCCESS);
	struct buffer out = {0};
	webhook_format(&message, &out);
	text_is(&out,
	    "{\"v\":1,\"id\":\"" RUN ".errors\",\"feed\":\"hr\",\"node\":\"moodle1\","
	    "\"at\":\"2026-11-26T06:10:00Z\",\"event\":\"errors\",\"events\":[\"errors\"],"
	    "\"over\":[],\"open\":[\"errors\"],\"reminder\":false,"
	    "\"text\":\"12 of 300 rows in error (user_not_found, and 1 more)\","
	    "\"run\":\"" RUN "\",\"file\":\"staff.csv\",\"status\":\"done\",\"rows\":300,"
	    "\"rows_in_error\":12,\"outcomes\":{\"done\":286,\"unchanged\":0,\"warning\":2,"
	    "\"error\":12,\"skipped\":0},\"causes\":["
	    "{\"outcome\":\"error\",\"code\":\"user_not_found\",\"column\":\"username\","
	    "\"rows\":11,\"line\":7,\"new\":true},"
	    "{\"outcome\":\"error\",\"code\":\"course_not_found\",\"column\":\"course\","
	    "\"rows\":1,\"line\":90,\"new\":true},"
	    "{\"outcome\":\"warning\",\"code\":\"weak_password\",\"column\":\"password\","
	    "\"rows\":2,\"line\":3,\"new\":false}],"
	    "\"paths\":{\"report\":\"/var/lib/enrold/outbox/hr/staff." RUN ".report.html\","
	    "\"retry\":\"/var/lib/enrold/outbox/hr/staff." RUN ".retry.csv\"},\"plans\":[]}");
}

/* printf '1700000000.{}' | openssl dgst -sha256 -hmac secret */
Test(compose, signs_as_others_do)
{
	char signature[SIGNATURE_SIZE + 1];
	struct error error = webhook_sign(SLICE("secret"), 1700000000, SLICE("{}"), signature);
	cr_assert(!is_error(&error));
	cr_expect_str_eq(
	    signature, "b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163");
}

/* A text where a word should be, wherever: it is not in what is sent. */
Test(compose, tells_no_text_of_a_run)
{
	static const char marker[] = "Anna Maria, anna@example.org";
	struct notice_cause cause = {marker, marker, marker, 1, 1, NULL, 0};
	struct notice_cause error = {"error", marker, marker, 1, 1, NULL, 0};
	struct notice_cause both[] = {cause, error};
	struct notice notice = {.id = RUN,
	    .run = marker,
	    .mode = "apply",
	    .status = marker,
	    .file = "a.csv",
	    .code = marker,
	    .is_accepted = true,
	    .plan_rows = 1,
	    .plan_people = 1,
	    .causes = both,
	    .causes_count = 2,
	    .order_of = marker};
	struct message message = message_of(&notice, BUT_SUCCESS);
	struct buffer out = {0};
	message_headline(&message, &out);
	message_text(&message, &out);
	webhook_format(&message, &out);
	cr_assert_gt(out.size, 100);
	cr_expect_null(memmem(out.bytes, out.size, "Anna", 4));
	cr_expect_null(memmem(out.bytes, out.size, "anna", 4));
	buffer_done(&out);
}
