/*
 * pgp_fuzz: bytes as what gpg says of a message, of keys, and as a message's beginning. Nothing is
 * well that does not say so in the one way in which it is said: one literal, within one decryption,
 * with integrity; by whom the feed names.
 */
#include "fuzz.h"

#include "pgp/colons.h"
#include "pgp/verdict.h"

#include <stdlib.h>
#include <string.h>

static void must(bool is)
{
	if (!is)
		abort();
}

static size_t count(struct slice text, const char *line)
{
	size_t found = 0;
	while (text.size > 0) {
		struct slice next = slice_take(&text, '\n');
		found += next.size >= strlen(line) && memcmp(next.bytes, line, strlen(line)) == 0;
	}
	return found;
}

static void message_check(struct slice text, bool names_signer)
{
	static const char *const signer = "18FCBFB6AD858B31B1B2055B943832C2451C706B";
	struct policy_pgp policy = {.signed_within_ms = PERIOD_ENDLESS,
	    .signed_by = {.items = &signer, .count = names_signer}};
	struct pgp_status status = {.size = 0};
	struct pgp_verdict verdict = {.bytes = 0};
	pgp_status_add(&status, text);
	pgp_status_end(&status);
	struct error error = pgp_judge(&policy, &status, true, 1795827700, &verdict);
	if (is_error(&error)) {
		must(*error.text && (error.class == ERROR_REJECT) == (*error.code != '\0'));
		return;
	}
	must(count(text, "[GNUPG:] PLAINTEXT ") + count(text, "[GNUPG:] PLAINTEXT\n") <= 1);
	must(count(text, "[GNUPG:] BEGIN_DECRYPTION") >= 1);
	must(count(text, "[GNUPG:] DECRYPTION_OKAY") >= 1);
	must(memmem(text.bytes, text.size, "GOODMDC", 7) ||
	     memmem(text.bytes, text.size, "DECRYPTION_INFO", 15));
	if (names_signer) {
		must(strcmp(verdict.signer, "") != 0 && count(text, "[GNUPG:] GOODSIG") >= 1);
		must(memmem(text.bytes, text.size, signer, strlen(signer)));
	}
}

static void keys_check(struct slice text)
{
	struct arena *arena = arena_create();
	struct pgp_keys keys;
	struct error error = pgp_colons_parse(text, arena, &keys);
	for (size_t i = 0; !is_error(&error) && i < keys.count; i++)
		must(keys.items[i].ends >= 0 && keys.items[i].user);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	message_check(text, false);
	message_check(text, true);
	keys_check(text);
	pgp_recognise(text);
	return 0;
}
