/*
 * What was pruned has its place in the list of a run that is in the chain: it counts as if it were
 * where that says, with the bytes that the witness has of it (rig_witness). What a list names is
 * gone, unless its run is still at it; and the ledger names the run of each.
 */
#include "fatal.h"
#include "law_parts.h"

#include <stdlib.h>
#include <sys/stat.h>

static const char header[] = "run,kind,bytes,sha256,number,previous,chain,rule,place";

enum { RUN, KIND, BYTES, SHA256, NUMBER, PREVIOUS, CHAIN, RULE, PLACE, LIST_CELLS };

/* ---- lists ---- */

static bool is_prune(const struct law_run *run)
{
	return text_starts(run->name, "prune-") && law_is_ordered(run) &&
	       strcmp(run->state, "applied") == 0;
}

/* Of the files below it that are of this run, the one with its hash; "": none. */
static struct path list_below(struct law *law, const char *place, const struct law_run *run)
{
	struct path found = path_of("%s", "");
	struct listing listing = files_list(rig_path(law->rig, "%s", place).text);
	for (size_t i = 0; i < listing.count; i++) {
		char hash[HASH_SIZE];
		const char *path = listing.entries[i].path;
		struct path whole = rig_path(law->rig, "%s/%s", place, path);
		if (!S_ISREG(listing.entries[i].mode) || !strstr(path, run->run))
			continue;
		files_hash(whole.text, hash);
		if (strcmp(hash, run->sha256) == 0)
			found = whole;
	}
	listing_done(&listing);
	return found;
}

static void row_take(
    struct law *law, const struct table *list, size_t row, const struct law_run *by, bool is_at_it)
{
	if (law->pruned_count == law->pruned_room) {
		law->pruned_room = law->pruned_room * 2 + 64;
		law->pruned = realloc(law->pruned, law->pruned_room * sizeof *law->pruned);
		if (!law->pruned)
			fatal("out of memory");
	}
	law->pruned[law->pruned_count++] = (struct law_pruned){.by = by->run,
	    .run = law_copy(law, table_at(list, row, RUN)),
	    .kind = law_copy(law, table_at(list, row, KIND)),
	    .sha256 = law_copy(law, table_at(list, row, SHA256)),
	    .number = law_copy(law, table_at(list, row, NUMBER)),
	    .previous = law_copy(law, table_at(list, row, PREVIOUS)),
	    .chain = law_copy(law, table_at(list, row, CHAIN)),
	    .place = law_copy(law, table_at(list, row, PLACE)),
	    .is_at_it = is_at_it};
}

static void list_take(struct law *law, const struct law_run *run)
{
	struct path path = list_below(law, "archive", run);
	bool is_at_it = *path.text == '\0';
	if (is_at_it)
		path = list_below(law, "work", run);
	if (*path.text == '\0') {
		law_break(law, "L1: the list of run %s is nowhere", run->run);
		return;
	}
	struct buffer text = files_read(path.text);
	struct table list = table_parse(text.bytes, text.size);
	if (!text_starts(text.bytes, header))
		law_break(law, "L1: %s is no list of what was pruned", path.text);
	for (size_t row = 1; row < list.rows_count; row++)
		row_take(law, &list, row, run, is_at_it);
	table_done(&list);
	buffer_done(&text);
}

/* ---- the witness ---- */

static struct path witness_of(const struct law *law, const char *place)
{
	return path_of("%s/witness/%s", law->rig->root.text, place);
}

static void witness_check(struct law *law, const struct law_pruned *row)
{
	char hash[HASH_SIZE];
	struct path path = witness_of(law, row->place);
	bool is_packed = text_ends(row->place, ".gz");
	if (is_packed || !files_exist(path.text)) {
		if (!is_packed)
			law_break(
			    law, "%s was pruned by %s, and was never there", row->place, row->by);
		return;
	}
	files_hash(path.text, hash);
	if (strcmp(hash, row->sha256) != 0)
		law_break(law, "%s was pruned by %s, and had another hash", row->place, row->by);
}

/* The summary that the ledger has forgotten. */
static void history_take(struct law *law, struct law_run *run)
{
	static const char *const ends[] = {".summary.json", ".preview.summary.json"};
	struct listing listing = files_list(witness_of(law, "outbox").text);
	for (size_t i = 0; i < listing.count; i++)
		for (size_t end = 0; end < 2; end++) {
			const char *path = listing.entries[i].path;
			if (!text_ends(path, path_of("%s%s", run->run, ends[end]).text))
				continue;
			struct buffer text =
			    files_read(path_of("%s/%s", witness_of(law, "outbox").text, path).text);
			run->summary = law_copy(law, text.bytes);
			buffer_done(&text);
		}
	listing_done(&listing);
	run->json = json_loads(run->summary, 0, NULL);
	if (!run->json)
		law_break(law, "the texts of run %s were pruned, and were never there", run->run);
}

