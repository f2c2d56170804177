/*
 * group_leave: memberships in groups that go (lms/README 10.5): each is told of, the group has
 * changed, and the person is no longer in its conversation.
 */
#include "work.h"

#define MEMBERS_THAT                                                                               \
	"SELECT m.id, m.userid, g.id, g.courseid, x.id FROM {each}{groups_members} m JOIN "        \
	"{groups} g ON g.id = m.groupid LEFT JOIN {context} x ON x.contextlevel = 50 AND "         \
	"x.instanceid = g.courseid WHERE "

const char members_of_user[] = MEMBERS_THAT "m.userid = ?1 ORDER BY m.id";
const char members_of_group[] = MEMBERS_THAT "m.userid = ?1 AND m.groupid = ?2 ORDER BY m.id";
const char members_of_owner[] = MEMBERS_THAT "m.userid = ?1 AND {no_index m.itemid} = ?2 AND "
                                             "{no_index m.component} = ?3 ORDER BY m.id";
const char members_of_course[] =
    MEMBERS_THAT "m.userid = ?1 AND {no_index g.courseid} = ?2 ORDER BY m.id";

static void gone_add(struct work *work, struct gone_members *gone, const struct db_rows *rows)
{
	if (gone->count == gone->room) {
		size_t room = gone->room * 2 + 64;
		gone->items =
		    arena_grow(work->arena, gone->items, gone->count, room, sizeof *gone->items);
		gone->room = room;
	}
	if (arena_has_failed(work->arena))
		return;
	gone->items[gone->count++] = (struct gone_member){.leaving = rows->tag,
	    .id = db_column_int(rows, 0),
	    .user = db_column_int(rows, 1),
	    .group = db_column_int(rows, 2),
	    .course = db_column_int(rows, 3),
	    .context = db_column_int(rows, 4)};
}

static void tell(struct work *work, const struct gone_member *is, struct audit_rows *told)
{
	audit_add(work, told,
	    (struct audit_row){.name = "\\core\\event\\group_member_removed",
	        .target = "group_member",
	        .action = "removed",
	        .table = "groups",
	        .crud = "d",
	        .object = is->group,
	        .context = is->context,
	        .level = LEVEL_COURSE,
	        .instance = is->course,
	        .course = is->course,
	        .related = is->user,
	        .other = audit_other(work, json_null())});
}

struct gone_members members_take(struct work *work, const char *sql,
    const struct db_questions *questions, struct leaving *leavings)
{
	struct gone_members gone = {0};
	struct db_rows rows = db_ask(work->lms->db, sql, questions);
	while (db_next(&rows))
		gone_add(work, &gone, &rows);
	int64_t *groups = arena_alloc(work->arena, (gone.count + 1) * sizeof *groups);
	for (size_t i = 0; groups && i < gone.count; i++) {
		const struct gone_member *is = &gone.items[i];
		groups[i] = is->group;
		tell(work, is, &leavings[is->leaving].told);
		db_run(work->lms->db, "DELETE FROM {groups_members} WHERE id = ?",
		    DB_VALUES(db_int(is->id)));
	}
	if (groups)
		groups_touch(work, groups, gone.count);
	return gone;
}

void members_take_leave(struct work *work, const char *sql, const struct db_questions *questions,
    struct leaving *leavings)
{
	const struct gone_members gone = members_take(work, sql, questions, leavings);
	chats_leave(work, &gone);
	quiz_times_follow(work, &gone);
	for (size_t i = 0; i < gone.count; i++)
		chore_member(work->lms, gone.items[i].user);
}
