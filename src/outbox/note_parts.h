/* note_parts: between the parts of note.h, its form, its keys and its text. For nobody else. */
#ifndef NOTE_PARTS_H
#define NOTE_PARTS_H

#include "enrold/note.h"

enum { KEY_ID_SIZE = 4, SIGNATURE_SIZE = 64 };

/* The first bytes of a signature under that name. RETRY: out of memory. */
struct error note_key_id(
    const struct note_key *key, struct slice name, unsigned char id[KEY_ID_SIZE]) MUST_CHECK;
/* CONFIG: it is a public one. */
struct error note_key_sign(const struct note_key *key, struct slice text,
    unsigned char signature[SIGNATURE_SIZE]) MUST_CHECK;
bool note_key_has_signed(
    const struct note_key *key, struct slice text, const unsigned char signature[SIGNATURE_SIZE]);

/* Text that nothing is hidden in: its lines end with newlines, and there is no other control. */
bool note_is_clean(struct slice text);
/* Of a key, as the specification has it. */
bool note_is_name(struct slice text);

/* Base64 of RFC 4648, section 4: nothing is passed over, and each value has one text. */
void note_encode(const unsigned char *bytes, size_t size, struct buffer *out);
/* False: it is none, or has not exactly `size` bytes. */
bool note_decode(struct slice text, unsigned char *bytes, size_t size);
/* How many bytes that text stands for; 0: it is no base64. */
size_t note_decoded_size(struct slice text);

#endif
