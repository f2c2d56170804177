/*
 * meant: what is said of a name that there is not.
 */
#ifndef CTL_MEANT_H
#define CTL_MEANT_H

#include <stddef.h>

/* NULL: there are no more. */
typedef const char *meant_name(const void *context, size_t index);

/* On stderr: "enrolctl: there is no feed hrr; did you mean hr?", or with the other ending where no
 * name is near. */
void meant_tell(const char *what, const char *word, meant_name *name_at, const void *context,
    const char *otherwise);

#endif
