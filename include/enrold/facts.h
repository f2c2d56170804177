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

/* Read once per run; lives as long as the run. */
struct site_facts {
	int64_t local_host;             /* config.mnet_localhost_id */
	int64_t actor;                  /* user.id of lms.actor */
	int64_t session_timeout;        /* seconds a dirty flag must live */
	bool manual_enabled;            /* config.enrol_plugins_enabled has "manual" */
	bool extended_usernames;        /* config.extendedusernamechars */
	bool audit;                     /* logstore_standard is in tool_log/enabled_stores */
	bool audit_json;                /* logstore_standard/jsonformat: else PHP serialize */
	char timezone[64];              /* config.timezone; "99" is the server's own */
	const struct role_facts *roles; /* by id */
	size_t roles_count;
};

struct user_facts {
	int64_t id;
	bool is_protected; /* site admin or guest: never touched, never enrolled */
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
	int64_t user;
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
