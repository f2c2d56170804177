#include "status.h"

#include <stdio.h>
#include <stdlib.h>

#define PREFIX "[GNUPG:] "

/* Of libgpg-error, in the lower bits of the codes that are said. */
enum {
	CODE_BITS = 0xffff,
	CODE_OF_SYSTEM = 0x8000,
	CODE_BAD_PASSPHRASE = 11,
	CODE_NO_PINENTRY = 85,
	CODE_CANCELED = 99,
	CODE_NO_PUBLIC_KEY = 9, /* of ERRSIG, a list of its own */
};

/* ---- fields ---- */

static struct slice field(struct slice *rest)
{
	return slice_take(rest, ' ');
}

static struct slice field_at(struct slice rest, size_t number)
{
	struct slice found = field(&rest);
	while (number-- > 0)
		found = field(&rest);
	return found;
}

static bool is_hex(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!strchr("0123456789ABCDEF", text.bytes[i]) || !text.bytes[i])
			return false;
	return text.size > 0;
}

static void hex_copy(struct pgp_status *status, struct slice text, char *to, size_t size)
{
	if (!is_hex(text) || text.size >= size)
		status->is_odd = true;
	else
		snprintf(to, size, "%.*s", SLICE_ARG(text));
}

/* Digits alone; what is none, or too large for any clock, is odd. */
static int64_t number_of(struct pgp_status *status, struct slice text)
{
	enum { DIGITS_MAX = 15 };
	int64_t number = 0;
	bool is_number = text.size > 0 && text.size <= DIGITS_MAX;
	for (size_t i = 0; is_number && i < text.size; i++) {
		is_number = text.bytes[i] >= '0' && text.bytes[i] <= '9';
		number = number * 10 + (text.bytes[i] - '0');
	}
	status->is_odd |= !is_number;
	return is_number ? number : 0;
}

/* ---- for whom it is ---- */

static void on_recipient(struct pgp_status *status, struct slice rest)
{
	if (status->recipients_count < STATUS_KEYS_MAX)
		hex_copy(status, field(&rest), status->recipients[status->recipients_count],
		    STATUS_KEY_ID_SIZE);
	status->recipients_count++;
}

static void on_key_missing(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->keys_missing++;
}

static void on_passphrase(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->needs_passphrase = true;
}

static void on_key(struct pgp_status *status, struct slice rest)
{
	hex_copy(status, field_at(rest, 1), status->key, sizeof status->key);
}

static void on_no_data(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->is_no_data = true;
}

static void on_unexpected(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->has_failed = true;
}

/* ---- what is in it ---- */

static void on_begin(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->begun++;
	status->is_open = true;
}

static void on_end(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->is_open = false;
}

static void on_literal(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->literals++;
	status->is_outside |= !status->is_open;
}

/* What of old had integrity, the cipher, and what is authenticated encryption's. */
static void on_info(struct pgp_status *status, struct slice rest)
{
	struct slice mdc = field(&rest), aead = field_at(rest, 1);
	bool is_authenticated = aead.size > 0 && number_of(status, aead) > 0;
	status->has_integrity |= is_authenticated;
	status->lacks_integrity |= number_of(status, mdc) == 0 && !is_authenticated;
}

static void on_okay(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->okay++;
}

static void on_failed(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->failed++;
}

static void on_good_mdc(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->has_integrity = true;
}

static void on_error(struct pgp_status *status, struct slice rest)
{
	struct slice where = field(&rest);
	int64_t code = number_of(status, field(&rest)) & CODE_BITS;
	if (slice_is(where, SLICE("nomdc_with_legacy_cipher")))
		status->lacks_integrity = true;
	else if (code & CODE_OF_SYSTEM)
		status->is_unwell = true;
	else if (slice_is(where, SLICE("pkdecrypt_failed")) &&
	         (code == CODE_BAD_PASSPHRASE || code == CODE_NO_PINENTRY || code == CODE_CANCELED))
		status->is_locked = true;
	else
		status->has_error = true;
}

/* ---- who has signed it ---- */

/* The newest; what is said before NEWSIG, or of one too many, is odd and lands nowhere. */
static struct pgp_signature *signature(struct pgp_status *status)
{
	if (status->signatures_count > 0 && status->signatures_count <= STATUS_SIGNATURES_MAX)
		return &status->signatures[status->signatures_count - 1];
	status->is_odd = true;
	return NULL;
}

static void on_signature(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->signatures_count++;
	status->is_odd |= status->signatures_count > STATUS_SIGNATURES_MAX;
}

/* Two results of one signature are odd. */
static void state_set(struct pgp_status *status, struct slice id, enum signature_state state)
{
	struct pgp_signature *newest = signature(status);
	if (!newest)
		return;
	status->is_odd |= newest->state != SIGNATURE_UNSAID;
	newest->state = state;
	/* Some say the fingerprint here; its end is the id. */
	if (id.size >= STATUS_KEY_ID_SIZE) {
		id.bytes += id.size - (STATUS_KEY_ID_SIZE - 1);
		id.size = STATUS_KEY_ID_SIZE - 1;
	}
	hex_copy(status, id, newest->id, sizeof newest->id);
}

