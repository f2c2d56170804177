#include "site_rows.h"

#include "enrold/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ZONE_SIZE = 100, USERNAME_MAX = 100 };

static const struct {
	const char *name, *value;
} settings[] = {
    {"version", "2024100706"},
    {"branch", "405"},
    {"release", "4.5.6 (Build: 20250811)"},
    {"mnet_localhost_id", "1"},
    {"siteguest", "1"},
    {"siteadmins", "2"},
    {"auth", "email"},
    {"enrol_plugins_enabled", "manual,guest,self,cohort"},
    {"sessiontimeout", "28800"},
    {"lang", "en"},
    {"country", "0"},
    {"defaultcity", ""},
    {"forcetimezone", "99"},
    {"calendartype", "gregorian"},
    {"allowaccountssameemail", "0"},
    {"allowuserthemes", "0"},
    {"extendedusernamechars", "0"},
    {"passwordpolicy", "1"},
    {"minpasswordlength", "8"},
    {"minpassworddigits", "1"},
    {"minpasswordlower", "1"},
    {"minpasswordupper", "1"},
    {"minpasswordnonalphanum", "1"},
    {"maxconsecutiveidentchars", "0"},
    {"passwordreuselimit", "0"},
    {"coursecontact", "3"},
    {"recovergradesdefault", "0"},
    {"defaultpreference_maildisplay", "2"},
    {"defaultpreference_mailformat", "1"},
    {"defaultpreference_maildigest", "0"},
    {"defaultpreference_autosubscribe", "1"},
    {"defaultpreference_trackforums", "0"},
    {"notloggedinroleid", "6"},
    {"guestroleid", "6"},
    {"defaultuserroleid", "7"},
    {"defaultfrontpageroleid", "8"},
};

static const struct {
	const char *plugin, *name, *value;
} plugin_settings[] = {
    {"enrol_manual", "version", "2024100700"},
    {"enrol_manual", "defaultenrol", "1"},
    {"enrol_manual", "status", "0"},
    {"enrol_manual", "roleid", "5"},
    {"enrol_manual", "enrolstart", "4"},
    {"enrol_manual", "enrolperiod", "0"},
    {"enrol_manual", "expiredaction", "1"},
    {"enrol_manual", "expirynotify", "0"},
    {"enrol_manual", "expirynotifyhour", "6"},
    {"enrol_manual", "expirythreshold", "86400"},
    {"enrol_manual", "sendcoursewelcomemessage", "1"},
    {"enrol_cohort", "version", "2024100700"},
    {"enrol_cohort", "roleid", "5"},
    {"enrol_cohort", "unenrolaction", "0"},
    {"enrol_flatfile", "version", "2024100700"},
    {"enrol_flatfile", "unenrolaction", "3"},
    {"enrol_flatfile", "expiredaction", "3"},
    {"tool_log", "version", "2024100700"},
    {"tool_log", "enabled_stores", "logstore_standard"},
    {"tool_log", "exportlog", "1"},
    {"logstore_standard", "version", "2024100700"},
    {"logstore_standard", "logguests", "1"},
    {"logstore_standard", "jsonformat", "1"},
    {"logstore_standard", "loglifetime", "0"},
    {"logstore_standard", "buffersize", "50"},
};

/* In the order of their ids; short name and archetype are the same word. `levels`: the context
 * levels at which it may be given; `assigns`: the ids of the roles that its holders may give. */
static const struct {
	const char *name;
	int levels[4];
	int assigns[6];
} roles[] = {
    {"manager", {LEVEL_SYSTEM, LEVEL_CATEGORY, LEVEL_COURSE}, {1, 2, 3, 4, 5}},
    {"coursecreator", {LEVEL_SYSTEM, LEVEL_CATEGORY}, {0}},
    {"editingteacher", {LEVEL_COURSE, 70}, {4, 5}},
    {"teacher", {LEVEL_COURSE, 70}, {0}},
    {"student", {LEVEL_COURSE, 70}, {0}},
    {"guest", {0}, {0}},
    {"user", {0}, {0}},
    {"frontpage", {0}, {0}},
};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

