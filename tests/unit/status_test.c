/* Status, for eyes and for a monitor, whatever names and texts are. */
#include "../../src/ctl/status_check.h"
#include "../../src/ctl/status_view.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static json_t *feed_make(int index, const char *state, const char *file, int files)
{
	char name[16];
	snprintf(name, sizeof name, "f%d", index);
	return json_pack("{s:s, s:s, s:[], s:[], s:n, s:{s:i, s:{s:s, s:n}, s:n}}", "feed", name,
	    "state", state, "running", "stopped", "paused", "waiting", "files", files, "oldest",
	    "file", file, "since", "for");
}

/* Sixty feeds, of which one has something to do. */
static json_t *feeds_make(void)
{
	json_t *feeds = json_array();
	for (int i = 0; i < 60; i++)
		json_array_append_new(feeds, i == 42 ? feed_make(i, "queued", "a\nb|c\u202E.csv", 3)
		                                     : feed_make(i, "idle", "", 0));
	return feeds;
}

static char *shown(size_t lines_max)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	json_t *feeds = feeds_make(), *needs = json_array(), *daemons = json_pack("[{}]");
	cr_expect(status_view_print(daemons, feeds, needs, lines_max, to));
	fclose(to);
	json_decref(feeds);
	json_decref(needs);
	json_decref(daemons);
	return text;
}

static size_t lines(const char *text)
{
	size_t count = 0;
	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

Test(status, counts_idle_feeds_where_there_is_no_room_for_them)
{
	char *all = shown(0), *few = shown(24);
	cr_expect_gt(lines(all), 60);
	cr_expect(strstr(all, "f59") && strstr(all, "f42"));
	cr_expect_lt(lines(few), 24, "%s", few);
	cr_expect(strstr(few, "f42   queued  a_b|c_.csv") && !strstr(few, "f59"), "%s", few);
	cr_expect(strstr(few, "\nand 59 feeds with nothing to do\n"), "%s", few);
	free(all);
	free(few);
}

static const struct check_case {
	const char *level, *what, *missing;
	int status;
	const char *line;
} checks[] = {
    {NULL, NULL, NULL, 0, "ENROLD OK - 60 feeds | waiting=3 running=0 needs=0 feeds=60\n"},
    {"warning", "a|b=9\n\x1B[2J waits", NULL, 1,
        "ENROLD WARNING - hr: a/b=9__[2J waits | waiting=3 running=0 needs=1 feeds=60\n"},
    {"critical", "the database is away", NULL, 2,
        "ENROLD CRITICAL - hr: the database is away | waiting=3 running=0 needs=1 feeds=60\n"},
    {"warning", "held", "no daemon | runs", 2,
        "ENROLD CRITICAL - no daemon / runs | waiting=3 running=0 needs=1 feeds=60\n"},
};

Test(status, for_a_monitor_is_one_line_with_one_bar)
{
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		const struct check_case *it = &checks[i];
		char *text;
		size_t size;
		FILE *to = open_memstream(&text, &size);
		json_t *feeds = feeds_make(), *needs = json_array();
		if (it->level)
			json_array_append_new(needs, json_pack("{s:s, s:s, s:s}", "feed", "hr",
			                                 "level", it->level, "what", it->what));
		cr_expect_eq(status_check_print(feeds, needs, it->missing, to), it->status);
		fclose(to);
		cr_expect_str_eq(text, it->line, "%s", text);
		free(text);
		json_decref(feeds);
		json_decref(needs);
	}
}
