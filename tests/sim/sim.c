/*
 * sim: lives of a daemon, thousands of them, each from one seed. The parts that decide what becomes
 * of a file (feeds, inbox, run, outbox) are the real ones; disk, clock and database are simulated,
 * and fail, stop, lose power, go away and are set back as fate has it. After every step every file
 * is in exactly one place; when the faults stop, everything is answered, once.
 *
 *     sim_test [LIVES [SEED]]         ENROLD_LIVES, ENROLD_SEED
 */
#include "cut_copy.h"
#include "disk.h"
#include "fake_lms.h"
#include "fatal.h"
#include "fate.h"
#include "losses.h"
#include "moment.h"
#include "process.h"
#include "scale.h"

#include "enrold/last_run.h"
#include "enrold/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LIVES = SCALE(1000, 150),
	PEOPLE = 20,
	COURSES = 5,
	STEPS = 60,
	DROPS_MAX = 12,
	CALM_TURNS = 400,
	QUIET_TURNS = 20,
	SECOND = 1000 * 1000,
};

struct dropped {
	struct buffer text, cut; /* cut: without its passwords, as it is archived */
	bool is_cut;             /* it has any */
	char hash[HASH_SIZE];
	const char *box;
	bool is_preview;
};

/* One life. */
static struct {
	struct dropped drops[DROPS_MAX];
	size_t drops_count;
	bool has_backup, is_put_back;
	size_t ended; /* runs, in a database that has forgotten answers */
} life;

/* What all lives together have been through; shared by their processes. */
static struct sums {
	unsigned long lives, steps, failed, deaths, cuts, files, put_back, lossy;
} * sums;

/* ---- what a daemon does ---- */

static void live(void)
{
	if (!process.is_alive)
		process_start();
	for (int turns = fate_draw(4); process.is_alive && turns >= 0; turns--)
		process_turn();
}

static void stop_while_busy(void)
{
	atomic_store(&process.is_stopping, true);
	if (process.is_alive) {
		process_turn();
		process_stop();
	}
}

/* ---- what the world does ---- */

static void drop(void)
{
	static const char *const boxes[] = {"", "hr/", "preview/"};
	if (life.drops_count == DROPS_MAX)
		return;
	struct dropped *dropped = &life.drops[life.drops_count];
	const char *box = boxes[fate_draw(3)];
	struct buffer *text = &dropped->text;
	bool is_refused = fate_draw(6) == 0;
	/* A column of passwords makes batches of a hundred records. */
	int rows = fate_draw(4) == 0 ? 250 : fate_draw(8);
	buffer_print(text, "username,password,course1%s\n", is_refused ? ",nonsense" : "");
	const char *password = fate_draw(2) ? "s3cret" : "";
	buffer_print(text, "unique%zu,%s,C1\n", life.drops_count, password);
	for (int i = 0; i < rows; i++)
		buffer_print(text, "p%d,,C%d\n", fate_draw(PEOPLE + 2), fate_draw(COURSES) + 1);
	buffer_clear(&dropped->cut);
	dropped->is_cut = cut_copy(text->bytes, text->size, "password", &dropped->cut);
	files_hash_bytes(text->bytes, text->size, dropped->hash);
	dropped->box = box;
	dropped->is_preview = strcmp(box, "preview/") == 0;
	struct path stage = path_of("%s/stage", process.root.text);
	/* Often the same name again, as an export has it every night. */
	struct path path = path_of("%s/inbox/%s%s.csv", process.spool_path.text, box,
	    fate_draw(2) ? "staff" : path_of("f%zu", life.drops_count).text);
	if (files_exist(path.text)) {
		buffer_clear(text);
		return; /* it would replace one that has not been taken yet */
	}
	files_write(stage.text, text->bytes, text->size, 0640);
	files_rename(stage.text, path.text);
	disk_drop(path.text, text->bytes, text->size);
	life.drops_count++;
	sums->files++;
}

static void time_pass(void)
{
	int64_t us = (int64_t)fate_draw(40) * SECOND;
	fate.monotonic_us += us;
	fate.now_us += us;
	if (fate_draw(10) == 0)
		fate.now_us -= (int64_t)3600 * SECOND;
}

static void arm(void)
{
	fate.death = fate_draw(2) ? DEATH_KILL : DEATH_POWER;
	fate.dies_in = fate_draw(60);
}

static size_t ended_count(void)
{
	size_t ended = 0;
	for (size_t i = 0; i < fake_lms_runs(); i++)
		ended += fake_lms_run(i)->state >= RUN_APPLIED;
	return ended;
}

