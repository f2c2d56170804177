/*
 * advice: settings that are good YAML and good values, and still cannot do what whoever wrote them
 * expects, because another setting stands in their way. One row each: which key, when, and why. A
 * row never refuses anything: such a feed does no harm, it only does less than it says.
 *
 * What stands in the way is the roster's and the plan's business (src/roster/header.c, idle.c;
 * src/plan/account_*.c); a row says here what is decided there.
 */
#include "setting.h"

#include "enrold/config.h"
#include "enrold/may.h"
#include "enrold/occasion.h"
#include "enrold/username_template.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool adds_only(const struct policy *policy)
{
	return policy->upload_type == UPLOAD_ADD || policy->upload_type == UPLOAD_ADD_INCREMENT;
}

static bool never_adds(const struct policy *policy)
{
	return policy->upload_type == UPLOAD_UPDATE;
}

static bool takes_cells(const struct policy *policy)
{
	return policy->update_details == DETAILS_FILE ||
	       policy->update_details == DETAILS_FILE_AND_DEFAULTS;
}

static bool takes_defaults(const struct policy *policy)
{
	return !never_adds(policy) || policy->update_details == DETAILS_FILE_AND_DEFAULTS ||
	       policy->update_details == DETAILS_FILL;
}

static bool updates_passwords(const struct policy *policy)
{
	return !adds_only(policy) && policy->update_password && takes_cells(policy);
}

/* Whether the setting is another than it would be without being given. Defaults stand in the table
 * as setting_format writes them. */
static bool is_changed(enum key_section section, const char *name, const void *base)
{
	const struct config_key *key = keys_find(section, name);
	struct buffer text = {0};
	setting_format(key, base, &text);
	bool is_usual = slice_is(buffer_slice(&text), slice_of(key->default_text));
	buffer_done(&text);
	return !is_usual;
}

static const char *default_of(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i + 1 < policy->defaults.count; i += 2)
		if (strcasecmp(policy->defaults.items[i], name) == 0)
			return policy->defaults.items[i + 1];
	return NULL;
}

/* ---- when ---- */

static bool match_is_idle(const struct policy *policy)
{
	return adds_only(policy) && policy->match_by != MATCH_USERNAME &&
	       policy->compat == COMPAT_MOODLE;
}

static bool template_is_idle(const struct policy *policy)
{
	return policy->upload_type == UPLOAD_UPDATE && policy->username_template;
}

static bool details_are_idle(const struct policy *policy)
{
	return adds_only(policy) && policy->update_details != DETAILS_NONE;
}

static bool delete_is_idle(const struct policy *policy)
{
	return adds_only(policy) && policy->allow_delete;
}

static bool rename_is_idle(const struct policy *policy)
{
	return adds_only(policy) && policy->allow_rename;
}

static bool new_password_is_idle(const struct policy *policy)
{
	return never_adds(policy) && policy->new_password != PASSWORD_GENERATE;
}

static bool update_password_is_idle(const struct policy *policy)
{
	return policy->update_password && !updates_passwords(policy);
}

static bool force_is_idle(const struct policy *policy)
{
	return policy->force_password_change != FORCE_WEAK && never_adds(policy) &&
	       !updates_passwords(policy);
}

static bool defaults_are_idle(const struct policy *policy)
{
	return policy->defaults.count > 0 && !takes_defaults(policy);
}

static bool auth_is_idle(const struct policy *policy)
{
	return default_of(policy, "auth") && takes_defaults(policy) && never_adds(policy) &&
	       policy->update_details == DETAILS_FILL;
}

static bool address_is_shared(const struct policy *policy)
{
	const char *address = default_of(policy, "email");
	return address && takes_defaults(policy) && template_is_constant(slice_of(address));
}

static bool timeout_is_idle(const struct policy *policy)
{
	return policy->after_run.count == 0 &&
	       is_changed(SECTION_FEED, "after_run_timeout", policy);
}

static bool days_are_idle(const struct policy *policy)
{
	const struct policy_expect *expect = &policy->expect;
	return expect->by.count == 0 && (expect->days.count > 0 || expect->except.count > 0);
}

static bool types_are_one(const struct policy *policy)
{
	const struct text_list *roles = &policy->type_roles;
	for (size_t i = 0; i < roles->count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(roles->items[i], roles->items[j]) == 0)
				return true;
	return false;
}

static bool types_are_beyond(const struct policy *policy)
{
	const struct text_list *roles = &policy->type_roles;
	for (size_t i = 0; policy->may.roles.is_given && i < roles->count; i++)
		if (!may_fits(&policy->may.roles, slice_of(roles->items[i])))
			return true;
	return false;
}

static bool course_is_beyond(const struct policy *policy)
{
	return policy->course && !may_fits(&policy->may.courses, slice_of(policy->course));
}

static bool new_cohorts_are_idle(const struct policy *policy)
{
	return policy->may.create_cohorts && policy->may.cohorts.count == 0;
}

