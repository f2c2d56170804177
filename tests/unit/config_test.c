/* enrold.yaml: what is taken, what is refused and where, and back to text. */
#include "enrold/config.h"
#include "enrold/occasion.h"

#include "../../src/config/keys.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TOP "spool: /s\n"
#define LMS "lms: { url: \"sqlite:/l.db\" }\n"

static struct error load_text(const char *text, struct config_file **file)
{
	char path[] = "/tmp/enrold-config-XXXXXX";
	int descriptor = mkstemp(path);
	cr_assert_geq(descriptor, 0);
	cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
	close(descriptor);
	struct error error = config_load(path, file);
	unlink(path);
	return error;
}

static struct config_file *load_good(const char *text)
{
	struct config_file *file = NULL;
	struct error error = load_text(text, &file);
	cr_assert_not(is_error(&error), "%s", error.text);
	return file;
}

static const struct {
	const char *text, *place, *words;
} bad[] = {
    {"", ":1:1: ", "empty"},
    {"# nothing\n", ": ", "empty"},
    {"- a\n- b\n", ":1:1: ", "expected a map of keys, found a list"},
    {"just text\n", ":1:1: ", "expected a map"},
    {LMS, ":1:1: ", "spool is missing"},
    {TOP, ":1:1: ", "lms.url is missing"},
    {TOP "lms: { prefix: mdl_ }\n", ":2:6: ", "lms.url is missing"},
    {TOP LMS "setle: 1s\n", ":3:1: ", "setle: unknown key; is settle meant?"},
    {TOP LMS "prefix: m_\n", ":3:1: ", "belongs at lms.prefix"},
    {TOP LMS "xyzzy: 1\n", ":3:1: ", "xyzzy: unknown key"},
    {TOP LMS TOP, ":3:1: ", "spool: is given twice"},
    {TOP LMS "workers: many\n", ":3:10: ", "workers: expected a number from 1 to 64"},
    {TOP LMS "workers: 65\n", ":3:10: ", "from 1 to 64, found \"65\""},
    {TOP LMS "workers: [1]\n", ":3:10: ", "found a list"},
    {TOP LMS "workers:\n", ":3:9: ", "found nothing"},
    {TOP LMS "settle: 2 weeks\n", ":3:9: ", "settle: expected a time"},
    {TOP LMS "rescan: 0\n", ":3:9: ", "from 1s to 1h"},
    {TOP LMS "max_field: 1KB\n", ":3:12: ", "expected a size"},
    {TOP LMS "log_level: loud\n", ":3:12: ", "debug, info, warning or error"},
    {"spool: relative\n" LMS, ":1:8: ", "an absolute path"},
    {TOP "lms: { url: \"oracle://u:secret@h/db\" }\n", ":2:13: ", "expected sqlite:/path"},
    {TOP "lms: 3\n", ":2:6: ", "lms: expected a map"},
    {TOP LMS "feeds: [hr]\n", ":3:8: ", "feeds: expected a map"},
    {TOP LMS "feeds:\n  HR: {}\n", ":4:3: ", "a feed name"},
    {TOP LMS "feeds:\n  preview: {}\n", ":4:3: ", "a feed name"},
    {TOP LMS "feeds:\n  checkpoints: {}\n", ":4:3: ", "not \"preview\" or \"checkpoints\""},
    {TOP LMS "checkpoints: {}\n", ":3:14: ", "checkpoints.key is missing"},
    {TOP LMS "checkpoints: { every: 3 }\n", ":3:14: ", "checkpoints.key is missing"},
    {TOP LMS "checkpoints: yes\n", ":3:14: ", "checkpoints: expected a map"},
    {TOP LMS "checkpoints: { key: a/b }\n", ":3:21: ", "or the name of a credential"},
    {TOP LMS "checkpoints: { key: .a }\n", ":3:21: ", "or the name of a credential"},
    {TOP LMS "checkpoints: { key: /k, every: 0 }\n", ":3:32: ", "checkpoints.every: expected"},
    {TOP LMS "checkpoints: { key: /k, every: 100001 }\n", ":3:32: ", "from 1 to 100000"},
    {TOP LMS "checkpoints: { key: /k, to: /bin/mail }\n", ":3:29: ", "a list of 1 to 32"},
    {TOP LMS "checkpoints: { key: /k, to: [mail] }\n", ":3:30: ", "checkpoints.to: expected"},
    {TOP LMS "checkpoints: { key: /k, origin: a b }\n", ":3:33: ", "without blanks and +"},
    {TOP LMS "checkpoints: { key: /k, origin: a+b }\n", ":3:33: ", "without blanks and +"},
    {TOP LMS "checkpoints: { key: /k, origin: \"a\u00A0b\" }\n", ":3:33: ", "without blanks"},
    {TOP LMS "mail: {}\n", ":3:7: ", "mail.smtp is missing"},
    {TOP LMS "mail: { smtp: \"smtp://mx\" }\n", ":3:7: ", "mail.from is missing"},
    {TOP LMS "mail: { smtp: \"smtp://u:secret@mx\", from: a@b }\n", ":3:15: ", "without user"},
    {TOP LMS "mail: { smtp: \"smtp://mx\", from: a@b, credential: a/b }\n",
        ":3:51: ", "the name of a credential"},
    {TOP LMS "webhook: {}\n", ":3:10: ", "webhook.key is missing"},
    {TOP LMS "feeds:\n  hr: { notify: { webhook: \"http://h/secret\" } }\n",
        ":4:28: ", "http:// to this machine alone"},
    {TOP LMS "feeds:\n  hr: { notify: { on: [error] } }\n", ":4:24: ", "errors, held, refused"},
    {TOP LMS "feeds:\n  hr: { notify: { mail: hr@b } }\n", ":4:25: ", "a list of 0 to 50"},
    {TOP LMS "feeds:\n  hr: { notify: { attach: result } }\n", ":4:27: ", "off or retry"},
    {TOP LMS "every: 3\n", ":3:1: ", "it belongs at checkpoints.every"},
    {TOP LMS "feeds:\n  hr: {}\n  hr: {}\n", ":5:3: ", "hr is given twice"},
    {TOP LMS "feeds:\n  hr: { usernames: loud }\n", ":4:20: ", "lower, exact or clean"},
    {TOP LMS "feeds:\n  hr: { type_roles: [a, b] }\n", ":4:26: ", "a list of 3"},
    {TOP LMS "feeds:\n  hr: { dates: d }\n", ":4:16: ", "a list of 1 to 16"},
    {TOP LMS "feeds:\n  hr: { dates: [{}] }\n", ":4:17: ", "found a map"},
    {TOP LMS "feeds:\n  hr: { columns: [a] }\n", ":4:18: ", "a map of at most"},
    {TOP LMS "feeds:\n  hr: { marker: done }\n", ":4:17: ", "an ending"},
    {TOP LMS "feeds:\n  hr: { marker: .csv }\n", ":4:17: ", "no file to be read has"},
    {TOP LMS "feeds:\n  hr: { marker: .GZ }\n", ":4:17: ", "no file to be read has"},
    {TOP LMS "feeds:\n  hr: { marker: .zip }\n", ":4:17: ", "no file to be read has"},
    {TOP LMS "feeds:\n  hr: { marker: .pgp }\n", ":4:17: ", "no file to be read has"},
    {TOP LMS "feeds:\n  hr: { marker: .csv.gz.asc }\n", ":4:17: ", "no file to be read has"},
    {TOP LMS "feeds:\n  hr: { require: rows }\n",
        ":4:18: ", "a list of 0 to 2, each rows or sha256"},
    {TOP LMS "feeds:\n  hr: { require: [rows, md5] }\n",
        ":4:25: ", "rows or sha256, found \"md5\""},
    {TOP LMS "feeds:\n  hr: { expect: [] }\n", ":4:17: ", "expect: expected a map of keys"},
    {TOP LMS "feeds:\n  hr: { expect: { by: 06:00 } }\n",
        ":4:23: ", "a list of 1 to 24, each a time of day"},
    {TOP LMS "feeds:\n  hr: { expect: { by: [] } }\n",
        ":4:24: ", "feeds.hr.expect.by: expected a list of 1"},
    {TOP LMS "feeds:\n  hr: { expect: { by: [06:00, 6:00] } }\n",
        ":4:31: ", "such as \"06:00\", found \"6:00\""},
    {TOP LMS "feeds:\n  hr: { expect: { by: [\"24:00\"] } }\n", ":4:24: ", "a time of day"},
    {TOP LMS "feeds:\n  hr: { expect: { by: [\"05:60\"] } }\n", ":4:24: ", "a time of day"},
    {TOP LMS "feeds:\n  hr: { expect: { by: [\"06:00:00\"] } }\n", ":4:24: ", "a time of day"},
    {TOP LMS "feeds:\n  hr: { expect: { days: [mon, Tuesday] } }\n",
        ":4:31: ", "sat or sun, found \"Tuesday\""},
    {TOP LMS "feeds:\n  hr: { expect: { except: [2026-02-29] } }\n",
        ":4:28: ", "expect.except: expected a date"},
    {TOP LMS "feeds:\n  hr: { expect: { except: [\"2027-01-06..2026-12-24\"] } }\n",
        ":4:28: ", "or two"},
    {TOP LMS "feeds:\n  hr: { expect: { except: [\"2026-12-24-2027-01-06\"] } }\n",
        ":4:28: ", "or two"},
    {TOP LMS "feeds:\n  hr: { expect: { except: [\"2026-04-31\"] } }\n", ":4:28: ", "a date"},
    {TOP LMS "feeds:\n  hr: { expect: { fresh: 31d } }\n",
        ":4:26: ", "a time from 0 to 30d, found \"31d\""},
    {TOP LMS "feeds:\n  hr: { fresh: 3d }\n", ":4:9: ", "belongs at feeds.hr.expect.fresh"},
    {TOP LMS "feeds:\n  hr: { values: [role1] }\n", ":4:17: ", "a map of columns, each with"},
    {TOP LMS "feeds:\n  hr: { values: { role1: student } }\n",
        ":4:26: ", "feeds.hr.values.role1: expected a map of words, found a text"},
    {TOP LMS "feeds:\n  hr: { values: { role1: {} } }\n", ":4:27: ", "of words, found none"},
    {TOP LMS "feeds:\n  hr: { values: { role1: { A: a, a: b } } }\n",
        ":4:34: ", "feeds.hr.values.role1.a: is given twice"},
    {TOP LMS "feeds:\n  hr: { values: { role1: { \u00C4: a, \u00E4: b } } }\n",
        ":4:34: ", "is given twice"},
    {TOP LMS "feeds:\n  hr: { values: { role1: { a: b }, Role1: { c: d } } }\n",
        ":4:36: ", "feeds.hr.values.Role1: is given twice"},
    {TOP LMS "feeds:\n  hr: { values: { role1: { a: [b] } } }\n",
        ":4:31: ", "a map of columns and cells, found a list"},
    {TOP LMS "feeds:\n  hr: { values: { role1: { a: } } }\n", ":4:31: ", "found nothing"},
    {TOP LMS "feeds:\n  hr: { values: { role1: { \"\": a } } }\n",
        ":4:28: ", "expected a word, found nothing"},
    {TOP LMS "feeds:\n  hr: { values: { role1: { \" a\": a } } }\n",
        ":4:34: ", "a word of 1 to 255 bytes without blanks"},
    {TOP LMS "feeds:\n  hr: { values: { role1: { \"*\": teacher } } }\n",
        ":4:33: ", "feeds.hr.values.role1.*: expected error or keep"},
    {TOP LMS "feeds:\n  hr: { values: { status: { gone: { unenrol: 1 } } } }\n",
        ":4:37: ", "feeds.hr.values.status.gone.unenrol: expected a column"},
    {TOP LMS "feeds:\n  hr: { values: { status: { gone: {} } } }\n", ":4:36: ", "found none"},
    {TOP LMS "feeds:\n  hr: { values: { status: { gone: { deleted: [1] } } } }\n",
        ":4:46: ", "expected a cell, found a list"},
    {TOP LMS "feeds:\n  hr: { values: { status: { gone: { deleted: 1, Deleted: 0 } } } }\n",
        ":4:49: ", "feeds.hr.values.status.gone.Deleted: is given twice"},
    {TOP LMS "feeds:\n  hr: { values: { status: { gone: 1 } } }\n",
        ":4:7: ", "feeds.hr.values.status: no column that enrold knows"},
    {TOP LMS "feeds:\n  hr: { empty: \"NULL\" }\n", ":4:16: ", "empty: expected a list"},
    {TOP LMS "feeds:\n  hr: { empty: [NULL, ] , removal: x }\n", ":4:36: ", "removal"},
    {TOP LMS "feeds:\n  hr: { empty: [\"\"] }\n", ":4:17: ", "a word of 1 to 255"},
    {TOP LMS "feeds:\n  hr: { removal: delete }\n",
        ":4:18: ", "expected suspend, suspend_no_roles or unenrol, found \"delete\""},
    {TOP LMS "feeds:\n  hr: { absence: suspend }\n", ":4:18: ", "absence: expected a map"},
    {TOP LMS "feeds:\n  hr: { absence: { action: delete } }\n",
        ":4:28: ", "expected ignore, suspend, suspend_no_roles or unenrol"},
    {TOP LMS "feeds:\n  hr: { absence: { scope: site } }\n", ":4:27: ", "courses_in_file or feed"},
    {TOP LMS "feeds:\n  hr: { absence: { files: [\"*.csv\"] } }\n",
        ":4:27: ", "expected a pattern of file names"},
    {TOP LMS "feeds:\n  hr: { absence: { files: \"in/*.csv\" } }\n", ":4:27: ", "without folders"},
    {TOP LMS "feeds:\n  hr: { absence: { grace: a month } }\n",
        ":4:27: ", "feeds.hr.absence.grace: expected a time from 0 to 3650d"},
    {TOP LMS "feeds:\n  hr: { absence: { grace: 3651d } }\n", ":4:27: ", "from 0 to 3650d"},
    {TOP LMS "feeds:\n  hr: { absence: { pause: [july] } }\n",
        ":4:28: ", "absence.pause: expected a date"},
    {TOP LMS "feeds:\n  hr: { compress: forever }\n",
        ":4:19: ", "feeds.hr.compress: expected a time from 0 to 3650d or never"},
    {TOP LMS "feeds:\n  hr: { grace: 3d }\n", ":4:9: ", "belongs at feeds.hr.absence.grace"},
    {TOP LMS "feeds:\n  hr: { limits: { removals: 10 } }\n",
        ":4:29: ", "feeds.hr.limits.removals: expected a map of keys"},
    {TOP LMS "feeds:\n  hr: { limits: { removals: { share: 1 } } }\n",
        ":4:38: ", "expected a share from 0% to 100% such as 0.5%, found \"1\""},
    {TOP LMS "feeds:\n  hr: { limits: { removals: { share: 101% } } }\n", ":4:38: ", "to 100%"},
    {TOP LMS "feeds:\n  hr: { limits: { accounts: { share: 100.01% } } }\n", ":4:38: ", "to 100%"},
    {TOP LMS "feeds:\n  hr: { limits: { rows_of_last: 0.125% } }\n", ":4:33: ", "a share from"},
    {TOP LMS "feeds:\n  hr: { limits: { rows_of_last: 5.% } }\n", ":4:33: ", "a share from"},
    {TOP LMS "feeds:\n  hr: { limits: { rows_of_last: .5% } }\n", ":4:33: ", "a share from"},
    {TOP LMS "feeds:\n  hr: { limits: { per_course: { most: 3 } } }\n",
        ":4:33: ", "belongs at feeds.hr.limits.removals.most"},
    {TOP LMS "feeds:\n  hr: { limits: { created: { most: 3 } } }\n", ":4:30: ", "unknown key"},
    {TOP LMS "feeds:\n  hr: { limits: { by_cell: { share: 101% } } }\n", ":4:37: ", "to 100%"},
    {TOP LMS "feeds:\n  hr: { limits: { review: true } }\n", ":4:19: ", "at feeds.hr.review"},
    {TOP LMS "feeds:\n  hr: { result_rows: changed }\n",
        ":4:22: ", "feeds.hr.result_rows: expected all or changes"},
    {TOP LMS "feeds:\n  hr: { approvers: no-such-group }\n",
        ":4:20: ", "feeds.hr.approvers: expected the name of a group of this machine"},
    {TOP LMS "feeds:\n  hr: { approvers: \"\" }\n", ":4:20: ", "the name of a group"},
    {TOP LMS "feeds:\n  hr: { drop_group: \"HR\" }\n",
        ":4:21: ", "feeds.hr.drop_group: expected the name of a group: a letter and"},
    {TOP LMS "feeds:\n  hr: { drop_group: \"0\" }\n", ":4:21: ", "the name of a group"},
    {TOP LMS "feeds:\n  hr: { drop_group: \"\" }\n", ":4:21: ", "the name of a group"},
    {TOP LMS "feeds:\n  hr: { limits: { accounts: { count: -1 } } }\n",
        ":4:38: ", "a number from 0"},
    {TOP LMS "feeds:\n  hr: { may: [] }\n", ":4:14: ", "may: expected a map"},
    {TOP LMS "feeds:\n  hr: { may: { courses: MATH } }\n", ":4:25: ", "a list of 0 to 200"},
    {TOP LMS "feeds:\n  hr: { may: { courses: } }\n", ":4:25: ", "found nothing"},
    {TOP LMS "feeds:\n  hr: { may: { courses: [\"\"] } }\n", ":4:26: ", "a text of 1"},
    {TOP LMS "feeds:\n  hr: { may: { rolls: [a] } }\n", ":4:16: ", "is roles meant?"},
    {TOP LMS "feeds:\n  hr: { may: { create: true } }\n", ":4:24: ", "create: expected a map"},
    {TOP LMS "feeds:\n  hr: { may: { create: { groups: 2 } } }\n",
        ":4:34: ", "feeds.hr.may.create.groups: expected true or false"},
    {TOP LMS "feeds:\n  hr: { may: {}, may: {} }\n", ":4:18: ", "may: is given twice"},
    {TOP LMS "feeds:\n  hr: { system_roles: [] }\n",
        ":4:9: ", "belongs at feeds.hr.may.system_roles"},
    {TOP LMS "feeds:\n  hr: yes\n", ":4:7: ", "expected a map of keys"},
    {TOP LMS "feeds:\n  hr: { after_run: \"/bin/x y\" }\n",
        ":4:20: ", "feeds.hr.after_run: expected a list of 1 to 32, each a word"},
    {TOP LMS "feeds:\n  hr: { csv: { match_by: email } }\n",
        ":4:16: ", "feeds.hr.csv.match_by: unknown key; it belongs at feeds.hr.match_by"},
    {TOP LMS "feeds:\n  hr: { csv: { delimiter: xx } }\n", ":4:27: ", "feeds.hr.csv.delimiter"},
    {TOP LMS "feeds:\n  hr: { atomic: no, atomic: no }\n",
        ":4:21: ", "feeds.hr.atomic: is given twice"},
    {TOP LMS "feeds:\n  hr: { columns: { Person: nosuch } }\n",
        ":4:28: ", "feeds.hr.columns: expected a column of enrold's own"},
    {TOP LMS "feeds:\n  hr: { columns: { A: username, a: email } }\n",
        ":4:33: ", "feeds.hr.columns: a is given twice"},
    {TOP LMS "feeds:\n  hr: { columns: { A: username, B: UserName } }\n",
        ":4:36: ", "UserName is what both A and B stand for"},
    {TOP LMS "feeds:\n  hr: { columns: { \" A\": username } }\n", ":4:20: ", "without blanks"},
    {TOP LMS "feeds:\n  hr: { defaults: { city: a, city: b } }\n",
        ":4:30: ", "feeds.hr.defaults: city is given twice"},
    {TOP LMS "feeds:\n  hr: { defaults: { profile_field_X: a, profile_field_x: b } }\n",
        ":4:41: ", "profile_field_x is given twice"},
    {TOP LMS "feeds:\n  hr: { defaults: { username: a } }\n", ":4:21: ", "a user column"},
    {TOP LMS "feeds:\n  hr: { username_template: \"%q\" }\n", ":4:28: ", "%f or %l"},
    {TOP LMS "feeds:\n  hr: { username_template: \"%f%%\" }\n", ":4:28: ", "%f or %l"},
    {TOP LMS "feeds:\n  hr: { username_template: \"%u\" }\n", ":4:28: ", "%f or %l"},
    {TOP LMS "feeds:\n  hr: { dates: [\"%d/%m\"] }\n", ":4:17: ", "day, month and year"},
    {TOP LMS "feeds:\n  hr: { dates: [\"%d/%m/%Q\"] }\n", ":4:17: ", "day, month and year"},
    /* strptime passes these over, and what they say would be lost. */
    {TOP LMS "feeds:\n  hr: { dates: [\"%F %H:%M %Z\"] }\n", ":4:17: ", "day, month and year"},
    {TOP LMS "feeds:\n  hr: { dates: [\"%F %H:%M %p\"] }\n", ":4:17: ", "day, month and year"},
    {TOP LMS "feeds:\n  hr: { dates: [\"%F %I:%M\"] }\n", ":4:17: ", "day, month and year"},
    {TOP LMS "feeds:\n  hr: { dates: [\"%s\", \"%s.%F\"] }\n", ":4:23: ", "day, month and year"},
    {TOP LMS "feeds:\n  hr: { csv: { header: none } }\n",
        ":4:7: ", "feeds.hr.csv.header is none, and csv.positions does not say"},
    {TOP LMS "feeds:\n  hr: { csv: { positions: [username] } }\n",
        ":4:7: ", "feeds.hr.csv.positions is given, and the file has a header"},
    {TOP LMS "feeds:\n  hr: { csv: { header: none, positions: [a, \"A\"] } }\n",
        ":4:7: ", "a heading twice"},
    {TOP LMS "feeds:\n  hr: { newest_by: d, csv: { header: none, positions: [a] } }\n",
        ":4:7: ", "feeds.hr.newest_by is none of csv.positions"},
    {TOP LMS "feeds:\n  hr: { csv: { record_end: '!\"' } }\n",
        ":4:28: ", "csv.record_end: expected 1 to 16 letters of ASCII without blanks or quotes"},
    {TOP LMS "feeds:\n  hr: { csv: { record_end: 12345678901234567 } }\n", ":4:28: ", "1 to 16"},
    {TOP LMS "feeds:\n  hr: { csv: { skip_lines: 1001 } }\n", ":4:28: ", "from 0 to 1000"},
    {TOP LMS "feeds:\n  hr: { csv: { escape: no } }\n", ":4:24: ", "doubled or backslash"},
    {TOP LMS "feeds:\n  hr: { split: { A: 12345678901234567 } }\n", ":4:21: ", "1 to 16 bytes"},
    {TOP LMS "feeds:\n  hr: { split: { A: \",\", a: \";\" } }\n", ":4:26: ", "is given twice"},
    {TOP LMS "feeds:\n  hr: { meaning: diff }\n", ":4:18: ", "full, delta or manifest"},
    {TOP LMS "feeds:\n  hr: { preset: a/b }\n", ":4:17: ", "the name of a preset, such as"},
    {TOP LMS "feeds:\n  hr: { preset: nosuch }\n",
        ":4:7: ", "feeds.hr.preset: there is no preset nosuch"},
    {TOP LMS "feeds:\n  hr: { pgp: { home: a/b } }\n", ":4:22: ", "the name of a credential"},
    {TOP LMS "feeds:\n  hr: { pgp: { required: true } }\n",
        ":4:7: ", "feeds.hr.pgp.required is true, and without pgp.home"},
    {TOP LMS "feeds:\n  hr: { pgp: { signed_by: [01234567] } }\n",
        ":4:28: ", "a fingerprint of 40 hexadecimal digits"},
    {TOP LMS "feeds:\n  hr: { pgp: { signed_within: 1m } }\n",
        ":4:31: ", "from 1h to 3650d or forever"},
    {TOP LMS "feeds:\n  hr: { pgp: { answer_to: 0123456789abcdef0123456789abcdef01234567 } }\n",
        ":4:7: ", "feeds.hr.pgp.answer_to needs pgp.home"},
    {TOP LMS "feeds:\n  hr: { home: pgp }\n", ":4:9: ", "belongs at feeds.hr.pgp.home"},
    {"spool: &a /s\n" LMS, ":1:8: ", "anchors"},
    {TOP LMS "---\nspool: /t\n", ":3:1: ", "second document"},
    {TOP "lms: { url: \n", ":", ""},
    {"spool: /s\nnode: \"\xFF\"\n" LMS, ":2:8: ", "UTF-8"},
};

