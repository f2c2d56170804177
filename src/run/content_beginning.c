/*
 * content_beginning: how a file begins, which says what is to be made of it; how it is read, and
 * when whoever does has to stop.
 */
#include "making.h"

#include "enrold/pgp.h"

#include <errno.h>
#include <unistd.h>

bool content_has_to_stop(struct run *run)
{
	bool yields = run->turn_ends_us > 0 && atomic_load(run->runner->shared->is_crowded) &&
	              run_clock_us() >= run->turn_ends_us;
	run->is_stopped = yields || run_has_to_stop(run);
	return run->is_stopped;
}

bool making_has_to_stop(void *context)
{
	const struct making *making = context;
	return content_has_to_stop(making->run);
}

/* ---- beginnings ---- */

struct error content_beginning(int file, char *bytes, struct slice *beginning)
{
	size_t size = 0;
	ssize_t got = 1;
	while (got > 0 && size <= PRESET_BEGINNING_MAX) {
		got = pread(file, bytes + size, PRESET_BEGINNING_MAX + 1 - size, (off_t)size);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			size += (size_t)got;
	}
	*beginning = (struct slice){bytes, size};
	return got < 0 ? error_own(error_errno("cannot look at how the file begins"), OWNER_FILE)
	               : OK;
}

bool content_is_encrypted(const struct policy_pgp *pgp, struct slice beginning)
{
	return pgp->required || (pgp->home && pgp_recognise(beginning));
}

struct error making_beginning(
    struct making *making, int file, struct slice *beginning, bool *is_whole)
{
	char *bytes = arena_alloc(making->arena, PRESET_BEGINNING_MAX + 1);
	if (!bytes)
		return error_memory("looking at how a file begins");
	struct error error = content_beginning(file, bytes, beginning);
	*is_whole = beginning->size <= PRESET_BEGINNING_MAX;
	if (!*is_whole)
		beginning->size = PRESET_BEGINNING_MAX;
	return error;
}

/* ---- all of it ---- */

struct error making_read(struct making *making, int file,
    struct error (*take)(void *context, const char *bytes, size_t size), void *context)
{
	struct runner *runner = making->run->runner;
	struct error error =
	    lseek(file, 0, SEEK_SET) < 0 ? error_errno("cannot read what was unpacked") : OK;
	while (!is_error(&error) && !making_has_to_stop(making)) {
		ssize_t size = read(file, runner->chunk, RUN_CHUNK);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			error = error_errno("cannot read what was unpacked");
		if (size <= 0)
			break;
		atomic_fetch_add(runner->shared->progress, 1);
		error = take(context, runner->chunk, (size_t)size);
	}
	return error;
}
