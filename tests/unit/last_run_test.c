/*
 * The last answer that this spool knows of (last_run.h), against a ledger of our own: the program
 * is linked with --wrap for it. Runs are letters.
 */
#include "fatal.h"
#include "files.h"

#include "enrold/last_run.h"
#include "enrold/summary.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

enum { LETTERS = 4 };

struct answer_of_run {
	char id[RUN_ID_SIZE + 1];
	struct buffer summary;
	char sha256[HASH_SIZE], chain[HASH_SIZE];
};

/* Each letter's answer follows that of the letter before it here. */
static struct answer_of_run runs[LETTERS];

/* In capitals: has ended; small: has begun; behind it a !: has ended with another answer. */
static const char *ledger;

static char letter_of(const char *id)
{
	return *id ? (char)('A' + id[RUN_ID_SIZE - 1] - '1') : '-';
}

static struct answer_of_run *run_of(char letter)
{
	return &runs[(letter | 0x20) - 'a'];
}

static void run_make(char letter, const char *previous)
{
	const struct tally tally = {.rows = 1};
	struct answer_of_run *run = run_of(letter);
	snprintf(run->id, sizeof run->id, "20261124-025744-00000%c", '1' + letter - 'A');
	const struct summary summary = {.run = run->id,
	    .feed = "hr",
	    .mode = "apply",
	    .status = "done",
	    .node = "host-a",
	    .policy_sha256 = ZEROS,
	    .input_name = "staff.csv",
	    .input_sha256 = ZEROS,
	    .tally = &tally,
	    .previous = previous};
	struct error error = summary_format(&summary, &run->summary, run->chain);
	cr_assert_not(is_error(&error), "%s", error.text);
	files_hash_bytes(run->summary.bytes, run->summary.size, run->sha256);
}

/* "A0 BA CB": each letter behind that whose chain it goes on with. */
static void runs_make(const char *links)
{
	for (const char *link = links; *link; link += link[2] ? 3 : 2)
		run_make(link[0], link[1] == '0' ? ZEROS : run_of(link[1])->chain);
}

static void runs_done(void)
{
	for (int i = 0; i < LETTERS; i++)
		buffer_done(&runs[i].summary);
	memset(runs, 0, sizeof runs);
}

/* ---- the ledger ---- */

struct db *__wrap_lms_db(struct lms *lms);
struct error __wrap_ledger_find(
    struct db *db, struct slice id, struct arena *arena, struct ledger_run *found);
struct error __wrap_ledger_newest(struct db *db, char id[RUN_ID_SIZE + 1]);

struct db *__wrap_lms_db(struct lms *lms)
{
	(void)lms;
	return NULL;
}

struct error __wrap_ledger_find(
    struct db *db, struct slice id, struct arena *arena, struct ledger_run *found)
{
	(void)db;
	(void)arena;
	*found = (struct ledger_run){.state = RUN_UNKNOWN};
	for (const char *at = ledger; *at; at++) {
		if (*at == '!' || !slice_is(id, slice_of(run_of(*at)->id)))
			continue;
		found->state = *at < 'a' ? RUN_APPLIED : RUN_RUNNING;
		found->run = slice_of(run_of(*at)->id);
		found->summary = buffer_slice(&run_of(*at)->summary);
		found->summary_sha256 = slice_of(at[1] == '!' ? ZEROS : run_of(*at)->sha256);
	}
	return OK;
}

struct error __wrap_ledger_newest(struct db *db, char id[RUN_ID_SIZE + 1])
{
	char newest = '-';
	(void)db;
	for (const char *at = ledger; *at; at++)
		newest = *at >= 'A' && *at <= 'Z' ? *at : newest;
	snprintf(id, RUN_ID_SIZE + 1, "%s", newest == '-' ? "" : run_of(newest)->id);
	return OK;
}

/* ---- the spool ---- */

static struct path root;
static struct spool spool;

