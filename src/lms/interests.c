/*
 * interests: the tags of people, set as a whole (lms/README 5.6): tags that nobody has yet are
 * made, in the collection of people's tags and not as standard ones; those that the person is no
 * longer to have are taken away, and the others get the order in which they are named.
 */
#include "work.h"

#include "php.h"

#include <stdlib.h>

/* One tag of one person. */
struct interest {
	size_t change;
	int64_t user, tag, ordering;
	int64_t instance; /* 0: to be made */
	struct slice name, raw;
	bool is_new; /* the tag was made here */
};

struct interests {
	struct work *work;
	struct interest *items; /* change by change */
	size_t count;
	size_t *starts;    /* by change: where its items begin */
	int64_t *contexts; /* by change: the person's own */
	size_t people;     /* the greatest index of one, and one more */
	bool *is_new;      /* by person: the account was made by these changes */
};

static struct slice other(struct work *work, json_t *data)
{
	return php_encode(data, work->lms->site.audit_json, work->arena);
}

/* As PHP has ids: numbers of what was just made, texts of what was read. */
static json_t *id_of(int64_t id, bool is_new)
{
	return is_new ? json_integer((json_int_t)id) : json_sprintf("%lld", (long long)id);
}

static const struct interests_change *wanted_by(const struct interests *all, size_t change)
{
	return all->work->effects->changes[change].interests;
}

static int64_t user_of(const struct interests *all, size_t change)
{
	const struct effects *effects = all->work->effects;
	return effects->people[effects->changes[change].person].id;
}

/* ---- tags ---- */

static int by_name(const void *a, const void *b)
{
	const struct interest *x = *(struct interest *const *)a, *y = *(struct interest *const *)b;
	size_t shared = x->name.size < y->name.size ? x->name.size : y->name.size;
	int order = memcmp(x->name.bytes, y->name.bytes, shared);
	if (order != 0 || x->name.size != y->name.size)
		return order != 0 ? order : (x->name.size < y->name.size ? -1 : 1);
	return x < y ? -1 : x > y;
}

/* The first of each name, in the order of the changes. */
static int by_place(const void *a, const void *b)
{
	const struct interest *x = *(struct interest *const *)a, *y = *(struct interest *const *)b;
	return x < y ? -1 : x > y;
}

static const struct db_table tag_table = {"tag",
    "userid, tagcollid, name, rawname, isstandard, descriptionformat, flag, timemodified", 8};

static void tag_tell(struct work *work, const struct interest *tag)
{
	audit_keep(work, tag->change,
	    (struct audit_row){.name = "\\core\\event\\tag_created",
	        .target = "tag",
	        .action = "created",
	        .table = "tag",
	        .crud = "c",
	        .object = tag->tag,
	        .context = work->lms->site.system_context,
	        .level = LEVEL_SYSTEM,
	        .related = work->lms->site.actor,
	        .other =
	            other(work, json_pack("{s:s%, s:s%}", "name", tag->name.bytes, tag->name.size,
	                            "rawname", tag->raw.bytes, tag->raw.size))});
}

/* Names that the database takes for the same are one, by its unique key. */
static void tags_find(struct interests *all, struct interest **firsts, size_t count)
{
	struct db_questions questions = db_questions_begin(all->work->arena);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i,
		    DB_VALUES(db_text(firsts[i]->name), db_int(all->work->lms->tag_collection)));
	struct db_rows rows = db_ask(all->work->lms->db,
	    "SELECT t.id, t.name, t.rawname FROM {each}{tag} t WHERE t.name = ?1 AND {index_tail "
	    "t.tagcollid} = ?2",
	    &questions);
	while (db_next(&rows)) {
		struct interest *first = firsts[rows.tag];
		first->tag = db_column_int(&rows, 0);
		first->raw = arena_copy(all->work->arena, db_column_text(&rows, 2));
	}
}

static void tags_make(struct interests *all, struct interest **firsts, size_t count)
{
	struct work *work = all->work;
	struct new_rows rows = new_rows_begin(work, &tag_table, count);
	const struct db_value zero = db_int(0);
	for (size_t i = 0; i < count; i++)
		if (firsts[i]->tag == 0)
			new_rows_add(&rows, DB_VALUES(db_int(work->lms->site.actor),
			                        db_int(work->lms->tag_collection),
			                        db_text(firsts[i]->name), db_text(firsts[i]->raw),
			                        zero, zero, zero, db_int(work->effects->now)));
	new_rows_write(work, &rows);
	size_t used = 0;
	for (size_t i = 0; i < count && used < rows.count; i++)
		if (firsts[i]->tag == 0) {
			firsts[i]->tag = rows.ids[used++];
			firsts[i]->is_new = true;
			tag_tell(work, firsts[i]);
		}
}

