#include "keys.h"

#include "rules.h"

#include "enrold/config.h"
#include "enrold/nearest.h"
#include "enrold/occasion.h"
#include "enrold/secret.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TOP(field) SECTION_TOP, #field
#define LMS(field) SECTION_LMS, #field
#define CHECKPOINTS(field) SECTION_CHECKPOINTS, #field
#define MAIL(field) SECTION_MAIL, #field
#define WEBHOOK(field) SECTION_WEBHOOK, #field
#define FEED(field) SECTION_FEED, #field
#define MAY(field) SECTION_MAY, #field
#define CREATE(field) SECTION_CREATE, #field
#define ABSENCE(field) SECTION_ABSENCE, #field
#define LIMITS(field) SECTION_LIMITS, #field
#define REMOVALS(field) SECTION_REMOVALS, #field
#define PER_COURSE(field) SECTION_PER_COURSE, #field
#define ACCOUNTS(field) SECTION_ACCOUNTS, #field
#define BY_CELL(field) SECTION_BY_CELL, #field
#define CREATED(field) SECTION_CREATED, #field
#define ERRORS(field) SECTION_ERRORS, #field
#define EXPECT(field) SECTION_EXPECT, #field
#define KEEP(field) SECTION_KEEP, #field
#define NOTIFY(field) SECTION_NOTIFY, #field
#define PGP(field) SECTION_PGP, #field
#define CSV(field) SECTION_CSV, #field
#define IN_TOP(field) .offset = offsetof(struct config, field)
#define IN_LMS(field) .offset = offsetof(struct lms_options, field)
#define IN_CHECKPOINTS(field) .offset = offsetof(struct checkpoint_options, field)
#define IN_MAIL(field) .offset = offsetof(struct mail_options, field)
#define IN_WEBHOOK(field) .offset = offsetof(struct webhook_options, field)
#define IN_FEED(field) .offset = offsetof(struct policy, field)
#define WORDS(...)                                                                                 \
	.words = (const char *const[])                                                             \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

#define SECOND UINT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
#define PATTERNS_MAX 200
#define PEOPLE_MAX 1000000000
#define WHOLE 10000
#define WORDS_MAX 2000
#define ADDRESSES_MAX 50
#define SIGNERS_MAX 50