static void spool_make(void)
{
	const char *temporary = getenv("TMPDIR");
	root = path_of("%s/enrold-last-XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(root.text))
		fatal("cannot make %s", root.text);
	spool = (struct spool){.root = open(root.text, O_RDONLY | O_DIRECTORY)};
}

static void spool_done(void)
{
	close(spool.root);
	files_remove(root.text);
}

static struct path file_path(void)
{
	return path_of("%s/.head", root.text);
}

static void file_write(const char *bytes, size_t size)
{
	files_write(file_path().text, bytes, size, 0640);
}

enum { PLACE_SIZE = 512 };

/* A line in the first or the second place: "A 7" is run A in the 7th turn. */
static void place_put(char *bytes, const char *text)
{
	const struct answer_of_run *run = run_of(text[0]);
	long turn = strtol(text + 1, NULL, 10);
	snprintf(bytes, PLACE_SIZE, "%020ld %s %s %s %020ld\n", turn, run->id, run->sha256,
	    run->chain, turn);
}

/* In its first turn, which is that of the second place. */
static void head_put(char letter)
{
	char bytes[2 * PLACE_SIZE] = "", text[] = {letter, '1', '\0'};
	if (letter == '-')
		return;
	place_put(bytes + PLACE_SIZE, text);
	file_write(bytes, sizeof bytes);
}

static struct last_run head_get(void)
{
	struct last_run head;
	struct error error = last_run_find(&spool, &head);
	cr_assert_not(is_error(&error), "%s", error.text);
	return head;
}

/* ---- against the ledger ---- */

static struct error check(char letter)
{
	(void)letter;
	return last_run_check(&spool, NULL);
}

/* In the last transaction of a run that goes on with this one's chain. */
static struct error expect(char letter)
{
	return last_run_expect(&spool, NULL, letter == '-' ? ZEROS : run_of(letter)->chain);
}

static struct error note(char letter)
{
	struct ledger_run row;
	struct error error = ledger_find(NULL, slice_of(run_of(letter)->id), NULL, &row);
	return is_error(&error) ? error : last_run_note(&spool, NULL, &row);
}

static struct error accept_newest(char letter)
{
	(void)letter;
	return last_run_accept(&spool, NULL);
}

static const struct {
	const char *what, *links, *ledger;
	char head; /* before, '-': none */
	struct error (*step)(char letter);
	char letter, after;
	unsigned turn;     /* 2: it was written anew */
	const char *fault; /* NULL: none */
} cases[] = {
    {"nothing has been answered", "A0", "", '-', check, 0, '-', 0, NULL},
    {"the head is the ledger's newest", "A0 BA", "AB", 'B', check, 0, 'B', 1, NULL},
    {"the ledger has gone on", "A0 BA CB", "ABC", 'B', check, 0, 'B', 1, NULL},
    {"the ledger is an older one", "A0 BA", "A", 'B', check, 0, 'B', 1, "does not know run"},
    {"the ledger is empty", "A0 BA", "", 'B', check, 0, 'B', 1, "does not know run"},
    {"the ledger has lost the end", "A0 BA", "Ab", 'B', check, 0, 'B', 1, "knows no end of run"},
    {"the ledger answers otherwise", "A0 BA", "AB!", 'B', check, 0, 'B', 1,
        "has another answer for run"},

    {"a run ends behind the head", "A0 BA", "AB", 'B', expect, 'B', 'B', 1, NULL},
    {"and nothing is asked for that", "A0 BA", "", 'B', expect, 'B', 'B', 1, NULL},
    {"behind one that was committed since", "A0 BA CB", "ABC", 'B', expect, 'C', 'B', 1, NULL},
    {"behind another, of a ledger without the head", "A0 BA CA", "AC", 'B', expect, 'C', 'B', 1,
        "does not know run"},
    {"the first of all", "A0", "", '-', expect, '-', '-', 0, NULL},

    {"the first is noted", "A0", "A", '-', note, 'A', 'A', 1, NULL},
    {"the next is noted", "A0 BA", "AB", 'A', note, 'B', 'B', 2, NULL},
    {"what is noted again stays", "A0 BA", "AB", 'B', note, 'B', 'B', 1, NULL},
    {"a gap: others were committed between", "A0 BA CB DC", "ABCD", 'A', note, 'C', 'D', 2, NULL},
    {"the head never goes back", "A0 BA CB", "ABC", 'C', note, 'B', 'C', 2, NULL},
    {"a fork: the head is of another ledger", "A0 BA CA", "AC", 'B', note, 'C', 'B', 1,
        "does not know run"},
    {"a change: the head is answered otherwise", "A0 BA CA", "AB!C", 'B', note, 'C', 'B', 1,
        "has another answer for run"},
    {"the first of an empty ledger, where something was answered", "A0 B0", "B", 'A', note, 'B',
        'A', 1, "does not know run"},

    {"another ledger is taken for the right one", "A0 BA CA", "AC", 'B', accept_newest, 0, 'C', 2,
        NULL},
    {"so is an older one", "A0 BA", "A", 'B', accept_newest, 0, 'A', 2, NULL},
    {"and an empty one, after which all begins anew", "A0", "", 'A', accept_newest, 0, '-', 0,
        NULL},
    {"what has no end is not the newest", "A0 BA", "Ab", 'B', accept_newest, 0, 'A', 2, NULL},
};

Test(last_run, is_held_against_the_ledger)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *what = cases[i].what, *fault = cases[i].fault;
		spool_make();
		runs_make(cases[i].links);
		ledger = cases[i].ledger;
		head_put(cases[i].head);
		struct error error = cases[i].step(cases[i].letter);
		cr_expect_eq(error.class, fault ? ERROR_CONFIG : ERROR_NONE, "%s", what);
		cr_expect(!fault || strstr(error.text, fault), "%s: %s", what, error.text);
		struct last_run head = head_get();
		cr_expect_eq(letter_of(head.run), cases[i].after, "%s: %s", what, head.run);
		cr_expect_eq(head.turn, cases[i].turn, "%s: %d", what, (int)head.turn);
		if (cases[i].after != '-') {
			cr_expect_str_eq(head.sha256, run_of(cases[i].after)->sha256, "%s", what);
			cr_expect_str_eq(head.chain, run_of(cases[i].after)->chain, "%s", what);
		}
		runs_done();
		spool_done();
	}
}