static size_t wave_size(const struct interests *all, const size_t *wave, size_t count)
{
	size_t size = 0;
	for (size_t w = 0; w < count; w++)
		size += wanted_by(all, wave[w])->count;
	return size;
}

/* Every item of these changes gets its tag's id: those of later ones may lose their tag to these.
 */
static void tags_settle(struct interests *all, const size_t *wave, size_t changes)
{
	struct arena *arena = all->work->arena;
	size_t room = wave_size(all, wave, changes), items = 0, count = 0;
	struct interest **sorted = arena_alloc(arena, (room + 1) * sizeof(struct interest *));
	struct interest **firsts = arena_alloc(arena, (room + 1) * sizeof(struct interest *));
	if (!sorted || !firsts || room == 0)
		return;
	for (size_t w = 0; w < changes; w++)
		for (size_t k = 0; k < wanted_by(all, wave[w])->count; k++)
			sorted[items++] = &all->items[all->starts[wave[w]] + k];
	qsort(sorted, items, sizeof *sorted, by_name);
	for (size_t i = 0; i < items; i++)
		if (i == 0 || !slice_is(sorted[i]->name, sorted[i - 1]->name))
			firsts[count++] = sorted[i];
	qsort(firsts, count, sizeof *firsts, by_place);
	tags_find(all, firsts, count);
	tags_make(all, firsts, count);
	for (size_t i = 1; i < items; i++)
		if (slice_is(sorted[i]->name, sorted[i - 1]->name)) {
			sorted[i]->tag = sorted[i - 1]->tag;
			sorted[i]->raw = sorted[i - 1]->raw;
			sorted[i]->is_new = sorted[i - 1]->is_new;
		}
}

/* ---- instances ---- */

static struct interest *item_find(struct interests *all, size_t change, int64_t tag)
{
	for (size_t i = all->starts[change]; i < all->count && all->items[i].change == change; i++)
		if (all->items[i].tag == tag)
			return &all->items[i];
	return NULL;
}

static void instance_keep(
    const struct interests *all, struct interest *item, const struct db_rows *rows)
{
	struct db *db = all->work->lms->db;
	const struct db_value instance = db_int(db_column_int(rows, TAG_INSTANCE));
	int64_t context = all->contexts[item->change];
	item->instance = instance.integer;
	if (context != 0 && db_column_int(rows, TAG_CONTEXT) != context)
		db_run(db, "UPDATE {tag_instance} SET contextid = ? WHERE id = ?",
		    DB_VALUES(db_int(context), instance));
	if (db_column_int(rows, TAG_ORDERING) != item->ordering)
		db_run(db, "UPDATE {tag_instance} SET ordering = ?, timemodified = ? WHERE id = ?",
		    DB_VALUES(db_int(item->ordering), db_int(all->work->effects->now), instance));
}

static struct db_questions people_questions(struct interests *all, const size_t *wave, size_t count)
{
	struct db_questions questions = db_questions_begin(all->work->arena);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, wave[i], DB_VALUES(db_int(user_of(all, wave[i]))));
	return questions;
}

static void instances_sift(
    struct interests *all, const struct db_questions *people, struct lost_tags *lost)
{
	struct work *work = all->work;
	struct db_rows rows = db_ask(work->lms->db, tags_of_people, people);
	while (db_next(&rows)) {
		struct interest *item = item_find(all, rows.tag, db_column_int(&rows, TAG_ID));
		if (item && item->instance == 0) {
			instance_keep(all, item, &rows);
			continue;
		}
		db_run(work->lms->db, "DELETE FROM {tag_instance} WHERE id = ?",
		    DB_VALUES(db_int(db_column_int(&rows, TAG_INSTANCE))));
		tag_lose(work, lost, &rows, rows.tag, user_of(all, rows.tag));
	}
}

static const struct db_table instances_table = {"tag_instance",
    "tagid, component, itemtype, itemid, contextid, tiuserid, ordering, timecreated, timemodified",
    9};

static void instance_tell(const struct interests *all, const struct interest *item)
{
	const struct effects *effects = all->work->effects;
	bool is_new = all->is_new[effects->changes[item->change].person];
	audit_keep(all->work, item->change,
	    (struct audit_row){.name = "\\core\\event\\tag_added",
	        .target = "tag",
	        .action = "added",
	        .table = "tag_instance",
	        .crud = "c",
	        .object = item->instance,
	        .context = all->contexts[item->change],
	        .level = LEVEL_USER,
	        .instance = item->user,
	        .other = other(
	            all->work, json_pack("{s:o, s:s%, s:s%, s:o, s:s}", "tagid",
	                           id_of(item->tag, item->is_new), "tagname", item->name.bytes,
	                           item->name.size, "tagrawname", item->raw.bytes, item->raw.size,
	                           "itemid", id_of(item->user, is_new), "itemtype", "user"))});
}

