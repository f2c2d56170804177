#include "enrold/rights.h"

const struct table_rights table_rights[] = {
    {"config", "", false},
    {"config_plugins", "", false},
    {"user_info_field", "", false},
    {"course_categories", "", false},
    {"course", "", false},
    {"role", "", false},
    {"role_context_levels", "", false},
    {"enrol", "", false},
    {"user", "iu", false},
    {"context", "iu", false},
    {"user_info_data", "iud", false},
    {"user_preferences", "iud", false},
    {"user_password_history", "d", false},
    {"sessions", "d", false},
    {"role_assignments", "id", false},
    {"user_enrolments", "iud", false},
    {"groups", "iu", false},
    {"groups_members", "id", false},
    {"groupings", "i", false},
    {"groupings_groups", "i", false},
    {"cohort", "i", false},
    {"cohort_members", "id", false},
    {"cache_flags", "iu", false},
    {"logstore_standard_log", "i", false},
    {"user_lastaccess", "d", true},
    {"external_tokens", "d", true},
    {"external_services_users", "d", true},
    {"user_private_key", "d", true},
    {"oauth2_refresh_token", "d", true},
    {"event", "d", true},
    {"event_subscriptions", "d", true},
    {"my_pages", "d", true},
    {"role_names", "d", true},
    {"role_capabilities", "d", true},
    {"message_conversations", "", true},
    {"message_conversation_members", "id", true},
    {"forum", "", true},
    {"forum_subscriptions", "d", true},
    {"forum_digests", "d", true},
    {"forum_track_prefs", "d", true},
    {"forum_read", "d", true},
    {"tag", "id", true},
    {"tag_instance", "iud", true},
    {"tag_area", "", true},
    {"tag_correlation", "d", true},
    {"auth_oauth2_linked_login", "d", true},
    {"tool_cohortroles", "d", true},
    {"tool_monitor_subscriptions", "d", true},
    {"tool_dataprivacy_request", "i", true},
    {"grade_items", "", true},
    {"grade_grades", "d", true},
    {"grade_grades_history", "i", true},
    {"modules", "", true},
    {"course_modules", "", true},
    {"course_modules_completion", "u", true},
    {"quiz", "", true},
    {"quiz_overrides", "", true},
    {"quiz_attempts", "u", true},
};

enum { TABLES = sizeof table_rights / sizeof *table_rights };

const size_t table_rights_count = TABLES;