/* A backup is made at any moment, and put back at any later one: once in a life. */
static void put_back(void)
{
	if (!life.has_backup) {
		fake_lms_back_up();
		life.has_backup = true;
	} else if (!life.is_put_back) {
		fake_lms_put_back(fate_draw(2));
		life.is_put_back = true;
		life.ended = ended_count();
		sums->put_back++;
		sums->lossy += losses_count(process.spool_path.text) > 0;
	}
}

static void step(void)
{
	if (fate_draw(20) == 0)
		put_back();
	switch (fate_draw(10)) {
	case 0:
	case 1: drop(); break;
	case 2: time_pass(); break;
	case 3:
	case 7:
	case 8: arm(); break;
	case 4: fate.faults = fate_draw(3) == 0 ? fate_draw(80) : 0; break;
	case 5: fate.is_away = fate_draw(3) == 0; break;
	case 6: process_act(stop_while_busy); break;
	default: break;
	}
	process_act(live);
}

/* ---- the law ---- */

static bool is_place(const char *path)
{
	static const char *const places[] = {"inbox/", "archive/", "quarantine/", "held/"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (text_starts(path, places[i]))
			return !text_ends(path, ".reason.txt");
	return text_starts(path, "work/") && strstr(path, "/inbox/");
}

/* How many copies there are of this drop's bytes below this place, "" for anywhere. */
static size_t copies(
    const struct listing *listing, const struct dropped *dropped, const char *place)
{
	size_t count = 0;
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_entry *entry = &listing->entries[i];
		if (!S_ISREG(entry->mode) || !is_place(entry->path) ||
		    !text_starts(entry->path, place))
			continue;
		struct buffer bytes =
		    files_read(path_of("%s/%s", process.spool_path.text, entry->path).text);
		bool is_away = text_starts(entry->path, "archive/");
		bool may_be_cut = dropped->is_cut && (is_away || text_starts(entry->path, "work/"));
		bool is_cut =
		    may_be_cut && slice_is(buffer_slice(&bytes), buffer_slice(&dropped->cut));
		bool is_whole = slice_is(buffer_slice(&bytes), buffer_slice(&dropped->text));
		count += is_cut || (is_whole && !(dropped->is_cut && is_away));
		buffer_done(&bytes);
	}
	return count;
}

/* Nothing is answered on top of a loss; and whoever starts hears of it. */
static void law_of_losses(void)
{
	struct spool spool;
	struct lms *lms;
	if (!life.is_put_back || losses_count(process.spool_path.text) == 0)
		return;
	if (ended_count() != life.ended)
		fatal("runs were ended in a database that has forgotten answers");
	if (process.is_alive)
		return; /* it has the spool */
	struct error error = spool_open(config_get(process.file), &spool);
	if (is_error(&error))
		return;
	const bool was_away = fate.is_away;
	fate.is_away = false;
	error = lms_open(NULL, &lms);
	if (!is_error(&error))
		error = last_run_check(&spool, lms);
	if (error.class != ERROR_CONFIG)
		fatal("%zu answers are lost, and nobody has noticed: %s",
		    losses_count(process.spool_path.text), error.text);
	lms_close(lms);
	spool_close(&spool);
	fate.is_away = was_away;
}

static void law_always(void)
{
	law_of_losses();
	struct listing listing = files_list(process.spool_path.text);
	for (size_t i = 0; i < life.drops_count; i++) {
		size_t count = copies(&listing, &life.drops[i], "");
		if (count != 1)
			fatal("L1: drop %zu is in %zu places", i, count);
	}
	listing_done(&listing);
	for (int person = 1; person <= PEOPLE; person++)
		for (int course = 1; course <= COURSES; course++)
			if (fake_lms_enrolled(person, course) > 1)
				fatal("L3: p%d was enrolled into C%d %d times", person, course,
				    fake_lms_enrolled(person, course));
}

static void published_check(const struct ledger_run *run, struct slice sha256, const char *file)
{
	char hash[HASH_SIZE];
	const char *feed = strcmp(run->feed.bytes, "default") == 0 ? "" : run->feed.bytes;
	struct path path =
	    path_of("%s/outbox/%s%s%s", process.spool_path.text, feed, *feed ? "/" : "", file);
	if (!files_exist(path.text))
		fatal("L3: %s is not in the outbox", file);
	files_hash(path.text, hash);
	if (strcmp(hash, sha256.bytes) != 0)
		fatal("L3: %s is not what the ledger says", file);
}