bool site_knows_zone(const char *name)
{
	char path[sizeof "/usr/share/zoneinfo/" + ZONE_SIZE];
	if (*name == '\0' || *name == '/' || strlen(name) >= ZONE_SIZE || strstr(name, ".."))
		return false;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
	return access(path, R_OK) == 0;
}

/* The part after "zoneinfo/" of a path, which is also what $TZ may hold. */
static bool zone_from(const char *text, char zone[ZONE_SIZE])
{
	const char *directory = strstr(text, "zoneinfo/");
	const char *name = directory ? directory + strlen("zoneinfo/") : text;
	if (!site_knows_zone(name))
		return false;
	snprintf(zone, ZONE_SIZE, "%s", name);
	return true;
}

static bool zone_from_file(char zone[ZONE_SIZE])
{
	FILE *file = fopen("/etc/timezone", "re");
	if (!file)
		return false;
	char line[ZONE_SIZE + 1] = "";
	bool is_read = fgets(line, sizeof line, file);
	fclose(file);
	line[strcspn(line, " \t\r\n")] = '\0';
	return is_read && zone_from(line, zone);
}

static bool zone_from_link(char zone[ZONE_SIZE])
{
	char target[256];
	ssize_t size = readlink("/etc/localtime", target, sizeof target - 1);
	if (size <= 0)
		return false;
	target[size] = '\0';
	return strstr(target, "zoneinfo/") && zone_from(target, zone);
}

/* The server's time zone by name, as Moodle's installer sets it. */
static void find_zone(char zone[ZONE_SIZE])
{
	const char *variable = getenv("TZ");
	if (variable && zone_from(variable + (*variable == ':'), zone))
		return;
	if (!zone_from_file(zone) && !zone_from_link(zone))
		snprintf(zone, ZONE_SIZE, "UTC");
}

static void add_setting(struct db *db, const char *name, const char *value)
{
	db_run(db, "INSERT INTO {config} (name, value) VALUES (?, ?)",
	    DB_VALUES(db_string(name), db_string(value)));
}

static void add_settings(struct db *db)
{
	char zone[ZONE_SIZE];
	find_zone(zone);
	for (size_t i = 0; i < LENGTH(settings); i++)
		add_setting(db, settings[i].name, settings[i].value);
	add_setting(db, "timezone", zone);
	for (size_t i = 0; i < LENGTH(plugin_settings); i++)
		db_run(db, "INSERT INTO {config_plugins} (plugin, name, value) VALUES (?, ?, ?)",
		    DB_VALUES(db_string(plugin_settings[i].plugin),
		        db_string(plugin_settings[i].name), db_string(plugin_settings[i].value)));
}

static void add_roles(struct db *db)
{
	for (size_t i = 0; i < LENGTH(roles); i++) {
		int64_t id = (int64_t)i + 1;
		db_run(db,
		    "INSERT INTO {role} (id, shortname, description, sortorder, archetype) "
		    "VALUES (?1, ?2, '', ?1, ?2)",
		    DB_VALUES(db_int(id), db_string(roles[i].name)));
		for (const int *level = roles[i].levels; *level != 0; level++)
			db_run(db,
			    "INSERT INTO {role_context_levels} (roleid, contextlevel) VALUES (?, "
			    "?)",
			    DB_VALUES(db_int(id), db_int(*level)));
		for (const int *other = roles[i].assigns; *other != 0; other++)
			db_run(db,
			    "INSERT INTO {role_allow_assign} (roleid, allowassign) VALUES (?, ?)",
			    DB_VALUES(db_int(id), db_int(*other)));
	}
}

static void add_hosts(struct db *db)
{
	db_run(db,
	    "INSERT INTO {mnet_host} (id, wwwroot, ip_address, name, public_key) VALUES "
	    "(1, 'http://localhost', 'UNKNOWN', '', ''), (2, '', '', 'All Hosts', '')",
	    DB_NONE);
}

