/*
 * undo_rows: what a row of a result is about, by its code, its column and what it says of before
 * and after; and which rows can be decided together.
 */
#include "undo.h"

#include "enrold/hashlist.h"
#include "enrold/value.h"

#include <stdlib.h>

/* ---- what it is about ---- */

static bool starts(struct slice text, const char *with)
{
	size_t size = strlen(with);
	return text.size >= size && memcmp(text.bytes, with, size) == 0;
}

/* "course12" */
static bool is_numbered(struct slice column, const char *name)
{
	size_t size = strlen(name);
	bool is_it = starts(column, name) && column.size > size;
	for (size_t i = size; i < column.size && is_it; i++)
		is_it = column.bytes[i] >= '0' && column.bytes[i] <= '9';
	return is_it;
}

static bool is_ever(enum code code)
{
	return code != CODE_ACCOUNT_DELETED && code != CODE_GROUPING_CREATED &&
	       code != CODE_GROUPING_JOINED;
}

static enum undo_kind kind_by_column(const struct undo_row *row)
{
	struct slice state = row->after.size > 0 ? row->after : row->before;
	bool is_name = starts(row->before, "username=") && starts(row->after, "username=");
	if (is_numbered(row->column, "sysrole"))
		return UNDO_SITE_ROLES;
	if (is_numbered(row->column, "categoryrole") || is_numbered(row->column, "category"))
		return UNDO_CATEGORY_ROLES;
	if (is_numbered(row->column, "group"))
		return UNDO_GROUP;
	if (is_numbered(row->column, "cohort"))
		return UNDO_COHORT;
	if (starts(state, "status=") || starts(state, "roles="))
		return UNDO_ENROLMENT;
	if (starts(state, "interests="))
		return UNDO_INTERESTS;
	return is_name ? UNDO_NAME : UNDO_ACCOUNT;
}

enum undo_kind undo_kind_of(enum outcome_kind outcome, const struct undo_row *row)
{
	if (outcome != OUTCOME_DONE && outcome != OUTCOME_WARNING)
		return UNDO_NOTHING;
	bool is_of_groups = row->code == CODE_GROUP_CREATED && !is_numbered(row->column, "group");
	if (!is_ever(row->code) || is_of_groups)
		return UNDO_NEVER;
	if (slice_is(row->before, row->after))
		return UNDO_NOTHING;
	return row->code == CODE_ACCOUNT_CREATED ? UNDO_NEW_ACCOUNT : kind_by_column(row);
}

/* ---- what it names ---- */

struct slice undo_course_name(const struct undo_row *row, struct arena *arena)
{
	struct slice name = row->target;
	if (row->kind == UNDO_GROUP && !described_find(row->before, "course", arena, &name) &&
	    !described_find(row->after, "course", arena, &name))
		return SLICE("");
	return name;
}

/* What was left stands there with its minus. */
struct slice undo_member_name(const struct undo_row *row)
{
	bool was_left = row->code == CODE_GROUP_LEFT || row->code == CODE_COHORT_LEFT;
	struct slice name = row->target;
	if (!was_left || name.size == 0 || name.bytes[0] != '-')
		return name;
	return value_trim((struct slice){name.bytes + 1, name.size - 1});
}

/* ---- which can be decided together ---- */

/* A person, by name, or what somebody has in a course. */
struct moved {
	struct slice who, where;
};

struct parting {
	struct hashlist people; /* everything of theirs is another one by now */
	struct hashlist places; /* so is what they have there; `where` empty: anywhere */
	struct arena *arena;
	bool has_failed;
};

static uint32_t moved_hash(const void *context, const void *item)
{
	const struct moved *moved = item;
	(void)context;
	return hashlist_hash_pair(hashlist_hash_text(moved->who), hashlist_hash_text(moved->where));
}

static bool has_moved(const struct hashlist *list, struct slice who, struct slice where)
{
	const struct moved wanted = {who, where};
	size_t at = moved_hash(NULL, &wanted);
	for (uint32_t number; (number = hashlist_next(list, &at)) != 0;) {
		const struct moved *is = hashlist_at(list, number);
		if (slice_is(is->who, who) && slice_is(is->where, where))
			return true;
	}
	return false;
}

static void moved_add(
    struct parting *parting, struct hashlist *list, struct slice who, struct slice where)
{
	if (!has_moved(list, who, where))
		parting->has_failed |= !hashlist_add(list, &(struct moved){who, where});
}

static struct slice former_name(const struct parting *parting, const struct undo_row *row)
{
	struct slice name = row->username;
	if (row->kind == UNDO_NAME)
		described_find(row->before, "username", parting->arena, &name);
	return name;
}

static bool is_old(const struct parting *parting, const struct undo_row *row)
{
	bool is_there = row->kind == UNDO_ENROLMENT || row->kind == UNDO_GROUP;
	return has_moved(&parting->people, row->username, SLICE("")) ||
	       has_moved(&parting->people, former_name(parting, row), SLICE("")) ||
	       (row->kind == UNDO_COHORT &&
	           has_moved(&parting->places, row->username, SLICE(""))) ||
	       (is_there && has_moved(&parting->places, row->username,
	                        undo_course_name(row, parting->arena)));
}

static void person_move(struct parting *parting, const struct undo_row *row)
{
	moved_add(parting, &parting->people, row->username, SLICE(""));
	moved_add(parting, &parting->people, former_name(parting, row), SLICE(""));
}

/* The plan moves all facts but these along with its changes. */
static void row_move(struct parting *parting, const struct undo_row *row)
{
	bool goes_or_comes = row->kind == UNDO_ENROLMENT &&
	                     starts(row->before, "status=") != starts(row->after, "status=");
	if (row->kind == UNDO_COHORT || row->kind == UNDO_NAME)
		person_move(parting, row);
	if (!goes_or_comes)
		return;
	moved_add(parting, &parting->places, row->username, undo_course_name(row, parting->arena));
	moved_add(parting, &parting->places, row->username, SLICE(""));
}

bool undo_part(struct undo_row **rows, size_t all, size_t *count)
{
	struct parting parting = {.people = {.hash = moved_hash, .size = sizeof(struct moved)},
	    .places = {.hash = moved_hash, .size = sizeof(struct moved)},
	    .arena = arena_create()};
	struct undo_row **later = reallocarray(NULL, all + 1, sizeof *later);
	size_t later_count = 0;
	parting.has_failed = !later || !parting.arena;
	*count = 0;
	for (size_t i = 0; i < all && !parting.has_failed; i++) {
		if (is_old(&parting, rows[i])) {
			person_move(&parting, rows[i]);
			later[later_count++] = rows[i];
		} else {
			row_move(&parting, rows[i]);
			rows[(*count)++] = rows[i];
		}
	}
	if (!parting.has_failed && later_count > 0)
		memcpy(rows + *count, later, later_count * sizeof *later);
	free(later);
	hashlist_done(&parting.people);
	hashlist_done(&parting.places);
	arena_free(parting.arena);
	return !parting.has_failed;
}
