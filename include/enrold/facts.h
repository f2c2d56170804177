/*
 * facts: what the LMS says about exactly the people and courses of one batch, as plain data.
 *
 * Filled by src/lms, read by src/plan, which knows nothing of src/lms. Ids are the site's own, 0
 * means "there is none". Times are epoch seconds, 0 means "none". Names follow Moodle 4.5's tables.
 */
#ifndef ENROLD_FACTS_H
#define ENROLD_FACTS_H

#include "enrold/arena.h"
#include "enrold/deed.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Moodle's context levels: where somebody can have a role. */
enum { LEVEL_SYSTEM = 10, LEVEL_USER = 30, LEVEL_CATEGORY = 40, LEVEL_COURSE = 50 };

struct role_facts {
	int64_t id;
	struct slice shortname;
	struct slice archetype;
	/* Where it can be given: has a role_context_levels row for level 50, 10, 40. */
	bool in_courses, in_system, in_categories;
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
	bool is_required;
	bool is_unique; /* no two accounts may have the same value */
};

/* What a password must have (lms/README 2.4); a site without a policy asks for nothing. */
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
	int64_t system_context;
	int branch;              /* of Moodle: 405 is 4.5 */
	bool is_moodle;          /* a real one, with caches and more tables than `lms init` makes */
	bool has_tags;           /* people may have interests */
	bool checks_profiles;    /* its uploader drops rows for a bad profile field */
	bool manual_enabled;     /* config.enrol_plugins_enabled has "manual" */
	bool extended_usernames; /* config.extendedusernamechars */
	bool shares_email;       /* config.allowaccountssameemail */
	bool user_themes;        /* config.allowuserthemes */
	bool audit;              /* logstore_standard is in tool_log/enabled_stores */
	bool audit_json;         /* logstore_standard/jsonformat: else PHP serialize */
	char timezone[64];       /* config.timezone; "99" is the server's own */
	struct slice auths;      /* config.auth: enabled methods, a comma list */
	struct password_policy password;
	struct slice languages;    /* codes, a comma list; empty: not asked for */
	const struct slice *zones; /* names of time zones, sorted by zone_compare; none: not asked
	                              for, or not known */
	size_t zones_count;
	deed_set lacks;              /* what the database gives no right to */
	struct slice missing[DEEDS]; /* of these: "INSERT on mdl_groups" */
	const struct slice *details; /* by detail: its setting in config; empty: none */
	const struct profile_field *profile_fields; /* in the site's order */
	size_t profile_fields_count;
	const struct role_facts *roles; /* by id */
	size_t roles_count;
};

/* Never "": a site that names none has the server's. */
static inline const char *site_zone(const struct site_facts *site)
{
	return *site->timezone ? site->timezone : "99";
}

/* An administrator, or the guest: no feed touches them. */
static inline bool site_protects(const struct site_facts *site, int64_t user)
{
	bool is = user == site->guest;
	for (size_t i = 0; i < site->admins_count && !is; i++)
		is = site->admins[i] == user;
	return is;
}

/* For qsort and bsearch: of struct slice, by their bytes. */
int zone_compare(const void *a, const void *b);

/* A question who somebody is, and its answer. */
enum user_key_by { KEY_USERNAME, KEY_EMAIL, KEY_IDNUMBER, KEY_PROFILE, KEY_DELETED };

/* So much of the value of a unique profile field has to be unique. */
enum { UNIQUE_CHARACTERS = 255 };

/* An account whose name only looks like that: in other letter case, with its letters composed
 * otherwise, with blanks at the end. */
struct user_alike {
	int64_t id;
	struct slice text; /* as it is stored */
};

struct user_key {
	enum user_key_by by; /* e-mail: without regard to case, and what looks the same is found */
	struct slice text;
	uint32_t field;   /* KEY_PROFILE: whose value begins with the text; index into the site's */
	uint32_t matches; /* local accounts that are not deleted; KEY_PROFILE: any; KEY_DELETED:
	                     deleted ones that had this user name */
	int64_t ids[2];   /* of the first two; KEY_PROFILE: of those who got it last */
	/* KEY_USERNAME, KEY_IDNUMBER: of those that nobody is called to the letter, two at most. */
	uint32_t alikes_count;
	struct user_alike alikes[2];
	struct slice resembled; /* the plan's own: who looks alike is somebody else, of this name */
	bool is_seen;           /* the plan's own: an earlier row of the batch has this value */
	bool is_taken;          /* a deleted account has this user name */
	uint32_t taken_until; /* the plan's own: names counted on from this one are taken up to the
	                    key before this index; 0: not known */
};

