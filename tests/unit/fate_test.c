/* What becomes of a message after an attempt, and when the next one is. */
#include "../../src/notify/fate.h"

#include <criterion/criterion.h>

Test(fate, of_a_mail_is_what_the_server_says_of_it)
{
	static const struct {
		bool is_ok;
		long code;
		const char *words;
		bool is_whole;
		enum fate fate;
	} cases[] = {
	    {true, 250, "", true, FATE_SENT},
	    {false, 550, "RCPT failed: 550", false, FATE_REFUSED},
	    {false, 451, "RCPT failed: 451", false, FATE_LATER},
	    {false, 554, "DATA failed: 554", false, FATE_REFUSED},
	    {false, 554, "", true, FATE_REFUSED},
	    {false, 452, "", true, FATE_LATER},
	    {false, 354, "", true, FATE_AWAY},
	    {false, 550, "MAIL failed: 550", false, FATE_AWAY},
	    {false, 421, "MAIL failed: 421", false, FATE_AWAY},
	    {false, 535, "Login denied", false, FATE_AWAY},
	    {false, 554, "Got unexpected smtp-server response: 554", false, FATE_AWAY},
	    {false, 0, "Failed to connect", false, FATE_AWAY},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(
		    fate_of_mail(cases[i].is_ok, cases[i].code, cases[i].words, cases[i].is_whole),
		    cases[i].fate, "%zu", i);
}

Test(fate, of_a_webhook_is_its_status)
{
	static const struct {
		long status;
		enum fate fate;
	} cases[] = {{0, FATE_AWAY}, {100, FATE_AWAY}, {200, FATE_SENT}, {299, FATE_SENT},
	    {301, FATE_REFUSED}, {400, FATE_REFUSED}, {401, FATE_REFUSED}, {404, FATE_REFUSED},
	    {408, FATE_AWAY}, {425, FATE_AWAY}, {429, FATE_AWAY}, {500, FATE_AWAY},
	    {599, FATE_AWAY}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(
		    fate_of_webhook(cases[i].status), cases[i].fate, "%ld", cases[i].status);
}

/* The chance 200 is none: neither more nor less. */
Test(pace, is_twice_as_slow_each_time_up_to_an_hour)
{
	const struct pace pace = pace_usual();
	static const int64_t pauses[] = {30, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600};
	for (unsigned i = 0; i < sizeof pauses / sizeof *pauses; i++)
		cr_expect_eq(pace_pause(&pace, i, 0, 200), pauses[i] * 1000, "%u", i);
	cr_expect_eq(pace_pause(&pace, 4000000000U, 0, 200), 3600 * 1000);
	cr_expect_eq(pace_pause(&pace, 1, 0, 0), 24 * 1000);
	cr_expect_eq(pace_pause(&pace, 1, 0, 400), 36 * 1000);
}

/* With a server that is away for all of a day there are some thirty attempts. */
Test(pace, tries_some_thirty_times_a_day)
{
	const struct pace pace = pace_usual();
	unsigned tries = 0;
	for (int64_t now = 0; now < pace.give_up; tries++)
		now += pace_pause(&pace, tries + 1, 0, tries * 7919);
	cr_expect(tries > 25 && tries < 40, "%u", tries);
}

Test(pace, heeds_what_the_other_side_asks_for_within_an_hour)
{
	const struct pace pace = pace_usual();
	cr_expect_eq(pace_pause(&pace, 1, 300 * 1000, 200), 300 * 1000);
	cr_expect_eq(pace_pause(&pace, 1, 10 * 1000, 200), 30 * 1000);
	cr_expect_eq(pace_pause(&pace, 1, INT64_C(86400) * 1000, 200), 3600 * 1000);
}

Test(pace, gives_up_after_a_day_of_which_it_has_tried_an_hour)
{
	const struct pace pace = pace_usual();
	enum { HOUR = 3600 * 1000 };
	static const struct {
		int64_t age, known;
		bool is_over;
	} cases[] = {{0, 0, false}, {24 * HOUR - 1, 24 * HOUR, false}, {24 * HOUR, HOUR, true},
	    {72L * HOUR, 0, false}, {72L * HOUR, HOUR - 1, false}, {-1, 48 * HOUR, false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(
		    pace_is_over(&pace, cases[i].age, cases[i].known), cases[i].is_over, "%zu", i);
}

Test(pace, of_tests_is_five_numbers)
{
	struct pace pace;
	cr_expect(pace_parse("1,2,3,4,5", &pace));
	cr_expect_eq(pace.first, 1);
	cr_expect_eq(pace.whole, 5);
	static const char *const texts[] = {
	    "", "1", "1,2,3,4", "1,2,3,4,5,6", "1,2,3,4,x", "-1,2,3,4,5"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cr_expect_not(pace_parse(texts[i], &pace), "%s", texts[i]);
}
