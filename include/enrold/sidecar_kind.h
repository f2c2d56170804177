/*
 * sidecar_kind: what may lie beside a file and say what it has to be: staff.csv.sha256 its hash,
 * staff.csv.rows how many rows it has. Its word in `require` is the ending without the dot. A
 * marker is none of them: each feed has its own, and it says nothing.
 */
#ifndef ENROLD_SIDECAR_KIND_H
#define ENROLD_SIDECAR_KIND_H

enum sidecar_kind { SIDECAR_SHA256, SIDECAR_ROWS, SIDECAR_KINDS };

/* ".sha256" */
const char *sidecar_ending(enum sidecar_kind kind);
/* "checksum" */
const char *sidecar_noun(enum sidecar_kind kind);
/* SIDECAR_KINDS: no kind has that word. */
enum sidecar_kind sidecar_find(const char *word);

#endif
