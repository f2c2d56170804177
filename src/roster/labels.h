/*
 * labels: whether a record that skip_rows would leave out is one of the rows after all. A file that
 * came without its labels would else lose its first person, and nobody would see it. Labels and
 * examples are recognised by what they are not: a row has a word that the feed's values know.
 */
#ifndef ROSTER_LABELS_H
#define ROSTER_LABELS_H

#include "roster.h"

struct labels;

/* What the file calls its columns is copied. NULL: no memory. labels_free takes NULL. */
struct labels *labels_create(const struct policy *policy, const struct csvin_record *headings);
void labels_free(struct labels *labels);
bool labels_is_row(struct labels *labels, const struct csvin_record *record);

#endif
