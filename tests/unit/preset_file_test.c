/* Presets: what is taken, what is refused and where, and the feed over the kind over the preset. */
#include "enrold/preset.h"

#include "enrold/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena *arena;

static void setup(void)
{
	arena = arena_create();
}

static void teardown(void)
{
	arena_free(arena);
}

TestSuite(preset_file, .init = setup, .fini = teardown);

static void text_write(char path[32], const char *text)
{
	strcpy(path, "/tmp/enrold-preset-XXXXXX");
	int descriptor = mkstemp(path);
	cr_assert_geq(descriptor, 0);
	cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
	close(descriptor);
}

static struct error load_text(const char *text, const struct preset **preset)
{
	char path[32];
	text_write(path, text);
	struct error error = preset_load(path, arena, preset);
	unlink(path);
	return error;
}

Test(preset_file, that_are_built_in_are_all_well_made)
{
	size_t count;
	const char *const *names = preset_builtin_names(&count);
	cr_assert_gt(count, 0);
	for (size_t i = 0; i < count; i++) {
		const struct preset *preset = NULL;
		struct error error = preset_load(names[i], arena, &preset);
		cr_expect_not(is_error(&error), "%s", error.text);
		cr_expect(i == 0 || strcmp(names[i - 1], names[i]) < 0, "%s", names[i]);
	}
	cr_expect_null(preset_builtin("nosuch"));
}

/* ---- what is wrong ---- */

#define ABOUT "about: a\n"
#define KIND ABOUT "kinds:\n- {name: k, has: [A], "
#define TWO(a, b)                                                                                  \
	ABOUT "kinds:\n- {name: one, has: [A], feed: {" a "}}\n- {name: two, has: [B], feed: {" b  \
	      "}}\n"

