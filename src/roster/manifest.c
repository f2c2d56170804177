/*
 * manifest: OneRoster's manifest.csv, a table of properties and their values, of which the lines
 * "file.NAME,absent|bulk|delta" say what the files of the archive are. All of it is read whatever
 * is asked, so that a broken manifest is refused and not half believed.
 *
 * Exporters call the first column "property" as well, and leave the lines of files out: then
 * nothing is said, and nobody is taken for absent.
 */
#include "enrold/csvin.h"
#include "enrold/decode.h"
#include "enrold/preset.h"
#include "enrold/remark.h"
#include "enrold/value.h"

#include <strings.h>

enum { CELL_MAX = 4096, RECORD_MAX = 64 << 10, CELLS_MAX = 64 };

struct manifest {
	struct slice kind;
	struct arena *arena;
	struct csvin *csvin;
	bool has_heading, is_said;
	enum manifest_says says;
};

static bool is_word(struct slice text, const char *word)
{
	return text.size == strlen(word) && strncasecmp(text.bytes, word, text.size) == 0;
}

static bool is_heading(struct slice name, struct slice value)
{
	return (is_word(name, "propertyName") || is_word(name, "property")) &&
	       is_word(value, "value");
}

static struct error file_line(
    struct manifest *manifest, uint64_t line, struct slice name, struct slice word)
{
	static const struct {
		const char *word;
		enum manifest_says says;
	} words[] = {
	    {"absent", MANIFEST_ABSENT},
	    {"bulk", MANIFEST_BULK},
	    {"delta", MANIFEST_DELTA},
	};
	struct slice shown = remark_quote_cell(word, manifest->arena);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!is_word(word, words[i].word))
			continue;
		bool is_asked = name.size == manifest->kind.size &&
		                strncasecmp(name.bytes, manifest->kind.bytes, name.size) == 0;
		if (is_asked && manifest->is_said && manifest->says != words[i].says)
			return error_reject("manifest_broken", line,
			    "line %llu says something else of file.%.*s than a line before: one of "
			    "them is wrong",
			    (unsigned long long)line, SLICE_ARG(manifest->kind));
		manifest->is_said |= is_asked;
		manifest->says = is_asked ? words[i].says : manifest->says;
		return OK;
	}
	return error_reject("manifest_broken", line,
	    "line %llu says %.*s of a file, which is none of absent, bulk and delta",
	    (unsigned long long)line, SLICE_ARG(shown));
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	static const char prefix[] = "file.";
	enum { PREFIX = sizeof prefix - 1 };
	struct manifest *manifest = context;
	if (record->fault != CSVIN_WHOLE || record->cells_count < 2)
		return error_reject("manifest_broken", record->line,
		    "line %llu is no property and its value: the manifest is a table of these two",
		    (unsigned long long)record->line);
	struct slice name = value_trim(record->cells[0]), value = value_trim(record->cells[1]);
	if (!manifest->has_heading && !is_heading(name, value))
		return error_reject("manifest_broken", record->line,
		    "its first line does not name the columns propertyName and value");
	bool is_first = !manifest->has_heading;
	manifest->has_heading = true;
	if (is_first || name.size <= PREFIX || strncasecmp(name.bytes, prefix, PREFIX) != 0)
		return OK;
	return file_line(
	    manifest, record->line, (struct slice){name.bytes + PREFIX, name.size - PREFIX}, value);
}

static struct error on_text(void *context, struct slice text)
{
	struct manifest *manifest = context;
	return csvin_feed(manifest->csvin, text.bytes, text.size);
}

static struct error text_read(struct manifest *manifest, struct slice text)
{
	struct decoder *decoder = NULL;
	struct error error = decode_create(NULL, on_text, manifest, &decoder);
	if (!is_error(&error))
		error = decode_feed(decoder, text.bytes, text.size);
	if (!is_error(&error))
		error = decode_finish(decoder);
	if (!is_error(&error))
		error = csvin_finish(manifest->csvin);
	decode_free(decoder);
	if (error.class == ERROR_REJECT)
		error.code = "manifest_broken";
	return error;
}

struct error manifest_read(
    struct slice manifest, struct slice kind, struct arena *arena, enum manifest_says *says)
{
	const struct csvin_terms terms = {
	    .delimiter = ',', .limits = {CELL_MAX, RECORD_MAX, CELLS_MAX}};
	struct manifest reading = {.kind = kind, .arena = arena};
	reading.csvin = csvin_create(&terms, on_record, &reading);
	*says = MANIFEST_SILENT;
	if (!reading.csvin)
		return error_memory("reading the manifest");
	struct error error = text_read(&reading, manifest);
	csvin_free(reading.csvin);
	if (!is_error(&error) && !reading.has_heading)
		error = error_reject("manifest_broken", 0, "the manifest is empty");
	if (!is_error(&error) && arena_has_failed(arena))
		error = error_memory("reading the manifest");
	if (!is_error(&error))
		*says = reading.says;
	return error;
}
