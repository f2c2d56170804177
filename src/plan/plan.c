#include "enrold/plan.h"

#include "account.h"

#include "enrold/may.h"

/* What the request's own cell says. */
static struct slice cell_of(const struct pass *pass, const struct request *request, uint32_t column)
{
	return record_cell(&pass->batch->records[request->record], column);
}

static void request_skip(struct pass *pass, const struct request *request, uint32_t column)
{
	const char *ended = pass->batch->records[request->record].ended;
	request_answer(pass, request, column, OUTCOME_SKIPPED, CODE_ROW_NOT_APPLIED,
	    cell_of(pass, request, column),
	    ended ? slice_of(ended) : SLICE("Not attempted: see the error of this row."));
}

static void requests_skip(struct pass *pass, uint32_t index)
{
	const struct record *record = &pass->batch->records[index];
	for (uint32_t r = 0; r < record->requests_count; r++) {
		const struct request *request = &pass->batch->requests[record->requests + r];
		if (request->kind == REQUEST_COURSELESS)
			continue;
		request_skip(pass, request, request->column);
		if (request->kind == REQUEST_COURSE && request->group_column != COLUMN_NONE)
			request_skip(pass, request, request->group_column);
	}
}

static void request_decide(struct pass *pass, const struct request *request)
{
	if (request->kind != REQUEST_COURSE && request_word_is_unknown(pass, request))
		return;
	switch (request->kind) {
	case REQUEST_COHORT: cohort_decide(pass, request); break;
	case REQUEST_SYSTEM_ROLE: system_role_decide(pass, request); break;
	case REQUEST_CATEGORY_ROLE: category_role_decide(pass, request); break;
	case REQUEST_COURSE: course_decide(pass, request); break;
	case REQUEST_COURSELESS: courseless_decide(pass, request); break;
	case REQUEST_GROUP: break; /* the row as a whole */
	}
}

/* Facts about a person whom the LMS knows must come from it; a new account has none. */
static bool requests_pair(
    struct batch *batch, const struct record *record, uint32_t first, uint32_t person)
{
	bool is_ready = true;
	for (uint32_t r = first; person != INDEX_NONE && r < record->requests_count; r++)
		is_ready &= request_pair(batch, &batch->requests[record->requests + r], person);
	return is_ready;
}

static bool record_is_ready(struct pass *pass, uint32_t index)
{
	struct batch *batch = pass->batch;
	if (batch->is_begun)
		return true;
	return account_is_ready(pass, index) &&
	       requests_pair(batch, &batch->records[index], 0, account_expected(pass, index));
}

/* False: it has to wait for the next round, which knows more. */
static bool request_is_ready(
    struct batch *batch, const struct record *record, const struct request *request)
{
	if (!batch->takes_away)
		return true;
	if (request_pair(batch, request, record->person) &&
	    round_admits(batch, request, record->person))
		return true;
	if (batch->people[record->person].id != ACCOUNT_PLANNED)
		requests_pair(batch, record, batch->requests_done, record->person);
	return false;
}

/* Later parts of a large record find the account as the first has left it. */
static bool person_decide(struct pass *pass, uint32_t index)
{
	struct record *record = &pass->batch->records[index];
	struct record_part *part = pass->batch->part;
	if (part && part->is_later) {
		record->person = account_expected(pass, index);
		return record->person != INDEX_NONE;
	}
	bool goes_on = account_decide(pass, index);
	if (part) {
		part->is_later = true;
		part->is_dropped = !goes_on;
		part->ended = record->ended;
		buffer_add(
		    &part->resolved_name, record->resolved_name.bytes, record->resolved_name.size);
		if (part->resolved_name.failed)
			arena_fail(pass->batch->arena);
	}
	return goes_on;
}

/* "Nothing" would be a strange answer when cells are filled in that this feed does not use. */
static struct slice nothing_message(const struct pass *pass, uint32_t index)
{
	const struct header *header = pass->batch->header;
	uint32_t kept = pass->batch->records[index].kept_column;
	if (kept != COLUMN_NONE)
		return arena_print(pass->batch->arena,
		    "The row asks nothing that this feed does: '%.*s' of an account that exists is "
		    "not changed (update_details, update_password).",
		    SLICE_ARG(header->columns[kept].name));
	for (size_t i = 0; i < header->idle_count; i++)
		if (record_cell(&pass->batch->records[index], header->idle[i]).size > 0)
			return arena_print(pass->batch->arena,
			    "The row asks nothing that this feed does: %.*s.",
			    SLICE_ARG(idle_reason(
			        header, &header->columns[header->idle[i]], pass->batch->arena)));
	return SLICE("The row asks nothing of this person.");
}

