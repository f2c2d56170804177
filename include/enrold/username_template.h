/*
 * username_template: what a feed's username_template may be; and how it is filled in.
 */
#ifndef ENROLD_USERNAME_TEMPLATE_H
#define ENROLD_USERNAME_TEMPLATE_H

#include "enrold/arena.h"
#include "enrold/slice.h"

/*
 * Whether it can make user names: it has a first or last name, and no literal percent sign, which
 * no user name may have. %u alone will not do: it is what is to be made.
 */
bool template_makes_names(struct slice template);
/* Whether its text is the same for everybody. */
bool template_is_constant(struct slice template);

/* What %u, %f and %l stand for. */
struct template_names {
	struct slice username, firstname, lastname;
};

/* lms/README 2.3, with its quirks: %-1f is one letter in lower case. */
struct slice template_fill(
    struct slice template, const struct template_names *names, struct arena *arena);

#endif
