#include "enrold/value.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct {
	const char *cell;
	int64_t epoch; /* -1: not a date */
} dates[] = {
    {"2026-12-01", 1796083200},
    {"2026-07-01", 1782860400},
    {"2026-12-01 12:30", 1796128200},
    {"2026-12-01T12:30:05Z", 1796128205},
    {"2026-12-01T12:30+01:00", 1796124600},
    {"31.12.2026", 1798675200},
    {"1 January 2027", 1798761600},
    {"1 jan 2027", 1798761600},
    {"2026-02-30", -1},
    {"01/02/2027", -1},
    {"soon", -1},
    {"", -1},
    {"1700000000", -1},
    {"2026-12-01 24:00", -1},
};

Test(value, reads_dates_that_mean_one_thing_only)
{
	setenv("TZ", "Europe/London", 1);
	tzset();
	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
		int64_t epoch = -1;
		if (!value_parse_date(slice_of(dates[i].cell), &epoch))
			epoch = -1;
		cr_expect_eq(epoch, dates[i].epoch, "%s: %lld", dates[i].cell, (long long)epoch);
	}
}

Test(value, tells_clean_cells_from_bad_ones)
{
	cr_expect_eq(value_check(SLICE("S\xC3\x89"
	                               "CURIT\xC3\x89\tx")),
	    VALUE_CLEAN);
	cr_expect_eq(value_check(SLICE("a\0b")), VALUE_CONTROL);
	cr_expect_eq(value_check(SLICE("a\x1b[31m")), VALUE_CONTROL);
	cr_expect_eq(value_check(SLICE("\xC3(")), VALUE_NOT_UTF8);
	cr_expect_eq(value_check(SLICE("\xED\xA0\x80")), VALUE_NOT_UTF8);
}