/* What each deed does to which table; r: it reads it, which without these it would not. */
static const struct {
	enum deed deed;
	const char *table, *rights;
} needs[] = {
    {DEED_CREATE_ACCOUNT, "user", "i"},
    {DEED_CREATE_ACCOUNT, "context", "iu"},
    {DEED_UPDATE_ACCOUNT, "user", "u"},
    {DEED_SET_PROFILE, "user_info_data", "iu"},
    {DEED_SET_PREFERENCE, "user_preferences", "riud"},
    {DEED_SET_PREFERENCE, "cache_flags", "riu"},
    {DEED_END_SESSIONS, "sessions", "rd"},
    {DEED_DELETE_ACCOUNT, "user", "u"},
    {DEED_DELETE_ACCOUNT, "groups", "ru"},
    {DEED_DELETE_ACCOUNT, "groups_members", "rd"},
    {DEED_DELETE_ACCOUNT, "role_assignments", "d"},
    {DEED_DELETE_ACCOUNT, "user_enrolments", "d"},
    {DEED_DELETE_ACCOUNT, "cohort_members", "rd"},
    {DEED_DELETE_ACCOUNT, "user_preferences", "rd"},
    {DEED_DELETE_ACCOUNT, "user_info_data", "d"},
    {DEED_DELETE_ACCOUNT, "user_password_history", "rd"},
    {DEED_DELETE_ACCOUNT, "sessions", "rd"},
    {DEED_DELETE_ACCOUNT, "cache_flags", "riu"},
    {DEED_DELETE_ACCOUNT, "user_lastaccess", "rd"},
    {DEED_DELETE_ACCOUNT, "external_tokens", "rd"},
    {DEED_DELETE_ACCOUNT, "external_services_users", "rd"},
    {DEED_DELETE_ACCOUNT, "user_private_key", "rd"},
    {DEED_DELETE_ACCOUNT, "oauth2_refresh_token", "rd"},
    {DEED_DELETE_ACCOUNT, "event", "rd"},
    {DEED_DELETE_ACCOUNT, "event_subscriptions", "rd"},
    {DEED_DELETE_ACCOUNT, "my_pages", "rd"},
    {DEED_DELETE_ACCOUNT, "role_names", "rd"},
    {DEED_DELETE_ACCOUNT, "role_capabilities", "rd"},
    {DEED_DELETE_ACCOUNT, "message_conversations", "r"},
    {DEED_DELETE_ACCOUNT, "message_conversation_members", "rd"},
    {DEED_DELETE_ACCOUNT, "forum_subscriptions", "rd"},
    {DEED_DELETE_ACCOUNT, "forum_digests", "rd"},
    {DEED_DELETE_ACCOUNT, "forum_track_prefs", "rd"},
    {DEED_DELETE_ACCOUNT, "forum_read", "rd"},
    {DEED_DELETE_ACCOUNT, "tag", "rd"},
    {DEED_DELETE_ACCOUNT, "tag_instance", "rd"},
    {DEED_DELETE_ACCOUNT, "tag_correlation", "rd"},
    {DEED_DELETE_ACCOUNT, "auth_oauth2_linked_login", "rd"},
    {DEED_DELETE_ACCOUNT, "tool_cohortroles", "rd"},
    {DEED_DELETE_ACCOUNT, "tool_monitor_subscriptions", "rd"},
    {DEED_DELETE_ACCOUNT, "tool_dataprivacy_request", "ri"},
    {DEED_SET_INTERESTS, "tag", "rid"},
    {DEED_SET_INTERESTS, "tag_instance", "riud"},
    {DEED_SET_INTERESTS, "tag_area", "r"},
    {DEED_SET_INTERESTS, "tag_correlation", "rd"},
    {DEED_ENROL, "user_enrolments", "i"},
    {DEED_ENROL, "cache_flags", "riu"},
    {DEED_CHANGE_ENROLMENT, "user_enrolments", "u"},
    {DEED_CHANGE_ENROLMENT, "cache_flags", "riu"},
    {DEED_ASSIGN_ROLE, "role_assignments", "i"},
    {DEED_ASSIGN_ROLE, "cache_flags", "riu"},
    {DEED_UNASSIGN_ROLE, "role_assignments", "d"},
    {DEED_UNASSIGN_ROLE, "cache_flags", "riu"},
    {DEED_SEE_CATEGORY, "course_categories", "r"},
    {DEED_SEE_COHORT, "cohort", "r"},
    {DEED_SEE_COHORT, "cohort_members", "r"},
    {DEED_CREATE_COHORT, "cohort", "i"},
    {DEED_JOIN_COHORT, "cohort_members", "i"},
    {DEED_SEE_GROUP, "groups", "r"},
    {DEED_SEE_GROUP, "groups_members", "r"},
    {DEED_CREATE_GROUP, "groups", "i"},
    {DEED_JOIN_GROUP, "groups", "u"},
    {DEED_JOIN_GROUP, "groups_members", "i"},
    {DEED_JOIN_GROUP, "message_conversations", "r"},
    {DEED_JOIN_GROUP, "message_conversation_members", "ri"},
    {DEED_SEE_GROUPING, "groupings", "r"},
    {DEED_SEE_GROUPING, "groupings_groups", "r"},
    {DEED_CREATE_GROUPING, "groupings", "i"},
    {DEED_JOIN_GROUPING, "groupings_groups", "i"},
};

enum { NEEDS = sizeof needs / sizeof *needs };

/* Who leaves a cohort leaves courses that take its members, and who leaves a course its groups. */
#define OF_COURSES (DEED_BIT(DEED_UNENROL) | DEED_BIT(DEED_LEAVE_COHORT))
#define OF_GROUPS (OF_COURSES | DEED_BIT(DEED_LEAVE_GROUP))

