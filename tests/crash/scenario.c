#include "scenario.h"

#include "fatal.h"
#include "law.h"
#include "reply.h"
#include "scale.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <utime.h>

static void site_make(struct rig *rig, const char *feeds, const char *journal_mode)
{
	rig_make(rig, &(struct rig_options){.people = 60,
	                  .courses = 5,
	                  .feeds = feeds,
	                  .settings = "stop_timeout: 3s\ncheckpoint_rows: 10000\naftercare: true\n",
	                  .journal_mode = journal_mode});
	files_make_directory(rig_path(rig, "inbox/preview").text);
	files_make_directory(rig_path(rig, "inbox/hr").text);
}

static const char usual[] = "  default: {}\n";

static void prepare_apply(struct rig *rig, const char *journal_mode)
{
	site_make(rig, usual, journal_mode);
	rig_drop(rig, "staff.csv",
	    "username,course1,role1\np1,C1,\nnobody,C1,\np2,C2,chef\np2,C2,editingteacher\n");
}

static void prepare_accounts(struct rig *rig, const char *journal_mode)
{
	site_make(rig,
	    "  default: { upload_type: add_or_update, update_details: file, allow_delete: true,"
	    " allow_rename: true, " RIG_MAY_ALL " }\n",
	    journal_mode);
	rig_drop(rig, "accounts.csv",
	    "username,firstname,lastname,email,cohort1,course1,group1\nnew1,N,One,n1@x.example,K1,"
	    "C1,"
	    "G1\nnew2,N,Two,n2@x.example,K1,C1,G1\nnew3,N,,n3@x.example,,,\n");
	rig_drop(rig, "moves.csv",
	    "username,oldusername,deleted,sysrole1\nmoved,p1,,manager\np2,,1,\nmoved,,,-manager\n");
}

static void prepare_preview(struct rig *rig, const char *journal_mode)
{
	site_make(rig, usual, journal_mode);
	rig_drop(rig, "preview/staff.csv", "username,course1\np1,C1\nnobody,C1\np2,C2\n");
}

static void prepare_refused(struct rig *rig, const char *journal_mode)
{
	site_make(rig, usual, journal_mode);
	rig_drop(rig, "staff.csv", "username,course1,curse2\np1,C1,C2\n");
}

/* They wait together: some share a transaction, one is refused between them, one is by itself, for
 * it has passwords. */
static void prepare_together(struct rig *rig, const char *journal_mode)
{
	site_make(rig, "  default: { upload_type: add_or_update }\n", journal_mode);
	rig_drop(rig, "a.csv", "username,course1,role1\np1,C1,\nnobody,C1,\n");
	rig_drop(rig, "b.csv", "username,course1,unenrol1\np1,C1,\np2,C2,\n");
	rig_drop(rig, "c.csv", "username,course1,curse2\np1,C1,C2\n");
	rig_drop(rig, "d.csv", "username,course1,enrolstatus1\np1,C1,1\np3,C3,\n");
	rig_drop(rig, "e.csv", "username,course1\np2,C1\n");
	rig_drop(rig, "f.csv",
	    "username,firstname,lastname,email,password\n"
	    "new,N,B,new@x.example,Secret.1\n");
	rig_drop(rig, "g.csv", "username,course1\nnew,C1\n");
}

/* A marker, a checksum and a row count come and go with their file. */
static void prepare_beside(struct rig *rig, const char *journal_mode)
{
	static const char text[] = "username,course1\np1,C1\n";
	char hash[HASH_SIZE];
	site_make(rig, "  default: {}\n  hr: { marker: .done }\n", journal_mode);
	files_hash_bytes(text, strlen(text), hash);
	rig_drop(rig, "hr/staff.csv", text);
	struct path sum = path_of("%s  staff.csv\n", hash);
	files_write(rig_inbox(rig, "hr/staff.csv.sha256").text, sum.text, strlen(sum.text), 0640);
	files_write(rig_inbox(rig, "hr/staff.csv.rows").text, "1\n", 2, 0640);
	files_write(rig_inbox(rig, "hr/staff.csv.done").text, "", 0, 0640);
}

