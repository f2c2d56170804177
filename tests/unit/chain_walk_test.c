/* The walk over the links of all runs: each break is told, and only breaks. A link is a number, the
 * letter that it goes on from, and its own; 0 is the beginning, a capital one that does not agree
 * with itself. */
#include "../../src/proof/chain.h"

#include "enrold/buffer.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

static const struct row {
	const char *name;
	char links[80]; /* in the order of their runs */
	char head;
	uint64_t number;
	char breaks[80];
	char places[40];
} rows[] = {
    {"nothing was answered", "", '0', 0, "", ""},
    {"one run", "1:0a", 'a', 1, "", "1"},
    {"runs as they were claimed, not as they ended", "2:ab 3:bc 1:0a", 'c', 3, "", "231"},
    {"runs of a time without numbers", "0:0a 0:ab 3:bc", 'c', 3, "", "123"},
    {"a head without a number", "0:0a 0:ab", 'b', 0, "", "12"},
    {"a link that is gone", "1:0a 3:bc", 'c', 3, "lost 2-2;", "13"},
    {"the first links gone", "3:bc 4:cd", 'd', 4, "lost 1-2;", "34"},
    {"two gaps", "1:0a 3:bc 6:ef", 'f', 6, "lost 2-2;lost 4-5;", "136"},
    {"the last links gone", "1:0a 2:ab", 'd', 4, "cut 3-4;", "12"},
    {"all links gone", "", 'b', 2, "cut 1-2;", ""},
    {"one written anew, and well", "1:0a 2:ax 3:bc", 'c', 3, "rewritten x;", "123"},
    {"one that does not agree with itself is told elsewhere", "1:0a 2:aX 3:bc", 'c', 3, "", "123"},
    {"the first says that it goes on from another", "1:za 2:ab", 'b', 2, "rewritten a;", "12"},
    {"the last written anew", "1:0a 2:ax", 'b', 2, "head 2-2;", "12"},
    {"a wrong number", "1:0a 7:ab 3:bc", 'c', 3, "reordered b;", "123"},
    {"a run that nothing leads to the head from", "1:0a 2:ab 2:ax", 'b', 2, "strange x;", "120"},
    {"two that go on from the same, of which one leads on", "1:0a 2:ax 2:ab 3:bc", 'c', 3,
        "strange x;", "1023"},
    {"a circle", "1:0a 2:ab 4:xy 5:yx", 'b', 2, "strange y;strange x;", "1200"},
    {"a circle in a broken chain", "1:0a 4:xy 5:yx", 'b', 2, "lost 2-4;reordered y;head 6-2;",
        "165"},
    {"a head that the chain has passed", "1:0a 2:ab 3:bc", 'b', 2, "head 3-2;", "123"},
    {"a head that was never there, and no more of them", "1:0a 2:ab", 'x', 2, "head 2-2;", "12"},
};

static void digest(char letter, unsigned char *bytes)
{
	memset(bytes, letter == '0' ? 0 : tolower(letter), DIGEST_SIZE);
}

static void on_break(
    void *context, enum chain_break what, const struct link *link, uint64_t from, uint64_t until)
{
	static const char *const names[] = {[CHAIN_REWRITTEN] = "rewritten",
	    [CHAIN_LOST] = "lost",
	    [CHAIN_REORDERED] = "reordered",
	    [CHAIN_STRANGE] = "strange",
	    [CHAIN_CUT] = "cut",
	    [CHAIN_HEAD] = "head"};
	bool is_range = what == CHAIN_LOST || what == CHAIN_CUT || what == CHAIN_HEAD;
	buffer_print(context, "%s ", names[what]);
	if (is_range)
		buffer_print(context, "%d-%d;", (int)from, (int)until);
	else
		buffer_print(context, "%c;", link->chain[0]);
}

static void links_add(struct chain *chain, const char *text)
{
	for (int64_t run = 1; *text; run++, text += strcspn(text, " ")) {
		text += strspn(text, " ");
		struct link link = {.run_us = run, .number = (uint64_t)(text[0] - '0')};
		digest(text[2], link.previous);
		digest(text[3], link.chain);
		link.is_whole = !isupper((unsigned char)text[3]);
		cr_assert(chain_add(chain, &link));
	}
}

static void row_expect(const struct row *row)
{
	struct chain chain;
	struct buffer breaks = {0}, places = {0};
	struct chain_head head = {.number = row->number};
	chain_init(&chain);
	links_add(&chain, row->links);
	digest(row->head, head.chain);
	cr_assert(chain_walk(&chain, &head, on_break, &breaks));
	for (size_t i = 0; i < chain.links.count; i++)
		buffer_print(&places, "%d", (int)chain_at(&chain, i)->place);
	buffer_add_char(&breaks, '\0');
	buffer_add_char(&places, '\0');
	cr_expect_str_eq(breaks.bytes, row->breaks, "%s", row->name);
	cr_expect_str_eq(places.bytes, row->places, "%s", row->name);
	buffer_done(&breaks);
	buffer_done(&places);
	chain_done(&chain);
}

Test(chain_walk, tells_each_break_and_goes_on_behind_it)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_expect(&rows[i]);
}

Test(chain_walk, finds_links_by_run_and_by_hash)
{
	struct chain chain;
	unsigned char hash[DIGEST_SIZE];
	chain_init(&chain);
	links_add(&chain, "1:0a 2:ab 3:bc");
	cr_expect_eq(chain_find(&chain, 2), chain_at(&chain, 1));
	cr_expect_null(chain_find(&chain, 4));
	digest('c', hash);
	cr_expect_eq(chain_find_head(&chain, hash), chain_at(&chain, 2));
	digest('x', hash);
	cr_expect_null(chain_find_head(&chain, hash));
	chain_done(&chain);
}

/* What has come while the rows were read. */
Test(chain_walk, leaves_out_what_came_behind_the_head)
{
	struct chain chain;
	chain_init(&chain);
	links_add(&chain, "1:0a 5:de 3:bc 0:xy 2:ab 9:zz");
	chain_drop(&chain, 2, 5);
	cr_expect_eq(chain.links.count, 4);
	cr_expect_eq(chain_at(&chain, 3)->number, 9);
	chain_done(&chain);
}

Test(chain_walk, reads_and_writes_hashes)
{
	static const char text[] =
	    "00ff10a9e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b";
	unsigned char bytes[DIGEST_SIZE];
	char again[2 * DIGEST_SIZE + 1];
	cr_assert(digest_parse(slice_of(text), bytes));
	digest_format(bytes, again);
	cr_expect_str_eq(again, text);
	cr_expect_not(digest_parse(SLICE("00FF"), bytes));
	cr_expect_not(digest_parse((struct slice){text, 63}, bytes));
	cr_expect_not(digest_parse(
	    SLICE("00FF10a9e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b"), bytes));
}
