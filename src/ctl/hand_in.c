#include "hand_in.h"

#include "await.h"
#include "meant.h"
#include "owner.h"
#include "show.h"
#include "terminal.h"

#include "enrold/member_line.h"
#include "enrold/orders.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the feed ---- */

static const char *feed_at(const void *config, size_t index)
{
	const struct config *all = config;
	return index < all->feeds_count ? all->feeds[index].name : NULL;
}

const struct feed *hand_in_feed(const struct ctl *ctl)
{
	const char *name = ctl->options[OPTION_FEED] ? ctl->options[OPTION_FEED] : "default";
	const struct feed *feed = config_find_feed(ctl->config, name);
	if (!feed)
		meant_tell(
		    "feed", name, feed_at, ctl->config, ": the settings name those that there are");
	return feed;
}

/* ---- telling ---- */

/* What keeps enrold from taking it, as far as whoever calls may know. */
struct obstacles {
	bool is_stopped; /* no daemon runs */
	bool is_paused;
};

static struct obstacles obstacles_find(const struct drop *drop)
{
	char path[PATH_MAX];
	const struct config *config = drop->config;
	snprintf(path, sizeof path, "%s/orders", config->spool);
	int orders = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct obstacles obstacles = {
	    .is_stopped = !spool_is_taken(config) && !config_is_shared(config),
	};
	/* What cannot be seen is not told of. */
	if (orders >= 0) {
		struct error ignored =
		    order_stands(orders, ORDER_PAUSE, drop->feed->name, &obstacles.is_paused);
		(void)ignored;
		close(orders);
	}
	return obstacles;
}

static json_t *drop_json(const struct drop *drop)
{
	struct obstacles obstacles = obstacles_find(drop);
	return json_pack("{s:s, s:s, s:s, s:s+++, s:I, s:s, s:b, s:b}", "file", drop->name, "feed",
	    drop->feed->name, "mode", drop->lane.is_preview ? "preview" : "apply", "place",
	    drop->config->spool, "/", drop->place, "", "bytes", (json_int_t)drop->bytes, "sha256",
	    drop->sha256, "daemon", !obstacles.is_stopped, "paused", (int)obstacles.is_paused);
}

static enum ctl_exit json_print(json_t *object, enum ctl_exit status)
{
	bool is_printed = object && json_dumpf(object, stdout, JSON_COMPACT) == 0 &&
	                  putchar('\n') != EOF && fflush(stdout) == 0;
	json_decref(object);
	return is_printed ? status : CTL_TRY_LATER;
}

static void drop_tell(const struct drop *drop, FILE *to)
{
	struct obstacles obstacles = obstacles_find(drop);
	terminal_write(to, drop->name);
	fprintf(to, " waits in %s/%s", drop->config->spool, drop->place);
	if (obstacles.is_stopped)
		fputs("; the daemon is not running: it is taken when it starts", to);
	if (obstacles.is_paused)
		fprintf(to, "; the feed is paused: enrolctl resume %s", drop->feed->name);
	fputs(".\n", to);
}

static json_int_t outcome_of(const json_t *summary, const char *kind)
{
	return json_integer_value(json_object_get(json_object_get(summary, "outcomes"), kind));
}

static bool is_refused(const json_t *summary)
{
	const char *status = json_string_value(json_object_get(summary, "status"));
	return !status || strcmp(status, "done") != 0;
}

static void refusal_tell(const json_t *summary)
{
	const json_t *refusal = json_object_get(summary, "refusal");
	const char *code = json_string_value(json_object_get(refusal, "code"));
	const char *message = json_string_value(json_object_get(refusal, "message"));
	json_int_t line = json_integer_value(json_object_get(refusal, "line"));
	struct member_line at = member_line_read(summary, line > 0 ? (uint64_t)line : 0);
	struct buffer where = {0};
	printf("refused, %s: ", code ? code : "for no reason that is told");
	if (at.line > 0) {
		member_line_print(&at, &where);
		buffer_add_text(&where, ": ");
		buffer_add_char(&where, '\0');
		terminal_write(stdout, where.failed ? "" : where.bytes);
	}
	buffer_done(&where);
	terminal_write(stdout, message ? message : "");
	fputs("\n", stdout);
}

