#include "more_tables.h"

#include <string.h>

#define NUMBER "INTEGER NOT NULL DEFAULT 0"
#define NAME "VARCHAR(255) NOT NULL DEFAULT ''"

#define DECIMAL "DECIMAL(10,5)"
#define GRADE                                                                                      \
	"itemid " NUMBER ", userid " NUMBER ", rawgrade " DECIMAL ", rawgrademax " DECIMAL         \
	" NOT NULL DEFAULT 100, rawgrademin " DECIMAL                                              \
	" NOT NULL DEFAULT 0, rawscaleid INTEGER, usermodified INTEGER, finalgrade " DECIMAL       \
	", hidden " NUMBER ", locked " NUMBER ", locktime " NUMBER ", exported " NUMBER            \
	", overridden " NUMBER ", excluded " NUMBER ", feedback TEXT, feedbackformat " NUMBER      \
	", information TEXT, informationformat " NUMBER

const struct more_table more_tables[] = {
    /* Those without which there is no Moodle come first. */
    {"grade_items", "courseid INTEGER, itemtype " NAME ", itemmodule VARCHAR(30), iteminstance "
                    "INTEGER, itemnumber INTEGER"},
    {"grade_grades", GRADE},
    {"grade_grades_history",
        "action " NUMBER ", oldid " NUMBER
        ", source VARCHAR(255), timemodified INTEGER, loggeduser INTEGER, " GRADE},
    {"modules", "name " NAME},
    {"course_modules", "course " NUMBER ", module " NUMBER ", instance " NUMBER
                       ", completion " NUMBER ", completiongradeitemnumber INTEGER"},
    {"course_modules_completion",
        "coursemoduleid " NUMBER ", userid " NUMBER ", completionstate " NUMBER
        ", overrideby INTEGER, timemodified " NUMBER},
    {"user_lastaccess", "userid " NUMBER ", courseid " NUMBER},
    {"external_tokens", "userid " NUMBER ", token " NAME},
    {"external_services_users", "userid " NUMBER},
    {"user_private_key", "userid " NUMBER},
    {"oauth2_refresh_token", "userid " NUMBER},
    {"event", "userid " NUMBER ", name " NAME ", subscriptionid INTEGER"},
    {"event_subscriptions", "userid " NUMBER},
    {"my_pages", "userid INTEGER, private " NUMBER},
    {"role_names", "roleid " NUMBER ", contextid " NUMBER},
    {"role_capabilities", "contextid " NUMBER ", roleid " NUMBER ", capability " NAME},
    {"message_conversations",
        "type INTEGER NOT NULL DEFAULT 1, name VARCHAR(255), component VARCHAR(100), itemtype "
        "VARCHAR(100), itemid INTEGER, contextid INTEGER, enabled " NUMBER ", timecreated " NUMBER},
    {"message_conversation_members",
        "conversationid INTEGER NOT NULL, userid INTEGER NOT NULL, timecreated INTEGER NOT NULL"},
    {"forum", "course " NUMBER ", type " NAME ", forcesubscribe " NUMBER},
    {"forum_subscriptions", "userid " NUMBER ", forum " NUMBER},
    {"forum_digests", "userid " NUMBER ", forum " NUMBER},
    {"forum_track_prefs", "userid " NUMBER ", forumid " NUMBER},
    {"forum_read", "userid " NUMBER ", forumid " NUMBER},
    {"tag", "userid INTEGER NOT NULL, tagcollid INTEGER NOT NULL, name " NAME ", rawname " NAME
            ", isstandard " NUMBER ", description TEXT, descriptionformat " NUMBER
            ", flag INTEGER DEFAULT 0, timemodified INTEGER, UNIQUE (tagcollid, name)"},
    {"tag_instance",
        "tagid INTEGER NOT NULL, component VARCHAR(100) NOT NULL DEFAULT '', itemtype VARCHAR(100) "
        "NOT NULL DEFAULT '', itemid INTEGER NOT NULL, contextid INTEGER, tiuserid " NUMBER
        ", ordering INTEGER, timecreated " NUMBER ", timemodified " NUMBER},
    {"tag_area", "component VARCHAR(100) NOT NULL DEFAULT '', itemtype VARCHAR(100) NOT NULL "
                 "DEFAULT '', enabled INTEGER NOT NULL DEFAULT 1, tagcollid INTEGER NOT NULL, "
                 "showstandard " NUMBER ", multiplecontexts " NUMBER},
    {"tag_correlation", "tagid INTEGER NOT NULL, correlatedtags TEXT NOT NULL"},
    {"auth_oauth2_linked_login", "userid " NUMBER ", email TEXT"},
    {"tool_cohortroles", "cohortid INTEGER NOT NULL, roleid INTEGER NOT NULL, userid INTEGER NOT "
                         "NULL"},
    {"tool_monitor_subscriptions", "userid " NUMBER ", ruleid " NUMBER},
    {"tool_dataprivacy_request",
        "type " NUMBER ", comments TEXT, commentsformat " NUMBER ", userid " NUMBER
        ", requestedby " NUMBER ", status " NUMBER ", dpo INTEGER DEFAULT 0, dpocomment TEXT, "
        "dpocommentformat " NUMBER ", systemapproved " NUMBER ", usermodified " NUMBER
        ", timecreated " NUMBER ", timemodified " NUMBER ", creationmethod " NUMBER},
    {"quiz", "course " NUMBER ", timeclose " NUMBER ", timelimit " NUMBER ", graceperiod " NUMBER},
    {"quiz_overrides", "quiz " NUMBER ", groupid INTEGER, userid INTEGER, timeclose INTEGER, "
                       "timelimit INTEGER"},
    {"quiz_attempts", "quiz " NUMBER ", userid " NUMBER ", state " NAME ", timestart " NUMBER
                      ", timecheckstate INTEGER"},
};

const size_t more_tables_count = sizeof more_tables / sizeof *more_tables;

static const char *const ids[] = {[OVERLAY_SQLITE] = "INTEGER PRIMARY KEY AUTOINCREMENT",
    [OVERLAY_POSTGRESQL] = "BIGSERIAL PRIMARY KEY",
    [OVERLAY_MARIADB] = "BIGINT AUTO_INCREMENT PRIMARY KEY"};

/* An integer of Moodle's is a bigint of a server's. */
static void columns_write(const char *columns, enum overlay_engine engine, struct buffer *out)
{
	static const char word[] = "INTEGER";
	const char *rest = columns, *next;
	while (engine != OVERLAY_SQLITE && (next = strstr(rest, word))) {
		buffer_add(out, rest, (size_t)(next - rest));
		buffer_add_text(out, "BIGINT");
		rest = next + strlen(word);
	}
	buffer_add_text(out, rest);
}

void more_table_write(
    const struct more_table *table, enum overlay_engine engine, struct buffer *out)
{
	buffer_print(out, "CREATE TABLE mdl_%s (id %s, ", table->name, ids[engine]);
	columns_write(table->columns, engine, out);
	buffer_add_text(out, ");");
}

void more_tables_write(enum overlay_engine engine, struct buffer *out)
{
	for (size_t i = 0; i < more_tables_count; i++)
		more_table_write(&more_tables[i], engine, out);
}

void more_tables_drop(struct buffer *out)
{
	for (size_t i = 0; i < more_tables_count; i++)
		buffer_print(out, "DROP TABLE IF EXISTS mdl_%s;", more_tables[i].name);
}
