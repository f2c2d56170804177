/* plan: a line of input, the facts, and what must come out of it. */
#include "enrold/plan.h"

#include <criterion/criterion.h>

enum { NOW = 1795444310, TODAY = 1795392000, DAY = 86400 };

static const struct role_facts roles[] = {
    {4, {"teacher", 7}, {"teacher", 7}, true},
    {5, {"student", 7}, {"student", 7}, true},
    {7, {"user", 4}, {"user", 4}, false},
};
static const struct site_facts site = {
    .local_host = 1, .actor = 2, .manual_enabled = true, .roles = roles, .roles_count = 3};

static struct header *header_of(struct arena *arena, const struct policy *policy)
{
	static const struct slice cells[] = {{"username", 8}, {"course1", 7}, {"role1", 5},
	    {"enrolstatus1", 12}, {"enroltimestart1", 15}, {"enrolperiod1", 12}, {"type1", 5}};
	struct csvin_record record = {.line = 1, .cells_count = 7, .cells = cells};
	struct header *header = NULL;
	struct error error = header_parse(&record, policy, arena, &header);
	cr_assert_not(is_error(&error), "%s", error.text);
	return header;
}

/* alice 3, heidi 10 (active), ivan 11 (suspended), judy 12 (expired), admin 2 (protected). */
static struct user_facts user_of(struct slice name)
{
	static const struct {
		const char *name;
		int64_t id;
	} users[] = {{"alice", 3}, {"heidi", 10}, {"ivan", 11}, {"judy", 12}, {"admin", 2}};
	for (size_t i = 0; i < 5; i++)
		if (slice_is(name, slice_of(users[i].name)))
			return (struct user_facts){users[i].id, users[i].id == 2};
	return (struct user_facts){0};
}

static struct course_facts course_of(struct slice name)
{
	if (slice_is(name, SLICE("SAFETY")))
		return (struct course_facts){2, 1, 13, 1, 5, 0, .nearest = {0}};
	if (slice_is(name, SLICE("ETHICS")))
		return (struct course_facts){4, 1, 15, 7, 5, 30 * DAY, .nearest = {0}};
	if (slice_is(name, SLICE("TWINS")))
		return (struct course_facts){5, 2, 16, 8, 5, 0, .nearest = {0}};
	if (slice_is(name, SLICE("NOMAN")))
		return (struct course_facts){6, 1, 17, 0, 0, 0, .nearest = {0}};
	return (struct course_facts){0};
}

static void enrolment_fill(struct batch *batch, struct enrolment_facts *is)
{
	if (is->user < 10 || is->course != 2)
		return;
	is->id = is->user;
	is->status = is->user == 11;
	is->timestart = 1767225600;
	is->timeend = is->user == 12 ? 1769904000 : 0;
	is->roles = arena_alloc(batch->arena, sizeof *is->roles);
	is->roles[0] = 5;
	is->roles_count = 1;
}

static struct error record_take(void *context, const struct csvin_record *record)
{
	return batch_add(context, record);
}

static struct plan plan_of(struct batch *batch, const char *lines)
{
	struct csvin_limits limits = {.field_max = 1024, .record_max = 4096, .cells_max = 64};
	struct csvin *csvin = csvin_create(',', limits, record_take, batch);
	struct error error = csvin_feed(csvin, lines, strlen(lines));
	cr_assert_not(is_error(&error));
	error = csvin_finish(csvin);
	cr_assert_not(is_error(&error));
	csvin_free(csvin);
	error = batch_prepare(batch);
	cr_assert_not(is_error(&error));
	for (size_t i = 0; i < batch->records_count; i++)
		batch->users[i] = user_of(batch->user_keys[i]);
	for (size_t i = 0; i < batch->courses_count; i++)
		batch->courses[i] = course_of(batch->course_names[i]);
	error = batch_pair(batch);
	cr_assert_not(is_error(&error));
	for (size_t i = 0; i < batch->enrolments_count; i++)
		enrolment_fill(batch, &batch->enrolments[i]);
	struct plan plan = {0};
	error = plan_batch(batch, NOW, TODAY, &plan);
	cr_assert_not(is_error(&error));
	return plan;
}

