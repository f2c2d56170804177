/*
 * sidecar: what HR puts beside a file: its marker, staff.csv.done, its checksum, staff.csv.sha256,
 * and its control total, staff.csv.rows. They come into work/ before their file and leave it before
 * their file, so that none of them is ever left behind for the next file of that name.
 */
#include "checksum.h"
#include "row_count.h"
#include "run_state.h"

#include "enrold/cut.h"
#include "enrold/disk.h"
#include "enrold/sidecar_kind.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { BESIDE_BYTES_MAX = 64 << 10 };

/* It may have been replaced between our look and our move. */
static struct error one_check(const struct run *run, int inbox, int directory, const char *beside)
{
	struct stat stat;
	if (fstatat(directory, beside, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? OK : error_errno("cannot look at %s", beside);
	if (S_ISREG(stat.st_mode) && stat.st_nlink == 1)
		return OK;
	struct error error = disk_move(directory, beside, inbox, beside, run->id);
	if (is_error(&error))
		return error;
	error =
	    error_retry("%s is no file of its own: it is a link, or has another name too", beside);
	error.owner = OWNER_FILE;
	return error;
}

/* is_here: it is in work/ now, where a file server may have moved it though it denied that. */
static struct error one_claim(
    struct run *run, int inbox, const char *name, const char *end, bool *is_here)
{
	char beside[FILE_NAME_SIZE + 64];
	struct stat stat;
	int directory;
	*is_here = false;
	snprintf(beside, sizeof beside, "%s%s", name, end);
	if (fstatat(inbox, beside, &stat, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(stat.st_mode))
		return OK;
	struct error error =
	    disk_open_directory(run->directory, RUN_SIDECARS, MODE_PRIVATE, &directory);
	if (is_error(&error))
		return error;
	if (disk_claim(inbox, beside, directory) < 0 && errno != ENOENT)
		error = error_own(error_errno("cannot claim %s", beside), OWNER_FILE);
	if (!is_error(&error))
		error = one_check(run, inbox, directory, beside);
	if (!is_error(&error))
		error = disk_sync(directory, "."); /* it still comes before its file */
	*is_here = fstatat(directory, beside, &stat, AT_SYMLINK_NOFOLLOW) == 0;
	close(directory);
	return error;
}

/* Finds what would otherwise show only in work/, where its owner cannot mend it. */
static struct error one_classify(int inbox, const char *name, enum sidecar_kind kind)
{
	char beside[FILE_NAME_SIZE + 64];
	struct stat stat;
	const char *end = sidecar_ending(kind);
	snprintf(beside, sizeof beside, "%s%s", name, end);
	if (fstatat(inbox, beside, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return OK;
	if (!S_ISREG(stat.st_mode))
		return error_retry(
		    "what lies beside it under its name and \"%s\" is not a regular file", end);
	if (stat.st_nlink > 1)
		return error_retry(
		    "its %s, the file \"%s\" beside it, has another name too (a hard link): move "
		    "it in instead",
		    sidecar_noun(kind), end);
	int file = openat(inbox, beside, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file >= 0)
		close(file);
	return file < 0 && (errno == EACCES || errno == EPERM)
	           ? error_retry(
	                 "enrold may not read its %s, the file \"%s\" beside it: give enrold's "
	                 "user the right to",
	                 sidecar_noun(kind), end)
	           : OK;
}

struct error sidecar_classify(int inbox, const char *name)
{
	struct error error = OK;
	for (int kind = 0; kind < SIDECAR_KINDS && !is_error(&error); kind++)
		error = one_classify(inbox, name, (enum sidecar_kind)kind);
	return error;
}

struct error sidecar_claim(struct run *run, int inbox, const char *name, bool *is_whole)
{
	static const struct policy none = {0};
	const struct feed *feed = run_feed(run);
	const struct policy *policy = feed ? &feed->policy : &none;
	struct error error = OK;
	bool is_here;
	*is_whole = true;
	for (int i = 0; i < SIDECAR_KINDS && !is_error(&error); i++) {
		enum sidecar_kind kind = (enum sidecar_kind)i;
		error = one_claim(run, inbox, name, sidecar_ending(kind), &is_here);
		*is_whole &= is_here || !policy_requires(policy, kind);
	}
	if (!is_error(&error) && policy->marker)
		error = one_claim(run, inbox, name, policy->marker, &is_here);
	return error;
}

/* ---- each of them ---- */

typedef struct error visit(struct run *run, int directory, const char *name, int to);

static struct error each(struct run *run, visit *visit_one, int to)
{
	int directory =
	    openat(run->directory, RUN_SIDECARS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT ? OK : error_errno("cannot open " RUN_SIDECARS);
	DIR *listing = fdopendir(directory);
	struct error error = listing ? OK : error_errno("cannot list " RUN_SIDECARS);
	const struct dirent *entry;
	while (listing && !is_error(&error) && (entry = readdir(listing)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    !disk_drop_placeholder(directory, entry->d_name))
			error = visit_one(run, directory, entry->d_name, to);
	if (listing)
		closedir(listing);
	else
		close(directory);
	return error;
}

static struct error give_back(struct run *run, int directory, const char *name, int inbox)
{
	return disk_move(directory, name, inbox, name, run->id);
}

struct error sidecar_return(struct run *run, int inbox)
{
	return each(run, give_back, inbox);
}

/*
 * Puts a copy of ours in its place: its sender may have it open still, and must not rewrite what
 * was judged and is kept. After the answer, one that cannot be read is kept empty.
 */
static struct error own(struct run *run, int directory, const char *name, bool has_to_be_read)
{
	char bytes[BESIDE_BYTES_MAX];
	int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = file < 0 ? -1 : pread(file, bytes, sizeof bytes, 0);
	struct error error = size < 0 && has_to_be_read
	                         ? error_own(error_errno("cannot read %s", name), OWNER_FILE)
	                         : OK;
	if (file >= 0)
		close(file);
	if (!is_error(&error))
		error = disk_create(run->directory, RUN_SIDECARS_PART, MODE_INPUT,
		    (struct slice){bytes, size < 0 ? 0 : (size_t)size});
	if (!is_error(&error) && renameat(run->directory, RUN_SIDECARS_PART, directory, name) < 0)
		error = error_errno("cannot put our copy in the place of %s", name);
	return error;
}

static struct error take_over(struct run *run, int directory, const char *name, int nowhere)
{
	struct stat stat;
	(void)nowhere;
	if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return error_own(error_errno("cannot look at %s", name), OWNER_FILE);
	if (stat.st_size > BESIDE_BYTES_MAX)
		return error_reject("unreadable", 0,
		    "%.*s, which came with the file, has more than %d bytes: send a smaller one",
		    CUT_ARG(name, 100), BESIDE_BYTES_MAX);
	return own(run, directory, name, true);
}

/* staff.csv.done -> staff.R.csv.done */
static struct error keep(struct run *run, int directory, const char *name, int place)
{
	struct error error = own(run, directory, name, false);
	if (is_error(&error))
		return error;
	char kept[FILE_NAME_SIZE];
	size_t input = run->row.name.size;
	name_make_input(
	    kept, run->row.name.bytes, run->id, strlen(name) > input ? name + input : "");
	return disk_move(directory, name, place, kept, run->id);
}

struct error sidecar_keep(struct run *run, int place)
{
	return each(run, keep, place);
}

/* ---- what they say ---- */

static struct error sum_compare(const struct run *run, struct slice text)
{
	switch (checksum_compare(text, slice_of(run->name), run->row.sha256.bytes)) {
	case CHECKSUM_AGREES: return OK;
	case CHECKSUM_DIFFERS:
		return error_reject("checksum_mismatch", 0,
		    "the file is not the one whose checksum was sent with it: send both again");
	case CHECKSUM_MISSING: break;
	}
	return error_reject("checksum_unreadable", 0,
	    "%.*s.sha256 has no line for this file: write it with sha256sum",
	    CUT_ARG(run->name, 100));
}

static struct error rows_compare(const struct run *run, struct slice text)
{
	uint64_t rows;
	if (!row_count_parse(text, &rows))
		return error_reject("row_count_unreadable", 0,
		    "%.*s.rows is not one number: write the number of data rows into it, and "
		    "nothing else",
		    CUT_ARG(run->name, 100));
	if (rows == run->rows)
		return OK;
	return error_reject("row_count_mismatch", 0,
	    "the file has %" PRIu64 " data row%s, and by the count that was sent with it %" PRIu64
	    ": send both again",
	    run->rows, run->rows == 1 ? "" : "s", rows);
}

static struct error (*const compare[SIDECAR_KINDS])(const struct run *run, struct slice text) = {
    [SIDECAR_SHA256] = sum_compare, [SIDECAR_ROWS] = rows_compare};

/* is_there: whether there is one. */
static struct error one_read(const struct run *run, enum sidecar_kind kind,
    char text[BESIDE_BYTES_MAX], size_t *size, bool *is_there)
{
	char path[FILE_NAME_SIZE + 32];
	snprintf(path, sizeof path, RUN_SIDECARS "/%s%s", run->name, sidecar_ending(kind));
	int file = openat(run->directory, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	*is_there = file >= 0 || (errno != ENOENT && errno != ENAMETOOLONG);
	if (!*is_there)
		return OK; /* of a name too long, no file system has room for it */
	ssize_t got = file < 0 ? -1 : pread(file, text, BESIDE_BYTES_MAX, 0);
	struct error error =
	    got < 0 ? error_own(error_errno("cannot read %s", path), OWNER_FILE) : OK;
	if (file >= 0)
		close(file);
	*size = got < 0 ? 0 : (size_t)got;
	return error;
}

struct error sidecar_check(struct run *run)
{
	char text[BESIDE_BYTES_MAX];
	struct error error = each(run, take_over, -1);
	for (int kind = 0; kind < SIDECAR_KINDS && !is_error(&error); kind++) {
		size_t size;
		bool is_there;
		error = one_read(run, (enum sidecar_kind)kind, text, &size, &is_there);
		if (!is_error(&error) && is_there)
			error = compare[kind](run, (struct slice){text, size});
	}
	return error;
}
