/* The manuals have an entry for each row of the tables, and for nothing else. */
#include "../../src/config/keys.h"
#include "../../src/ctl/ctl.h"
#include "../../src/daemon/metrics.h"

#include "enrold/columns.h"
#include "enrold/config.h"
#include "enrold/events.h"
#include "enrold/outcome.h"
#include "enrold/preset.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char text[64 << 10];

static void manual_load(const char *path)
{
	FILE *file = fopen(path, "re");
	cr_assert_not_null(file, "%s", path);
	size_t size = fread(text, 1, sizeof text - 1, file);
	cr_assert_lt(size, sizeof text - 1);
	text[size] = '\0';
	fclose(file);
}

/* ".It Cm name" between the two headings, alone or in a list of names. */
static bool has_entry(const char *from, const char *to, const char *name)
{
	const char *start = strstr(text, from), *end = start ? strstr(start, to) : NULL;
	cr_assert_not_null(end, "no '%s' before '%s'", from, to);
	for (const char *line = start; line < end; line = strchr(line, '\n') + 1) {
		char words[128] = " ";
		size_t length = strcspn(line, "\n");
		if (strncmp(line, ".It Cm ", 7) != 0 || length > 120)
			continue;
		memcpy(words + 1, line + 7, length - 7);
		strcpy(words + 1 + length - 7, " ");
		char wanted[80];
		snprintf(wanted, sizeof wanted, " %s ", name);
		if (strstr(words, wanted))
			return true;
	}
	return false;
}

static size_t entries(const char *from, const char *to)
{
	const char *start = strstr(text, from), *end = start ? strstr(start, to) : NULL;
	size_t count = 0;
	for (const char *line = start; line && line < end; line = strchr(line, '\n') + 1)
		count += strncmp(line, ".It Cm ", 7) == 0;
	return count;
}

Test(manuals, of_the_settings_name_each_key_in_its_section)
{
	static const struct {
		const char *from, *to;
	} sections[] = {[SECTION_TOP] = {".Ss Top level", ".Ss In checkpoints"},
	    [SECTION_CHECKPOINTS] = {".Ss In checkpoints", ".Ss In mail"},
	    [SECTION_MAIL] = {".Ss In mail", ".Ss In webhook"},
	    [SECTION_WEBHOOK] = {".Ss In webhook", ".Ss In lms"},
	    [SECTION_LMS] = {".Ss In lms", ".Ss In a feed"},
	    [SECTION_FEED] = {".Ss In a feed", ".Ss In may"},
	    [SECTION_MAY] = {".Ss In may", ".Ss In create"},
	    [SECTION_CREATE] = {".Ss In create", ".Ss In absence"},
	    [SECTION_ABSENCE] = {".Ss In absence", ".Ss In limits"},
	    [SECTION_LIMITS] = {".Ss In limits", ".Ss In removals"},
	    [SECTION_REMOVALS] = {".Ss In removals", ".Ss In per_course"},
	    [SECTION_PER_COURSE] = {".Ss In per_course", ".Ss In accounts"},
	    [SECTION_ACCOUNTS] = {".Ss In accounts", ".Ss In by_cell"},
	    [SECTION_BY_CELL] = {".Ss In by_cell", ".Ss In created"},
	    [SECTION_CREATED] = {".Ss In created", ".Ss In errors"},
	    [SECTION_ERRORS] = {".Ss In errors", ".Ss In expect"},
	    [SECTION_EXPECT] = {".Ss In expect", ".Ss In keep"},
	    [SECTION_KEEP] = {".Ss In keep", ".Ss In notify"},
	    [SECTION_NOTIFY] = {".Ss In notify", ".Ss In pgp"},
	    [SECTION_PGP] = {".Ss In pgp", ".Ss In csv"},
	    [SECTION_CSV] = {".Ss In csv", ".Sh WHAT A FEED MAY REACH"}};
	manual_load(SOURCE_DIR "/src/enrold.yaml.5");
	for (enum key_section section = SECTION_TOP; section <= SECTION_CSV; section++) {
		size_t count;
		const struct config_key *keys = keys_of(section, &count);
		for (size_t i = 0; i < count; i++)
			cr_expect(
			    has_entry(sections[section].from, sections[section].to, keys[i].name),
			    "%s", keys[i].name);
		cr_expect_eq(entries(sections[section].from, sections[section].to), count);
	}
}

