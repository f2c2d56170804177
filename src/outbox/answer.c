#include "enrold/answer.h"

#include "answer_index.h"

#include "enrold/csvout.h"
#include "enrold/described.h"
#include "enrold/result.h"
#include "enrold/room.h"
#include "enrold/value.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char result_header[] =
    "line,username,column,target,outcome,code,message,before,after\n";

/* Text that is gathered before it is written. A row may be as long as a record is. */
enum { GATHERED_MAX = 1 << 20 };

/* One of the files: text is gathered and written at once. */
struct sheet {
	const char *name;
	int file;
	uint64_t size;
	struct hash *hash; /* of the bytes written */
	struct buffer text;
};

struct answer {
	int directory;
	const struct header *header;
	struct answer_source source;
	struct sheet sheets[ARTEFACTS];
	struct problems *problems; /* of the rows of result.csv */
	bool is_begun;             /* the files are ours to change */
	struct index_maker *index; /* NULL: none is made, as where an earlier process has begun */
	uint32_t indexed;          /* the record of the row before, in this batch */
	uint64_t failed_line;      /* of the last record in error: it may come in several rounds */
};

/* What an earlier process wrote counts too. */
static struct error sheet_hash(struct sheet *sheet)
{
	char bytes[16 << 10];
	for (uint64_t done = 0; done < sheet->size;) {
		ssize_t size = pread(sheet->file, bytes, sizeof bytes, (off_t)done);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_errno("cannot read %s", sheet->name);
		assert(size > 0);
		hash_add(sheet->hash, bytes, (size_t)size);
		done += (uint64_t)size;
	}
	return OK;
}

/* flags: O_EXCL where it cannot be there, unless another daemon has made it. */
static struct error sheet_open(struct answer *answer, enum artefact artefact, int flags)
{
	struct sheet *sheet = &answer->sheets[artefact];
	sheet->hash = hash_create();
	if (!sheet->hash)
		return error_memory("opening the answer");
	sheet->file = openat(answer->directory, sheet->name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, artefact_kinds[artefact].mode);
	return sheet->file < 0 ? error_errno("cannot open %s", sheet->name) : OK;
}

static struct error sheet_begin(struct sheet *sheet)
{
	struct stat stat;
	if (fstat(sheet->file, &stat) < 0)
		return error_errno("cannot look at %s", sheet->name);
	if ((uint64_t)stat.st_size < sheet->size)
		return error_config("%s is shorter than the ledger says", sheet->name);
	if (ftruncate(sheet->file, (off_t)sheet->size) < 0)
		return error_errno("cannot cut %s back to its checkpoint", sheet->name);
	return sheet_hash(sheet);
}

static struct error sheet_write(struct sheet *sheet)
{
	if (sheet->text.failed)
		return error_memory("writing the answer");
	struct error error = room_ask(sheet->file, sheet->name, sheet->size, sheet->text.size);
	if (is_error(&error))
		return error;
	size_t done = 0;
	while (done < sheet->text.size) {
		ssize_t written = pwrite(sheet->file, sheet->text.bytes + done,
		    sheet->text.size - done, (off_t)(sheet->size + done));
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_errno("cannot write %s", sheet->name);
		done += (size_t)written;
	}
	if (done > 0)
		hash_add(sheet->hash, sheet->text.bytes, done);
	sheet->size += done;
	buffer_clear(&sheet->text);
	return OK;
}

/* Now and then, so that it is never more than memory is for. */
static struct error sheet_ease(struct sheet *sheet)
{
	return sheet->text.size < GATHERED_MAX ? OK : sheet_write(sheet);
}

static void sheet_close(struct sheet *sheet)
{
	if (sheet->file >= 0)
		close(sheet->file);
	hash_free(sheet->hash);
	buffer_done(&sheet->text);
}

