/*
 * compose_source: the columns of one member, and how they become columns of the whole. All that is
 * looked up by a name is looked up here, once for a file; a row then costs its cells.
 */
#include "compose_parts.h"

#include "enrold/value.h"

/* ---- the whole ---- */

static struct error too_wide(const struct csvin_record *headings)
{
	return error_reject("header_broken", headings->line,
	    "the files have more than %d columns: leave out what is not needed",
	    (int)COMPOSE_COLUMNS_MAX);
}

static bool whole_reserve(struct whole *whole)
{
	if (whole->count < whole->room)
		return true;
	size_t room = whole->room ? whole->room * 2 : 64;
	struct slice *headings =
	    arena_grow(whole->arena, whole->headings, whole->count, room, sizeof *whole->headings);
	uint32_t *member_of = arena_grow(
	    whole->arena, whole->member_of, whole->count, room, sizeof *whole->member_of);
	if (!headings || !member_of)
		return false;
	whole->headings = headings;
	whole->member_of = member_of;
	whole->room = room;
	return true;
}

/* The column of the whole that is called so; a member that has it twice gets two, for the header to
 * be refused. */
static uint32_t whole_take(struct whole *whole, struct slice heading, uint32_t member)
{
	struct slice folded = columns_fold(heading, whole->arena);
	uint32_t known = folded.size > 0 ? index_find(whole->index, folded) : INDEX_NONE;
	if (known != INDEX_NONE && whole->member_of[known] != member) {
		whole->member_of[known] = member;
		return known;
	}
	if (!whole_reserve(whole))
		return COLUMN_NONE;
	uint32_t column = (uint32_t)whole->count++;
	whole->headings[column] = arena_copy(whole->arena, heading);
	whole->member_of[column] = member;
	if (folded.size > 0)
		whole->named_count = whole->count;
	if (folded.size > 0 && known == INDEX_NONE)
		index_add(&whole->index, whole->arena, folded, column);
	return column;
}

/* ---- a column ---- */

static struct slice number_of_name(struct slice name)
{
	const struct column *known = column_find(name, false);
	size_t digits = known && known->is_numbered ? column_digits(name) : 0;
	return (struct slice){name.bytes + name.size - digits, digits};
}

/* Words may stand for cells of a numbered column. */
static struct slice number_of(
    const struct policy *policy, struct slice heading, struct slice name, struct arena *arena)
{
	struct slice number = number_of_name(name);
	for (size_t i = 0; i + 3 < policy->values.count && number.size == 0; i += 4)
		if (heading_is(policy, heading, policy->values.items[i], arena))
			number = number_of_name(
			    value_lower(slice_of(policy->values.items[i + 2]), arena));
	return number;
}

static struct slice split_of(const struct policy *policy, struct slice heading, struct arena *arena)
{
	for (size_t i = 0; i + 1 < policy->split.count; i += 2)
		if (heading_is(policy, heading, policy->split.items[i], arena))
			return slice_of(policy->split.items[i + 1]);
	return SLICE("");
}

static struct slice key_name(const struct policy *policy)
{
	static const char *const names[] = {
	    [MATCH_USERNAME] = "username", [MATCH_EMAIL] = "email", [MATCH_IDNUMBER] = "idnumber"};
	return slice_of(names[policy->match_by]);
}

static bool is_remark(struct slice name)
{
	const struct column *known = column_find(name, false);
	return known && column_is_remark(known->id);
}

static void column_read(
    struct source *source, uint32_t index, struct slice heading, struct arena *arena)
{
	const struct policy *policy = source->member->policy;
	struct source_column *column = &source->columns[index];
	struct slice name = heading_name(policy, heading, arena);
	if (name.size == 0)
		return;
	source->named_count = index + 1;
	column->number = number_of(policy, heading, name, arena);
	column->split = split_of(policy, heading, arena);
	column->is_key = slice_is(name, key_name(policy));
	column->is_plain = is_remark(name);
	source->has_split |= column->split.size > 0;
	if (column->is_key && source->key == COLUMN_NONE)
		source->key = index;
	if (policy->newest_by && heading_is(policy, heading, policy->newest_by, arena))
		source->date = index;
}

