/*
 * enrol: people on their way into courses, written in the order of the indexes that the rows go
 * into: two sorted passes are more than twice as fast as one in the order of the file.
 */
#include "work.h"

#include <stdlib.h>

/* An entry with what it is sorted by. */
struct item {
	int64_t high, low;
	size_t entry;
};

static int item_compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static void items_sort(struct item *items, size_t count)
{
	if (count > 0)
		qsort(items, count, sizeof *items, item_compare);
}

static size_t together(size_t left)
{
	return left < ROWS_TOGETHER ? left : ROWS_TOGETHER;
}

/* ---- user_enrolments ---- */

const struct db_table user_enrolments_table = {"user_enrolments",
    "status, enrolid, userid, timestart, timeend, modifierid, timecreated, timemodified", 8};

static void enrol(struct work *work, struct new_enrolment *entries, const struct item *items,
    size_t count, struct new_rows *rows)
{
	const struct db_value actor = db_int(work->lms->site.actor),
	                      now = db_int(work->effects->now);
	rows->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct new_enrolment *entry = &entries[items[i].entry];
		new_rows_add(rows,
		    DB_VALUES(db_int(entry->status), db_int(entry->enrol), db_int(entry->user),
		        db_int(entry->timestart), db_int(entry->timeend), actor, now, now));
	}
	new_rows_write(work, rows);
	for (size_t i = 0; i < rows->count; i++)
		entries[items[i].entry].id = rows->ids[i];
}

static void enrol_all(
    struct work *work, struct new_enrolment *entries, size_t count, struct item *items)
{
	struct new_rows rows = new_rows_begin(work, &user_enrolments_table, together(count));
	size_t used = 0;
	for (size_t i = 0; i < count; i++)
		if (entries[i].enrols)
			items[used++] = (struct item){entries[i].enrol, entries[i].user, i};
	items_sort(items, used);
	db_insert_ahead(work->lms->db, rows.table, used);
	for (size_t i = 0; i < used; i += ROWS_TOGETHER)
		enrol(work, entries, items + i, together(used - i), &rows);
}

/* ---- role_assignments ---- */

const struct db_table role_assignments_table = {"role_assignments",
    "roleid, contextid, userid, timemodified, modifierid, component, itemid, sortorder", 8};

static void assign(struct work *work, struct new_enrolment *entries, const struct item *items,
    size_t count, struct new_rows *rows)
{
	const struct db_value actor = db_int(work->lms->site.actor),
	                      now = db_int(work->effects->now), nothing = db_string(""),
	                      zero = db_int(0);
	rows->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct new_enrolment *entry = &entries[items[i].entry];
		new_rows_add(rows, DB_VALUES(db_int(entry->role), db_int(entry->context),
		                       db_int(entry->user), now, actor, nothing, zero, zero));
	}
	new_rows_write(work, rows);
	for (size_t i = 0; i < rows->count; i++)
		entries[items[i].entry].assignment = rows->ids[i];
}

static void assign_all(
    struct work *work, struct new_enrolment *entries, size_t count, struct item *items)
{
	struct new_rows rows = new_rows_begin(work, &role_assignments_table, together(count));
	size_t used = 0;
	for (size_t i = 0; i < count; i++)
		if (entries[i].role != 0)
			items[used++] = (struct item){entries[i].user, entries[i].context, i};
	items_sort(items, used);
	db_insert_ahead(work->lms->db, rows.table, used);
	for (size_t i = 0; i < used; i += ROWS_TOGETHER)
		assign(work, entries, items + i, together(used - i), &rows);
}

/* ---- both ---- */

static bool takes_role(const struct new_enrolment *entry, int64_t user, int64_t context)
{
	return entry->enrols && entry->role == 0 && entry->user == user &&
	       entry->context == context;
}

void new_enrolment_add(
    struct new_enrolment *entries, size_t *count, const struct effects *effects, size_t index)
{
	const struct change *change = &effects->changes[index];
	const struct enrolment_facts *is = &effects->enrolments[change->enrolment];
	int64_t user = effects->people[is->person].id;
	bool is_role = change->kind == CHANGE_ASSIGN_ROLE;
	bool goes_along =
	    is_role && *count > 0 && takes_role(&entries[*count - 1], user, is->context);
	if (!goes_along)
		entries[(*count)++] = (struct new_enrolment){
		    .user = user, .enrol = is->enrol, .context = is->context, .course = is->course};
	struct new_enrolment *entry = &entries[*count - 1];
	if (is_role) {
		entry->role = change->role;
		entry->role_change = (uint32_t)index;
		return;
	}
	entry->enrols = true;
	entry->status = (int32_t)change->status;
	entry->timestart = change->timestart;
	entry->timeend = change->timeend;
	entry->enrol_change = (uint32_t)index;
}

void new_enrolments_write(struct work *work, struct new_enrolment *entries, size_t count)
{
	work->items = arena_alloc(work->arena, (count + 1) * sizeof *work->items);
	if (!work->items)
		return;
	enrol_all(work, entries, count, work->items);
	assign_all(work, entries, count, work->items);
}

/* Rows of one course side by side are one place in most of the log's indexes. */
void new_enrolments_audit(struct work *work, const struct new_enrolment *entries, size_t count)
{
	struct item *items = work->items;
	struct audit_log *log = audit_begin(work, count);
	if (!items || !log)
		return;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct item){entries[i].context, entries[i].user, i};
	items_sort(items, count);
	for (size_t i = 0; i < count; i++)
		audit_new_enrolment(log, &entries[items[i].entry]);
	audit_end(log);
}