static bool removal_is_idle(const struct policy *policy)
{
	return !policy->allow_unenrol && policy->removal != REMOVAL_SUSPEND;
}

static bool purge_is_idle(const struct policy *policy)
{
	return policy->purge_history && !policy->allow_unenrol &&
	       policy->absence.action != ABSENCE_UNENROL;
}

static bool absence_is_idle(const struct policy *policy)
{
	const struct policy_absence *absence = &policy->absence;
	if (policy_tells_absence(policy))
		return false;
	return absence->roles.is_given || absence->pause.count > 0 ||
	       is_changed(SECTION_ABSENCE, "files", policy) ||
	       is_changed(SECTION_ABSENCE, "scope", policy) ||
	       is_changed(SECTION_ABSENCE, "grace", policy) ||
	       is_changed(SECTION_ABSENCE, "adopt", policy) ||
	       is_changed(SECTION_ABSENCE, "errors", policy) ||
	       is_changed(SECTION_ABSENCE, "accounts_grace", policy);
}

static bool created_is_idle(const struct policy *policy)
{
	return never_adds(policy) && (is_changed(SECTION_CREATED, "count", policy) ||
	                                 is_changed(SECTION_CREATED, "share", policy));
}

static bool removals_are_idle(const struct policy *policy)
{
	return policy->absence.action == ABSENCE_IGNORE &&
	       (is_changed(SECTION_REMOVALS, "count", policy) ||
	           is_changed(SECTION_REMOVALS, "share", policy) ||
	           is_changed(SECTION_REMOVALS, "most", policy));
}

static bool per_course_is_idle(const struct policy *policy)
{
	return policy->absence.action == ABSENCE_IGNORE &&
	       (is_changed(SECTION_PER_COURSE, "count", policy) ||
	           is_changed(SECTION_PER_COURSE, "share", policy));
}

static bool occasions_are_idle(const struct policy *policy)
{
	return policy->notify.on.is_given && !policy_tells(policy);
}

static bool attach_is_idle(const struct policy *policy)
{
	return policy->notify.attach != ATTACH_OFF && policy->notify.mail.count == 0;
}

static bool deadline_is_missing(const struct policy *policy)
{
	return policy->notify.on.is_given && policy_tells_of(policy, "late") &&
	       policy->expect.by.count == 0 && policy->expect.fresh_ms == 0;
}

static bool deltas_have_absence(const struct policy *policy)
{
	return policy->meaning == MEANING_DELTA && policy_tells_absence(policy);
}

static bool signers_are_idle(const struct policy *policy)
{
	return policy->pgp.signed_by.count > 0 && !policy->pgp.home;
}

/* ---- the table ---- */

#define ADDS_ONLY "upload_type add and add_increment "

static const struct {
	const char *key;
	bool (*applies)(const struct policy *policy);
	const char *sentence;
} feed_rows[] = {
    {"match_by", match_is_idle,
        "has no effect: with compat moodle " ADDS_ONLY "go by the user name"},
    {"username_template", template_is_idle, "has no effect: upload_type update makes no account"},
    {"update_details", details_are_idle, "has no effect: " ADDS_ONLY "change no account"},
    {"allow_delete", delete_is_idle, "has no effect: " ADDS_ONLY "delete no account"},
    {"allow_rename", rename_is_idle, "has no effect: " ADDS_ONLY "rename no account"},
    {"new_password", new_password_is_idle, "has no effect: upload_type update makes no account"},
    {"update_password", update_password_is_idle,
        "has no effect: passwords of accounts that exist change where upload_type is update or "
        "add_or_update and update_details file or file_and_defaults"},
    {"force_password_change", force_is_idle, "has no effect: this feed sets no password"},
    {"defaults", defaults_are_idle,
        "have no effect: upload_type update makes no account, and update_details takes defaults "
        "with file_and_defaults or fill_missing only"},
    {"defaults.auth", auth_is_idle,
        "has no effect: update_details fill_missing leaves the authentication method alone"},
    {"defaults.email", address_is_shared,
        "is the same for everybody, and most sites let one account have an address: write "
        "%u, %f or %l into it"},
    {"after_run_timeout", timeout_is_idle, "has no effect: there is no after_run"},
    {"expect.days", days_are_idle, "and except have no effect: there is no expect.by"},
    {"type_roles", types_are_one, "names one role for two types"},
    {"type_roles", types_are_beyond, "names a role that this feed's may.roles does not"},
    {"course", course_is_beyond, "is beyond this feed's may.courses: no group is made in it"},
    {"removal", removal_is_idle, "has no effect: allow_unenrol is false"},
    {"purge_history", purge_is_idle,
        "has no effect: allow_unenrol is false and absence.action is not unenrol"},
    {"absence", absence_is_idle, "has no effect: its action is ignore, and its accounts too"},
    {"absence", deltas_have_absence,
        "has no effect: meaning is delta, and nobody is ever absent from a delta"},
    {"pgp.signed_by", signers_are_idle,
        "has no effect: there is no pgp.home, and encrypted files are refused"},
    {"limits.created", created_is_idle, "has no effect: upload_type update makes no account"},
    {"limits.removals", removals_are_idle, "has no effect: absence.action is ignore"},
    {"limits.per_course", per_course_is_idle, "has no effect: absence.action is ignore"},
    {"notify.on", occasions_are_idle, "has no effect: there is no notify.mail and no webhook"},
    {"notify.on", deadline_is_missing, "has late, and nothing ever is: there is no expect.by"},
    {"notify.attach", attach_is_idle, "has no effect: there is no notify.mail"},
    {"may.create.cohorts", new_cohorts_are_idle, "has no effect: may.cohorts is empty"},
};