static const struct {
	deed_set deeds;
	const char *table, *rights;
} leaving_needs[] = {
    {DEED_BIT(DEED_LEAVE_COHORT), "cohort_members", "rd"},
    {DEED_BIT(DEED_LEAVE_COHORT), "user_enrolments", "u"},
    {OF_COURSES, "user_enrolments", "d"},
    {OF_COURSES, "role_assignments", "d"},
    {OF_COURSES, "cache_flags", "riu"},
    {OF_COURSES, "user_lastaccess", "rd"},
    {OF_COURSES, "forum", "r"},
    {OF_COURSES, "forum_subscriptions", "rd"},
    {OF_COURSES, "forum_digests", "rd"},
    {OF_COURSES, "forum_track_prefs", "rd"},
    {OF_COURSES, "forum_read", "rd"},
    {OF_COURSES, "grade_items", "r"},
    {OF_COURSES, "grade_grades", "rd"},
    {OF_COURSES, "grade_grades_history", "ri"},
    {OF_COURSES, "modules", "r"},
    {OF_COURSES, "course_modules", "r"},
    {OF_COURSES, "course_modules_completion", "ru"},
    {OF_GROUPS, "groups", "ru"},
    {OF_GROUPS, "groups_members", "rd"},
    {OF_GROUPS, "message_conversations", "r"},
    {OF_GROUPS, "message_conversation_members", "rd"},
    {OF_GROUPS, "quiz", "r"},
    {OF_GROUPS, "quiz_overrides", "r"},
    {OF_GROUPS, "quiz_attempts", "ru"},
};

enum { LEAVING_NEEDS = sizeof leaving_needs / sizeof *leaving_needs };

/* Whoever joins a cohort is enrolled where a course takes its members (src/lms/cohort_sync.c). */
static const struct {
	const char *table, *rights;
} sync_needs[] = {{"user_enrolments", "iu"}, {"role_assignments", "i"}, {"groups_members", "ri"},
    {"groups", "ru"}, {"cache_flags", "riu"}, {"message_conversations", "r"},
    {"message_conversation_members", "ri"}};

enum { SYNC_NEEDS = sizeof sync_needs / sizeof *sync_needs };

static const struct {
	char letter;
	uint32_t bits;
	const char *words;
} kinds[] = {{'r', DB_MAY_READ, "SELECT"}, {'i', DB_MAY_INSERT | DB_MAY_NUMBER, "INSERT"},
    {'u', DB_MAY_UPDATE, "UPDATE"}, {'d', DB_MAY_DELETE, "DELETE"}};

deed_set rights_deeds(const char *table, char right)
{
	deed_set deeds = 0;
	for (size_t i = 0; i < NEEDS; i++)
		if (strcmp(needs[i].table, table) == 0 && strchr(needs[i].rights, right))
			deeds |= DEED_BIT(needs[i].deed);
	for (size_t i = 0; i < SYNC_NEEDS; i++)
		if (strcmp(sync_needs[i].table, table) == 0 && strchr(sync_needs[i].rights, right))
			deeds |= DEED_BIT(DEED_JOIN_COHORT);
	for (size_t i = 0; i < LEAVING_NEEDS; i++)
		if (strcmp(leaving_needs[i].table, table) == 0 &&
		    strchr(leaving_needs[i].rights, right))
			deeds |= leaving_needs[i].deeds;
	return deeds;
}

/* ---- of a run ---- */

/* A site being asked what it lacks. */
struct need {
	const struct rights *rights;
	struct site_facts *site;
	const char *prefix;
	struct arena *arena;
};

static void lack(const struct need *need, enum deed deed, const char *words, const char *table)
{
	struct site_facts *site = need->site;
	if (site->lacks & DEED_BIT(deed))
		return;
	site->lacks |= DEED_BIT(deed);
	site->missing[deed] = arena_print(need->arena, "%s on %s%s", words, need->prefix, table);
}

static size_t table_index(const char *table)
{
	size_t index = 0;
	while (strcmp(table_rights[index].table, table) != 0)
		index++;
	return index;
}

static void table_need(
    const struct need *need, const char *table, enum deed deed, const char *rights)
{
	uint32_t has = need->rights->tables[table_index(table)];
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds && !(has & DB_IS_ABSENT); k++) {
		uint32_t misses = strchr(rights, kinds[k].letter) ? kinds[k].bits & ~has : 0;
		if (misses != 0)
			lack(need, deed,
			    misses == DB_MAY_NUMBER ? "USAGE of the sequence of ids"
			                            : kinds[k].words,
			    table);
	}
}

/* MariaDB says the same of an absent table and of a hidden one. */
static bool is_unseen(uint32_t rights)
{
	return (rights & (DB_IS_ABSENT | DB_MAY_READ | DB_MAY_INSERT | DB_MAY_UPDATE |
	                     DB_MAY_DELETE)) == 0;
}

/* Tables that every Moodle has, and so one that has any optional one: MariaDB hides what an older
 * script of grants has left out, and nobody may be unenrolled as if there were no grades. */
static const char *const of_every_moodle[] = {"grade_items", "grade_grades", "grade_grades_history",
    "modules", "course_modules", "course_modules_completion"};