static const struct {
	const char *text, *place, *words;
} bad[] = {
    {"", ":1:1: ", "the preset is empty"},
    {"[a]\n", ":1:1: ", "expected a map of keys, found a list"},
    {ABOUT, ":1:1: ", "kinds is missing"},
    {"kinds: [{name: k, has: [A]}]\n", ":1:1: ", "about is missing"},
    {ABOUT "kinds: []\n", ":2:8: ", "kinds: there is none of which anything is made"},
    {ABOUT "kinds: [{name: k, has: [A], unused: b}]\n", ":2:8: ", "none of which anything"},
    {ABOUT "kinds: {}\n", ":2:8: ", "kinds: expected a list of kinds, found a map"},
    {ABOUT "kinds: [k]\n", ":2:9: ", "kinds.1: expected a map of keys"},
    {ABOUT "colour: red\n", ":2:1: ", "colour: unknown key"},
    {ABOUT ABOUT, ":2:1: ", "about: is given twice"},
    {ABOUT "[a]: b\n", ":2:1: ", "the name of a key"},
    {ABOUT "match_by: email\n", ":2:1: ", "belongs under feed"},
    {"about: [a]\n", ":1:8: ", "about: expected a text of 1 to 255 bytes, found a list"},
    {"about: \"\"\n", ":1:8: ", "about: expected a text"},
    {ABOUT "kinds: [{name: k, has: [A]}]\n---\n", ":3:1: ", "second document"},
    {ABOUT "manifest: &a b\n", ":2:11: ", "anchors"},
    {ABOUT "kinds: [{has: [A]}]\n", ":2:9: ", "name is missing"},
    {ABOUT "kinds: [{name: K}]\n", ":2:16: ", "kinds.1.name: expected a name of 1 to 32"},
    {ABOUT "kinds: [{name: k}]\n", ":2:9: ", "k cannot be told from others"},
    {ABOUT "kinds:\n- {name: k, has: [A]}\n- {name: k, has: [B]}\n", ":4:3: ", "k is given twice"},
    {KIND "has: [B]}\n", ":3:23: ", "kinds.1.has: is given twice"},
    {KIND "lacks: B}\n", ":3:30: ", "kinds.1.lacks: expected a list of 1 to 200"},
    {KIND "begins: [add]}\n", ":3:3: ", "it can have no has"},
    {KIND "files: a/b}\n", ":3:30: ", "without folders"},
    {KIND "unused: b, feed: {}}\n", ":3:3: ", "k is unused: it can have no feed"},
    {KIND "feed: [a]}\n", ":3:29: ", "kinds.1.feed: expected a map of keys"},
    /* What is the site's to say, wherever it stands. */
    {KIND "feed: {may: {}}}\n", ":3:30: ", "kinds.1.feed.may: may not stand in a preset"},
    {KIND "feed: {limits: {}}}\n", ":3:30: ", "say it in the feed"},
    {KIND "feed: {compat: moodle}}\n", ":3:30: ", "kinds.1.feed.compat: may not"},
    {KIND "feed: {preset: canvas}}\n", ":3:30: ", "kinds.1.feed.preset: may not"},
    {ABOUT "feed: {absence: {action: suspend}}\n", ":2:8: ", "feed.absence: may not stand"},
    {ABOUT "feed: {pgp: {home: /k}}\n", ":2:8: ", "feed.pgp: may not stand"},
    {ABOUT "feed: {keep: {}}\n", ":2:8: ", "feed.keep: may not stand"},
    {ABOUT "feed: {notify: {}}\n", ":2:8: ", "feed.notify: may not stand"},
    {ABOUT "feed: {after_run: [/x]}\n", ":2:8: ", "feed.after_run: may not stand"},
    {ABOUT "feed: {match_bye: email}\n", ":2:8: ", "is match_by meant?"},
    {ABOUT "feed: {match_by: mail}\n", ":2:18: ", "feed.match_by: expected username, email"},
    {ABOUT "feed: {csv: {header: maybe}}\n", ":2:22: ", "feed.csv.header: expected first or none"},
    {ABOUT "feed: {csv: {skip_rows: 101}}\n", ":2:25: ", "a number from 0 to 100"},
    {ABOUT "feed: {set: {nosuch: x}}\n", ":2:14: ", "a column of enrold's own"},
    {ABOUT "feed: {split: {A: \"\"}}\n", ":2:19: ", "feed.split: expected a text of 1 to 16"},
    /* What does not go together. */
    {KIND "feed: {csv: {header: none}}}\n", ":3:3: ", "kinds: k: has is of files with headings"},
    {KIND "feed: {csv: {positions: [a]}}}\n",
        ":3:3: ", "kinds: k: csv.positions is given, and the file has a header"},
    {ABOUT "kinds: [{name: k, begins: [a]}]\n", ":2:9: ", "begins is of files without headings"},
    {ABOUT "kinds: [{name: k, begins: [a], feed: {csv: {header: none}}}]\n",
        ":2:9: ", "csv.positions does not say"},
    {ABOUT "kinds: [{name: k, begins: [a], feed: {csv: {header: none, positions: [a, A]}}}]\n",
        ":2:9: ", "a heading twice"},
    {ABOUT "kinds: [{name: k, begins: [a], feed: {newest_by: d, csv: {header: none, positions: "
           "[a]}}}]\n",
        ":2:9: ", "newest_by is none of csv.positions"},
    {KIND "feed: {values: {status: {gone: 1}}}}\n",
        ":3:3: ", "kinds: k: values.status: no column that enrold knows"},
    {KIND "feed: {values: {role: {A: student}}}}\n", ":3:3: ", "named with its number, as role1"},
    {TWO("match_by: email", ""), ":4:3: ", "kinds: two: match_by is not the same in all kinds"},
    {TWO("empty: [a]", "empty: [b]"), ":4:3: ", "two: empty is not the same"},
    {TWO("username_template: \"%f\"", ""), ":4:3: ", "username_template is not the same"},
    {TWO("upload_type: add", "upload_type: add_or_update"), ":4:3: ", "upload_type is not"},
    {TWO("update_details: file", "update_details: fill_missing"), ":4:3: ", "update_details is"},
    {TWO("defaults: {city: a}", "defaults: {city: b}"), ":4:3: ", "defaults.city is not the same"},
    {TWO("values: {role1: {S: student}}", "columns: {B: role1}"),
        ":3:3: ", "one: values.role1: other kinds have that column, too"},
    {ABOUT "feed: {values: {city: {X: Oslo}}}\n"
           "kinds:\n- {name: a, has: [A]}\n- {name: b, has: [B]}\n",
        ":4:3: ", "a: values.city: nothing says which kind of files has that column"},
    {TWO("values: {role1: {S: student, \"*\": keep}}", "set: {role1: student}"),
        ":3:3: ", "say \"*\": error among its words"},
};

