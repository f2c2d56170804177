#include "stage.h"

#include "../../src/daemon/feeds.h"
#include "fatal.h"
#include "files.h"
#include "heard.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LANES_MAX = 16 };

static struct stage {
	struct path root;
	struct config_file *file;
	const struct config *config;
	struct spool spool;
	struct feeds *feeds;
	int64_t now_ms, clock_ms, takes_ms;
	struct job jobs[LANES_MAX]; /* given, by their places */
	struct buffer seen;
} stage;

/* ---- in the place of the system's ---- */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, now);
	*now = (struct timespec){stage.clock_ms / 1000, stage.clock_ms % 1000 * 1000000};
	stage.clock_ms += stage.takes_ms;
	return 0;
}

/* ---- lanes and runs by their names ---- */

static const char *below_inbox(const struct lane *lane)
{
	static char path[SPOOL_PATH_SIZE];
	spool_inbox(path, lane);
	return strcmp(path, "inbox") == 0 ? "default" : path + strlen("inbox/");
}

/* Its number, as feeds counts its places. */
static size_t lane_find(const char *name)
{
	for (size_t place = 0; place + 1 < feeds_places(stage.feeds); place++) {
		struct lane lane = {.is_preview = place % 2};
		memcpy(lane.feed, stage.config->feeds[place / 2].name, sizeof lane.feed);
		if (strcmp(below_inbox(&lane), name) == 0)
			return place;
	}
	fatal("%s is no lane", name);
}

static struct path path_below(const char *place)
{
	bool is_default = strcmp(place, "default") == 0;
	return path_of(
	    "%s/inbox%s%s", stage.config->spool, is_default ? "" : "/", is_default ? "" : place);
}

/* Of the first second of 2026. */
static void run_id(const char *number, char id[RUN_ID_SIZE + 1])
{
	run_id_format(INT64_C(1767225600000000) + strtol(number, NULL, 10), id);
}

static enum job_weight weight_of(const char *name)
{
	return strcmp(name, "short") == 0      ? JOB_SHORT
	       : strcmp(name, "yielding") == 0 ? JOB_YIELDING
	                                       : JOB_WHOLE;
}

static void must(struct error error)
{
	if (is_error(&error))
		fatal("%s", error.text);
}

/* ---- the steps; `a` and `b` are the words behind, "" where there are none ---- */

static void at(const char *a)
{
	stage.now_ms = stage.clock_ms = strtol(a, NULL, 10);
}

static void takes(const char *a)
{
	stage.takes_ms = strtol(a, NULL, 10);
}

static void drop(const char *a, const char *b)
{
	size_t size = *b ? (size_t)strtoul(b, NULL, 10) : 1;
	char *bytes = calloc(1, size);
	if (!bytes)
		fatal("out of memory");
	files_write(path_below(a).text, bytes, size, 0600);
	free(bytes);
}

static struct path link_path(const char *lane, long number)
{
	return path_of("%s/l%03ld.csv", path_below(lane).text, number);
}

static void links(const char *a, const char *b)
{
	for (long i = 0; i < strtol(b, NULL, 10); i++)
		if (symlink("nowhere", link_path(a, i).text) < 0)
			fatal("no link in %s", a);
}

static void unlink_all(const char *a)
{
	for (long i = 0; unlink(link_path(a, i).text) == 0; i++)
		;
}

static void make(const char *a)
{
	files_make_directory(path_below(a).text);
}

static void away(const char *a)
{
	files_rename(path_below(a).text, path_of("%s/%s", stage.root.text, a).text);
}

static void back(const char *a)
{
	files_rename(path_of("%s/%s", stage.root.text, a).text, path_below(a).text);
}

static void network(void)
{
	stage.spool.network = "NFS";
}