/* ---- what each is about ---- */

static bool is_kind(const struct law_pruned *row, const char *kind)
{
	return strcmp(row->kind, kind) == 0;
}

static void bridge_check(struct law *law, const struct law_pruned *row, const struct law_run *run)
{
	struct path number =
	    path_of("%lld", (long long)json_integer_value(json_object_get(run->json, "number")));
	if (strcmp(number.text, row->number) != 0 ||
	    strcmp(law_member(run->json, "previous"), row->previous) != 0 ||
	    strcmp(law_member(run->json, "chain"), row->chain) != 0 ||
	    strcmp(run->summary_sha256, row->sha256) != 0)
		law_break(law, "L3: the list of run %s bridges run %s by another link", row->by,
		    row->run);
}

static void mark_check(struct law *law, const struct law_pruned *row, const struct law_run *run)
{
	bool is_input = is_kind(row, "input");
	const char *mark = is_input ? run->input_pruned : run->answer_pruned;
	if ((is_input || text_starts(row->place, "outbox/")) && strcmp(mark, row->by) < 0)
		law_break(
		    law, "run %s lists %s, and the ledger names '%s'", row->by, row->place, mark);
}

static bool is_spared(const struct law *law, const struct law_pruned *row)
{
	const char *path = law->rig->spared;
	size_t root = strlen(law->rig->directory.text);
	return path && strlen(path) > root && text_starts(row->place, path + root + 1);
}

static void row_check(struct law *law, const struct law_pruned *row)
{
	struct law_run *run = law_find(law, row->run);
	if (!run || !law_has_ended(run)) {
		law_break(law, "run %s lists run %s, which has not ended", row->by, row->run);
		return;
	}
	if (is_kind(row, "history") && !*run->summary)
		history_take(law, run);
	mark_check(law, row, run);
	if (!*row->place)
		return;
	bool is_there = files_exist(rig_path(law->rig, "%s", row->place).text);
	if (is_there && !is_spared(law, row) && (law->moment == LAW_IDLE || !row->is_at_it))
		law_break(law, "%s is listed by run %s, and is still there", row->place, row->by);
	/* Of what could not be read the list has no hash. */
	if (!is_there && !(is_spared(law, row) && *row->sha256 == '\0'))
		witness_check(law, row);
}

void law_load_pruned(struct law *law)
{
	for (size_t i = 0; i < law->runs_count; i++)
		if (is_prune(&law->runs[i]))
			list_take(law, &law->runs[i]);
	for (size_t i = 0; i < law->pruned_count; i++)
		row_check(law, &law->pruned[i]);
	for (size_t i = 0; i < law->pruned_count; i++)
		if (is_kind(&law->pruned[i], "summary") && law_find(law, law->pruned[i].run))
			bridge_check(law, &law->pruned[i], law_find(law, law->pruned[i].run));
}

bool law_is_pruned_by(const struct law *law, const char *run, const char *kind, const char *by)
{
	for (size_t i = 0; i < law->pruned_count; i++)
		if (strcmp(law->pruned[i].run, run) == 0 && is_kind(&law->pruned[i], kind) &&
		    strcmp(law->pruned[i].by, by) == 0)
			return true;
	return false;
}

bool law_is_listed(const struct law *law, const char *place)
{
	for (size_t i = 0; i < law->pruned_count; i++)
		if (strcmp(law->pruned[i].place, place) == 0)
			return true;
	return false;
}

struct path law_find_kept(const struct law *law, const char *path)
{
	struct path spool = rig_path(law->rig, "%s", "");
	if (files_exist(path) || !text_starts(path, spool.text))
		return path_of("%s", path);
	const char *place = path + strlen(spool.text);
	return law_is_listed(law, place) ? witness_of(law, place) : path_of("%s", path);
}

bool law_is_gone(const struct law *law, const struct law_pruned *row)
{
	return *row->place && !files_exist(rig_path(law->rig, "%s", row->place).text);
}

/* In the outbox as it was. */
void law_find_pruned_answers(struct law *law)
{
	for (size_t i = 0; i < law->pruned_count; i++) {
		const struct law_pruned *row = &law->pruned[i];
		struct law_run *run = law_find(law, row->run);
		const char **place = !run || !text_starts(row->place, "outbox/") ? NULL
		                     : is_kind(row, "summary") ? &run->summary_path
		                     : is_kind(row, "result")  ? &run->result_path
		                     : is_kind(row, "retry")   ? &run->retry_path
		                     : is_kind(row, "plan")    ? &run->plan_path
		                     : is_kind(row, "report")  ? &run->report_path
		                                               : NULL;
		if (!place || **place || !law_is_gone(law, row))
			continue;
		*place = law_copy(law, witness_of(law, row->place).text);
		run->files_count += place != &run->summary_path;
	}
}
