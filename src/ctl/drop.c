#include "drop.h"

#include "enrold/runid.h"
#include "piece.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- names ---- */

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);
	return length >= tail && strcmp(name + length - tail, end) == 0;
}

const char *drop_judge(const struct config *config, const struct lane *lane, const char *name)
{
	const char *marker = config_find_feed(config, lane->feed)->policy.marker;
	bool is_top = strcmp(lane->feed, "default") == 0 && !lane->is_preview;
	if (strlen(name) >= FILE_NAME_SIZE)
		return "it is longer than 255 bytes";
	if (name_classify(name) == NAME_REFUSED)
		return "it is not UTF-8 or has control characters";
	if (name_classify(name) == NAME_IGNORED)
		return "it begins with a dot, or ends as a file does that is not finished or lies "
		       "beside another";
	if (marker && ends_with(name, marker))
		return "it ends as this feed's markers do";
	if (marker && strlen(name) + strlen(marker) >= FILE_NAME_SIZE)
		return "it is so long that its marker cannot lie beside it";
	if (strcmp(name, "preview") == 0 || (is_top && config_find_feed(config, name)))
		return "it is that of a folder";
	return NULL;
}

/* ---- where from ---- */

/* What lies beside a file, in the order in which it comes; then the file itself, "", and what its
 * feed waits for. NULL: this feed has no marker. */
static void ends_of(const struct feed *feed, const char *ends[DROP_PIECES])
{
	for (enum sidecar_kind kind = 0; kind < SIDECAR_KINDS; kind++)
		ends[kind] = sidecar_ending(kind);
	ends[SIDECAR_KINDS] = "";
	ends[SIDECAR_KINDS + 1] = feed->policy.marker;
}

static struct error source_open(const char *path, int *file)
{
	struct stat stat;
	*file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (*file < 0)
		return errno == ENOENT ? OK : piece_of_caller(error_errno("cannot open %s", path));
	if (fstat(*file, &stat) < 0)
		return error_errno("cannot look at %s", path);
	if (!S_ISREG(stat.st_mode))
		return error_reject("unreadable", 0, "%s is not a regular file%s", path,
		    S_ISFIFO(stat.st_mode) ? ": give - as the file, and it as the standard input"
		                           : "");
	return OK;
}

static struct error beside_open(
    const struct feed *feed, const char *path, struct drop_source *source)
{
	const char *ends[DROP_PIECES];
	struct error error = OK;
	ends_of(feed, ends);
	for (size_t i = 0; i < DROP_PIECES && !is_error(&error); i++) {
		char *beside = NULL;
		if (!ends[i] || !*ends[i])
			continue;
		if (asprintf(&beside, "%s%s", path, ends[i]) < 0)
			return error_memory("looking beside the file");
		error = source_open(beside, &source->beside[i]);
		free(beside);
	}
	return error;
}

