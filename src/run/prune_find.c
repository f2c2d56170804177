/*
 * prune_find: what of a feed goes, and lies where and as the ledger says. The ledger is read page
 * by page; of a page's runs those in work/ are looked for behind it, so that what has ended
 * meanwhile is left for the next time.
 */
#include "prune_place.h"
#include "prune_stays.h"

#include "enrold/held.h"
#include "enrold/naming.h"
#include "enrold/summary.h"

#include <stdio.h>

enum { PAGE = 500 };

struct finding {
	const struct prune_terms *terms;
	prune_on_row *on_row;
	void *context;
	struct stays stays;
	struct arena *arena, *page_arena;
	struct place places[SPOOL_FOLDERS];
	struct prune_stays *left;
	/* Of the run: */
	const struct kept_run *run;
	unsigned verdict;
	bool keeps_input; /* it is not what it was, and stays */
};

static struct prune_row row_of(
    const struct finding *finding, enum prune_kind kind, enum keep_kind rule)
{
	struct prune_row row = {.kind = kind};
	memcpy(row.rule, finding->stays.limits.rule[rule], sizeof row.rule);
	snprintf(row.run, sizeof row.run, "%s", finding->run->is.run.bytes);
	return row;
}

/* end NULL: of the input. The place is open, or it is none that is there. */
static void file_name(const struct finding *finding, enum spool_folder where, const char *end,
    char name[FILE_NAME_SIZE])
{
	const struct naming of = {.input = finding->run->is.name.bytes,
	    .run = finding->run->is.run.bytes,
	    .suffix = end ? end : "",
	    .is_input = !end};
	naming_find(finding->places[where].directory, ".", &of, name);
}

/* ---- a file as the ledger has it ---- */

/* What a list says of it, when it is so; *is_altered: something else lies there. */
static struct error file_find(struct finding *finding, enum spool_folder where, const char *name,
    struct prune_row *row, bool *is_there, bool *is_altered)
{
	const struct place *place = &finding->places[where];
	struct packed_found found;
	struct error error = prune_place_hash(place, name, row->bytes, &found);
	if (is_error(&error))
		return error;
	/* Of a file that was too large to be taken only its size is known. */
	bool has_hash = *row->sha256 != '\0';
	bool is_same =
	    has_hash ? strcmp(found.sha256, row->sha256) == 0 : found.bytes == row->bytes;
	*is_altered = found.is_there && !is_same;
	if (is_same && !has_hash)
		memcpy(row->sha256, found.sha256, sizeof row->sha256);
	*is_there = found.is_there && !*is_altered;
	row->bytes = found.bytes;
	prune_place_print(place, name, found.is_packed, row->place);
	if (*is_altered && finding->left->altered++ == 0)
		snprintf(finding->left->first, sizeof finding->left->first, "%s", row->place);
	return OK;
}

static struct error give(struct finding *finding, const struct prune_row *row)
{
	return finding->on_row(finding->context, row);
}

/* ---- the input, and what lies beside it ---- */

static struct error beside_give(
    struct finding *finding, enum spool_folder where, enum keep_kind rule)
{
	struct place *place = &finding->places[where];
	size_t count;
	const struct beside *beside = prune_place_beside(place, finding->run->is.run.bytes, &count);
	struct error error = OK;
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		struct packed_found found;
		bool is_reason = prune_place_is_reason(beside[i].name);
		struct prune_row row =
		    row_of(finding, is_reason ? PRUNE_REASON : PRUNE_SIDECAR, rule);
		error = prune_place_hash(place, beside[i].name, 0, &found);
		if (is_error(&error) || !found.is_there || found.is_packed)
			continue;
		row.bytes = found.bytes;
		memcpy(row.sha256, found.sha256, sizeof row.sha256);
		prune_place_print(place, beside[i].name, false, row.place);
		error = give(finding, &row);
	}
	return error;
}

static struct error input_give(
    struct finding *finding, enum spool_folder where, enum keep_kind rule)
{
	char name[FILE_NAME_SIZE];
	bool is_there, is_altered;
	const struct ledger_run *run = &finding->run->is;
	bool is_cut = where == SPOOL_ARCHIVE && run->archived_sha256.size > 0;
	struct prune_row row = row_of(finding, PRUNE_INPUT, rule);
	row.bytes = is_cut ? run->archived_bytes : run->bytes;
	snprintf(row.sha256, sizeof row.sha256, "%.*s",
	    SLICE_ARG(is_cut ? run->archived_sha256 : run->sha256));
	struct error error = prune_place_open(&finding->places[where], run->run.bytes);
	file_name(finding, where, NULL, name);
	if (!is_error(&error))
		error = file_find(finding, where, name, &row, &is_there, &is_altered);
	finding->keeps_input = is_error(&error) || is_altered;
	if (finding->keeps_input)
		return error;
	if (is_there)
		error = give(finding, &row);
	else if (run->input_pruned.size == 0 && run->state != RUN_HELD)
		finding->left->missing++;
	return is_error(&error) ? error : beside_give(finding, where, rule);
}

/* ---- the answer ---- */

