/*
 * whose: whether a row of an answer is about the person. A name counts for as long as it was the
 * person's.
 */
#include "history.h"

#include "enrold/described.h"
#include "enrold/value.h"

#include <stdio.h>

static bool is_of_time(const struct name *name, struct slice run)
{
	char id[RUN_ID_SIZE + 1];
	snprintf(id, sizeof id, "%.*s", SLICE_ARG(run));
	return strcmp(id, name->from) >= 0 &&
	       (*name->until == '\0' || strcmp(id, name->until) <= 0);
}

/* By what the run's feed finds people: without its policy anything. */
static bool is_sought_by(const struct past_run *run, enum name_kind_of kind)
{
	static const char *const words[] = {
	    [NAME_EMAIL] = "match_by=email", [NAME_IDNUMBER] = "match_by=idnumber"};
	struct slice policy = run->row.policy;
	return policy.size == 0 ||
	       memmem(policy.bytes, policy.size, words[kind], strlen(words[kind]));
}

/* It stands for a name because nobody was found. */
static bool is_of_nobody(struct slice cells[RESULT_CELLS])
{
	return slice_is(cells[RESULT_OUTCOME], SLICE("error")) ||
	       slice_is(cells[RESULT_OUTCOME], SLICE("skipped")) ||
	       slice_is(cells[RESULT_CODE], SLICE("already_deleted"));
}

const struct name *names_of_row(const struct names *names, const struct past_run *run,
    struct slice cells[RESULT_CELLS], struct arena *arena)
{
	struct slice old;
	for (size_t i = 0; i < names->count; i++) {
		const struct name *name = &names->items[i];
		bool is_it = value_is_alike(name->text, cells[RESULT_USERNAME], arena);
		if (name->kind != NAME_USERNAME)
			is_it = is_it && is_of_nobody(cells) && is_sought_by(run, name->kind);
		else if (!is_it && described_may_rename(cells[RESULT_CODE]))
			is_it = described_find(cells[RESULT_BEFORE], "username", arena, &old) &&
			        value_is_alike(name->text, old, arena);
		if (is_it && is_of_time(name, run->row.run))
			return name;
	}
	return NULL;
}
