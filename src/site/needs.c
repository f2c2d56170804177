#include "enrold/needs.h"

#include "enrold/list.h"
#include "enrold/value.h"

#include <stdlib.h>
#include <string.h>

/* What a grade keeps when it goes into the history. */
#define GRADE_COLUMNS                                                                              \
	"itemid, userid, rawgrade, rawgrademax, rawgrademin, rawscaleid, usermodified, "           \
	"finalgrade, hidden, locked, locktime, exported, overridden, excluded, feedback, "         \
	"feedbackformat, information, informationformat"

const struct table_needs table_needs[] = {
    {"config", "", "name, value", false},
    {"config_plugins", "", "plugin, name, value", false},
    {"user_info_field", "",
        "shortname, datatype, defaultdata, param1, param2, param3, categoryid, sortorder, "
        "required, forceunique",
        false},
    {"course_categories", "", "idnumber", false},
    {"course", "", "category, shortname, idnumber, fullname, lang, enddate, enablecompletion",
        false},
    {"role", "", "shortname, archetype", false},
    {"role_context_levels", "", "roleid, contextlevel", false},
    {"enrol", "", "enrol, status, courseid, sortorder, enrolperiod, roleid, customint1, customint2",
        false},
    {"user",
        "confirmed, mnethostid, username, password, auth, suspended, calendartype, trackforums, "
        "timecreated, timemodified, firstname, lastname, email, idnumber, firstnamephonetic, "
        "lastnamephonetic, middlename, alternatename, emailstop, city, country, lang, timezone, "
        "mailformat, maildigest, maildisplay, autosubscribe, institution, department, phone1, "
        "phone2, address, description, descriptionformat, theme",
        "deleted, picture", false},
    {"context", "contextlevel, instanceid, depth, locked", "path", false},
    {"user_info_data", "userid, fieldid, data, dataformat", "", false},
    {"user_preferences", "userid, name, value", "", false},
    {"user_password_history", "", "userid", false},
    {"sessions", "", "userid", false},
    {"role_assignments",
        "roleid, contextid, userid, timemodified, modifierid, component, itemid, sortorder", "",
        false},
    {"user_enrolments",
        "status, enrolid, userid, timestart, timeend, modifierid, timecreated, timemodified", "",
        false},
    {"groups",
        "courseid, idnumber, name, description, descriptionformat, enrolmentkey, picture, "
        "visibility, participation, timecreated, timemodified",
        "", false},
    {"groups_members", "groupid, userid, timeadded, component, itemid", "", false},
    {"groupings", "courseid, name, idnumber, descriptionformat, timecreated, timemodified", "",
        false},
    {"groupings_groups", "groupingid, groupid, timeadded", "", false},
    {"cohort",
        "contextid, name, idnumber, description, descriptionformat, visible, component, "
        "timecreated, timemodified, theme",
        "", false},
    {"cohort_members", "cohortid, userid, timeadded", "", false},
    {"cache_flags", "flagtype, name, timemodified, value, expiry", "", false},
    {"logstore_standard_log",
        "eventname, component, action, target, objecttable, objectid, crud, edulevel, contextid, "
        "contextlevel, contextinstanceid, userid, courseid, relateduserid, anonymous, other, "
        "timecreated, origin",
        "", false},
    {"user_lastaccess", "", "userid, courseid", true},
    {"external_tokens", "", "userid", true},
    {"external_services_users", "", "userid", true},
    {"user_private_key", "", "userid", true},
    {"oauth2_refresh_token", "", "userid", true},
    {"event", "", "userid, subscriptionid", true},
    {"event_subscriptions", "", "userid", true},
    {"my_pages", "", "userid, private", true},
    {"role_names", "", "contextid", true},
    {"role_capabilities", "", "contextid", true},
    {"message_conversations", "", "component, itemtype, itemid, contextid", true},
    {"message_conversation_members", "conversationid, userid, timecreated", "", true},
    {"forum", "", "course, forcesubscribe", true},
    {"forum_subscriptions", "", "userid, forum", true},
    {"forum_digests", "", "userid, forum", true},
    {"forum_track_prefs", "", "userid, forumid", true},
    {"forum_read", "", "userid, forumid", true},
    {"tag", "userid, tagcollid, name, rawname, isstandard, descriptionformat, flag, timemodified",
        "", true},
    {"tag_instance",
        "tagid, component, itemtype, itemid, contextid, tiuserid, ordering, timecreated, "
        "timemodified",
        "", true},
    {"tag_area", "", "component, itemtype, enabled, tagcollid", true},
    {"tag_correlation", "", "tagid", true},
    {"auth_oauth2_linked_login", "", "userid", true},
    {"tool_cohortroles", "", "userid", true},
    {"tool_monitor_subscriptions", "", "userid", true},
    {"tool_dataprivacy_request",
        "type, comments, commentsformat, userid, requestedby, status, dpo, dpocomment, "
        "dpocommentformat, systemapproved, creationmethod, usermodified, timecreated, timemodified",
        "", true},
    {"grade_items", "", "courseid, itemtype, itemmodule, iteminstance, itemnumber", true},
    {"grade_grades", "", GRADE_COLUMNS, true},
    {"grade_grades_history", "action, oldid, source, timemodified, loggeduser, " GRADE_COLUMNS, "",
        true},
    {"modules", "", "name", true},
    {"course_modules", "", "course, module, instance, completion, completiongradeitemnumber", true},
    {"course_modules_completion", "",
        "coursemoduleid, userid, completionstate, overrideby, timemodified", true},
    {"quiz", "", "timeclose, timelimit, graceperiod", true},
    {"quiz_overrides", "", "quiz, groupid, userid, timeclose, timelimit", true},
    {"quiz_attempts", "", "quiz, userid, state, timestart, timecheckstate", true},
};

