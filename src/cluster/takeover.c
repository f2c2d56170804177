/*
 * takeover: what a daemon that was taken for dead has begun goes on here: its token goes, its runs
 * move to our work/, its feeds are ours.
 */
#include "lease_parts.h"

#include "enrold/answer.h"
#include "enrold/disk.h"
#include "enrold/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A daemon taken for dead may still have it open: from now on it writes into nothing. */
static struct error file_renew(int run, const char *name)
{
	char chunk[64 << 10];
	int from = openat(run, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0)
		return errno == ENOENT ? OK : error_errno("cannot open %s", name);
	int to =
	    openat(run, "renewed", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	struct error error = to < 0 ? error_errno("cannot make a file in work") : OK;
	if (!is_error(&error))
		error = disk_copy(from, to, chunk, sizeof chunk);
	if (!is_error(&error) && fsync(to) < 0)
		error = error_errno("cannot flush %s", name);
	if (!is_error(&error) && renameat(run, "renewed", run, name) < 0)
		error = error_errno("cannot renew %s", name);
	if (to >= 0)
		close(to);
	close(from);
	return error;
}

static struct error run_move(struct lease *lease, int work, const char *id)
{
	int run = openat(work, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (run < 0)
		return errno == ENOENT ? OK : error_errno("cannot open work/%s", id);
	struct error error = OK;
	if (renameat(work, id, lease->spool->work, id) < 0)
		error = error_errno("cannot take over work/%s", id);
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++)
		error = file_renew(run, artefact_kinds[a].name);
	if (!is_error(&error))
		error = file_renew(run, ANSWER_CHORES);
	close(run);
	return is_error(&error) ? error : disk_sync(lease->spool->work, ".");
}

static struct error run_remember(struct lease *lease, const char *id)
{
	pthread_mutex_lock(&lease->mutex);
	void *runs = reallocarray(lease->runs, lease->runs_count + 1, sizeof *lease->runs);
	if (runs) {
		lease->runs = runs;
		snprintf(
		    lease->runs[lease->runs_count++], sizeof *lease->runs, "%.*s", RUN_ID_SIZE, id);
	}
	pthread_mutex_unlock(&lease->mutex);
	return runs ? OK : error_memory("remembering a run");
}

static struct error runs_move(struct lease *lease, const char *node)
{
	char path[128];
	snprintf(path, sizeof path, "work/%s", node);
	int work =
	    openat(lease->spool->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (work < 0)
		return errno == ENOENT ? OK : error_errno("cannot open %s", path);
	DIR *listing = disk_list(work);
	struct error error = listing ? OK : error_errno("cannot list %s", path);
	const struct dirent *entry;
	while (listing && !is_error(&error) && (entry = readdir(listing))) {
		if (!is_run(entry->d_name))
			continue;
		error = run_move(lease, work, entry->d_name);
		if (!is_error(&error))
			error = run_remember(lease, entry->d_name);
	}
	if (listing)
		closedir(listing);
	if (!is_error(&error))
		error = disk_sync(work, ".");
	close(work);
	return error;
}

/* In this order: it can write no more, its runs are here, its feeds are ours. */
struct error lease_take_over(struct lease *lease, const struct node *dead)
{
	bool is_done;
	struct error error = nodes_fence(lms_db(lease->lms), dead, &is_done);
	if (is_error(&error))
		lms_rollback(lease->lms); /* somebody writes just now: at the next beat */
	if (is_error(&error) || !is_done)
		return OK;
	log_event(LOG_WARNING, "node_dead",
	    json_pack("{s:s%}", "node", dead->name.bytes, dead->name.size),
	    "%.*s has been silent for too long: its work is done here", SLICE_ARG(dead->name));
	error = runs_move(lease, dead->name.bytes);
	if (!is_error(&error))
		error = nodes_take_over(lms_db(lease->lms), dead->name.bytes, lease->config->node);
	lease->on_run(lease->context);
	return error;
}