Test(config, says_what_is_wrong_and_where)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct config_file *file = NULL;
		struct error error = load_text(bad[i].text, &file);
		cr_expect_eq(error.class, ERROR_CONFIG, "case %zu: %s", i, error.text);
		cr_expect(strstr(error.text, bad[i].place), "case %zu: no '%s' in %s", i,
		    bad[i].place, error.text);
		cr_expect(strstr(error.text, bad[i].words), "case %zu: no '%s' in %s", i,
		    bad[i].words, error.text);
		cr_expect_null(strstr(error.text, "secret"), "%s", error.text);
	}
}

Test(config, is_named_when_it_cannot_be_read)
{
	struct config_file *file = NULL;
	struct error error = config_load("/nonexistent/enrold.yaml", &file);
	cr_expect_eq(error.class, ERROR_CONFIG);
	cr_expect(strstr(error.text, "/nonexistent/enrold.yaml"));
}

Test(config, has_a_default_feed_and_sorts_the_others)
{
	struct config_file *file = load_good(TOP LMS "feeds:\n  zz:\n  aa: {}\n");
	const struct config *config = config_get(file);
	cr_assert_eq(config->feeds_count, 3);
	cr_expect_str_eq(config->feeds[0].name, "aa");
	cr_expect_str_eq(config->feeds[1].name, "default");
	cr_expect_str_eq(config->feeds[2].name, "zz");
	cr_expect_null(config_find_feed(config, "hr"));
	config_free(file);
}

