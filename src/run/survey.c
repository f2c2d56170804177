#include "survey.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct error on_header(void *context, const struct header *header)
{
	struct survey *survey = context;
	people_header(&survey->people, header);
	return OK;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct survey *survey = context;
	people_add(&survey->people, record);
	return OK;
}

struct error survey_begin(struct survey *survey, struct run *run)
{
	const struct reader_terms terms = content_terms(run);
	*survey = (struct survey){.run = run, .verdict = OK};
	people_begin(&survey->people);
	return reader_open(
	    &survey->reader, &terms, (struct reader_visitor){on_header, on_record, survey});
}

struct error survey_feed(struct survey *survey, const char *bytes, size_t size)
{
	if (!is_error(&survey->verdict))
		survey->verdict = reader_feed(&survey->reader, bytes, size);
	return survey->verdict.class == ERROR_REJECT ? OK : survey->verdict;
}

struct error survey_finish(struct survey *survey)
{
	if (!is_error(&survey->verdict))
		survey->verdict = reader_finish(&survey->reader);
	return survey->verdict.class == ERROR_REJECT ? OK : survey->verdict;
}

/* For whoever goes on with it, and wants to say how much is left: if it is lost, nobody can. */
static void rows_note(const struct run *run, uint64_t bytes)
{
	char text[24];
	int size = snprintf(text, sizeof text, "%" PRIu64 "\n", run->rows);
	int file = bytes <= RUN_SHORT_BYTES
	               ? -1
	               : openat(run->directory, RUN_ROWS,
	                     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, MODE_INPUT);
	if (file < 0)
		return;
	ssize_t ignored = write(file, text, (size_t)size);
	(void)ignored;
	close(file);
}

void survey_find_rows(struct run *run)
{
	char text[24];
	int file = openat(run->directory, RUN_ROWS, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = file < 0 ? 0 : read(file, text, sizeof text - 1);
	text[size > 0 ? size : 0] = '\0';
	run->rows = strtoull(text, NULL, 10);
	if (file >= 0)
		close(file);
}

struct error survey_keep(struct survey *survey, uint64_t bytes)
{
	struct run *run = survey->run;
	run->rows = survey->reader.records;
	rows_note(run, bytes);
	run->row.people = survey->people.names.count;
	return survey->people.has_failed ? error_memory("counting people") : OK;
}

struct error survey_judge(const struct survey *survey)
{
	struct run *run = survey->run;
	if (is_error(&survey->verdict))
		return survey->verdict;
	if (survey->reader.header)
		weigh_foresee(run, survey->reader.header);
	if (run->policy.final_newline != NEWLINE_REQUIRE || reader_is_ended(&survey->reader))
		return OK;
	const char *end = records_shape(survey->reader.source).record_end;
	return error_reject("no_final_newline", 0,
	    "the last %s%s: the file may have been cut short; send it whole",
	    end ? "record does not end with " : "line has no newline", end ? end : "");
}

void survey_done(struct survey *survey)
{
	reader_close(&survey->reader);
	people_done(&survey->people);
}

/* ---- the whole of what was made ---- */

static struct error all_feed(struct survey *survey, int file)
{
	struct run *run = survey->run;
	while (!content_has_to_stop(run)) {
		ssize_t size = read(file, run->runner->chunk, RUN_CHUNK);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_errno("cannot read what was made of the input");
		if (size == 0)
			return survey_finish(survey);
		atomic_fetch_add(run->runner->shared->progress, 1);
		struct error error = survey_feed(survey, run->runner->chunk, (size_t)size);
		if (is_error(&error))
			return error;
	}
	return OK;
}

struct error survey_content(struct run *run)
{
	struct survey survey = {.run = run};
	int file = -1;
	struct error error = content_open(run, &file);
	if (is_error(&error))
		return error;
	error = survey_begin(&survey, run);
	if (!is_error(&error))
		error = all_feed(&survey, file);
	if (!is_error(&error) && !run->is_stopped)
		error = survey_keep(&survey, run->content.bytes);
	if (!is_error(&error) && !run->is_stopped)
		error = survey_judge(&survey);
	survey_done(&survey);
	close(file);
	return error;
}

struct error input_read(struct reader *reader, int file, char *chunk, size_t chunk_size)
{
	for (;;) {
		ssize_t size = read(file, chunk, chunk_size);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_own(
			    error_errno("cannot read the copy of the input"), OWNER_FILE);
		if (size == 0)
			return reader_finish(reader);
		struct error error = reader_feed(reader, chunk, (size_t)size);
		if (is_error(&error))
			return error;
	}
}
