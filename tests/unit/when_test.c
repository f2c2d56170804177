/* Times as somebody types them. */
#include "../../src/ctl/when.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

enum { NOW = 1795659000 }; /* Thu 26 Nov 2026 02:10:00 in UTC, 03:10 in Oslo */

static const struct {
	const char *text;
	int64_t ago_s; /* -1: it is no time */
} cases[] = {
    {"now", 0},
    {"Today", 3 * 3600 + 600},
    {"yesterday", 27 * 3600 + 600},
    {"90m", 5400},
    {"24h", 86400},
    {"7d", 7 * 86400},
    {"2w", 14 * 86400},
    {"30s", 30},
    {"0h", 0},
    {"2026-11-26", 3 * 3600 + 600},
    {"2026-11-26 03:00", 600},
    {"2026-11-26T02:00:00Z", 600},
    {"26.11.2026", 3 * 3600 + 600},
    {"2026-06-01 12:00", 1795659000 - 1780308000}, /* summer time */
    {"", -1},
    {"h", -1},
    {"24", -1},
    {"24 h", -1},
    {"-1d", -1},
    {"1d2h", -1},
    {"99999999999999999999d", -1},
    {"999999999d", -1},
    {"soon", -1},
    {"2026-13-01", -1},
    {"1960-01-01", -1},
};

Test(when, is_what_was_typed)
{
	setenv("TZ", "Europe/Oslo", 1);
	tzset();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t epoch_us = -1;
		bool is_time = when_parse(cases[i].text, NOW, &epoch_us);
		cr_expect_eq(is_time, cases[i].ago_s >= 0, "%s", cases[i].text);
		if (is_time)
			cr_expect_eq(epoch_us, (NOW - cases[i].ago_s) * 1000000, "%s: %ld s ago",
			    cases[i].text, (long)(NOW - epoch_us / 1000000));
	}
}