/* Its answer, all of it, is in the outbox; how many it enrolled. */
static long answer_check(const struct ledger_run *run)
{
	size_t index;
	const json_t *file;
	char stem[FILE_NAME_SIZE];
	json_t *summary = json_loads(run->summary.bytes, JSON_DISABLE_EOF_CHECK, NULL);
	bool is_preview =
	    run->state == RUN_PREVIEWED || strstr(run->summary.bytes, "\"mode\":\"preview\"");
	snprintf(stem, sizeof stem, "%.*s.%s%s", (int)strcspn(run->name.bytes, "."),
	    run->name.bytes, run->run.bytes, is_preview ? ".preview" : "");
	published_check(run, run->summary_sha256, path_of("%s.summary.json", stem).text);
	json_array_foreach(json_object_get(summary, "files"), index, file)
	    published_check(run, slice_of(json_string_value(json_object_get(file, "sha256"))),
	        json_string_value(json_object_get(file, "name")));
	long enrolled = (long)json_integer_value(
	    json_object_get(json_object_get(summary, "codes"), "enrolled"));
	json_decref(summary);
	return run->state == RUN_APPLIED ? enrolled : 0;
}

/* Of what was put back at a checkpoint and accepted as lost there is no answer: its effects are
 * those of the checkpoint. */
static long told_by_the_forgotten(void)
{
	long enrolled = 0;
	struct tally tally;
	for (size_t i = 0; i < fake_lms_runs(); i++)
		if (fake_lms_run(i)->state == RUN_RUNNING) {
			struct error error = tally_parse(fake_lms_run(i)->counts, &tally);
			if (is_error(&error))
				fatal("%s", error.text);
			enrolled += (long)tally.codes[CODE_ENROLLED];
		}
	return enrolled;
}

static void law_at_rest(void)
{
	struct listing listing = files_list(process.spool_path.text);
	long enrolled = 0, told = 0;
	for (size_t i = 0; i < life.drops_count; i++) {
		const struct ledger_run *run = NULL;
		for (size_t r = 0; r < fake_lms_runs(); r++)
			if (fake_lms_run(r)->state >= RUN_APPLIED &&
			    strcmp(fake_lms_run(r)->sha256.bytes, life.drops[i].hash) == 0) {
				if (run)
					fatal("drop %zu was run twice", i);
				run = fake_lms_run(r);
			}
		if (!run || run->state < RUN_APPLIED)
			fatal("drop %zu has no answer", i);
		const char *place = run->state == RUN_REFUSED ? "quarantine/" : "archive/";
		if (copies(&listing, &life.drops[i], place) != 1)
			fatal("L2: drop %zu is not in %s", i, place);
		told += answer_check(run);
	}
	for (size_t i = 0; i < listing.count; i++)
		if (text_starts(listing.entries[i].path, "work/") &&
		    strchr(listing.entries[i].path + strlen("work/"), '/'))
			fatal("L5: %s is left", listing.entries[i].path);
	listing_done(&listing);
	for (int person = 1; person <= PEOPLE; person++)
		for (int course = 1; course <= COURSES; course++)
			enrolled += fake_lms_enrolled(person, course);
	told += told_by_the_forgotten();
	if (enrolled != told)
		fatal("L3: %ld enrolments, the answers tell of %ld", enrolled, told);
	if (ended_count() != life.drops_count)
		fatal("L4: %zu runs for %zu files", ended_count(), life.drops_count);
}

/* ---- a life ---- */

static void begin(unsigned int seed)
{
	fake_lms_make(PEOPLE, COURSES);
	process_prepare(seed, "  default: {}\n  hr: {}\n");
	disk_watch(process.spool_path.text);
}

/* enrolctl reconcile accept. */
static void accept_losses(void)
{
	struct spool spool;
	struct lms *lms;
	struct error error = spool_open(config_get(process.file), &spool);
	if (!is_error(&error))
		error = lms_open(NULL, &lms);
	if (!is_error(&error))
		error = last_run_accept(&spool, lms);
	if (is_error(&error))
		fatal("accepting: %s", error.text);
	lms_close(lms);
	spool_close(&spool);
}

/* What comes out of the archive is what is dropped now. */
static void passwords_lose(struct dropped *dropped)
{
	buffer_clear(&dropped->text);
	buffer_add(&dropped->text, dropped->cut.bytes, dropped->cut.size);
	files_hash_bytes(dropped->text.bytes, dropped->text.size, dropped->hash);
	dropped->is_cut = false;
}

