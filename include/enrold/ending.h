/*
 * ending: how the names of files end that systems drop: .csv or .txt, perhaps with .gz behind;
 * .gz, .zip; each of them with .pgp, .gpg or .asc behind, where it is encrypted, or one of these
 * alone. Letter case aside. Pure.
 *
 * It says what a file may be called, never what is in it: that is known by how it begins.
 */
#ifndef ENROLD_ENDING_H
#define ENROLD_ENDING_H

#include <stddef.h>

/* "staff.csv.gz.PGP" -> ".csv.gz.PGP", borrowed of it; "": it has none that is known. */
const char *ending_find(const char *name);

/* Bytes of the ending that stands here, with a dot or the end of the text behind it: of ".csv.done"
 * 4. 0: there is none. */
size_t ending_measure(const char *at);

#endif
