#include "enrold/names.h"

#include "enrold/cut.h"
#include "enrold/ending.h"
#include "enrold/runid.h"
#include "enrold/sidecar_kind.h"
#include "enrold/slice.h"
#include "enrold/value.h"

#include <stdio.h>
#include <strings.h>

static const char *const ignored_ends[] = {"~", ".part", ".filepart", ".partial", ".tmp",
    ".tmp.csv", ".partial.csv", ".uploading.csv", ".uploading", ".swp", ".crdownload", ".done"};

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);
	return length >= tail && strcasecmp(name + length - tail, end) == 0;
}

static bool is_printable(const char *name)
{
	/* Unlike a cell, a name may not hold tabs and line breaks either. */
	enum value_fault fault = value_check(slice_of(name));
	return (fault == VALUE_CLEAN || fault == VALUE_LOST) &&
	       name[strcspn(name, "\t\r\n")] == '\0';
}

enum name_kind name_classify(const char *name)
{
	if (name[0] == '.')
		return NAME_IGNORED;
	for (size_t i = 0; i < sizeof ignored_ends / sizeof *ignored_ends; i++)
		if (ends_with(name, ignored_ends[i]))
			return NAME_IGNORED;
	for (int kind = 0; kind < SIDECAR_KINDS; kind++)
		if (ends_with(name, sidecar_ending((enum sidecar_kind)kind)))
			return NAME_IGNORED;
	return is_printable(name) ? NAME_INPUT : NAME_REFUSED;
}

static void make(char out[FILE_NAME_SIZE], struct slice input, const char *run, const char *suffix)
{
	char stem[FILE_NAME_SIZE];
	size_t room = FILE_NAME_SIZE - 1 - strlen(run) - strlen(suffix) - 1;
	int length = snprintf(stem, sizeof stem, "%.*s", (int)input.size, input.bytes);
	size_t covered = value_cover(stem, (size_t)length);
	int cut = (int)cut_length((struct slice){stem, covered}, room);
	snprintf(out, FILE_NAME_SIZE, "%.*s.%s%s", cut, stem, run, suffix);
}

/* Without its ending. */
static struct slice stem_of(const char *input)
{
	return (struct slice){input, (size_t)(ending_find(input) - input)};
}

void name_make(char out[FILE_NAME_SIZE], const char *input, const char *run, const char *suffix)
{
	make(out, stem_of(input), run, suffix);
}

void name_make_input(
    char out[FILE_NAME_SIZE], const char *input, const char *run, const char *suffix)
{
	char end[FILE_NAME_SIZE];
	const char *ending = ending_find(input);
	snprintf(end, sizeof end, "%s%s", *ending ? ending : ".csv", suffix);
	make(out, stem_of(input), run, end);
}

bool name_make_earlier(
    char out[FILE_NAME_SIZE], const char *input, const char *run, const char *suffix)
{
	const char *ending = ending_find(input);
	if (*ending == '\0' || strcmp(ending, ".csv") == 0)
		return false;
	make(out, slice_of(input), run, suffix);
	return true;
}

/* Where the last known ending stands that has something behind it; NULL. */
static const char *last_ending(const char *name)
{
	const char *last = NULL;
	size_t size;
	for (const char *at = strchr(name, '.'); at; at = strchr(at + (size > 0 ? size : 1), '.')) {
		size = ending_measure(at);
		last = size > 0 && at[size] != '\0' ? at : last;
	}
	return last;
}

void name_evade(char out[FILE_NAME_SIZE], const char *name, const char *mark)
{
	enum { END_MAX = 64 };
	const char *end = ending_find(name);
	/* What lies beside a file keeps its ending, or it would be a file to be taken. */
	bool is_beside = *end == '\0' || ends_with(name, NAME_REASON);
	const char *last = is_beside ? last_ending(name) : NULL;
	if (last && strlen(last) <= END_MAX)
		end = last;
	make(out, (struct slice){name, (size_t)(end - name)}, mark, end);
}

