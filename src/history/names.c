/*
 * names: a person's user names over time, by the rows that say who was renamed.
 *
 *     anna --2026-03-01--> anna.berg --2026-09-01--> anna.holm
 *     |------------------| |-----------------------| |--------> today
 *
 * Who asks for anna means her, unless somebody else is called so today. The e-mail address and the
 * idnumber count as well, in rows of feeds that find people by them and found nobody: there they
 * stand in the place of a name.
 */
#include "history.h"

#include "enrold/columns.h"
#include "enrold/described.h"
#include "enrold/value.h"

#include <stdio.h>

enum { RENAMES_MAX = 1000 };

struct rename {
	char run[RUN_ID_SIZE + 1];
	struct slice old, new;
};

struct renames {
	struct arena *arena;
	struct rename items[RENAMES_MAX];
	size_t count;
};

static struct name *name_add(struct names *names, enum name_kind_of kind, struct slice text)
{
	if (names->count == NAMES_MAX || text.size == 0)
		return NULL;
	struct name *name = &names->items[names->count++];
	*name = (struct name){.kind = kind, .text = text};
	return name;
}

static bool has_name(const struct names *names, struct slice text, struct arena *arena)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->items[i].kind == NAME_USERNAME &&
		    value_is_alike(names->items[i].text, text, arena))
			return true;
	return false;
}

/* ---- all renames that have to do with these names ---- */

static void rename_note(
    struct renames *renames, const struct past_run *run, const struct found_row *row)
{
	struct slice old;
	if (renames->count == RENAMES_MAX || !described_may_rename(row->cells[RESULT_CODE]) ||
	    !described_find(row->cells[RESULT_BEFORE], "username", renames->arena, &old))
		return;
	struct rename *rename = &renames->items[renames->count++];
	snprintf(rename->run, sizeof rename->run, "%.*s", SLICE_ARG(run->row.run));
	rename->old = arena_copy(renames->arena, old);
	rename->new = arena_copy(renames->arena, row->cells[RESULT_USERNAME]);
}

static struct error runs_search(
    struct history *history, const struct names *names, struct renames *renames)
{
	struct past *past = NULL;
	const struct past_run *run = NULL;
	struct arena *arena = arena_create();
	struct error error = arena ? past_open(history, &(struct past_range){.after = ""}, &past)
	                           : error_memory("looking for names");
	while (!is_error(&error)) {
		struct found_rows found = {0};
		error = past_next(past, &run);
		if (is_error(&error) || !run)
			break;
		if (!run->has_renames || past_is_rehearsal(run))
			continue;
		arena_reset(arena);
		error = search(history, run, names, arena, &found);
		for (size_t i = 0; i < found.count; i++)
			rename_note(renames, run, &found.rows[i]);
	}
	past_close(past);
	arena_free(arena);
	return error;
}

/* Each round finds whom those of the last one had been, and have become. */
static struct error renames_find(
    struct history *history, struct names *around, struct renames *renames)
{
	enum { ROUNDS_MAX = 16 };
	struct error error = OK;
	size_t before = 0;
	for (int round = 0; round < ROUNDS_MAX && before < around->count; round++) {
		before = around->count;
		renames->count = 0;
		error = runs_search(history, around, renames);
		if (is_error(&error))
			break;
		for (size_t i = 0; i < renames->count; i++) {
			if (!has_name(around, renames->items[i].old, renames->arena))
				name_add(around, NAME_USERNAME, renames->items[i].old);
			if (!has_name(around, renames->items[i].new, renames->arena))
				name_add(around, NAME_USERNAME, renames->items[i].new);
		}
	}
	return error;
}

/* ---- the person's way through them ---- */

static bool is_renamed(const struct renames *renames, size_t index, struct slice old)
{
	return value_is_alike(renames->items[index].old, old, renames->arena);
}

/* Whom the name's last holder became. */
static struct slice follow(const struct renames *renames, struct slice name)
{
	size_t next = renames->count;
	while (next > 0 && !is_renamed(renames, next - 1, name))
		next--;
	if (next == 0)
		return name;
	for (name = renames->items[next - 1].new; next < renames->count; next++)
		if (is_renamed(renames, next, name))
			name = renames->items[next].new;
	return name;
}

/* From today backwards. */
static void trace(struct names *names, const struct renames *renames, struct slice name)
{
	char until[RUN_ID_SIZE + 1] = "";
	for (size_t i = renames->count;; i--) {
		while (i > 0 && !value_is_alike(renames->items[i - 1].new, name, renames->arena))
			i--;
		struct name *is = name_add(names, NAME_USERNAME, name);
		if (!is)
			return;
		memcpy(is->until, until, sizeof until);
		if (i == 0)
			return;
		memcpy(is->from, renames->items[i - 1].run, sizeof is->from);
		memcpy(until, is->from, sizeof until);
		name = renames->items[i - 1].old;
	}
}

struct error names_find(struct history *history, struct slice text, bool is_of_today,
    struct arena *arena, struct names *names)
{
	struct names *around = arena_alloc(arena, sizeof *around);
	struct renames *renames = arena_alloc(arena, sizeof *renames);
	*names = (struct names){.count = 0};
	if (!around || !renames)
		return error_memory("looking for names");
	renames->arena = arena;
	text = value_brief(text, RESULT_NAME_MAX, arena);
	name_add(around, NAME_USERNAME, text);
	struct error error = renames_find(history, around, renames);
	if (is_error(&error))
		return error;
	trace(names, renames, is_of_today ? text : follow(renames, text));
	return arena_has_failed(arena) ? error_memory("looking for names") : OK;
}

void names_add_account(
    struct names *names, const struct account_facts *account, struct arena *arena)
{
	name_add(
	    names, NAME_EMAIL, value_brief(account->details[DETAIL_EMAIL], RESULT_NAME_MAX, arena));
	name_add(names, NAME_IDNUMBER,
	    value_brief(account->details[DETAIL_IDNUMBER], RESULT_NAME_MAX, arena));
}
