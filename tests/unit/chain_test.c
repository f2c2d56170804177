/* The chain of summaries: what each links to, and what shows who touches it. Runs are letters. */
#include "files.h"

#include "enrold/summary.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { LETTERS = 4 };

static struct path id_of(char letter)
{
	return path_of("20261124-025744-00000%d", letter - 'A');
}

static struct buffer summary_of(char letter, const char *previous, const char *node)
{
	const struct tally tally = {.rows = 1};
	struct path id = id_of(letter);
	const struct summary summary = {.run = id.text,
	    .feed = "hr",
	    .mode = "apply",
	    .status = "done",
	    .node = node,
	    .policy_sha256 = HASH,
	    .input_name = "staff.csv",
	    .input_sha256 = HASH,
	    .tally = &tally,
	    .number = 1,
	    .previous = previous};
	struct buffer text = {0};
	char chain[HASH_TEXT_SIZE + 1], found[HASH_TEXT_SIZE + 1];
	struct error error = summary_format(&summary, &text, chain);
	cr_assert_not(is_error(&error), "%s", error.text);
	summary_find_chain(buffer_slice(&text), found);
	cr_expect_str_eq(found, chain);
	summary_find_previous(buffer_slice(&text), found);
	cr_expect_str_eq(found, previous);
	buffer_add_char(&text, '\0');
	text.size--;
	return text;
}

/* The answers of a spool: "A0 BA CB", each letter with that of the one before. */
struct answers {
	struct buffer summaries[LETTERS]; /* by their letters; without bytes: there is none */
	char chains[LETTERS][HASH_TEXT_SIZE + 1];
};

static void answers_make(struct answers *answers, const char *links)
{
	*answers = (struct answers){0};
	for (const char *link = links; *link;
	     link += strcspn(link, " "), link += strspn(link, " ")) {
		int run = link[0] - 'A';
		const char *previous = link[1] == '0' ? ZEROS : answers->chains[link[1] - 'A'];
		answers->summaries[run] = summary_of(link[0], previous, "host-a");
		summary_find_chain(buffer_slice(&answers->summaries[run]), answers->chains[run]);
	}
}

static void answers_done(struct answers *answers)
{
	for (int i = 0; i < LETTERS; i++)
		buffer_done(&answers->summaries[i]);
}

/* ---- the summaries, read by somebody who has nothing but the outbox ---- */

struct link {
	char previous[HASH_SIZE], stated[HASH_SIZE], is[HASH_SIZE];
};

static struct link link_of(const struct buffer *summary)
{
	struct link link;
	struct buffer bytes = {0};
	const char *previous = strstr(summary->bytes, "\"previous\":\"");
	const char *end = strstr(summary->bytes, ",\"chain\":\"");
	cr_assert(previous && end, "%s", summary->bytes);
	cr_assert_eq(sscanf(previous, "\"previous\":\"%64[0-9a-f]\"", link.previous), 1);
	cr_assert_eq(sscanf(end, ",\"chain\":\"%64[0-9a-f]\"}", link.stated), 1);
	buffer_print(
	    &bytes, "%s\n%.*s", link.previous, (int)(end - summary->bytes), summary->bytes);
	files_hash_bytes(bytes.bytes, bytes.size, link.is);
	buffer_done(&bytes);
	return link;
}

/* Those that follow `*last`, behind what was read so far, and where they lead to. */
static size_t links_read(const struct answers *answers, char last[HASH_SIZE], struct buffer *read)
{
	size_t count = 0;
	char next[HASH_SIZE] = "";
	for (int i = 0; i < LETTERS; i++) {
		if (!answers->summaries[i].bytes)
			continue;
		struct link link = link_of(&answers->summaries[i]);
		if (strcmp(link.previous, last) != 0)
			continue;
		buffer_print(read, "%s%c%s",
		    count++ > 0      ? "|"
		    : read->size > 0 ? " "
		                     : "",
		    'A' + i, strcmp(link.is, link.stated) == 0 ? "" : "?");
		memcpy(next, link.stated, sizeof next);
	}
	memcpy(last, next, sizeof next);
	return count;
}

static void change(struct answers *answers, char letter)
{
	char *name = strstr(answers->summaries[letter - 'A'].bytes, "staff.csv");
	cr_assert_not_null(name);
	name[1] = 'u';
}

static void remove_one(struct answers *answers, char letter)
{
	buffer_done(&answers->summaries[letter - 'A']);
	answers->summaries[letter - 'A'] = (struct buffer){0};
}

/* By somebody who computes the chain, too. */
static void make_anew(struct answers *answers, char letter)
{
	char previous[HASH_TEXT_SIZE + 1];
	struct buffer *summary = &answers->summaries[letter - 'A'];
	summary_find_previous(buffer_slice(summary), previous);
	buffer_done(summary);
	*summary = summary_of(letter, previous, "host-b");
}

/* read: "A B C", as far as each follows the one before; "B?": it is not what it says it is; "B|C":
 * both follow the same. */
static const struct {
	const char *what, *links;
	void (*tamper)(struct answers *answers, char letter);
	char letter;
	const char *read;
} outboxes[] = {
    {"each follows the one before", "A0 BA CB DC", NULL, 0, "A B C D"},
    {"in whatever order their runs began", "C0 AC DA BD", NULL, 0, "C A D B"},
    {"the first is changed", "A0 BA CB", change, 'A', "A? B C"},
    {"one in the middle is changed", "A0 BA CB", change, 'B', "A B? C"},
    {"the last is changed", "A0 BA CB", change, 'C', "A B C?"},
    {"one is changed, and its chain with it", "A0 BA CB", make_anew, 'B', "A B"},
    {"the last is: which only the ledger tells", "A0 BA CB", make_anew, 'C', "A B C"},
    {"a gap", "A0 BA CB DC", remove_one, 'B', "A"},
    {"the first is missing", "A0 BA CB", remove_one, 'A', ""},
    {"a fork", "A0 BA CA DC", NULL, 0, "A B|C D"},
    {"two beginnings", "A0 B0", NULL, 0, "A|B"},
};

Test(chain, shows_a_change_a_gap_and_a_fork)
{
	for (size_t i = 0; i < sizeof outboxes / sizeof *outboxes; i++) {
		struct answers answers;
		struct buffer read = {0};
		char last[HASH_SIZE] = ZEROS;
		answers_make(&answers, outboxes[i].links);
		if (outboxes[i].tamper)
			outboxes[i].tamper(&answers, outboxes[i].letter);
		while (links_read(&answers, last, &read) > 0)
			;
		buffer_add_char(&read, '\0');
		cr_expect_str_eq(
		    read.bytes, outboxes[i].read, "%s: %s", outboxes[i].what, read.bytes);
		buffer_done(&read);
		answers_done(&answers);
	}
}
