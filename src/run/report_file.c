/*
 * report_file: the run's report for people, made of what its summary says and its answer holds,
 * when all else of it stands and the head of the chain is known, in the run's last transaction.
 */
#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/hash.h"
#include "enrold/report.h"
#include "enrold/room.h"

#include <fcntl.h>
#include <unistd.h>

static struct error page_make(const struct run *run, const struct summary *summary,
    struct problems *problems, struct buffer *page)
{
	/* 99: as the server has it, which says nothing to anybody. */
	const char *zone = run->site ? site_zone(run->site) : "99";
	const struct report report = {.summary = summary,
	    .problems = problems,
	    .site_zone = strcmp(zone, "99") == 0 ? NULL : zone};
	report_format(&report, page);
	return page->failed ? error_memory("writing a report") : problems_check(problems);
}

/* Of an earlier attempt there may be another. */
static struct error page_write(const struct run *run, struct slice page)
{
	const struct artefact_kind *kind = &artefact_kinds[ARTEFACT_REPORT];
	int file = openat(run->directory, kind->name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kind->mode);
	if (file < 0)
		return error_errno("cannot make %s", kind->name);
	struct error error = room_ask(file, kind->name, 0, page.size);
	if (!is_error(&error))
		error = disk_write(file, page, kind->name);
	if (!is_error(&error) && !run->is_joined && fsync(file) < 0)
		error = error_errno("cannot flush %s", kind->name);
	close(file);
	if (!is_error(&error) && !run->is_joined)
		error = disk_sync(run->directory, "."); /* its name */
	if (is_error(&error))
		unlinkat(run->directory, kind->name, 0); /* others need the room */
	return error;
}

struct error report_file_make(
    const struct run *run, const struct summary *summary, struct run_result *result)
{
	struct buffer page = {0};
	struct problems *none = result->problems ? NULL : problems_create();
	struct problems *problems = result->problems ? result->problems : none;
	if (!problems)
		return error_memory("writing a report");
	struct error error = page_make(run, summary, problems, &page);
	if (!is_error(&error))
		error = page_write(run, buffer_slice(&page));
	if (!is_error(&error))
		error = hash_text(buffer_slice(&page), result->hashes.of[ARTEFACT_REPORT]);
	result->sizes.of[ARTEFACT_REPORT] = page.size;
	buffer_done(&page);
	problems_free(none);
	return error;
}
