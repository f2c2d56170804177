/*
 * enrolctl --complete WHAT: words for the completions in etc/completion, one a line: "feeds";
 * "presets"; "runs", the newest in the outbox; "orders", those that the daemons' status tells of.
 */
#include "answers.h"
#include "ask.h"

#include "enrold/disk.h"
#include "enrold/names.h"
#include "enrold/preset.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RUNS_MAX = 20 };

/* The newest, the newest first. */
struct newest {
	char runs[RUNS_MAX + 1][RUN_ID_SIZE + 1];
	size_t count;
};

static void run_add(struct newest *newest, const char run[RUN_ID_SIZE + 1])
{
	size_t at = newest->count;
	for (; at > 0 && strcmp(run, newest->runs[at - 1]) > 0; at--)
		memcpy(newest->runs[at], newest->runs[at - 1], sizeof newest->runs[at]);
	memcpy(newest->runs[at], run, sizeof newest->runs[at]);
	newest->count += newest->count < RUNS_MAX;
}

static void feed_look(struct newest *newest, const struct config *config, const char *feed)
{
	char run[RUN_ID_SIZE + 1];
	const struct dirent *entry;
	int outbox = answers_open(config, feed);
	DIR *listing = outbox < 0 ? NULL : disk_list(outbox);
	while (listing && (entry = readdir(listing)))
		if (name_find_answer(entry->d_name, ".summary.json", run))
			run_add(newest, run);
	if (listing)
		closedir(listing);
	if (outbox >= 0)
		close(outbox);
}

static void runs_print(const struct config *config)
{
	struct newest newest = {.count = 0};
	for (size_t i = 0; i < config->feeds_count; i++)
		feed_look(&newest, config, config->feeds[i].name);
	for (size_t i = 0; i < newest.count; i++)
		puts(newest.runs[i]);
}

static void presets_print(void)
{
	size_t count;
	const char *const *names = preset_builtin_names(&count);
	for (size_t i = 0; i < count; i++)
		puts(names[i]);
}

/* Each member "run", wherever it is. */
static void members_print(const json_t *value)
{
	size_t i;
	const json_t *item;
	const char *run = json_string_value(json_object_get(value, "run")), *name;
	if (run)
		puts(run);
	json_array_foreach(value, i, item) members_print(item);
	json_object_foreach((json_t *)value, name, item) members_print(item);
}

enum ctl_exit ctl_complete(const struct ctl *ctl)
{
	const char *what = ctl->arguments[0];
	json_t *daemons = NULL;
	if (strcmp(what, "feeds") == 0)
		for (size_t i = 0; i < ctl->config->feeds_count; i++)
			puts(ctl->config->feeds[i].name);
	else if (strcmp(what, "presets") == 0)
		presets_print();
	else if (strcmp(what, "runs") == 0)
		runs_print(ctl->config);
	else if (strcmp(what, "orders") == 0 &&
	         ask_all(ctl, json_pack("{s:s}", "command", "status"), &daemons) == CTL_OK)
		members_print(daemons);
	json_decref(daemons);
	return CTL_OK;
}
