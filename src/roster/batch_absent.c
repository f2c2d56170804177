/*
 * batch_absent: records that no row of the file has made: about people who are absent from it, and
 * of rows of a result that are taken back.
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

static struct record plain_record(struct slice username)
{
	return (struct record){.key = INDEX_NONE,
	    .name_key = INDEX_NONE,
	    .old_key = INDEX_NONE,
	    .gone_key = INDEX_NONE,
	    .email_key = INDEX_NONE,
	    .person = INDEX_NONE,
	    .kept_column = COLUMN_NONE,
	    .name = username,
	    .resolved_name = username};
}

uint32_t batch_add_absent(struct batch *batch, struct slice username, int64_t user,
    const struct enrolment_facts *enrolment)
{
	struct record *record = record_add(batch);
	uint32_t person = batch_add_person(batch, username);
	if (!record || arena_has_failed(batch->arena))
		return INDEX_NONE;
	*record = plain_record(username);
	record->person = person;
	batch->people[person].id = user;
	if (enrolment)
		enrolment_add(batch, enrolment);
	return (uint32_t)batch->records_count - 1;
}

uint32_t batch_add_undone(
    struct batch *batch, uint64_t line, struct slice username, struct slice column)
{
	struct record *record = record_add(batch);
	if (!record)
		return INDEX_NONE;
	*record = plain_record(username);
	record->line = line;
	record->undone_column = column;
	uint32_t index = (uint32_t)batch->records_count - 1;
	record->key = username.size > 0 ? batch_key(batch, KEY_USERNAME, username) : INDEX_NONE;
	return index;
}
