/*
 * check_reach: what each feed may reach on this site, and how many accounts a role in the whole
 * site keeps out of its reach. They are many where everybody has a role that gives rights and is
 * not meant to protect.
 */
#include "check.h"

#include "enrold/may.h"

enum { MANY_PERCENT = 5 };

static void word_add(struct buffer *out, size_t nth, struct slice word)
{
	buffer_print(out, "%s%.*s", nth > 0 ? ", " : "", SLICE_ARG(word));
}

/* ---- feeds ---- */

static void patterns_add(struct buffer *out, const char *what, const struct text_list *patterns)
{
	buffer_print(out, "%s ", what);
	for (size_t i = 0; i < patterns->count; i++)
		word_add(out, i, slice_of(patterns->items[i]));
	buffer_add_text(out, patterns->count == 0 ? "none; " : "; ");
}

/* The site's roles of the given level that the feed may give. */
static void roles_add(const struct look *look, struct buffer *out, const struct policy_may *may,
    const char *what, bool in_courses)
{
	static const char sql[] =
	    "SELECT shortname, archetype FROM {role} r WHERE EXISTS (SELECT 1 FROM "
	    "{role_context_levels} l WHERE l.roleid = r.id AND (l.contextlevel = ?1 OR "
	    "l.contextlevel = ?2)) ORDER BY id";
	size_t count = 0;
	buffer_print(out, "%s ", what);
	struct db_rows rows = db_select(
	    look->db, sql, DB_VALUES(db_int(in_courses ? 50 : 10), db_int(in_courses ? 50 : 40)));
	while (db_next(&rows)) {
		const struct role_facts role = {
		    .shortname = arena_copy(look->arena, db_column_text(&rows, 0)),
		    .archetype = arena_copy(look->arena, db_column_text(&rows, 1))};
		if (in_courses ? may_give_role(may, &role)
		               : may_fits(&may->system_roles, role.shortname))
			word_add(out, count++, role.shortname);
	}
	db_rows_close(&rows);
	buffer_add_text(out, count == 0 ? "none; " : "; ");
}

static void feed_tell(const struct look *look, const struct feed *feed)
{
	const struct policy_may *may = &feed->policy.may;
	struct buffer text = {0};
	patterns_add(&text,
	    feed->policy.course_by == COURSE_BY_IDNUMBER ? "courses by idnumber" : "courses",
	    &may->courses);
	patterns_add(&text, "categories", &may->categories);
	roles_add(look, &text, may, "roles", true);
	roles_add(look, &text, may, "roles in the site and in categories", false);
	patterns_add(&text, "cohorts", &may->cohorts);
	buffer_print(&text, "makes %s", may->create_groups ? "groups" : "no groups");
	buffer_print(&text, ", %s", may->create_cohorts ? "cohorts" : "no cohorts");
	buffer_add_char(&text, '\0');
	if (text.failed)
		arena_fail(look->arena);
	else
		look->on_finding(look->context, FINDING_GOOD,
		    arena_print(look->arena, "feed %s", feed->name).bytes, text.bytes);
	buffer_done(&text);
}

/* ---- people ---- */

/* The feeds from which a role protects nobody; how many there are. */
static size_t feeds_beyond(const struct config *config, struct slice role, struct buffer *names)
{
	size_t count = 0;
	for (size_t i = 0; i < config->feeds_count; i++)
		if (may_fits(&config->feeds[i].policy.may.unprotected, role))
			word_add(names, count++, slice_of(config->feeds[i].name));
	return count;
}

static void role_tell(const struct look *look, const struct config *config, struct slice role,
    int64_t holders, int64_t active)
{
	struct buffer text = {0}, names = {0};
	size_t beyond = feeds_beyond(config, role, &names);
	bool protects = beyond < config->feeds_count;
	bool are_many = protects && holders * 100 > active * MANY_PERCENT;
	struct slice name = role.size > 0
	                        ? arena_print(look->arena, "the role '%.*s'", SLICE_ARG(role))
	                        : SLICE("a role that is no more");
	buffer_print(&text, "%lld %s %.*s in the whole site, which protects from %s",
	    (long long)holders, holders == 1 ? "account has" : "accounts have", SLICE_ARG(name),
	    !protects    ? "no feed"
	    : beyond > 0 ? "all feeds but "
	                 : "every feed");
	if (protects && beyond > 0)
		buffer_add(&text, names.bytes, names.size);
	if (are_many)
		buffer_print(&text,
		    ": more than %d %% of the %lld active accounts; a feed that is to serve them "
		    "names the role in its may.unprotected",
		    MANY_PERCENT, (long long)active);
	buffer_add_char(&text, '\0');
	if (text.failed || names.failed)
		arena_fail(look->arena);
	else
		look->on_finding(
		    look->context, are_many ? FINDING_NOTE : FINDING_GOOD, "protected", text.bytes);
	buffer_done(&text);
	buffer_done(&names);
}

static void people_tell(const struct look *look, const struct config *config)
{
	int64_t active = db_find(look->db,
	    "SELECT count(*) FROM {user} WHERE deleted = 0 AND suspended = 0 AND username <> "
	    "'guest'",
	    0, DB_NONE);
	size_t roles = 0;
	struct db_rows rows = db_select(look->db,
	    "SELECT coalesce(r.shortname, ''), count(DISTINCT a.userid) FROM {role_assignments} a "
	    "JOIN {context} x ON x.id = a.contextid AND x.contextlevel = 10 JOIN {user} u ON u.id "
	    "= a.userid AND u.deleted = 0 LEFT JOIN {role} r ON r.id = a.roleid GROUP BY "
	    "coalesce(r.shortname, '') ORDER BY 1",
	    DB_NONE);
	while (db_next(&rows)) {
		struct slice role = arena_copy(look->arena, db_column_text(&rows, 0));
		role_tell(look, config, role, db_column_int(&rows, 1), active);
		roles++;
	}
	db_rows_close(&rows);
	if (roles == 0)
		look->on_finding(look->context, FINDING_GOOD, "protected",
		    "nobody has a role in the whole site: administrators and guest are "
		    "protected, and nobody else");
}

void check_reach(const struct look *look, const struct config *config)
{
	for (size_t i = 0; i < config->feeds_count; i++)
		feed_tell(look, &config->feeds[i]);
	people_tell(look, config);
}
