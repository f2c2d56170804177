/* page: whether a page is what html.h promises: tags of a page and no others, balanced; attributes
 * in quotes, none that runs anything; nothing unescaped; nothing loaded from elsewhere. */
#ifndef UNIT_PAGE_H
#define UNIT_PAGE_H

#include "enrold/slice.h"

/* What is wrong first, and *at: where; NULL: nothing. */
const char *page_check(struct slice page, size_t *at);

#endif
