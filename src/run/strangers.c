/*
 * strangers: how many rows of a file are about people whom the LMS does not know: a look at the
 * keys alone, before anything is done. Where there are few, neither could the file make many
 * accounts, nor can the key by which people are found have changed, and it needs no rehearsal.
 */
#include "run_state.h"

#include "enrold/reader.h"

#include <unistd.h>

enum { TOGETHER = 2500 };

struct looking {
	struct run *run;
	struct header header; /* the file's, with no column that asks for anything */
	struct batch batch;
	uint64_t count;
};

static struct error on_header(void *context, const struct header *header)
{
	struct looking *looking = context;
	const struct run *run = looking->run;
	looking->header = *header;
	looking->header.asking_count = 0;
	return batch_init(&looking->batch, &looking->header, &run->policy, run->site);
}

static bool is_known(const struct batch *batch, const struct record *record)
{
	if (record->has_fault || record->key == INDEX_NONE)
		return true; /* it is about nobody */
	const struct user_key *key = &batch->keys[record->key];
	return key->matches > 0 || key->alikes_count > 0;
}

static struct error some_look(struct looking *looking)
{
	struct batch *batch = &looking->batch;
	struct runner *runner = looking->run->runner;
	/* Outside of one SQLite would lock and look at its files for each question. */
	struct error error = transaction_begin(looking->run);
	if (!is_error(&error))
		error = lms_find_users(runner->lms, batch->keys, batch->keys_count, batch->arena);
	transaction_rollback(runner);
	for (size_t i = 0; i < batch->records_count && !is_error(&error); i++)
		looking->count += !is_known(batch, &batch->records[i]);
	batch_reset(batch);
	return error;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct looking *looking = context;
	struct error error = OK;
	if (looking->batch.records_count >= TOGETHER)
		error = some_look(looking);
	looking->run->is_stopped = run_has_to_stop(looking->run);
	if (looking->run->is_stopped)
		return error_retry("stopping while it is looked who is known");
	return is_error(&error) ? error : batch_add(&looking->batch, record);
}

static struct error all_look(struct looking *looking, int file)
{
	struct run *run = looking->run;
	struct reader reader;
	const struct reader_terms terms = content_terms(run);
	struct error error =
	    reader_open(&reader, &terms, (struct reader_visitor){on_header, on_record, looking});
	if (!is_error(&error))
		error = input_read(&reader, file, run->runner->chunk, RUN_CHUNK);
	if (!is_error(&error))
		error = some_look(looking); /* while there is a header */
	reader_close(&reader);
	return error;
}

struct error strangers_count(struct run *run, uint64_t *count)
{
	struct looking looking = {.run = run};
	int file = -1;
	struct error error = content_open(run, &file);
	if (is_error(&error))
		return error;
	error = all_look(&looking, file);
	batch_done(&looking.batch);
	close(file);
	*count = looking.count;
	return run->is_stopped ? OK : error;
}