struct error answer_open(int directory, const struct header *header,
    const struct answer_source *source, const struct artefact_sizes *sizes, struct answer **result)
{
	struct answer *answer = calloc(1, sizeof *answer);
	struct error error = OK;
	if (!answer)
		return error_memory("opening the answer");
	answer->directory = directory;
	answer->header = header;
	answer->source = *source;
	answer->failed_line = UINT64_MAX;
	answer->problems = problems_create();
	if (!answer->problems)
		error = error_memory("opening the answer");
	for (enum artefact a = 0; a < ARTEFACTS; a++)
		answer->sheets[a] = (struct sheet){
		    .name = artefact_kinds[a].name, .file = -1, .size = sizes->of[a]};
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++)
		if (!artefact_kinds[a].is_made_last &&
		    (artefact_kinds[a].is_always || sizes->of[a] > 0))
			error = sheet_open(answer, a, 0);
	if (is_error(&error)) {
		answer_close(answer);
		return error;
	}
	*result = answer;
	return OK;
}

/* What an attempt that came to nothing has made. */
static struct error sheet_remove(const struct answer *answer, const struct sheet *sheet)
{
	return unlinkat(answer->directory, sheet->name, 0) < 0 && errno != ENOENT
	           ? error_errno("cannot remove an unfinished %s", sheet->name)
	           : OK;
}

static bool on_kept_row(void *context, uint64_t offset, struct slice row)
{
	(void)offset;
	problems_add(context, row);
	return true;
}

/* Of the rows that an earlier process, or an attempt before, has committed. Should somebody have
 * touched them, that is known by their hash, and the report tells less. */
static struct error problems_read(struct answer *answer)
{
	const struct sheet *result = &answer->sheets[ARTEFACT_RESULT];
	const struct result_span span = {.file = result->file, .until = result->size};
	struct error error = result_read(&span, on_kept_row, answer->problems);
	return error.class == ERROR_REJECT ? OK : error;
}

struct error answer_begin(struct answer *answer)
{
	struct error error = OK;
	answer->is_begun = true;
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++) {
		struct sheet *sheet = &answer->sheets[a];
		error = sheet->file >= 0 ? sheet_begin(sheet) : sheet_remove(answer, sheet);
	}
	struct sheet *result = &answer->sheets[ARTEFACT_RESULT];
	if (is_error(&error))
		return error;
	if (result->size > 0)
		return problems_read(answer);
	buffer_add_text(&result->text, result_header);
	if (answer->source.wants_index)
		answer->index =
		    index_maker_create(answer->source.run.bytes, answer->directory, ANSWER_INDEX);
	return OK;
}

void answer_close(struct answer *answer)
{
	if (!answer)
		return;
	for (enum artefact a = 0; a < ARTEFACTS; a++)
		sheet_close(&answer->sheets[a]);
	index_maker_free(answer->index);
	problems_free(answer->problems);
	free(answer);
}

/* Should it fail, the next attempt cuts it. */
static void sheet_cut(const struct sheet *sheet, uint64_t size)
{
	int ignored = sheet->file >= 0 ? ftruncate(sheet->file, (off_t)size) : 0;
	(void)ignored;
}

void answer_cut(struct answer *answer, const struct artefact_sizes *sizes)
{
	if (!answer || !answer->is_begun)
		return;
	for (enum artefact a = 0; a < ARTEFACTS; a++)
		sheet_cut(&answer->sheets[a], sizes->of[a]);
}

static struct error sheets_write(struct answer *answer)
{
	struct error error = OK;
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++)
		error = sheet_write(&answer->sheets[a]);
	return error;
}

/* ---- result.csv ---- */

/* What the person is called: the account's name when it was resolved, else the cell. */
static struct slice person_name(
    const struct answer *answer, const struct batch *batch, uint32_t index)
{
	const struct record *record = &batch->records[index];
	if (record->resolved_name.bytes)
		return record->resolved_name;
	if (record->has_fault && record->fault_column == COLUMN_NONE)
		return SLICE("");
	uint32_t column = answer->header->single[COLUMN_USERNAME];
	return record_cell(record, column != COLUMN_NONE ? column : answer->header->key);
}

static void cell_add(struct buffer *out, const char *text)
{
	buffer_add_text(out, text);
	buffer_add_char(out, ',');
}

/* What a line may echo, in letters. A message is made of what has no more than a value; before and
 * after are put together of such values. */
enum { MESSAGE_SHOWN_MAX = 1000 };

