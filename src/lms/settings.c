/*
 * settings: what the site says of itself (lms/README 5.8), read at once: a server is a round trip
 * away.
 */
#include "work.h"

#include "enrold/columns.h"
#include "enrold/list.h"
#include "enrold/value.h"

#include <stdlib.h>

struct setting {
	struct slice plugin, name, value; /* plugin "": the site's own */
};

static const char question[] =
    "SELECT '', name, value FROM {config} UNION ALL SELECT plugin, name, value FROM "
    "{config_plugins} WHERE plugin IN ('tool_log', 'logstore_standard', 'tool_dataprivacy', "
    "'enrol_cohort')";

static void settings_load(struct lms *lms)
{
	struct db_rows rows = db_select(lms_db(lms), question, DB_NONE);
	size_t room = 0;
	lms->settings = NULL;
	lms->settings_count = 0;
	while (db_next(&rows)) {
		if (lms->settings_count == room) {
			size_t more = room * 2 + 64;
			lms->settings = arena_grow(
			    lms->arena, lms->settings, room, more, sizeof *lms->settings);
			room = more;
		}
		if (arena_has_failed(lms->arena))
			break;
		lms->settings[lms->settings_count++] =
		    (struct setting){arena_copy(lms->arena, db_column_text(&rows, 0)),
		        arena_copy(lms->arena, db_column_text(&rows, 1)),
		        arena_copy(lms->arena, db_column_text(&rows, 2))};
	}
	db_rows_close(&rows);
}

static struct slice plugin_setting_find(struct lms *lms, const char *plugin, const char *name)
{
	for (size_t i = 0; i < lms->settings_count; i++)
		if (slice_is(lms->settings[i].name, slice_of(name)) &&
		    slice_is(lms->settings[i].plugin, slice_of(plugin)))
			return lms->settings[i].value;
	return SLICE("");
}

static struct slice setting_find(struct lms *lms, const char *name)
{
	return plugin_setting_find(lms, "", name);
}

/* arena_copy ends its bytes with a NUL. */
static int64_t number_of(struct slice value)
{
	return strtoll(value.bytes, NULL, 10);
}

static void admins_load(struct lms *lms)
{
	struct slice list = setting_find(lms, "siteadmins"), word;
	int64_t *admins = arena_alloc(lms->arena, (list.size + 1) * sizeof *admins);
	lms->site.admins = admins;
	while (admins && list_next(&list, &word))
		admins[lms->site.admins_count++] = number_of(word);
}

static void role_read(const struct db_rows *rows, struct arena *arena, struct role_facts *role)
{
	role->id = db_column_int(rows, 0);
	role->shortname = arena_copy(arena, db_column_text(rows, 1));
	role->archetype = arena_copy(arena, db_column_text(rows, 2));
	role->in_courses = db_column_int(rows, 3) != 0;
	role->in_system = db_column_int(rows, 4) != 0;
	role->in_categories = db_column_int(rows, 5) != 0;
}

static void roles_load(struct lms *lms)
{
	struct role_facts *roles = NULL;
	size_t used = 0, room = 0;
	struct db_rows rows = db_select(lms_db(lms),
	    "SELECT id, shortname, archetype, "
	    "EXISTS (SELECT 1 FROM {role_context_levels} WHERE roleid = r.id AND contextlevel = "
	    "50), "
	    "EXISTS (SELECT 1 FROM {role_context_levels} WHERE roleid = r.id AND contextlevel = "
	    "10), "
	    "EXISTS (SELECT 1 FROM {role_context_levels} WHERE roleid = r.id AND contextlevel = "
	    "40) "
	    "FROM {role} r ORDER BY id",
	    DB_NONE);
	while (db_next(&rows)) {
		if (used == room) {
			size_t more = room * 2 + 16;
			roles = arena_grow(lms->arena, roles, room, more, sizeof *roles);
			room = more;
		}
		if (arena_has_failed(lms->arena))
			break;
		role_read(&rows, lms->arena, &roles[used++]);
	}
	db_rows_close(&rows);
	lms->site.roles = roles;
	lms->site.roles_count = used;
}