static void outcomes_tell(const json_t *summary)
{
	static const char *const kinds[] = {"done", "unchanged", "warning", "error", "skipped"};
	json_int_t rows = json_integer_value(json_object_get(summary, "rows"));
	printf("%" JSON_INTEGER_FORMAT " row%s", rows, rows == 1 ? "" : "s");
	for (size_t i = 0, told = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (outcome_of(summary, kinds[i]) > 0)
			printf("%s%" JSON_INTEGER_FORMAT " %s", told++ > 0 ? ", " : ": ",
			    outcome_of(summary, kinds[i]), kinds[i]);
	fputs(".\n", stdout);
}

/* Whom absence took out, and what is to be said of the file as a whole. */
static void remarks_sketch(const json_t *summary, bool is_preview)
{
	size_t i;
	const json_t *remark, *codes = json_object_get(summary, "codes");
	json_int_t removed = json_integer_value(json_object_get(codes, "absent_suspended")) +
	                     json_integer_value(json_object_get(codes, "absent_unenrolled"));
	if (removed > 0)
		printf("  %" JSON_INTEGER_FORMAT " enrolment%s %s removed, as absent.\n", removed,
		    removed == 1 ? "" : "s",
		    is_preview     ? "would be"
		    : removed == 1 ? "was"
		                   : "were");
	json_array_foreach(json_object_get(summary, "remarks"), i, remark)
	{
		const char *message = json_string_value(json_object_get(remark, "message"));
		fputs("  ", stdout);
		terminal_write(stdout, message ? message : "");
		fputs("\n", stdout);
	}
}

/* For who may read no more than the answers of one feed. */
static void answer_sketch(const struct await *await, const json_t *summary)
{
	const char *run = json_string_value(json_object_get(summary, "run"));
	const json_t *file;
	size_t i;
	terminal_write(stdout, await->drop->name);
	printf(", %s %s: ", await->drop->lane.is_preview ? "preview" : "run", run ? run : "");
	if (is_refused(summary))
		refusal_tell(summary);
	else
		outcomes_tell(summary);
	remarks_sketch(summary, await->drop->lane.is_preview);
	json_array_foreach(json_object_get(summary, "files"), i, file)
	{
		const char *name = json_string_value(json_object_get(file, "name"));
		printf("  %s/", await->place);
		terminal_write(stdout, name ? name : "");
		fputs("\n", stdout);
	}
}

/* As enrolctl show does, for who may: the daemon's user and root. */
static void answer_tell(const struct ctl *ctl, const struct await *await, const json_t *summary)
{
	struct stat spool;
	const char *run = json_string_value(json_object_get(summary, "run"));
	bool is_owner = stat(ctl->config->spool, &spool) == 0 && spool.st_uid == geteuid();
	if (!is_owner || !run || show_run(ctl, run) != CTL_OK)
		answer_sketch(await, summary);
}

/* ---- doing ---- */

/* object: NULL without --json. */
static enum ctl_exit unanswered_tell(const struct await *await, json_t *object)
{
	enum ctl_exit status = await->is_closed ? CTL_NO : CTL_NO_DAEMON;
	if (await->is_closed)
		fprintf(stderr, "enrolctl: there is an answer in %s, which you may not read\n",
		    await->place);
	else
		fprintf(stderr,
		    "enrolctl: the daemon is not running: the file stays in %s/%s until it does\n",
		    await->drop->config->spool, await->drop->place);
	return object ? json_print(object, status) : status;
}

static enum ctl_exit answer_end(const struct ctl *ctl, struct await *await)
{
	const struct drop *drop = await->drop;
	if (obstacles_find(drop).is_paused)
		drop_tell(drop, stderr);
	json_t *summary = await_answer(await);
	json_t *object = ctl->json ? drop_json(drop) : NULL;
	if (!summary)
		return unanswered_tell(await, object);
	enum ctl_exit status =
	    is_refused(summary) || outcome_of(summary, "error") > 0 ? CTL_NO : CTL_OK;
	if (ctl->json) {
		json_object_set_new(object, "summary", summary);
		return json_print(object, status);
	}
	answer_tell(ctl, await, summary);
	json_decref(summary);
	return status;
}

static enum ctl_exit drop_end(const struct ctl *ctl, const struct drop *drop)
{
	if (ctl->json)
		return json_print(drop_json(drop), CTL_OK);
	drop_tell(drop, stdout);
	return CTL_OK;
}

enum ctl_exit hand_in(const struct ctl *ctl, const struct lane *lane,
    const struct drop_source *source, const char *wanted)
{
	struct drop drop = {.inbox = -1};
	struct await await = {.outbox = -1, .notify = -1};
	bool waits = ctl->options[OPTION_WAIT] != NULL;
	struct error error = owner_become(ctl->config->spool);
	if (!is_error(&error))
		error = drop_open(ctl->config, lane, source->name, &drop);
	if (!is_error(&error) && waits)
		error = await_open(&drop, &await);
	if (!is_error(&error))
		error = drop_put(&drop, source, wanted);
	enum ctl_exit status = is_error(&error) ? ctl_fail(&error)
	                       : waits          ? answer_end(ctl, &await)
	                                        : drop_end(ctl, &drop);
	await_close(&await);
	drop_close(&drop);
	return status;
}
