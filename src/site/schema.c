#include "enrold/schema.h"

#include <string.h>

const struct schema_table schema_tables[] = {
    {"config",
        "name VARCHAR(255) NOT NULL DEFAULT '',"
        "value TEXT NOT NULL",
        {{"conf_nam_uix", "name"}}},
    {"config_plugins",
        "plugin VARCHAR(100) NOT NULL DEFAULT 'core',"
        "name VARCHAR(100) NOT NULL DEFAULT '',"
        "value TEXT NOT NULL",
        {{"confplug_plunam_uix", "plugin,name"}}},
    {"mnet_host",
        "deleted INTEGER(1) NOT NULL DEFAULT 0,"
        "wwwroot VARCHAR(255) NOT NULL DEFAULT '',"
        "ip_address VARCHAR(45) NOT NULL DEFAULT '',"
        "name VARCHAR(80) NOT NULL DEFAULT '',"
        "public_key TEXT NOT NULL,"
        "public_key_expires INTEGER(10) NOT NULL DEFAULT 0,"
        "transport INTEGER(2) NOT NULL DEFAULT 0,"
        "portno INTEGER(5) NOT NULL DEFAULT 0,"
        "last_connect_time INTEGER(10) NOT NULL DEFAULT 0,"
        "last_log_id INTEGER(10) NOT NULL DEFAULT 0,"
        "force_theme INTEGER(1) NOT NULL DEFAULT 0,"
        "theme VARCHAR(100),"
        "applicationid INTEGER(10) NOT NULL DEFAULT 1,"
        "sslverification INTEGER(1) NOT NULL DEFAULT 0",
        {{"mnethost_app_ix", "applicationid"}, {"mnethost_las_ix", "last_log_id"}}},
    {"user",
        "auth VARCHAR(20) NOT NULL DEFAULT 'manual',"
        "confirmed INTEGER(1) NOT NULL DEFAULT 0,"
        "policyagreed INTEGER(1) NOT NULL DEFAULT 0,"
        "deleted INTEGER(1) NOT NULL DEFAULT 0,"
        "suspended INTEGER(1) NOT NULL DEFAULT 0,"
        "mnethostid INTEGER(10) NOT NULL DEFAULT 0,"
        "username VARCHAR(100) NOT NULL DEFAULT '',"
        "password VARCHAR(255) NOT NULL DEFAULT '',"
        "idnumber VARCHAR(255) NOT NULL DEFAULT '',"
        "firstname VARCHAR(100) NOT NULL DEFAULT '',"
        "lastname VARCHAR(100) NOT NULL DEFAULT '',"
        "email VARCHAR(100) NOT NULL DEFAULT '',"
        "emailstop INTEGER(1) NOT NULL DEFAULT 0,"
        "phone1 VARCHAR(20) NOT NULL DEFAULT '',"
        "phone2 VARCHAR(20) NOT NULL DEFAULT '',"
        "institution VARCHAR(255) NOT NULL DEFAULT '',"
        "department VARCHAR(255) NOT NULL DEFAULT '',"
        "address VARCHAR(255) NOT NULL DEFAULT '',"
        "city VARCHAR(120) NOT NULL DEFAULT '',"
        "country VARCHAR(2) NOT NULL DEFAULT '',"
        "lang VARCHAR(30) NOT NULL DEFAULT 'en',"
        "calendartype VARCHAR(30) NOT NULL DEFAULT 'gregorian',"
        "theme VARCHAR(50) NOT NULL DEFAULT '',"
        "timezone VARCHAR(100) NOT NULL DEFAULT '99',"
        "firstaccess INTEGER(10) NOT NULL DEFAULT 0,"
        "lastaccess INTEGER(10) NOT NULL DEFAULT 0,"
        "lastlogin INTEGER(10) NOT NULL DEFAULT 0,"
        "currentlogin INTEGER(10) NOT NULL DEFAULT 0,"
        "lastip VARCHAR(45) NOT NULL DEFAULT '',"
        "secret VARCHAR(15) NOT NULL DEFAULT '',"
        "picture INTEGER(10) NOT NULL DEFAULT 0,"
        "description TEXT,"
        "descriptionformat INTEGER(2) NOT NULL DEFAULT 1,"
        "mailformat INTEGER(1) NOT NULL DEFAULT 1,"
        "maildigest INTEGER(1) NOT NULL DEFAULT 0,"
        "maildisplay INTEGER(2) NOT NULL DEFAULT 2,"
        "autosubscribe INTEGER(1) NOT NULL DEFAULT 1,"
        "trackforums INTEGER(1) NOT NULL DEFAULT 0,"
        "timecreated INTEGER(10) NOT NULL DEFAULT 0,"
        "timemodified INTEGER(10) NOT NULL DEFAULT 0,"
        "trustbitmask INTEGER(10) NOT NULL DEFAULT 0,"
        "imagealt VARCHAR(255),"
        "lastnamephonetic VARCHAR(255),"
        "firstnamephonetic VARCHAR(255),"
        "middlename VARCHAR(255),"
        "alternatename VARCHAR(255),"
        "moodlenetprofile VARCHAR(255)",
        {{"user_alt_ix", "alternatename"}, {"user_aut_ix", "auth"}, {"user_cit_ix", "city"},
            {"user_con_ix", "confirmed"}, {"user_cou_ix", "country"}, {"user_del_ix", "deleted"},
            {"user_ema_ix", "email"}, {"user_fir2_ix", "firstnamephonetic"},
            {"user_fir_ix", "firstname"}, {"user_idn_ix", "idnumber"},
            {"user_las2_ix", "lastaccess"}, {"user_las3_ix", "lastnamephonetic"},
            {"user_las_ix", "lastname"}, {"user_mid_ix", "middlename"},
            {"user_mneuse_uix", "mnethostid,username"}}},
    {"user_info_category",
        "name VARCHAR(255) NOT NULL DEFAULT '',"
        "sortorder INTEGER(10) NOT NULL DEFAULT 0",
        {{0}}},
    {"user_info_field",
        "shortname VARCHAR(255) NOT NULL DEFAULT 'shortname',"
        "name TEXT NOT NULL,"
        "datatype VARCHAR(255) NOT NULL DEFAULT '',"
        "description TEXT,"
        "descriptionformat INTEGER(2) NOT NULL DEFAULT 0,"
        "categoryid INTEGER(10) NOT NULL DEFAULT 0,"
        "sortorder INTEGER(10) NOT NULL DEFAULT 0,"
        "required INTEGER(2) NOT NULL DEFAULT 0,"
        "locked INTEGER(2) NOT NULL DEFAULT 0,"
        "visible INTEGER(4) NOT NULL DEFAULT 0,"
        "forceunique INTEGER(2) NOT NULL DEFAULT 0,"
        "signup INTEGER(2) NOT NULL DEFAULT 0,"
        "defaultdata TEXT,"
        "defaultdataformat INTEGER(2) NOT NULL DEFAULT 0,"
        "param1 TEXT,"
        "param2 TEXT,"
        "param3 TEXT,"
        "param4 TEXT,"
        "param5 TEXT",
        {{0}}},
    {"user_info_data",
        "userid INTEGER(10) NOT NULL DEFAULT 0,"
        "fieldid INTEGER(10) NOT NULL DEFAULT 0,"
        "data TEXT NOT NULL,"
        "dataformat INTEGER(2) NOT NULL DEFAULT 0",
        {{"userinfodata_usefie_uix", "userid,fieldid"}}},
    {"user_preferences",
        "userid INTEGER(10) NOT NULL DEFAULT 0,"
        "name VARCHAR(255) NOT NULL DEFAULT '',"
        "value VARCHAR(1333) NOT NULL DEFAULT ''",
        {{"userpref_nam_ix", "name"}, {"userpref_usenam_uix", "userid,name"}}},
    {"user_password_history",
        "userid INTEGER(10) NOT NULL,"
        "hash VARCHAR(255) NOT NULL DEFAULT '',"
        "timecreated INTEGER(10) NOT NULL",
        {{"userpasshist_use_ix", "userid"}}},
    {"sessions",
        "state INTEGER(10) NOT NULL DEFAULT 0,"
        "sid VARCHAR(128) NOT NULL DEFAULT '',"
        "userid INTEGER(10) NOT NULL,"
        "sessdata TEXT,"
        "timecreated INTEGER(10) NOT NULL,"
        "timemodified INTEGER(10) NOT NULL,"
        "firstip VARCHAR(45),"
        "lastip VARCHAR(45)",
        {{"sess_sid_uix", "sid"}, {"sess_sta_ix", "state"}, {"sess_tim2_ix", "timemodified"},
            {"sess_tim_ix", "timecreated"}, {"sess_use_ix", "userid"}}},
    {"course_categories",
        "name VARCHAR(255) NOT NULL DEFAULT '',"
        "idnumber VARCHAR(100),"
        "description TEXT,"
        "descriptionformat INTEGER(2) NOT NULL DEFAULT 0,"
        "parent INTEGER(10) NOT NULL DEFAULT 0,"
        "sortorder INTEGER(10) NOT NULL DEFAULT 0,"
        "coursecount INTEGER(10) NOT NULL DEFAULT 0,"
        "visible INTEGER(1) NOT NULL DEFAULT 1,"
        "visibleold INTEGER(1) NOT NULL DEFAULT 1,"
        "timemodified INTEGER(10) NOT NULL DEFAULT 0,"
        "depth INTEGER(10) NOT NULL DEFAULT 0,"
        "path VARCHAR(255) NOT NULL DEFAULT '',"
        "theme VARCHAR(50)",
        {{"courcate_par_ix", "parent"}}},
    {"course",
        "category INTEGER(10) NOT NULL DEFAULT 0,"
        "sortorder INTEGER(10) NOT NULL DEFAULT 0,"
        "fullname VARCHAR(254) NOT NULL DEFAULT '',"
        "shortname VARCHAR(255) NOT NULL DEFAULT '',"
        "idnumber VARCHAR(100) NOT NULL DEFAULT '',"
        "summary TEXT,"
        "summaryformat INTEGER(2) NOT NULL DEFAULT 0,"
        "format VARCHAR(21) NOT NULL DEFAULT 'topics',"
        "showgrades INTEGER(2) NOT NULL DEFAULT 1,"
        "newsitems INTEGER(5) NOT NULL DEFAULT 1,"
        "startdate INTEGER(10) NOT NULL DEFAULT 0,"
        "enddate INTEGER(10) NOT NULL DEFAULT 0,"
        "relativedatesmode INTEGER(1) NOT NULL DEFAULT 0,"
        "marker INTEGER(10) NOT NULL DEFAULT 0,"
        "maxbytes INTEGER(10) NOT NULL DEFAULT 0,"
        "legacyfiles INTEGER(4) NOT NULL DEFAULT 0,"
        "showreports INTEGER(4) NOT NULL DEFAULT 0,"
        "visible INTEGER(1) NOT NULL DEFAULT 1,"
        "visibleold INTEGER(1) NOT NULL DEFAULT 1,"
        "downloadcontent INTEGER(1),"
        "groupmode INTEGER(4) NOT NULL DEFAULT 0,"
        "groupmodeforce INTEGER(4) NOT NULL DEFAULT 0,"
        "defaultgroupingid INTEGER(10) NOT NULL DEFAULT 0,"
        "lang VARCHAR(30) NOT NULL DEFAULT '',"
        "calendartype VARCHAR(30) NOT NULL DEFAULT '',"
        "theme VARCHAR(50) NOT NULL DEFAULT '',"
        "timecreated INTEGER(10) NOT NULL DEFAULT 0,"
        "timemodified INTEGER(10) NOT NULL DEFAULT 0,"
        "requested INTEGER(1) NOT NULL DEFAULT 0,"
        "enablecompletion INTEGER(1) NOT NULL DEFAULT 0,"
        "completionnotify INTEGER(1) NOT NULL DEFAULT 0,"
        "cacherev INTEGER(10) NOT NULL DEFAULT 0,"
        "originalcourseid INTEGER(10),"
        "showactivitydates INTEGER(1) NOT NULL DEFAULT 0,"
        "showcompletionconditions INTEGER(1),"
        "pdfexportfont VARCHAR(50)",
        {{"cour_cat_ix", "category"}, {"cour_idn_ix", "idnumber"},
            {"cour_ori_ix", "originalcourseid"}, {"cour_sho_ix", "shortname"},
            {"cour_sor_ix", "sortorder"}}},
    {"context",
        "contextlevel INTEGER(10) NOT NULL DEFAULT 0,"
        "instanceid INTEGER(10) NOT NULL DEFAULT 0,"
        "path VARCHAR(255),"
        "depth INTEGER(2) NOT NULL DEFAULT 0,"
        "locked INTEGER(2) NOT NULL DEFAULT 0",
        {{"cont_conins_uix", "contextlevel,instanceid"}, {"cont_ins_ix", "instanceid"},
            {"cont_pat_ix", "path"}}},
    {"role",
        "name VARCHAR(255) NOT NULL DEFAULT '',"
        "shortname VARCHAR(100) NOT NULL DEFAULT '',"
        "description TEXT NOT NULL,"
        "sortorder INTEGER(10) NOT NULL DEFAULT 0,"
        "archetype VARCHAR(30) NOT NULL DEFAULT ''",
        {{"role_sho_uix", "shortname"}, {"role_sor_uix", "sortorder"}}},
    {"role_context_levels",
        "roleid INTEGER(10) NOT NULL,"
        "contextlevel INTEGER(10) NOT NULL",
        {{"rolecontleve_conrol_uix", "contextlevel,roleid"}, {"rolecontleve_rol_ix", "roleid"}}},
    {"role_allow_assign",
        "roleid INTEGER(10) NOT NULL DEFAULT 0,"
        "allowassign INTEGER(10) NOT NULL DEFAULT 0",
        {{"rolealloassi_all_ix", "allowassign"}, {"rolealloassi_rol_ix", "roleid"},
            {"rolealloassi_rolall_uix", "roleid,allowassign"}}},
    {"role_assignments",
        "roleid INTEGER(10) NOT NULL DEFAULT 0,"
        "contextid INTEGER(10) NOT NULL DEFAULT 0,"
        "userid INTEGER(10) NOT NULL DEFAULT 0,"
        "timemodified INTEGER(10) NOT NULL DEFAULT 0,"
        "modifierid INTEGER(10) NOT NULL DEFAULT 0,"
        "component VARCHAR(100) NOT NULL DEFAULT '',"
        "itemid INTEGER(10) NOT NULL DEFAULT 0,"
        "sortorder INTEGER(10) NOT NULL DEFAULT 0",
        {{"roleassi_comiteuse_ix", "component,itemid,userid"}, {"roleassi_con_ix", "contextid"},
            {"roleassi_rol_ix", "roleid"}, {"roleassi_rolcon_ix", "roleid,contextid"},
            {"roleassi_sor_ix", "sortorder"}, {"roleassi_use_ix", "userid"},
            {"roleassi_useconrol_ix", "userid,contextid,roleid"}}},
    {"enrol",
        "enrol VARCHAR(20) NOT NULL DEFAULT '',"
        "status INTEGER(10) NOT NULL DEFAULT 0,"
        "courseid INTEGER(10) NOT NULL,"
        "sortorder INTEGER(10) NOT NULL DEFAULT 0,"
        "name VARCHAR(255),"
        "enrolperiod INTEGER(10) DEFAULT 0,"
        "enrolstartdate INTEGER(10) DEFAULT 0,"
        "enrolenddate INTEGER(10) DEFAULT 0,"
        "expirynotify INTEGER(1) DEFAULT 0,"
        "expirythreshold INTEGER(10) DEFAULT 0,"
        "notifyall INTEGER(1) DEFAULT 0,"
        "password VARCHAR(50),"
        "cost VARCHAR(20),"
        "currency VARCHAR(3),"
        "roleid INTEGER(10) DEFAULT 0,"
        "customint1 INTEGER(10),"
        "customint2 INTEGER(10),"
        "customint3 INTEGER(10),"
        "customint4 INTEGER(10),"
        "customint5 INTEGER(10),"
        "customint6 INTEGER(10),"
        "customint7 INTEGER(10),"
        "customint8 INTEGER(10),"
        "customchar1 VARCHAR(255),"
        "customchar2 VARCHAR(255),"
        "customchar3 VARCHAR(1333),"
        "customdec1 NUMERIC(12,7),"
        "customdec2 NUMERIC(12,7),"
        "customtext1 TEXT,"
        "customtext2 TEXT,"
        "customtext3 TEXT,"
        "customtext4 TEXT,"
        "timecreated INTEGER(10) NOT NULL DEFAULT 0,"
        "timemodified INTEGER(10) NOT NULL DEFAULT 0",
        {{"enro_cou_ix", "courseid"}, {"enro_enr_ix", "enrol"}, {"enro_rol_ix", "roleid"}}},
    {"user_enrolments",
        "status INTEGER(10) NOT NULL DEFAULT 0,"
        "enrolid INTEGER(10) NOT NULL,"
        "userid INTEGER(10) NOT NULL,"
        "timestart INTEGER(10) NOT NULL DEFAULT 0,"
        "timeend INTEGER(10) NOT NULL DEFAULT 2147483647,"
        "modifierid INTEGER(10) NOT NULL DEFAULT 0,"
        "timecreated INTEGER(10) NOT NULL DEFAULT 0,"
        "timemodified INTEGER(10) NOT NULL DEFAULT 0",
        {{"userenro_enr_ix", "enrolid"}, {"userenro_enruse_uix", "enrolid,userid"},
            {"userenro_mod_ix", "modifierid"}, {"userenro_use_ix", "userid"}}},
    {"groups",
        "courseid INTEGER(10) NOT NULL,"
        "idnumber VARCHAR(100) NOT NULL DEFAULT '',"
        "name VARCHAR(254) NOT NULL DEFAULT '',"
        "description TEXT,"
        "descriptionformat INTEGER(2) NOT NULL DEFAULT 0,"
        "enrolmentkey VARCHAR(50),"
        "picture INTEGER(10) NOT NULL DEFAULT 0,"
        "visibility INTEGER(1) NOT NULL DEFAULT 0,"
        "participation INTEGER(1) NOT NULL DEFAULT 1,"
        "timecreated INTEGER(10) NOT NULL DEFAULT 0,"
        "timemodified INTEGER(10) NOT NULL DEFAULT 0",
        {{"grou_cou_ix", "courseid"}, {"grou_idn_ix", "idnumber"}}},
    {"groups_members",
        "groupid INTEGER(10) NOT NULL DEFAULT 0,"
        "userid INTEGER(10) NOT NULL DEFAULT 0,"
        "timeadded INTEGER(10) NOT NULL DEFAULT 0,"
        "component VARCHAR(100) NOT NULL DEFAULT '',"
        "itemid INTEGER(10) NOT NULL DEFAULT 0",
        {{"groumemb_gro_ix", "groupid"}, {"groumemb_use_ix", "userid"},
            {"groumemb_usegro_uix", "userid,groupid"}}},
    {"groupings",
        "courseid INTEGER(10) NOT NULL DEFAULT 0,"
        "name VARCHAR(255) NOT NULL DEFAULT '',"
        "idnumber VARCHAR(100) NOT NULL DEFAULT '',"
        "description TEXT,"
        "descriptionformat INTEGER(2) NOT NULL DEFAULT 0,"
        "configdata TEXT,"
        "timecreated INTEGER(10) NOT NULL DEFAULT 0,"
        "timemodified INTEGER(10) NOT NULL DEFAULT 0",
        {{"grou_cou2_ix", "courseid"}, {"grou_idn2_ix", "idnumber"}}},
    {"groupings_groups",
        "groupingid INTEGER(10) NOT NULL DEFAULT 0,"
        "groupid INTEGER(10) NOT NULL DEFAULT 0,"
        "timeadded INTEGER(10) NOT NULL DEFAULT 0",
        {{"grougrou_gro2_ix", "groupid"}, {"grougrou_gro_ix", "groupingid"}}},
    {"cohort",
        "contextid INTEGER(10) NOT NULL,"
        "name VARCHAR(254) NOT NULL DEFAULT '',"
        "idnumber VARCHAR(100),"
        "description TEXT,"
        "descriptionformat INTEGER(2) NOT NULL,"
        "visible INTEGER(1) NOT NULL DEFAULT 1,"
        "component VARCHAR(100) NOT NULL DEFAULT '',"
        "timecreated INTEGER(10) NOT NULL,"
        "timemodified INTEGER(10) NOT NULL,"
        "theme VARCHAR(50)",
        {{"coho_con_ix", "contextid"}}},
    {"cohort_members",
        "cohortid INTEGER(10) NOT NULL DEFAULT 0,"
        "userid INTEGER(10) NOT NULL DEFAULT 0,"
        "timeadded INTEGER(10) NOT NULL DEFAULT 0",
        {{"cohomemb_coh_ix", "cohortid"}, {"cohomemb_cohuse_uix", "cohortid,userid"},
            {"cohomemb_use_ix", "userid"}}},
    {"cache_flags",
        "flagtype VARCHAR(255) NOT NULL DEFAULT '',"
        "name VARCHAR(255) NOT NULL DEFAULT '',"
        "timemodified INTEGER(10) NOT NULL DEFAULT 0,"
        "value TEXT NOT NULL,"
        "expiry INTEGER(10) NOT NULL",
        {{"cachflag_fla_ix", "flagtype"}, {"cachflag_nam_ix", "name"}}},
    {"logstore_standard_log",
        "eventname VARCHAR(255) NOT NULL DEFAULT '',"
        "component VARCHAR(100) NOT NULL DEFAULT '',"
        "action VARCHAR(100) NOT NULL DEFAULT '',"
        "target VARCHAR(100) NOT NULL DEFAULT '',"
        "objecttable VARCHAR(50),"
        "objectid INTEGER(10),"
        "crud VARCHAR(1) NOT NULL DEFAULT '',"
        "edulevel INTEGER(1) NOT NULL,"
        "contextid INTEGER(10) NOT NULL,"
        "contextlevel INTEGER(10) NOT NULL,"
        "contextinstanceid INTEGER(10) NOT NULL,"
        "userid INTEGER(10) NOT NULL,"
        "courseid INTEGER(10),"
        "relateduserid INTEGER(10),"
        "anonymous INTEGER(1) NOT NULL DEFAULT 0,"
        "other TEXT,"
        "timecreated INTEGER(10) NOT NULL,"
        "origin VARCHAR(10),"
        "ip VARCHAR(45),"
        "realuserid INTEGER(10)",
        {{"logsstanlog_con_ix", "contextid"}, {"logsstanlog_cou_ix", "courseid"},
            {"logsstanlog_couanotim_ix", "courseid,anonymous,timecreated"},
            {"logsstanlog_rea_ix", "realuserid"}, {"logsstanlog_rel_ix", "relateduserid"},
            {"logsstanlog_tim_ix", "timecreated"}, {"logsstanlog_use_ix", "userid"},
            {"logsstanlog_useconconcr_ix",
                "userid,contextlevel,contextinstanceid,crud,edulevel,timecreated"}}},
};