/* False: the next round goes on with them. */
static bool requests_decide(struct pass *pass, uint32_t index)
{
	struct batch *batch = pass->batch;
	const struct record *record = &batch->records[index];
	for (; batch->requests_done < record->requests_count; batch->requests_done++) {
		const struct request *request =
		    &batch->requests[record->requests + batch->requests_done];
		if (!request_is_ready(batch, record, request))
			return false;
		request_decide(pass, request);
	}
	return true;
}

static bool person_answer(struct pass *pass, uint32_t index)
{
	struct batch *batch = pass->batch;
	size_t outcomes = pass->outcomes_count;
	bool was_begun = batch->is_begun;
	if (!was_begun && !person_decide(pass, index)) {
		requests_skip(pass, index);
		return true;
	}
	batch->is_begun = true;
	if (!requests_decide(pass, index))
		return false;
	if (pass->outcomes_count == outcomes && !batch->part && !was_begun) {
		struct outcome *outcome =
		    outcome_add(pass, index, COLUMN_NONE, OUTCOME_UNCHANGED, CODE_NOTHING_ASKED);
		outcome->message = nothing_message(pass, index);
	}
	return true;
}

/* Something was in error, or not attempted, as where a feed only adds accounts. What is withheld
 * was understood. */
static bool has_failed(const struct pass *pass, size_t from)
{
	bool has = false;
	for (size_t i = from; i < pass->outcomes_count && !has; i++)
		has = pass->outcomes[i].kind == OUTCOME_ERROR ||
		      (pass->outcomes[i].kind == OUTCOME_SKIPPED &&
		          pass->outcomes[i].code != CODE_WITHHELD);
	return has;
}

/* False: the round ends within the record. */
static bool record_decide(struct pass *pass, uint32_t index)
{
	size_t outcomes = pass->outcomes_count;
	bool is_done = true;
	if (pass->batch->header->is_of_groups)
		group_row_decide(pass, index);
	else
		is_done = person_answer(pass, index);
	strays_tell(pass, outcomes);
	if (pass->batch->asks_mentions)
		pass->batch->has_failed |= has_failed(pass, outcomes);
	if (is_done && pass->batch->asks_mentions && !pass->batch->header->is_of_groups)
		row_mention(pass, index, pass->batch->has_failed);
	if (gate_mutes(pass))
		outcomes_mute(pass, outcomes);
	return is_done;
}

/* Each course once, however many rows name it. From here on it is called as it is stored. */
static void courses_judge(struct batch *batch)
{
	for (size_t i = 0; i < batch->courses_count; i++) {
		struct course_facts *course = &batch->courses[i];
		struct course_key *key = &batch->course_keys[i];
		course->refused_by = may_refuse_course(batch->policy, key, course);
		if (course->stored.size > 0 && !course->refused_by)
			key->text = course->stored;
	}
}

/* A preview does nothing of it. */
static void prospects_tell(struct pass *pass)
{
	for (size_t i = 0; i < pass->outcomes_count; i++) {
		struct outcome *outcome = &pass->outcomes[i];
		const char *prospect = outcome_code_prospect(outcome->code);
		bool is_told = outcome->kind == OUTCOME_DONE || outcome->kind == OUTCOME_WARNING;
		if (is_told && prospect)
			outcome->message = slice_of(prospect);
	}
}

struct error plan_batch(struct batch *batch, int64_t now, int64_t today, struct plan *plan)
{
	struct pass pass = {.batch = batch, .now = now, .today = today};
	size_t first = batch->planned;
	if (batch->rounds++ == 0)
		courses_judge(batch);
	for (uint32_t i = 0; i < batch->people_count; i++)
		batch->people[i].is_touched = false;
	while (batch->planned < batch->records_count && !arena_has_failed(batch->arena)) {
		uint32_t index = (uint32_t)batch->planned;
		if (!record_is_ready(&pass, index) || !record_decide(&pass, index))
			break;
		batch->planned++;
		batch->is_begun = batch->has_failed = false;
		batch->requests_done = 0;
	}
	bool has_more = batch->part && !batch->part->is_last;
	if (batch->is_preview)
		prospects_tell(&pass);
	*plan = (struct plan){
	    .records_count = has_more ? 0 : batch->planned - first,
	    .outcomes = pass.outcomes,
	    .outcomes_count = pass.outcomes_count,
	    .changes = pass.changes,
	    .changes_count = pass.changes_count,
	    .mentions = pass.mentions,
	    .mentions_count = pass.mentions_count,
	};
	if (!gate_mutes(&pass))
		memcpy(plan->remarks, pass.remarks, sizeof plan->remarks);
	return arena_has_failed(batch->arena) ? error_memory("planning a batch") : OK;
}
