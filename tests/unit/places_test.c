/* What the folders of a spool ought to be, and what is said and done where they are not. */
#include "enrold/places.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <grp.h>
#include <stdio.h>

enum { ENROLD = 100, OWN = 100, ANYBODY = 4711, OTHER = 9999 };

static struct arena *arena;
static struct places places;
static gid_t hr, pay; /* two groups that every machine has */
static const struct place_owner owner = {ENROLD, OWN};

static struct feed feeds[] = {
    {.name = "default"}, {.name = "hr"}, {.name = "none"}, {.name = "pay"}, {.name = "previews"}};

static const struct config config = {.spool = "/nowhere",
    .node = "n1",
    .lms = {.url = "sqlite:/nowhere/lms.db", .aftercare = true},
    .feeds = feeds,
    .feeds_count = sizeof feeds / sizeof *feeds};

static void setup(void)
{
	feeds[1].policy.drop_group = "daemon";
	feeds[3].policy.drop_group = "sys";
	feeds[4].policy.drop_group = "daemon";
	hr = getgrnam("daemon")->gr_gid;
	pay = getgrnam("sys")->gr_gid;
	arena = arena_create();
	struct error error = places_of(&config, arena, &places);
	cr_assert_not(is_error(&error), "%s", error.text);
}

static void teardown(void)
{
	arena_free(arena);
}

static size_t find(const char *path)
{
	for (size_t i = 0; i < places.count; i++)
		if (strcmp(places.list[i].path, path) == 0)
			return i;
	cr_assert_fail("no place %s", path);
	return 0;
}

static gid_t group_of(char letter)
{
	return letter == 'h' ? hr : letter == 'p' ? pay : letter == 'o' ? OWN : OTHER;
}

/* ---- what is wrong ---- */

struct judge_case {
	const char path[24];
	uid_t user;
	char group;  /* h, p, o: the daemon's own, x: another */
	char passes; /* who is on the list: h, p, b: both, 0: nobody */
	mode_t mode;
	unsigned faults;
	mode_t mended; /* the mode then */
};

static const struct judge_case judge_cases[] = {
    {"", ENROLD, 'o', 0, 0751, 0, 0751},
    {"", ENROLD, 'o', 0, 0755, 0, 0755},
    {"", ENROLD, 'o', 0, 0750, PLACE_WRONG_MODE, 0751},
    {"", ENROLD, 'o', 0, 0771, PLACE_WRONG_MODE, 0751},
    {"", 0, 'o', 0, 0751, PLACE_WRONG_OWNER, 0751},
    {"inbox", ENROLD, 'x', 'b', 03770, 0, 03770},
    {"inbox", ENROLD, 'x', 'h', 03770, PLACE_NO_WAY, 03770},
    {"inbox", ENROLD, 'h', 'p', 03770, 0, 03770},            /* the group itself passes */
    {"inbox", ENROLD, 'h', 'p', 03700, PLACE_NO_WAY, 03710}, /* not by these bits */
    {"inbox", ENROLD, 'x', 'b', 02770, PLACE_WRONG_MODE, 03770},
    {"inbox", ENROLD, 'x', 'b', 03777, PLACE_WRONG_MODE, 03770},
    {"inbox", ENROLD, 'o', 'b', 0750, 0, 0750}, /* nobody drops there */
    {"inbox/hr", ENROLD, 'h', 0, 03770, 0, 03770},
    {"inbox/hr", ENROLD, 'p', 0, 03770, PLACE_WRONG_GROUP, 03770},
    {"inbox/hr", ENROLD, 'o', 0, 0750, PLACE_WRONG_GROUP | PLACE_WRONG_MODE, 03770},
    {"inbox/hr/preview", 0, 'h', 0, 03770, PLACE_WRONG_OWNER, 03770},
    {"outbox/hr", ENROLD, 'h', 0, 02750, 0, 02750},
    {"outbox/hr", ENROLD, 'h', 0, 02770, PLACE_WRONG_MODE, 02750},
    {"outbox/hr", ENROLD, 'h', 0, 0750, PLACE_WRONG_MODE, 02750},
    {"outbox", ENROLD, 'o', 'b', 0750, 0, 0750},
    {"outbox", ENROLD, 'o', 'b', 0751, PLACE_WRONG_MODE, 0750},
    {"inbox/none", ENROLD, 'x', 0, 0750, 0, 0750}, /* as somebody made it */
    {"inbox/none", ENROLD, 'x', 0, 02770, PLACE_WRONG_MODE, 03770},
    {"inbox/none", ENROLD, 'x', 0, 0757, PLACE_WRONG_MODE, 0750},
    {"work", ENROLD, 'o', 0, 0700, 0, 0700},
    {"work", ENROLD, 'o', 0, 0750, PLACE_WRONG_MODE, 0700},
    {"archive", ENROLD, 'x', 0, 0750, 0, 0750}, /* the auditors' */
    {"archive", ENROLD, 'h', 0, 0750, PLACE_WRONG_GROUP, 0750},
    {"archive", ENROLD, 'o', 0, 0770, PLACE_WRONG_MODE, 0750},
    {"aftercare", ENROLD, 'x', 0, 02770, 0, 02770},
    {"notify/queue", ENROLD, 'o', 0, 0755, PLACE_WRONG_MODE, 0750},
    {".lock", 0, 'o', 0, 0640, PLACE_WRONG_OWNER, 0640},
};