Test(value, that_would_not_be_seen_is_spelt_out_or_covered)
{
	static const struct {
		const char *text, *revealed, *covered;
	} cases[] = {
	    {"caf\u00E9 \u6F22 \U0001F600", "caf\u00E9 \u6F22 \U0001F600",
	        "caf\u00E9 \u6F22 \U0001F600"},
	    {"a\u202Eb", "a\\u202eb", "a_b"},
	    {"\u2066\u2069\u200F", "\\u2066\\u2069\\u200f", "___"},
	    {"x\u2028y\u2029", "x\\u2028y\\u2029", "x_y_"},
	    {"\u200B\u200D\u2060\uFEFF\u00AD", "\\u200b\\u200d\\u2060\\ufeff\\u00ad", "_____"},
	    {"\u3164\u115F\uFE0F", "\\u3164\\u115f\\ufe0f", "___"},
	    {"\U000E0041", "\\U000e0041", "_"},
	    {"a\x1B[1m\xFF", "a\uFFFD[1m\uFFFD", "a_[1m_"},
	    {"two\nlines", "two\nlines", "two\nlines"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = {0};
		char text[64];
		value_reveal(slice_of(cases[i].text), &out);
		cr_expect(slice_is(buffer_slice(&out), slice_of(cases[i].revealed)),
		    "case %zu: %.*s", i, SLICE_ARG(buffer_slice(&out)));
		strcpy(text, cases[i].text);
		value_cover_text(text);
		cr_expect_str_eq(text, cases[i].covered, "case %zu: %s", i, text);
		buffer_done(&out);
	}
}

Test(value, lowers_and_cleans_user_names_as_moodle_does)
{
	struct arena *arena = arena_create();
	cr_expect(slice_is(value_lower(SLICE("ZO\xC3\x8B"), arena), SLICE("zo\xC3\xAB")));
	cr_expect(slice_is(value_clean_username(SLICE("Al!i#cE"), false, arena), SLICE("alice")));
	cr_expect(slice_is(value_clean_username(SLICE("zo\xC3\xAB"), false, arena), SLICE("zo")));
	cr_expect(slice_is(value_clean_username(SLICE("a+B"), true, arena), SLICE("a+b")));
	arena_free(arena);
}

Test(value, takes_a_feeds_own_dates_and_moodles)
{
	static const char *const forms[] = {"%d/%m/%Y", "%Y%m%d"};
	static const struct {
		struct slice cell;
		bool is_moodle;
		int64_t epoch; /* -1: no date */
	} cases[] = {
	    {{"2027-01-02", 10}, false, 1798848000},
	    {{"02/01/2027", 10}, false, 1798848000},
	    {{"20270102", 8}, false, 1798848000},
	    {{"31/02/2027", 10}, false, -1},
	    {{"02/01/2027x", 11}, false, -1},
	    {{"today", 5}, false, -1},
	    {{"today", 5}, true, 1798761600},
	    {{"tomorrow", 8}, true, 1798848000},
	    {{"+3 days", 7}, true, 1798761600 + 3600 + 3 * 86400},
	    {{"+1 day", 6}, true, 1798761600 + 3600 + 86400},
	    {{"+3 weeks", 8}, true, 1798761600 + 3600 + 21 * 86400},
	    {{"+days", 5}, true, -1},
	    {{"@1798848000", 11}, true, 1798848000},
	    {{"@", 1}, true, -1},
	    {{"", 0}, true, -1},
	};
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct date_rules rules = {
		    forms, 2, cases[i].is_moodle, 1798761600 + 3600, 1798761600, false, false};
		int64_t epoch = -1;
		bool is_date = value_parse_feed_date(cases[i].cell, &rules, &epoch);
		cr_expect_eq(is_date, cases[i].epoch >= 0, "case %zu", i);
		if (is_date)
			cr_expect_eq(epoch, cases[i].epoch, "case %zu: %lld", i, (long long)epoch);
	}
	/* Where it only matters which is later. */
	static const char *const old[] = {"1900-01-01", "01/01/1900", "1969-12-31"};
	const struct date_rules newest = {.forms = forms, .forms_count = 2, .takes_old = true};
	for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
		int64_t epoch = -1;
		cr_expect(value_parse_feed_date(slice_of(old[i]), &newest, &epoch), "%s", old[i]);
		cr_expect_eq(epoch, 0, "%s: %lld", old[i], (long long)epoch);
		cr_expect_not(value_parse_date(slice_of(old[i]), &epoch), "%s", old[i]);
	}
	/* Without a form of the feed's own, slashes are month first in Moodle, else nothing. */
	struct date_rules rules = {.is_moodle = true};
	int64_t epoch;
	cr_expect(value_parse_feed_date(SLICE("01/02/2027"), &rules, &epoch));
	cr_expect_eq(epoch, 1798848000);
	rules.is_moodle = false;
	cr_expect_not(value_parse_feed_date(SLICE("01/02/2027"), &rules, &epoch));
}

/* What PHP 8.2 makes of it on 23 November 2026 (a Monday), 15:31:50 UTC; -1: enrold does not read
 * it.
 */
static const struct {
	const char *cell;
	int64_t utc, berlin;
} moodles[] = {
    {"31-12-2026", 1798675200, 1798671600},
    {"2026/12/31", 1798675200, 1798671600},
    {"1 January 2027 10:00", 1798797600, 1798794000},
    {"Jan 1st, 2027", 1798761600, 1798758000},
    {"December 2026", 1796083200, 1796079600},
    {"31-Dec-2026", 1798675200, 1798671600},
    {"12/31/2026 8:30 pm", 1798749000, 1798745400},
    {"2026-12-31 08:00 +01:00", 1798700400, 1798700400},
    {"31.12.2026 8:00", 1798704000, 1798700400},
    {"next monday", 1795996800, 1795993200},
    {"monday", 1795392000, 1795388400},
    {"last friday 8:00", 1795161600, 1795158000},
    {"Thursday, 31 December 2026", 1798675200, 1798671600},
    {"yesterday 12:00", 1795348800, 1795345200},
    {"tomorrow 8am", 1795507200, 1795503600},
    {"+2 weeks", 1796657510, 1796657510},
    {"1 month ago", 1792769510, 1792765910},
    {"next year", 1826983910, 1826983910},
    {"first day of next month", 1796139110, 1796139110},
    {"last day of February 2028", 1835395200, 1835391600},
    {"2026-03-29 02:30", 1774751400, 1774747800},
    {"20261231", 1798675200, 1798671600},
    {"31-02-2026", -1, -1},
    {"Friday, 31 December 2026", -1, -1},
    {"24:00", -1, -1},
    {"soon", -1, -1},
    {"31-12-26", -1, -1},
    {"31 12 2026", -1, -1},
    {"90 days", 1803223910, 1803223910},
    {"8:00 tomorrow", -1, -1},
    {"next week", -1, -1},
    {"31/12/2026", -1, -1},
};