static void run_begun(const char *a, const char *b)
{
	char id[RUN_ID_SIZE + 1];
	run_id(a, id);
	struct path box =
	    path_of("%s/work/%s/%s/inbox", stage.config->spool, stage.config->node, id);
	const char *slash = strrchr(b, '/');
	files_make_directory(path_of("%s/%.*s", box.text, slash ? (int)(slash - b) : 0, b).text);
	files_write(path_of("%s/%s", box.text, b).text, "x", 1, 0600);
	must(feeds_add_run(stage.feeds, id, "which was interrupted"));
}

static void run_lost(const char *a)
{
	char id[RUN_ID_SIZE + 1];
	run_id(a, id);
	files_remove(path_of("%s/work/%s/%s", stage.config->spool, stage.config->node, id).text);
}

static void hear(const char *a, const char *b)
{
	size_t place = *a ? lane_find(a) : WATCH_ALL;
	feeds_hear(stage.feeds, place, *b ? b : NULL, stage.now_ms);
}

static void scan(void)
{
	feeds_scan(stage.feeds, NULL, stage.now_ms);
}

static void next(const char *a)
{
	static const char *const weights[] = {"short", "yielding", "whole"};
	struct job job;
	if (!feeds_next(stage.feeds, stage.now_ms, weight_of(a), &job)) {
		buffer_add_text(&stage.seen, "-\n");
		return;
	}
	stage.jobs[job.place] = job;
	const char *id_end = strrchr(job.run, '-');
	buffer_print(&stage.seen, "%s ", below_inbox(&job.lane));
	if (id_end)
		buffer_print(&stage.seen, "run %ld", strtol(id_end + 1, NULL, 10));
	else
		buffer_add_text(&stage.seen, job.name);
	buffer_print(
	    &stage.seen, " %s%s\n", weights[job.weight], job.is_last_try ? " last try" : "");
}

static void waiting(const char *a)
{
	bool is = feeds_is_waiting(stage.feeds, stage.now_ms, weight_of(a));
	buffer_add_text(&stage.seen, is ? "yes\n" : "no\n");
}

static const struct ending {
	const char *name;
	enum run_end end;
	bool is_error, is_refused, is_discarded, has_no_file;
	struct tally tally;
} endings[] = {
    {.name = "answered",
        .end = RUN_ANSWERED,
        .tally = {.rows = 3, .rows_in_error = 1, .outcomes = {2}}},
    {.name = "failed", .end = RUN_ANSWERED, .tally = {.rows = 1, .rows_in_error = 1}},
    {.name = "empty", .end = RUN_ANSWERED},
    {.name = "refused", .end = RUN_ANSWERED, .is_refused = true},
    {.name = "changed", .end = RUN_VANISHED},
    {.name = "gone", .end = RUN_VANISHED, .has_no_file = true},
    {.name = "left", .end = RUN_SKIPPED, .is_error = true},
    {.name = "elsewhere", .end = RUN_ELSEWHERE},
    {.name = "yielded", .end = RUN_YIELDED},
    {.name = "postponed", .end = RUN_POSTPONED, .is_error = true},
    {.name = "stopped", .end = RUN_POSTPONED},
    {.name = "held", .end = RUN_STOPPED},
    {.name = "discarded", .end = RUN_ANSWERED, .is_discarded = true},
};

static const struct ending *ending_find(const char *name)
{
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (strcmp(endings[i].name, name) == 0)
			return &endings[i];
	fatal("%s is no end", name);
}