Test(preset_file, says_what_is_wrong_and_where)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const struct preset *preset = NULL;
		struct error error = load_text(bad[i].text, &preset);
		cr_expect_eq(error.class, ERROR_CONFIG, "case %zu: %s", i, error.text);
		cr_expect(strncmp(error.text, "/tmp/enrold-preset-", 19) == 0, "%s", error.text);
		cr_expect(strstr(error.text, bad[i].place), "case %zu: no '%s' in %s", i,
		    bad[i].place, error.text);
		cr_expect(strstr(error.text, bad[i].words), "case %zu: no '%s' in %s", i,
		    bad[i].words, error.text);
	}
}

Test(preset_file, takes_no_more_kinds_than_an_archive_has_members)
{
	const struct preset *preset = NULL;
	struct buffer text = {0};
	buffer_add_text(&text, ABOUT "kinds:\n");
	for (int i = 0; i <= PRESET_KINDS_MAX; i++)
		buffer_print(&text, "- {name: k%d, has: [A%d]}\n", i, i);
	buffer_add_char(&text, '\0');
	struct error error = load_text(text.bytes, &preset);
	cr_expect(strstr(error.text, ":35:3: kinds: more than 32 kinds"), "%s", error.text);
	buffer_done(&text);
}

Test(preset_file, that_is_not_there_is_named)
{
	const struct preset *preset = NULL;
	struct error error = preset_load("nosuch", arena, &preset);
	cr_expect_eq(error.class, ERROR_CONFIG);
	cr_expect(strstr(error.text, "there is no preset nosuch"), "%s", error.text);
	error = preset_load("/nonexistent/p.yaml", arena, &preset);
	cr_expect_eq(error.class, ERROR_CONFIG);
	cr_expect(strstr(error.text, "cannot open /nonexistent/p.yaml"), "%s", error.text);
}

/* ---- what is read ---- */

static void texts_expect(const struct text_list *list, const char *joined)
{
	struct buffer text = {0};
	for (size_t i = 0; i < list->count; i++)
		buffer_print(&text, "%s%s", i > 0 ? "|" : "", list->items[i]);
	buffer_add_char(&text, '\0');
	cr_expect_str_eq(text.bytes, joined);
	buffer_done(&text);
}

#define OURS                                                                                       \
	ABOUT "manifest: m.csv\n"                                                                  \
	      "feed: {match_by: idnumber, dates: [\"%F\"], empty: [\"-\"], meaning: delta,\n"      \
	      "  columns: {Id: idnumber, Login: username}, defaults: {city: Oslo, lang: no}}\n"    \
	      "kinds:\n"                                                                           \
	      "- name: users\n"                                                                    \
	      "  files: \"u*.csv\"\n"                                                              \
	      "  has: [Id, Login]\n"                                                               \
	      "  lacks: [Course]\n"                                                                \
	      "  feed: {upload_type: add_or_update, update_details: file, csv: {skip_rows: 1},\n"  \
	      "    columns: {Login: email, Stand: suspended},\n"                                   \
	      "    values: {Stand: {on: 0, off: 1}, X: {gone: {deleted: 1}}}}\n"                   \
	      "- name: enrol\n"                                                                    \
	      "  begins: [add, del]\n"                                                             \
	      "  feed: {csv: {header: none, positions: [op, Id, Course]}, meaning: full,\n"        \
	      "    columns: {Course: course1, Role: role1},\n"                                     \
	      "    values: {Role: {S: student, T: {role1: teacher}, \"*\": error},\n"              \
	      "      op: {add: {enrolstatus1: 0}}}}\n"                                             \
	      "- {name: rest, has: [Z], unused: not ours}\n"

