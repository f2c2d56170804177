/*
 * departure: what a deleted account leaves in parts of Moodle that not every site has
 * (lms/README 5.7, 10.1, 10.5): chats of groups, subscriptions, tokens, pages, and what plugins
 * keep by observers of their own. What a site has no table for is passed over. Files, grades and
 * the like need Moodle's own code: see aftercare in enrold(8).
 */
#include "work.h"

#include "enrold/list.h"

static const struct {
	const char *table, *sql;
} of_users[] = {
    {"user_lastaccess", "DELETE FROM {user_lastaccess} WHERE userid = ?"},
    {"external_tokens", "DELETE FROM {external_tokens} WHERE userid = ?"},
    {"external_services_users", "DELETE FROM {external_services_users} WHERE userid = ?"},
    {"user_private_key", "DELETE FROM {user_private_key} WHERE userid = ?"},
    {"oauth2_refresh_token", "DELETE FROM {oauth2_refresh_token} WHERE userid = ?"},
    {"event", "DELETE FROM {event} WHERE userid = ? AND subscriptionid IS NOT NULL"},
    {"event_subscriptions", "DELETE FROM {event_subscriptions} WHERE userid = ?"},
    {"my_pages", "DELETE FROM {my_pages} WHERE userid = ? AND private = 1"},
    /* Also of forums in courses where the person was not enrolled, which Moodle forgets. */
    {"forum_subscriptions", "DELETE FROM {forum_subscriptions} WHERE userid = ?"},
    {"forum_digests", "DELETE FROM {forum_digests} WHERE userid = ?"},
    {"forum_track_prefs", "DELETE FROM {forum_track_prefs} WHERE userid = ?"},
    {"forum_read", "DELETE FROM {forum_read} WHERE userid = ?"},
    {"auth_oauth2_linked_login", "DELETE FROM {auth_oauth2_linked_login} WHERE userid = ?"},
    {"tool_cohortroles", "DELETE FROM {tool_cohortroles} WHERE userid = ?"},
    {"tool_monitor_subscriptions", "DELETE FROM {tool_monitor_subscriptions} WHERE userid = ?"},
};

/* In the account's own context, which itself stays: a parent's or mentor's role over the person. */
static const struct {
	const char *table, *sql;
} of_contexts[] = {
    {"role_assignments", "DELETE FROM {role_assignments} WHERE contextid = ?"},
    {"role_names", "DELETE FROM {role_names} WHERE contextid = ?"},
    {"role_capabilities", "DELETE FROM {role_capabilities} WHERE contextid = ?"},
};

/* The chats of groups; a person's own conversations belong to the other as well, and stay. */
static const char all_chats_leave[] =
    "DELETE FROM {message_conversation_members} WHERE userid = ? AND EXISTS (SELECT 1 FROM "
    "{message_conversations} c WHERE c.id = conversationid AND c.component = 'core_group' AND "
    "c.itemtype = 'groups')";

static void run_for_all(
    struct work *work, const char *sql, const struct departure *who, size_t count)
{
	for (size_t i = 0; i < count; i++)
		db_run(work->lms->db, sql, DB_VALUES(db_int(who[i].user)));
}

static void contexts_clear(struct work *work, const struct departure *who, size_t count)
{
	for (size_t i = 0; i < sizeof of_contexts / sizeof *of_contexts; i++)
		for (size_t k = 0;
		     k < count && rights_has_table(&work->lms->rights, of_contexts[i].table); k++)
			if (who[k].context != 0)
				db_run(work->lms->db, of_contexts[i].sql,
				    DB_VALUES(db_int(who[k].context)));
}

/* ---- the request to erase all that is left (tool_dataprivacy) ---- */

enum { REQUEST_DELETE = 2, AWAITING_APPROVAL = 2, CREATED_BY_ITSELF = 1, FORMAT_PLAIN = 2 };

/* A request that is open or was carried out; not one that was cancelled, rejected or has
 * expired. */
