/*
 * lives: what absence does to people in months of nightly files, thousands of lives, each from one
 * seed. Two feeds list a population that drifts; files come broken, late, twice, under another
 * name; people and administrators change things between the nights, and release or discard what
 * waits for them; the daemon is killed and goes on. After each file the law (law.h) looks at
 * everybody. The daemon is the real one, its disk, clock and database are simulated.
 *
 *     lives_test [LIVES [SEED]]         ENROLD_LIVES, ENROLD_SEED; ENROLD_LOG=1 tells a life
 */
#include "disk.h"
#include "fatal.h"
#include "fate.h"
#include "law.h"
#include "moment.h"
#include "process.h"
#include "scale.h"
#include "words.h"

#include "enrold/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LIVES = SCALE(10, 2),
	NIGHTS_MIN = 60,
	NIGHTS_MORE = 140,
	HISTORY = 6,
	TURNS_MAX = 60,
	DEATHS_MAX = 2, /* of three beginnings that end nowhere the file is refused */
	SECOND = 1000 * 1000,
	HOUR = 3600,
	DAY = 24 * HOUR,
};

struct sent {
	struct nightly file;
	int64_t modified_s;
	bool is_accepted; /* nothing was withheld of it as a whole */
};

/* One life. */
static struct {
	int people, courses;
	struct law_settings settings[LAW_FEEDS];
	bool has_passwords[LAW_FEEDS], has_dates[LAW_FEEDS];
	struct source sources[LAW_FEEDS];
	struct sent history[LAW_FEEDS][HISTORY]; /* ordinary ones, the newest last */
	int history_count[LAW_FEEDS];
	int absent[LAW_FEEDS][FAKE_PEOPLE_MAX + 1]; /* for so many nights more: comes back then */
	bool absent_from[LAW_FEEDS][FAKE_PEOPLE_MAX + 1][FAKE_COURSES_MAX + 1];
	enum nightly_kind again[LAW_FEEDS]; /* the same trouble once more */
	size_t seen;                        /* runs of the ledger */
	int night, renamed;
	bool tells;
	struct nightly file;
} life;

/* What all lives together have been through; shared by their processes. */
static struct sums {
	unsigned long lives, nights, files, kinds[NIGHT_KINDS], deaths, hands;
	struct law_sums law;
	struct words_sums words;
} * sums;