/* ---- the file ---- */

static void spoil(char *place)
{
	place[300] = 'x';
}

static void cut(char *place)
{
	memset(place + 100, 0, PLACE_SIZE - 100);
}

static void turn_other(char *place)
{
	place[strlen(place) - 2] ^= 1;
}

static void id_other(char *place)
{
	place[strlen("00000000000000000000 2026")] = '9';
}

static void hash_short(char *place)
{
	char *hash = place + strlen("00000000000000000000 20261124-025744-000001 ");
	memmove(hash, hash + 1, strlen(hash));
}

static const struct {
	const char *what, *first, *second; /* NULL: nothing there */
	void (*spoil_second)(char *place);
	char letter;
	unsigned turn;
} files[] = {
    {"one place", "A 1", NULL, NULL, 'A', 1},
    {"the other place", NULL, "A 1", NULL, 'A', 1},
    {"the later turn is second", "A 2", "B 3", NULL, 'B', 3},
    {"the later turn is first", "B 4", "A 3", NULL, 'B', 4},
    {"ten is later than nine", "A 9", "B 10", NULL, 'B', 10},
    {"the later was cut short", "A 2", "B 3", cut, 'A', 2},
    {"the later has another turn at its end", "A 2", "B 3", turn_other, 'A', 2},
    {"the later has no run", "A 2", "B 3", id_other, 'A', 2},
    {"the later has half a hash", "A 2", "B 3", hash_short, 'A', 2},
    {"the earlier is spoilt: nobody minds", "B 4", "A 3", cut, 'B', 4},
    {"what follows a line does not matter", "A 2", "B 3", spoil, 'B', 3},
    {"nothing at all", NULL, NULL, NULL, '-', 0},
};

Test(last_run, is_read_from_the_place_that_was_written_whole)
{
	runs_make("A0 BA");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char bytes[2 * PLACE_SIZE] = "";
		spool_make();
		if (files[i].first)
			place_put(bytes, files[i].first);
		if (files[i].second)
			place_put(bytes + PLACE_SIZE, files[i].second);
		if (files[i].spoil_second)
			files[i].spoil_second(bytes + PLACE_SIZE);
		file_write(bytes, sizeof bytes);
		struct last_run head = head_get();
		cr_expect_eq(
		    letter_of(head.run), files[i].letter, "%s: %s", files[i].what, head.run);
		cr_expect_eq(head.turn, files[i].turn, "%s", files[i].what);
		cr_expect_str_eq(head.chain,
		    files[i].letter == '-' ? ZEROS : run_of(files[i].letter)->chain, "%s",
		    files[i].what);
		spool_done();
	}
	runs_done();
}

/* So that a power cut spoils one of them at most. */
Test(last_run, is_written_to_both_places_in_turn)
{
	spool_make();
	runs_make("A0 BA CB");
	ledger = "ABC";
	for (int i = 0; i < 3; i++) {
		struct error error = note((char)('A' + i));
		cr_assert_not(is_error(&error), "%s", error.text);
	}
	char expected[2 * PLACE_SIZE] = "";
	place_put(expected, "B 2");
	place_put(expected + PLACE_SIZE, "C 3");
	struct buffer written = files_read(file_path().text);
	cr_expect_str_eq(written.bytes, expected);
	cr_expect_str_eq(written.bytes + PLACE_SIZE, expected + PLACE_SIZE);
	cr_expect_eq(written.size, PLACE_SIZE + strlen(expected + PLACE_SIZE));
	buffer_done(&written);
	runs_done();
	spool_done();
}

/* It kept the run's id alone: any answer of that run will do. */
Test(last_run, of_the_first_release_is_believed_and_replaced)
{
	spool_make();
	runs_make("A0 BA");
	ledger = "AB!";
	struct path line = path_of("%s\n", run_of('B')->id);
	file_write(line.text, strlen(line.text));
	struct last_run head = head_get();
	cr_expect_eq(letter_of(head.run), 'B');
	cr_expect_str_eq(head.sha256, "");
	cr_expect_str_eq(head.chain, "");
	struct error error = last_run_check(&spool, NULL);
	cr_expect_not(is_error(&error), "%s", error.text);
	ledger = "A";
	error = last_run_check(&spool, NULL);
	cr_expect_eq(error.class, ERROR_CONFIG);
	ledger = "AB";
	error = note('B');
	cr_expect_not(is_error(&error), "%s", error.text);
	head = head_get();
	cr_expect_str_eq(head.chain, run_of('B')->chain);
	runs_done();
	spool_done();
}
