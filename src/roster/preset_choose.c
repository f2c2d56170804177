/*
 * preset_choose: which kind a file is of. Each kind reads the beginning as its own files are
 * written, and looks whether the headings are its own: of two kinds that differ in the separator or
 * in lines on top, one does not even see the other's headings. Where several fit, a pattern of
 * names goes before none, and a longer signature before a shorter.
 *
 * A retry file comes back under a name of its own, so that names are no hindrance there.
 */
#include "roster.h"

#include "enrold/buffer.h"
#include "enrold/preset.h"
#include "enrold/records.h"
#include "enrold/value.h"

#include <fnmatch.h>

/* As one kind sees it. */
struct sight {
	struct arena *arena;
	struct slice *headings; /* folded */
	size_t headings_count;
	struct slice first; /* cell of the first record, folded */
	bool has_headings, has_first;
};

struct choosing {
	const struct preset *preset;
	const char *name;
	struct slice beginning;
	bool is_whole;
	struct arena *arena;
};

/* How near a file is to a kind. */
struct fit {
	size_t missing; /* of `has` */
	bool has_heading, is_named, is_begun, is_retry;
	const char *unwanted; /* the first of `lacks` that is there */
};

/* ---- reading ---- */

/* Enough has been seen: no error of anybody's. */
static struct error seen(void)
{
	return error_reject("", 0, "enough is seen");
}

static struct error on_headings(void *context, const struct csvin_record *headings)
{
	struct sight *sight = context;
	sight->headings =
	    arena_alloc(sight->arena, (headings->cells_count + 1) * sizeof *sight->headings);
	if (!sight->headings)
		return error_memory("looking at a file");
	for (size_t i = 0; i < headings->cells_count; i++)
		sight->headings[i] = arena_copy(
		    sight->arena, columns_fold(value_trim(headings->cells[i]), sight->arena));
	sight->headings_count = headings->cells_count;
	sight->has_headings = headings->fault == CSVIN_WHOLE;
	return OK;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct sight *sight = context;
	sight->has_first = record->cells_count > 0;
	if (sight->has_first)
		sight->first = arena_copy(
		    sight->arena, columns_fold(value_trim(record->cells[0]), sight->arena));
	return seen();
}

/* What the signature names counts as a column when the separator is looked for. */
static struct policy policy_of(const struct preset_kind *kind, struct arena *arena)
{
	struct policy policy = kind->policy;
	size_t known = policy.columns.count, count = known + kind->has.count * 2;
	const char **columns = arena_alloc(arena, (count + 1) * sizeof *columns);
	if (!columns)
		return policy;
	for (size_t i = 0; i < count; i++)
		columns[i] = i < known ? policy.columns.items[i] : kind->has.items[(i - known) / 2];
	policy.columns.items = columns;
	policy.columns.count = count;
	return policy;
}

/* What cannot be read as that kind's files are is none of them; only RETRY is an error. */
static struct error look(
    const struct choosing *choosing, const struct policy *policy, struct sight *sight)
{
	const struct records_terms terms = {policy, PRESET_BEGINNING_MAX};
	const struct records_visitor visitor = {on_headings, on_record, sight};
	struct records *records = NULL;
	*sight = (struct sight){.arena = choosing->arena};
	struct error error = records_open(&terms, &visitor, &records);
	if (!is_error(&error))
		error = records_feed(records, choosing->beginning.bytes, choosing->beginning.size);
	if (!is_error(&error) && choosing->is_whole)
		error = records_finish(records);
	records_close(records);
	if (error.class != ERROR_RETRY && arena_has_failed(choosing->arena))
		return error_memory("looking at a file");
	return error.class == ERROR_RETRY ? error : OK;
}

/* ---- judging ---- */

static bool has_heading(const struct sight *sight, struct slice folded)
{
	for (size_t i = 0; i < sight->headings_count; i++)
		if (slice_is(sight->headings[i], folded))
			return true;
	return false;
}

static bool has_named(const struct sight *sight, const char *heading)
{
	return has_heading(sight, columns_fold(slice_of(heading), sight->arena));
}

