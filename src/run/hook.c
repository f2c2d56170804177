#include "hook.h"

#include "command.h"

#include "enrold/log.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

static json_t *about(const struct run *run)
{
	return json_pack("{s:s, s:s}", "run", run->id, "feed", run->row.feed.bytes);
}

static void on_line(void *context, const char *line)
{
	json_t *fields = about(context);
	json_object_set_new(fields, "output", log_text(line));
	log_event(LOG_INFO, "after_run_says", fields, "a line from after_run");
}

static struct slice summary_path(const struct run *run)
{
	char name[FILE_NAME_SIZE];
	bool is_default = strcmp(run->row.feed.bytes, "default") == 0;
	run_name(run, ".summary.json", name);
	return arena_print(run->arena, "ENROLD_SUMMARY=%s/outbox%s%s/%s",
	    run->runner->shared->config->spool, is_default ? "" : "/",
	    is_default ? "" : run->row.feed.bytes, name);
}

static void start(const struct run *run, const struct policy *policy, struct command_end *end)
{
	enum run_state state = run->row.state;
	struct arena *arena = run->arena;
	const char *status = state == RUN_REFUSED     ? "refused"
	                     : state == RUN_DISCARDED ? "discarded"
	                                              : "done";
	char *environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
	    (char *)arena_print(arena, "ENROLD_STATUS=%s", status).bytes,
	    (char *)arena_print(arena, "ENROLD_RUN=%s", run->id).bytes,
	    (char *)arena_print(arena, "ENROLD_FEED=%s", run->row.feed.bytes).bytes,
	    (char *)summary_path(run).bytes, NULL};
	const struct command command = {.words = &policy->after_run,
	    .environment = environment,
	    .input = -1,
	    .timeout_ms = policy->after_run_timeout_ms,
	    .progress = run->runner->shared->progress,
	    .on_line = on_line,
	    .context = (void *)run};
	*end = (struct command_end){.failed = ENOMEM};
	if (!arena_has_failed(arena))
		command_run(&command, end);
}

static void end_tell(
    const struct run *run, const struct policy *policy, const struct command_end *end)
{
	char why[COMMAND_END_SIZE];
	json_t *fields = about(run);
	command_explain(end, why);
	if (end->failed == 0 && WIFEXITED(end->status))
		json_object_set_new(fields, "status", json_integer(WEXITSTATUS(end->status)));
	if (end->failed != 0)
		log_event(LOG_ERROR, "after_run_failed", fields, "after_run cannot start %s: %s",
		    policy->after_run.items[0], strerror(end->failed));
	else if (end->is_late)
		log_event(LOG_ERROR, "after_run_failed", fields,
		    "after_run took longer than after_run_timeout and was ended");
	else if (!*why)
		log_event(LOG_INFO, "after_run_done", fields, "after_run has done its work");
	else
		log_event(LOG_ERROR, "after_run_failed", fields, "after_run %s", why);
}

void hook_run(const struct run *run)
{
	/* Read from the configuration, never from the ledger: only its owner says what runs
	 * here. */
	const struct feed *feed =
	    config_find_feed(run->runner->shared->config, run->row.feed.bytes);
	if (!feed || feed->policy.after_run.count == 0 || run->lane.is_preview)
		return;
	struct command_end end;
	start(run, &feed->policy, &end);
	end_tell(run, &feed->policy, &end);
}