const size_t table_needs_count = sizeof table_needs / sizeof table_needs[0];

const struct table_needs *needs_find(const char *table)
{
	for (size_t i = 0; i < table_needs_count; i++)
		if (strcmp(table_needs[i].table, table) == 0)
			return &table_needs[i];
	abort();
}

void needs_write(const struct table_needs *needs, bool all, struct buffer *out)
{
	buffer_add_text(out, "id");
	if (*needs->filled)
		buffer_print(out, ", %s", needs->filled);
	if (all && *needs->others)
		buffer_print(out, ", %s", needs->others);
}

/* The next name of "a, b"; false at the end. */
static bool name_next(struct slice *names, struct slice *name)
{
	bool is_there = list_next(names, name);
	if (is_there)
		*name = value_trim(*name);
	return is_there;
}

static bool names_have(const char *names, struct slice wanted)
{
	struct slice rest = slice_of(names), name;
	while (name_next(&rest, &name))
		if (slice_is(name, wanted))
			return true;
	return false;
}

/* One of our columns that the table lacks; empty: it has them all. */
static struct slice missing_find(const char *names, struct slice there)
{
	struct slice rest = slice_of(names), name;
	while (name_next(&rest, &name))
		if (!list_has(there, name))
			return name;
	return SLICE("");
}

/* One that has to be filled in, and that we do not. */
static struct slice strange_find(const struct table_needs *needs, struct slice required)
{
	struct slice name;
	while (*needs->filled && list_next(&required, &name))
		if (!names_have(needs->filled, name))
			return name;
	return SLICE("");
}

static struct error columns_judge(
    const struct table_needs *needs, struct slice there, struct slice required)
{
	if (there.size == 0)
		return error_config("there is no table %s, or it may not be read", needs->table);
	struct slice missing = missing_find(needs->filled, there);
	if (missing.size == 0)
		missing = missing_find(needs->others, there);
	if (missing.size > 0)
		return error_config("the table %s has no column %.*s, which enrold uses",
		    needs->table, SLICE_ARG(missing));
	struct slice strange = strange_find(needs, required);
	if (strange.size > 0)
		return error_config("the table %s has a column %.*s that enrold does not know and "
		                    "would have to fill in: it must not be NULL and has no default",
		    needs->table, SLICE_ARG(strange));
	return OK;
}

/* A hidden table fails only those who need it (rights.c). */
static bool is_hidden(struct db *db, const char *table)
{
	return !(db_rights(db, table) & (DB_MAY_READ | DB_IS_ABSENT));
}

struct error needs_check(struct db *db, const struct table_needs *needs)
{
	struct buffer there = {0}, required = {0};
	db_find_columns(db, needs->table, &there, &required);
	if (there.failed || required.failed)
		db_fail(db, error_memory("looking at the site's tables"));
	struct error error = db_error(db);
	if (!is_error(&error))
		error = columns_judge(needs, buffer_slice(&there), buffer_slice(&required));
	buffer_done(&there);
	buffer_done(&required);
	return error;
}

enum { TABLES_MAX = 64 };

_Static_assert(sizeof table_needs / sizeof *table_needs <= TABLES_MAX, "there is room for all");

/* Those that are not optional; how many there are. */
static size_t needs_collect(const struct table_needs **needs, const char **tables)
{
	size_t count = 0;
	for (size_t i = 0; i < table_needs_count; i++)
		if (!table_needs[i].is_optional) {
			needs[count] = &table_needs[i];
			tables[count++] = table_needs[i].table;
		}
	return count;
}

struct error needs_check_all(struct db *db)
{
	const struct table_needs *needs[TABLES_MAX];
	const char *tables[TABLES_MAX];
	struct buffer there[TABLES_MAX] = {0}, required[TABLES_MAX] = {0};
	size_t count = needs_collect(needs, tables);
	db_find_columns_all(db, tables, count, there, required);
	for (size_t i = 0; i < count; i++)
		if (there[i].failed || required[i].failed)
			db_fail(db, error_memory("looking at the site's tables"));
	struct error error = db_error(db);
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		error =
		    columns_judge(needs[i], buffer_slice(&there[i]), buffer_slice(&required[i]));
		if (is_error(&error) && !db_has_failed(db) && is_hidden(db, tables[i]))
			error = OK;
	}
	for (size_t i = 0; i < count; i++) {
		buffer_done(&there[i]);
		buffer_done(&required[i]);
	}
	return error;
}