static bool is_retry(const struct sight *sight)
{
	return has_heading(sight, SLICE("error_line")) && has_heading(sight, SLICE("error_code"));
}

static bool is_begun(const struct preset_kind *kind, const struct sight *sight)
{
	if (kind->begins.count == 0)
		return true;
	for (size_t i = 0; sight->has_first && i < kind->begins.count; i++)
		if (slice_is(
		        columns_fold(slice_of(kind->begins.items[i]), sight->arena), sight->first))
			return true;
	return false;
}

static struct fit fit_of(
    const struct choosing *choosing, const struct preset_kind *kind, const struct sight *sight)
{
	struct fit fit = {.is_retry = is_retry(sight), .has_heading = sight->has_headings};
	for (size_t i = 0; i < kind->has.count; i++)
		fit.missing += !has_named(sight, kind->has.items[i]);
	for (size_t i = 0; i < kind->lacks.count && !fit.unwanted; i++)
		if (has_named(sight, kind->lacks.items[i]))
			fit.unwanted = kind->lacks.items[i];
	fit.is_named = !kind->files || fnmatch(kind->files, choosing->name, FNM_CASEFOLD) == 0;
	fit.is_begun = is_begun(kind, sight);
	return fit;
}

/* A kind without headings calls its cells itself, in a retry file as well. */
static bool is_known_to(const struct preset_kind *kind, const struct sight *sight)
{
	for (size_t i = 0; i < kind->policy.positions.count; i++) {
		struct slice name = slice_of(kind->policy.positions.items[i]);
		name.size -= name.size > 0 && name.bytes[name.size - 1] == '?';
		if (name.size > 0 && !has_heading(sight, columns_fold(name, sight->arena)))
			return false;
	}
	return true;
}

static bool fits(const struct fit *fit, const struct preset_kind *kind, const struct sight *sight)
{
	if (!fit->has_heading || fit->missing > 0 || fit->unwanted)
		return false;
	if (!fit->is_retry)
		return fit->is_named && fit->is_begun;
	return kind->policy.header == HEADING_FIRST || is_known_to(kind, sight);
}

/* Whether a kind that fits goes before another that does. */
static bool goes_before(
    const struct preset_kind *a, const struct preset_kind *b, bool a_is_named, bool b_is_named)
{
	bool a_has_name = a->files && a_is_named, b_has_name = b->files && b_is_named;
	size_t a_size = a->has.count + a->lacks.count, b_size = b->has.count + b->lacks.count;
	if (a_has_name != b_has_name)
		return a_has_name;
	return a_size > b_size;
}

/* Whether a file that fits none is nearer to this one. */
static bool is_nearer(const struct preset_kind *a, const struct fit *of_a,
    const struct preset_kind *b, const struct fit *of_b)
{
	size_t a_there = a->has.count - of_a->missing, b_there = b->has.count - of_b->missing;
	size_t a_share = a_there * (b->has.count + 1), b_share = b_there * (a->has.count + 1);
	if (a_share != b_share)
		return a_share > b_share;
	return of_a->is_named && !of_b->is_named;
}

/* ---- why there is none ---- */

static struct slice missing_why(const struct choosing *choosing, const struct preset_kind *kind,
    const struct sight *sight, size_t missing)
{
	struct remark_names names = {0};
	for (size_t i = 0; i < kind->has.count; i++)
		if (!has_named(sight, kind->has.items[i]))
			remark_name(
			    &names, slice_of(kind->has.items[i]), SLICE(""), choosing->arena);
	struct slice list = remark_list(&names, choosing->arena);
	return arena_print(choosing->arena, "%.*s %s missing for %s %s", SLICE_ARG(list),
	    missing == 1 ? "is" : "are", choosing->preset->name, kind->name);
}

static struct slice begins_why(const struct choosing *choosing, const struct preset_kind *kind)
{
	struct remark_names names = {0};
	for (size_t i = 0; i < kind->begins.count; i++)
		remark_name(&names, slice_of(kind->begins.items[i]), SLICE(""), choosing->arena);
	struct slice list = remark_list(&names, choosing->arena);
	return arena_print(choosing->arena, "its first cell is none of %.*s, as those of %s %s are",
	    SLICE_ARG(list), choosing->preset->name, kind->name);
}