static void done(const char *a, const char *b)
{
	size_t place = lane_find(a);
	struct job *job = &stage.jobs[place];
	char name[32], number[8] = "";
	sscanf(b, "%31s", name);
	const struct ending *ending = ending_find(name);
	const char *as = strstr(b, " as "), *words = strstr(b, " : ");
	job->report = (struct run_report){.end = ending->end,
	    .lane = job->lane,
	    .is_refused = ending->is_refused,
	    .is_discarded = ending->is_discarded,
	    .tally = ending->tally};
	struct run_report *report = &job->report;
	if (as && sscanf(as, " as %7s", number) == 1)
		run_id(number, report->run);
	if (!ending->has_no_file)
		snprintf(report->file, sizeof report->file, "%s", *job->name ? job->name : "f.csv");
	if (ending->is_error)
		report->error = error_retry("%s", words ? words + 3 : "the disk is full");
	report->error.owner = strstr(b, " file") ? OWNER_FILE : OWNER_MACHINE;
	report->error.is_stale = strstr(b, " stale");
	feeds_done(stage.feeds, job, stage.now_ms);
}

static void wake(void)
{
	int64_t wake_at = feeds_wake_at(stage.feeds, stage.now_ms);
	if (wake_at == INT64_MAX)
		buffer_add_text(&stage.seen, "wake never\n");
	else
		buffer_print(&stage.seen, "wake %lld\n", (long long)wake_at);
}

static void look(void)
{
	struct feeds_status status;
	feeds_status_find(stage.feeds, &status);
	buffer_print(&stage.seen,
	    "ready %zu runs %zu busy %zu unsettled %zu answered %llu refused %llu", status.ready,
	    status.runs, status.busy, status.unsettled, (unsigned long long)status.answered,
	    (unsigned long long)status.refused);
	if (status.trouble_since != INT64_MAX)
		buffer_print(&stage.seen, " since %lld: %s", (long long)status.trouble_since,
		    status.trouble);
	buffer_add_text(&stage.seen, status.is_stale ? " stale\n" : "\n");
}

static void tell(void)
{
	feeds_log_waiting(stage.feeds);
}

static void anew(void)
{
	struct feeds *before = stage.feeds;
	must(feeds_create(stage.config, &stage.spool, &stage.feeds));
	feeds_inherit(stage.feeds, before);
	feeds_free(before);
}

/* ---- what people order ---- */

static void orders_read(void)
{
	struct orders orders;
	must(orders_load(stage.spool.orders, &orders));
	feeds_take_orders(stage.feeds, &orders);
}

static void order(enum order_kind kind, const char *subject, bool is_given)
{
	struct order one = {.kind = kind};
	if (kind == ORDER_PAUSE)
		snprintf(one.subject, sizeof one.subject, "%s", subject);
	else
		run_id(subject, one.subject);
	must(is_given ? order_give(stage.spool.orders, &one)
	              : order_withdraw(stage.spool.orders, kind, one.subject));
	orders_read();
}

static void order_pause(const char *a)
{
	order(ORDER_PAUSE, a, true);
}

static void order_resume(const char *a)
{
	order(ORDER_PAUSE, a, false);
}

static void order_stop(const char *a)
{
	order(ORDER_STOP, a, true);
}

static void order_release(const char *a)
{
	order(ORDER_STOP, a, false);
}

static void order_discard(const char *a)
{
	order(ORDER_DISCARD, a, true);
}

static const char *const order_kinds[] = {
    [ORDER_PAUSE] = "pause", [ORDER_STOP] = "stop", [ORDER_DISCARD] = "discard"};

static void orders_show(void)
{
	struct orders orders;
	must(orders_load(stage.spool.orders, &orders));
	for (size_t i = 0; i < orders.count; i++) {
		const char *end = strrchr(orders.items[i].subject, '-');
		buffer_print(&stage.seen, "%s ", order_kinds[orders.items[i].kind]);
		if (end && orders.items[i].kind != ORDER_PAUSE)
			buffer_print(&stage.seen, "%ld\n", strtol(end + 1, NULL, 10));
		else
			buffer_print(&stage.seen, "%s\n", orders.items[i].subject);
	}
	orders_free(&orders);
}

static void has(const char *a)
{
	char id[RUN_ID_SIZE + 1];
	run_id(a, id);
	buffer_add_text(&stage.seen, feeds_has_run(stage.feeds, id) ? "yes\n" : "no\n");
}