static const enum prune_kind kind_of[ARTEFACTS] = {[ARTEFACT_RESULT] = PRUNE_RESULT,
    [ARTEFACT_RETRY] = PRUNE_RETRY,
    [ARTEFACT_PLAN] = PRUNE_PLAN,
    [ARTEFACT_REPORT] = PRUNE_REPORT};

/* Which of its two names the answer has: the state of one that was refused does not tell. */
static const char *answer_infix(struct finding *finding)
{
	char name[FILE_NAME_SIZE];
	file_name(finding, SPOOL_OUTBOX, ".preview.summary.json", name);
	bool is_preview = finding->run->is.state == RUN_PREVIEWED ||
	                  prune_place_has(&finding->places[SPOOL_OUTBOX], name);
	return is_preview ? ".preview" : "";
}

static struct error artefact_give(
    struct finding *finding, const char *infix, enum artefact artefact)
{
	char end[64], name[FILE_NAME_SIZE];
	bool is_there, is_altered;
	const struct ledger_run *run = &finding->run->is;
	struct prune_row row = row_of(finding, kind_of[artefact], KEEP_ANSWERS);
	snprintf(end, sizeof end, "%s%s", infix, artefact_kinds[artefact].suffix);
	file_name(finding, SPOOL_OUTBOX, end, name);
	row.bytes = run->sizes.of[artefact];
	snprintf(row.sha256, sizeof row.sha256, "%.*s", SLICE_ARG(run->hashes[artefact]));
	struct error error = file_find(finding, SPOOL_OUTBOX, name, &row, &is_there, &is_altered);
	if (is_error(&error) || is_altered)
		return error;
	if (is_there)
		return give(finding, &row);
	finding->left->missing += run->answer_pruned.size == 0;
	return OK;
}

/* As long as the file is there its summary says what it was, and shows nothing that is not there
 * anyway. */
static bool loses_input(const struct finding *finding)
{
	unsigned inputs = 1U << KEEP_ARCHIVE | 1U << KEEP_QUARANTINE | 1U << KEEP_HELD;
	bool goes_now = (finding->verdict & inputs) != 0 && !finding->keeps_input;
	return goes_now || finding->run->is.input_pruned.size > 0;
}

/* Only one that shows a cell of the file goes: without it, that the chain holds is what the list
 * says, and no checkpoint of before that list. */
static struct error summary_give(struct finding *finding, const char *infix)
{
	char end[64], name[FILE_NAME_SIZE];
	bool is_there, is_altered;
	struct slice text;
	const struct ledger_run *run = &finding->run->is;
	struct prune_row row = row_of(finding, PRUNE_SUMMARY, KEEP_ANSWERS);
	snprintf(end, sizeof end, "%s.summary.json", infix);
	file_name(finding, SPOOL_OUTBOX, end, name);
	snprintf(row.sha256, sizeof row.sha256, "%.*s", SLICE_ARG(run->summary_sha256));
	row.bytes = PLACE_SUMMARY_MAX;
	struct error error = file_find(finding, SPOOL_OUTBOX, name, &row, &is_there, &is_altered);
	if (is_error(&error) || is_altered)
		return error;
	if (!is_there) {
		finding->left->missing += run->answer_pruned.size == 0;
		return OK;
	}
	error = prune_place_load(&finding->places[SPOOL_OUTBOX], name, finding->page_arena, &text);
	if (is_error(&error) || !summary_quotes_cells(text) || !loses_input(finding))
		return error;
	row.number = run->number;
	summary_find_chain(text, row.chain);
	summary_find_previous(text, row.previous);
	return give(finding, &row);
}

static struct error answer_give(struct finding *finding)
{
	const char *infix = answer_infix(finding);
	struct error error = OK;
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++)
		if (finding->run->is.hashes[a].size > 0)
			error = artefact_give(finding, infix, a);
	return is_error(&error) ? error : summary_give(finding, infix);
}

/* ---- the plan that waits ---- */

static struct error plan_give(struct finding *finding)
{
	char name[FILE_NAME_SIZE];
	bool is_there, is_altered;
	const struct ledger_run *run = &finding->run->is;
	struct prune_row row = row_of(finding, PRUNE_PLAN, KEEP_HELD);
	file_name(finding, SPOOL_HELD, HELD_PLAN, name);
	row.bytes = run->sizes.of[ARTEFACT_PLAN];
	snprintf(row.sha256, sizeof row.sha256, "%.*s", SLICE_ARG(run->hashes[ARTEFACT_PLAN]));
	struct error error = file_find(finding, SPOOL_HELD, name, &row, &is_there, &is_altered);
	return is_error(&error) || !is_there ? error : give(finding, &row);
}

static struct error card_give(struct finding *finding)
{
	char name[FILE_NAME_SIZE];
	struct packed_found found;
	const struct place *place = &finding->places[SPOOL_HELD];
	struct prune_row row = row_of(finding, PRUNE_CARD, KEEP_HELD);
	file_name(finding, SPOOL_HELD, HELD_CARD, name);
	struct error error = prune_place_hash(place, name, 0, &found);
	if (is_error(&error) || !found.is_there || found.is_packed)
		return error;
	row.bytes = found.bytes;
	memcpy(row.sha256, found.sha256, sizeof row.sha256);
	prune_place_print(place, name, false, row.place);
	return give(finding, &row);
}