enum { OF_EVERY_MOODLE = sizeof of_every_moodle / sizeof *of_every_moodle };

static bool is_of_every_moodle(const char *table)
{
	for (size_t i = 0; i < OF_EVERY_MOODLE; i++)
		if (strcmp(of_every_moodle[i], table) == 0)
			return true;
	return false;
}

static bool is_seen(struct db *db, const char *table)
{
	uint32_t rights = db_rights(db, table);
	return is_unseen(rights) ? db_has_table(db, table) : !(rights & DB_IS_ABSENT);
}

bool rights_knows_optional(struct db *db, const char *table)
{
	if (is_seen(db, table) || !is_of_every_moodle(table))
		return is_seen(db, table);
	for (size_t i = 0; i < TABLES; i++)
		if (table_rights[i].is_optional && is_seen(db, table_rights[i].table))
			return true;
	return false;
}

_Static_assert((int)TABLES <= (int)RIGHTS_TABLES_MAX, "there is room for what is known of each");

static void tables_ask(struct rights *rights, struct db *db)
{
	const char *names[TABLES];
	for (size_t i = 0; i < TABLES; i++)
		names[i] = table_rights[i].table;
	db_rights_all(db, names, TABLES, rights->tables);
	for (size_t i = 0; i < TABLES; i++)
		if (table_rights[i].is_optional && is_unseen(rights->tables[i]) &&
		    !db_has_table(db, names[i]))
			rights->tables[i] = DB_IS_ABSENT;
}

bool rights_has_optional(const struct rights *rights)
{
	for (size_t i = 0; i < TABLES; i++)
		if (table_rights[i].is_optional && !(rights->tables[i] & DB_IS_ABSENT))
			return true;
	return false;
}

static void hidden_find(struct rights *rights)
{
	for (size_t i = 0; i < OF_EVERY_MOODLE && rights_has_optional(rights); i++)
		rights->tables[table_index(of_every_moodle[i])] &= ~(uint32_t)DB_IS_ABSENT;
}

/* Whoever may write to SQLite's file may do all. */
static void tables_find(struct rights *rights, struct db *db)
{
	for (size_t i = 0; i < TABLES; i++)
		rights->tables[i] =
		    !table_rights[i].is_optional || db_has_table(db, table_rights[i].table)
		        ? DB_MAY_ALL
		        : DB_IS_ABSENT;
}

bool rights_has_table(const struct rights *rights, const char *table)
{
	return !(rights->tables[table_index(table)] & DB_IS_ABSENT);
}

bool rights_may_read(const struct rights *rights, const char *table)
{
	return (rights->tables[table_index(table)] & (DB_MAY_READ | DB_IS_ABSENT)) == DB_MAY_READ;
}

void rights_load(struct rights *rights, struct db *db, bool syncs_cohorts, struct site_facts *site,
    struct arena *arena)
{
	if (!db_is_server(db)) {
		tables_find(rights, db);
		return;
	}
	if (!rights->are_all) {
		tables_ask(rights, db);
		hidden_find(rights);
	}
	const struct need need = {rights, site, db_prefix(db), arena};
	for (size_t i = 0; i < NEEDS; i++)
		table_need(&need, needs[i].table, needs[i].deed, needs[i].rights);
	for (size_t i = 0; syncs_cohorts && i < SYNC_NEEDS; i++)
		table_need(&need, sync_needs[i].table, DEED_JOIN_COHORT, sync_needs[i].rights);
	for (size_t i = 0; i < LEAVING_NEEDS; i++)
		for (enum deed deed = 0; deed < DEEDS; deed++)
			if (leaving_needs[i].deeds & DEED_BIT(deed))
				table_need(
				    &need, leaving_needs[i].table, deed, leaving_needs[i].rights);
	for (enum deed deed = 0; site->audit && deed < DEEDS; deed++)
		table_need(&need, "logstore_standard_log", deed, "i");
	rights->are_all = site->lacks == 0 && !db_has_failed(db);
}

/* ---- of reading ---- */

struct error rights_check_read(struct db *db, const char *table)
{
	uint32_t has = db_rights(db, table);
	if (db_has_failed(db) || has & (DB_IS_ABSENT | DB_MAY_READ))
		return db_error(db);
	char person[128];
	db_person(db, person, sizeof person);
	return error_config(
	    "%s: enrold may not read %s as the role %s: see the grants in etc/, and "
	    "lms.prefix",
	    db_name(db), table, person);
}
