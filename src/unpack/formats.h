/* formats: what unpack.c knows of each. from: at its beginning. */
#ifndef UNPACK_FORMATS_H
#define UNPACK_FORMATS_H

#include "content.h"

struct error gzip_unpack(struct content *content, int from) MUST_CHECK;
struct error zip_unpack(struct content *content, int from) MUST_CHECK;

#endif