Test(config, lets_an_explicit_key_win_over_compat_wherever_it_stands)
{
	struct config_file *file =
	    load_good(TOP LMS "feeds:\n"
	                      "  a: { compat: moodle }\n"
	                      "  b: { usernames: exact, compat: moodle, on_bad_row: skip }\n");
	const struct policy *a = &config_find_feed(config_get(file), "a")->policy;
	const struct policy *b = &config_find_feed(config_get(file), "b")->policy;
	cr_expect_eq(a->usernames, USERNAMES_CLEAN);
	cr_expect_eq(a->existing_enrolment, EXISTING_REFRESH);
	cr_expect_eq(a->invalid_values, INVALID_IGNORE);
	cr_expect_eq(a->on_bad_row, BAD_ROW_REJECT_FILE);
	cr_expect_eq(b->usernames, USERNAMES_EXACT);
	cr_expect_eq(b->on_bad_row, BAD_ROW_SKIP);
	cr_expect_eq(b->invalid_values, INVALID_IGNORE);
	config_free(file);
}

Test(config, reads_units_and_json)
{
	struct config_file *file = load_good(
	    "{\"spool\": \"/s\", \"settle\": 0, \"rescan\": \"5m\","
	    " \"max_field\": \"2KiB\", \"lms\": {\"url\": \"sqlite:/l.db\", \"events\": false}}");
	const struct config *config = config_get(file);
	cr_expect_eq(config->settle_ms, 0);
	cr_expect_eq(config->rescan_ms, 300000);
	cr_expect_eq(config->max_field, 2048);
	cr_expect_not(config->lms.events);
	config_free(file);
}

