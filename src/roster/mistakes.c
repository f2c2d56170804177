/*
 * mistakes: what is wrong with a header, told all at once: otherwise five misspelt names would take
 * six drops of the file.
 */
#include "roster.h"

#include "enrold/buffer.h"
#include "enrold/value.h"

enum { NAME_SHOWN_MAX = 24 };

static struct slice brief(const struct mistakes *mistakes, struct slice name)
{
	struct slice shown = value_spell(value_trim(name), mistakes->arena);
	return value_brief(shown, NAME_SHOWN_MAX, mistakes->arena);
}

static bool is_mapped(const struct header_column *column)
{
	return !is_same_letters(value_trim(column->cell), column->name);
}

void mistake_unknown(struct mistakes *mistakes, const struct header *header, uint32_t index)
{
	const struct header_column *column = &header->columns[index];
	if (remark_is_full(&mistakes->unknown)) {
		mistakes->unknown.count++;
		return;
	}
	struct slice cell = brief(mistakes, column->cell), name = brief(mistakes, column->name);
	const char *what = columns_profile_name(column->name).size > 0
	                       ? "a profile field of this site"
	                       : "a column enrold knows";
	bool wants_number = column_wants_number(column->name, header->is_of_groups);
	bool maps = is_mapped(column);
	mistakes->has_mapped |= maps;
	if (mistakes->unknown.count == 0)
		mistakes->of_one =
		    column->is_made
		        ? arena_print(mistakes->arena,
		              "the feed's %s '%.*s', which is not %s: correct that",
		              column->is_set ? "set names" : "values name", SLICE_ARG(name), what)
		    : maps         ? arena_print(mistakes->arena,
		                         "column %u, '%.*s', is mapped to '%.*s', which is not %s: correct "
		                                 "the feed's columns",
		                         index + 1, SLICE_ARG(cell), SLICE_ARG(name), what)
		    : wants_number ? arena_print(mistakes->arena,
		                         "column %u, '%.*s', has no number: call it %.*s1",
		                         index + 1, SLICE_ARG(cell), SLICE_ARG(name))
		                   : arena_print(mistakes->arena,
		                         "column %u, '%.*s', is not %s: correct its name or set "
		                         "unknown_columns: ignore",
		                         index + 1, SLICE_ARG(cell), what);
	remark_name(&mistakes->unknown, column->cell,
	    maps ? arena_print(mistakes->arena, "%u '%.*s' (mapped to '%.*s')", index + 1,
	               SLICE_ARG(cell), SLICE_ARG(name))
	         : arena_print(mistakes->arena, "%u '%.*s'%s", index + 1, SLICE_ARG(cell),
	               column->is_set    ? " (of the feed's set)"
	               : column->is_made ? " (of the feed's values)"
	               : wants_number    ? " (without a number)"
	                                 : ""),
	    mistakes->arena);
}

void mistake_twice(
    struct mistakes *mistakes, const struct header *header, uint32_t first, uint32_t second)
{
	const struct header_column *a = &header->columns[first], *b = &header->columns[second];
	if (remark_is_full(&mistakes->twice)) {
		mistakes->twice.count++;
		return;
	}
	struct slice cell = brief(mistakes, a->cell), other = brief(mistakes, b->cell);
	struct slice name = brief(mistakes, a->name);
	if (mistakes->twice.count == 0)
		mistakes->of_twice =
		    is_same_letters(cell, other)
		        ? arena_print(mistakes->arena,
		              "columns %u and %u are both '%.*s': remove one", first + 1,
		              second + 1, SLICE_ARG(other))
		        : arena_print(mistakes->arena,
		              "columns %u '%.*s' and %u '%.*s' %s %.*s: remove one", first + 1,
		              SLICE_ARG(cell), second + 1, SLICE_ARG(other),
		              is_mapped(a) && is_mapped(b) ? "are both mapped to" : "both mean",
		              SLICE_ARG(name));
	remark_name(&mistakes->twice, b->cell,
	    arena_print(
	        mistakes->arena, "%u and %u (%.*s)", first + 1, second + 1, SLICE_ARG(name)),
	    mistakes->arena);
}

void mistake_keyless(
    struct mistakes *mistakes, const struct policy *policy, const char *name, const char *code)
{
	const char *by =
	    strcmp(name, "username") == 0 ? "" : ", by which people are found (match_by)";
	mistakes->keyless_code = code;
	mistakes->keyless =
	    arena_print(mistakes->arena, "the header has no column '%s'%s: add it", name, by);
	for (size_t i = 0; i + 1 < policy->columns.count; i += 2) {
		if (!is_same_letters(slice_of(policy->columns.items[i + 1]), slice_of(name)))
			continue;
		struct slice heading = brief(mistakes, slice_of(policy->columns.items[i]));
		mistakes->keyless = arena_print(mistakes->arena,
		    "the header has neither '%.*s', which the feed maps to %s, nor '%s'%s: add it",
		    SLICE_ARG(heading), name, name, by);
	}
}

/* ---- told ---- */

static void sentence_add(struct buffer *text, struct slice sentence)
{
	if (text->size > 0)
		buffer_add_text(text, "; ");
	buffer_add(text, sentence.bytes, sentence.size);
}

static void unknown_tell(const struct mistakes *mistakes, struct buffer *text)
{
	struct slice list = remark_list(&mistakes->unknown, mistakes->arena);
	sentence_add(text,
	    mistakes->unknown.count == 1
	        ? mistakes->of_one
	        : arena_print(mistakes->arena,
	              "columns %.*s are not columns enrold knows: correct %s or set "
	              "unknown_columns: ignore",
	              SLICE_ARG(list),
	              mistakes->has_mapped ? "their names, the feed's columns" : "their names"));
}

static void twice_tell(const struct mistakes *mistakes, struct buffer *text)
{
	struct slice list = remark_list(&mistakes->twice, mistakes->arena);
	sentence_add(
	    text, mistakes->twice.count == 1
	              ? mistakes->of_twice
	              : arena_print(mistakes->arena,
	                    "columns %.*s are the same: remove one of each", SLICE_ARG(list)));
}

struct error mistakes_tell(const struct mistakes *mistakes, uint64_t line)
{
	struct buffer text = {0};
	const char *code = mistakes->unknown.count > 0 ? "header_unknown_column"
	                   : mistakes->twice.count > 0 ? "header_duplicate_column"
	                                               : mistakes->keyless_code;
	if (!code)
		return OK;
	if (mistakes->unknown.count > 0)
		unknown_tell(mistakes, &text);
	if (mistakes->twice.count > 0)
		twice_tell(mistakes, &text);
	if (mistakes->keyless_code)
		sentence_add(&text, mistakes->keyless);
	struct error error = text.failed
	                         ? error_memory("reading the header")
	                         : error_reject(code, line, "%.*s", SLICE_ARG(buffer_slice(&text)));
	buffer_done(&text);
	return error;
}