static void echo_add(struct buffer *out, struct slice cell, char end)
{
	csvout_guarded(out, cell);
	buffer_add_char(out, end);
}

/* The row that is about to be written, as answer_index_make would find it. */
static void index_note(struct answer *answer, const struct batch *batch,
    const struct outcome *outcome, struct slice name)
{
	struct slice old;
	const struct sheet *result = &answer->sheets[ARTEFACT_RESULT];
	if (!answer->index)
		return;
	bool is_new = index_maker_row(answer->index, result->size + result->text.size);
	if (is_new || answer->indexed != outcome->record)
		index_maker_add(answer->index, name);
	answer->indexed = outcome->record;
	if (described_may_rename(slice_of(outcome_code_name(outcome->code))) &&
	    described_find(outcome->before, "username", batch->arena, &old))
		index_maker_add(answer->index, old);
}

static struct slice column_name(
    const struct answer *answer, const struct batch *batch, const struct outcome *outcome)
{
	uint32_t column = outcome->column;
	if (column == COLUMN_ABSENT)
		return SLICE("absent");
	if (column == COLUMN_UNDONE)
		return batch->records[outcome->record].undone_column;
	return column == COLUMN_NONE ? SLICE("") : answer->header->columns[column].name;
}

/* Whoever looks for the cell of an error finds it as the file has it; a course is called as it is
 * stored. */
static struct slice target_of(
    const struct answer *answer, const struct batch *batch, const struct outcome *outcome)
{
	const struct record *record = &batch->records[outcome->record];
	if (outcome->kind != OUTCOME_ERROR || record->written == record->cells ||
	    outcome->column >= answer->header->written_count ||
	    answer->header->columns[outcome->column].id == COLUMN_COURSE ||
	    !slice_is(outcome->target, record_cell(record, outcome->column)))
		return outcome->target;
	return record_written(record, outcome->column);
}

/* All are counted. Of the absent each thing is said once, and there is no row of the file that
 * would say it otherwise. */
static bool is_listed(const struct batch *batch, const struct outcome *outcome)
{
	return batch->policy->result_rows == ROWS_ALL || outcome->kind != OUTCOME_UNCHANGED ||
	       outcome->column == COLUMN_ABSENT;
}

/* What has none costs nothing. */
static bool is_problem(enum outcome_kind kind)
{
	return kind == OUTCOME_ERROR || kind == OUTCOME_WARNING || kind == OUTCOME_SKIPPED;
}

static void result_line(
    struct answer *answer, const struct batch *batch, const struct outcome *outcome)
{
	struct buffer *out = &answer->sheets[ARTEFACT_RESULT].text;
	struct arena *arena = batch->arena;
	struct slice name =
	    value_brief(person_name(answer, batch, outcome->record), RESULT_NAME_MAX, arena);
	index_note(answer, batch, outcome, name);
	struct slice column = column_name(answer, batch, outcome);
	size_t begin = out->size;
	buffer_add_int(out, (int64_t)batch->records[outcome->record].line);
	buffer_add_char(out, ',');
	echo_add(out, name, ',');
	echo_add(out, column, ',');
	echo_add(out, value_brief(target_of(answer, batch, outcome), VALUE_SHOWN_MAX, arena), ',');
	cell_add(out, outcome_kind_name(outcome->kind));
	cell_add(out, outcome_code_name(outcome->code));
	echo_add(out, value_brief(outcome->message, MESSAGE_SHOWN_MAX, arena), ',');
	echo_add(out, outcome->before, ',');
	echo_add(out, outcome->after, '\n');
	if (is_problem(outcome->kind) && !out->failed)
		problems_add(
		    answer->problems, (struct slice){out->bytes + begin, out->size - begin - 1});
}

/* ---- retry.csv ---- */

static void retry_end(struct buffer *out, struct slice code, struct slice message, char delimiter)
{
	buffer_add_char(out, delimiter);
	csvout_cell(out, code, delimiter);
	buffer_add_char(out, delimiter);
	csvout_cell(out, message, delimiter);
}

/* A retry of a retry does not repeat the columns that explain the last failure. */
static bool is_kept(const struct answer *answer, size_t column)
{
	return !column_is_remark(answer->header->columns[column].id);
}

