#include "contradiction.h"

#include "enrold/columns.h"

static bool is_at(const struct policy *policy, const char *heading, size_t end, struct arena *arena)
{
	struct slice folded = columns_fold(slice_of(heading), arena);
	for (size_t i = 0; i < end; i++)
		if (slice_is(columns_fold(slice_of(policy->positions.items[i]), arena), folded))
			return true;
	return false;
}

static bool positions_are_missing(const struct policy *policy, struct arena *arena)
{
	(void)arena;
	return policy->header == HEADING_NONE && policy->positions.count == 0;
}

static bool positions_are_idle(const struct policy *policy, struct arena *arena)
{
	(void)arena;
	return policy->header == HEADING_FIRST && policy->positions.count > 0;
}

static bool position_is_double(const struct policy *policy, struct arena *arena)
{
	for (size_t i = 0; i < policy->positions.count; i++)
		if (is_at(policy, policy->positions.items[i], i, arena))
			return true;
	return false;
}

static bool date_is_nowhere(const struct policy *policy, struct arena *arena)
{
	return policy->header == HEADING_NONE && policy->newest_by &&
	       !is_at(policy, policy->newest_by, policy->positions.count, arena);
}

/* What sender or site rely upon has to be so: an answer is not sent in clear because of a key that
 * was forgotten. */
static bool home_is_missing(const struct policy *policy, struct arena *arena)
{
	(void)arena;
	return policy->pgp.required && !policy->pgp.home;
}

static bool answer_is_clear(const struct policy *policy, struct arena *arena)
{
	(void)arena;
	return policy->pgp.answer_to && !policy->pgp.home;
}

static const struct {
	bool (*applies)(const struct policy *policy, struct arena *arena);
	const char *sentence;
} rows[] = {
    {positions_are_missing,
        "csv.header is none, and csv.positions does not say what the cells are"},
    {positions_are_idle,
        "csv.positions is given, and the file has a header: say header: none, or use columns"},
    {position_is_double, "csv.positions has a heading twice"},
    {date_is_nowhere, "newest_by is none of csv.positions"},
    {home_is_missing, "pgp.required is true, and without pgp.home every file would be refused"},
    {answer_is_clear, "pgp.answer_to needs pgp.home, where the key is"},
};

const char *contradiction_find(const struct policy *policy, struct arena *arena)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].applies(policy, arena))
			return rows[i].sentence;
	return NULL;
}
