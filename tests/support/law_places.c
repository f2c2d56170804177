/* L1, L2 and L5: where every dropped file is, and that nothing else is there. */
#include "fatal.h"
#include "law_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

/* A file of a place, or one that was dropped. */
struct item {
	const char *feed;
	const char *name;
	const char *hash;
	const char *place; /* for the message */
};

struct items {
	struct item *items;
	size_t count, room;
};

struct search {
	struct law *law;
	struct items found;
};

static void items_add(struct items *items, struct item item)
{
	if (items->count == items->room) {
		items->room = items->room ? items->room * 2 : 64;
		items->items = realloc(items->items, items->room * sizeof item);
		if (!items->items)
			fatal("out of memory");
	}
	items->items[items->count++] = item;
}

/* place: relative to the spool. */
static void found_add(struct search *search, const char *feed, const char *name, const char *place)
{
	struct law *law = search->law;
	char hash[HASH_SIZE];
	files_hash(rig_path(law->rig, "%s", place).text, hash);
	items_add(&search->found, (struct item){law_copy(law, feed), law_copy(law, name),
	                              law_copy(law, hash), law_copy(law, place)});
}

static void found_add_inbox(struct search *search, const char *below, const char *place)
{
	const char *base = path_base(below);
	found_add(search, path_feed(below).text, base, place);
}

/* What lies beside a file goes where its file goes, and is not followed itself. */
static bool is_beside(const char *path)
{
	return text_ends(path, ".sha256") || text_ends(path, ".rows") || text_ends(path, ".done");
}

/* The hash that it had when it was dropped, of a file in the archive that is as it should be. */
static const char *dropped_hash(struct law *law, const struct law_run *run, const char *hash)
{
	const char *cut = "";
	for (size_t i = 0; i < law->rig->drops_count; i++) {
		const struct drop *drop = &law->rig->drops[i];
		if (strcmp(drop->hash, run->sha256) == 0 && strcmp(drop->name, run->name) == 0)
			cut = drop->cut;
	}
	const json_t *archived = json_object_get(json_object_get(run->json, "input"), "archived");
	bool is_to_be_cut =
	    *cut && !law_is_put_aside(run) && !strstr(run->policy, "passwords=keep");
	if (strcmp(law_member(archived, "sha256"), is_to_be_cut ? cut : "") != 0)
		law_break(law, "L1: run %s archives %s, and %s without passwords is %s", run->run,
		    law_member(archived, "sha256"), run->name, cut);
	if (is_to_be_cut && strcmp(hash, cut) == 0)
		return run->sha256;
	if (is_to_be_cut && law->moment == LAW_IDLE && !law_needs_input(law, run))
		law_break(law, "L1: the passwords of run %s are in the archive still", run->run);
	return hash;
}

/* As it was dropped, or without its passwords. */
static void archived_add(struct search *search, const struct law_run *run, const char *path)
{
	char hash[HASH_SIZE];
	struct law *law = search->law;
	files_hash(rig_path(law->rig, "%s", path).text, hash);
	const char *dropped = dropped_hash(law, run, hash);
	items_add(&search->found, (struct item){law_copy(law, run->feed), law_copy(law, run->name),
	                              law_copy(law, dropped), law_copy(law, path)});
}

/* ---- one function for each place; `path` is relative to the spool ---- */

typedef void visit_file(struct search *search, const char *below, const char *path, mode_t mode);

static void inbox_visit(struct search *search, const char *below, const char *path, mode_t mode)
{
	(void)mode;
	if (is_beside(path))
		return;
	found_add_inbox(search, below, path);
}

/* below: <node>/<run>/inbox/<path below the inbox>, or other things of that run. */
static void work_visit(struct search *search, const char *below, const char *path, mode_t mode)
{
	const char *run = strchr(below, '/');
	const char *rest = run ? strchr(run + 1, '/') : NULL;
	bool is_placeholder = (mode & 07777) == 01000; /* of a claim that was cut short */
	if (!rest || !text_starts(rest, "/inbox/") || is_placeholder)
		return;
	char id[LAW_RUN_SIZE];
	snprintf(id, sizeof id, "%.*s", (int)(rest - run - 1), run + 1);
	struct law_run *known = law_find(search->law, id);
	if (known)
		known->in_work++;
	struct path mark = rig_path(search->law->rig, "work/%.*s/made", (int)(rest - below), below);
	if (files_exist(mark.text))
		return;                    /* nobody has dropped it */
	if (known && law_has_ended(known)) /* on its way to its place */
		archived_add(search, known, path);
	else
		found_add_inbox(search, rest + strlen("/inbox/"), path);
}

