/*
 * batch_absent: records that no row has made, about people who are absent from the file.
 */
#include "index.h"
#include "roster.h"

static struct record *record_add(struct batch *batch)
{
	struct record *records = array_reserve(batch->arena, batch->records, batch->records_count,
	    &batch->records_room, sizeof *records);
	if (!records)
		return NULL;
	batch->records = records;
	return &records[batch->records_count++];
}

static void enrolment_add(struct batch *batch, const struct enrolment_facts *enrolment)
{
	struct enrolment_facts *enrolments = array_reserve(batch->arena, batch->enrolments,
	    batch->enrolments_count, &batch->enrolments_room, sizeof *enrolments);
	if (!enrolments)
		return;
	batch->enrolments = enrolments;
	enrolments[batch->enrolments_count] = *enrolment;
	enrolments[batch->enrolments_count].person = (uint32_t)batch->people_count - 1;
	batch->enrolments_count++;
}

uint32_t batch_add_absent(struct batch *batch, struct slice username, int64_t user,
    const struct enrolment_facts *enrolment)
{
	struct record *record = record_add(batch);
	uint32_t person = batch_add_person(batch, username);
	if (!record || arena_has_failed(batch->arena))
		return INDEX_NONE;
	*record = (struct record){.key = INDEX_NONE,
	    .name_key = INDEX_NONE,
	    .old_key = INDEX_NONE,
	    .gone_key = INDEX_NONE,
	    .email_key = INDEX_NONE,
	    .person = person,
	    .kept_column = COLUMN_NONE,
	    .name = username,
	    .resolved_name = username};
	batch->people[person].id = user;
	if (enrolment)
		enrolment_add(batch, enrolment);
	return (uint32_t)batch->records_count - 1;
}