static const struct config_key keys[] = {
    {TOP(spool), KEY_TEXT, IN_TOP(spool), .rule = rule_path, .required = true},
    {TOP(node), KEY_TEXT, IN_TOP(node), .rule = rule_node, .default_make = rule_host_name},
    {TOP(settle), KEY_DURATION, IN_TOP(settle_ms), 0, HOUR, .default_text = "2s"},
    {TOP(rescan), KEY_DURATION, IN_TOP(rescan_ms), SECOND, HOUR, .default_text = "30s"},
    {TOP(workers), KEY_UNSIGNED, IN_TOP(workers), 1, 64, .default_text = "2"},
    {TOP(max_file_size), KEY_SIZE, IN_TOP(max_file_size), 1, 16 * TIB, .default_text = "4GiB"},
    {TOP(max_field), KEY_SIZE, IN_TOP(max_field), KIB, 16 * MIB, .default_text = "64KiB"},
    {TOP(preview_rows), KEY_UNSIGNED, IN_TOP(preview_rows), 1, 100000000, .default_text = "200000"},
    {TOP(checkpoint_rows), KEY_UNSIGNED, IN_TOP(checkpoint_rows), 1, 250000,
        .default_text = "250000"},
    {TOP(stop_timeout), KEY_DURATION, IN_TOP(stop_timeout_ms), 0, HOUR, .default_text = "60s"},
    {TOP(lease), KEY_DURATION, IN_TOP(lease_ms), SECOND, HOUR, .default_text = "30s"},
    {TOP(log_level), KEY_WORD, IN_TOP(log_level), WORDS("debug", "info", "warning", "error"),
        .default_text = "info"},
    {TOP(socket), KEY_TEXT, IN_TOP(socket), .rule = rule_path, .optional = true},
    {TOP(socket_read), KEY_TEXT, IN_TOP(socket_read), .rule = rule_text, .optional = true},
    {TOP(metrics_file), KEY_TEXT, IN_TOP(metrics_file), .rule = rule_path, .optional = true},
    {TOP(aftercare), KEY_BOOL, IN_TOP(lms.aftercare), .default_text = "false"},
    {TOP(checkpoints), KEY_MAP, .offset = 0},
    {TOP(mail), KEY_MAP, .offset = 0},
    {TOP(webhook), KEY_MAP, .offset = 0},
    {TOP(lms), KEY_MAP, .offset = 0},
    {TOP(feeds), KEY_MAP, .offset = 0},

    {LMS(url), KEY_TEXT, IN_LMS(url), .rule = rule_url, .required = true, .show = secret_show_url},
    {LMS(prefix), KEY_TEXT, IN_LMS(prefix), .rule = rule_prefix, .default_text = "mdl_"},
    {LMS(actor), KEY_TEXT, IN_LMS(actor), .rule = rule_actor, .default_text = "admin"},
    {LMS(events), KEY_BOOL, IN_LMS(events), .default_text = "true"},
    {LMS(cache), KEY_SIZE, IN_LMS(cache), 2 * MIB, 64 * GIB, .default_text = "128MiB"},
    {LMS(journal_mode), KEY_WORD, IN_LMS(journal_mode), WORDS("wal", "delete"),
        .default_text = "wal"},
    {LMS(unknown_version), KEY_WORD, IN_LMS(unknown_version), WORDS("refuse", "preview", "allow"),
        .default_text = "refuse"},

    {CHECKPOINTS(key), KEY_TEXT, IN_CHECKPOINTS(key), .rule = rule_key, .required = true},
    {CHECKPOINTS(every), KEY_UNSIGNED, IN_CHECKPOINTS(every), 1, 100000, .default_text = "10"},
    {CHECKPOINTS(to), KEY_LIST, IN_CHECKPOINTS(to), 1, 32, .rule = rule_argument,
        .noun = RULE_ARGUMENT_NOUN, .name_rule = rule_path},
    {CHECKPOINTS(origin), KEY_TEXT, IN_CHECKPOINTS(origin), .rule = rule_origin, .optional = true},

    {MAIL(smtp), KEY_TEXT, IN_MAIL(smtp), .rule = rule_smtp, .required = true},
    {MAIL(from), KEY_TEXT, IN_MAIL(from), .rule = rule_sender, .required = true},
    {MAIL(credential), KEY_TEXT, IN_MAIL(credential), .rule = rule_credential, .optional = true},

    {WEBHOOK(key), KEY_TEXT, IN_WEBHOOK(key), .rule = rule_credential, .required = true},

    {FEED(preset), KEY_TEXT, IN_FEED(preset), .rule = rule_preset, .optional = true},
    {FEED(compat), KEY_WORD, IN_FEED(compat), WORDS("none", "moodle"), .default_text = "none"},
    {FEED(upload_type), KEY_WORD, IN_FEED(upload_type),
        WORDS("update", "add", "add_increment", "add_or_update"), .default_text = "update",
        .in_preset = true},
    {FEED(update_details), KEY_WORD, IN_FEED(update_details),
        WORDS("none", "file", "file_and_defaults", "fill_missing"), .default_text = "none",
        .in_preset = true},
    {FEED(match_by), KEY_WORD, IN_FEED(match_by), WORDS("username", "email", "idnumber"),
        .default_text = "username", .in_preset = true},
    {FEED(course_by), KEY_WORD, IN_FEED(course_by), WORDS("shortname", "idnumber"),
        .default_text = "shortname", .in_preset = true},
    {FEED(allow_suspend), KEY_BOOL, IN_FEED(allow_suspend), .default_text = "true",
        .in_preset = true},
    {FEED(allow_delete), KEY_BOOL, IN_FEED(allow_delete), .default_text = "false",
        .in_preset = true},
    {FEED(allow_rename), KEY_BOOL, IN_FEED(allow_rename), .default_text = "false",
        .in_preset = true},
    {FEED(allow_unenrol), KEY_BOOL, IN_FEED(allow_unenrol), .default_text = "false",
        .in_preset = true},
    {FEED(removal), KEY_WORD, IN_FEED(removal), WORDS("suspend", "suspend_no_roles", "unenrol"),
        .default_text = "suspend", .in_preset = true},
    {FEED(purge_history), KEY_BOOL, IN_FEED(purge_history), .default_text = "false"},
    {FEED(new_password), KEY_WORD, IN_FEED(new_password), WORDS("generate", "required"),
        .default_text = "generate"},
    {FEED(update_password), KEY_BOOL, IN_FEED(update_password), .default_text = "false"},
    {FEED(force_password_change), KEY_WORD, IN_FEED(force_password_change),
        WORDS("weak", "none", "all"), .default_text = "weak"},
    {FEED(usernames), KEY_WORD, IN_FEED(usernames), WORDS("lower", "exact", "clean"),
        .default_text = "lower", .moodle_text = "clean", .in_preset = true},
    {FEED(existing_enrolment), KEY_WORD, IN_FEED(existing_enrolment), WORDS("keep", "refresh"),
        .default_text = "keep", .moodle_text = "refresh", .in_preset = true},
    {FEED(invalid_values), KEY_WORD, IN_FEED(invalid_values), WORDS("reject", "ignore"),
        .default_text = "reject", .moodle_text = "ignore", .in_preset = true},
    {FEED(on_bad_row), KEY_WORD, IN_FEED(on_bad_row), WORDS("skip", "reject_file"),
        .default_text = "skip", .moodle_text = "reject_file", .in_preset = true},
    {FEED(unknown_columns), KEY_WORD, IN_FEED(unknown_columns), WORDS("refuse", "ignore"),
        .default_text = "refuse", .in_preset = true},
    {FEED(final_newline), KEY_WORD, IN_FEED(final_newline), WORDS("warn", "require", "ignore"),
        .default_text = "warn", .in_preset = true},
    {FEED(defaults), KEY_PAIRS, IN_FEED(defaults), 1, 200, .rule = rule_text,
        .name_rule = rule_default, .in_preset = true},
    {FEED(username_template), KEY_TEXT, IN_FEED(username_template), .rule = rule_template,
        .optional = true, .in_preset = true},
    {FEED(type_roles), KEY_LIST, IN_FEED(type_roles), 3, 3, .rule = rule_text},
    {FEED(dates), KEY_LIST, IN_FEED(dates), 1, 16, .rule = rule_date_form, .in_preset = true},
    {FEED(columns), KEY_PAIRS, IN_FEED(columns), 1, 200, .rule = rule_column,
        .name_rule = rule_heading, .is_one_to_one = true, .in_preset = true},
    {FEED(values), KEY_WORDS, IN_FEED(values), 1, WORDS_MAX, .rule = rule_cell,
        .noun = RULE_CELL_NOUN, .name_rule = rule_heading, .in_preset = true},
    {FEED(empty), KEY_LIST, IN_FEED(empty), 0, PATTERNS_MAX, .rule = rule_word, .takes_null = true,
        .in_preset = true},
    {FEED(split), KEY_PAIRS, IN_FEED(split), 1, 50, .rule = rule_separator,
        .name_rule = rule_heading, .in_preset = true},
    {FEED(set), KEY_PAIRS, IN_FEED(set), 1, 200, .rule = rule_cell, .noun = RULE_CELL_NOUN,
        .name_rule = rule_column, .in_preset = true},
    {FEED(newest_by), KEY_TEXT, IN_FEED(newest_by), .rule = rule_heading, .optional = true,
        .in_preset = true},
    {FEED(meaning), KEY_WORD, IN_FEED(meaning), WORDS("full", "delta", "manifest"),
        .default_text = "full", .in_preset = true},
    {FEED(marker), KEY_TEXT, IN_FEED(marker), .rule = rule_marker, .optional = true},
    {FEED(require), KEY_LIST, IN_FEED(require), 0, SIDECAR_KINDS, .rule = rule_sidecar},
    {FEED(atomic), KEY_BOOL, IN_FEED(atomic), .default_text = "false"},
    {FEED(course), KEY_TEXT, IN_FEED(course), .rule = rule_text, .optional = true},
    {FEED(after_run), KEY_LIST, IN_FEED(after_run), 1, 32, .rule = rule_argument,
        .noun = RULE_ARGUMENT_NOUN, .name_rule = rule_path, .is_local = true},
    {FEED(after_run_timeout), KEY_DURATION, IN_FEED(after_run_timeout_ms), SECOND, DAY,
        .default_text = "5m", .is_local = true},
    {FEED(may), KEY_MAP, .inner = SECTION_MAY},
    {FEED(absence), KEY_MAP, .inner = SECTION_ABSENCE},
    {FEED(limits), KEY_MAP, .inner = SECTION_LIMITS},
    {FEED(review), KEY_BOOL, IN_FEED(review), .default_text = "false"},
    {FEED(approvers), KEY_TEXT, IN_FEED(approvers), .rule = rule_group, .optional = true,
        .is_local = true},
    {FEED(drop_group), KEY_TEXT, IN_FEED(drop_group), .rule = rule_group_name, .optional = true,
        .is_local = true},
    {FEED(result_rows), KEY_WORD, IN_FEED(result_rows), WORDS("all", "changes"),
        .default_text = "all"},
    {FEED(compress), KEY_PERIOD, IN_FEED(compress_ms), 0, 3650 * DAY, WORDS("never"),
        .default_text = "30d", .is_local = true},
    {FEED(passwords), KEY_WORD, IN_FEED(passwords), WORDS("cut", "keep"), .default_text = "cut"},
    {FEED(expect), KEY_MAP, .inner = SECTION_EXPECT},
    {FEED(keep), KEY_MAP, .inner = SECTION_KEEP},
    {FEED(notify), KEY_MAP, .inner = SECTION_NOTIFY},
    {FEED(pgp), KEY_MAP, .inner = SECTION_PGP},
    {FEED(csv), KEY_MAP, .inner = SECTION_CSV, .in_preset = true},

    {MAY(courses), KEY_LIST, IN_FEED(may.courses), 0, PATTERNS_MAX, .rule = rule_text,
        .default_text = "*"},
    {MAY(categories), KEY_LIST, IN_FEED(may.categories), 0, PATTERNS_MAX, .rule = rule_text,
        .default_text = "*"},
    {MAY(roles), KEY_LIST, IN_FEED(may.roles), 0, PATTERNS_MAX, .rule = rule_text},
    {MAY(system_roles), KEY_LIST, IN_FEED(may.system_roles), 0, PATTERNS_MAX, .rule = rule_text,
        .default_text = ""},
    {MAY(cohorts), KEY_LIST, IN_FEED(may.cohorts), 0, PATTERNS_MAX, .rule = rule_text,
        .default_text = "*"},
    {MAY(create), KEY_MAP, .inner = SECTION_CREATE},
    {MAY(unprotected), KEY_LIST, IN_FEED(may.unprotected), 0, PATTERNS_MAX, .rule = rule_text,
        .default_text = ""},

    {CREATE(groups), KEY_BOOL, IN_FEED(may.create_groups), .default_text = "false"},
    {CREATE(cohorts), KEY_BOOL, IN_FEED(may.create_cohorts), .default_text = "false"},

    {ABSENCE(action), KEY_WORD, IN_FEED(absence.action),
        WORDS("ignore", "suspend", "suspend_no_roles", "unenrol"), .default_text = "ignore"},
    {ABSENCE(files), KEY_TEXT, IN_FEED(absence.files), .rule = rule_file_pattern,
        .default_text = "*.csv"},
    {ABSENCE(scope), KEY_WORD, IN_FEED(absence.scope), WORDS("courses_in_file", "feed"),
        .default_text = "courses_in_file"},
    {ABSENCE(grace), KEY_PERIOD, IN_FEED(absence.grace_ms), 0, 3650 * DAY, .default_text = "30d"},
    {ABSENCE(roles), KEY_LIST, IN_FEED(absence.roles), 0, PATTERNS_MAX, .rule = rule_text},
    {ABSENCE(adopt), KEY_BOOL, IN_FEED(absence.adopt), .default_text = "false"},
    {ABSENCE(errors), KEY_UNSIGNED, IN_FEED(absence.errors), 0, PEOPLE_MAX, .default_text = "0"},
    {ABSENCE(pause), KEY_LIST, IN_FEED(absence.pause), 0, EXPECT_EXCEPTIONS_MAX, .rule = rule_dates,
        .default_text = ""},
    {ABSENCE(accounts), KEY_WORD, IN_FEED(absence.accounts), WORDS("ignore", "suspend"),
        .default_text = "ignore"},
    {ABSENCE(accounts_grace), KEY_PERIOD, IN_FEED(absence.accounts_grace_ms), 0, 3650 * DAY,
        .default_text = "3d"},

    {LIMITS(removals), KEY_MAP, .inner = SECTION_REMOVALS},
    {LIMITS(per_course), KEY_MAP, .inner = SECTION_PER_COURSE},
    {LIMITS(accounts), KEY_MAP, .inner = SECTION_ACCOUNTS},
    {LIMITS(by_cell), KEY_MAP, .inner = SECTION_BY_CELL},
    {LIMITS(created), KEY_MAP, .inner = SECTION_CREATED},
    {LIMITS(errors), KEY_MAP, .inner = SECTION_ERRORS},
    {LIMITS(rows_of_last), KEY_SHARE, IN_FEED(limits.rows_of_last), 0, WHOLE, .optional = true,
        .said = offsetof(struct policy, limits.has_rows_of_last)},

    {REMOVALS(count), KEY_UNSIGNED, IN_FEED(limits.removals.count), 0, PEOPLE_MAX,
        .default_text = "10"},
    {REMOVALS(share), KEY_SHARE, IN_FEED(limits.removals.share), 0, WHOLE, .default_text = "1%"},
    {REMOVALS(most), KEY_UNSIGNED, IN_FEED(limits.removals.most), 0, PEOPLE_MAX,
        .default_text = "1000"},

    {PER_COURSE(count), KEY_UNSIGNED, IN_FEED(limits.per_course.count), 0, PEOPLE_MAX,
        .default_text = "5"},
    {PER_COURSE(share), KEY_SHARE, IN_FEED(limits.per_course.share), 0, WHOLE,
        .default_text = "25%"},

    {ACCOUNTS(count), KEY_UNSIGNED, IN_FEED(limits.accounts.count), 0, PEOPLE_MAX,
        .default_text = "10"},
    {ACCOUNTS(share), KEY_SHARE, IN_FEED(limits.accounts.share), 0, WHOLE, .default_text = "5%"},
    {ACCOUNTS(most), KEY_UNSIGNED, IN_FEED(limits.accounts.most), 0, PEOPLE_MAX,
        .default_text = "1000"},

    {BY_CELL(count), KEY_UNSIGNED, IN_FEED(limits.by_cell.count), 0, PEOPLE_MAX,
        .default_text = "50", .was_off = true},
    {BY_CELL(share), KEY_SHARE, IN_FEED(limits.by_cell.share), 0, WHOLE, .default_text = "10%",
        .was_off = true},
    {BY_CELL(most), KEY_UNSIGNED, IN_FEED(limits.by_cell.most), 0, PEOPLE_MAX,
        .default_text = "1000", .was_off = true},

    {CREATED(count), KEY_UNSIGNED, IN_FEED(limits.created.count), 0, PEOPLE_MAX,
        .default_text = "50", .was_off = true},
    {CREATED(share), KEY_SHARE, IN_FEED(limits.created.share), 0, WHOLE, .default_text = "10%",
        .was_off = true},

    {ERRORS(count), KEY_UNSIGNED, IN_FEED(limits.errors.count), 0, PEOPLE_MAX, .default_text = "0"},
    {ERRORS(share), KEY_SHARE, IN_FEED(limits.errors.share), 0, WHOLE, .default_text = "0%"},

    {EXPECT(by), KEY_LIST, IN_FEED(expect.by), 1, EXPECT_TIMES_MAX, .rule = rule_time,
        .is_local = true},
    {EXPECT(days), KEY_LIST, IN_FEED(expect.days), 1, 7, .rule = rule_weekday, .is_local = true},
    {EXPECT(except), KEY_LIST, IN_FEED(expect.except), 0, EXPECT_EXCEPTIONS_MAX, .rule = rule_dates,
        .is_local = true},
    {EXPECT(fresh), KEY_DURATION, IN_FEED(expect.fresh_ms), 0, 30 * DAY, .default_text = "0",
        .is_local = true},

    {KEEP(archive), KEY_PERIOD, IN_FEED(keep.archive_ms), 0, 36500 * DAY, .default_text = "forever",
        WORDS("forever"), .is_local = true},
    {KEEP(answers), KEY_PERIOD, IN_FEED(keep.answers_ms), 0, 36500 * DAY, .default_text = "forever",
        WORDS("forever"), .is_local = true},
    {KEEP(quarantine), KEY_PERIOD, IN_FEED(keep.quarantine_ms), 0, 36500 * DAY,
        .default_text = "forever", WORDS("forever"), .is_local = true},
    {KEEP(held), KEY_PERIOD, IN_FEED(keep.held_ms), 0, 36500 * DAY, .default_text = "forever",
        WORDS("forever"), .is_local = true},
    {KEEP(history), KEY_PERIOD, IN_FEED(keep.history_ms), 0, 36500 * DAY, .default_text = "forever",
        WORDS("forever"), .is_local = true},

    {NOTIFY(on), KEY_LIST, IN_FEED(notify.on), 0, OCCASIONS, .rule = rule_occasion,
        .is_local = true},
    {NOTIFY(mail), KEY_LIST, IN_FEED(notify.mail), 0, ADDRESSES_MAX, .rule = rule_address,
        .is_local = true},
    {NOTIFY(webhook), KEY_TEXT, IN_FEED(notify.webhook), .rule = rule_webhook, .optional = true,
        .show = secret_show_hook, .is_local = true},
    {NOTIFY(attach), KEY_WORD, IN_FEED(notify.attach), WORDS("off", "retry"), .default_text = "off",
        .is_local = true},

    {PGP(home), KEY_TEXT, IN_FEED(pgp.home), .rule = rule_home, .optional = true, .is_local = true},
    {PGP(required), KEY_BOOL, IN_FEED(pgp.required), .default_text = "false", .is_local = true},
    {PGP(signed_by), KEY_LIST, IN_FEED(pgp.signed_by), 0, SIGNERS_MAX, .rule = rule_fingerprint,
        .tidy = rule_tidy_fingerprint, .is_local = true},
    {PGP(signed_within), KEY_PERIOD, IN_FEED(pgp.signed_within_ms), HOUR, 3650 * DAY,
        WORDS("forever"), .default_text = "3d", .is_local = true},
    {PGP(answer_to), KEY_TEXT, IN_FEED(pgp.answer_to), .rule = rule_fingerprint, .optional = true,
        .tidy = rule_tidy_fingerprint, .is_local = true},

    {CSV(delimiter), KEY_TEXT, IN_FEED(delimiter), .rule = rule_delimiter, .optional = true,
        .in_preset = true},
    {CSV(encoding), KEY_TEXT, IN_FEED(encoding), .rule = rule_encoding, .optional = true,
        .in_preset = true},
    {CSV(skip_lines), KEY_UNSIGNED, IN_FEED(skip_lines), 0, 1000, .default_text = "0",
        .in_preset = true},
    {CSV(skip_rows), KEY_UNSIGNED, IN_FEED(skip_rows), 0, 100, .default_text = "0",
        .in_preset = true},
    {CSV(header), KEY_WORD, IN_FEED(header), WORDS("first", "none"), .default_text = "first",
        .in_preset = true},
    {CSV(positions), KEY_LIST, IN_FEED(positions), 0, 200, .rule = rule_heading, .in_preset = true},
    {CSV(record_end), KEY_TEXT, IN_FEED(record_end), .rule = rule_record_end, .optional = true,
        .in_preset = true},
    {CSV(escape), KEY_WORD, IN_FEED(escape), WORDS("doubled", "backslash"),
        .default_text = "doubled", .in_preset = true},
};