/* What the retry file of an earlier run asks again. */
static void prepare_retry(struct rig *rig, const char *journal_mode)
{
	site_make(rig, usual, journal_mode);
	rig_drop(rig, "staff.csv", "username,course1\np1,C1\np2,later\np3,\"la,ter\"\n");
	rig_once(rig);
	rig_execute(rig, "UPDATE mdl_course SET shortname = 'later' WHERE shortname = 'C5'");
	struct reply reply;
	reply_open(&reply, rig, "staff.csv", 0);
	rig_drop_bytes(rig, "again.csv", reply.retry.bytes, reply.retry.size);
	reply_close(&reply);
}

/* The law takes the order of answers for that of changes; what fails may be done in shorter
 * transactions, between those of the other feed, so each file is one. */
static void prepare_two_feeds(struct rig *rig, const char *journal_mode)
{
	site_make(rig, "  default: { atomic: true }\n  hr: { atomic: true }\n", journal_mode);
	rig_drop(rig, "staff.csv", "username,course1\np1,C1\np2,C2\n");
	rig_drop(rig, "hr/staff.csv", "username,course1\np1,C1\np3,C3\n");
	rig_drop(rig, "hr/more.csv", "username,course1,enrolstatus1\np1,C1,1\np3,C3,\n");
}

/* Something new in each batch: four are committed, then the program is killed in the fifth. */
static struct verdict kill_behind_checkpoint(void *context, const struct call *call)
{
	int *writes = context;
	bool is_answer = call->kind == CALL_WRITE && text_ends(call->path.text, "/result.csv");
	*writes += is_answer;
	return (struct verdict){.kind = *writes > 4 ? VERDICT_KILL : VERDICT_GO};
}

static void prepare_resume(struct rig *rig, const char *journal_mode)
{
	int writes = 0;
	site_make(rig, usual, journal_mode);
	rig_drop_long(rig, 1000);
	struct finished finished = tracer_once(rig, kill_behind_checkpoint, &writes, false);
	if (finished.status != -SIGKILL)
		fatal("a file of ten batches was not killed in its fifth, but ended with %d",
		    finished.status);
	finished_done(&finished);
	/* At 10,000 rows; before, where a transaction lasts too long. */
	if (rig_number(rig, "SELECT records FROM enrold_run") == 0)
		fatal("there is no first checkpoint");
}

/* Behind its checkpoint, of which only the first row is about anybody, somebody has left it. */
static void prepare_discarded(struct rig *rig, const char *journal_mode)
{
	int writes = 0;
	site_make(rig, usual, journal_mode);
	rig_drop_long(rig, 25000);
	struct finished finished = tracer_once(rig, kill_behind_checkpoint, &writes, false);
	if (finished.status != -SIGKILL)
		fatal("it was not killed, but ended with %d", finished.status);
	finished_done(&finished);
	struct buffer run = rig_query(rig, "SELECT run FROM enrold_run WHERE records > 0");
	run.bytes[strcspn(run.bytes, "\n")] = '\0';
	if (*run.bytes == '\0')
		fatal("there is no first checkpoint");
	static const char text[] = "{\"by\":\"uid 0\",\"why\":\"wrong term\",\"at\":1}\n";
	files_write(rig_path(rig, "orders/stop.%s", run.bytes).text, text, sizeof text - 1, 0640);
	files_write(
	    rig_path(rig, "orders/discard.%s", run.bytes).text, text, sizeof text - 1, 0640);
	buffer_done(&run);
}

