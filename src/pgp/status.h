/*
 * status: what gpg says on its status descriptor (doc/DETAILS of GnuPG), collected. It comes in
 * pieces, and is believed only as a whole, by verdict.h. Nothing of a plaintext can come this way:
 * names in it are escaped, and a line that is not gpg's own makes it odd. Pure.
 */
#ifndef PGP_STATUS_H
#define PGP_STATUS_H

#include "enrold/pgp.h"

enum {
	STATUS_LINE_MAX = 4096, /* the longest names a file of 255 bytes, escaped */
	STATUS_KEYS_MAX = 8,
	STATUS_SIGNATURES_MAX = 8,
	STATUS_KEY_ID_SIZE = 17,
};

enum signature_state {
	SIGNATURE_UNSAID, /* gpg has come to no result */
	SIGNATURE_GOOD,
	SIGNATURE_BAD,
	SIGNATURE_ENDED, /* it was good for some time only */
	SIGNATURE_KEY_ENDED,
	SIGNATURE_KEY_REVOKED,
	SIGNATURE_KEY_MISSING,
	SIGNATURE_UNCHECKED, /* an algorithm that gpg does not know, and the like */
};

struct pgp_signature {
	enum signature_state state;
	char id[STATUS_KEY_ID_SIZE];
	/* Of a key that gpg has, and a signature that fits the text; "" elsewise. */
	char fingerprint[PGP_FINGERPRINT_MAX + 1], primary[PGP_FINGERPRINT_MAX + 1];
	int64_t made_at; /* epoch seconds */
};

struct pgp_status {
	char line[STATUS_LINE_MAX];
	size_t size;
	bool is_odd;     /* a line too long, of somebody else, or one too many of something */
	uint64_t lines;  /* all that were said */
	bool has_failed; /* it found what is no message, such as a key */
	bool is_no_data; /* it found nothing of OpenPGP in it */
	/* Recipients, the first few; *_count: all. */
	char recipients[STATUS_KEYS_MAX][STATUS_KEY_ID_SIZE];
	size_t recipients_count, keys_missing;
	bool needs_passphrase;             /* one that sender and receiver would both know */
	char key[PGP_FINGERPRINT_MAX + 1]; /* primary key that opened it; "": none did */
	uint64_t begun, literals, okay, failed;
	bool is_open;    /* between BEGIN_ and END_DECRYPTION */
	bool is_outside; /* a literal was */
	bool has_integrity, lacks_integrity;
	bool is_locked; /* our key has a passphrase */
	bool is_unwell; /* an error of the system, not of the message */
	bool has_error; /* any other */
	struct pgp_signature signatures[STATUS_SIGNATURES_MAX];
	size_t signatures_count;
	bool has_encrypted;
	char refused[4]; /* why gpg does not encrypt for a key: a number; "": it does */
	char made[PGP_FINGERPRINT_MAX + 1]; /* the key that gpg has made; "": none */
};

/* status: zeroed at first. */
void pgp_status_add(struct pgp_status *status, struct slice bytes);
/* Behind the last bytes: half a line is odd. */
void pgp_status_end(struct pgp_status *status);

#endif