const size_t schema_tables_count = sizeof schema_tables / sizeof schema_tables[0];

/* Times in microseconds end in _us, hashes are SHA-256 in lower-case hex. */
const struct schema_ledger schema_ledger[] = {
    {"enrold_run",
        "run VARCHAR(22) PRIMARY KEY,"
        "state VARCHAR(16) NOT NULL,"
        "feed VARCHAR(32) NOT NULL,"
        "name {text} NOT NULL,"
        "node VARCHAR(64) NOT NULL,"
        "sha256 VARCHAR(64) NOT NULL,"
        "bytes BIGINT NOT NULL,"
        "policy {text} NOT NULL,"
        "started_us BIGINT NOT NULL,"
        "today BIGINT NOT NULL,"
        "records BIGINT NOT NULL,"
        "result_bytes BIGINT NOT NULL,"
        "retry_bytes BIGINT NOT NULL,"
        "counts {text} NOT NULL,"
        "summary {text} NOT NULL,"
        "summary_sha256 VARCHAR(64) NOT NULL,"
        "result_sha256 VARCHAR(64) NOT NULL,"
        "retry_sha256 VARCHAR(64) NOT NULL,"
        "plan_bytes BIGINT NOT NULL DEFAULT 0,"
        "plan_sha256 VARCHAR(64) NOT NULL DEFAULT '',"
        "people BIGINT NOT NULL DEFAULT 0,"
        "owner BIGINT NOT NULL DEFAULT 0,"
        "is_measure SMALLINT NOT NULL DEFAULT 0,"
        "number BIGINT NOT NULL DEFAULT 0,"
        "archived_bytes BIGINT NOT NULL DEFAULT 0,"
        "archived_sha256 VARCHAR(64) NOT NULL DEFAULT '',"
        "input_pruned VARCHAR(22) NOT NULL DEFAULT '',"
        "answer_pruned VARCHAR(22) NOT NULL DEFAULT '',"
        "report_bytes BIGINT NOT NULL DEFAULT 0,"
        "report_sha256 VARCHAR(64) NOT NULL DEFAULT ''",
        0},
    {"enrold_head",
        "id INTEGER PRIMARY KEY CHECK (id = 1),"
        "head VARCHAR(64) NOT NULL,"
        "run VARCHAR(22) NOT NULL,"
        "number BIGINT NOT NULL DEFAULT 0",
        0},
    /* A writer holds it, as a table or its only row, and writes it for others to see. */
    {"enrold_lock",
        "id INTEGER PRIMARY KEY,"
        "token BIGINT NOT NULL DEFAULT 0",
        0},
    /* Daemons that share a spool: alive as long as their beat changes. */
    {"enrold_node",
        "node VARCHAR(64) PRIMARY KEY,"
        "slot INTEGER NOT NULL,"
        "token VARCHAR(32) NOT NULL,"
        "beat BIGINT NOT NULL",
        0},
    {"enrold_feed", "feed VARCHAR(32) PRIMARY KEY, node VARCHAR(64) NOT NULL", 0},
    {"enrold_version", "version INTEGER PRIMARY KEY", 0},
    /* What a feed has listed: an enrolment, or with 0 the account itself. */
    {"enrold_listing",
        "feed VARCHAR(32) NOT NULL,"
        "userid BIGINT NOT NULL,"
        "enrolment BIGINT NOT NULL,"
        "enrol BIGINT NOT NULL,"
        "made SMALLINT NOT NULL,"
        "absences SMALLINT NOT NULL,"
        "absent_at BIGINT NOT NULL,"
        "suspended_at BIGINT NOT NULL,"
        "told SMALLINT NOT NULL,"
        "first_run VARCHAR(22) NOT NULL,"
        "last_run VARCHAR(22) NOT NULL,"
        "suspended_by VARCHAR(22) NOT NULL,"
        "PRIMARY KEY (feed, userid, enrolment)",
        3},
    /* What the feed's last accepted full file was like. */
    {"enrold_base", "feed VARCHAR(32) PRIMARY KEY, run VARCHAR(22) NOT NULL, base {text} NOT NULL",
        3},
    /* What runs have withheld or held, and what became of it. */
    {"enrold_plan",
        "run VARCHAR(22) PRIMARY KEY,"
        "feed VARCHAR(32) NOT NULL,"
        "sha256 VARCHAR(64) NOT NULL,"
        "content VARCHAR(64) NOT NULL,"
        "whole SMALLINT NOT NULL,"
        "of_full SMALLINT NOT NULL,"
        "state VARCHAR(16) NOT NULL,"
        "closed_by VARCHAR(22) NOT NULL,"
        "why {text} NOT NULL,"
        "source VARCHAR(22) NOT NULL,"
        "base {text} NOT NULL",
        4},
};

