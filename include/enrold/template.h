/*
 * template: what a feed's username_template may be; how it is filled in is the plan's business.
 */
#ifndef ENROLD_TEMPLATE_H
#define ENROLD_TEMPLATE_H

#include "enrold/slice.h"

/*
 * Whether user names can come of it: a first or last name is in it, and no percent sign that stands
 * for itself, which no user name may have. %u alone will not do: it is what is to be made.
 */
bool template_makes_names(struct slice template);
/* Whether it is a text that is the same for everybody. */
bool template_is_constant(struct slice template);

#endif