/* ---- every key, every kind of value ---- */

enum { CASE_SIZE = 16384 };

/* Which kinds are good is the key's business; what is not good has to say where and whose. A tag
 * or an alias never is. */
static const struct {
	const char *value;
	bool is_never_good;
} kinds[] = {
    {"word", false},
    {"\"\"", false},
    {"", false},
    {"~", false},
    {"[]", false},
    {"{}", false},
    {"[[]]", true},
    {"[[a, b], {c: d}]", true},
    {"[~]", true},
    {"[\"\"]", false},
    {"{a: {b: c}}", false},
    {"{a: [b]}", false},
    {"{a: ~}", false},
    {"{[a]: b}", true},
    {"{{a: b}: c}", true},
    {"*alias", true},
    {"&anchor word", true},
    {"&anchor [a]", true},
    {"!!binary aGk=", true},
    {"!!str word", true},
    {"!mine [a]", true},
    {"!!map {a: b}", true},
    {"[!!binary aGk=]", true},
    {"\"a\\x01b\"", true},
    {"\"a\\0b\"", true},
    {"\"a\\u2028b\"", true},
    {"[/x, \"a\\x01\"]", true},
    {"-1", false},
    {"99999999999999999999999999", false},
    {"LIST", true},
    {"MAP", true},
    {"LONG", true},
};

static void case_value(struct buffer *text, const char *value)
{
	size_t items = strcmp(value, "LIST") == 0 || strcmp(value, "MAP") == 0 ? 1001 : 0;
	if (strcmp(value, "LONG") == 0)
		for (int i = 0; i < 5000; i++)
			buffer_add_char(text, 'x');
	else if (items == 0)
		buffer_add_text(text, value);
	for (size_t i = 0; i < items; i++)
		buffer_print(text, "%s%s%zu%s",
		    i > 0           ? ", "
		    : *value == 'L' ? "["
		                    : "{",
		    "a", i, *value == 'L' ? "" : ": a");
	if (items > 0)
		buffer_add_text(text, *value == 'L' ? "]" : "}");
}

/* The file with the one key, and what the key is called in an error. */
static void case_make(
    const struct config_key *key, const char *value, struct buffer *text, char name[128])
{
	bool is_spool = strcmp(key->name, "spool") == 0, is_lms = strcmp(key->name, "lms") == 0;
	const char *url = strcmp(key->name, "url") == 0 ? "" : "url: \"sqlite:/l.db\", ";
	const char *end = "";
	const char *prefix = keys_prefix(key->section), *feed = strstr(prefix, "<name>.");
	if (!is_spool)
		buffer_add_text(text, TOP);
	if (key->section == SECTION_LMS) {
		buffer_print(text, "lms: {%s", url);
		end = "}";
	} else if (!is_lms) {
		buffer_add_text(text, LMS);
	}
	if (key->section == SECTION_CHECKPOINTS) {
		buffer_print(
		    text, "checkpoints: {%s", strcmp(key->name, "key") == 0 ? "" : "key: /k, ");
		end = "}";
	}
	if (key->section == SECTION_MAIL || key->section == SECTION_WEBHOOK) {
		buffer_print(text, "%.*s: {", (int)strlen(prefix) - 1, prefix);
		end = "}";
	}
	if (feed) { /* feeds.<name>.csv. -> feeds: {hr: {csv: { */
		buffer_add_text(text, "feeds: {hr: {");
		for (const char *c = feed + strlen("<name>."); *c; c++)
			buffer_print(text, *c == '.' ? ": {" : "%c", *c);
		end = "}}}}}";
		end += 5 - 2;
		for (const char *c = feed + strlen("<name>."); *c; c++)
			end -= *c == '.';
	}
	buffer_print(text, "%s: ", key->name);
	case_value(text, value);
	buffer_print(text, "%s\n", end);
	buffer_add_char(text, '\0');
	snprintf(name, 128, "%.*s%s%s%s", feed ? (int)(feed - prefix) : (int)strlen(prefix), prefix,
	    feed ? "hr." : "", feed ? feed + strlen("<name>.") : "", key->name);
}

static void case_check(const struct config_key *key, size_t kind)
{
	char name[128];
	struct buffer text = {0};
	struct config_file *file = NULL;
	case_make(key, kinds[kind].value, &text, name);
	struct error error = load_text(text.bytes, &file);
	unsigned line = 0, column = 0;
	cr_expect(is_error(&error) || !kinds[kind].is_never_good, "%s is taken", text.bytes);
	if (is_error(&error)) {
		cr_expect_eq(error.class, ERROR_CONFIG, "%s", error.text);
		cr_expect_eq(sscanf(error.text, "/tmp/%*[^:]:%u:%u: ", &line, &column), 2,
		    "%.300s\n%s", text.bytes, error.text);
		cr_expect(strstr(error.text, name) || strstr(error.text, "is missing"),
		    "no %s in: %s", name, error.text);
	} else {
		config_free(file);
	}
	buffer_done(&text);
}

Test(config, says_of_any_key_and_any_kind_of_value_where_it_is_wrong)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);
	for (size_t i = 0; i < count; i++)
		for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
			case_check(&keys[i], kind);
}

Test(config, knows_of_every_key_what_it_expects)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);
	for (size_t i = 0; i < count; i++) {
		const struct config_key *key = &keys[i];
		cr_expect(!key->rule || key->noun || key->rule(""), "%s", key->name);
		cr_expect(!key->name_rule || key->name_rule(""), "%s", key->name);
	}
}

/* ---- advice ---- */

#define KEY "0123456789ABCDEF0123456789ABCDEF01234567"

