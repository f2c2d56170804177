/*
 * work: what a run that is being published has still with it. That there is a directory of it in
 * work/ says nothing, which anybody can make: the bytes have to be there.
 */
#include "proof.h"

#include "enrold/disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* work/<node>/R/inbox/<feed>/preview */
enum { DEEPEST = 4 };

struct work_search {
	struct proof *proof;
	const struct slice *hashes; /* empty ones count for nothing */
	size_t count;
	bool is_found;
};

static struct error file_look(struct work_search *search, const char *path)
{
	struct packed_found found;
	struct error error = proof_read(search->proof, path, 0, &found);
	for (size_t i = 0; i < search->count && !is_error(&error) && found.is_there; i++)
		search->is_found |= search->hashes[i].size > 0 &&
		                    slice_is(search->hashes[i], slice_of(found.sha256));
	return error;
}

static struct error below_look(struct work_search *search, const char *path, int depth);

/* Some file systems do not tell what an entry is. */
static struct error entry_look(
    struct work_search *search, const char *path, const struct dirent *entry, int depth)
{
	char below[PROOF_PATH_SIZE];
	struct stat stat;
	snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
	if (fstatat(search->proof->spool.root, below, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return OK;
	if (S_ISREG(stat.st_mode))
		return file_look(search, below);
	return S_ISDIR(stat.st_mode) && depth < DEEPEST ? below_look(search, below, depth + 1) : OK;
}

/* What has just moved away is looked for where it belongs, again. */
static struct error below_look(struct work_search *search, const char *path, int depth)
{
	int place = openat(
	    search->proof->spool.root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *listing = place < 0 ? NULL : disk_list(place);
	struct error error = OK;
	for (const struct dirent *entry;
	     listing && !search->is_found && !is_error(&error) && (entry = readdir(listing));)
		if (*entry->d_name != '.')
			error = entry_look(search, path, entry, depth);
	if (listing)
		closedir(listing);
	if (place >= 0)
		close(place);
	return error;
}

struct error proof_is_publishing(struct proof *proof, const struct ledger_run *row, bool *is)
{
	const struct slice inputs[] = {row->sha256, row->archived_sha256};
	if (row->sha256.size > 0)
		return proof_find_in_work(proof, row->run.bytes, inputs, 2, is);
	*is = proof_is_in_work(proof, row->run.bytes); /* too large to have been hashed */
	return OK;
}

struct error proof_find_in_work(
    struct proof *proof, const char *run, const struct slice *hashes, size_t count, bool *is_there)
{
	struct work_search search = {.proof = proof, .hashes = hashes, .count = count};
	int work =
	    openat(proof->spool.root, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *nodes = work < 0 ? NULL : disk_list(work);
	struct error error = OK;
	for (const struct dirent *node;
	     nodes && !search.is_found && !is_error(&error) && (node = readdir(nodes));) {
		char path[PROOF_PATH_SIZE];
		snprintf(path, sizeof path, "work/%s/%s", node->d_name, run);
		if (*node->d_name != '.')
			error = below_look(&search, path, 0);
	}
	if (nodes)
		closedir(nodes);
	if (work >= 0)
		close(work);
	*is_there = search.is_found;
	return error;
}