/* An account. id ACCOUNT_PLANNED: will be made by a change of this batch. */
enum { ACCOUNT_PLANNED = -1 };

struct site_role {
	int64_t role;
	bool is_foreign; /* given by another component, or more than once: not ours to take */
};

/* A role that somebody has in some category or course, whichever. */
struct place_role {
	int64_t role;
	bool is_in_category; /* false: in a course */
};

struct account_facts {
	int64_t id;
	struct slice username;
	struct site_role *site_roles; /* in the system context, whoever gave them */
	uint32_t site_roles_count;
	bool is_protected; /* site admin or guest: never touched, never enrolled; see may.h */
	bool is_gone;      /* the plan's own: deleted by this batch */
	bool is_touched;   /* the plan's own: a change of this round is about it */
	/* The plan's own, of the person's places (plan/rounds.c): how often all that was known of
	 * them has become old; since then, whether enrolments came or went, and a cohort was joined
	 * that may enrol. */
	uint32_t era;
	bool has_moved, has_joined;
	/* Loaded only for files that may change accounts: */
	struct place_role *place_roles; /* distinct, whoever gave them */
	uint32_t place_roles_count;
	struct slice auth;
	bool is_suspended;
	struct slice *details; /* by detail; bytes NULL: NULL in the database */
	struct slice *profile; /* by profile field; bytes NULL: no row */
	bool is_of_feed;       /* made by a run of this feed; loaded only where batch.asks_makers */
	/* Loaded only for files that have interests: the names of the tags, in their order. */
	struct slice *interests;
	uint32_t interests_count;
};

/* How a file names a course. */
struct course_key {
	enum course_key_by by;
	struct slice text;
};

/* Where a course or category stands: loaded only for feeds that may not reach everything. */
struct surroundings {
	struct slice shortname, idnumber; /* of a course */
	struct slice *categories; /* idnumbers of all that it is in, a category itself included */
	uint32_t categories_count;
};

/* A course by exact name, with its first manual instance by sortorder, id (lms/README 4.3). */
struct course_facts {
	int64_t id;
	uint32_t matches;     /* courses of that name: more than one is an error */
	bool is_site;         /* the front page, which has roles but no enrolments */
	int64_t context;      /* context.id at level 50 */
	int64_t enrol;        /* enrol.id of the manual instance */
	int64_t enrol_role;   /* its roleid */
	int64_t enrol_period; /* seconds */
	struct slice stored;  /* its name, where that is not to the letter what was asked for */
	struct slice nearest; /* of a name that no course has: one that may have been meant */
	struct surroundings stands;
	const char *refused_by; /* the plan's own: the setting that keeps the feed from it */
};

enum enrolment_status { ENROLMENT_ACTIVE = 0, ENROLMENT_SUSPENDED = 1 };

/* A category by exact idnumber. */
struct category_facts {
	struct slice idnumber;
	int64_t id;
	uint32_t matches;
	int64_t context; /* context.id at level 40 */
	struct surroundings stands;
};

/* What this batch will make has this id until then. */
enum { ID_PLANNED = -1 };

/* A cohort by idnumber, or by id when the text is a number (lms/README 4.6). */
struct cohort_facts {
	struct slice text;
	struct slice idnumber; /* of one that was found by its id */
	struct slice nearest;  /* of a name that no cohort has, where none may be made */
	int64_t id;
	uint32_t matches; /* cohorts of that idnumber, more than one is an error */
	int64_t other;    /* of a number: another cohort, which has it as its idnumber */
	bool is_external; /* another component's: its members are not ours to change */
	int64_t context, level, instance;
	uint32_t same; /* index of the first of the batch that is this very cohort */
};

/* A group of a course. */
enum group_key_by { GROUP_BY_NAME_OR_ID, GROUP_BY_NAME, GROUP_BY_IDNUMBER };