ParameterizedTestParameters(places, judge)
{
	return cr_make_param_array(
	    const struct judge_case, judge_cases, sizeof judge_cases / sizeof *judge_cases);
}

ParameterizedTest(const struct judge_case *it, places, judge, .init = setup, .fini = teardown)
{
	const struct place *place = &places.list[find(it->path)];
	struct access seen = access_of(it->user, group_of(it->group), it->mode), mended;
	if (it->passes == 'h' || it->passes == 'b')
		access_let_group(&seen, hr, ACCESS_PASS);
	if (it->passes == 'p' || it->passes == 'b')
		access_let_group(&seen, pay, ACCESS_PASS);
	if (it->passes)
		seen.group_bits = it->mode >> 3 & ACCESS_ALL;
	unsigned faults = place_judge(place, &places, &owner, &seen);
	cr_expect_eq(faults, it->faults, "%s %04o: %u", it->path, it->mode, faults);
	cr_assert(place_mend(place, &places, &owner, &seen, &mended));
	cr_expect_eq(place_judge(place, &places, &owner, &mended), 0, "%s: not mended", it->path);
	if (!(it->faults & PLACE_NO_WAY))
		cr_expect_eq(access_effective(&mended), it->mended, "%s: %04o", it->path,
		    access_effective(&mended));
	/* And once is enough. */
	struct access again;
	cr_assert(place_mend(place, &places, &owner, &mended, &again));
	cr_expect_eq(memcmp(&again, &mended, sizeof again), 0, "%s", it->path);
}

Test(places, of_a_group_that_is_not_there_are_not_given_to_anybody)
{
	feeds[1].policy.drop_group = "no-such-group-here";
	arena = arena_create();
	struct error error = places_of(&config, arena, &places);
	cr_assert_not(is_error(&error), "%s", error.text);
	const struct place *place = &places.list[find("inbox/hr")];
	struct access seen = access_of(ENROLD, OTHER, 03770), mended;
	cr_expect_eq(place->group, PLACE_UNKNOWN_GROUP);
	cr_expect_eq(place_judge(place, &places, &owner, &seen), 0);
	cr_assert(place_mend(place, &places, &owner, &seen, &mended));
	cr_expect_eq(mended.group, OTHER);
	arena_free(arena);
}

Test(places, with_a_list_that_is_full_are_told, .init = setup, .fini = teardown)
{
	const struct place *place = &places.list[find("inbox")];
	struct access seen = access_of(ENROLD, OTHER, 03770), mended;
	for (gid_t group = 50000; seen.named_count < ACCESS_NAMED_MAX; group++)
		cr_assert(access_let_group(&seen, group, ACCESS_PASS));
	cr_expect_not(place_mend(place, &places, &owner, &seen, &mended));
}