/* What a name has that nobody would see is a _ in ours; these are in the names of our tests. */
static struct path name_shown(const char *name)
{
	static const char *const unseen[] = {"\u202E", "\u2028", "\u200B", "\u2066"};
	struct path shown = path_of("%s", "");
	for (size_t used = 0; *name != '\0';) {
		size_t skipped = 0;
		for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
			if (text_starts(name, unseen[i]))
				skipped = strlen(unseen[i]);
		shown.text[used++] = skipped > 0 ? '_' : *name;
		shown.text[used] = '\0';
		name += skipped > 0 ? skipped : 1;
	}
	return shown;
}

/* Letter case aside; one of these, or .csv and .txt with .gz behind. */
static size_t inner_ending_size(const char *name, size_t size)
{
	static const char *const endings[] = {".csv.gz", ".txt.gz", ".csv", ".txt", ".gz", ".zip"};
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t tail = strlen(endings[i]);
		if (size >= tail && strncasecmp(name + size - tail, endings[i], tail) == 0)
			return tail;
	}
	return 0;
}

size_t law_ending_size(const char *name)
{
	static const char *const encrypted[] = {".pgp", ".gpg", ".asc"};
	size_t size = strlen(name), outer = 0;
	for (size_t i = 0; i < sizeof encrypted / sizeof *encrypted; i++)
		if (size >= 4 && strcasecmp(name + size - 4, encrypted[i]) == 0)
			outer = 4;
	return outer + inner_ending_size(name, size - outer);
}

/* The input keeps how it ends; what has no ending has .csv. */
static void ending_check(struct law *law, const struct law_run *run, const char *path)
{
	struct path shown = name_shown(run->name);
	size_t size = law_ending_size(shown.text);
	const char *ending = size > 0 ? shown.text + strlen(shown.text) - size : ".csv";
	if (!text_ends(path, path_of(".%s%s", run->run, ending).text))
		law_break(law, "%s does not end as the input %s did", path, run->name);
}

void law_check_name(struct law *law, const struct law_run *run, const char *path)
{
	const char *base = path_base(path);
	const char *id = strstr(base, run->run);
	size_t stem = id && id > base ? (size_t)(id - base) - 1 : 0;
	struct path shown = name_shown(run->name);
	size_t whole = strlen(shown.text) - law_ending_size(shown.text);
	bool may_be_cut = strlen(run->name) > 200;
	if (strncmp(base, shown.text, stem) != 0 || (stem != whole && !may_be_cut))
		law_break(
		    law, "%s is no name for the input %s of run %s", path, run->name, run->run);
}

static struct law_run *owner_find(struct law *law, const char *path)
{
	char id[LAW_RUN_SIZE];
	struct law_run *run = law_read_run(path_base(path), id) ? law_find(law, id) : NULL;
	if (run)
		law_check_name(law, run, path);
	else
		law_break(law, "L4: %s belongs to no run of the ledger", path);
	return run;
}

static void mode_check(struct law *law, const char *path, mode_t mode)
{
	if (mode & 07)
		law_break(law, "%s can be read by everybody: mode %o", path, mode & 07777);
}

/* Those that came late lie in held/ itself, those that wait for a person below it. */
static void held_visit(struct search *search, const char *below, const char *path, mode_t mode)
{
	struct law *law = search->law;
	const char *base = path_base(below);
	bool is_late = base == below;
	if ((is_late && is_beside(path)) || (*base == '.' && law->moment == LAW_STOPPED))
		return;
	struct law_run *run = owner_find(law, path);
	if (!is_late)
		mode_check(law, path, mode);
	if (run && (is_late || law_take_held(law, run, path)))
		found_add(search, run->feed, run->name, path);
}

/* The input of a run that ended, where those of its state lie. */
static void ended_add(struct search *search, const struct law_run *run, const char *path)
{
	char hash[HASH_SIZE];
	if (!law_is_ordered(run)) {
		found_add(search, run->feed, run->name, path);
		return;
	}
	files_hash(rig_path(search->law->rig, "%s", path).text, hash);
	if (strcmp(hash, run->sha256) != 0)
		law_break(search->law, "L1: %s is not what run %s was about", path, run->run);
}