/* From where it was put away back into its inbox. */
static void drop_again(size_t index)
{
	struct dropped *dropped = &life.drops[index];
	char hash[HASH_SIZE], cut[HASH_SIZE];
	files_hash_bytes(dropped->cut.bytes, dropped->cut.size, cut);
	struct listing listing = files_list(process.spool_path.text);
	for (size_t i = 0; i < listing.count; i++) {
		const char *path = listing.entries[i].path;
		bool is_away = text_starts(path, "archive/") || text_starts(path, "quarantine/");
		if (!S_ISREG(listing.entries[i].mode) || !is_away)
			continue;
		struct path from = path_of("%s/%s", process.spool_path.text, path);
		files_hash(from.text, hash);
		if (dropped->is_cut && strcmp(hash, cut) == 0)
			passwords_lose(dropped);
		if (strcmp(hash, dropped->hash) != 0)
			continue;
		struct path to = path_of(
		    "%s/inbox/%sagain%zu.csv", process.spool_path.text, dropped->box, index);
		if (renameat(AT_FDCWD, from.text, AT_FDCWD, to.text) < 0)
			fatal("cannot drop %s again", path);
	}
	listing_done(&listing);
}

static void calm(bool is_first);

/* What the database has forgotten is taken for lost, and dropped again. */
static void reconcile(void)
{
	if (!life.is_put_back)
		return;
	accept_losses();
	life.is_put_back = false;
	calm(true); /* what was under way is put away first */
	fate.is_paused = false;
	if (process.is_alive)
		process_stop();
	fate.is_paused = true;
	for (size_t i = 0; i < life.drops_count; i++)
		if (!losses_has_ended(life.drops[i].hash))
			drop_again(i);
}

static bool is_answered(void)
{
	return ended_count() == life.drops_count;
}

/* The faults are over: what is to be done is done in a bounded time. */
static void calm(bool is_first)
{
	struct feeds_status status = {.busy = 1};
	fate.faults = 0;
	fate.is_away = false;
	/* A file that could not be read stays where it is until it changes, or until a new start.
	 */
	fate.is_paused = false;
	if (process.is_alive)
		process_stop();
	fate.is_paused = true;
	reconcile();
	for (int i = 0; i < CALM_TURNS; i++) {
		fate.monotonic_us += 2 * SECOND;
		fate.now_us += 2 * SECOND;
		process_act(live);
		if (!process.is_alive)
			fatal("it does not start any more");
		feeds_status_find(process.feeds, &status);
		bool is_idle = status.runs + status.ready == 0;
		if (is_idle && (is_answered() || (is_first && i >= QUIET_TURNS)))
			break;
	}
	fate.is_paused = false;
	while (process_turn())
		;
	fate.is_paused = true;
}

static void life_live(unsigned int seed)
{
	begin(seed);
	for (int i = 0; i < STEPS; i++) {
		step();
		law_always();
	}
	calm(false);
	law_always();
	law_at_rest();
	sums->lives++;
	sums->steps += fate.steps;
	sums->failed += fate.failed;
	sums->deaths += fate.deaths;
	sums->cuts += fate.cuts;
	files_remove(process.root.text);
}

/* In a process of its own, which takes with it what the deaths have leaked. */
static bool life_play(unsigned int seed)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		if (!getenv("ENROLD_LOG"))
			log_set_level(LOG_ERROR + 1);
		fatal_about(path_of("seed %u", seed).text);
		life_live(seed);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int main(int argc, char **argv)
{
	long lives =
	    argc > 1 ? strtol(argv[1], NULL, 10) : scale_from_environment("ENROLD_LIVES", LIVES);
	long first =
	    argc > 2 ? strtol(argv[2], NULL, 10) : scale_from_environment("ENROLD_SEED", 1);
	long failures = 0;
	int64_t start = moment_now_ms();
	sums = mmap(NULL, sizeof *sums, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (long i = 0; i < lives && failures < 5; i++)
		if (!life_play((unsigned int)(first + i))) {
			fprintf(stderr, "sim: seed %ld breaks the law\n", first + i);
			failures++;
		}
	printf("sim: %lu lives in %.1f s: %lu files, %lu steps of disk and database, %lu failed, "
	       "%lu deaths, %lu of them by a power cut; %lu backups put back, %lu of them without "
	       "an answer; %ld lives broke the law\n",
	    sums->lives, (double)(moment_now_ms() - start) / 1000, sums->files, sums->steps,
	    sums->failed, sums->deaths, sums->cuts, sums->put_back, sums->lossy, failures);
	return failures == 0 && sums->lives > 0 ? 0 : 1;
}
