/*
 * removals: what absence did in one run, as its summary counts it by codes.
 */
#include "history.h"

#include "enrold/outcome.h"

static uint64_t count_of(const json_t *codes, enum code code)
{
	return (uint64_t)json_integer_value(json_object_get(codes, outcome_code_name(code)));
}

struct removals removals_count(const json_t *codes)
{
	struct removals removals = {.suspended = count_of(codes, CODE_ABSENT_SUSPENDED),
	    .unenrolled = count_of(codes, CODE_ABSENT_UNENROLLED),
	    .returned = count_of(codes, CODE_RETURNED)};
	for (enum code code = 0; code < CODES; code++)
		if (outcome_code_is_withheld(code))
			removals.withheld += count_of(codes, code);
	return removals;
}

json_t *removals_json(const struct removals *removals)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "suspended", (json_int_t)removals->suspended,
	    "unenrolled", (json_int_t)removals->unenrolled, "withheld",
	    (json_int_t)removals->withheld, "returned", (json_int_t)removals->returned);
}