Test(preset_file, lays_a_kind_over_what_is_for_all)
{
	const struct preset *preset = NULL;
	struct error error = load_text(OURS, &preset);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_expect_str_eq(preset->about, "a");
	cr_expect_str_eq(preset->manifest, "m.csv");
	cr_assert_eq(preset->kinds_count, 3);
	const struct preset_kind *users = &preset->kinds[0], *enrol = &preset->kinds[1];
	cr_expect_str_eq(users->name, "users");
	cr_expect_str_eq(users->files, "u*.csv");
	texts_expect(&users->has, "Id|Login");
	texts_expect(&users->lacks, "Course");
	texts_expect(&enrol->begins, "add|del");
	cr_expect_null(enrol->files);
	cr_expect_null(users->unused);
	cr_expect_str_eq(preset->kinds[2].unused, "not ours");
	texts_expect(&users->policy.columns, "Id|idnumber|Login|email|Stand|suspended");
	texts_expect(
	    &enrol->policy.columns, "Id|idnumber|Login|username|Course|course1|Role|role1");
	cr_expect_eq(users->policy.match_by, MATCH_IDNUMBER);
	cr_expect_eq(users->policy.upload_type, UPLOAD_ADD_OR_UPDATE);
	cr_expect_eq(enrol->policy.upload_type, UPLOAD_UPDATE);
	cr_expect_eq(users->policy.skip_rows, 1);
	cr_expect_eq(enrol->policy.skip_rows, 0);
	cr_expect_eq(users->policy.meaning, MEANING_DELTA);
	cr_expect_eq(enrol->policy.meaning, MEANING_FULL);
	cr_expect_eq(enrol->policy.header, HEADING_NONE);
	cr_expect_str_eq(enrol->policy.absence.files, "*.csv");
	cr_expect_str_eq(users->policy.may.courses.items[0], "*");
}

Test(preset_file, composes_the_words_of_all_kinds_under_the_headings_of_the_one_text)
{
	const struct preset *preset = NULL;
	struct error error = load_text(OURS, &preset);
	cr_assert_not(is_error(&error), "%s", error.text);
	const struct policy *composed = &preset->composed;
	texts_expect(&composed->columns, "users.Stand|suspended|enrol.Role|role1");
	texts_expect(&composed->values,
	    "users.Stand|on|users.Stand|0|users.Stand|off|users.Stand|1|"
	    "users.X|gone|deleted|1|"
	    "enrol.Role|S|enrol.Role|student|enrol.Role|T|role1|teacher|"
	    "enrol.Role|*|enrol.Role|error|enrol.op|add|enrolstatus1|0");
	cr_expect_eq(composed->upload_type, UPLOAD_ADD_OR_UPDATE);
	cr_expect_eq(composed->update_details, DETAILS_FILE);
	cr_expect_eq(composed->match_by, MATCH_IDNUMBER);
	cr_expect_eq(composed->header, HEADING_FIRST);
	cr_expect_eq(composed->positions.count, 0);
	cr_expect_eq(composed->skip_rows, 0);
	cr_expect_str_eq(composed->delimiter, "comma");
	cr_expect_null(composed->encoding);
	cr_expect_eq(composed->meaning, MEANING_FULL);
	texts_expect(&composed->defaults, "city|Oslo|lang|no");
	texts_expect(&composed->empty, "-");
}

/* Otherwise one of two columns of one name would refuse the archive. */
Test(preset_file, gives_a_column_that_several_kinds_have_its_cells_by_words)
{
	const struct preset *preset = NULL;
	struct error error =
	    load_text(TWO("columns: {R: role1}, values: {role1: {S: student, \"*\": error}}",
	                  "set: {role1: teacher}"),
	        &preset);
	cr_assert_not(is_error(&error), "%s", error.text);
	texts_expect(&preset->composed.columns, "");
	texts_expect(
	    &preset->composed.values, "one.role1|S|role1|student|one.role1|*|one.role1|error");
}

/* ---- the feed over all of it ---- */

static struct config_file *feed_load(const char *preset, const char *feed, struct error *error)
{
	char path[32], text[2048];
	struct config_file *file = NULL;
	snprintf(text, sizeof text,
	    "spool: /s\nlms: {url: \"sqlite:/l.db\"}\nfeeds:\n  hr: {preset: \"%s\", %s}\n", preset,
	    feed);
	text_write(path, text);
	*error = config_load(path, &file);
	unlink(path);
	return file;
}