static const struct {
	const char *policy, *words;
} idle[] = {
    {"type_roles: [a, b, c], may: {roles: [a, 'b*']}", "may.roles"},
    {"type_roles: [a, b, c]", NULL},
    {"course: MATH-1, may: {courses: ['BIO-*']}", "may.courses"},
    {"course: MATH-1, may: {courses: ['MATH-*']}", NULL},
    {"notify: {on: [errors]}", "feeds.hr.notify.on has no effect: there is no notify.mail"},
    {"notify: {attach: retry}", "feeds.hr.notify.attach has no effect"},
    {"notify: {mail: [hr@example.org]}", "feeds.hr.notify.mail reaches nobody: there is no mail"},
    {"notify: {webhook: \"https://h/\"}", "feeds.hr.notify.webhook cannot tell its receiver"},
    {"notify: {on: [late], mail: [a@b]}", "feeds.hr.notify.on has late, and nothing ever is"},
    {"may: {cohorts: [], create: {cohorts: true}}", "may.cohorts is empty"},
    {"compat: moodle, upload_type: add, match_by: email", "feeds.hr.match_by has no effect"},
    {"upload_type: update, username_template: \"%f%l\"", "feeds.hr.username_template"},
    {"upload_type: add, update_details: file", "feeds.hr.update_details"},
    {"upload_type: add, allow_delete: true", "feeds.hr.allow_delete"},
    {"upload_type: add_increment, allow_rename: true", "feeds.hr.allow_rename"},
    {"new_password: required", "feeds.hr.new_password"},
    {"update_password: true", "feeds.hr.update_password"},
    {"update_password: true, update_details: fill_missing", "feeds.hr.update_password"},
    {"upload_type: add, update_password: true", "feeds.hr.update_password"},
    {"force_password_change: all", "feeds.hr.force_password_change"},
    {"defaults: {city: Oslo}", "feeds.hr.defaults have no effect"},
    {"defaults: {city: Oslo}, update_details: file", "feeds.hr.defaults have no effect"},
    {"defaults: {auth: ldap}, update_details: fill_missing", "feeds.hr.defaults.auth"},
    {"upload_type: add, defaults: {email: a@b.example}", "feeds.hr.defaults.email"},
    {"after_run_timeout: 1m", "feeds.hr.after_run_timeout"},
    {"expect: {days: [mon], fresh: 3d}", "feeds.hr.expect.days"},
    {"expect: {except: [2027-05-01]}", "feeds.hr.expect.days"},
    {"type_roles: [a, b, a]", "feeds.hr.type_roles"},
    {"removal: unenrol", "feeds.hr.removal has no effect"},
    {"purge_history: true", "feeds.hr.purge_history has no effect"},
    {"purge_history: true, absence: {action: suspend}", "feeds.hr.purge_history has no effect"},
    {"absence: {grace: 5d}", "feeds.hr.absence has no effect"},
    {"absence: {pause: [2027-05-01]}", "feeds.hr.absence has no effect"},
    {"absence: {roles: []}", "feeds.hr.absence has no effect"},
    {"limits: {created: {share: 20%}}", "feeds.hr.limits.created has no effect: upload_type"},
    {"limits: {removals: {most: 0}}", "feeds.hr.limits.removals has no effect: absence.action"},
    {"limits: {per_course: {count: 0}}", "feeds.hr.limits.per_course has no effect: absence"},
    {"meaning: delta, absence: {action: suspend}", "feeds.hr.absence has no effect: meaning is"},
    {"preset: canvas, absence: {action: suspend}", "nobody is ever absent from a delta"},
    {"meaning: manifest, absence: {accounts: suspend}", "no file of this feed has one"},
    {"pgp: {signed_by: [" KEY "]}", "feeds.hr.pgp.signed_by has no effect: there is no pgp.home"},
    /* And nothing of what works. */
    {"", NULL},
    {"compat: moodle", NULL},
    {"meaning: delta", NULL},
    {"preset: canvas", NULL},
    {"preset: canvas, meaning: full, absence: {action: suspend}", NULL},
    {"preset: oneroster, absence: {action: suspend}", NULL},
    {"pgp: {home: pgp, signed_by: [" KEY "]}", NULL},
    {"upload_type: add, username_template: \"%-1f%-l\", new_password: required", NULL},
    {"upload_type: add, match_by: idnumber", NULL},
    {"upload_type: add_or_update, username_template: \"%f%l\"", NULL},
    {"upload_type: add_or_update, match_by: email, allow_delete: true, allow_rename: true", NULL},
    {"upload_type: add_or_update, update_details: file, update_password: true", NULL},
    {"force_password_change: all, update_password: true, update_details: file", NULL},
    {"upload_type: add, defaults: {auth: ldap, email: \"%u@b.example\"}", NULL},
    {"defaults: {city: Oslo}, update_details: fill_missing", NULL},
    {"after_run: [/bin/true], after_run_timeout: 1m", NULL},
    {"expect: {fresh: 3d}", NULL},
    {"allow_unenrol: true, removal: unenrol, purge_history: true", NULL},
    {"purge_history: true, absence: {action: unenrol}", NULL},
    {"absence: {action: ignore, pause: []}", NULL},
    {"upload_type: add, limits: {created: {share: 20%}}", NULL},
    {"limits: {created: {share: 10%}, removals: {count: 10}, per_course: {count: 5}}", NULL},
    {"absence: {action: suspend}, limits: {removals: {most: 0}, per_course: {count: 0}}", NULL},
    {"review: true, result_rows: changes, approvers: root, limits: {by_cell: {count: 1}}", NULL},
    {"absence: {action: suspend, grace: 5d}", NULL},
    {"absence: {accounts: suspend, pause: [2027-05-01]}", NULL},
    {"expect: {by: [06:00], days: [mon], except: [2027-05-01]}", NULL},
};

static void on_advice(void *text, const char *sentence)
{
	buffer_print(text, "%s\n", sentence);
}

static struct buffer advice_of(const char *text)
{
	struct buffer advice = {0};
	struct config_file *file = load_good(text);
	config_look(config_get(file), on_advice, &advice);
	buffer_add_char(&advice, '\0');
	config_free(file);
	return advice;
}

Test(config, warns_of_settings_that_do_nothing_beside_the_others)
{
	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
		char text[512];
		snprintf(text, sizeof text, TOP LMS "feeds: {hr: {%s}}\n", idle[i].policy);
		struct buffer advice = advice_of(text);
		if (idle[i].words)
			cr_expect(strstr(advice.bytes, idle[i].words), "%s: %s", idle[i].policy,
			    advice.bytes);
		else
			cr_expect_str_eq(advice.bytes, "", "%s", idle[i].policy);
		buffer_done(&advice);
	}
}

static struct buffer format_of(const struct config *config)
{
	struct buffer text = {0};
	config_format(config, &text);
	buffer_add_char(&text, '\0');
	cr_assert_not(text.failed);
	return text;
}

Test(config, says_nothing_of_people_who_can_be_told)
{
	struct buffer advice = advice_of(
	    TOP LMS "mail: {smtp: \"smtps://mx\", from: a@b}\nwebhook: {key: /k}\nfeeds: {hr: "
	            "{notify: {mail: "
	            "[hr@b], webhook: \"https://h/\", attach: retry, on: [late, success]}, "
	            "expect: {by: [\"06:00\"]}}}\n");
	cr_expect_str_eq(advice.bytes, "");
	buffer_done(&advice);
}

/* What a URL of a webhook has behind its host may be all that it takes to write there. */
Test(config, is_printed_without_the_secret_of_a_webhook)
{
	struct config_file *file = load_good(
	    TOP LMS "feeds: {hr: {notify: {webhook: \"https://h:81/T0/secret?k=secret\"}}}");
	struct buffer once = format_of(config_get(file));
	struct config_file *again = load_good(once.bytes);
	cr_expect(strstr(once.bytes, "webhook: \"https://h:81/***\"\n"), "%s", once.bytes);
	cr_expect_null(strstr(once.bytes, "secret"));
	buffer_done(&once);
	config_free(again);
	config_free(file);
}

Test(config, says_who_is_told_of_what)
{
	struct config_file *file = load_good(TOP LMS
	    "feeds: {a: {}, b: {notify: {mail: [a@b]}}, c: {notify: {on: [], webhook: "
	    "\"http://127.0.0.1:80/x\"}}, d: {notify: {on: [due, success], mail: [a@b]}}}\n");
	static const struct {
		const char *feed, *occasions;
		bool tells;
	} told[] = {{"a", "errors held refused late recovered", false},
	    {"b", "errors held refused late recovered", true}, {"c", "", true},
	    {"d", "due success", true}};
	static const char *const words[] = {
	    "errors", "held", "refused", "late", "due", "recovered", "success", "other"};
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		const struct policy *policy =
		    &config_find_feed(config_get(file), told[i].feed)->policy;
		cr_expect_eq(policy_tells(policy), told[i].tells, "%s", told[i].feed);
		for (size_t w = 0; w < sizeof words / sizeof *words; w++)
			cr_expect_eq(policy_tells_of(policy, words[w]),
			    strstr(told[i].occasions, words[w]) != NULL, "%s %s", told[i].feed,
			    words[w]);
	}
	config_free(file);
}

Test(config, takes_who_can_be_written_to_and_nobody_else)
{
	static const struct {
		const char *before, *after, *text;
		bool is_good;
	} texts[] = {
	    {"mail: ['", "']", "hr@example.org", true},
	    {"mail: ['", "']", "o.brien+x_1/2=a@mx-1.example.org", true},
	    {"mail: ['", "']", "root@localhost", true},
	    {"mail: ['", "']", "HR <hr@example.org>", false},
	    {"mail: ['", "']", "hr@example.org, x@example.org", false},
	    {"mail: ['", "']", "hr@", false},
	    {"mail: ['", "']", "@example.org", false},
	    {"mail: ['", "']", "hr", false},
	    {"mail: ['", "']", "hr@-x", false},
	    {"mail: ['", "']", "hr@[::1]", false},
	    {"mail: ['", "']", "a@b@c", false},
	    {"mail: ['", "']", "a b@c", false},
	    {"mail: ['", "']", "\"a\"@c", false},
	    {"mail: ['", "']", "\xc3\xa4@c", false},
	    {"webhook: '", "'", "https://example.org", true},
	    {"webhook: '", "'", "https://example.org:8443/a/b?c=d&e=%20", true},
	    {"webhook: '", "'", "https://[2001:db8::1]:8443/a", true},
	    {"webhook: '", "'", "http://localhost:80/a", true},
	    {"webhook: '", "'", "http://127.0.0.2/a", true},
	    {"webhook: '", "'", "http://[::1]/a", true},
	    {"webhook: '", "'", "http://example.org/a", false},
	    {"webhook: '", "'", "http://127.example.org/a", false},
	    {"webhook: '", "'", "http://localhost.example.org/a", false},
	    {"webhook: '", "'", "https://u:p@example.org/", false},
	    {"webhook: '", "'", "https://example.org:0/", false},
	    {"webhook: '", "'", "https://example.org:65536/", false},
	    {"webhook: '", "'", "https://example.org:/", false},
	    {"webhook: '", "'", "https:///a", false},
	    {"webhook: '", "'", "https://h/a b", false},
	    {"webhook: '", "'", "https://h/a#b", false},
	    {"webhook: '", "'", "ftp://h/", false},
	    {"webhook: '", "'", "file:///etc/passwd", false},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char text[512];
		struct config_file *file = NULL;
		snprintf(text, sizeof text, TOP LMS "feeds: {hr: {notify: {%s%s%s}}}\n",
		    texts[i].before, texts[i].text, texts[i].after);
		struct error error = load_text(text, &file);
		cr_expect_eq(
		    !is_error(&error), texts[i].is_good, "%s %s", texts[i].text, error.text);
		config_free(file);
	}
}