static struct error actor_load(struct lms *lms)
{
	lms->site.actor = db_find(lms_db(lms),
	    "SELECT id FROM {user} WHERE mnethostid = ? AND username = ? AND deleted = 0", 0,
	    DB_VALUES(db_int(lms->site.local_host), db_string(lms->options->actor)));
	struct error error = db_error(lms_db(lms));
	bool is_admin = false;
	for (size_t i = 0; i < lms->site.admins_count; i++)
		is_admin |= lms->site.admins[i] == lms->site.actor;
	if (!is_error(&error) && !is_admin)
		error = error_config("lms.actor: '%s' is not a site administrator of %s",
		    lms->options->actor, db_name(lms_db(lms)));
	return error;
}

static struct password_policy password_policy_load(struct lms *lms)
{
	return (struct password_policy){
	    .is_on = number_of(setting_find(lms, "passwordpolicy")) != 0,
	    .length = number_of(setting_find(lms, "minpasswordlength")),
	    .digits = number_of(setting_find(lms, "minpassworddigits")),
	    .lower = number_of(setting_find(lms, "minpasswordlower")),
	    .upper = number_of(setting_find(lms, "minpasswordupper")),
	    .other = number_of(setting_find(lms, "minpasswordnonalphanum")),
	    .same_in_a_row = number_of(setting_find(lms, "maxconsecutiveidentchars")),
	};
}

/* What a new account has by default. */
static struct slice detail_load(struct lms *lms, uint32_t index)
{
	const struct detail *detail = &columns_detail(index)->detail;
	struct slice value = SLICE("");
	if (detail->setting)
		value = setting_find(lms, detail->setting);
	if (detail->kind == DETAIL_COUNTRY && slice_is(value, SLICE("0")))
		value = SLICE(""); /* a fresh site's "0" is no country */
	if (detail->kind == DETAIL_TIMEZONE)
		return slice_of(*lms->site.timezone ? lms->site.timezone : "99");
	if (value.size == 0 && detail->fallback)
		return slice_of(detail->fallback);
	return value.size == 0 ? (struct slice){NULL, 0} : value;
}

static void details_load(struct lms *lms)
{
	uint32_t count = columns_details_count();
	struct slice *details = arena_alloc(lms->arena, count * sizeof *details);
	for (uint32_t i = 0; details && i < count; i++)
		details[i] = detail_load(lms, i);
	lms->site.details = details;
}

static enum profile_kind profile_kind_parse(struct slice name)
{
	static const char *const names[] = {[PROFILE_TEXT] = "text",
	    [PROFILE_MENU] = "menu",
	    [PROFILE_CHECKBOX] = "checkbox",
	    [PROFILE_DATETIME] = "datetime"};
	for (enum profile_kind kind = PROFILE_TEXT; kind < PROFILE_OTHER; kind++)
		if (slice_is(name, slice_of(names[kind])))
			return kind;
	return PROFILE_OTHER;
}

static void profile_field_read(
    const struct db_rows *rows, struct arena *arena, struct profile_field *field)
{
	struct slice *texts[] = {&field->initial, &field->param1, &field->param2, &field->param3};
	*field = (struct profile_field){.id = db_column_int(rows, 0)};
	field->shortname = arena_copy(arena, db_column_text(rows, 1));
	field->kind = profile_kind_parse(db_column_text(rows, 2));
	for (int i = 0; i < 4; i++)
		*texts[i] = arena_copy(arena, db_column_text(rows, i + 3));
	field->is_required = db_column_int(rows, 7) != 0;
	field->is_unique = db_column_int(rows, 8) != 0;
	if (field->kind == PROFILE_TEXT)
		field->characters_max = number_of(field->param2);
}

static void profile_fields_load(struct lms *lms)
{
	struct profile_field *fields = NULL;
	size_t used = 0, room = 0;
	struct db_rows rows = db_select(lms_db(lms),
	    "SELECT id, shortname, datatype, defaultdata, param1, param2, param3, required, "
	    "forceunique FROM {user_info_field} ORDER BY categoryid, sortorder, id",
	    DB_NONE);
	while (db_next(&rows)) {
		if (used == room) {
			size_t more = room * 2 + 16;
			fields = arena_grow(lms->arena, fields, room, more, sizeof *fields);
			room = more;
		}
		if (arena_has_failed(lms->arena))
			break;
		profile_field_read(&rows, lms->arena, &fields[used++]);
	}
	db_rows_close(&rows);
	lms->site.profile_fields = fields;
	lms->site.profile_fields_count = used;
}