static void instances_make(struct interests *all, const size_t *wave, size_t count)
{
	struct work *work = all->work;
	struct new_rows rows = new_rows_begin(work, &instances_table, all->count);
	struct interest **made = arena_alloc(work->arena, (all->count + 1) * sizeof *made);
	const struct db_value now = db_int(work->effects->now);
	for (size_t w = 0; made && w < count; w++)
		for (size_t i = all->starts[wave[w]];
		     i < all->count && all->items[i].change == wave[w]; i++) {
			struct interest *item = &all->items[i];
			if (item->instance != 0 || rows.count == rows.room)
				continue;
			made[rows.count] = item;
			new_rows_add(&rows,
			    DB_VALUES(db_int(item->tag), db_string("core"), db_string("user"),
			        db_int(item->user), db_int(all->contexts[item->change]), db_int(0),
			        db_int(item->ordering), now, now));
		}
	new_rows_write(work, &rows);
	for (size_t i = 0; made && i < rows.count; i++) {
		made[i]->instance = rows.ids[i];
		instance_tell(all, made[i]);
	}
}

static void contexts_find(struct interests *all, const struct db_questions *people)
{
	struct db_rows rows = db_ask(all->work->lms->db,
	    "SELECT id FROM {each}{context} WHERE contextlevel = 30 AND instanceid = ?1", people);
	while (db_next(&rows))
		all->contexts[rows.tag] = db_column_int(&rows, 0);
}

/* ---- all of them ---- */

/* Changes of different people. */
static void wave_write(struct interests *all, const size_t *wave, size_t count)
{
	struct lost_tags lost = {.count = 0};
	struct db_questions people = people_questions(all, wave, count);
	tags_settle(all, wave, count);
	contexts_find(all, &people);
	instances_sift(all, &people, &lost);
	instances_make(all, wave, count);
	lost_tags_clear(all->work, &lost);
}

static bool items_gather(struct interests *all)
{
	const struct effects *effects = all->work->effects;
	struct arena *arena = all->work->arena;
	size_t room = 0;
	for (size_t i = 0; i < effects->count; i++) {
		const struct change *change = &effects->changes[i];
		if (change->kind == CHANGE_SET_INTERESTS)
			room += change->interests->count + 1; /* which may be none */
		if (change->kind <= CHANGE_SET_INTERESTS && change->person >= all->people)
			all->people = change->person + 1;
	}
	if (room == 0)
		return false;
	all->items = arena_alloc(arena, room * sizeof *all->items);
	all->starts = arena_alloc(arena, effects->count * sizeof *all->starts);
	all->contexts = arena_alloc(arena, effects->count * sizeof *all->contexts);
	all->is_new = arena_alloc(arena, all->people * sizeof *all->is_new);
	if (arena_has_failed(arena))
		return false;
	for (size_t i = 0; i < effects->count; i++) {
		const struct change *change = &effects->changes[i];
		all->starts[i] = all->count;
		if (change->kind == CHANGE_CREATE_ACCOUNT)
			all->is_new[change->person] = true;
		for (uint32_t k = 0;
		     change->kind == CHANGE_SET_INTERESTS && k < change->interests->count; k++)
			all->items[all->count++] = (struct interest){.change = i,
			    .user = user_of(all, i),
			    .ordering = k,
			    .name = wanted_by(all, i)->names[k],
			    .raw = wanted_by(all, i)->raws[k]};
	}
	return true;
}

void interests_write(struct work *work)
{
	const struct effects *effects = work->effects;
	struct interests all = {.work = work};
	size_t count = 0, number = 1;
	if (!items_gather(&all))
		return;
	size_t *wave = arena_alloc(work->arena, effects->count * sizeof *wave);
	/* By person: the number of the last wave that has one of the changes. */
	size_t *last = arena_alloc(work->arena, all.people * sizeof *last);
	for (size_t i = 0; wave && last && i < effects->count; i++) {
		if (effects->changes[i].kind != CHANGE_SET_INTERESTS)
			continue;
		if (last[effects->changes[i].person] == number) {
			wave_write(&all, wave, count);
			count = 0;
			number++;
		}
		last[effects->changes[i].person] = number;
		wave[count++] = i;
	}
	if (wave && last)
		wave_write(&all, wave, count);
}