Test(value, takes_moodles_dates_as_php_does)
{
	static const char *const zones[] = {"UTC", "Europe/Berlin"};
	for (int zone = 0; zone < 2; zone++) {
		setenv("TZ", zones[zone], 1);
		tzset();
		for (size_t i = 0; i < sizeof moodles / sizeof *moodles; i++) {
			const struct date_rules rules = {
			    .is_moodle = true, .now = 1795447910, .today = 1795392000};
			int64_t epoch = -1;
			if (!value_parse_feed_date(slice_of(moodles[i].cell), &rules, &epoch))
				epoch = -1;
			cr_expect_eq(epoch, zone == 0 ? moodles[i].utc : moodles[i].berlin,
			    "%s: %lld", moodles[i].cell, (long long)epoch);
		}
	}
}

Test(value, takes_the_offset_of_a_feeds_form)
{
	static const char *const forms[] = {"%d.%m.%Y %H:%M %z", "%%z %d.%m.%Y"};
	const struct date_rules rules = {.forms = forms, .forms_count = 2};
	static const struct {
		const char *cell;
		int64_t epoch;
	} cases[] = {{"31.12.2026 08:00 +0100", 1798700400}, {"31.12.2026 08:00 -0500", 1798722000},
	    {"31.12.2026 08:00 +05:30", 1798684200}, {"31.12.2026 08:00 Z", 1798704000},
	    {"%z 31.12.2026", 1798671600}};
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t epoch = -1;
		cr_expect(value_parse_feed_date(slice_of(cases[i].cell), &rules, &epoch));
		cr_expect_eq(epoch, cases[i].epoch, "%s: %lld", cases[i].cell, (long long)epoch);
	}
}

Test(value, takes_seconds_of_the_epoch_where_a_feed_says_so)
{
	static const char *const forms[] = {"%s"};
	const struct date_rules rules = {.forms = forms, .forms_count = 1, .is_end = true};
	/* The second of these is in the hour that there is twice. */
	static const int64_t epochs[] = {1091115000, 1792888200, 1792891800, 0};
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
		char cell[32];
		int64_t epoch = -1;
		snprintf(cell, sizeof cell, "%lld", (long long)epochs[i]);
		cr_expect(value_parse_feed_date(slice_of(cell), &rules, &epoch));
		cr_expect_eq(epoch, epochs[i], "%s: %lld", cell, (long long)epoch);
	}
}

Test(value, is_shown_whole_or_cut_between_letters_and_marked)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
	    {"", ""},
	    {"abcde", "abcde"},
	    {"abcdef", "abcd…"},
	    {"äöüßé", "äöüßé"},
	    {"äöüßéñ", "äöüß…"},
	    {"\U0001F600\U0001F601\U0001F602\U0001F603\U0001F604\U0001F605",
	        "\U0001F600\U0001F601\U0001F602\U0001F603…"},
	    {"abcde\u0301fg", "abcd…"},
	    {"abcd\u0301efg", "abc…"},
	    {"\u0301\u0301\u0301\u0301\u0301\u0301", "…"},
	    {"ab\xFF\xFF\xFF\xFFgh", "ab\xFF\xFF…"},
	    {"abc\xC3\xA4\xC3", "abc\xC3\xA4\xC3"},
	};
	struct arena *arena = arena_create();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect(slice_is(value_brief(slice_of(cases[i].text), 5, arena),
		              slice_of(cases[i].shown)),
		    "case %zu", i);
	arena_free(arena);
}