static bool lease_is_idle(const struct config *config)
{
	return !config_is_shared(config) && is_changed(SECTION_TOP, "lease", config);
}

static bool journal_is_idle(const struct config *config)
{
	return config_is_shared(config) && is_changed(SECTION_LMS, "journal_mode", &config->lms);
}

static bool cache_is_idle(const struct config *config)
{
	return config_is_shared(config) && is_changed(SECTION_LMS, "cache", &config->lms);
}

static const struct {
	const char *key;
	bool (*applies)(const struct config *config);
	const char *sentence;
} top_rows[] = {
    {"lease", lease_is_idle, "has no effect: a spool beside SQLite has one daemon"},
    {"lms.journal_mode", journal_is_idle, "has no effect: it is SQLite's"},
    {"lms.cache", cache_is_idle, "has no effect: it is SQLite's"},
};

static bool mail_is_mute(const struct config *config, const struct policy *policy)
{
	return policy->notify.mail.count > 0 && !config->mail.smtp;
}

static bool hook_is_unsigned(const struct config *config, const struct policy *policy)
{
	return policy->notify.webhook && !config->webhook.key;
}

static const struct {
	const char *key;
	bool (*applies)(const struct config *config, const struct policy *policy);
	const char *sentence;
} both_rows[] = {
    {"notify.mail", mail_is_mute, "reaches nobody: there is no mail.smtp at the top level"},
    {"notify.webhook", hook_is_unsigned,
        "cannot tell its receiver who sends it: there is no webhook.key at the top level"},
};

static void both_look(
    const struct config *config, const struct feed *feed, config_advise *on_advice, void *context)
{
	char text[CONFIG_ADVICE_SIZE];
	for (size_t i = 0; i < sizeof both_rows / sizeof *both_rows; i++) {
		if (!both_rows[i].applies(config, &feed->policy))
			continue;
		snprintf(text, sizeof text, "feeds.%s.%s %s", feed->name, both_rows[i].key,
		    both_rows[i].sentence);
		on_advice(context, text);
	}
}

/* Of a preset's kinds one may do what others do not: only what none of them does is idle. */
static bool applies_to_all(const struct feed *feed, bool (*applies)(const struct policy *policy))
{
	bool all = true;
	for (size_t i = 0; feed->preset && i < feed->preset->kinds_count; i++)
		all &= feed->preset->kinds[i].unused || applies(&feed->preset->kinds[i].policy);
	return feed->preset ? all : applies(&feed->policy);
}

static bool waits_for_manifest(const struct policy *policy)
{
	return policy->meaning == MEANING_MANIFEST && policy_tells_absence(policy);
}

static bool manifest_is_missing(const struct feed *feed)
{
	bool has_manifest = feed->preset && feed->preset->manifest;
	return !has_manifest && applies_to_all(feed, waits_for_manifest);
}

static void feed_look(const struct feed *feed, config_advise *on_advice, void *context)
{
	char text[CONFIG_ADVICE_SIZE];
	for (size_t i = 0; i < sizeof feed_rows / sizeof *feed_rows; i++) {
		if (!applies_to_all(feed, feed_rows[i].applies))
			continue;
		snprintf(text, sizeof text, "feeds.%s.%s %s", feed->name, feed_rows[i].key,
		    feed_rows[i].sentence);
		on_advice(context, text);
	}
	if (!manifest_is_missing(feed))
		return;
	snprintf(text, sizeof text,
	    "feeds.%s.absence has no effect: meaning is manifest, and no file of this feed has one",
	    feed->name);
	on_advice(context, text);
}

void config_look(const struct config *config, config_advise *on_advice, void *context)
{
	char text[CONFIG_ADVICE_SIZE];
	for (size_t i = 0; i < sizeof top_rows / sizeof *top_rows; i++) {
		if (!top_rows[i].applies(config))
			continue;
		snprintf(text, sizeof text, "%s %s", top_rows[i].key, top_rows[i].sentence);
		on_advice(context, text);
	}
	for (size_t i = 0; i < config->feeds_count; i++) {
		feed_look(&config->feeds[i], on_advice, context);
		both_look(config, &config->feeds[i], on_advice, context);
	}
}
