/*
 * preset_tell: a preset in the words of whoever writes one: what each kind's columns become.
 */
#ifndef CTL_PRESET_TELL_H
#define CTL_PRESET_TELL_H

#include "enrold/preset.h"

#include <jansson.h>

void preset_tell(const struct preset *preset);
/* NULL: out of memory. */
json_t *preset_json(const struct preset *preset);

/* What a feed with such files has to know besides, as lines of YAML behind a #, each with that
 * indent. Of all kinds, if `only` is NULL. */
void preset_advise(const struct preset *preset, const struct preset_kind *const *only, size_t count,
    const char *indent);

#endif