/* Enough for a census, and for a thread that writes. */
static void prepare_large(struct rig *rig, const char *journal_mode)
{
	struct buffer text = {0};
	site_make(rig, usual, journal_mode);
	buffer_add_text(&text, "username,course1,role1,enrolstatus1\n");
	for (int i = 0; i < 600; i++)
		buffer_print(&text, "p%d,C%d,%s,%s\n", i % 70 + 1, i % 6 + 1,
		    i % 7 == 0 ? "teacher" : "", i > 400 && i % 11 == 0 ? "1" : "");
	if (text.failed)
		fatal("out of memory");
	rig_drop_bytes(rig, "large.csv", text.bytes, text.size);
	buffer_done(&text);
}

/* All but one in each course have left: removals in two transactions, and many in each. */
static void prepare_removals(struct rig *rig, const char *journal_mode)
{
	enum { PEOPLE = 60, COURSES = 20 };
	static const struct utimbuf long_ago = {1600000000, 1600000000};
	struct buffer text = {0};
	rig_make(rig, &(struct rig_options){.people = PEOPLE,
	                  .courses = COURSES,
	                  .feeds = "  default: { absence: { action: suspend }, limits: {"
	                           " rows_of_last: 0%, per_course: { count: 0, share: 0% }, "
	                           "removals: { count: 0, share: 0%, most: 0 } } }\n",
	                  .settings = "stop_timeout: 3s\ncheckpoint_rows: 900\naftercare: true\n",
	                  .journal_mode = journal_mode});
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < PEOPLE * COURSES; i++)
		buffer_print(&text, "p%d,C%d\n", i / COURSES + 1, i % COURSES + 1);
	if (text.failed)
		fatal("out of memory");
	rig_drop_bytes(rig, "staff-1.csv", text.bytes, text.size);
	/* Before the time that a power cut leaves to all files. */
	if (utime(rig_inbox(rig, "staff-1.csv").text, &long_ago) != 0)
		fatal("cannot date staff-1.csv");
	rig_once(rig);
	text.size = 0;
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < COURSES; i++)
		buffer_print(&text, "p1,C%d\n", i + 1);
	rig_drop_bytes(rig, "staff-2.csv", text.bytes, text.size);
	buffer_done(&text);
}

/* Its first removals are committed when the others are to be written. */
static struct verdict kill_behind_removals(void *context, const struct call *call)
{
	int *writes = context;
	bool is_answer = call->kind == CALL_WRITE && text_ends(call->path.text, "/result.csv");
	bool is_verdict = text_ends(call->path.text, "/verdict");
	*writes = is_verdict ? 1 : *writes + (*writes > 0 && is_answer);
	return (struct verdict){.kind = *writes > 1 ? VERDICT_KILL : VERDICT_GO};
}

static void prepare_removals_resumed(struct rig *rig, const char *journal_mode)
{
	int writes = 0;
	prepare_removals(rig, journal_mode);
	struct finished finished = tracer_once(rig, kill_behind_removals, &writes, false);
	if (finished.status != -SIGKILL)
		fatal("it was not killed, but ended with %d", finished.status);
	finished_done(&finished);
	rig_expect(rig, "SELECT count(*) FROM mdl_user_enrolments WHERE status = 1", "1000\n");
}

/* Of one answer the kill has left both. */
static void prepare_packed(struct rig *rig, const char *journal_mode)
{
	struct reply reply;
	site_make(rig, "  default: { compress: 0 }\n", journal_mode);
	reply_to(&reply, rig, "first.csv", "username,course1\np1,C1\nnobody,C1\n");
	struct buffer text = files_read(reply.result_path.text);
	files_write(reply.result_path.text, text.bytes, text.size, 0640);
	buffer_done(&text);
	reply_close(&reply);
	rig_drop(rig, "staff.csv", "username,course1\np2,C2\nnobody,C1\n");
}