/* ---- a member ---- */

static struct slice heading_of(
    const struct compose_member *member, struct slice heading, struct arena *arena)
{
	return member->kind ? preset_heading(member->kind, heading, arena) : heading;
}

static bool has_column(const struct source *source, const struct csvin_record *headings,
    const char *name, struct arena *arena)
{
	for (size_t i = 0; i < headings->cells_count; i++)
		if (heading_is(source->member->policy, headings->cells[i], name, arena))
			return true;
	return false;
}

static bool sets_make(struct source *source, const struct csvin_record *headings,
    struct whole *whole, uint32_t member)
{
	const struct text_list *set = &source->member->policy->set;
	source->sets = arena_alloc(whole->arena, (set->count + 1) * sizeof *source->sets);
	for (size_t i = 0; source->sets && i + 1 < set->count; i += 2) {
		struct slice name = slice_of(set->items[i]);
		if (has_column(source, headings, set->items[i], whole->arena))
			continue;
		source->sets[source->sets_count++] = (struct source_set){
		    .target =
		        whole_take(whole, heading_of(source->member, name, whole->arena), member),
		    .number = number_of_name(value_lower(name, whole->arena)),
		    .cell = slice_of(set->items[i + 1])};
	}
	return source->sets != NULL;
}

static struct error newest_check(const struct source *source, uint64_t line)
{
	const struct policy *policy = source->member->policy;
	if (!policy->newest_by)
		return OK;
	if (source->date == COLUMN_NONE)
		return error_reject("compose_newest", line,
		    "the file has no column '%s', by which newest_by finds each person's newest "
		    "row",
		    policy->newest_by);
	if (source->key == COLUMN_NONE)
		return error_reject("compose_newest", line,
		    "the file has no column %s, by which newest_by tells whose rows they are: add "
		    "it, or see whether the feed's match_by is right",
		    key_name(policy).bytes);
	return OK;
}

struct error source_make(struct whole *whole, const struct compose_member *member, uint32_t index,
    const struct csvin_record *headings, struct source *source)
{
	size_t count = headings->cells_count;
	*source = (struct source){.member = member,
	    .columns = arena_alloc(whole->arena, (count + 1) * sizeof *source->columns),
	    .columns_count = count,
	    .key = COLUMN_NONE,
	    .date = COLUMN_NONE};
	if (headings->fault != CSVIN_WHOLE)
		return error_reject("header_broken", headings->line, "the header %s",
		    headings->fault == CSVIN_BROKEN
		        ? "has text after a closing quote: correct its quotes"
		        : "is too long or has too many columns");
	if (whole->count + count + member->policy->set.count / 2 > COMPOSE_COLUMNS_MAX)
		return too_wide(headings);
	for (uint32_t i = 0; source->columns && i < count; i++) {
		struct slice heading = heading_of(member, headings->cells[i], whole->arena);
		source->columns[i].target = whole_take(whole, heading, index);
		column_read(source, i, headings->cells[i], whole->arena);
	}
	if (member->kind && member->policy->empty.count > 0)
		source->empty = words_of_empty(member->policy, whole->arena);
	if (!source->columns || !sets_make(source, headings, whole, index) ||
	    arena_has_failed(whole->arena))
		return error_memory("composing files");
	return newest_check(source, headings->line);
}

bool source_is_even(const struct source *source, const struct csvin_record *record)
{
	size_t count = record->cells_count;
	while (count > source->columns_count && record->cells[count - 1].bytes &&
	       value_trim(record->cells[count - 1]).size == 0)
		count--;
	return count >= source->named_count && count <= source->columns_count;
}
