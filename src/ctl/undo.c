/*
 * enrolctl undo R...: what runs did is taken back, the newest first, each in a run of its own; with
 * --preview it is only told. By the counts of the answers: of each row that run finds out itself
 * whether somebody has changed it since.
 */
#include "figure.h"
#include "order.h"
#include "outlook.h"
#include "terminal.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What can be taken back, and what of it in words. */
static const struct {
	const char *code, *words;
	bool stays; /* whatever is said */
} deeds[] = {
    {"enrolled", "enrolments go, or are suspended where a grade would go with them", false},
    {"enrolment_updated", "enrolments get back their dates and status", false},
    {"unenrolled", "enrolments come back", false},
    {"unenrol_suspended", "enrolments are activated again", false},
    {"absent_suspended", "enrolments that absence has suspended are activated again", false},
    {"absent_unenrolled", "enrolments that absence has ended come back", false},
    {"returned", "enrolments are suspended again", false},
    {"role_assigned", "roles go", false},
    {"role_removed", "roles come back", false},
    {"group_joined", "memberships of groups go", false},
    {"group_left", "memberships of groups come back", false},
    {"cohort_joined", "memberships of cohorts go", false},
    {"cohort_left", "memberships of cohorts come back", false},
    {"account_created", "accounts are suspended, and not deleted", false},
    {"account_updated", "accounts get back their details", false},
    {"account_suspended", "accounts are activated again", false},
    {"account_activated", "accounts are suspended again", false},
    {"account_renamed", "accounts get back their names", false},
    {"interests_set", "interests become what they were", false},
    {"undone", "what was undone is done again", false},
    {"account_deleted", "accounts stay deleted", true},
    {"group_created", "groups stay", true},
    {"grouping_created", "groupings stay", true},
    {"cohort_created", "cohorts stay", true},
};

enum { DEEDS = sizeof deeds / sizeof *deeds };

static int64_t count_of(const json_t *run, size_t deed)
{
	return words_number(json_object_get(run, "codes"), deeds[deed].code);
}

static int64_t undone_count(const json_t *run)
{
	int64_t count = 0;
	for (size_t i = 0; i < DEEDS; i++)
		count += deeds[i].stays ? 0 : count_of(run, i);
	return count;
}

/* ---- told ---- */

static void feed_tell(const json_t *run)
{
	const char *feed = words_text(run, "feed");
	printf("The feed's next file would do the same again, unless it is another one: enrolctl "
	       "pause %s has its files wait.\n",
	    feed);
}

static void run_tell(const json_t *run)
{
	char outcomes[OUTCOMES_SIZE], shown[FIGURE_SIZE];
	words_outcomes(outcomes, json_object_get(run, "outcomes"));
	printf("Run %s of feed %s, ", words_text(run, "run"), words_text(run, "feed"));
	terminal_write(stdout, words_text(run, "file"));
	printf(": %s\n", *outcomes ? outcomes : words_text(run, "status"));
	for (size_t i = 0; i < DEEDS; i++) {
		int64_t count = count_of(run, i);
		figure_number(shown, (uint64_t)count);
		if (count > 0)
			printf("%9s  %s: %s\n", shown, deeds[i].code, deeds[i].words);
	}
	if (undone_count(run) == 0)
		puts("           There is nothing that could be taken back.");
	else
		feed_tell(run);
}

static void run_json_print(const json_t *run)
{
	json_t *undone = json_object(), *stays = json_object();
	for (size_t i = 0; i < DEEDS; i++)
		if (count_of(run, i) > 0)
			json_object_set_new(deeds[i].stays ? stays : undone, deeds[i].code,
			    json_integer(count_of(run, i)));
	json_t *object =
	    json_pack("{s:s, s:s, s:s, s:o, s:o}", "preview", "undo", "run", words_text(run, "run"),
	        "feed", words_text(run, "feed"), "undone", undone, "stays", stays);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

/* ---- all of them ---- */

static int newest_first(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

static size_t runs_sort(const struct ctl *ctl)
{
	size_t count = 0;
	while (ctl->arguments[count])
		count++;
	qsort(ctl->arguments, count, sizeof *ctl->arguments, newest_first);
	return count;
}

/* A preview, a file that was held or refused before anything of it was done. */
static bool has_done_nothing(const json_t *run)
{
	bool is_broken_off =
	    words_is(run, "status", "refused") || words_is(run, "status", "discarded");
	return words_is(run, "mode", "preview") || words_is(run, "status", "held") ||
	       (is_broken_off && words_number(run, "rows") == 0);
}

/* *takes: something would be taken back. CTL_NO: there is no such run. */
static enum ctl_exit look(const struct ctl *ctl, const char *about, bool *takes)
{
	struct outlook outlook;
	bool is_preview = ctl->options[OPTION_PREVIEW];
	enum ctl_exit found = outlook_find(ctl, about, &outlook);
	if (found != CTL_OK)
		return found;
	bool is_known = outlook.run && !has_done_nothing(outlook.run);
	bool is_idle = outlook.run && !is_known;
	if (is_known && !ctl->json)
		run_tell(outlook.run);
	else if (is_known && is_preview)
		run_json_print(outlook.run);
	*takes |= !is_known || undone_count(outlook.run) > 0;
	if (is_idle || (!is_known && is_preview)) {
		fputs("enrolctl: there is no such run that has changed something: ", stderr);
		terminal_write(stderr, about);
		fputc('\n', stderr);
	}
	outlook_done(&outlook);
	return is_known || (!is_idle && !is_preview) ? CTL_OK : CTL_NO;
}

enum ctl_exit ctl_undo(const struct ctl *ctl)
{
	static const struct order_command command = {.command = "undo",
	    .kind = ORDER_UNDO,
	    .of_ended = ORDER_UNDO,
	    .done = "It is taken back in a run of its own: run"};
	size_t count = runs_sort(ctl);
	bool takes = false;
	enum ctl_exit status = CTL_OK;
	for (size_t i = 0; i < count; i++) {
		enum ctl_exit known = look(ctl, ctl->arguments[i], &takes);
		status = known == CTL_OK ? status : known;
	}
	if (ctl->options[OPTION_PREVIEW] || status != CTL_OK)
		return status;
	if (takes && !outlook_confirm(ctl))
		return CTL_NO;
	status = CTL_OK;
	for (size_t i = 0; i < count && status == CTL_OK; i++)
		status = order_do_about(ctl, &command, ctl->arguments[i]);
	return status;
}