static bool *requested_find(struct work *work, const struct departure *who, size_t count)
{
	struct db_questions questions = db_questions_begin(work->arena);
	bool *is_requested = arena_alloc(work->arena, (count + 1) * sizeof *is_requested);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i, DB_VALUES(db_int(who[i].user)));
	struct db_rows rows = db_ask(work->lms->db,
	    "SELECT r.id FROM {each}{tool_dataprivacy_request} r WHERE r.userid = ?1 AND r.type = "
	    "2 "
	    "AND r.status NOT IN (6, 7, 8, 9)",
	    &questions);
	while (is_requested && db_next(&rows))
		is_requested[rows.tag] = true;
	return is_requested;
}

/* As the plugin fills it in; it has got columns with time. */
static void request_make(struct work *work, struct slice there, int64_t user)
{
	const struct db_value now = db_int(work->effects->now),
	                      actor = db_int(work->lms->site.actor);
	const struct {
		const char *column;
		struct db_value value;
	} all[] = {{"type", db_int(REQUEST_DELETE)},
	    {"comments", db_string("Automatically created upon user deletion.")},
	    {"commentsformat", db_int(FORMAT_PLAIN)}, {"userid", db_int(user)},
	    {"requestedby", actor}, {"status", db_int(AWAITING_APPROVAL)}, {"dpo", db_int(0)},
	    {"dpocomment", db_string("")}, {"dpocommentformat", db_int(FORMAT_PLAIN)},
	    {"systemapproved", db_int(0)}, {"creationmethod", db_int(CREATED_BY_ITSELF)},
	    {"usermodified", actor}, {"timecreated", now}, {"timemodified", now}};
	enum { COLUMNS = sizeof all / sizeof *all };
	struct db_value values[COLUMNS];
	size_t count = 0;
	struct buffer sql = {0};
	buffer_add_text(&sql, "INSERT INTO {tool_dataprivacy_request} (");
	for (size_t i = 0; i < COLUMNS; i++)
		if (list_has(there, slice_of(all[i].column))) {
			buffer_print(&sql, "%s%s", count > 0 ? ", " : "", all[i].column);
			values[count++] = all[i].value;
		}
	buffer_add_text(&sql, ") VALUES (");
	for (size_t i = 0; i < count; i++)
		buffer_add_text(&sql, i > 0 ? ", ?" : "?");
	buffer_add_text(&sql, ")");
	buffer_add_char(&sql, '\0');
	if (sql.failed)
		db_fail(work->lms->db, error_memory("asking for an erasure"));
	else
		db_run_once(work->lms->db, sql.bytes, values, count);
	buffer_done(&sql);
}

static void erasure_request(struct work *work, const struct departure *who, size_t count)
{
	struct lms *lms = work->lms;
	struct buffer there = {0}, required = {0};
	if (!lms->asks_erasure || !rights_has_table(&lms->rights, "tool_dataprivacy_request"))
		return;
	const bool *is_requested = requested_find(work, who, count);
	db_find_columns(lms->db, "tool_dataprivacy_request", &there, &required);
	if (there.failed || required.failed)
		db_fail(lms->db, error_memory("asking for an erasure"));
	for (size_t i = 0; is_requested && i < count && !db_has_failed(lms->db); i++)
		if (!is_requested[i])
			request_make(work, buffer_slice(&there), who[i].user);
	buffer_done(&there);
	buffer_done(&required);
}

void departures_clear(struct work *work, const struct departure *who, size_t count)
{
	struct lms *lms = work->lms;
	for (size_t i = 0; i < sizeof of_users / sizeof *of_users; i++)
		if (rights_has_table(&lms->rights, of_users[i].table))
			run_for_all(work, of_users[i].sql, who, count);
	if (rights_has_table(&lms->rights, "message_conversations") &&
	    rights_has_table(&lms->rights, "message_conversation_members"))
		run_for_all(work, all_chats_leave, who, count);
	contexts_clear(work, who, count);
	erasure_request(work, who, count);
}