static const struct {
	const char *feed;
	size_t kind;
	const char *words; /* of that kind's policy as one line */
} merges[] = {
    {"", 0, " columns=Id,idnumber,Login,email,Stand,suspended "},
    {"", 0, " usernames=lower "},
    /* A key of the feed wins over the kind's and the preset's. */
    {"match_by: email", 1, " match_by=email "},
    {"upload_type: add", 0, " upload_type=add "},
    {"meaning: manifest", 1, " meaning=manifest "},
    {"csv: {skip_rows: 3}", 0, " skip_rows=3 "},
    {"csv: {skip_lines: 2}", 0, " skip_rows=1 "},
    /* So do those of compat, but only over defaults. */
    {"compat: moodle", 0, " usernames=clean "},
    {"compat: moodle", 0, " match_by=idnumber "},
    /* Maps for each entry, letter case and blanks aside. */
    {"columns: {LOGIN: username}", 0, " columns=Id,idnumber,Stand,suspended,LOGIN,username "},
    {"columns: {Mail: email}", 0, " columns=Id,idnumber,Stand,suspended,Mail,email "},
    {"columns: {More: city}", 1, "Course,course1,Role,role1,More,city "},
    {"defaults: {city: Bergen}", 0, " defaults=lang,no,city,Bergen "},
    {"values: {Stand: {OFF: 0, away: 1}}", 0,
        " values=Stand,on,Stand,0,Stand,OFF,Stand,0,Stand,away,Stand,1,X,gone,deleted,1 "},
    /* Also where one layer names the column as the file does and the other as enrold does. */
    {"values: {role1: {T: student, A: {role1: teacher}}}", 1,
        " values=Role,S,Role,student,Role,*,"},
    {"values: {role1: {T: student}}", 1, "Role,*,Role,error,Role,T,Role,student,op,add,"},
    {"values: {Y: {a: {city: b}}}", 0, "X,gone,deleted,1,Y,a,city,b "},
    {"values: {\"x\": {Gone: {suspended: 1}}}", 0, ",X,Gone,suspended,1 "},
    /* Lists as a whole. */
    {"dates: [\"%d/%m/%Y\"]", 0, " dates=%25d/%25m/%25Y "},
    {"empty: []", 0, " empty= "},
    /* What a preset may not say is the feed's for every kind. */
    {"absence: {action: suspend, files: \"*.zip\"}", 1, " absence.action=suspend "},
    {"may: {courses: [\"A-*\"]}", 0, " may.courses=A-*"},
    {"review: true", 0, " review=true "},
};

Test(preset_file, gives_way_to_the_feed)
{
	char path[32];
	text_write(path, OURS);
	for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
		struct error error;
		struct buffer line = {0};
		struct config_file *file = feed_load(path, merges[i].feed, &error);
		cr_assert_not(is_error(&error), "%s: %s", merges[i].feed, error.text);
		const struct feed *feed = config_find_feed(config_get(file), "hr");
		policy_format(&feed->preset->kinds[merges[i].kind].policy, &line);
		buffer_add_text(&line, " ");
		buffer_add_char(&line, '\0');
		cr_expect(strstr(line.bytes, merges[i].words), "%s: no%sin %s", merges[i].feed,
		    merges[i].words, line.bytes);
		buffer_done(&line);
		config_free(file);
	}
	unlink(path);
}

static const struct {
	const char *feed, *words;
} feed_bad[] = {
    {"csv: {positions: [a]}", ":4:7: feeds.hr.preset: users: csv.positions is given"},
    {"csv: {header: first}", "feeds.hr.preset: enrol: begins is of files without headings"},
    {"values: {Q: {gone: 1}}", "values.Q: no column that enrold knows"},
    {"newest_by: d", "enrol: newest_by is none of csv.positions"},
    {"pgp: {required: true}", "pgp.required is true, and without pgp.home"},
    {"values: {role: {a: student}}", "named with its number"},
};

Test(preset_file, is_judged_together_with_the_feed)
{
	char path[32];
	text_write(path, OURS);
	for (size_t i = 0; i < sizeof feed_bad / sizeof *feed_bad; i++) {
		struct error error;
		feed_load(path, feed_bad[i].feed, &error);
		cr_expect_eq(error.class, ERROR_CONFIG, "%s", feed_bad[i].feed);
		cr_expect(
		    strstr(error.text, feed_bad[i].words), "%s: %s", feed_bad[i].feed, error.text);
	}
	unlink(path);
}