/* The last outcome's code and `after`, and how many changes there are. */
static const struct {
	enum policy_compat compat;
	const char *lines;
	const char *code;
	size_t changes;
	const char *after;
} cases[] = {
    {0, "alice,SAFETY,,,,,\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {0, "ALICE,SAFETY,teacher,1,2026-12-01Z,,\n", "invalid_value", 0, ""},
    {0, "alice,SAFETY,4,1,,7,\n", "enrolled", 2,
        "status=1;timestart=1795392000;timeend=1795996800;roles=teacher"},
    {0, "alice,ETHICS,,,,,\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=1797984000;roles=student"},
    {0, "alice,ETHICS,,,,0,\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=1797984000;roles=student"},
    {0, "alice,SAFETY,,,,,\nalice,SAFETY,,,,,\n", "already_enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {0, "alice,SAFETY,,2,,,\n", "invalid_value", 0, ""},
    {0, "alice,SAFETY,,,soon,,\n", "invalid_value", 0, ""},
    {0, "alice,SAFETY,,,,-5,\n", "invalid_value", 0, ""},
    {0, "alice,SAFETY,,,,2.9,\n", "invalid_value", 0, ""},
    {0, "alice,SAFETY,wizard,,,,\n", "role_not_found", 0, ""},
    {0, "alice,SAFETY,user,,,,\n", "role_not_found", 0, ""},
    {0, "alice,SAFETY,7,,,,\n", "role_not_found", 0, ""},
    {0, "alice,safety,,,,,\n", "course_not_found", 0, ""},
    {0, "alice,TWINS,,,,,\n", "course_ambiguous", 0, ""},
    {0, "alice,NOMAN,,,,,\n", "no_enrol_instance", 0, ""},
    {0, "nobody,SAFETY,,,,,\n", "row_not_applied", 0, ""},
    {0, ",SAFETY,,,,,\n", "row_not_applied", 0, ""},
    {0, "admin,SAFETY,,,,,\n", "row_not_applied", 0, ""},
    {0, "nobody,,,,,,\n", "user_not_found", 0, ""},
    {0, "admin,,,,,,\n", "protected_account", 0, ""},
    {0, "alice,,,,,,\n", "nothing_asked", 0, ""},
    {0, "alice,SAFETY\n", "wrong_field_count", 0, ""},
    {0, "heidi,SAFETY,,,,,\n", "already_enrolled", 0,
        "status=0;timestart=1767225600;timeend=0;roles=student"},
    {0, "heidi,SAFETY,teacher,,,,\n", "role_assigned", 1,
        "status=0;timestart=1767225600;timeend=0;roles=teacher,student"},
    {0, "heidi,SAFETY,,,,7,\n", "enrolment_updated", 1,
        "status=0;timestart=1767225600;timeend=1767830400;roles=student"},
    {0, "ivan,SAFETY,,,,,\n", "enrolment_suspended", 0,
        "status=1;timestart=1767225600;timeend=0;roles=student"},
    {0, "ivan,SAFETY,,0,,,\n", "enrolment_updated", 1,
        "status=0;timestart=1767225600;timeend=0;roles=student"},
    {0, "judy,SAFETY,,,,,\n", "enrolment_expired", 0,
        "status=0;timestart=1767225600;timeend=1769904000;roles=student"},
    {0, "judy,SAFETY,,,2026-12-01T00:00Z,,\n", "enrolment_updated", 1,
        "status=0;timestart=1796083200;timeend=1769904000;roles=student"},
    {1, "al!i#ce,SAFETY,0,x,soon,-5,\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {1, "heidi,SAFETY,,,,,\n", "enrolment_updated", 1,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {0, "alice,SAFETY,,,,,1\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {0, "alice,SAFETY,,,,,3\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=teacher"},
    {0, "alice,SAFETY,student,,,,3\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {0, "alice,SAFETY,,,,,2\n", "invalid_value", 0, ""}, /* no role of that archetype */
    {0, "alice,SAFETY,,,,,4\n", "invalid_value", 0, ""},
    {1, "alice,SAFETY,,,,,x\n", "invalid_value", 0, ""},
    {1, "alice,SAFETY,0,,,,0\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {1, "alice,0,,,,,\n", "nothing_asked", 0, ""},
};

Test(plan, decides_each_row_as_the_rules_say)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct policy policy = {.compat = cases[i].compat};
		if (cases[i].compat == COMPAT_MOODLE) {
			policy.usernames = USERNAMES_CLEAN;
			policy.existing_enrolment = EXISTING_REFRESH;
			policy.invalid_values = INVALID_IGNORE;
		}
		struct arena *arena = arena_create();
		struct batch batch;
		struct error error = batch_init(&batch, header_of(arena, &policy), &policy, &site);
		cr_assert_not(is_error(&error));
		struct plan plan = plan_of(&batch, cases[i].lines);
		const struct outcome *last = &plan.outcomes[plan.outcomes_count - 1];
		cr_expect_str_eq(outcome_code_name(last->code), cases[i].code, "case %zu", i);
		cr_expect_eq(
		    plan.changes_count, cases[i].changes, "case %zu: %zu", i, plan.changes_count);
		cr_expect(slice_is(last->after, slice_of(cases[i].after)), "case %zu: %.*s", i,
		    SLICE_ARG(last->after));
		batch_done(&batch);
		arena_free(arena);
	}
}