const struct scenario scenarios[SCENARIOS] = {
    {"apply", prepare_apply, 1, 1, 1},
    {"accounts", prepare_accounts, 2, 2, 5},
    {"preview", prepare_preview, 1, 1, 2},
    {"refused", prepare_refused, 1, 0, 2},
    {"beside", prepare_beside, 1, 4, 2},
    {"together", prepare_together, 7, 6, 15},
    {"retry", prepare_retry, 2, 2, 3},
    {"two feeds", prepare_two_feeds, 3, 3, 5},
    {"resume", prepare_resume, 1, 1, 7},
    {"large", prepare_large, 1, 1, 3},
    {"discarded", prepare_discarded, 1, 0, 3},
    {"removals", prepare_removals, 2, 2, 60},
    {"removals resumed", prepare_removals_resumed, 2, 2, 60},
    {"held", prepare_held, 2, 2, 15},
    {"released", prepare_released, 3, 6, 15},
    {"declined", prepare_declined, 3, 3, 15},
    {"withheld", prepare_withheld, 2, 2, 15},
    {"withheld and released", prepare_withheld_released, 3, 3, 15},
    {"superseded", prepare_superseded, 3, 3, 15},
    {"removals released", prepare_removals_released, 3, 3, 15},
    {"undone", prepare_undone, 3, 3, 15},
    {"packed", prepare_packed, 2, 2, 3},
    {"pruned", prepare_pruned, 4, 1, 5},
    {"pruned while it waits", prepare_pruned_held, 2, 1, 5},
    {"checkpoints", prepare_checkpoints, 3, 3, 15},
    {"notices", prepare_notices, 3, 2, 7},
    {"archive", prepare_archive, 1, 1, 5},
    {"archive resumed", prepare_archive_resumed, 1, 1, 15},
};

