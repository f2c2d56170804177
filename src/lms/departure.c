/*
 * departure: what a deleted account leaves in parts of Moodle that not every site has (facts 5.7,
 * 10.1, 10.5): chats of groups, subscriptions, tokens, pages, and what plugins keep by observers of
 * their own. What a site has no table for is passed over. Files, grades and the like need Moodle's
 * own code: see aftercare in enrold(8).
 */
#include "rights.h"

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

/* Of the account's own context, which stays itself: a parent's or mentor's role over the person. */
static const struct {
	const char *table, *sql;
} of_contexts[] = {
    {"role_assignments", "DELETE FROM {role_assignments} WHERE contextid = ?"},
    {"role_names", "DELETE FROM {role_names} WHERE contextid = ?"},
    {"role_capabilities", "DELETE FROM {role_capabilities} WHERE contextid = ?"},
};

/* The chats of groups; a person's own conversations are the other one's as well, and stay. */
static const char chats_leave[] =
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
		for (size_t k = 0; k < count && rights_has_table(work->lms, of_contexts[i].table);
		     k++)
			if (who[k].context != 0)
				db_run(work->lms->db, of_contexts[i].sql,
				    DB_VALUES(db_int(who[k].context)));
}

/* ---- the request to erase all that is left (tool_dataprivacy) ---- */

enum { REQUEST_DELETE = 2, AWAITING_APPROVAL = 2, CREATED_BY_ITSELF = 1, FORMAT_PLAIN = 2 };

static const struct db_table requests_table = {"tool_dataprivacy_request",
    "type, comments, commentsformat, userid, requestedby, status, dpo, dpocomment, "
    "dpocommentformat, systemapproved, creationmethod, usermodified, timecreated, timemodified",
    14};

/* One that is open, or was carried out; not what was cancelled, rejected or has expired. */
static bool *requested_find(struct work *work, const struct departure *who, size_t count)
{
	struct db_questions questions = db_questions(work->arena);
	bool *is_requested = arena_alloc(work->arena, (count + 1) * sizeof *is_requested);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i, DB_VALUES(db_int(who[i].user)));
	struct db_rows rows = db_ask(work->lms->db,
	    "SELECT r.id FROM {each}{tool_dataprivacy_request} r WHERE r.userid = ?1 AND r.type = "
	    "2 "
	    "AND r.status NOT IN (6, 7, 8, 9)",
	    &questions);
	while (is_requested && db_next(&rows))
		is_requested[rows.about] = true;
	return is_requested;
}

static void erasure_request(struct work *work, const struct departure *who, size_t count)
{
	struct lms *lms = work->lms;
	if (!lms->asks_erasure || !rights_has_table(lms, requests_table.name))
		return;
	const bool *is_requested = requested_find(work, who, count);
	struct new_rows rows = new_rows(work, &requests_table, count);
	const struct db_value now = db_int(work->effects->now), zero = db_int(0),
	                      actor = db_int(lms->site.actor), plain = db_int(FORMAT_PLAIN);
	for (size_t i = 0; is_requested && i < count; i++)
		if (!is_requested[i])
			new_rows_add(
			    &rows, DB_VALUES(db_int(REQUEST_DELETE),
			               db_string("Automatically created upon user deletion."),
			               plain, db_int(who[i].user), actor, db_int(AWAITING_APPROVAL),
			               zero, db_string(""), plain, zero, db_int(CREATED_BY_ITSELF),
			               actor, now, now));
	new_rows_write(work, &rows);
}

void departures_clear(struct work *work, const struct departure *who, size_t count)
{
	struct lms *lms = work->lms;
	for (size_t i = 0; i < sizeof of_users / sizeof *of_users; i++)
		if (rights_has_table(lms, of_users[i].table))
			run_for_all(work, of_users[i].sql, who, count);
	if (rights_has_table(lms, "message_conversations") &&
	    rights_has_table(lms, "message_conversation_members"))
		run_for_all(work, chats_leave, who, count);
	contexts_clear(work, who, count);
	erasure_request(work, who, count);
}