static void tell(const char *format, ...) PRINTF_LIKE(1, 2);
static void tell(const char *format, ...)
{
	va_list arguments;
	if (!life.tells)
		return;
	fprintf(stderr, "night %d: ", life.night);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static void time_pass(int64_t seconds)
{
	fate.now_us += seconds * SECOND;
	fate.monotonic_us += seconds * SECOND;
}

static bool is_one_in(int n)
{
	return fate_draw(n) == 0;
}

static int draw_person(void)
{
	return 1 + fate_draw(life.people);
}

static int draw_course(void)
{
	return 1 + fate_draw(life.courses);
}

/* ---- settings ---- */

static void feed_print(struct buffer *out, int feed)
{
	static const char *const actions[] = {"suspend", "suspend_no_roles", "unenrol", "unenrol"};
	static const int graces[] = {0, 30, 3};
	struct law_settings *settings = &life.settings[feed];
	settings->acts = feed == 0 || is_one_in(2);
	settings->adopts = is_one_in(3);
	settings->reaches_feed = is_one_in(2);
	settings->suspends_accounts = settings->acts && is_one_in(2);
	settings->grace_days = graces[fate_draw(3)];
	life.has_passwords[feed] = is_one_in(4);
	life.has_dates[feed] = is_one_in(2);
	const char *action = settings->acts ? actions[fate_draw(4)] : "ignore";
	settings->unenrols = strcmp(action, "unenrol") == 0;
	buffer_print(out,
	    "  %s:\n    allow_suspend: true\n    absence: { action: %s, scope: %s, grace: %dd, "
	    "adopt: %s, accounts: %s, files: \"staff*.csv\" }\n",
	    feed == 0 ? "default" : "hr", action,
	    settings->reaches_feed ? "feed" : "courses_in_file", settings->grace_days,
	    settings->adopts ? "true" : "false",
	    settings->suspends_accounts ? "suspend" : "ignore");
}

static void sources_make(void)
{
	for (int p = 1; p <= life.people; p++)
		for (int c = 1; c <= life.courses; c++) {
			life.sources[0].has[p][c] = is_one_in(3);
			life.sources[1].has[p][c] = is_one_in(8);
		}
	for (int p = 1; p <= life.people; p++)
		for (int f = 0; f < LAW_FEEDS; f++)
			life.sources[f].is_teacher[p] = p <= 4;
}

static void enrol_by_hand(int p, int c)
{
	struct fake_enrolment *is = fake_lms_enrolment(p, c);
	*is = (struct fake_enrolment){.id = fake_lms_new_enrolment(p, c),
	    .modified = fate.now_us / SECOND,
	    .is_student = true};
}

static void begin(unsigned int seed)
{
	struct buffer feeds = {0};
	fate.seed = seed;
	life.people = 40 + fate_draw(FAKE_PEOPLE_MAX - 40);
	life.courses = 3 + fate_draw(4);
	for (int f = 0; f < LAW_FEEDS; f++)
		feed_print(&feeds, f);
	fake_lms_make(life.people, life.courses);
	tell("seed %u, %d people, %d courses\n%s", seed, life.people, life.courses, feeds.bytes);
	process_prepare(seed, feeds.bytes);
	disk_watch_lightly(process.spool_path.text);
	buffer_done(&feeds);
	sources_make();
	for (int i = 0; i < 10; i++)
		enrol_by_hand(draw_person(), draw_course());
	law_begin(life.settings);
}

/* ---- the world between two nights ---- */

static void leave_for(int feed, int person, int nights)
{
	if (life.absent[feed][person] != 0)
		return;
	life.absent[feed][person] = nights;
	memcpy(life.absent_from[feed][person], life.sources[feed].has[person],
	    sizeof life.absent_from[feed][person]);
	memset(life.sources[feed].has[person], 0, sizeof life.sources[feed].has[person]);
	tell("p%d is missing in feed %d for %d nights", person, feed, nights);
}

static void come_back(int feed)
{
	for (int p = 1; p <= life.people; p++)
		if (life.absent[feed][p] > 0 && --life.absent[feed][p] == 0) {
			for (int c = 1; c <= life.courses; c++)
				life.sources[feed].has[p][c] |= life.absent_from[feed][p][c];
			tell("p%d is back in feed %d", p, feed);
		}
}

static void drift(int feed)
{
	static const int returns[] = {1, 7, 29, 31};
	struct source *source = &life.sources[feed];
	come_back(feed);
	if (is_one_in(6))
		leave_for(feed, draw_person(), returns[fate_draw(4)]);
	for (int i = fate_draw(3); i > 0; i--) {
		int p = draw_person(), c = draw_course();
		source->has[p][c] = !source->has[p][c] && life.absent[feed][p] == 0;
		tell("p%d %s C%d in feed %d", p, source->has[p][c] ? "joins" : "leaves", c, feed);
	}
}

static void hand_on_enrolment(void)
{
	int p = draw_person(), c = draw_course();
	struct fake_enrolment *is = fake_lms_enrolment(p, c);
	int what = fate_draw(8);
	if ((is->id == 0 && what > 1) || fake_lms_course(c)->id == 0)
		return;
	tell("a hand on p%d in C%d: %d", p, c, what);
	switch (what) {
	case 0:
	case 1: enrol_by_hand(p, c); break;
	case 2:
	case 3:
		is->is_suspended = true;
		law_hand_suspended(p, c);
		break;
	case 4:
		if (is->is_suspended) {
			is->is_suspended = false;
			law_hand_activated(p, c);
		}
		break;
	case 5: *is = (struct fake_enrolment){0}; return;
	case 6: is->is_teacher = !is->is_teacher; return;
	default: is->has_grade = true; return;
	}
	is->modified = fate.now_us / SECOND;
}

/* Somebody has a look at those whom absence has suspended. */
static void hand_on_suspended(void)
{
	for (int p = 1; p <= life.people; p++)
		for (int c = 1; c <= life.courses; c++) {
			struct fake_enrolment *is = fake_lms_enrolment(p, c);
			if (is->id == 0 || !is->is_suspended || !is_one_in(4))
				continue;
			is->is_suspended = is_one_in(2);
			is->modified = fate.now_us / SECOND;
			tell("a hand %s p%d in C%d", is->is_suspended ? "suspends" : "activates", p,
			    c);
			if (is->is_suspended)
				law_hand_suspended(p, c);
			else
				law_hand_activated(p, c);
		}
}

static void hand_on_course(void)
{
	int c = draw_course();
	struct fake_course *is = fake_lms_course(c);
	int what = fate_draw(4);
	tell("a hand on C%d: %d", c, what);
	if (what == 0) { /* deleted, or made anew */
		is->id = is->id == 0 ? fake_lms_new_course(c) : 0;
		is->end = 0;
		for (int p = 1; p <= life.people; p++)
			*fake_lms_enrolment(p, c) = (struct fake_enrolment){0};
	} else if (what == 1) { /* the term is over, and the source forgets it */
		is->end = fate.now_us / SECOND - HOUR;
		for (int f = 0; f < LAW_FEEDS; f++)
			for (int p = 1; p <= life.people; p++)
				life.sources[f].has[p][c] = false;
	} else {
		is->end = what == 2 ? fate.now_us / SECOND + fate_draw(40) * DAY : 0;
	}
}

static void hand_on_person(void)
{
	struct fake_person *is = fake_lms_person(draw_person());
	int person = (int)(is - fake_lms_person(0));
	if (is_one_in(2)) {
		snprintf(is->username, sizeof is->username, "r%d", ++life.renamed);
		tell("p%d is called %s", person, is->username);
	} else {
		is->is_suspended = !is->is_suspended;
		law_hand_account(person);
		tell("a hand %s the account of p%d", is->is_suspended ? "suspends" : "activates",
		    person);
	}
	is->modified = fate.now_us / SECOND;
}

static void day(void)
{
	time_pass(8 * HOUR);
	if (is_one_in(3))
		hand_on_enrolment();
	if (is_one_in(20))
		hand_on_suspended();
	if (is_one_in(40))
		hand_on_course();
	if (is_one_in(20))
		hand_on_person();
	for (int f = 0; f < LAW_FEEDS; f++)
		drift(f);
}

/* ---- a file ---- */

static enum nightly_kind draw_kind(int feed)
{
	enum nightly_kind kind = life.again[feed];
	life.again[feed] = NIGHT_ORDINARY;
	if (kind != NIGHT_ORDINARY)
		return kind;
	if (life.history_count[feed] == 0 || !is_one_in(5))
		return NIGHT_ORDINARY;
	kind = (enum nightly_kind)fate_draw(NIGHT_KINDS);
	if (feed == 1 && kind == NIGHT_PREVIEW)
		return NIGHT_ORDINARY; /* only the other has a folder for that */
	life.again[feed] = is_one_in(3) ? kind : NIGHT_ORDINARY;
	return kind;
}

static void copy(struct nightly *to, const struct nightly *from)
{
	struct buffer text = to->text;
	*to = *from;
	to->text = text;
	buffer_clear(&to->text);
	buffer_print(&to->text, "%.*s", (int)from->text.size, from->text.bytes);
}

static void remember(int feed, int64_t modified_s)
{
	struct sent *history = life.history[feed];
	struct sent oldest = history[0];
	if (life.history_count[feed] == HISTORY) {
		memmove(history, history + 1, (HISTORY - 1) * sizeof *history);
		history[HISTORY - 1] = oldest;
	} else {
		life.history_count[feed]++;
	}
	struct sent *newest = &history[life.history_count[feed] - 1];
	copy(&newest->file, &life.file);
	newest->modified_s = modified_s;
	newest->is_accepted = false;
}

/* The feed's last accepted full file. */
static bool is_base(int feed, const struct buffer *text)
{
	char hash[HASH_SIZE];
	struct slice base = fake_lms_base(feed == 0 ? "default" : "hr");
	files_hash_bytes(text->bytes, text->size, hash);
	return base.size > 0 && strstr(base.bytes, hash);
}

static void file_call(struct nightly *file, const char *stem, bool has_date)
{
	if (has_date)
		snprintf(file->name, sizeof file->name, "%s-%d.csv", stem, 1000 + life.night);
	else
		snprintf(file->name, sizeof file->name, "%s.csv", stem);
}

/* Its bytes; when it was last changed. */
static int64_t file_make(int feed, enum nightly_kind kind)
{
	int64_t now_s = fate.now_us / SECOND, modified_s = now_s;
	const struct sent *history = life.history[feed];
	int newest = life.history_count[feed] - 1, older = newest > 0 ? fate_draw(newest) : newest;
	/* One that was withheld is not known for an older one when it comes again. */
	bool is_older =
	    newest > 0 && history[older].is_accepted && !is_base(feed, &history[older].file.text);
	if (kind == NIGHT_OLDER && !is_older)
		kind = NIGHT_AGAIN;
	if (kind == NIGHT_AGAIN || kind == NIGHT_OLDER) {
		const struct sent *sent = &history[kind == NIGHT_OLDER ? older : newest];
		copy(&life.file, &sent->file);
		life.file.kind = kind;
		modified_s = is_one_in(2) ? now_s : sent->modified_s;
	} else {
		nightly_make(&life.file, kind, &life.sources[feed], life.has_passwords[feed]);
	}
	file_call(&life.file,
	    kind == NIGHT_OTHER_NAME ? "staff-north"
	    : kind == NIGHT_DELTA    ? "delta"
	                             : "staff",
	    life.has_dates[feed]);
	if (kind == NIGHT_ORDINARY)
		remember(feed, modified_s);
	return modified_s;
}

static void drop(int feed, int64_t modified_s)
{
	const char *box = life.file.kind == NIGHT_PREVIEW ? "preview/" : feed == 0 ? "" : "hr/";
	struct path stage = path_of("%s/stage", process.root.text);
	struct path path = path_of("%s/inbox/%s%s", process.spool_path.text, box, life.file.name);
	const struct timespec times[] = {{modified_s, 0}, {modified_s, 0}};
	files_write(stage.text, life.file.text.bytes, life.file.text.size, 0640);
	if (utimensat(AT_FDCWD, stage.text, times, 0) < 0)
		fatal("cannot set the time of %s", stage.text);
	files_rename(stage.text, path.text);
}

static void live(void)
{
	if (!process.is_alive)
		process_start();
	while (process.is_alive && process_turn())
		;
}

/* Of the file that was dropped last, among whose runs may be those of who is due; NULL: not yet. */
static const struct ledger_run *answer_find(void)
{
	for (size_t i = life.seen; i < fake_lms_runs(); i++) {
		const struct ledger_run *run = fake_lms_run(i);
		if (run->state >= RUN_APPLIED && strcmp(run->name.bytes, life.file.name) == 0)
			return run;
	}
	return NULL;
}

static const struct ledger_run *answer_await(bool is_dangerous)
{
	unsigned long deaths = fate.deaths;
	const struct ledger_run *run = NULL;
	for (int i = 0; i < TURNS_MAX && !run; i++) {
		if (is_dangerous && fate.deaths < deaths + DEATHS_MAX) {
			fate.death = DEATH_KILL;
			fate.dies_in = fate_draw(500);
		}
		process_act(live);
		run = answer_find();
		time_pass(6);
	}
	if (!run)
		fatal("%s has no answer", life.file.name);
	/* Its answer may still have to be published. */
	process_act(live);
	sums->deaths += fate.deaths - deaths;
	return run;
}

static void file_send(int feed, enum nightly_kind kind, bool is_dangerous)
{
	int64_t modified_s = file_make(feed, kind);
	law_look();
	drop(feed, modified_s);
	life.seen = fake_lms_runs();
	const struct ledger_run *run = answer_await(is_dangerous);
	tell("%s of feed %d, %s, %zu rows: %s", life.file.name, feed, nightly_word(life.file.kind),
	    life.file.count, run->state == RUN_APPLIED ? run->counts.bytes : "not applied");
	sums->files++;
	sums->kinds[life.file.kind]++;
	enum law_end end = run->state != RUN_APPLIED        ? LAW_NOT_APPLIED
	                   : is_base(feed, &life.file.text) ? LAW_ACCEPTED
	                                                    : LAW_APPLIED;
	law_judge(feed, &life.file, end, &life.sources[feed], &sums->law);
	words_note(feed, &life.file, run);
	if (life.file.kind == NIGHT_ORDINARY)
		life.history[feed][life.history_count[feed] - 1].is_accepted = end == LAW_ACCEPTED;
}

/* ---- a life ---- */

static void night(void)
{
	life.night++;
	time_pass(15 * HOUR);
	for (int f = 0; f < LAW_FEEDS; f++) {
		file_send(f, draw_kind(f), is_one_in(10));
		time_pass(HOUR / 2);
	}
}

static void plans_see(void)
{
	char said[160];
	if (!is_one_in(2))
		return;
	words_give(live, is_one_in(4), &sums->words, &sums->law, said);
	if (*said)
		tell("%s", said);
}

static void life_live(unsigned int seed)
{
	begin(seed);
	for (int nights = NIGHTS_MIN + fate_draw(NIGHTS_MORE); nights > 0; nights--) {
		day();
		plans_see();
		night();
		sums->nights++;
	}
	sums->lives++;
	files_remove(process.root.text);
}

/* In a process of its own, which takes with it what the deaths have leaked. */
static bool life_play(unsigned int seed)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		life.tells = getenv("ENROLD_LOG") != NULL;
		log_set_level(life.tells ? LOG_WARNING : LOG_ERROR + 1);
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
			fprintf(stderr, "lives: seed %ld breaks the law\n", first + i);
			failures++;
		}
	printf(
	    "lives: %lu lives in %.1f s: %lu nights, %lu files, %lu deaths; removed %lu times, %lu "
	    "of them unenrolled, %lu when due, %lu returned; accounts: %lu suspended, %lu "
	    "returned; plans: %lu released, %lu in vain, %lu discarded, %lu removed by that, %lu "
	    "accounts; %ld "
	    "lives broke the law\n",
	    sums->lives, (double)(moment_now_ms() - start) / 1000, sums->nights, sums->files,
	    sums->deaths, sums->law.removed, sums->law.unenrolled, sums->law.due,
	    sums->law.returned, sums->law.accounts_suspended, sums->law.accounts_returned,
	    sums->words.given[0], sums->words.left_open, sums->words.given[1], sums->law.approved,
	    sums->law.accounts_approved, failures);
	for (int i = 0; i < NIGHT_KINDS; i++)
		printf("%s %lu%s", nightly_word((enum nightly_kind)i), sums->kinds[i],
		    i + 1 < NIGHT_KINDS ? ", " : "\n");
	/* A law that nobody could break says nothing. */
	bool has_acted = sums->law.removed > 0 && sums->law.returned > 0 &&
	                 sums->law.approved > 0 && sums->words.given[1] > 0;
	return failures == 0 && has_acted ? 0 : 1;
}