struct group_facts {
	enum group_key_by by;
	struct slice text;
	uint32_t course; /* index into the batch's courses */
	int64_t course_id, course_context;
	int64_t id;
	uint32_t matches; /* groups of that name: more than one is an error */
	bool has_spares;  /* all but the oldest are empty, so it is meant */
	uint32_t same;    /* index of the first of the batch that is this very group */
	struct slice
	    nearest; /* of a name that no group of the course has, where none may be made */
};

/* A grouping of a course, by exact name. */
struct grouping_facts {
	struct slice name;
	uint32_t course;
	int64_t course_id, course_context;
	int64_t id;
	uint32_t matches;
};

/* Whether a person belongs to a cohort or group, or a group to a grouping. Ids of what is planned
 * are 0. */
enum membership_kind {
	PERSON_IN_COHORT,
	PERSON_IN_GROUP,
	GROUP_IN_GROUPING,
};

struct membership_facts {
	enum membership_kind kind;
	uint32_t who;    /* index into people, or groups */
	uint32_t target; /* index into cohorts, groups or groupings */
	int64_t who_id, target_id;
	bool is_member;
	bool asks_leaving; /* whether what follows has to be known */
	bool is_owned;     /* a component has put the person into the group */
	bool purges;       /* leaving the cohort would delete grades, by a course that syncs it */
};

/* What matters where somebody is to leave a course: loaded only where a row may ask for that. */
struct leaving_facts {
	struct slice others; /* methods of the person's other enrolments in the course, by name,
	                        once each: "cohort, self"; empty: there are none */
	bool has_history;    /* a grade with a value or feedback would go with the enrolment */
	bool has_roles;      /* manual roles in the course's context or below it */
	int64_t modified;    /* user_enrolments.timemodified */
	/* Roles of the course's context that a component owns, ascending: not ours to take. */
	int64_t *owned_roles;
	uint32_t owned_roles_count;
};

/*
 * One person in one place: a user_enrolments row of a course's manual instance and the person's own
 * roles (component '', itemid 0) in the place's context. In the system and in categories there are
 * roles only: enrol is 0. id 0: not enrolled; ENROLMENT_PLANNED: will be by a change of this batch.
 */
enum { ENROLMENT_PLANNED = ID_PLANNED };

struct enrolment_facts {
	uint32_t person; /* index into the batch's people */
	int64_t user;    /* its id; of a planned account 0 until it was made */
	int64_t course;  /* 0: the system or a category */
	int64_t enrol;
	int64_t context, level, instance;
	bool asks_any; /* whether there is an enrolment by any method has to be known */
	bool is_any;
	int64_t id;
	int64_t status;
	int64_t timestart;
	int64_t timeend;
	int64_t *roles; /* distinct, ascending */
	uint32_t roles_count;
	/* A suspended one: by absence, of whichever feed (listing.h), and left so since; or by
	 * absence once, and changed by somebody since. */
	bool is_absent, is_kept;
	bool asks_leaving; /* whether `leaving` has to be known */
	struct leaving_facts leaving;
	/* The plan's own (plan/rounds.c): `leaving` may be old; how often the person has left with
	 * all groups. */
	bool has_moved;
	uint32_t era;
};

/* Adds it once, in order, in the arena. False: out of memory, which the arena knows. */
bool enrolment_add_role(struct enrolment_facts *is, int64_t role, struct arena *arena);

/* In the words of an answer: "status=0;timestart=1;timeend=0;roles=student"; "roles=manager", where
 * there are roles only; "": nothing. The second gives the roles alone. Made in the arena. */
struct slice enrolment_describe(
    const struct enrolment_facts *is, const struct site_facts *site, struct arena *arena);
struct slice roles_describe(
    const struct enrolment_facts *is, const struct site_facts *site, struct arena *arena);

/* One more role in the site; false: out of memory, which the arena knows. */
bool account_add_site_role(
    struct account_facts *person, struct site_role role, struct arena *arena);
/* Once, however often they have it; false: out of memory, which the arena knows. */
bool account_add_place_role(
    struct account_facts *person, struct place_role role, struct arena *arena);
/* The role is taken away, as far as it is ours to take. */
void account_drop_site_role(struct account_facts *person, int64_t role);

#endif