Test(value, what_nobody_sees_goes_from_the_edges)
{
	static const struct {
		const char *cell, *trimmed;
	} cases[] = {
	    {" \t\r\n\vnina ", "nina"},
	    {"nina@x.org\u00A0", "nina@x.org"},
	    {"\u200Bnina@x.org", "nina@x.org"},
	    {"\uFEFF\u00A0 \u2060nina\u200D\u200C \u00AD\u3000", "nina"},
	    {"\u202A\u200Fnina\u202C\u2028", "nina"},
	    {"\u3164\u2800nina\uFFA0\u205F\u2003", "nina"},
	    {"\u00A0\u200B", ""},
	    {"ni\u00A0na", "ni\u00A0na"},
	    {"nin\u00E9", "nin\u00E9"},
	    {"\u0627\u0631\u0648\u0646\u200C\u0647\u0627",
	        "\u0627\u0631\u0648\u0646\u200C\u0647\u0627"},
	    /* Malayalam Arun ends in a joiner; a heart in its colour; England's flag */
	    {"\u0D05\u0D30\u0D41\u0D23\u0D4D\u200D\u00A0", "\u0D05\u0D30\u0D41\u0D23\u0D4D\u200D"},
	    {"\u2764\uFE0F ", "\u2764\uFE0F"},
	    {"\U0001F3F4\U000E0067\U000E0062\U000E007F",
	        "\U0001F3F4\U000E0067\U000E0062\U000E007F"},
	    {"\xFF\xA0 ", "\xFF\xA0"},
	    {"\x80\x80\x80\x80\x80", "\x80\x80\x80\x80\x80"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice trimmed = value_trim(slice_of(cases[i].cell));
		cr_expect(slice_is(trimmed, slice_of(cases[i].trimmed)), "case %zu: '%.*s'", i,
		    SLICE_ARG(trimmed));
	}
}

Test(value, a_stray_is_found_and_what_letters_need_is_none)
{
	static const struct {
		const char *text;
		uint32_t stray; /* 0: none */
		const char *name;
	} cases[] = {
	    {"SAF\u200BETY", 0x200B, "zero width space"},
	    {"Sales\u00A0Level", 0xA0, "no-break space"},
	    {"an\u00ADna", 0xAD, "soft hyphen"},
	    {"an\u200Dna", 0x200D, "zero width joiner"},
	    {"an\u200Cna", 0x200C, "zero width non-joiner"},
	    {"an\u2060na", 0x2060, "word joiner"},
	    {"an\uFEFFna", 0xFEFF, "byte order mark"},
	    {"an\u202Ena", 0x202E, "invisible character"},
	    {"an\u2003na", 0x2003, "blank"},
	    {"an\nna", '\n', "line break"},
	    {"Sales Level 1", 0, NULL},
	    {"", 0, NULL},
	    {"zo\u00EB", 0, NULL},
	    {"\u06AF\u0631\u0648\u0647\u200C\u0647\u0627", 0, NULL}, /* Persian: groups */
	    {"\u0915\u094D\u200D\u0937", 0, NULL},                   /* Hindi */
	    {"\U0001F469\u200D\U0001F3EB", 0, NULL},                 /* a teacher */
	    {"\U0001F469\U0001F3FD\u200D\U0001F3EB", 0, NULL},
	    {"\u2764\uFE0F\u200D\U0001F525", 0, NULL},
	    {"\u1797\u17B6\u179F\u17B6\u200B\u1781\u17D2\u1798\u17C2\u179A", 0, NULL}, /* Khmer */
	    {"\u0661\u0662\u0600", 0, NULL},
	    {"\xFFx", 0, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t stray = 0;
		bool has = value_find_stray(slice_of(cases[i].text), &stray);
		cr_expect_eq(has, cases[i].stray != 0, "case %zu", i);
		cr_expect_eq(stray, cases[i].stray, "case %zu: %X", i, stray);
		if (has)
			cr_expect_str_eq(value_name_stray(stray), cases[i].name, "case %zu", i);
	}
}

Test(value, has_one_form_however_its_letters_are_put_together)
{
	static const struct {
		const char *text, *composed, *folded;
	} cases[] = {
	    {"Ju\u0308rgen", "J\u00FCrgen", "j\u00FCrgen"},
	    {"J\u00FCrgen ", "J\u00FCrgen ", "j\u00FCrgen"},
	    {"\u212B", "\u00C5", "\u00E5"},
	    {"\u1112\u1161\u11AB", "\uD55C", "\uD55C"},
	    {"\u0438\u0306", "\u0439", "\u0439"},
	    {"\u6F22", "\u6F22", "\u6F22"},
	    {"Anna\u00A0", "Anna\u00A0", "anna"},
	    {"u\u0308\xFF", "u\u0308\xFF", "u\u0308\xFF"},
	    {"", "", ""},
	};
	struct arena *arena = arena_create();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice text = slice_of(cases[i].text);
		cr_expect(slice_is(value_compose(text, arena), slice_of(cases[i].composed)),
		    "case %zu", i);
		cr_expect(
		    slice_is(value_fold(text, arena), slice_of(cases[i].folded)), "case %zu", i);
	}
	cr_expect(slice_is(value_decompose(SLICE("\u00FC"), arena), SLICE("u\u0308")));
	arena_free(arena);
}

/* A letter, of which a mark may be a part, and marks that are not in their order. */
static struct slice marked(char *room, const char *letter, size_t marks)
{
	size_t size = (size_t)sprintf(room, "%s", letter);
	for (size_t i = 0; i < marks; i++)
		size += (size_t)sprintf(room + size, "%s", i % 2 ? "\u0323" : "\u0302");
	return (struct slice){room, size};
}

Test(value, leaves_more_marks_in_a_row_than_a_language_has_as_they_are)
{
	static const struct {
		const char *letter;
		size_t marks;
		bool is_left;
	} cases[] = {{"x", 30, false}, {"x", 31, true}, {"\u00FC", 29, false}, {"\u00FC", 30, true},
	    {"u\u0308", 29, false}, {"u\u0308", 30, true}, {"x", 9000, true}};
	static char room[20000];
	struct arena *arena = arena_create();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice text = marked(room, cases[i].letter, cases[i].marks);
		bool is_left = cases[i].is_left;
		cr_expect_eq(slice_is(value_compose(text, arena), text), is_left, "case %zu", i);
		cr_expect_eq(slice_is(value_decompose(text, arena), text), is_left, "case %zu", i);
		cr_expect_eq(slice_is(value_fold(text, arena), text), is_left, "case %zu", i);
		cr_expect(value_is_alike(text, value_compose(text, arena), arena), "case %zu", i);
	}
	arena_free(arena);
}

