/*
 * cut_copy: what a dropped file becomes in the archive, worked out once more: its passwords are
 * gone, and nothing else.
 */
#ifndef SUPPORT_CUT_COPY_H
#define SUPPORT_CUT_COPY_H

#include "enrold/buffer.h"

/* False: there is no such column, or nothing in it. */
bool cut_copy(const char *bytes, size_t size, const char *heading, struct buffer *out);

#endif