/* ---- a play ---- */

static const struct step {
	const char *name;
	void (*none)(void);
	void (*one)(const char *a);
	void (*two)(const char *a, const char *b);
} steps[] = {
    {"network", .none = network},
    {"scan", .none = scan},
    {"wake", .none = wake},
    {"look", .none = look},
    {"tell", .none = tell},
    {"anew", .none = anew},
    {"orders", .none = orders_show},
    {"read", .none = orders_read},
    {"pause", .one = order_pause},
    {"resume", .one = order_resume},
    {"stop", .one = order_stop},
    {"release", .one = order_release},
    {"discard", .one = order_discard},
    {"has", .one = has},
    {"lost", .one = run_lost},
    {"at", .one = at},
    {"takes", .one = takes},
    {"unlink", .one = unlink_all},
    {"mkdir", .one = make},
    {"away", .one = away},
    {"back", .one = back},
    {"next", .one = next},
    {"waiting", .one = waiting},
    {"drop", .two = drop},
    {"links", .two = links},
    {"run", .two = run_begun},
    {"hear", .two = hear},
    {"done", .two = done},
};

static const struct step *step_find(const char *name)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (strcmp(steps[i].name, name) == 0)
			return &steps[i];
	fatal("%s is no step", name);
}

static void step_take(const char *line)
{
	char name[32] = "", a[64] = "", b[128] = "";
	sscanf(line, "%31s%*[ ]%63[^ \n]%*[ ]%127[^\n]", name, a, b);
	const struct step *step = step_find(name);
	if (step->none)
		step->none();
	else if (step->one)
		step->one(a);
	else
		step->two(a, b);
}

static void stage_set(const char *settings)
{
	const char *temporary = getenv("TMPDIR");
	stage = (struct stage){
	    .root = path_of("%s/enrold-feeds-XXXXXX", temporary ? temporary : "/tmp")};
	if (!mkdtemp(stage.root.text))
		fatal("cannot make %s", stage.root.text);
	fatal_keep(stage.root.text);
	heard_begin(&stage.seen);
	struct path config = path_of("%s/enrold.yaml", stage.root.text);
	struct buffer yaml = {0};
	buffer_print(&yaml, "spool: %s/spool\nnode: n\nlms: { url: \"sqlite:/x\" }\n%s%s%s",
	    stage.root.text, strstr(settings, "settle") ? "" : "settle: 0\n",
	    strstr(settings, "rescan") ? "" : "rescan: 1h\n", settings);
	files_write(config.text, yaml.bytes, yaml.size, 0600);
	buffer_done(&yaml);
	must(config_load(config.text, &stage.file));
	stage.config = config_get(stage.file);
	must(spool_open(stage.config, &stage.spool));
	stage.spool.network = NULL; /* wherever the tests are run */
	must(spool_open_feeds(stage.config, &stage.spool));
	must(feeds_create(stage.config, &stage.spool, &stage.feeds));
}

static void stage_clear(void)
{
	feeds_free(stage.feeds);
	heard_end();
	spool_close(&stage.spool);
	config_free(stage.file);
	files_remove(stage.root.text);
	fatal_keep(NULL);
	buffer_done(&stage.seen);
}

static void play(const struct stage_case *one)
{
	fatal_about(one->what);
	stage_set(one->settings);
	for (const char *line = one->play; *line; line = strchr(line, '\n') + 1) {
		if (!text_starts(line, "> "))
			continue;
		heard_end();
		buffer_add(&stage.seen, line, strcspn(line, "\n") + 1);
		step_take(line + 2);
	}
	heard_end();
	buffer_add_char(&stage.seen, '\0');
	cr_expect_str_eq(stage.seen.bytes, one->play, "%s:\n%s", one->what, stage.seen.bytes);
	stage_clear();
	fatal_about(NULL);
}

void stage_expect(const struct stage_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		play(&cases[i]);
}