Test(places, are_described_with_what_they_are_and_ought_to_be, .init = setup, .fini = teardown)
{
	const struct place *place = &places.list[find("inbox")];
	struct access seen = access_of(0, OTHER, 0777), mended;
	char text[PLACE_TEXT_SIZE];
	cr_assert(place_mend(place, &places, &owner, &seen, &mended));
	place_describe(place_judge(place, &places, &owner, &seen), &seen, &mended, text);
	static const char *const words[] = {"owner root, should be ", "mode 0777, should be 1770"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		cr_expect(strstr(text, words[i]), "%s", text);
}

/* ---- who could do what ---- */

struct may_case {
	const char path[24];
	char group; /* h, p: a member of that, and of nothing else; x: of neither */
	unsigned bits;
	bool may;
};

static const struct may_case may_cases[] = {
    {"", 'h', ACCESS_PASS, true},
    {"", 'h', ACCESS_READ, false},
    {"inbox", 'h', ACCESS_PASS, true},
    {"inbox", 'h', ACCESS_READ, false},
    {"inbox", 'h', ACCESS_WRITE, false},
    {"inbox/preview", 'h', ACCESS_WRITE, false},
    {"inbox/hr", 'h', ACCESS_WRITE | ACCESS_PASS, true},
    {"inbox/hr/preview", 'h', ACCESS_WRITE | ACCESS_PASS, true},
    {"outbox/hr", 'h', ACCESS_READ | ACCESS_PASS, true},
    {"outbox/hr", 'h', ACCESS_WRITE, false},
    {"inbox/previews", 'h', ACCESS_WRITE, true},
    {"inbox/pay", 'h', ACCESS_PASS, false},
    {"inbox/pay", 'h', ACCESS_WRITE, false},
    {"outbox/pay", 'h', ACCESS_READ, false},
    {"outbox/pay", 'h', ACCESS_PASS, false},
    {"outbox/pay", 'p', ACCESS_READ, true},
    {"outbox", 'h', ACCESS_READ, false},
    {"inbox/none", 'h', ACCESS_PASS, false},
    {"work", 'h', ACCESS_PASS, false},
    {"held", 'h', ACCESS_READ, false},
    {"archive", 'h', ACCESS_READ, false},
    {"quarantine", 'p', ACCESS_READ, false},
    {"orders", 'h', ACCESS_WRITE, false},
    {".lock", 'h', ACCESS_READ, false},
    {"inbox", 'x', ACCESS_PASS, false},
    {"inbox/hr", 'x', ACCESS_WRITE, false},
    {"outbox/hr", 'x', ACCESS_READ, false},
};

ParameterizedTestParameters(places, may)
{
	return cr_make_param_array(
	    const struct may_case, may_cases, sizeof may_cases / sizeof *may_cases);
}

/* As they are once they were mended. */
ParameterizedTest(const struct may_case *it, places, may, .init = setup, .fini = teardown)
{
	struct access *seen = arena_alloc(arena, places.count * sizeof *seen);
	gid_t group = group_of(it->group);
	const struct person person = {ANYBODY, &group, 1};
	for (size_t i = 0; i < places.count; i++) {
		struct access made = access_of(ENROLD, OWN, places.list[i].mode);
		cr_assert(place_mend(&places.list[i], &places, &owner, &made, &seen[i]));
	}
	cr_expect_eq(places_may(&places, seen, find(it->path), &person, it->bits), it->may,
	    "%s, %c, %u", it->path, it->group, it->bits);
	/* Where one folder above is shut, nothing below can be had. */
	if (strchr(it->path, '/')) {
		struct access *above = &seen[find(it->path[0] == 'i' ? "inbox" : "outbox")];
		above->mode = 0700;
		cr_expect_not(places_may(&places, seen, find(it->path), &person, ACCESS_READ));
	}
}
