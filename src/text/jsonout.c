#include "enrold/jsonout.h"

static int piece_add(const char *piece, size_t size, void *context)
{
	struct buffer *out = context;
	buffer_add(out, piece, size);
	return out->failed ? -1 : 0;
}

void jsonout_add(struct buffer *out, const json_t *value, size_t flags)
{
	if (!value || json_dump_callback(value, piece_add, out, flags) < 0)
		out->failed = true;
}