/* "en,fr|Fran\xC3\xA7ais, de" as the setting has it: without names and blanks. */
static void languages_add(struct buffer *out, struct slice list)
{
	struct slice word;
	while (list_next(&list, &word)) {
		const char *bar = memchr(word.bytes, '|', word.size);
		word.size = bar ? (size_t)(bar - word.bytes) : word.size;
		word = value_trim(word);
		if (word.size > 0)
			buffer_print(out, ",%.*s", SLICE_ARG(word));
	}
}

struct error lms_load_languages(struct lms *lms)
{
	struct buffer list = {0};
	buffer_add_text(&list, "en");
	languages_add(&list, setting_find(lms, "lang"));
	languages_add(&list, setting_find(lms, "langlist"));
	struct db_rows rows = db_select(
	    lms_db(lms), "SELECT lang FROM {course} UNION SELECT lang FROM {user}", DB_NONE);
	while (db_next(&rows))
		languages_add(&list, db_column_text(&rows, 0));
	lms->site.languages = arena_copy(lms->arena, buffer_slice(&list));
	bool has_failed = list.failed || arena_has_failed(lms->arena);
	buffer_done(&list);
	return has_failed ? error_memory("reading the site's languages") : db_error(lms_db(lms));
}

struct error lms_load_site(struct lms *lms, const struct site_facts **site)
{
	arena_reset(lms->arena);
	settings_load(lms);
	int64_t timeout = number_of(setting_find(lms, "sessiontimeout"));
	struct slice zone = setting_find(lms, "timezone");
	lms->site = (struct site_facts){
	    .local_host = number_of(setting_find(lms, "mnet_localhost_id")),
	    .session_timeout = timeout > 0 ? timeout : 28800,
	    .branch = lms->version.branch,
	    .checks_profiles = lms->version.checks_profiles,
	    .guest = number_of(setting_find(lms, "siteguest")),
	    .shares_email = number_of(setting_find(lms, "allowaccountssameemail")) != 0,
	    .user_themes = number_of(setting_find(lms, "allowuserthemes")) != 0,
	    .auths = setting_find(lms, "auth"),
	    .password = password_policy_load(lms),
	    .system_context = db_find(
	        lms_db(lms), "SELECT id FROM {context} WHERE contextlevel = 10", 0, DB_NONE),
	    .manual_enabled = list_has(setting_find(lms, "enrol_plugins_enabled"), SLICE("manual")),
	    .extended_usernames = number_of(setting_find(lms, "extendedusernamechars")) != 0,
	    .audit = lms->options->events &&
	             list_has(plugin_setting_find(lms, "tool_log", "enabled_stores"),
	                 SLICE("logstore_standard")),
	    .audit_json =
	        number_of(plugin_setting_find(lms, "logstore_standard", "jsonformat")) != 0,
	};
	if (zone.size < sizeof lms->site.timezone)
		memcpy(lms->site.timezone, zone.bytes, zone.size);
	course_names_drop(lms);
	lms->syncs_cohorts = list_has(setting_find(lms, "enrol_plugins_enabled"), SLICE("cohort"));
	lms->asks_erasure = number_of(plugin_setting_find(
	                        lms, "tool_dataprivacy", "automaticdeletionrequests")) != 0;
	lms->cohort_unenrols = number_of(plugin_setting_find(lms, "enrol_cohort", "unenrolaction"));
	lms->completes = number_of(setting_find(lms, "enablecompletion")) != 0;
	lms->keeps_grades = number_of(setting_find(lms, "disablegradehistory")) == 0;
	lms->calendar = setting_find(lms, "calendartype");
	lms->tracks_forums = number_of(setting_find(lms, "defaultpreference_trackforums"));
	rights_load(&lms->rights, lms_db(lms), lms->syncs_cohorts, &lms->site, lms->arena);
	lms->site.is_moodle =
	    rights_has_optional(&lms->rights) || db_has_table(lms_db(lms), "grade_grades");
	admins_load(lms);
	details_load(lms);
	profile_fields_load(lms);
	tags_load(lms, !slice_is(setting_find(lms, "usetags"), SLICE("0")));
	chores_load(lms);
	roles_load(lms);
	struct error error = actor_load(lms);
	if (!is_error(&error) && arena_has_failed(lms->arena))
		error = error_memory("reading the site's settings");
	*site = &lms->site;
	return error;
}
