#include "prune_stays.h"

#include "enrold/disk.h"
#include "enrold/orders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* ---- work/ and orders/ ---- */

struct looking {
	struct arena *arena;
	struct stays *stays;
};

/* "undo R": what the run there carries out. */
static struct error made_note(const struct looking *looking, int node, const char *run)
{
	char path[NAME_MAX + 16], text[64];
	snprintf(path, sizeof path, "%s/" ORDERS_MADE, run);
	int file = openat(node, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = file < 0 ? 0 : read(file, text, sizeof text);
	if (file >= 0)
		close(file);
	struct slice line = {text, size > 0 ? (size_t)size : 0};
	slice_take(&line, ' ');
	struct slice subject = slice_take(&line, '\n');
	return subject.size == RUN_ID_SIZE
	           ? kept_add(&looking->stays->ordered, looking->arena, subject)
	           : OK;
}

static struct error node_look(const struct looking *looking, int work, const char *name)
{
	int node = openat(work, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (node < 0)
		return errno == ENOTDIR || errno == ENOENT
		           ? OK
		           : error_errno("cannot open work/%s", name);
	DIR *runs = disk_list(node);
	struct error error = runs ? OK : error_errno("cannot list work/%s", name);
	const struct dirent *entry;
	int64_t epoch_us;
	while (runs && !is_error(&error) && (errno = 0, entry = readdir(runs))) {
		if (!run_id_parse(entry->d_name, &epoch_us))
			continue;
		error = kept_add(&looking->stays->working, looking->arena, slice_of(entry->d_name));
		if (!is_error(&error))
			error = made_note(looking, node, entry->d_name);
	}
	if (!is_error(&error) && errno != 0)
		error = error_errno("cannot list work/%s", name);
	if (runs)
		closedir(runs);
	close(node);
	return error;
}

static struct error work_look(const struct looking *looking, int root)
{
	int work = openat(root, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (work < 0)
		return errno == ENOENT ? OK : error_errno("cannot open work/");
	DIR *nodes = disk_list(work);
	struct error error = nodes ? OK : error_errno("cannot list work/");
	const struct dirent *entry;
	while (nodes && !is_error(&error) && (errno = 0, entry = readdir(nodes)))
		if (entry->d_name[0] != '.')
			error = node_look(looking, work, entry->d_name);
	if (!is_error(&error) && errno != 0)
		error = error_errno("cannot list work/");
	if (nodes)
		closedir(nodes);
	close(work);
	return error;
}

static struct error orders_look(const struct looking *looking, int root)
{
	struct orders orders = {0};
	int directory = openat(root, "orders", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT ? OK : error_errno("cannot open orders/");
	struct error error = orders_load(directory, &orders);
	close(directory);
	for (size_t i = 0; i < orders.count && !is_error(&error); i++)
		if (!order_is_about_feed(orders.items[i].kind))
			error = kept_add(&looking->stays->ordered, looking->arena,
			    slice_of(orders.items[i].subject));
	orders_free(&orders);
	return error;
}

struct error stays_look(const struct prune_terms *terms, struct arena *arena, struct stays *stays)
{
	const struct looking looking = {arena, stays};
	stays->working = stays->ordered = (struct kept_ids){NULL, 0, 0};
	/* An order goes from there to here. */
	struct error error = orders_look(&looking, terms->root);
	if (!is_error(&error))
		error = work_look(&looking, terms->root);
	kept_sort(&stays->working);
	kept_sort(&stays->ordered);
	return error;
}

/* ---- the ledger ---- */

static bool plan_goes(const struct stays *stays, const char *run)
{
	return strcmp(run, stays->limits.before[KEEP_HELD]) < 0 &&
	       !kept_has(&stays->working, run) && !kept_has(&stays->ordered, run) &&
	       !kept_has(&stays->suspended, run);
}

/* Of the sources only those of others' plans, which do not go. */
static struct error plans_find(const struct prune_terms *terms, struct stays *stays)
{
	struct kept_ids sources = {NULL, 0, 0};
	struct error error = kept_find_plans(
	    terms->db, slice_of(terms->feed), stays->arena, &stays->planned, &sources);
	for (size_t i = 0; i < sources.count && !is_error(&error); i++)
		if (strcmp(sources.items[i], stays->planned.items[i]) != 0 &&
		    !plan_goes(stays, stays->planned.items[i]))
			error = kept_add(&stays->sources, stays->arena, slice_of(sources.items[i]));
	kept_sort(&stays->planned);
	kept_sort(&stays->sources);
	return error;
}

static int64_t grace_s(const struct policy *policy)
{
	uint64_t grace = policy->absence.grace_ms, accounts = policy->absence.accounts_grace_ms;
	return (int64_t)((grace > accounts ? grace : accounts) / 1000);
}

struct error stays_find(const struct prune_terms *terms, struct arena *arena, struct stays *stays)
{
	struct slice feed = slice_of(terms->feed);
	*stays = (struct stays){.arena = arena};
	keep_limits_find(terms, &stays->limits);
	struct error error = kept_find_suspended(terms->db, feed,
	    terms->now_us / 1000000 - grace_s(terms->policy), arena, &stays->suspended);
	if (!is_error(&error))
		error = kept_find_measures(terms->db, feed, arena, &stays->measures);
	if (!is_error(&error))
		error = stays_look(terms, arena, stays);
	return is_error(&error) ? error : plans_find(terms, stays);
}

void stays_facts(const struct stays *stays, const struct kept_run *run, struct keep_facts *facts)
{
	const char *id = run->is.run.bytes;
	*facts = (struct keep_facts){.state = run->is.state,
	    .is_in_work = kept_has(&stays->working, id),
	    .has_open_plan = kept_has(&stays->planned, id),
	    .is_source = kept_has(&stays->sources, id),
	    .is_awaited = kept_has(&stays->suspended, id) || kept_has(&stays->ordered, id),
	    .is_measured = kept_has(&stays->measures, id),
	    .has_texts = run->has_texts};
}