static bool is_of_retry(const struct answer *answer)
{
	return answer->header->single[COLUMN_ERROR_LINE] != COLUMN_NONE;
}

static void retry_header(struct answer *answer)
{
	struct buffer *out = &answer->sheets[ARTEFACT_RETRY].text;
	char delimiter = answer->header->delimiter;
	buffer_add_text(out, "\xEF\xBB\xBF");
	for (size_t i = 0; i < answer->header->written_count; i++) {
		if (!is_kept(answer, i))
			continue;
		csvout_cell(out, answer->header->columns[i].cell, delimiter);
		buffer_add_char(out, delimiter);
	}
	buffer_print(out, "error_line%cerror_code%cerror_message", delimiter, delimiter);
	if (is_of_retry(answer))
		buffer_print(out, "%cerror_file%cerror_run", delimiter, delimiter);
	buffer_add_char(out, '\n');
}

/* ---- where a row comes from, which a retry of a retry carries on ---- */

/* Empty: the row has been added to the retry file by hand. */
static struct slice origin_line(const struct answer *answer, const struct record *record)
{
	int64_t line;
	struct slice cell = record_cell(record, answer->header->single[COLUMN_ERROR_LINE]);
	return value_parse_whole(cell, &line) ? cell : SLICE("");
}

static void origin_write(struct answer *answer, const struct record *record)
{
	struct slice line = origin_line(answer, record);
	if (line.size > 0)
		buffer_add(&answer->sheets[ARTEFACT_RETRY].text, line.bytes, line.size);
	else
		buffer_add_int(&answer->sheets[ARTEFACT_RETRY].text, (int64_t)record->line);
}

/* As the retry file says, else its name. */
static struct slice origin_of(const struct answer *answer, const struct record *record,
    enum column_id column, struct slice by_name, struct slice own)
{
	struct slice cell = record_cell(record, answer->header->single[column]);
	if (origin_line(answer, record).size == 0)
		return own;
	return cell.size > 0 ? cell : by_name;
}

static void origin_end(struct answer *answer, const struct record *record)
{
	const struct answer_source *source = &answer->source;
	struct buffer *out = &answer->sheets[ARTEFACT_RETRY].text;
	char delimiter = answer->header->delimiter;
	if (!is_of_retry(answer))
		return;
	buffer_add_char(out, delimiter);
	csvout_cell(out,
	    origin_of(answer, record, COLUMN_ERROR_FILE, source->origin_file, source->file),
	    delimiter);
	buffer_add_char(out, delimiter);
	csvout_cell(out,
	    origin_of(answer, record, COLUMN_ERROR_RUN, source->origin_run, source->run),
	    delimiter);
}

/* A row that looks well in the retry file, but was not, has a mark by which it is known again. */
static struct slice retry_message(
    const struct answer *answer, const struct batch *batch, const struct outcome *outcome)
{
	bool is_shape =
	    outcome->code == CODE_WRONG_FIELD_COUNT || outcome->code == CODE_BROKEN_QUOTES;
	if (!is_shape)
		return outcome->message;
	return arena_print(batch->arena, "%.*s (row %08x)", SLICE_ARG(outcome->message),
	    record_mark(answer->header, &batch->records[outcome->record]));
}

static struct error retry_line(struct answer *answer, const struct batch *batch,
    const struct record *record, const struct outcome *outcome)
{
	struct buffer *out = &answer->sheets[ARTEFACT_RETRY].text;
	char delimiter = answer->header->delimiter;
	size_t columns = answer->header->written_count;
	struct error error = OK;
	for (size_t i = 0; i < columns && !is_error(&error); i++) {
		if (!is_kept(answer, i))
			continue;
		if (i < record->written_count)
			csvout_cell(out, record->written[i], delimiter);
		buffer_add_char(out, delimiter);
		error = sheet_ease(&answer->sheets[ARTEFACT_RETRY]);
	}
	origin_write(answer, record);
	retry_end(out, slice_of(outcome_code_name(outcome->code)),
	    retry_message(answer, batch, outcome), delimiter);
	origin_end(answer, record);
	for (size_t i = columns; i < record->written_count && !is_error(&error); i++) {
		buffer_add_char(out, delimiter);
		csvout_cell(out, record->written[i], delimiter);
		error = sheet_ease(&answer->sheets[ARTEFACT_RETRY]);
	}
	buffer_add_char(out, '\n');
	return error;
}