/* Where behind ".<run>" a known ending stands, the last such place; NULL. *size: of that ending. */
static const char *mark_find(const char *name, char run[RUN_ID_SIZE + 1], size_t *size)
{
	const char *found = NULL;
	int64_t time;
	for (const char *at = strchr(name, '.'); at; at = strchr(at + 1, '.')) {
		char id[RUN_ID_SIZE + 1];
		size_t ending = ending_measure(at);
		if (ending == 0 || at - name <= RUN_ID_SIZE + 1 || at[-RUN_ID_SIZE - 1] != '.')
			continue;
		snprintf(id, sizeof id, "%s", at - RUN_ID_SIZE);
		if (!run_id_parse(id, &time))
			continue;
		memcpy(run, id, sizeof id);
		found = at;
		*size = ending;
	}
	return found;
}

bool name_find_input(const char *name, char run[RUN_ID_SIZE + 1])
{
	size_t size;
	const char *at = mark_find(name, run, &size);
	return at && at[size] == '\0';
}

bool name_find_beside(const char *name, char run[RUN_ID_SIZE + 1])
{
	size_t size;
	const char *at = mark_find(name, run, &size);
	return at && at[size] != '\0';
}

bool name_find_run(const char *name, const char *ending, char run[RUN_ID_SIZE + 1])
{
	int64_t time;
	size_t size = strlen(name), tail = strlen(ending) + RUN_ID_SIZE;
	if (size <= tail + 1 || !ends_with(name, ending) || name[size - tail - 1] != '.')
		return false;
	snprintf(run, RUN_ID_SIZE + 1, "%s", name + size - tail);
	return run_id_parse(run, &time);
}

bool name_find_answer(const char *name, const char *ending, char run[RUN_ID_SIZE + 1])
{
	char preview[64];
	snprintf(preview, sizeof preview, ".preview%s", ending);
	return name_find_run(name, ending, run) || name_find_run(name, preview, run);
}

/* ".csv", as it may lie there when it goes back: whole, packed, encrypted. */
static bool is_sheet(const char *ending)
{
	return strncasecmp(ending, ".csv", strlen(".csv")) == 0;
}

bool name_find_origin(const char *name, char file[FILE_NAME_SIZE], char run[RUN_ID_SIZE + 1])
{
	static const char *const ends[] = {".preview.retry", ".retry"};
	char whole[FILE_NAME_SIZE];
	const char *ending = ending_find(name);
	if (strlen(name) >= FILE_NAME_SIZE || !is_sheet(ending))
		return false;
	snprintf(whole, sizeof whole, "%.*s", (int)(ending - name), name);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (!name_find_run(whole, ends[i], run))
			continue;
		size_t stem = strlen(whole) - strlen(ends[i]) - RUN_ID_SIZE - 1;
		snprintf(file, FILE_NAME_SIZE, "%.*s.csv", (int)stem, whole);
		return true;
	}
	return false;
}

/* "due-20261227.csv" */
static bool is_dated(const char *name, const char *word)
{
	enum { DATE_DIGITS = 8 };
	size_t prefix = strlen(word);
	return strncmp(name, word, prefix) == 0 &&
	       strspn(name + prefix, "0123456789") == DATE_DIGITS &&
	       strcmp(name + prefix + DATE_DIGITS, ".csv") == 0;
}

bool name_is_due(const char *name)
{
	return is_dated(name, "due-");
}

bool name_is_record(const char *name)
{
	return is_dated(name, "prune-") || is_dated(name, "accept-");
}

/* "release-R.csv" */
static bool is_about(const char *name, const char *word, char run[RUN_ID_SIZE + 1])
{
	int64_t epoch_us;
	size_t size = strlen(word);
	if (strncmp(name, word, size) != 0)
		return false;
	snprintf(run, RUN_ID_SIZE + 1, "%s", name + size);
	return run_id_parse(run, &epoch_us) && strcmp(name + size + RUN_ID_SIZE, ".csv") == 0;
}

bool name_find_released(const char *name, char run[RUN_ID_SIZE + 1])
{
	return is_about(name, "release-", run);
}

bool name_is_made(const char *name)
{
	static const char *const words[] = {"release-", "discard-", "undo-"};
	char run[RUN_ID_SIZE + 1];
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (is_about(name, words[i], run))
			return true;
	return name_is_due(name) || name_is_record(name);
}