Test(config, takes_mail_servers_and_senders)
{
	static const struct {
		const char *smtp, *from;
		bool is_good;
	} texts[] = {
	    {"smtps://mx.example.org", "enrold <enrold@example.org>", true},
	    {"smtps://mx.example.org:465", "enrold@example.org", true},
	    {"smtp://[::1]:587", "The Site <e@b>", true},
	    {"smtp://u:p@mx", "e@b", false},
	    {"smtp://mx/helo", "e@b", false},
	    {"mx:25", "e@b", false},
	    {"smtp://mx:x", "e@b", false},
	    {"smtp://mx", "<e@b>", false},
	    {"smtp://mx", "a, b <e@b>", false},
	    {"smtp://mx", "a <e@b> c", false},
	    {"smtp://mx", "a<e@b>", false},
	    {"smtp://mx", "\"a\" <e@b>", false},
	    {"smtp://mx", "a", false},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char text[512];
		struct config_file *file = NULL;
		snprintf(text, sizeof text, TOP LMS "mail: {smtp: '%s', from: '%s'}\n",
		    texts[i].smtp, texts[i].from);
		struct error error = load_text(text, &file);
		cr_expect_eq(!is_error(&error), texts[i].is_good, "%s %s", text, error.text);
		config_free(file);
	}
}

Test(config, warns_of_settings_of_another_engine)
{
	struct buffer server = advice_of(TOP "lease: 1m\nlms: {url: \"postgresql://h/d\", "
	                                     "journal_mode: delete, cache: 4MiB}\n");
	struct buffer sqlite = advice_of(TOP LMS "lease: 1m\n");
	cr_expect(strstr(server.bytes, "lms.journal_mode has no effect"));
	cr_expect(strstr(server.bytes, "lms.cache has no effect"));
	cr_expect_null(strstr(server.bytes, "lease"));
	cr_expect(strstr(sqlite.bytes, "lease has no effect"));
	buffer_done(&server);
	buffer_done(&sqlite);
}

Test(config, is_printed_as_it_can_be_read)
{
	struct config_file *first = load_good(
	    "spool: '/a \"b\" \\c'\nnode: n\n" LMS "checkpoints: { key: cp.key, to: [/bin/mail, "
	    "\"-s\", \"a b\"], every: 3 }\nfeeds:\n  hr: "
	    "{ compat: moodle, columns: { Employee ID: username, \"Kurs\\n(Pflicht)\": course1 }, "
	    "marker: .done, require: [rows, sha256], expect: { by: [\"18:30\", \"06:00\"], "
	    "days: [mon, fri], except: [\"2026-12-24..2027-01-06\", 2027-05-01], fresh: 36h } }\n");
	struct buffer once = format_of(config_get(first));
	struct config_file *second = load_good(once.bytes);
	struct buffer twice = format_of(config_get(second));
	cr_expect_str_eq(twice.bytes, once.bytes);
	cr_expect_str_eq(config_get(second)->spool, "/a \"b\" \\c");
	cr_expect_str_eq(config_get(second)->checkpoints.origin, "enrold/n");
	cr_expect_eq(config_get(second)->checkpoints.every, 3);
	cr_expect_eq(config_get(second)->checkpoints.to.count, 3);
	buffer_done(&once);
	buffer_done(&twice);
	config_free(first);
	config_free(second);
}

Test(config, keeps_a_policy_as_one_line)
{
	static const char *const forms[] = {"%d/%m/%Y", "%d, 100%%=%m.%Y"};
	struct policy policy = {.compat = COMPAT_MOODLE,
	    .invalid_values = INVALID_IGNORE,
	    .dates = {forms, 2},
	    .marker = ".done",
	    .may = {{.is_given = true}, {.is_given = true}, {.is_given = true}, {.is_given = true},
	        {.is_given = true}, {.is_given = true}, true, false},
	    .absence = {.files = "*.csv", .pause = {.is_given = true}}};
	struct policy again;
	struct arena *arena = arena_create();
	struct buffer line = {0}, same = {0};
	policy_format(&policy, &line);
	buffer_add_char(&line, '\0');
	struct error error = policy_parse(line.bytes, arena, &again);
	cr_assert_not(is_error(&error), "%s", error.text);
	policy_format(&again, &same);
	buffer_add_char(&same, '\0');
	cr_expect_str_eq(same.bytes, line.bytes);
	cr_expect_eq(again.usernames, USERNAMES_LOWER);
	cr_assert_eq(again.dates.count, 2);
	cr_expect_str_eq(again.dates.items[1], forms[1]);
	/* A key that is younger than the stored line has its default, under that line's compat. */
	error = policy_parse("compat=moodle", arena, &again);
	cr_expect_not(is_error(&error));
	cr_expect_eq(again.usernames, USERNAMES_CLEAN);
	error = policy_parse("compat=moodle colour=red", arena, &again);
	cr_expect_eq(error.class, ERROR_CONFIG);
	error = policy_parse("nonsense", arena, &again);
	cr_expect_eq(error.class, ERROR_CONFIG);
	buffer_done(&line);
	buffer_done(&same);
	arena_free(arena);
}

static const struct policy_may *may_of(const struct config_file *file, const char *feed)
{
	return &config_find_feed(config_get(file), feed)->policy.may;
}

Test(config, tells_an_empty_list_from_none)
{
	struct config_file *file = load_good(
	    TOP LMS "feeds:\n  none:\n  all: { may: { roles: ['*'], system_roles: [a, b], "
	            "create: { cohorts: yes } } }\n"
	            "  nothing: { may: { courses: [], categories: [], roles: [], "
	            "cohorts: [] } }\n");
	cr_expect_eq(may_of(file, "none")->courses.count, 1);
	cr_expect_str_eq(may_of(file, "none")->courses.items[0], "*");
	cr_expect_not(may_of(file, "none")->roles.is_given);
	cr_expect(may_of(file, "none")->system_roles.is_given);
	cr_expect_eq(may_of(file, "none")->system_roles.count, 0);
	cr_expect_eq(may_of(file, "all")->system_roles.count, 2);
	cr_expect(may_of(file, "all")->create_cohorts);
	cr_expect_not(may_of(file, "all")->create_groups);
	cr_expect_eq(may_of(file, "nothing")->courses.count, 0);
	cr_expect(may_of(file, "nothing")->roles.is_given);
	cr_expect_eq(may_of(file, "nothing")->roles.count, 0);
	struct buffer once = format_of(config_get(file));
	struct config_file *again = load_good(once.bytes);
	cr_expect(may_of(again, "nothing")->roles.is_given);
	cr_expect_not(may_of(again, "none")->roles.is_given);
	cr_expect_eq(may_of(again, "nothing")->cohorts.count, 0);
	buffer_done(&once);
	config_free(again);
	config_free(file);
}

Test(config, keeps_what_a_feed_may_reach_with_the_run)
{
	struct config_file *file = load_good(
	    TOP LMS "feeds:\n  hr: { may: { courses: ['A B*', 'x,y'], roles: [], categories: [], "
	            "create: { groups: true } } }\n");
	struct policy again;
	struct arena *arena = arena_create();
	struct buffer line = {0};
	policy_format(&config_find_feed(config_get(file), "hr")->policy, &line);
	buffer_add_char(&line, '\0');
	struct error error = policy_parse(line.bytes, arena, &again);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_assert_eq(again.may.courses.count, 2);
	cr_expect_str_eq(again.may.courses.items[0], "A B*");
	cr_expect_str_eq(again.may.courses.items[1], "x,y");
	cr_expect(again.may.roles.is_given);
	cr_expect_eq(again.may.roles.count, 0);
	cr_expect_eq(again.may.categories.count, 0);
	cr_expect(again.may.create_groups);
	/* The line of a build that did not know `may`. */
	error = policy_parse("compat=moodle upload_type=add atomic=false", arena, &again);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_assert_eq(again.may.courses.count, 1);
	cr_expect_eq(again.may.system_roles.count, 0);
	cr_expect_not(again.may.create_cohorts);
	buffer_done(&line);
	arena_free(arena);
	config_free(file);
}

