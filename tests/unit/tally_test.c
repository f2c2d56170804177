/* What a run has counted, as the ledger keeps it: one line of text, also of somebody else's hand.
 */
#include "enrold/tally.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct {
	const char *what;
	struct tally tally;
	const char *text;
} good[] = {
    {"nothing", {.rows = 0}, ""},
    {"zeros are left out", {.rows = 3, .outcomes = {[OUTCOME_DONE] = 2, [OUTCOME_ERROR] = 1}},
        "rows=3 done=2 error=1"},
    {"rows, outcomes, codes and remarks, each in their own order",
        {.rows = 9,
            .rows_in_error = 1,
            .outcomes = {[OUTCOME_SKIPPED] = 5, [OUTCOME_DONE] = 7, [OUTCOME_WARNING] = 6},
            .codes = {[CODE_USER_NOT_FOUND] = 1, [CODE_ENROLLED] = 2},
            .remarks = {[REMARK_NO_ROWS] = 4, [REMARK_DETAILS_KEPT] = 3}},
        "rows=9 rows_in_error=1 done=7 warning=6 skipped=5 enrolled=2 user_not_found=1"
        " details_kept=3 no_rows=4"},
    {"what one counter holds", {.rows = UINT64_MAX, .codes = {[CODE_ENROLLED] = INT64_MAX}},
        "rows=18446744073709551615 enrolled=9223372036854775807"},
};

static struct buffer text_of(const struct tally *tally)
{
	struct buffer text = {0};
	tally_format(tally, &text);
	buffer_add_char(&text, '\0');
	cr_assert_not(text.failed);
	text.size--;
	return text;
}

static void expect_back(const struct tally *tally, struct slice text, const char *what)
{
	struct tally again;
	struct error error = tally_parse(text, &again);
	cr_expect_not(is_error(&error), "%s: %s", what, error.text);
	cr_expect_arr_eq(&again, tally, sizeof again, "%s", what);
}

Test(tally, is_written_as_one_line_and_read_back)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct buffer text = text_of(&good[i].tally);
		cr_expect_str_eq(text.bytes, good[i].text, "%s", good[i].what);
		expect_back(&good[i].tally, buffer_slice(&text), good[i].what);
		buffer_done(&text);
	}
}

/* A word that two of them shared would be read into the first. */
Test(tally, has_a_word_of_its_own_for_each_counter)
{
	enum { COUNTERS = sizeof(struct tally) / sizeof(uint64_t) };
	_Static_assert(COUNTERS == 3 + OUTCOME_KINDS + CODES + REMARK_CODES, "nothing else");
	for (size_t i = 0; i < COUNTERS; i++) {
		uint64_t counters[COUNTERS] = {0};
		char what[32];
		struct tally tally;
		counters[i] = i + 1;
		memcpy(&tally, counters, sizeof tally);
		snprintf(what, sizeof what, "counter %zu", i);
		struct buffer text = text_of(&tally);
		cr_expect_eq(strspn(text.bytes, "abcdefghijklmnopqrstuvwxyz_0123456789"),
		    strcspn(text.bytes, "="), "%s: %s", what, text.bytes);
		expect_back(&tally, buffer_slice(&text), what);
		buffer_done(&text);
	}
}

/* byte: where the word begins that is none. */
static const struct {
	const char *what, *text;
	int byte;
} bad[] = {
    {"no number", "rows", 1},
    {"no digits", "rows=", 1},
    {"letters", "rows=x", 1},
    {"digits, then a letter", "rows=1x", 1},
    {"a sign", "rows=-1", 1},
    {"a plus", "rows=+1", 1},
    {"no name", "=1", 1},
    {"a name that none has", "invented=1", 1},
    {"the beginning of a name", "row=1", 1},
    {"more than a name", "rows_=1", 1},
    {"a name in capitals", "ROWS=1", 1},
    {"a name twice", "rows=1 rows=2", 8},
    {"two blanks", "rows=1  done=1", 8},
    {"a blank first", " rows=1", 1},
    {"blanks alone", " ", 1},
    {"a tab", "rows=1\tdone=1", 1},
    {"a newline", "rows=1\n", 1},
    {"one more than fits", "rows=18446744073709551616", 1},
    {"ten times as many", "rows=1 done=184467440737095516150", 8},
    {"as many digits", "rows=99999999999999999999", 1},
};

static void expect_bad(struct slice text, int byte, const char *what)
{
	struct tally tally;
	char words[64];
	struct error error = tally_parse(text, &tally);
	snprintf(words, sizeof words, "from byte %d on", byte);
	cr_expect_eq(error.class, ERROR_CONFIG, "%s", what);
	cr_expect(strstr(error.text, words), "%s: %s", what, error.text);
}

Test(tally, of_somebody_else_is_an_error_that_says_where)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_bad(slice_of(bad[i].text), bad[i].byte, bad[i].what);
	expect_bad(SLICE("rows=1\0"), 1, "a NUL");
}
