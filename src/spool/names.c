#include "enrold/names.h"

#include "enrold/cut.h"
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

static size_t stem_length(const char *name)
{
	size_t length = strlen(name);
	return length >= 4 && strcmp(name + length - 4, ".csv") == 0 ? length - 4 : length;
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

void name_make(char out[FILE_NAME_SIZE], const char *input, const char *run, const char *suffix)
{
	make(out, (struct slice){input, stem_length(input)}, run, suffix);
}

void name_evade(char out[FILE_NAME_SIZE], const char *name, const char *mark)
{
	enum { END_MAX = 64 };
	const char *end = name + stem_length(name), *at = *end == '\0' ? name : end;
	/* What lies beside a file keeps its ending, or it would be a file to be taken. */
	for (; (at = strstr(at, ".csv.")); at++)
		end = strlen(at) <= END_MAX ? at : end;
	make(out, (struct slice){name, (size_t)(end - name)}, mark, end);
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

bool name_find_origin(const char *name, char file[FILE_NAME_SIZE], char run[RUN_ID_SIZE + 1])
{
	static const char *const ends[] = {".preview.retry.csv", ".retry.csv"};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (strlen(name) >= FILE_NAME_SIZE || !name_find_run(name, ends[i], run))
			continue;
		size_t stem = strlen(name) - strlen(ends[i]) - RUN_ID_SIZE - 1;
		snprintf(file, FILE_NAME_SIZE, "%.*s.csv", (int)stem, name);
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
