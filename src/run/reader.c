#include "reader.h"

enum {
	RECORD_MAX = 16 << 20, /* bytes of one record */
	CELLS_MAX = 128 << 10,
};

static struct error header_take(struct reader *reader, const struct csvin_record *record)
{
	struct error error = header_parse(record, reader->policy, reader->arena, &reader->header);
	if (is_error(&error) || !reader->visitor.on_header)
		return error;
	return reader->visitor.on_header(reader->visitor.context, reader->header);
}

static bool is_ragged(const struct reader *reader, const struct csvin_record *record)
{
	return record->fault == CSVIN_WHOLE && record->cells_count != reader->header->columns_count;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct reader *reader = context;
	if (!reader->header)
		return header_take(reader, record);
	if (reader->policy->on_bad_row == BAD_ROW_REJECT_FILE && is_ragged(reader, record))
		return error_reject("wrong_field_count", record->line,
		    "this row has %zu fields, the header %zu: every row must have as many",
		    record->cells_count, reader->header->columns_count);
	reader->records++;
	if (!reader->visitor.on_record)
		return OK;
	return reader->visitor.on_record(reader->visitor.context, record);
}

struct error reader_open(struct reader *reader, const struct policy *policy, uint64_t field_max,
    struct arena *arena, struct reader_visitor visitor)
{
	struct csvin_limits limits = {
	    .field_max = (size_t)field_max, .record_max = RECORD_MAX, .cells_max = CELLS_MAX};
	*reader = (struct reader){.policy = policy, .arena = arena, .visitor = visitor};
	reader->csvin = csvin_create(',', limits, on_record, reader);
	return reader->csvin ? OK : error_memory("opening the input");
}

void reader_close(struct reader *reader)
{
	csvin_free(reader->csvin);
	reader->csvin = NULL;
}

struct error reader_feed(struct reader *reader, const char *bytes, size_t size)
{
	return decode_feed(&reader->decoder, reader->csvin, bytes, size);
}

struct error reader_finish(struct reader *reader)
{
	struct error error = decode_finish(&reader->decoder, reader->csvin);
	if (!is_error(&error) && !reader->header)
		error = error_reject(
		    "empty_file", 0, "the file is empty: its first line must name the columns");
	return error;
}