Test(value, tells_that_a_letter_got_lost_before)
{
	cr_expect_eq(value_check(SLICE("M\uFFFDller")), VALUE_LOST);
	cr_expect_eq(value_check(SLICE("M\uFFFDll\xFFr")), VALUE_NOT_UTF8);
	cr_expect_eq(value_check(SLICE("M\uFFFDll\x01r")), VALUE_CONTROL);
}

/* Where the clocks are put back on 25 October 2026: that day has 25 hours. */
Test(value, a_day_without_a_time_ends_when_its_hours_are_over)
{
	static const char *const forms[] = {"%Y%m%d", "%d/%m/%Y %H:%M"};
	static const struct {
		const char *cell;
		int64_t epoch;
	} cases[] = {
	    {"2026-12-31", 1798758000},
	    {"31.12.2026", 1798758000},
	    {"2026-10-25", 1792969200},
	    {"2026-10-25 00:00", 1792879200},
	    {"2026-12-31T00:00Z", 1798675200},
	    {"20261231", 1798758000},
	    {"31/12/2026 00:00", 1798671600},
	    {"31 December 2026", 1798758000},
	    {"today", 1798758000},
	    {"@1798675200", 1798675200},
	};
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct date_rules rules = {
		    forms, 2, true, 1798675200, 1798671600, true, false};
		int64_t epoch = -1;
		cr_expect(value_parse_feed_date(slice_of(cases[i].cell), &rules, &epoch), "%s",
		    cases[i].cell);
		cr_expect_eq(epoch, cases[i].epoch, "%s: %lld", cases[i].cell, (long long)epoch);
	}
}