const struct scenario *scenario_named(const char *name)
{
	for (size_t i = 0; i < SCENARIOS; i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	fatal("there is no scenario %s", name);
}

size_t *scenario_numbers(size_t *count)
{
	static size_t numbers[SCENARIOS];
	const char *name = getenv("ENROLD_SCENARIO");
	*count = name ? 1 : SCENARIOS;
	for (size_t i = 0; i < *count; i++)
		numbers[i] = name ? (size_t)(scenario_named(name) - scenarios) : i;
	return numbers;
}

/* ---- playing them ---- */

/* What Moodle is asked to do, by whichever run. */
static struct buffer chores_gather(const struct rig *rig)
{
	struct buffer all = {0};
	struct listing listing = files_list(rig_path(rig, "aftercare").text);
	for (size_t i = 0; i < listing.count; i++) {
		if (!text_ends(listing.entries[i].path, ".jsonl"))
			fatal("aftercare/%s is left", listing.entries[i].path);
		struct buffer text =
		    files_read(rig_path(rig, "aftercare/%s", listing.entries[i].path).text);
		buffer_add(&all, text.bytes, text.size);
		buffer_done(&text);
	}
	listing_done(&listing);
	buffer_add_char(&all, '\0');
	return all;
}

/* Each once at least: what was done and undone may be asked for, too. */
static void chores_compare(const struct rig *rig, const struct expectation *expectation)
{
	struct buffer all = chores_gather(rig);
	for (const char *line = expectation->chores.bytes; *line; line = strchr(line, '\n') + 1) {
		size_t size = (size_t)(strchr(line, '\n') - line) + 1;
		if (!memmem(all.bytes, all.size, line, size))
			fatal("Moodle is not asked to %.*s", (int)size - 1, line);
	}
	buffer_done(&all);
}

void state_expect(const struct rig *rig, const struct buffer *expected)
{
	struct buffer state = rig_state(rig);
	if (!slice_is(buffer_slice(&state), buffer_slice(expected)))
		fatal("the LMS is not as after an undisturbed run:\n%s\ninstead of\n%s",
		    state.bytes, expected->bytes);
	buffer_done(&state);
}

static struct verdict count(void *context, const struct call *call)
{
	*(long *)context = call->number;
	return (struct verdict){VERDICT_GO, 0};
}

struct expectation scenario_expect(const struct scenario *scenario, bool reads)
{
	struct expectation expectation = {0};
	struct rig rig;
	scenario->prepare(&rig, "wal");
	struct finished finished = tracer_once(&rig, count, &expectation.calls, reads);
	if (finished.status != 0)
		fatal("%s: undisturbed, it ended with %d:\n%s", scenario->name, finished.status,
		    finished.err.bytes);
	finished_done(&finished);
	expectation.state = rig_state(&rig);
	expectation.chores = chores_gather(&rig);
	law_close(&rig);
	return expectation;
}

void expectation_done(struct expectation *expectation)
{
	buffer_done(&expectation->chores);
	buffer_done(&expectation->state);
}

static size_t count_below(const struct rig *rig, const char *place, const char *end)
{
	struct listing listing = files_list(rig_path(rig, "%s", place).text);
	size_t count = 0;
	for (size_t i = 0; i < listing.count; i++)
		count +=
		    !S_ISDIR(listing.entries[i].mode) && text_ends(listing.entries[i].path, end);
	listing_done(&listing);
	return count;
}

/* Where the settings say that all are. */
static void packed_expect(const struct rig *rig)
{
	struct buffer settings = files_read(rig->config.text);
	size_t plain = count_below(rig, "outbox", ".csv") + count_below(rig, "outbox", ".part");
	if (strstr(settings.bytes, "compress: 0") && plain > 0)
		fatal("%zu file%s of answers not packed", plain, plain == 1 ? "" : "s");
	buffer_done(&settings);
}

static void all_is_done(
    const struct scenario *scenario, struct rig *rig, const struct expectation *expectation)
{
	rig_once(rig);
	state_expect(rig, &expectation->state);
	chores_compare(rig, expectation);
	size_t answers = count_below(rig, "outbox", ".summary.json");
	size_t archived = count_below(rig, "archive", "");
	/* What was left is listed again, by a run of its own. */
	bool is_all = answers == scenario->answers && archived == scenario->archived;
	if (!is_all && !rig->spared)
		fatal("%zu answers instead of %zu, %zu files in the archive instead of %zu",
		    answers, scenario->answers, archived, scenario->archived);
	packed_expect(rig);
	if (files_exist(rig_path(rig, "outbox/checkpoints").text))
		notes_expect(rig, answers);
	if (files_exist(rig_path(rig, "notify").text))
		notices_expect(rig);
	law_close(rig);
}

/* ---- rounds ---- */

void round_begin(struct round *round, const struct scenario *scenario, const char *journal_mode)
{
	*round = (struct round){.scenario = scenario};
	scenario->prepare(&round->rig, journal_mode);
	round_name(round, "prepared");
}

void round_name(struct round *round, const char *format, ...)
{
	char text[PATH_SIZE / 2];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	round->name = path_of("%s: %s", round->scenario->name, text);
	fatal_about(round->name.text);
}

int round_trace(struct round *round, tracer_on_call *on_call, void *context, bool reads)
{
	round->finished = tracer_once(&round->rig, on_call, context, reads);
	return round->finished.status;
}

void round_expect(const struct round *round, bool has_ended_well)
{
	if (!has_ended_well)
		fatal("it ended with %d:\n%s", round->finished.status, round->finished.err.bytes);
}

static void round_close(struct round *round)
{
	finished_done(&round->finished);
	fatal_about(NULL);
}

void round_end(struct round *round, const struct expectation *expectation)
{
	all_is_done(round->scenario, &round->rig, expectation);
	round_close(round);
}

void round_leave(struct round *round)
{
	rig_remove(&round->rig);
	round_close(round);
}

int scenario_step(const struct scenario *scenario)
{
	return (int)scale_from_environment(
	    "ENROLD_SWEEP", SCALE(scenario->step, scenario->step * 7));
}
