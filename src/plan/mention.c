/*
 * mention: who is where by a row, once it is done. Absence goes by it: whoever is not mentioned has
 * left, so that a row that is not understood says more rather than less.
 */
#include "account.h"

static void mention_add(struct pass *pass, struct mention mention)
{
	struct mention *mentions = pass_grow(
	    pass, pass->mentions, pass->mentions_count, &pass->mentions_room, sizeof *mentions);
	if (!mentions)
		return;
	pass->mentions = mentions;
	mentions[pass->mentions_count++] = mention;
}

/* The person whom the row means, also where the row may do nothing to them. */
static uint32_t person_meant(const struct pass *pass, uint32_t index)
{
	const struct record *record = &pass->batch->records[index];
	if (record->person != INDEX_NONE)
		return record->person;
	if (record->key == INDEX_NONE || record->key >= pass->batch->key_people_room)
		return INDEX_NONE;
	return pass->batch->key_people[record->key][0];
}

static void unknown_mention(struct pass *pass, uint32_t index)
{
	const struct record *record = &pass->batch->records[index];
	size_t before = pass->mentions_count;
	for (uint32_t r = 0; r < record->requests_count; r++) {
		const struct request *request = &pass->batch->requests[record->requests + r];
		if (request->kind == REQUEST_COURSE)
			mention_add(pass, (struct mention){MENTION_UNKNOWN, index, INDEX_NONE,
			                      INDEX_NONE, request->course, false});
	}
	if (pass->mentions_count == before)
		mention_add(pass, (struct mention){MENTION_UNKNOWN, index, INDEX_NONE, INDEX_NONE,
		                      INDEX_NONE, false});
}

/* Absence has taken them out, and the row, which would bring them back, has not: that they are to
 * come back must not be forgotten. */
static bool is_still_out(const struct enrolment_facts *is, const struct request *request)
{
	bool is_to_be_out = request->has_status && request->status != ENROLMENT_ACTIVE;
	return is->is_absent && !is_to_be_out;
}

/* Is in the course now, whether by this row or before it. False: that is not known. */
static bool course_mention(struct pass *pass, const struct request *request, uint32_t person)
{
	bool is_new;
	struct batch *batch = pass->batch;
	const struct course_facts *course = &batch->courses[request->course];
	if (course->is_site)
		return true;
	if (course->matches != 1 || course->enrol == 0)
		return false;
	uint32_t enrolment = batch_enrolment(batch, person, request->course, &is_new);
	if (arena_has_failed(batch->arena) || is_new || batch->enrolments[enrolment].id == 0 ||
	    is_still_out(&batch->enrolments[enrolment], request))
		return false;
	mention_add(pass, (struct mention){MENTION_LISTED, request->record, person, enrolment,
	                      INDEX_NONE, batch->enrolments[enrolment].id == ENROLMENT_PLANNED});
	return true;
}

void row_mention(struct pass *pass, uint32_t index, bool is_doubtful)
{
	const struct batch *batch = pass->batch;
	const struct record *record = &batch->records[index];
	uint32_t person = person_meant(pass, index);
	if (person == INDEX_NONE) {
		unknown_mention(pass, index);
		return;
	}
	bool is_new = batch->people[person].id == ACCOUNT_PLANNED;
	size_t before = pass->mentions_count;
	for (uint32_t r = 0; r < record->requests_count; r++) {
		const struct request *request = &batch->requests[record->requests + r];
		bool takes_out = request->unenrols && !request->is_withheld;
		if (request->kind == REQUEST_COURSE && !takes_out)
			is_doubtful |= !course_mention(pass, request, person);
	}
	if (is_doubtful || is_new || pass->mentions_count == before)
		mention_add(pass, (struct mention){is_doubtful ? MENTION_PRESENT : MENTION_PERSON,
		                      index, person, INDEX_NONE, INDEX_NONE, is_new});
}
