/*
 * unpack: each format's way, and the end of all. It must not know what a member says.
 */
#include "formats.h"

#include <sys/stat.h>
#include <unistd.h>

static struct error rewound(int from, uint64_t *size)
{
	struct stat stat;
	if (fstat(from, &stat) < 0 || lseek(from, 0, SEEK_SET) < 0)
		return error_own(error_errno("cannot read what is unpacked"), OWNER_FILE);
	*size = (uint64_t)stat.st_size;
	return OK;
}

struct error unpack(int from, enum unpack_format format, int directory,
    const struct unpack_limits *limits, struct arena *arena, struct unpacked_list *list)
{
	struct content content = {
	    .limits = limits, .arena = arena, .list = list, .directory = directory};
	list->count = 0;
	list->is_stopped = false;
	struct error error = rewound(from, &content.size);
	if (!is_error(&error))
		error = format == UNPACK_GZIP ? gzip_unpack(&content, from)
		                              : zip_unpack(&content, from);
	hash_free(content.hash);
	/* Without memory two names may seem to be one: then it is nobody's fault but ours. */
	if ((!is_error(&error) || error.class == ERROR_REJECT) && arena_has_failed(arena))
		error = error_memory("unpacking");
	return error;
}

void unpack_done(struct unpacked_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].file >= 0)
			close(list->items[i].file);
	list->count = 0;
}
