/*
 * facts: what the LMS says about exactly the people and courses of one batch, as plain data.
 *
 * Filled by src/lms, read by src/roster; neither knows the other. Ids are the site's own, 0 means
 * "there is none". Times are epoch seconds, 0 means "none". Names follow Moodle 4.5's tables.
 */
#ifndef ENROLD_FACTS_H
#define ENROLD_FACTS_H

#include "enrold/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct role_facts {
	int64_t id;
	struct slice shortname;
	struct slice archetype;
	bool in_courses; /* has a role_context_levels row for level 50 */
};

enum profile_kind {
	PROFILE_TEXT, /* at most characters_max */
	PROFILE_MENU, /* one of the lines of param1 */
	PROFILE_CHECKBOX,
	PROFILE_DATETIME, /* years param1 to param2; param3: with the time of day */
	PROFILE_OTHER,    /* textarea, social, other plugins': as it is */
};

struct profile_field {
	int64_t id;
	struct slice shortname;
	enum profile_kind kind;
	struct slice initial; /* of new accounts */
	struct slice param1, param2, param3;
	int64_t characters_max; /* 0: none */
};

/* What a password must have (facts 2.4); a site without a policy asks for nothing. */
struct password_policy {
	bool is_on;
	int64_t length, digits, lower, upper, other, same_in_a_row;
};

/* Read once per run; lives as long as the run. */
struct site_facts {
	int64_t local_host;    /* config.mnet_localhost_id */
	int64_t actor;         /* user.id of lms.actor */
	int64_t guest;         /* config.siteguest */
	const int64_t *admins; /* config.siteadmins */
	size_t admins_count;
	int64_t session_timeout; /* seconds a dirty flag must live */
	bool manual_enabled;     /* config.enrol_plugins_enabled has "manual" */
	bool extended_usernames; /* config.extendedusernamechars */
	bool shares_email;       /* config.allowaccountssameemail */
	bool user_themes;        /* config.allowuserthemes */
	bool audit;              /* logstore_standard is in tool_log/enabled_stores */
	bool audit_json;         /* logstore_standard/jsonformat: else PHP serialize */
	char timezone[64];       /* config.timezone; "99" is the server's own */
	struct slice auths;      /* config.auth: enabled methods, a comma list */
	struct password_policy password;
	const struct slice *details; /* by detail: its setting in config; empty: none */
	const struct profile_field *profile_fields; /* in the site's order */
	size_t profile_fields_count;
	const struct role_facts *roles; /* by id */
	size_t roles_count;
};

/* A question who somebody is, and its answer. */
enum user_key_by { KEY_USERNAME, KEY_EMAIL, KEY_IDNUMBER };

struct user_key {
	enum user_key_by by; /* e-mail: without regard to case */
	struct slice text;
	uint32_t matches; /* local accounts that are not deleted */
	int64_t ids[2];   /* of the first two */
	bool is_taken;    /* a deleted account has this user name */
};

/* An account. id ACCOUNT_PLANNED: will be made by a change of this batch. */
enum { ACCOUNT_PLANNED = -1 };

struct account_facts {
	int64_t id;
	struct slice username;
	bool is_protected; /* site admin or guest: never touched, never enrolled */
	bool is_gone;      /* the plan's own: deleted by this batch */
	bool is_touched;   /* the plan's own: a change of this round is about it */
	/* Loaded only for files that may change accounts: */
	struct slice auth;
	bool is_suspended;
	struct slice *details; /* by detail; bytes NULL: NULL in the database */
	struct slice *profile; /* by profile field; bytes NULL: no row */
};

/* A course by exact short name, with its first manual instance by sortorder, id (facts 4.3). */
struct course_facts {
	int64_t id;
	uint32_t matches;     /* courses of that short name: more than one is an error */
	int64_t context;      /* context.id at level 50 */
	int64_t enrol;        /* enrol.id of the manual instance */
	int64_t enrol_role;   /* its roleid */
	int64_t enrol_period; /* seconds */
	struct slice nearest; /* of a name that no course has: one that may have been meant */
};

enum enrolment_status { ENROLMENT_ACTIVE = 0, ENROLMENT_SUSPENDED = 1 };

/*
 * One person in one course: a user_enrolments row of the manual instance and the person's own roles
 * (component '', itemid 0) in the course's context. id 0: not enrolled; ENROLMENT_PLANNED: will be
 * by a change of this batch.
 */
enum { ENROLMENT_PLANNED = -1 };

struct enrolment_facts {
	uint32_t person; /* index into the batch's people */
	int64_t user;    /* its id; of a planned account 0 until it was made */
	int64_t course;
	int64_t enrol;
	int64_t context;
	int64_t id;
	int64_t status;
	int64_t timestart;
	int64_t timeend;
	int64_t *roles; /* distinct, ascending */
	uint32_t roles_count;
};

#endif