static void archive_visit(struct search *search, const char *below, const char *path, mode_t mode)
{
	struct law *law = search->law;
	if (is_beside(path))
		return;
	struct law_run *run = owner_find(law, path);
	if (!law_has_shape(below, "dddd/dd/dd/") || strchr(below + strlen("YYYY/MM/DD/"), '/'))
		law_break(law, "%s does not lie in archive/YYYY/MM/DD", path);
	mode_check(law, path, mode);
	if (!run)
		return;
	ending_check(law, run, path);
	run->in_archive++;
	if (law_is_ordered(run))
		ended_add(search, run, path);
	else
		archived_add(search, run, path);
}

static void reason_check(struct law *law, const char *path)
{
	struct path reason = rig_path(law->rig, "%s.reason.txt", path);
	struct stat stat_;
	if (stat(reason.text, &stat_) != 0 || stat_.st_size < 2)
		law_break(law, "L2: %s has no reason beside it", path);
}

static void quarantine_visit(
    struct search *search, const char *below, const char *path, mode_t mode)
{
	(void)below;
	struct law *law = search->law;
	if (is_beside(path))
		return;
	if (text_ends(path, ".reason.txt")) {
		struct path of =
		    rig_path(law->rig, "%.*s", (int)(strlen(path) - strlen(".reason.txt")), path);
		if (!files_exist(of.text) && !law_is_listed(law, path))
			law_break(law, "%s is the reason for nothing", path);
		return;
	}
	struct law_run *run = owner_find(law, path);
	mode_check(law, path, mode);
	if (law->moment == LAW_IDLE)
		reason_check(law, path);
	if (!run)
		return;
	ending_check(law, run, path);
	run->in_quarantine++;
	ended_add(search, run, path);
}

/* As if it were still where the list says, the last one if it could not be removed at once; what
 * waited was put aside when it was closed. */
static void pruned_add(struct search *search, const struct law_pruned *row)
{
	struct law *law = search->law;
	struct law_run *run = law_find(law, row->run);
	if (!run || strcmp(row->kind, "input") != 0 || strcmp(run->input_pruned, row->by) != 0 ||
	    !law_is_gone(law, row))
		return;
	bool is_archived = text_starts(row->place, "archive/");
	*(is_archived ? &run->in_archive : &run->in_quarantine) += 1;
	if (law_is_ordered(run))
		return;
	const char *hash = is_archived ? dropped_hash(law, run, row->sha256) : row->sha256;
	items_add(&search->found, (struct item){run->feed, run->name, hash, row->place});
}

/* What can be made anew: of runs that changed something, and nothing half made. */
static void index_visit(struct search *search, const char *below, const char *path, mode_t mode)
{
	struct law *law = search->law;
	const struct law_run *run = NULL;
	char id[LAW_RUN_SIZE];
	if (law_has_shape(below, "dddddddd-dddddd-dddddd") &&
	    strcmp(below + LAW_RUN_SIZE - 1, ".idx") == 0) {
		snprintf(id, sizeof id, "%.*s", LAW_RUN_SIZE - 1, below);
		run = law_find(law, id);
	}
	mode_check(law, path, mode);
	if (!run || !law_has_ended(run) || strcmp(run->state, "previewed") == 0)
		law_break(law, "L4: %s is of no run that needs it", path);
}

static void place_walk(struct search *search, const char *place, visit_file *visit)
{
	struct listing listing = files_list(rig_path(search->law->rig, "%s", place).text);
	for (size_t i = 0; i < listing.count; i++) {
		const struct listing_entry *entry = &listing.entries[i];
		if (S_ISREG(entry->mode))
			visit(search, entry->path, path_of("%s/%s", place, entry->path).text,
			    entry->mode);
	}
	listing_done(&listing);
}

/* ---- L1: found equals dropped ---- */

static int item_compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->feed, y->feed);
	if (order == 0)
		order = strcmp(x->name, y->name);
	return order != 0 ? order : strcmp(x->hash, y->hash);
}

static struct items dropped_items(const struct rig *rig)
{
	struct items items = {0};
	for (size_t i = 0; i < rig->drops_count; i++) {
		const struct drop *drop = &rig->drops[i];
		if (!is_beside(drop->name))
			items_add(
			    &items, (struct item){drop->feed, drop->name, drop->hash, "dropped"});
	}
	return items;
}

static void items_sort(struct items *items)
{
	if (items->count > 1)
		qsort(items->items, items->count, sizeof *items->items, item_compare);
}