/* A record that csvin cut short is left out: dropped again it would ask for less, and silently. */
static bool is_whole(const struct record *record)
{
	return !(record->has_fault && record->fault == CODE_VALUE_TOO_LONG &&
	         record->fault_column == COLUMN_NONE);
}

static struct error retry_add(
    struct answer *answer, const struct batch *batch, const struct outcome *outcome)
{
	const struct record *record = &batch->records[outcome->record];
	if (!is_whole(record))
		return OK;
	if (answer->sheets[ARTEFACT_RETRY].size == 0 &&
	    answer->sheets[ARTEFACT_RETRY].text.size == 0) {
		struct error error = sheet_open(answer, ARTEFACT_RETRY, O_EXCL);
		if (is_error(&error))
			return error;
		retry_header(answer);
	}
	return retry_line(answer, batch, record, outcome);
}

struct error answer_add(
    struct answer *answer, const struct batch *batch, const struct plan *plan, struct tally *tally)
{
	answer->indexed = UINT32_MAX;
	for (size_t i = 0; i < plan->outcomes_count; i++) {
		const struct outcome *outcome = &plan->outcomes[i];
		tally->outcomes[outcome->kind]++;
		tally->codes[outcome->code]++;
		if (is_listed(batch, outcome))
			result_line(answer, batch, outcome);
		struct error error = sheet_ease(&answer->sheets[ARTEFACT_RESULT]);
		if (is_error(&error))
			return error;
		uint64_t line = batch->records[outcome->record].line;
		if (outcome->kind != OUTCOME_ERROR || line == answer->failed_line)
			continue;
		answer->failed_line = line;
		tally->rows_in_error++;
		if (outcome->column == COLUMN_UNDONE)
			continue; /* there is no row to drop once more */
		error = retry_add(answer, batch, outcome);
		if (is_error(&error))
			return error;
	}
	tally->rows += plan->records_count;
	for (enum remark_code code = 0; code < REMARK_CODES; code++)
		tally->remarks[code] += plan->remarks[code];
	return sheets_write(answer);
}

struct error answer_write(struct answer *answer, struct artefact_sizes *sizes)
{
	/* A file without records has never been through answer_add. */
	struct error error = sheets_write(answer);
	for (enum artefact a = 0; a < ARTEFACTS; a++)
		sizes->of[a] = answer->sheets[a].size;
	return error;
}

struct error answer_sync(struct answer *answer, struct artefact_sizes *sizes)
{
	struct error error = answer_write(answer, sizes);
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++) {
		const struct sheet *sheet = &answer->sheets[a];
		if (sheet->file >= 0 && fdatasync(sheet->file) < 0)
			error = error_errno("cannot flush %s", sheet->name);
	}
	return error;
}

static void sheet_finish(struct sheet *sheet, char hash[HASH_TEXT_SIZE + 1])
{
	if (sheet->file >= 0)
		hash_finish(sheet->hash, hash);
	else
		hash[0] = '\0';
}

/* What goes wrong with it is nobody's trouble: it can be made from the answer. */
static void index_end(const struct answer *answer, const char *sha256)
{
	uint64_t size = answer->sheets[ARTEFACT_RESULT].size;
	if (!answer->index || size < ANSWER_INDEX_MIN)
		return;
	struct error error = index_maker_end(answer->index, size, slice_of(sha256));
	if (is_error(&error))
		unlinkat(answer->directory, ANSWER_INDEX, 0);
}

struct problems *answer_problems(struct answer *answer)
{
	return answer->problems;
}

void answer_hashes(struct answer *answer, struct artefact_hashes *hashes)
{
	for (enum artefact a = 0; a < ARTEFACTS; a++)
		sheet_finish(&answer->sheets[a], hashes->of[a]);
	index_end(answer, hashes->of[ARTEFACT_RESULT]);
}