static struct slice why_not(const struct choosing *choosing, const struct preset_kind *kind,
    const struct sight *sight, const struct fit *fit)
{
	struct arena *arena = choosing->arena;
	const char *preset = choosing->preset->name;
	if (fit->missing > 0)
		return missing_why(choosing, kind, sight, fit->missing);
	if (!fit->has_heading)
		return arena_print(
		    arena, "no row can be read in it as %s %s has them", preset, kind->name);
	if (fit->unwanted)
		return arena_print(arena, "'%s' is there, which %s %s never has", fit->unwanted,
		    preset, kind->name);
	if (!fit->is_begun)
		return begins_why(choosing, kind);
	if (!fit->is_named)
		return arena_print(arena, "its name is not as that of %s %s, which is '%s'", preset,
		    kind->name, kind->files);
	return arena_print(arena, "its columns are not those of %s %s", preset, kind->name);
}

/* ---- the whole ---- */

static const char *name_of(struct slice name, struct arena *arena)
{
	return arena_print(arena, "%.*s", SLICE_ARG(name)).bytes;
}

struct error preset_choose(const struct preset *preset, struct slice name, struct slice beginning,
    bool is_whole, struct arena *arena, const struct preset_kind **kind, struct slice *why)
{
	const struct preset_kind *nearest = NULL;
	struct choosing choosing = {preset, name_of(name, arena), beginning, is_whole, arena};
	struct fit of_kind = {0}, of_nearest = {0};
	struct sight of_near = {0};
	*kind = NULL;
	*why = SLICE("");
	if (!choosing.name)
		return error_memory("looking at a file");
	for (size_t i = 0; i < preset->kinds_count; i++) {
		const struct preset_kind *one = &preset->kinds[i];
		const struct policy policy = policy_of(one, arena);
		struct sight sight;
		struct error error = look(&choosing, &policy, &sight);
		if (is_error(&error))
			return error;
		const struct fit fit = fit_of(&choosing, one, &sight);
		if (fits(&fit, one, &sight) &&
		    (!*kind || goes_before(one, *kind, fit.is_named, of_kind.is_named))) {
			*kind = one;
			of_kind = fit;
		}
		if (!nearest || is_nearer(one, &fit, nearest, &of_nearest)) {
			nearest = one;
			of_nearest = fit;
			of_near = sight;
		}
	}
	if (!*kind)
		*why = nearest ? why_not(&choosing, nearest, &of_near, &of_nearest)
		               : arena_print(arena, "%s has no kinds", preset->name);
	return arena_has_failed(arena) ? error_memory("looking at a file") : OK;
}

/* "enrollments.status" */
static bool is_of_kind(const struct preset *preset, struct slice heading)
{
	struct slice rest = heading, before = slice_take(&rest, '.');
	for (size_t i = 0; i < preset->kinds_count && rest.size > 0; i++)
		if (is_same_letters(before, slice_of(preset->kinds[i].name)))
			return true;
	return false;
}

struct error preset_is_composed(const struct preset *preset, struct slice beginning, bool is_whole,
    struct arena *arena, bool *is_composed)
{
	struct sight sight;
	const struct preset_kind *kind = NULL;
	struct slice why;
	const struct choosing choosing = {preset, "", beginning, is_whole, arena};
	struct error error = look(&choosing, &preset->composed, &sight);
	*is_composed = false;
	if (is_error(&error) || !sight.has_headings || !is_retry(&sight))
		return error;
	for (size_t i = 0; i < sight.headings_count && !*is_composed; i++)
		*is_composed = is_of_kind(preset, sight.headings[i]);
	/* Where no word has a meaning, the headings are enrold's own. */
	if (!*is_composed)
		error = preset_choose(preset, SLICE(""), beginning, is_whole, arena, &kind, &why);
	*is_composed |= !kind;
	return error;
}
