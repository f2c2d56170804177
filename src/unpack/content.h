/* content: what comes out of a compressed file or an archive, one file without a name at a time,
 * within the limits. */
#ifndef UNPACK_CONTENT_H
#define UNPACK_CONTENT_H

#include "enrold/unpack.h"

/* The first bytes of a member say what it is; a tar's sign comes late. */
enum { CONTENT_BEGINNING = 512, CONTENT_CHUNK = 256 << 10 };

struct content {
	const struct unpack_limits *limits;
	struct arena *arena;
	struct unpacked_list *list;
	int directory;
	uint64_t size;   /* of what is unpacked, */
	uint64_t packed; /* and so much of it was read for what has come out */
	uint64_t bytes;  /* that have come out of it, of all members */
	struct hash *hash;
	char beginning[CONTENT_BEGINNING];
	size_t beginning_size;
};

/* An item of the list, to which bytes are added. name: in the arena. */
struct error content_begin(struct content *content, const char *name) MUST_CHECK;
struct error content_add(struct content *content, struct slice bytes) MUST_CHECK;
struct error content_end(struct content *content) MUST_CHECK;
/* Says that it gets on, and asks whether it may; remembered in the list. */
bool content_is_stopped(struct content *content);

/* A name from outside, for a sentence. */
struct slice content_show(const struct content *content, struct slice name);

#endif