/* ---- who is not in a file ---- */

static void limit_expect(struct policy_limit limit, uint32_t count, share_bp share, uint32_t most)
{
	cr_expect_eq(limit.count, count);
	cr_expect_eq(limit.share, share);
	cr_expect_eq(limit.most, most);
}

static void absence_expect_defaults(const struct policy *policy)
{
	const struct policy_absence *absence = &policy->absence;
	cr_expect_not(policy->allow_unenrol);
	cr_expect_eq(policy->removal, REMOVAL_SUSPEND);
	cr_expect_not(policy->purge_history);
	cr_expect_eq(absence->action, ABSENCE_IGNORE);
	cr_expect_str_eq(absence->files, "*.csv");
	cr_expect_eq(absence->scope, SCOPE_COURSES_IN_FILE);
	cr_expect_eq(absence->grace_ms, UINT64_C(30) * 86400000);
	cr_expect_not(absence->roles.is_given);
	cr_expect_not(absence->adopt);
	cr_expect_eq(absence->errors, 0);
	cr_expect_eq(absence->pause.count, 0);
	cr_expect_eq(absence->accounts, ABSENT_ACCOUNTS_IGNORE);
	cr_expect_eq(absence->accounts_grace_ms, UINT64_C(3) * 86400000);
	limit_expect(policy->limits.removals, 10, 100, 1000);
	limit_expect(policy->limits.per_course, 5, 2500, 0);
	limit_expect(policy->limits.accounts, 10, 500, 1000);
	limit_expect(policy->limits.errors, 0, 0, 0);
	cr_expect_eq(policy->limits.rows_of_last, 0);
	cr_expect_not(policy->limits.has_rows_of_last);
	cr_expect_not(policy->review);
	cr_expect_eq(policy->result_rows, ROWS_ALL);
	cr_expect_eq(policy->compress_ms, UINT64_C(30) * 86400000);
	cr_expect_null(policy->approvers);
}

static void absence_expect_given(const struct policy *policy)
{
	const struct policy_absence *absence = &policy->absence;
	cr_expect(policy->allow_unenrol);
	cr_expect_eq(policy->removal, REMOVAL_UNENROL);
	cr_expect(policy->purge_history);
	cr_expect_eq(absence->action, ABSENCE_UNENROL);
	cr_expect_str_eq(absence->files, "staff full*.csv");
	cr_expect_eq(absence->scope, SCOPE_FEED);
	cr_expect_eq(absence->grace_ms, UINT64_C(180) * 86400000); /* more than 32 bits hold */
	cr_assert_eq(absence->roles.count, 2);
	cr_expect_str_eq(absence->roles.items[1], "guest reader");
	cr_expect(absence->adopt);
	cr_expect_eq(absence->errors, 2);
	cr_assert_eq(absence->pause.count, 2);
	cr_expect_str_eq(absence->pause.items[0], "2026-07-01..2026-08-20");
	cr_expect_eq(absence->accounts, ABSENT_ACCOUNTS_SUSPEND);
	cr_expect_eq(absence->accounts_grace_ms, 0);
	limit_expect(policy->limits.removals, 20, 50, 1000);
	limit_expect(policy->limits.per_course, 0, 10000, 0);
	limit_expect(policy->limits.accounts, 10, 505, 0);
	limit_expect(policy->limits.by_cell, 0, 1000, 7);
	limit_expect(policy->limits.created, 1, 1500, 0);
	limit_expect(policy->limits.errors, 20, 500, 0);
	cr_expect(policy->review);
	cr_expect_eq(policy->result_rows, ROWS_CHANGES);
	cr_expect_eq(policy->limits.rows_of_last, 0);
	cr_expect(policy->limits.has_rows_of_last);
}

#define ABSENCE                                                                                    \
	"allow_unenrol: true, removal: unenrol, purge_history: true, absence: { action: unenrol, " \
	"files: 'staff full*.csv', scope: feed, grace: 180d, roles: [student, guest reader], "     \
	"adopt: yes, errors: 2, pause: [2026-07-01..2026-08-20, 2026-12-24], accounts: suspend, "  \
	"accounts_grace: 0 }, limits: { removals: { count: 20, share: 0.5% }, per_course: "        \
	"{ count: 0, share: 100.00% }, accounts: { share: 5.05%, most: 0 }, rows_of_last: 0%, "    \
	"by_cell: { count: 0, most: 7 }, created: { count: 1, share: 15% }, "                      \
	"errors: { count: 20, share: 5% } }, review: on, result_rows: changes"

Test(config, knows_who_leaves_and_how_many_may_by_default)
{
	struct policy stored;
	struct arena *arena = arena_create();
	struct config_file *file = load_good(TOP LMS);
	const struct policy *usual = &config_find_feed(config_get(file), "default")->policy;
	absence_expect_defaults(usual);
	limit_expect(usual->limits.by_cell, 50, 1000, 1000);
	limit_expect(usual->limits.created, 50, 1000, 0);
	/* The line of a build that knew nothing of leaving. */
	struct error error = policy_parse("compat=none upload_type=add", arena, &stored);
	cr_assert_not(is_error(&error), "%s", error.text);
	absence_expect_defaults(&stored);
	limit_expect(stored.limits.by_cell, 0, 0, 0); /* what was begun without goes on without */
	limit_expect(stored.limits.created, 0, 0, 0);
	arena_free(arena);
	config_free(file);
}

Test(config, keeps_who_leaves_and_how_many_may_with_the_run)
{
	struct policy stored;
	struct arena *arena = arena_create();
	struct buffer line = {0};
	struct config_file *file = load_good(TOP LMS "feeds: { hr: { " ABSENCE " } }\n");
	absence_expect_given(&config_find_feed(config_get(file), "hr")->policy);
	policy_format(&config_find_feed(config_get(file), "hr")->policy, &line);
	buffer_add_char(&line, '\0');
	struct error error = policy_parse(line.bytes, arena, &stored);
	cr_assert_not(is_error(&error), "%s", error.text);
	absence_expect_given(&stored);
	cr_expect(strstr(line.bytes, " limits.removals.share=0.5%25 "), "%s", line.bytes);
	buffer_done(&line);
	arena_free(arena);
	config_free(file);
}

Test(config, does_not_keep_with_the_run_what_is_of_this_host)
{
	struct buffer line = {0};
	struct config_file *first = load_good(
	    TOP LMS "feeds: { hr: { approvers: root, drop_group: not-there-yet, review: true, "
	            "compress: never } }\n");
	struct buffer text = format_of(config_get(first));
	struct config_file *second = load_good(text.bytes);
	cr_expect_str_eq(config_find_feed(config_get(second), "hr")->policy.approvers, "root");
	cr_expect_str_eq(
	    config_find_feed(config_get(second), "hr")->policy.drop_group, "not-there-yet");
	cr_expect_eq(
	    config_find_feed(config_get(second), "hr")->policy.compress_ms, PERIOD_ENDLESS);
	policy_format(&config_find_feed(config_get(first), "hr")->policy, &line);
	buffer_add_char(&line, '\0');
	cr_expect(strstr(line.bytes, " review=true "), "%s", line.bytes);
	cr_expect_not(strstr(line.bytes, "approvers"), "%s", line.bytes);
	cr_expect_not(strstr(line.bytes, "drop_group"), "%s", line.bytes);
	cr_expect_not(strstr(line.bytes, "compress"), "%s", line.bytes);
	buffer_done(&line);
	buffer_done(&text);
	config_free(first);
	config_free(second);
}

Test(config, prints_who_leaves_and_how_many_may)
{
	struct config_file *first = load_good(TOP LMS "feeds: { hr: { " ABSENCE " } }\n");
	struct buffer text = format_of(config_get(first));
	struct config_file *second = load_good(text.bytes);
	absence_expect_given(&config_find_feed(config_get(second), "hr")->policy);
	absence_expect_defaults(&config_find_feed(config_get(second), "default")->policy);
	buffer_done(&text);
	config_free(first);
	config_free(second);
}

/* ---- words of cells ---- */

static void texts_expect(const struct text_list *list, const char *const *texts, size_t count)
{
	cr_assert_eq(list->count, count);
	for (size_t i = 0; i < count; i++)
		cr_expect_str_eq(list->items[i], texts[i]);
}

