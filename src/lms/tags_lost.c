/*
 * tags_lost: a tag is taken from somebody, and one that is not standard goes with the last thing
 * that has it (lms/README 5.6).
 */
#include "work.h"

#include "php.h"

#include <stdlib.h>

const char tags_of_people[] =
    "SELECT i.id, t.id, t.name, t.rawname, x.id, x.contextlevel, x.instanceid, i.ordering FROM "
    "{each}{tag_instance} i JOIN {tag} t ON t.id = i.tagid LEFT JOIN {context} x ON x.id = "
    "i.contextid WHERE i.itemid = ?1 AND i.itemtype = 'user' AND i.component = 'core' ORDER "
    "BY i.ordering, i.id";

static struct slice other(struct work *work, json_t *data)
{
	return php_encode(data, work->lms->site.audit_json, work->arena);
}

/* PHP has read all columns as texts. */
static json_t *text_of(int64_t number)
{
	return json_sprintf("%lld", (long long)number);
}

static void lost_add(struct work *work, struct lost_tags *lost, int64_t tag, size_t change)
{
	if (lost->count == lost->room) {
		size_t room = lost->room * 2 + 64;
		lost->items =
		    arena_grow(work->arena, lost->items, lost->count, room, sizeof *lost->items);
		lost->room = room;
	}
	if (!arena_has_failed(work->arena))
		lost->items[lost->count++] = (struct lost_tag){tag, change};
}

void tag_lose(struct work *work, struct lost_tags *lost, const struct db_rows *rows, size_t change,
    int64_t user)
{
	struct slice name = db_column_text(rows, TAG_NAME), raw = db_column_text(rows, TAG_RAW);
	int64_t context = db_column_int(rows, TAG_CONTEXT);
	bool is_somewhere = context != 0;
	audit_keep(work, change,
	    (struct audit_row){.name = "\\core\\event\\tag_removed",
	        .target = "tag",
	        .action = "removed",
	        .table = "tag_instance",
	        .crud = "d",
	        .object = db_column_int(rows, TAG_INSTANCE),
	        .context = is_somewhere ? context : work->lms->site.system_context,
	        .level = is_somewhere ? db_column_int(rows, TAG_LEVEL) : LEVEL_SYSTEM,
	        .instance = is_somewhere ? db_column_int(rows, TAG_WHERE) : 0,
	        .other = other(work, json_pack("{s:o, s:s%, s:s%, s:o, s:s}", "tagid",
	                                 text_of(db_column_int(rows, TAG_ID)), "tagname",
	                                 name.bytes, name.size, "tagrawname", raw.bytes, raw.size,
	                                 "itemid", text_of(user), "itemtype", "user"))});
	lost_add(work, lost, db_column_int(rows, TAG_ID), change);
}

static int by_tag(const void *a, const void *b)
{
	const struct lost_tag *x = a, *y = b;
	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return x->change < y->change ? -1 : x->change > y->change;
}

/* Asks for each tag once, by its last change. */
static struct db_questions lost_questions(struct work *work, struct lost_tags *lost)
{
	struct db_questions questions = db_questions_begin(work->arena);
	if (lost->count > 0)
		qsort(lost->items, lost->count, sizeof *lost->items, by_tag);
	for (size_t i = 0; i < lost->count; i++)
		if (i + 1 == lost->count || lost->items[i].tag != lost->items[i + 1].tag)
			db_question(&questions, i, DB_VALUES(db_int(lost->items[i].tag)));
	return questions;
}

static void tag_delete(struct work *work, const struct db_rows *rows, size_t change)
{
	const struct db_value tag = db_int(db_column_int(rows, 0));
	struct slice name = db_column_text(rows, 1), raw = db_column_text(rows, 2);
	if (rights_has_table(&work->lms->rights, "tag_correlation"))
		db_run(work->lms->db, "DELETE FROM {tag_correlation} WHERE tagid = ?", &tag, 1);
	db_run(work->lms->db, "DELETE FROM {tag} WHERE id = ?", &tag, 1);
	audit_keep(work, change,
	    (struct audit_row){.name = "\\core\\event\\tag_deleted",
	        .target = "tag",
	        .action = "deleted",
	        .table = "tag",
	        .crud = "d",
	        .object = tag.integer,
	        .context = work->lms->site.system_context,
	        .level = LEVEL_SYSTEM,
	        .related = db_column_int(rows, 3),
	        .other = other(work, json_pack("{s:s%, s:s%}", "name", name.bytes, name.size,
	                                 "rawname", raw.bytes, raw.size))});
}

void lost_tags_clear(struct work *work, struct lost_tags *lost)
{
	struct db_questions questions = lost_questions(work, lost);
	struct db_rows rows = db_ask(work->lms->db,
	    "SELECT t.id, t.name, t.rawname, t.userid FROM {each}{tag} t WHERE t.id = ?1 AND "
	    "t.isstandard = 0 AND NOT EXISTS (SELECT 1 FROM {tag_instance} i WHERE i.tagid = t.id)",
	    &questions);
	while (db_next(&rows))
		tag_delete(work, &rows, lost->items[rows.tag].change);
}