static void on_good(struct pgp_status *status, struct slice rest)
{
	state_set(status, field(&rest), SIGNATURE_GOOD);
}

static void on_bad(struct pgp_status *status, struct slice rest)
{
	state_set(status, field(&rest), SIGNATURE_BAD);
}

static void on_ended(struct pgp_status *status, struct slice rest)
{
	state_set(status, field(&rest), SIGNATURE_ENDED);
}

static void on_key_ended(struct pgp_status *status, struct slice rest)
{
	state_set(status, field(&rest), SIGNATURE_KEY_ENDED);
}

static void on_key_revoked(struct pgp_status *status, struct slice rest)
{
	state_set(status, field(&rest), SIGNATURE_KEY_REVOKED);
}

/* keyid, two algorithms, class, time, reason */
static void on_unchecked(struct pgp_status *status, struct slice rest)
{
	bool is_missing = number_of(status, field_at(rest, 5)) == CODE_NO_PUBLIC_KEY;
	state_set(status, field(&rest), is_missing ? SIGNATURE_KEY_MISSING : SIGNATURE_UNCHECKED);
}

/* fingerprint, date, time, end, version, reserved, two algorithms, class, primary's fingerprint;
 * said of signatures, too, whose key has ended. */
static void on_valid(struct pgp_status *status, struct slice rest)
{
	struct pgp_signature *newest = signature(status);
	if (!newest)
		return;
	status->is_odd |= *newest->fingerprint != '\0';
	struct slice kind = field_at(rest, 8);
	if (!slice_is(kind, SLICE("00")) && !slice_is(kind, SLICE("01")))
		status->is_odd = true; /* a key's or a user's, not a document's */
	hex_copy(status, field_at(rest, 0), newest->fingerprint, sizeof newest->fingerprint);
	hex_copy(status, field_at(rest, 9), newest->primary, sizeof newest->primary);
	newest->made_at = number_of(status, field_at(rest, 2));
}

/* ---- what we make ---- */

static void on_encrypted(struct pgp_status *status, struct slice rest)
{
	(void)rest;
	status->has_encrypted = true;
}

static void on_refused(struct pgp_status *status, struct slice rest)
{
	hex_copy(status, field(&rest), status->refused, sizeof status->refused);
}

static void on_created(struct pgp_status *status, struct slice rest)
{
	hex_copy(status, field_at(rest, 1), status->made, sizeof status->made);
}

/* ---- lines ---- */

static const struct keyword {
	const char *word;
	void (*take)(struct pgp_status *status, struct slice rest);
} keywords[] = {
    {"ENC_TO", on_recipient},
    {"NO_SECKEY", on_key_missing},
    {"NEED_PASSPHRASE_SYM", on_passphrase},
    {"DECRYPTION_KEY", on_key},
    {"NODATA", on_no_data},
    {"UNEXPECTED", on_unexpected},
    {"BEGIN_DECRYPTION", on_begin},
    {"END_DECRYPTION", on_end},
    {"PLAINTEXT", on_literal},
    {"DECRYPTION_INFO", on_info},
    {"DECRYPTION_OKAY", on_okay},
    {"DECRYPTION_FAILED", on_failed},
    {"GOODMDC", on_good_mdc},
    {"BADMDC", on_failed},
    {"ERROR", on_error},
    {"NEWSIG", on_signature},
    {"GOODSIG", on_good},
    {"BADSIG", on_bad},
    {"EXPSIG", on_ended},
    {"EXPKEYSIG", on_key_ended},
    {"REVKEYSIG", on_key_revoked},
    {"ERRSIG", on_unchecked},
    {"VALIDSIG", on_valid},
    {"END_ENCRYPTION", on_encrypted},
    {"INV_RECP", on_refused},
    {"KEY_CREATED", on_created},
};

static void line_take(struct pgp_status *status, struct slice line)
{
	status->lines++;
	if (line.size < strlen(PREFIX) || memcmp(line.bytes, PREFIX, strlen(PREFIX)) != 0) {
		status->is_odd = true;
		return;
	}
	line.bytes += strlen(PREFIX);
	line.size -= strlen(PREFIX);
	struct slice word = field(&line);
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (slice_is(word, slice_of(keywords[i].word)))
			keywords[i].take(status, line);
}

void pgp_status_add(struct pgp_status *status, struct slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		if (bytes.bytes[i] == '\n') {
			line_take(status, (struct slice){status->line, status->size});
			status->size = 0;
		} else if (status->size < sizeof status->line) {
			status->line[status->size++] = bytes.bytes[i];
		} else {
			status->is_odd = true;
		}
	}
}

void pgp_status_end(struct pgp_status *status)
{
	status->is_odd |= status->size > 0;
	status->size = 0;
}
