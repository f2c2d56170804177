/* What is said of disks and clocks. */
#include "../../src/ctl/check.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#define MIB (UINT64_C(1) << 20)

struct disk_case {
	uint64_t free_mib, mib, free_files, files;
	char network[8];
	enum finding finding;
	char words[40];
};

static const struct disk_case disk_cases[] = {
    {500, 1000, 90000, 100000, "", FINDING_GOOD, "500 of 1000 MiB are free"},
    {49, 1000, 90000, 100000, "", FINDING_NOTE, "make room before"},
    {50, 1000, 90000, 100000, "", FINDING_GOOD, "50 of 1000"},
    {15, 1000, 90000, 100000, "", FINDING_BAD, "is full"},
    {0, 0, 0, 0, "", FINDING_BAD, "is full"},
    {500, 1000, 999, 100000, "", FINDING_BAD, "999 more files only"},
    {500, 1000, 0, 0, "", FINDING_GOOD, "MiB are free"}, /* btrfs counts no inodes */
    {500, 1000, 90000, 100000, "NFS", FINDING_NOTE, "free on NFS; other machines"},
    {1, 1000, 90000, 100000, "NFS", FINDING_BAD, "NFS is full"},
};

ParameterizedTestParameters(check, disk)
{
	return cr_make_param_array(
	    const struct disk_case, disk_cases, sizeof disk_cases / sizeof *disk_cases);
}

ParameterizedTest(const struct disk_case *it, check, disk)
{
	char text[CHECK_TEXT_SIZE];
	struct check_disk disk = {it->free_mib * MIB, it->mib * MIB, it->free_files, it->files,
	    *it->network ? it->network : NULL};
	cr_expect_eq(check_disk_judge(&disk, text), it->finding, "%s", text);
	cr_expect(strstr(text, it->words), "%s", text);
}

struct clock_case {
	bool is_synchronised, knows_zone;
	int64_t now_s, newest_s;
	char zone[24];
	enum finding finding;
	char words[48];
};

enum { NOON = 1795780800 }; /* 2026-11-27T12:00:00Z */

static const struct clock_case clock_cases[] = {
    {true, true, NOON, NOON - 10, "Europe/Vienna", FINDING_GOOD, "time zone is Europe/Vienna"},
    {true, true, NOON, 0, "", FINDING_GOOD, "2026-11-27T12:00:00Z and is kept right"},
    {true, true, NOON, NOON + 60, "", FINDING_GOOD, "kept right"},
    {true, true, NOON, NOON + 61, "", FINDING_BAD, "before the newest run (2026-11-27T12:01:01Z)"},
    {true, false, NOON, 0, "Mars/Olympus", FINDING_BAD, "does not know the site's time zone Mars"},
    {true, false, NOON, 0, "", FINDING_GOOD, "kept right"},
    {false, true, NOON, 0, "UTC", FINDING_NOTE, "timedatectl set-ntp true"},
};

ParameterizedTestParameters(check, clock)
{
	return cr_make_param_array(
	    const struct clock_case, clock_cases, sizeof clock_cases / sizeof *clock_cases);
}

ParameterizedTest(const struct clock_case *it, check, clock)
{
	char text[CHECK_TEXT_SIZE];
	struct check_clock clock = {
	    it->is_synchronised, it->knows_zone, it->now_s, it->newest_s, it->zone};
	cr_expect_eq(check_clock_judge(&clock, text), it->finding, "%s", text);
	cr_expect(strstr(text, it->words), "%s", text);
}

/* ---- keys of encrypted files ---- */

enum { DAY = 86400 };

struct key_case {
	enum check_key_use use;
	bool is_usable;
	int64_t days; /* until its end; 0: it has none */
	enum finding finding;
	char words[48];
};

static const struct key_case key_cases[] = {
    {CHECK_KEY_OURS, true, 0, FINDING_GOOD, ""},
    {CHECK_KEY_OURS, true, 31, FINDING_GOOD, ""},
    {CHECK_KEY_OURS, true, 30, FINDING_NOTE, "ends in 29 days: make the next one"},
    {CHECK_KEY_OURS, true, 15, FINDING_NOTE, "ends in 14 days"},
    {CHECK_KEY_OURS, true, 8, FINDING_NOTE, "ends in 7 days"},
    {CHECK_KEY_OURS, true, 7, FINDING_BAD, "ends in 6 days"},
    {CHECK_KEY_OURS, true, 2, FINDING_BAD, "ends in 1 day:"},
    {CHECK_KEY_OURS, true, -1, FINDING_BAD, "has ended"},
    {CHECK_KEY_OURS, false, 0, FINDING_BAD, "revoked"},
    {CHECK_KEY_SIGNER, true, 20, FINDING_NOTE, "of pgp.signed_by ends in 19 days: ask"},
    {CHECK_KEY_ANSWER, true, -1, FINDING_BAD, "of pgp.answer_to has ended: ask"},
};

ParameterizedTestParameters(check, key)
{
	return cr_make_param_array(
	    const struct key_case, key_cases, sizeof key_cases / sizeof *key_cases);
}

ParameterizedTest(const struct key_case *it, check, key)
{
	char text[CHECK_TEXT_SIZE];
	struct check_key key = {
	    it->use, "AB", it->is_usable, it->days == 0 ? 0 : NOON + it->days * DAY - 1, NOON};
	cr_expect_eq(check_key_judge(&key, text), it->finding, "%s", text);
	cr_expect(strstr(text, it->words), "%s", text);
}