static void add_first_course(struct db *db, int64_t now)
{
	db_run(db,
	    "INSERT INTO {course} (id, category, sortorder, fullname, shortname, summary, format, "
	    "newsitems, timecreated, timemodified, cacherev) "
	    "VALUES (1, 0, 1, 'Site', 'site', '', 'site', 3, ?1, ?1, ?1)",
	    DB_VALUES(db_int(now)));
	db_run(db,
	    "INSERT INTO {course_categories} (id, name, descriptionformat, sortorder, "
	    "timemodified, depth, path) VALUES (1, 'Category 1', 1, 10000, ?, 1, '/1')",
	    DB_VALUES(db_int(now)));
}

/* 'not cached' matches no password; Moodle stores it where a password is not for the database. */
static void add_first_users(struct db *db, const char *admin, int64_t now)
{
	db_run(db,
	    "INSERT INTO {user} (id, auth, confirmed, mnethostid, username, password, firstname, "
	    "lastname, email, description, timecreated, timemodified) "
	    "VALUES (1, 'manual', 1, 1, 'guest', 'not cached', 'Guest user', ' ', "
	    "'root@localhost', "
	    "'This user is a special user that allows read-only access to some courses.', ?1, ?1)",
	    DB_VALUES(db_int(now)));
	db_run(db,
	    "INSERT INTO {user} (id, auth, confirmed, mnethostid, username, password, firstname, "
	    "lastname, email, maildisplay, description, timecreated, timemodified) "
	    "VALUES (2, 'nologin', 1, 1, ?1, 'not cached', 'Admin', 'User', 'root@localhost', 1, "
	    "'', "
	    "?2, ?2)",
	    DB_VALUES(db_string(admin), db_int(now)));
}

static void add_first_contexts(struct db *db)
{
	db_run(db,
	    "INSERT INTO {context} (id, contextlevel, instanceid, path, depth) "
	    "VALUES (1, 10, 0, '/1', 1)",
	    DB_NONE);
	site_add_context(db, LEVEL_COURSE, 1, 1);
	site_add_context(db, LEVEL_CATEGORY, 1, 1);
	site_add_context(db, LEVEL_USER, 1, 1);
	site_add_context(db, LEVEL_USER, 2, 1);
}

void site_rows_add(struct db *db, const char *admin, int64_t now)
{
	add_hosts(db);
	add_settings(db);
	add_roles(db);
	add_first_course(db, now);
	add_first_users(db, admin, now);
	add_first_contexts(db);
}

int64_t site_find_context(struct db *db, int level, int64_t instance)
{
	int64_t id =
	    db_find(db, "SELECT id FROM {context} WHERE contextlevel = ? AND instanceid = ?", 0,
	        DB_VALUES(db_int(level), db_int(instance)));
	if (id == 0)
		db_fail(db, error_config("%s: no context for instance %lld of level %d",
		                db_name(db), (long long)instance, level));
	return id;
}

/* As Moodle does it, in two steps: the path ends with the row's own id. */
int64_t site_add_context(struct db *db, int level, int64_t instance, int64_t parent)
{
	int64_t id = db_insert(db, "INSERT INTO {context} (contextlevel, instanceid) VALUES (?, ?)",
	    DB_VALUES(db_int(level), db_int(instance)));
	db_run(db,
	    "UPDATE {context} SET (path, depth) = "
	    "(SELECT above.path || '/' || ?1, above.depth + 1 FROM {context} above WHERE above.id "
	    "= ?2) "
	    "WHERE id = ?1",
	    DB_VALUES(db_int(id), db_int(parent)));
	return id;
}

bool site_is_username(struct slice name)
{
	for (size_t i = 0; i < name.size; i++) {
		char c = name.bytes[i];
		bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!is_word && (c == '\0' || !strchr("-._@", c)))
			return false;
	}
	return name.size > 0 && name.size <= USERNAME_MAX;
}
