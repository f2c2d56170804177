/* enrold.yaml: what is taken, what is refused and where, and back to text. */
#include "enrold/config.h"

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
    {TOP LMS TOP, ":3:1: ", "spool is given twice"},
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
    {TOP LMS "feeds:\n  hr: {}\n  hr: {}\n", ":5:3: ", "hr is given twice"},
    {TOP LMS "feeds:\n  hr: { usernames: loud }\n", ":4:20: ", "lower, exact or clean"},
    {TOP LMS "feeds:\n  hr: { type_roles: [a, b] }\n", ":4:26: ", "a list of 3"},
    {TOP LMS "feeds:\n  hr: { dates: d }\n", ":4:16: ", "a list of 1 to 16"},
    {TOP LMS "feeds:\n  hr: { dates: [{}] }\n", ":4:17: ", "found a map"},
    {TOP LMS "feeds:\n  hr: { columns: [a] }\n", ":4:18: ", "a map of at most"},
    {TOP LMS "feeds:\n  hr: { marker: done }\n", ":4:17: ", "an ending"},
    {TOP LMS "feeds:\n  hr: yes\n", ":4:7: ", "expected a map of keys"},
    {"spool: &a /s\n" LMS, ":1:8: ", "anchors"},
    {TOP LMS "---\nspool: /t\n", ":3:1: ", "second document"},
    {TOP "lms: { url: \n", ":", ""},
    {"spool: \"/s\xFF\"\n" LMS, ": ", ""},
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

static struct buffer format_of(const struct config *config)
{
	struct buffer text = {0};
	config_format(config, &text);
	buffer_add_char(&text, '\0');
	cr_assert_not(text.failed);
	return text;
}

Test(config, is_printed_as_it_can_be_read)
{
	struct config_file *first =
	    load_good("spool: '/a \"b\" \\c'\n" LMS "feeds:\n  hr: "
	              "{ compat: moodle, columns: { Employee ID: username }, marker: .done }\n");
	struct buffer once = format_of(config_get(first));
	struct config_file *second = load_good(once.bytes);
	struct buffer twice = format_of(config_get(second));
	cr_expect_str_eq(twice.bytes, once.bytes);
	cr_expect_str_eq(config_get(second)->spool, "/a \"b\" \\c");
	buffer_done(&once);
	buffer_done(&twice);
	config_free(first);
	config_free(second);
}

Test(config, keeps_a_policy_as_one_line)
{
	static const char *const forms[] = {"%d/%m/%Y", "%d, 100%%=x"};
	struct policy policy = {.compat = COMPAT_MOODLE,
	    .invalid_values = INVALID_IGNORE,
	    .dates = {forms, 2},
	    .marker = ".done"};
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

/* The examples: one names every key with its default, the other as few as possible. */
Test(config, has_an_example_that_names_every_key)
{
	struct config_file *full = NULL, *minimal = NULL;
	struct error error = config_load(SOURCE_DIR "/etc/enrold.yaml", &full);
	cr_assert_not(is_error(&error), "%s", error.text);
	error = config_load(SOURCE_DIR "/etc/enrold-minimal.yaml", &minimal);
	cr_assert_not(is_error(&error), "%s", error.text);
	FILE *input = fopen(SOURCE_DIR "/etc/enrold.yaml", "re");
	char text[16384], line[64];
	text[fread(text, 1, sizeof text - 1, input)] = '\0';
	fclose(input);
	size_t count;
	const struct config_key *keys = config_keys(&count);
	for (size_t i = 0; i < count; i++) {
		/* Of a key without a default the example is commented out. */
		const char *hash =
		    keys[i].kind == KEY_LIST || keys[i].kind == KEY_PAIRS || keys[i].optional ? "# "
		                                                                              : "";
		snprintf(
		    line, sizeof line, "\n%*s%s%s:", keys[i].section * 2, "", hash, keys[i].name);
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