Test(manuals, of_files_name_each_column_and_each_code)
{
	manual_load(SOURCE_DIR "/src/enrold.csv.5");
	size_t count;
	const struct column *columns = columns_all(&count);
	for (size_t i = 0; i < count; i++) {
		char name[64];
		snprintf(
		    name, sizeof name, "%s%s", columns[i].name, columns[i].is_numbered ? "N" : "");
		cr_expect(has_entry(".Ss Columns", ".Ss Files that", name), "%s", name);
	}
	const struct column *groups = columns_of_groups(&count);
	for (size_t i = 0; i < count; i++)
		cr_expect(has_entry(".Ss Files that", ".Ss Refusals", groups[i].name), "%s",
		    groups[i].name);
	for (enum code code = 0; code < CODES; code++)
		cr_expect(has_entry("The codes are:", ".Ss The retry", outcome_code_name(code)),
		    "%s", outcome_code_name(code));
	cr_expect_eq(entries("The codes are:", ".Ss The retry"), CODES);
	for (enum remark_code code = 0; code < REMARK_CODES; code++)
		cr_expect(has_entry(".Ss Remarks", ".Sh EXAMPLES", remark_code_name(code)), "%s",
		    remark_code_name(code));
	cr_expect_eq(entries(".Ss Remarks", ".Sh EXAMPLES"), REMARK_CODES);
}

Test(manuals, of_presets_tell_of_each_that_is_built_in)
{
	size_t count;
	const char *const *names = preset_builtin_names(&count);
	manual_load(SOURCE_DIR "/src/enrold.preset.5");
	for (size_t i = 0; i < count; i++) {
		char section[64];
		snprintf(section, sizeof section, "\n.Ss %s\n", names[i]);
		cr_expect(strstr(text, section), "%s", names[i]);
	}
	cr_expect_gt(count, 0);
}

Test(manuals, of_enrolctl_name_each_command_and_no_other)
{
	size_t count = 0;
	manual_load(SOURCE_DIR "/src/enrolctl.1");
	for (const char *synopsis; (synopsis = ctl_synopsis(count)); count++) {
		char entry[80];
		snprintf(entry, sizeof entry, "\n.It Cm %s\n", synopsis);
		cr_expect(strstr(text, entry), "%s", synopsis);
	}
	cr_expect_gt(count, 0);
	cr_expect_eq(entries(".Ss Commands", ".Sh FILES"), count);
}

Test(manuals, of_the_daemon_name_each_event_with_its_id_and_meaning)
{
	size_t count;
	const struct event *events = events_all(&count);
	manual_load(SOURCE_DIR "/src/enrold.8");
	for (size_t i = 0; i < count; i++) {
		char entry[400];
		snprintf(entry, sizeof entry, "\n.It Cm %s Pq %s\n%s\n", events[i].name,
		    events[i].id, events[i].meaning);
		cr_expect(strstr(text, entry), "%s", entry);
	}
	cr_expect_eq(entries(".Ss Events", ".Sh SEE ALSO"), count);
}

Test(manuals, of_the_daemon_name_each_metric_with_its_type_and_meaning)
{
	size_t count = 0;
	struct metrics_family family;
	manual_load(SOURCE_DIR "/src/enrold.8");
	for (; metrics_family_at(count, &family); count++) {
		char entry[400];
		snprintf(entry, sizeof entry, "\n.It Cm %s Pq %s\n%s\n", family.name, family.type,
		    family.help);
		cr_expect(strstr(text, entry), "%s", entry);
	}
	cr_expect_gt(count, 0);
	cr_expect_eq(entries(".Sh METRICS", ".Sh EXIT STATUS"), count);
}

static bool is_of_feed(const char *example)
{
	char name[32];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(example, ": \n"), example);
	return keys_find(SECTION_FEED, name) != NULL;
}

/* As somebody would copy them: whole settings, or a key of a feed. */
Test(manuals, of_the_settings_have_examples_that_are_settings)
{
	size_t count = 0;
	manual_load(SOURCE_DIR "/src/enrold.yaml.5");
	for (const char *at = text; (at = strstr(at, "\n.Bd -literal")); count++) {
		const char *start = strchr(at + 1, '\n') + 1, *end = strstr(start, "\n.Ed");
		bool is_whole = strncmp(start, "spool:", 6) == 0;
		char path[] = "/tmp/enrold-test-manual-XXXXXX";
		struct config_file *file = NULL;
		cr_assert_not_null(end);
		at = end;
		if (!is_whole && !is_of_feed(start))
			continue;
		FILE *out = fdopen(mkstemp(path), "w");
		fprintf(out, "%s%.*s%s\n",
		    is_whole ? "" : "spool: /s\nlms: { url: \"sqlite:/l\" }\nfeeds: { hr: { ",
		    (int)(end - start), start, is_whole ? "" : " } }");
		fclose(out);
		struct error error = config_load(path, &file);
		cr_expect_not(is_error(&error), "%.*s: %s", (int)(end - start), start, error.text);
		config_free(file);
		unlink(path);
	}
	cr_expect_gt(count, 1);
	cr_expect(strstr(text, "\nafter_run: ["), "there is an example of after_run");
	cr_expect(strstr(text, "\nabsence: {"), "there are examples of absence");
	cr_expect(strstr(text, "\nvalues: {\n"), "there is an example of values");
	cr_expect_null(strstr(text, ".Dq ["), "in words a list is no list");
}
