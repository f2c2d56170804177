/* Words in lines as wide as the terminal. */
#include "../../src/ctl/sentence.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void expect(const char *given, size_t indent, struct terminal terminal, const char *wanted)
{
	char *written;
	size_t size;
	struct buffer text = {0};
	FILE *to = open_memstream(&written, &size);
	buffer_add_text(&text, given);
	cr_expect(sentence_write_for(to, &text, indent, terminal));
	cr_expect_eq(text.size, 0);
	fclose(to);
	cr_expect_str_eq(written, wanted);
	free(written);
	buffer_done(&text);
}

Test(sentence, breaks_between_words_and_never_in_one)
{
	static const struct terminal narrow = {.width = 10};
	expect("a bc def", 2, narrow, "a bc def\n");
	expect("abcd efghi", 2, narrow, "abcd efghi\n");
	expect("abcde fghij klm", 2, narrow, "abcde\n  fghij\n  klm\n");
	expect("ab /a/path/that/is/long cd", 2, narrow, "ab\n  /a/path/that/is/long\n  cd\n");
	expect("/a/path/that/is/long", 2, narrow, "/a/path/that/is/long\n");
	expect("", 2, narrow, "\n");
	expect("abcde   fghijk", 0, narrow, "abcde\nfghijk\n");
}

Test(sentence, is_one_line_where_there_is_no_terminal)
{
	expect("abcde fghij klm nop qrs", 2, (struct terminal){0}, "abcde fghij klm nop qrs\n");
}

Test(sentence, counts_columns_and_covers_what_would_play_tricks)
{
	static const struct terminal narrow = {.width = 10};
	expect("日本語 日本語", 0, narrow, "日本語\n日本語\n");
	expect("e\u0301e\u0301e\u0301e\u0301 abcde", 0, narrow,
	    "e\u0301e\u0301e\u0301e\u0301 abcde\n");
	expect("a\nb\x1B[31m\u202Ec", 0, narrow, "a_b_[31m_c\n");
	expect("é", 0, (struct terminal){.width = 10, .is_ascii = true}, "?\n");
	expect("\u05D0 b", 0, (struct terminal){.width = 10, .may_turn = true},
	    "\u05D0 b" TERMINAL_TURN_BACK "\n");
}