Test(preset_file, that_is_wrong_is_named_with_the_feed_and_its_own_place)
{
	char path[32];
	struct error error;
	text_write(path, ABOUT "kinds: 3\n");
	feed_load(path, "", &error);
	cr_expect_eq(error.class, ERROR_CONFIG);
	cr_expect(
	    strstr(error.text, ":4:7: feeds.hr.preset: /tmp/enrold-preset-"), "%s", error.text);
	cr_expect(strstr(error.text, ":2:8: kinds: expected a list"), "%s", error.text);
	unlink(path);
	feed_load("nosuch", "", &error);
	cr_expect(strstr(error.text, ":4:7: feeds.hr.preset: there is no preset nosuch"), "%s",
	    error.text);
	feed_load("No Such", "", &error);
	cr_expect(
	    strstr(error.text, "feeds.hr.preset: expected the name of a preset"), "%s", error.text);
}

static struct config_file *load_again(const struct config_file *file, struct buffer *text)
{
	char path[32];
	struct config_file *again = NULL;
	config_format(config_get(file), text);
	buffer_add_char(text, '\0');
	text_write(path, text->bytes);
	struct error error = config_load(path, &again);
	unlink(path);
	cr_assert_not(is_error(&error), "%s\n%s", error.text, text->bytes);
	return again;
}

static void same_policies_expect(const struct policy *one, const struct policy *other)
{
	struct buffer a = {0}, b = {0};
	policy_format(one, &a);
	policy_format(other, &b);
	cr_expect(slice_is(buffer_slice(&a), buffer_slice(&b)), "%.*s\n%.*s", (int)a.size, a.bytes,
	    (int)b.size, b.bytes);
	buffer_done(&a);
	buffer_done(&b);
}

/* A default that was printed as the feed's would win over the preset when it is read again. */
Test(preset_file, is_printed_by_name_beside_what_the_feed_says_itself)
{
	char path[32];
	struct error error;
	struct buffer text = {0}, again_text = {0};
	text_write(path, OURS);
	struct config_file *file = feed_load(path,
	    "columns: {More: city}, csv: {skip_rows: 2}, absence: {action: suspend}, "
	    "values: {Y: {a: {city: b}}}",
	    &error);
	cr_assert_not(is_error(&error), "%s", error.text);
	struct config_file *again = load_again(file, &text);
	config_free(load_again(again, &again_text));
	cr_expect_str_eq(again_text.bytes, text.bytes);
	const struct feed *one = config_find_feed(config_get(file), "hr");
	const struct feed *other = config_find_feed(config_get(again), "hr");
	same_policies_expect(&one->policy, &other->policy);
	same_policies_expect(&one->preset->composed, &other->preset->composed);
	for (size_t i = 0; i < one->preset->kinds_count; i++)
		same_policies_expect(
		    &one->preset->kinds[i].policy, &other->preset->kinds[i].policy);
	const char *hr = strstr(text.bytes, "\n  hr:\n");
	cr_expect(strstr(hr, "    columns: { \"More\": \"city\" }\n"), "%s", hr);
	cr_expect(strstr(hr, "      skip_rows: 2\n"), "%s", hr);
	cr_expect_null(strstr(hr, "match_by"), "%s", hr);
	cr_expect_null(strstr(hr, "skip_lines"), "%s", hr);
	cr_expect(strstr(hr, "    review: false\n"), "%s", hr);
	buffer_done(&text);
	buffer_done(&again_text);
	config_free(again);
	config_free(file);
	unlink(path);
}

/* Of a kind as of the feed: what is stored with a run is read as the same. */
Test(preset_file, has_policies_that_are_kept_with_a_run)
{
	size_t count;
	const char *const *names = preset_builtin_names(&count);
	for (size_t i = 0; i < count; i++) {
		const struct preset *preset = NULL;
		struct error error = preset_load(names[i], arena, &preset);
		cr_assert_not(is_error(&error), "%s", error.text);
		for (size_t k = 0; k <= preset->kinds_count; k++) {
			const struct policy *policy =
			    k < preset->kinds_count ? &preset->kinds[k].policy : &preset->composed;
			struct buffer line = {0};
			struct policy stored;
			policy_format(policy, &line);
			buffer_add_char(&line, '\0');
			error = policy_parse(line.bytes, arena, &stored);
			cr_assert_not(is_error(&error), "%s", error.text);
			same_policies_expect(policy, &stored);
			cr_expect_str_eq(stored.preset, names[i]);
			buffer_done(&line);
		}
	}
}