const size_t schema_ledger_count = sizeof schema_ledger / sizeof schema_ledger[0];

const char schema_ledger_rows[] = "INSERT INTO {enrold_lock} (id) VALUES (1);"
                                  "INSERT INTO {enrold_version} (version) VALUES (6);";

const struct schema_upgrade schema_upgrades[] = {
    {2, "enrold_lock", "token BIGINT NOT NULL DEFAULT 0", NULL},
    {4, "enrold_run", "plan_bytes BIGINT NOT NULL DEFAULT 0", NULL},
    {4, "enrold_run", "plan_sha256 VARCHAR(64) NOT NULL DEFAULT ''", NULL},
    {4, "enrold_run", "people BIGINT NOT NULL DEFAULT 0", NULL},
    {4, "enrold_run", "owner BIGINT NOT NULL DEFAULT 0", NULL},
    {4, "enrold_run", "is_measure SMALLINT NOT NULL DEFAULT 0", NULL},
    {5, "enrold_head", "number BIGINT NOT NULL DEFAULT 0",
        "UPDATE {enrold_head} SET number = (SELECT count(*) FROM {enrold_run} WHERE state <> "
        "'running')"},
    {5, "enrold_run", "number BIGINT NOT NULL DEFAULT 0", NULL},
    {5, "enrold_run", "archived_bytes BIGINT NOT NULL DEFAULT 0", NULL},
    {5, "enrold_run", "archived_sha256 VARCHAR(64) NOT NULL DEFAULT ''", NULL},
    {5, "enrold_run", "input_pruned VARCHAR(22) NOT NULL DEFAULT ''", NULL},
    {5, "enrold_run", "answer_pruned VARCHAR(22) NOT NULL DEFAULT ''", NULL},
    {6, "enrold_run", "report_bytes BIGINT NOT NULL DEFAULT 0", NULL},
    {6, "enrold_run", "report_sha256 VARCHAR(64) NOT NULL DEFAULT ''", NULL},
};

const size_t schema_upgrades_count = sizeof schema_upgrades / sizeof schema_upgrades[0];

size_t schema_names(const char *columns, struct buffer *out)
{
	size_t count = 0;
	int depth = 0;
	bool is_start = true;
	for (const char *c = columns; *c; c++) {
		if (is_start && *c != ' ') {
			buffer_print(
			    out, "%s%.*s", out->size > 0 ? ", " : "", (int)strcspn(c, " "), c);
			count++;
			is_start = false;
		}
		depth += (*c == '(') - (*c == ')');
		is_start = is_start || (*c == ',' && depth == 0);
	}
	return count;
}

bool schema_index_is_unique(const struct schema_index *index)
{
	size_t length = strlen(index->name);
	return length > 4 && strcmp(index->name + length - 4, "_uix") == 0;
}