/* Its end, and its files; the card last, as when a person decides. */
static struct error held_give(struct finding *finding)
{
	struct prune_row row = row_of(finding, PRUNE_HELD, KEEP_HELD);
	snprintf(row.sha256, sizeof row.sha256, "%.*s",
	    SLICE_ARG(finding->run->is.hashes[ARTEFACT_PLAN]));
	struct error error = give(finding, &row);
	if (!is_error(&error) && finding->run->is.state == RUN_HELD)
		error = input_give(finding, SPOOL_HELD, KEEP_HELD);
	if (!is_error(&error))
		error = plan_give(finding);
	return is_error(&error) ? error : card_give(finding);
}

/* ---- a run ---- */

/* A file of a feed may have such a name as well. */
static struct error is_record(struct finding *finding, bool *is)
{
	struct ledger_run whole;
	*is = name_is_record(finding->run->is.name.bytes);
	if (!*is)
		return OK;
	struct error error =
	    ledger_find(finding->terms->db, finding->run->is.run, finding->page_arena, &whole);
	*is = summary_is_ordered(whole.summary);
	return error;
}

static struct error run_judge(struct finding *finding)
{
	struct keep_facts facts;
	stays_facts(&finding->stays, finding->run, &facts);
	struct error error = is_record(finding, &facts.is_record);
	finding->verdict = keep_judge(&finding->stays.limits, finding->run->is.run.bytes, &facts);
	return error;
}

static bool goes(const struct finding *finding, enum keep_kind kind)
{
	return keep_goes(finding->verdict, kind);
}

static struct error run_find(struct finding *finding)
{
	struct error error = run_judge(finding);
	/* What was held as a whole lies in held/ as long as it waits, and in the archive there are
	 * passwords still that go first. */
	bool waits = goes(finding, KEEP_HELD) && (finding->run->is.state == RUN_HELD ||
	                                             finding->run->is.archived_sha256.size > 0);
	if (!is_error(&error) && goes(finding, KEEP_HELD))
		error = held_give(finding);
	if (!is_error(&error) && goes(finding, KEEP_ARCHIVE) && !waits)
		error = input_give(finding, SPOOL_ARCHIVE, KEEP_ARCHIVE);
	if (!is_error(&error) && goes(finding, KEEP_QUARANTINE) && !waits)
		error = input_give(finding, SPOOL_QUARANTINE, KEEP_QUARANTINE);
	if (!is_error(&error) && goes(finding, KEEP_ANSWERS))
		error = answer_give(finding);
	if (is_error(&error) || !goes(finding, KEEP_HISTORY))
		return error;
	const struct prune_row row = row_of(finding, PRUNE_HISTORY, KEEP_HISTORY);
	return give(finding, &row);
}

static bool has_to_stop(const struct finding *finding)
{
	return finding->terms->is_stopping && atomic_load(finding->terms->is_stopping);
}

static struct error page_find(struct finding *finding, const struct kept_run *runs, size_t count)
{
	struct error error = stays_look(finding->terms, finding->page_arena, &finding->stays);
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		if (has_to_stop(finding))
			return error_retry("enrold ends: what goes is listed when it is back");
		finding->run = &runs[i];
		finding->keeps_input = false;
		error = run_find(finding);
		if (finding->terms->progress)
			atomic_fetch_add(finding->terms->progress, 1);
	}
	return error;
}

static struct error all_find(struct finding *finding)
{
	struct kept_run *runs;
	size_t count = PAGE;
	struct ledger_page page = {.limit = PAGE};
	const struct prune_terms *terms = finding->terms;
	struct error error = stays_find(terms, finding->arena, &finding->stays);
	memcpy(page.before, finding->stays.limits.latest, sizeof page.before);
	while (*page.before && count == PAGE && !is_error(&error)) {
		arena_reset(finding->page_arena);
		error = kept_list(
		    terms->db, slice_of(terms->feed), &page, finding->page_arena, &runs, &count);
		if (!is_error(&error))
			error = page_find(finding, runs, count);
		if (!is_error(&error) && count > 0)
			snprintf(page.after, sizeof page.after, "%.*s",
			    SLICE_ARG(runs[count - 1].is.run));
	}
	return error;
}

struct error prune_find(
    const struct prune_terms *terms, prune_on_row *on_row, void *context, struct prune_stays *stays)
{
	struct finding finding = {.terms = terms,
	    .on_row = on_row,
	    .context = context,
	    .left = stays,
	    .arena = arena_create(),
	    .page_arena = arena_create()};
	*stays = (struct prune_stays){.altered = 0};
	prune_places_init(finding.places, terms->root, terms->feed);
	struct error error = finding.arena && finding.page_arena
	                         ? all_find(&finding)
	                         : error_memory("listing what goes");
	prune_places_done(finding.places);
	arena_free(finding.arena);
	arena_free(finding.page_arena);
	return error;
}
