/*
 * composed: the policy by which the one text is read that an archive's files are composed to
 * (compose.h). How each of them is written is done with by then; what their words mean is not, and
 * so the words of all kinds stand beside each other, under the headings that the text has
 * (preset_heading). Everything else has to hold for the archive as a whole.
 */
#ifndef CONFIG_COMPOSED_H
#define CONFIG_COMPOSED_H

#include "preset_file.h"

/* Of a preset whose kinds have their policies; source: as it is written. CONFIG: "users: dates is
 * not the same ...", of the kind *kind. */
struct error composed_make(const struct preset_source *source, struct preset *preset,
    struct arena *arena, size_t *kind) MUST_CHECK;

#endif
