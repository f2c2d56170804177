#include "sample.h"

#include "enrold/pgp.h"
#include "enrold/preset.h"
#include "enrold/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error beginning_read(
    int file, const char *name, struct arena *arena, struct sample *sample)
{
	/* One more tells whether that is all. */
	char *bytes = arena_alloc(arena, PRESET_BEGINNING_MAX + 1);
	size_t size = 0;
	ssize_t got = 1;
	if (!bytes)
		return error_memory("looking at a file");
	while (size <= PRESET_BEGINNING_MAX && got > 0) {
		got = pread(file, bytes + size, PRESET_BEGINNING_MAX + 1 - size, (off_t)size);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			size += (size_t)got;
	}
	if (got < 0)
		return error_errno("cannot read %s", name);
	bool is_whole = size <= PRESET_BEGINNING_MAX;
	*sample = (struct sample){
	    .name = name, .beginning = {bytes, is_whole ? size : size - 1}, .is_whole = is_whole};
	return OK;
}

static struct error add(int file, const char *name, struct arena *arena, struct samples *samples)
{
	if (samples->count == SAMPLES_MAX)
		return error_reject("", 0, "these are more than %d files: give fewer", SAMPLES_MAX);
	struct error error = beginning_read(file, name, arena, &samples->items[samples->count]);
	samples->count += !is_error(&error);
	return error;
}

/* "staff.csv.gz" -> "staff.csv": what gzip has packed is called as the file, without the end. */
static const char *plain_name(const char *name, struct arena *arena)
{
	static const char end[] = ".gz";
	size_t size = strlen(name), tail = strlen(end);
	bool is_packed = size > tail && strcasecmp(name + size - tail, end) == 0;
	const char *plain =
	    arena_copy(arena, (struct slice){name, is_packed ? size - tail : size}).bytes;
	return plain ? plain : name;
}

static struct error unpacked_add(int file, enum unpack_format format, const char *name,
    uint64_t bytes_max, struct arena *arena, struct samples *samples)
{
	const struct unpack_limits limits = {
	    .bytes_max = bytes_max, .entries_max = UNPACK_ENTRIES_MAX};
	const char *temporary = getenv("TMPDIR");
	struct unpacked_list list = {.count = 0};
	int directory = open(
	    temporary && *temporary ? temporary : P_tmpdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error_errno("cannot open the folder for temporary files");
	struct error error = unpack(file, format, directory, &limits, arena, &list);
	for (size_t i = 0; i < list.count && !is_error(&error); i++)
		error = add(list.items[i].file,
		    *list.items[i].name ? list.items[i].name : plain_name(name, arena), arena,
		    samples);
	unpack_done(&list);
	close(directory);
	return error;
}

static struct error file_add(
    int file, const char *name, uint64_t bytes_max, struct arena *arena, struct samples *samples)
{
	struct sample sample = {.name = name};
	struct error error = beginning_read(file, name, arena, &sample);
	if (is_error(&error))
		return error;
	if (pgp_recognise(sample.beginning))
		return error_reject("", 0,
		    "it is encrypted: give what gpg --decrypt makes of it; how enrold decrypts it "
		    "is said by pgp, see enrold.yaml(5)");
	enum unpack_format format = unpack_recognise(sample.beginning);
	return format == UNPACK_NONE ? add(file, name, arena, samples)
	                             : unpacked_add(file, format, name, bytes_max, arena, samples);
}

struct error samples_add(
    const char *path, uint64_t bytes_max, struct arena *arena, struct samples *samples)
{
	struct stat stat;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return error_reject("", 0, "cannot open %s: %s", path, strerror(errno));
	struct error error = fstat(file, &stat) == 0 && S_ISREG(stat.st_mode)
	                         ? OK
	                         : error_reject("", 0, "it is not a regular file");
	if (!is_error(&error))
		error = file_add(file, name, bytes_max, arena, samples);
	close(file);
	return is_error(&error) ? error_wrap(error, "%s", path) : OK;
}