static void stdin_name(char name[FILE_NAME_SIZE])
{
	struct timespec now;
	char id[RUN_ID_SIZE + 1];
	clock_gettime(CLOCK_REALTIME, &now);
	run_id_format((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, id);
	snprintf(name, FILE_NAME_SIZE, "stdin-%s.csv", id);
}

void drop_no_source(struct drop_source *source)
{
	*source = (struct drop_source){.file = -1};
	for (size_t i = 0; i < DROP_PIECES; i++)
		source->beside[i] = -1;
}

struct error drop_open_source(const struct feed *feed, const char *path, struct drop_source *source)
{
	drop_no_source(source);
	if (strcmp(path, "-") == 0) {
		stdin_name(source->name);
		source->file = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		return source->file < 0 ? error_errno("cannot read the standard input") : OK;
	}
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	snprintf(source->name, sizeof source->name, "%s", name);
	struct error error = source_open(path, &source->file);
	if (!is_error(&error) && source->file < 0)
		error = error_reject("unreadable", 0, "there is no file %s", path);
	if (!is_error(&error))
		error = beside_open(feed, path, source);
	if (is_error(&error))
		drop_close_source(source);
	return error;
}

void drop_close_source(struct drop_source *source)
{
	if (source->file >= 0)
		close(source->file);
	source->file = -1;
	for (size_t i = 0; i < DROP_PIECES; i++) {
		if (source->beside[i] >= 0)
			close(source->beside[i]);
		source->beside[i] = -1;
	}
}

/* ---- where to ---- */

/* One step of the way, which is no link. Who may only write there cannot list it: nothing of it can
 * be flushed then. */
static int step_open(int above, const char *name)
{
	int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int below = openat(above, name, O_RDONLY | flags);
	return below < 0 && errno == EACCES ? openat(above, name, O_PATH | flags) : below;
}

static int way_open(const char *spool, const char *place)
{
	char steps[SPOOL_PATH_SIZE], *rest = steps, *step;
	int at = open(spool, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(steps, sizeof steps, "%s", place);
	while (at >= 0 && (step = strsep(&rest, "/"))) {
		int below = step_open(at, step), reason = errno;
		close(at);
		errno = reason;
		at = below;
	}
	return at;
}

struct error drop_open(
    const struct config *config, const struct lane *lane, const char *name, struct drop *drop)
{
	struct stat spool, inbox;
	*drop = (struct drop){
	    .config = config, .feed = config_find_feed(config, lane->feed), .lane = *lane};
	snprintf(drop->name, sizeof drop->name, "%s", name);
	spool_inbox(drop->place, &drop->lane);
	drop->inbox = way_open(config->spool, drop->place);
	if (drop->inbox < 0 && errno == ENOENT)
		return error_retry("there is no folder %s/%s: enrold makes it when it starts",
		    config->spool, drop->place);
	if (drop->inbox < 0)
		return piece_of_caller(
		    error_errno("cannot open %s/%s", config->spool, drop->place));
	if (fstat(drop->inbox, &inbox) < 0 || stat(config->spool, &spool) < 0)
		return error_errno("cannot look at %s/%s", config->spool, drop->place);
	if (inbox.st_uid == 0 || inbox.st_uid == spool.st_uid)
		return OK;
	return error_reject("unreadable", 0,
	    "%s/%s belongs to user %u, and not to enrold: nothing is put there", config->spool,
	    drop->place, (unsigned)inbox.st_uid);
}

void drop_close(struct drop *drop)
{
	if (drop->inbox >= 0)
		close(drop->inbox);
	drop->inbox = -1;
}

/* ---- all of it ---- */

static struct error write_all(
    struct drop *drop, const struct drop_source *source, struct piece *pieces)
{
	const char *ends[DROP_PIECES];
	struct error error = OK;
	ends_of(drop->feed, ends);
	for (size_t i = 0; i < DROP_PIECES && !is_error(&error); i++) {
		bool is_file = ends[i] && *ends[i] == '\0';
		int from = is_file ? source->file : source->beside[i];
		if (is_file || from >= 0 || (ends[i] && ends[i] == drop->feed->policy.marker))
			error = piece_write(&pieces[i], drop, ends[i], from);
		if (is_file) {
			drop->bytes = pieces[i].bytes;
			memcpy(drop->sha256, pieces[i].sha256, sizeof drop->sha256);
		}
	}
	return error;
}

/* The last of them is what enrold waits for: before it is placed all can be taken back. */
static struct error place_all(struct drop *drop, struct piece *pieces)
{
	struct error error = OK;
	size_t count = 0;
	for (; count < DROP_PIECES && !is_error(&error); count++)
		error = piece_place(&pieces[count], drop);
	while (is_error(&error) && count > 0)
		piece_take_back(&pieces[--count], drop);
	return error;
}

static struct error judge_put(const struct drop *drop, const char *wanted)
{
	if (drop->bytes == 0)
		return error_reject("empty_file", 0, "%s is empty", drop->name);
	if (wanted && strcmp(wanted, drop->sha256) != 0)
		return error_reject("changed", 0,
		    "%s is not as enrold wrote it: what was corrected is a new file, for enrolctl "
		    "submit",
		    drop->name);
	return OK;
}

struct error drop_put(struct drop *drop, const struct drop_source *source, const char *wanted)
{
	struct piece pieces[DROP_PIECES];
	for (size_t i = 0; i < DROP_PIECES; i++)
		pieces[i] = PIECE_NONE;
	struct error error = write_all(drop, source, pieces);
	if (!is_error(&error))
		error = judge_put(drop, wanted);
	if (!is_error(&error))
		error = place_all(drop, pieces);
	for (size_t i = 0; i < DROP_PIECES; i++)
		piece_done(&pieces[i], drop);
	/* One that was only written to cannot be flushed. */
	if (!is_error(&error) && fsync(drop->inbox) < 0 && errno != EBADF)
		error = error_errno("%s lies in %s, but a power cut may take it away: cannot flush "
		                    "that folder",
		    drop->name, drop->place);
	return error;
}

bool drop_waits(const struct drop *drop)
{
	struct stat stat;
	return fstatat(drop->inbox, drop->name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	       stat.st_ino == drop->inode;
}