static void words_expect(const struct policy *policy)
{
	static const char *const values[] = {"role", "Instructor", "role", "editingteacher", "role",
	    "None", "role", "", "role", "*", "role", "error", "Rolle", "a b", "Rolle", "c, d",
	    "status", "deleted", "enrolstatus1", "1", "status", "deleted", "enrolstatus2", "1",
	    "status", "NULL", "deleted", "yes", "suspended", "Gone", "Suspended", "1", "suspended",
	    "Gone", "cohort1", "ALUMNI", "status 2", "*", "status 2", "keep"};
	static const char *const empty[] = {"NULL", "N/A", "0000-00-00", "****", "null"};
	texts_expect(&policy->values, values, sizeof values / sizeof *values);
	texts_expect(&policy->empty, empty, sizeof empty / sizeof *empty);
}

Test(config, takes_words_of_cells_prints_them_and_keeps_them_with_the_run)
{
	struct policy stored;
	struct arena *arena = arena_create();
	struct buffer line = {0};
	struct config_file *first = load_good(
	    TOP LMS "feeds:\n  hr:\n    columns: { Rolle: role2 }\n    values:\n"
	            "      role: { Instructor: editingteacher, None: \"\", \"*\": error }\n"
	            "      Rolle: { a b: \"c, d\" }\n"
	            "      status: { deleted: { enrolstatus1: 1, enrolstatus2: 1 }, NULL: { "
	            "deleted: yes } }\n"
	            "      suspended: { Gone: { Suspended: 1, cohort1: ALUMNI } }\n"
	            "      status 2: { \"*\": keep }\n"
	            "    empty: [NULL, \"N/A\", \"0000-00-00\", \"****\", null]\n");
	struct buffer text = format_of(config_get(first));
	struct config_file *second = load_good(text.bytes);
	words_expect(&config_find_feed(config_get(first), "hr")->policy);
	words_expect(&config_find_feed(config_get(second), "hr")->policy);
	policy_format(&config_find_feed(config_get(first), "hr")->policy, &line);
	buffer_add_char(&line, '\0');
	struct error error = policy_parse(line.bytes, arena, &stored);
	cr_assert_not(is_error(&error), "%s", error.text);
	words_expect(&stored);
	error = policy_parse("values=role1,a,role1", arena, &stored);
	cr_expect_eq(error.class, ERROR_CONFIG);
	buffer_done(&line);
	buffer_done(&text);
	arena_free(arena);
	config_free(second);
	config_free(first);
}

static void written_expect(const struct policy *policy)
{
	static const char *const split[] = {"Courses", ";"}, *const set[] = {
	                                                         "role1", "", "city", "a"};
	static const char *const positions[] = {"a", "b c"};
	texts_expect(&policy->split, split, 2);
	texts_expect(&policy->set, set, 4);
	texts_expect(&policy->positions, positions, 2);
	cr_expect_str_eq(policy->newest_by, "a");
	cr_expect_str_eq(policy->record_end, "!##!");
	cr_expect_eq(policy->skip_lines, 2);
	cr_expect_eq(policy->skip_rows, 1);
	cr_expect_eq(policy->header, HEADING_NONE);
	cr_expect_eq(policy->escape, ESCAPE_BACKSLASH);
	cr_expect_eq(policy->meaning, MEANING_MANIFEST);
}

Test(config, knows_how_files_are_written_prints_it_and_keeps_it_with_the_run)
{
	struct policy stored;
	struct arena *arena = arena_create();
	struct buffer line = {0};
	struct config_file *first = load_good(
	    TOP LMS "feeds: { hr: { split: { Courses: \";\" }, set: { role1: \"\", city: a }, "
	            "newest_by: a, meaning: manifest, csv: { skip_lines: 2, skip_rows: 1, "
	            "header: none, positions: [a, b c], record_end: \"!##!\", "
	            "escape: backslash } } }\n");
	struct buffer text = format_of(config_get(first));
	struct config_file *second = load_good(text.bytes);
	written_expect(&config_find_feed(config_get(first), "hr")->policy);
	written_expect(&config_find_feed(config_get(second), "hr")->policy);
	policy_format(&config_find_feed(config_get(first), "hr")->policy, &line);
	buffer_add_char(&line, '\0');
	struct error error = policy_parse(line.bytes, arena, &stored);
	cr_assert_not(is_error(&error), "%s", error.text);
	written_expect(&stored);
	/* The line of a build that knew one way of writing only. */
	error = policy_parse("compat=none upload_type=add", arena, &stored);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_expect_eq(stored.header, HEADING_FIRST);
	cr_expect_eq(stored.escape, ESCAPE_DOUBLED);
	cr_expect_eq(stored.meaning, MEANING_FULL);
	cr_expect_null(stored.record_end);
	cr_expect_null(stored.preset);
	buffer_done(&line);
	buffer_done(&text);
	arena_free(arena);
	config_free(second);
	config_free(first);
}

Test(config, takes_fingerprints_as_gpg_shows_them_and_keeps_none_with_the_run)
{
	struct buffer line = {0};
	struct config_file *file = load_good(
	    TOP LMS "feeds: { hr: { pgp: { home: pgp, required: true, signed_within: forever, "
	            "signed_by: [0123 4567 89ab cdef 0123  4567 89AB CDEF 0123 4567], "
	            "answer_to: 0123456789abcdef0123456789abcdef01234567 } } }\n");
	struct buffer text = format_of(config_get(file));
	struct config_file *again = load_good(text.bytes);
	const struct policy_pgp *pgp = &config_find_feed(config_get(again), "hr")->policy.pgp;
	cr_expect_str_eq(pgp->home, "pgp");
	cr_expect(pgp->required);
	cr_assert_eq(pgp->signed_by.count, 1);
	cr_expect_str_eq(pgp->signed_by.items[0], KEY);
	cr_expect_str_eq(pgp->answer_to, KEY);
	cr_expect_eq(pgp->signed_within_ms, PERIOD_ENDLESS);
	policy_format(&config_find_feed(config_get(file), "hr")->policy, &line);
	buffer_add_char(&line, '\0');
	cr_expect_null(strstr(line.bytes, "signed"), "%s", line.bytes);
	cr_expect_null(strstr(line.bytes, "home"), "%s", line.bytes);
	buffer_done(&line);
	buffer_done(&text);
	config_free(again);
	config_free(file);
}

/* The examples: one names every key with its default, the other as few as possible. */
Test(config, has_an_example_that_names_every_key)
{
	struct config_file *full = NULL, *minimal = NULL;
	struct error error = config_load(SOURCE_DIR "/etc/enrold.yaml", &full);
	cr_assert_not(is_error(&error), "%s", error.text);
	error = config_load(SOURCE_DIR "/etc/enrold-minimal.yaml", &minimal);
	cr_assert_not(is_error(&error), "%s", error.text);
	FILE *input = fopen(SOURCE_DIR "/etc/enrold.yaml", "re");
	char text[32768], line[64];
	text[fread(text, 1, sizeof text - 1, input)] = '\0';
	fclose(input);
	size_t count;
	static const int depths[SECTIONS] = {[SECTION_LMS] = 1,
	    [SECTION_FEED] = 2,
	    [SECTION_MAY] = 3,
	    [SECTION_CREATE] = 4,
	    [SECTION_ABSENCE] = 3,
	    [SECTION_LIMITS] = 3,
	    [SECTION_REMOVALS] = 4,
	    [SECTION_PER_COURSE] = 4,
	    [SECTION_ACCOUNTS] = 4,
	    [SECTION_BY_CELL] = 4,
	    [SECTION_CREATED] = 4,
	    [SECTION_ERRORS] = 4,
	    [SECTION_EXPECT] = 3,
	    [SECTION_KEEP] = 3,
	    [SECTION_NOTIFY] = 3,
	    [SECTION_PGP] = 3,
	    [SECTION_CSV] = 3};
	const struct config_key *keys = config_keys(&count);
	for (size_t i = 0; i < count; i++) {
		/* Of a key without a default the example is commented out. */
		bool is_list = key_parts(&keys[i]) > 0;
		bool is_commented = keys[i].section == SECTION_CHECKPOINTS ||
		                    keys[i].section == SECTION_MAIL ||
		                    keys[i].section == SECTION_WEBHOOK;
		bool is_map = keys[i].kind == KEY_MAP && keys[i].section == SECTION_TOP &&
		              strcmp(keys[i].name, "lms") != 0 &&
		              strcmp(keys[i].name, "feeds") != 0;
		bool has_none = keys[i].optional || (is_list && !keys[i].default_text) || is_map;
		snprintf(line, sizeof line, "\n%s%*s%s%s:", is_commented ? "#   " : "",
		    depths[keys[i].section] * 2, "", has_none && !is_commented ? "# " : "",
		    keys[i].name);
		cr_expect(strstr(text, line), "no %s in etc/enrold.yaml", line + 1);
	}
	struct config one = *config_get(full), other = *config_get(minimal);
	other.node = one.node; /* the host's */
	struct buffer a = format_of(&one), b = format_of(&other);
	cr_expect_str_eq(a.bytes, b.bytes, "an example with other values than the defaults");
	buffer_done(&a);
	buffer_done(&b);
	config_free(full);
	config_free(minimal);
}
