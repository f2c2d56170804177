#include "outlook.h"

#include "ask.h"
#include "figure.h"
#include "sentence.h"
#include "words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum ctl_exit outlook_find(const struct ctl *ctl, const char *run, struct outlook *outlook)
{
	size_t i;
	const json_t *object;
	*outlook = (struct outlook){.answer = NULL};
	json_t *request = json_pack("{s:s, s:s}", "command", "show", "run", run);
	enum ctl_exit asked = ask_quietly(ctl, request, &outlook->answer);
	if (asked == CTL_TRY_LATER && !ctl->options[OPTION_YES])
		fputs("enrolctl: the daemon has no time to tell what would be done: try again, or "
		      "say --yes\n",
		    stderr);
	if (asked != CTL_OK)
		return asked == CTL_TRY_LATER && !ctl->options[OPTION_YES] ? asked : CTL_OK;
	json_array_foreach(outlook->answer, i, object)
	{
		if (words_is(object, "kind", "run"))
			outlook->run = object;
		else if (words_is(object, "kind", "plan") && words_is(object, "state", "open"))
			outlook->plan = object;
	}
	return CTL_OK;
}

void outlook_done(struct outlook *outlook)
{
	json_decref(outlook->answer);
	*outlook = (struct outlook){.answer = NULL};
}

/* ---- told ---- */

static void sentence_print(struct buffer *text)
{
	if (!sentence_write(stdout, text, 0))
		puts("(no memory)");
	buffer_done(text);
}

static void count_add(struct buffer *text, int64_t count, const char *one, const char *many)
{
	char shown[FIGURE_SIZE];
	figure_number(shown, (uint64_t)count);
	buffer_print(text, "%s %s", shown, count == 1 ? one : many);
}

static void courses_add(struct buffer *text, const json_t *plan)
{
	size_t i;
	const json_t *course, *courses = json_object_get(plan, "courses");
	int64_t others = words_number(plan, "other_courses");
	json_array_foreach(courses, i, course)
	{
		buffer_add_text(text, i > 0 ? ", " : "; by course: ");
		buffer_print(text, "%s (%lld)", words_text(course, "course"),
		    (long long)words_number(course, "people"));
	}
	if (others > 0)
		buffer_print(
		    text, " and %lld more course%s", (long long)others, others == 1 ? "" : "s");
}

void outlook_plan_tell(const json_t *plan)
{
	struct buffer text = {0};
	const json_t *losing = json_object_get(plan, "people_losing");
	count_add(&text, words_number(plan, "rows"), "row", "rows");
	buffer_add_text(&text, " about ");
	count_add(&text, words_number(plan, "people"), "person", "people");
	if (json_integer_value(losing) > 0) {
		buffer_add_text(&text, ", of whom ");
		count_add(&text, json_integer_value(losing), "would lose something",
		    "would lose something");
	}
	courses_add(&text, plan);
	sentence_print(&text);
}

void outlook_tell(const struct outlook *outlook)
{
	struct buffer text = {0};
	buffer_print(&text, "%s of feed %s, run %s: %s", words_text(outlook->run, "file"),
	    words_text(outlook->run, "feed"), words_text(outlook->run, "run"),
	    words_text(outlook->plan, "reason"));
	sentence_print(&text);
	outlook_plan_tell(outlook->plan);
}

bool outlook_takes(const json_t *plan)
{
	const json_t *losing = json_object_get(plan, "people_losing");
	return !json_is_integer(losing) || json_integer_value(losing) > 0;
}

/* ---- asked ---- */

bool outlook_confirm(const struct ctl *ctl)
{
	char line[16] = "";
	if (ctl->options[OPTION_YES] || ctl->json || !isatty(STDIN_FILENO) ||
	    !isatty(STDOUT_FILENO))
		return true;
	fputs("Is that meant? yes/no: ", stdout);
	fflush(stdout);
	if (!fgets(line, sizeof line, stdin))
		putchar('\n');
	line[strcspn(line, "\r\n")] = '\0';
	if (strcasecmp(line, "yes") == 0 || strcasecmp(line, "y") == 0)
		return true;
	puts("Nothing was ordered.");
	return false;
}