enum { KEYS_COUNT = sizeof keys / sizeof keys[0], NAME_MAX_COMPARED = 64 };

static_assert(
    sizeof keys / sizeof keys[0] <= KEYS_MAX, "struct keys_given has a place for every key");

const struct config_key *config_keys(size_t *count)
{
	*count = KEYS_COUNT;
	return keys;
}

const struct config_key *keys_of(enum key_section section, size_t *count)
{
	const struct config_key *first = keys;
	while (first->section != section)
		first++;
	const struct config_key *end = first;
	while (end < keys + KEYS_COUNT && end->section == section)
		end++;
	*count = (size_t)(end - first);
	return first;
}

size_t keys_index(const struct config_key *key)
{
	return (size_t)(key - keys);
}

const struct config_key *keys_find(enum key_section section, const char *name)
{
	for (size_t i = 0; i < KEYS_COUNT; i++)
		if (keys[i].section == section && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* A hyphen is as good as an underscore. */
static void keys_search(
    struct nearest *names, enum key_section section, const char *name, struct slice *found)
{
	char word[NAME_MAX_COMPARED + 1];
	size_t budget = SIZE_MAX;
	*found = SLICE("");
	snprintf(word, sizeof word, "%s", name);
	for (char *c = word; *c; c++)
		*c = *c == '-' ? '_' : *c;
	for (size_t i = 0; i < KEYS_COUNT; i++)
		if (keys[i].section == section && !nearest_add(names, slice_of(keys[i].name)))
			return;
	if (!nearest_find(names, slice_of(word), &budget, found))
		*found = SLICE("");
}

const struct config_key *keys_nearest(enum key_section section, const char *name)
{
	char key[NAME_MAX_COMPARED + 1] = "";
	struct slice found;
	struct nearest *names = nearest_create();
	if (!names)
		return NULL;
	keys_search(names, section, name, &found);
	snprintf(key, sizeof key, "%.*s", SLICE_ARG(found));
	nearest_free(names);
	return keys_find(section, key);
}

const struct config_key *keys_elsewhere(enum key_section section, const char *name)
{
	for (size_t i = 0; i < KEYS_COUNT; i++)
		if (keys[i].section != section && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

const char *keys_prefix(enum key_section section)
{
	static const char *const prefixes[SECTIONS] = {[SECTION_TOP] = "",
	    [SECTION_LMS] = "lms.",
	    [SECTION_CHECKPOINTS] = "checkpoints.",
	    [SECTION_MAIL] = "mail.",
	    [SECTION_WEBHOOK] = "webhook.",
	    [SECTION_FEED] = "feeds.<name>.",
	    [SECTION_MAY] = "feeds.<name>.may.",
	    [SECTION_CREATE] = "feeds.<name>.may.create.",
	    [SECTION_ABSENCE] = "feeds.<name>.absence.",
	    [SECTION_LIMITS] = "feeds.<name>.limits.",
	    [SECTION_REMOVALS] = "feeds.<name>.limits.removals.",
	    [SECTION_PER_COURSE] = "feeds.<name>.limits.per_course.",
	    [SECTION_ACCOUNTS] = "feeds.<name>.limits.accounts.",
	    [SECTION_BY_CELL] = "feeds.<name>.limits.by_cell.",
	    [SECTION_CREATED] = "feeds.<name>.limits.created.",
	    [SECTION_ERRORS] = "feeds.<name>.limits.errors.",
	    [SECTION_EXPECT] = "feeds.<name>.expect.",
	    [SECTION_KEEP] = "feeds.<name>.keep.",
	    [SECTION_NOTIFY] = "feeds.<name>.notify.",
	    [SECTION_PGP] = "feeds.<name>.pgp.",
	    [SECTION_CSV] = "feeds.<name>.csv."};
	return prefixes[section];
}