static void items_match(struct law *law, struct items *dropped, struct items *found)
{
	items_sort(dropped);
	items_sort(found);
	size_t d = 0, f = 0;
	while (d < dropped->count || f < found->count) {
		const struct item *wanted = &dropped->items[d], *is = &found->items[f];
		int order = d == dropped->count ? 1
		            : f == found->count ? -1
		                                : item_compare(wanted, is);
		if (order < 0)
			law_break(law, "L1: %s of feed %s with hash %s is nowhere to be found",
			    wanted->name, wanted->feed, wanted->hash);
		else if (order > 0)
			law_break(law,
			    "L1: %s (%s of feed %s, hash %s) is once too often, or altered",
			    is->place, is->name, is->feed, is->hash);
		d += order <= 0;
		f += order >= 0;
	}
}

/* ---- L2: every run's input is where its state says ---- */

/* Where it belongs, of the counts of a run; NULL: nobody can say. */
static size_t *place_of(struct law_run *run)
{
	bool is_held = strcmp(run->state, "held") == 0;
	if (is_held && (!run->plan || law_is_open(run->plan)))
		return run->plan ? &run->in_held : NULL;
	bool is_unwanted = is_held ? law_is_unwanted(run->plan) : law_is_put_aside(run);
	return is_unwanted ? &run->in_quarantine : &run->in_archive;
}

static void run_place_check(struct law *law, struct law_run *run)
{
	bool may_wait = law->moment == LAW_STOPPED;
	size_t all = run->in_archive + run->in_quarantine + run->in_held;
	if (!law_has_ended(run)) {
		if (!may_wait || run->in_work != 1)
			law_break(law, "L2: run %s of %s is %s, its input is %zu times in work",
			    run->run, run->name, run->state, run->in_work);
		return;
	}
	const size_t *place = place_of(run);
	bool may_be_held = may_wait && law_is_rehearsed(run);
	size_t right = place ? *place : 0;
	right += (may_wait ? run->in_work : 0);
	right += may_be_held && place != &run->in_held ? run->in_held : 0;
	if (right != 1 || all + run->in_work != 1)
		law_break(law,
		    "L2: run %s of %s is %s%s%s, its input is %zu times in the archive, %zu in "
		    "quarantine, %zu in held, %zu in work",
		    run->run, run->name, run->state, run->plan ? ", its plan " : "",
		    run->plan ? run->plan->state : "", run->in_archive, run->in_quarantine,
		    run->in_held, run->in_work);
}

/* ---- L5 ---- */

static void temporary_check(struct law *law, const char *place)
{
	struct listing listing = files_list(rig_path(law->rig, "%s", place).text);
	for (size_t i = 0; i < listing.count; i++) {
		const char *base = path_base(listing.entries[i].path);
		if (strcmp(place, "outbox") == 0 &&
		    (strcmp(listing.entries[i].path, "checkpoints/.given") == 0 ||
		        strcmp(listing.entries[i].path, "checkpoints/.giving") == 0))
			continue;
		if (*base == '.' || text_ends(base, ".part") || text_ends(base, ".tmp"))
			law_break(law, "L5: a temporary name is left: %s/%s", place,
			    listing.entries[i].path);
	}
	listing_done(&listing);
}

static void work_check_empty(struct law *law)
{
	struct listing listing = files_list(rig_path(law->rig, "work").text);
	for (size_t i = 0; i < listing.count; i++)
		if (strchr(listing.entries[i].path, '/')) /* below a node */
			law_break(law, "L5: work is left: %s", listing.entries[i].path);
	listing_done(&listing);
}

void law_check_places(struct law *law)
{
	static const struct {
		const char *name;
		visit_file *visit;
	} places[] = {{"inbox", inbox_visit}, {"work", work_visit}, {"held", held_visit},
	    {"archive", archive_visit}, {"quarantine", quarantine_visit}, {"index", index_visit}};
	struct search search = {.law = law};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		place_walk(&search, places[i].name, places[i].visit);
	for (size_t i = 0; i < law->pruned_count; i++)
		pruned_add(&search, &law->pruned[i]);
	struct items dropped = dropped_items(law->rig);
	items_match(law, &dropped, &search.found);
	free(dropped.items);
	free(search.found.items);
	for (size_t i = 0; i < law->runs_count; i++)
		run_place_check(law, &law->runs[i]);
	if (law->moment != LAW_IDLE)
		return;
	temporary_check(law, "outbox");
	temporary_check(law, "archive");
	temporary_check(law, "quarantine");
	temporary_check(law, "held");
	temporary_check(law, "index");
	work_check_empty(law);
}
