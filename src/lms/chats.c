/*
 * chats: a group may have a conversation, enabled or not, and who joins the group becomes a member
 * of it (lms/README 5.6), until they leave the group (10.5). Conversations themselves are made by
 * Moodle.
 */
#include "work.h"

#include <stdlib.h>

struct chat {
	int64_t group, conversation; /* 0: none */
};

static int by_group(const void *a, const void *b)
{
	const struct chat *x = a, *y = b;
	return x->group < y->group ? -1 : x->group > y->group;
}

/* Each group once, ascending; how many there are. */
static size_t chats_dedup(struct chat *chats, size_t count)
{
	size_t used = 0;
	if (count > 0)
		qsort(chats, count, sizeof *chats, by_group);
	for (size_t i = 0; i < count; i++)
		if (used == 0 || chats[used - 1].group != chats[i].group)
			chats[used++] = chats[i];
	return used;
}

/* The groups that have new members. */
static struct chat *groups_gather(struct work *work, const struct new_rows *members, size_t *count)
{
	struct chat *chats = arena_alloc(work->arena, (members->count + 1) * sizeof *chats);
	for (size_t i = 0; chats && i < members->count; i++)
		chats[i].group = members->values[i * members->table->width].integer;
	*count = chats ? chats_dedup(chats, members->count) : 0;
	return chats;
}

static int64_t conversation_of(const struct chat *chats, size_t count, int64_t group)
{
	const struct chat *chat =
	    bsearch(&(struct chat){.group = group}, chats, count, sizeof *chats, by_group);
	return chat->conversation;
}

/* True: one of them has one. */
static bool conversations_find(struct work *work, struct chat *chats, size_t count)
{
	struct db_questions groups = db_questions_begin(work->arena);
	bool has_any = false;
	for (size_t i = 0; i < count; i++)
		db_question(&groups, i, DB_VALUES(db_int(chats[i].group)));
	struct db_rows rows = db_ask(work->lms->db,
	    "SELECT c.id FROM {each}{message_conversations} c JOIN {groups} g ON g.id = c.itemid "
	    "JOIN {context} x ON x.contextlevel = 50 AND x.instanceid = g.courseid AND x.id = "
	    "c.contextid WHERE c.component = 'core_group' AND c.itemtype = 'groups' AND c.itemid = "
	    "?1",
	    &groups);
	while (db_next(&rows)) {
		chats[rows.tag].conversation = db_column_int(&rows, 0);
		has_any = true;
	}
	return has_any;
}

static const struct db_table members_table = {
    "message_conversation_members", "conversationid, userid, timecreated", 3};

static bool are_there(const struct work *work)
{
	return rights_has_table(&work->lms->rights, "message_conversations") &&
	       rights_has_table(&work->lms->rights, members_table.name);
}

void chats_join(struct work *work, const struct new_rows *members)
{
	size_t count;
	if (members->count == 0 || !are_there(work))
		return;
	struct chat *chats = groups_gather(work, members, &count);
	bool *is_member = arena_alloc(work->arena, members->count * sizeof *is_member);
	if (!chats || !is_member || !conversations_find(work, chats, count))
		return;
	struct db_questions questions = db_questions_begin(work->arena);
	for (size_t i = 0; i < members->count; i++) {
		const struct db_value *row = members->values + i * members->table->width;
		int64_t conversation = conversation_of(chats, count, row[0].integer);
		if (conversation != 0)
			db_question(&questions, i, DB_VALUES(row[1], db_int(conversation)));
	}
	struct db_rows rows = db_ask(work->lms->db,
	    "SELECT id FROM {each}{message_conversation_members} WHERE userid = ?1 AND {no_index "
	    "conversationid} = ?2",
	    &questions);
	while (db_next(&rows))
		is_member[rows.tag] = true;
	struct new_rows new = new_rows_begin(work, &members_table, questions.count);
	for (size_t i = 0; i < questions.count; i++)
		if (!is_member[questions.tag[i]])
			new_rows_add(
			    &new, DB_VALUES(questions.values[2 * i + 1], questions.values[2 * i],
			              db_int(work->effects->now)));
	new_rows_write(work, &new);
}

/* What they have said stays. */
void chats_leave(struct work *work, const struct gone_members *gone)
{
	if (gone->count == 0 || !are_there(work))
		return;
	struct chat *chats = arena_alloc(work->arena, gone->count * sizeof *chats);
	for (size_t i = 0; chats && i < gone->count; i++)
		chats[i].group = gone->items[i].group;
	size_t count = chats ? chats_dedup(chats, gone->count) : 0;
	if (count == 0 || !conversations_find(work, chats, count))
		return;
	for (size_t i = 0; i < gone->count; i++) {
		int64_t conversation = conversation_of(chats, count, gone->items[i].group);
		if (conversation != 0)
			db_run(work->lms->db,
			    "DELETE FROM {message_conversation_members} WHERE conversationid = ? "
			    "AND userid = ?",
			    DB_VALUES(db_int(conversation), db_int(gone->items[i].user)));
	}
}
