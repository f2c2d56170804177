/* What the manuals show of full files is what happens: their files are dropped, and the rows that
 * they print are looked for in the answers. */
#include "nightly.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* The nth example behind the heading. Given to the caller. */
static char *example_of(const char *manual, const char *heading, size_t nth)
{
	struct buffer text = files_read(path_of(SOURCE_DIR "/src/%s", manual).text);
	const char *at = strstr(text.bytes, heading);
	for (size_t i = 0; at && i <= nth; i++)
		at = strstr(at + 1, "\n.Bd -literal");
	const char *start = at ? strchr(at + 1, '\n') + 1 : NULL;
	const char *end = start ? strstr(start, "\n.Ed") : NULL;
	cr_assert_not_null(end, "%s has no example %zu behind %s", manual, nth, heading);
	char *example = strndup(start, (size_t)(end + 1 - start));
	buffer_done(&text);
	return example;
}

static char *answer_of(const struct nightly *nightly)
{
	struct buffer text = files_read(nightly->reply.result_path.text);
	char *answer = strdup(text.bytes);
	buffer_done(&text);
	return answer;
}

/* Each line of the example, up to "...", begins one of the answer, in their order. */
static void answer_expect(const struct nightly *nightly, char *example)
{
	char *answer = answer_of(nightly), *at = answer, *rest = NULL;
	for (char *line = strtok_r(example, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *dots = strstr(line, ",..."), *wanted = NULL;
		cr_assert_geq(asprintf(&wanted, "\n%.*s,",
		                  (int)(dots ? dots - line : (long)strlen(line)), line),
		    0);
		char *found = strstr(at, wanted);
		cr_expect_not_null(found, "%s, in this order, of\n%s", line, answer);
		at = found ? found + 1 : at;
		free(wanted);
	}
	free(answer);
	free(example);
}

static void example_drop(struct nightly *nightly, const char *name, char *example)
{
	nightly_drop(nightly, name, example);
	free(example);
}

static void people_rename(struct nightly *nightly)
{
	static const char *const names[] = {"anna", "ben", "cleo", "dora"};
	for (int i = 0; i < 4; i++)
		rig_execute(&nightly->rig,
		    path_of("UPDATE mdl_user SET username = '%s' WHERE username = 'p%d'", names[i],
		        i + 1)
		        .text);
	rig_execute(&nightly->rig,
	    "UPDATE mdl_course SET shortname = 'SAFETY' WHERE shortname = 'C1';"
	    "UPDATE mdl_course SET shortname = 'ETHICS' WHERE shortname = 'C2'");
}

Test(manual, of_files_shows_two_full_files_and_what_is_answered)
{
	struct nightly nightly;
	nightly_make(&nightly, "  default: { absence: { action: suspend } }\n");
	people_rename(&nightly);
	example_drop(&nightly, "staff-1.csv", example_of("enrold.csv.5", ".Ss Full files", 0));
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0, "the first removes nobody");
	example_drop(&nightly, "staff-2.csv", example_of("enrold.csv.5", ".Ss Full files", 1));
	answer_expect(&nightly, example_of("enrold.csv.5", ".Ss Full files", 2));
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 2);
	nightly_close(&nightly);
}

Test(manual, of_settings_shows_what_is_said_of_somebody_who_has_left)
{
	struct nightly nightly;
	nightly_make(&nightly, "  default: { absence: { action: suspend } }\n");
	people_rename(&nightly);
	nightly_drop(&nightly, "staff-1.csv", "username,course1\nanna,SAFETY\nben,SAFETY\n");
	nightly_drop(&nightly, "staff-2.csv", "username,course1\nben,SAFETY\ncleo,SAFETY\n");
	answer_expect(&nightly, example_of("enrold.yaml.5", ".Ss A nightly file", 1));
	nightly_close(&nightly);
}

/* The settings for a beginning. */
Test(manual, of_settings_shows_a_limit_that_withholds_whatever_there_is)
{
	struct nightly nightly;
	char *limits = example_of("enrold.yaml.5", ".Ss How to begin", 0);
	struct path feeds = path_of("  default: { absence: { action: suspend }, %.*s }\n",
	    (int)strcspn(limits, "\n"), limits);
	nightly_make(&nightly, feeds.text);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	nightly_withheld(&nightly, 1, "withheld", "1 of 50 people would leave courses");
	nightly_close(&nightly);
	free(limits);
}
