/*
 * prune_text: a row of the list, to text and back.
 */
#include "enrold/csvout.h"
#include "enrold/prune.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[PRUNE_KINDS] = {
    [PRUNE_INPUT] = "input",
    [PRUNE_REASON] = "reason",
    [PRUNE_SIDECAR] = "sidecar",
    [PRUNE_RESULT] = "result",
    [PRUNE_RETRY] = "retry",
    [PRUNE_PLAN] = "plan",
    [PRUNE_REPORT] = "report",
    [PRUNE_SUMMARY] = "summary",
    [PRUNE_CARD] = "card",
    [PRUNE_HELD] = "held",
    [PRUNE_HISTORY] = "history",
};

const char *prune_kind_name(enum prune_kind kind)
{
	return names[kind];
}

void prune_row_format(const struct prune_row *row, struct buffer *out)
{
	buffer_print(
	    out, "%s,%s,%" PRIu64 ",%s,", row->run, names[row->kind], row->bytes, row->sha256);
	if (row->kind == PRUNE_SUMMARY)
		buffer_print(out, "%" PRIu64 ",%s,%s,", row->number, row->previous, row->chain);
	else
		buffer_add_text(out, ",,,");
	buffer_print(out, "%s,", row->rule);
	csvout_cell(out, slice_of(row->place), ',');
	buffer_add_char(out, '\n');
}

static bool text_take(struct slice *line, char *text, size_t size)
{
	struct slice cell = slice_take(line, ',');
	snprintf(text, size, "%.*s", SLICE_ARG(cell));
	return cell.size < size;
}

static bool hash_take(struct slice *line, char hash[HASH_TEXT_SIZE + 1])
{
	return text_take(line, hash, HASH_TEXT_SIZE + 1) &&
	       (*hash == '\0' || strspn(hash, "0123456789abcdef") == HASH_TEXT_SIZE);
}

static bool count_take(struct slice *line, uint64_t *count)
{
	char text[24];
	bool is_short = text_take(line, text, sizeof text);
	*count = strtoull(text, NULL, 10);
	return is_short && strspn(text, "0123456789") == strlen(text);
}

static bool kind_take(struct slice *line, enum prune_kind *kind)
{
	struct slice name = slice_take(line, ',');
	for (*kind = 0; *kind < PRUNE_KINDS; ++*kind)
		if (slice_is(name, slice_of(names[*kind])))
			return true;
	return false;
}

static bool place_take(struct slice cell, char place[PRUNE_PLACE_SIZE])
{
	size_t length = 0;
	bool is_quoted = cell.size >= 2 && *cell.bytes == '"';
	if (is_quoted)
		cell = (struct slice){cell.bytes + 1, cell.size - 2};
	for (size_t i = 0; i < cell.size && length < PRUNE_PLACE_SIZE - 1; i++) {
		i += is_quoted && cell.bytes[i] == '"';
		if (i < cell.size)
			place[length++] = cell.bytes[i];
	}
	place[length] = '\0';
	return length < PRUNE_PLACE_SIZE - 1;
}

static bool is_kept_there(const struct prune_row *row)
{
	static const char *const folders[] = {"archive/", "outbox/", "quarantine/", "held/"};
	char mark[RUN_ID_SIZE + 3];
	const char *name = strrchr(row->place, '/');
	bool is_no_file = row->kind == PRUNE_HELD || row->kind == PRUNE_HISTORY;
	if (is_no_file || !name)
		return is_no_file && *row->place == '\0';
	snprintf(mark, sizeof mark, ".%s.", row->run);
	if (!strstr(name, mark) || strstr(row->place, "/.") || strstr(row->place, "//"))
		return false;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (strncmp(row->place, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

bool prune_row_parse(struct slice line, struct prune_row *row)
{
	int64_t epoch_us;
	*row = (struct prune_row){.kind = 0};
	return text_take(&line, row->run, sizeof row->run) && run_id_parse(row->run, &epoch_us) &&
	       kind_take(&line, &row->kind) && count_take(&line, &row->bytes) &&
	       hash_take(&line, row->sha256) && count_take(&line, &row->number) &&
	       hash_take(&line, row->previous) && hash_take(&line, row->chain) &&
	       text_take(&line, row->rule, sizeof row->rule) && place_take(line, row->place) &&
	       is_kept_there(row);
}
