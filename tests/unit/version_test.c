/* version: what a site's config says of it, and what becomes of that. */
#include "enrold/version.h"

#include <criterion/criterion.h>

enum { NOW = 1795444310 };

static const struct verdict_case {
	const char *what;
	const char *version, *branch, *upgrading, *maintenance, *totara;
	bool allows;
	enum error_class class;
	bool checks_profiles;
	const char *said;
} cases[] = {
    {"every release that is known goes", "2023042400", "402", "", "0", "", false, ERROR_NONE, false,
        ""},
    {"4.3", "2023100912", "403", "", "", "", false, ERROR_NONE, false, ""},
    {"4.4", "2024042201.05", "404", "", "", "", false, ERROR_NONE, false, ""},
    {"4.5", "2024100706", "405", "", "0", "", false, ERROR_NONE, false, ""},
    {"5.0", "2025041499", "500", "", "", "", false, ERROR_NONE, false, ""},
    {"5.1 before its uploader changed", "2025100605.03", "501", "", "", "", false, ERROR_NONE,
        false, ""},
    {"5.1 after that", "2025100606", "501", "", "", "", false, ERROR_NONE, true, ""},
    {"5.2 before", "2026042001", "502", "", "", "", false, ERROR_NONE, false, ""},
    {"5.2 after", "2026042002", "502", "", "", "", false, ERROR_NONE, true, ""},
    {"5.3", "2026100500", "503", "", "", "", false, ERROR_NONE, true, ""},
    {"a site of our own once had no branch", "2024100706", "", "", "", "", false, ERROR_NONE, false,
        ""},

    {"4.1 lacks columns", "2022112814", "401", "", "", "", false, ERROR_CONFIG, false,
        "visibility and participation of groups"},
    {"3.11 all the more", "2021051700", "311", "", "", "", true, ERROR_CONFIG, false,
        "enrold needs 4.2"},
    {"nothing is no Moodle", "", "", "", "", "", true, ERROR_CONFIG, false, ""},
    {"what comes after is not tried", "2027041900", "504", "", "", "", false, ERROR_CONFIG, true,
        "lms.unknown_version"},
    {"unless that is allowed", "2027041900", "504", "", "", "", true, ERROR_NONE, true, ""},

    {"an upgrade is waited for", "2024100706", "405", "1795444610", "0", "", false, ERROR_RETRY,
        false, "being upgraded"},
    {"one that was killed is not", "2024100706", "405", "1795444310", "0", "", false, ERROR_NONE,
        false, ""},
    {"steps between two releases", "2025022100.02", "405", "", "", "", false, ERROR_RETRY, false,
        "do not belong together"},
    {"also from 4.1", "2023010100", "401", "", "", "", false, ERROR_RETRY, false, ""},
    {"the step before the branch changes", "2025100606", "405", "", "", "", false, ERROR_RETRY,
        false, ""},
    {"an upgrade is none that could be allowed", "2025022100.02", "405", "", "", "", true,
        ERROR_RETRY, false, ""},
    {"nor is one to what is not known", "2026110100", "503", "", "", "", true, ERROR_RETRY, false,
        ""},
    {"nor while it runs", "2027041900", "504", "1795444610", "", "", true, ERROR_RETRY, true, ""},
    {"a development build is waited for", "2026090300.01", "503", "", "", "", false, ERROR_RETRY,
        false, ""},
    {"unless it is allowed", "2026090300.01", "503", "", "", "", true, ERROR_NONE, false, ""},
    {"maintenance is waited for", "2024100706", "405", "", "1", "", false, ERROR_RETRY, false,
        "maintenance"},
    {"Totara is no Moodle", "2024100706", "405", "", "", "19.0", true, ERROR_CONFIG, false,
        "Totara"},
};

Test(version, of_a_site_decides_whether_it_is_written_to)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct verdict_case *is = &cases[i];
		const struct version_settings settings = {.version = slice_of(is->version),
		    .branch = slice_of(is->branch),
		    .upgraderunning = slice_of(is->upgrading),
		    .maintenance = slice_of(is->maintenance),
		    .totara = slice_of(is->totara),
		    .release = SLICE("R")};
		struct version version;
		struct error error = version_judge(&settings, NOW, is->allows, &version);
		cr_expect_eq(error.class, is->class, "%s: %s", is->what, error.text);
		cr_expect(strstr(error.text, is->said), "%s: %s", is->what, error.text);
		cr_expect_eq(version.checks_profiles, is->checks_profiles, "%s", is->what);
	}
}

Test(version, is_told_the_same_however_often_it_is_asked_during_an_upgrade)
{
	struct version version;
	struct version_settings settings = {.version = SLICE("2025022100.02"),
	    .branch = SLICE("405"),
	    .upgraderunning = SLICE("1795444610")};
	struct error first = version_judge(&settings, NOW, false, &version);
	settings.version = SLICE("2025100606");
	settings.upgraderunning = SLICE("1795444900");
	struct error second = version_judge(&settings, NOW + 5, false, &version);
	cr_expect_str_eq(first.text, second.text);
}
