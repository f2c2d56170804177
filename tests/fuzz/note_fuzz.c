/*
 * note_fuzz: bytes as a note and as a key. A note that is read is one that is written so, and it is
 * by no key but the one that signed it; a key that is read has one verifier key.
 */
#include "fuzz.h"

#include "enrold/note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char private[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n"
                              "-----END PRIVATE KEY-----\n";

static void must(bool is)
{
	if (!is)
		abort();
}

static const struct note_key *own_key(void)
{
	static struct note_key *key;
	struct error error = key ? OK : note_key_parse(slice_of(private), &key);
	must(!is_error(&error));
	return key;
}

/* Nobody but the key's owner can have made a note that is by it: it is what he would sign. */
static void note_check(struct slice text)
{
	struct note note;
	struct buffer again = {0};
	struct error error = note_parse(text, &note);
	if (is_error(&error)) {
		must(error.class == ERROR_REJECT && *error.text);
		must(!note_is_by(text, own_key()));
		return;
	}
	must(note_is_origin(slice_of(note.origin)) && note.number > 0);
	must(strlen(note.head) == HASH_TEXT_SIZE);
	error = note_sign(&note, own_key(), &again);
	must(!is_error(&error) && note_is_by(buffer_slice(&again), own_key()));
	size_t signed_size =
	    (size_t)((char *)memmem(again.bytes, again.size, "\n\n", 2) - again.bytes) + 2;
	must(text.size >= signed_size && memcmp(text.bytes, again.bytes, signed_size) == 0);
	bool has_own_line =
	    memmem(text.bytes, text.size, again.bytes + signed_size, again.size - signed_size);
	must(has_own_line || !note_is_by(text, own_key()));
	buffer_done(&again);
}

static void key_check(struct slice text)
{
	struct note_key *key, *again;
	struct buffer verifier = {0};
	struct error error = note_key_parse(text, &key);
	if (is_error(&error)) {
		must(error.class == ERROR_CONFIG && *error.text && !key);
		return;
	}
	const char *name = *note_key_name(key) ? note_key_name(key) : "x";
	error = note_key_format_verifier(key, name, &verifier);
	must(!is_error(&error));
	error = note_key_parse(buffer_slice(&verifier), &again);
	must(!is_error(&error) && strcmp(note_key_name(again), name) == 0);
	must(!note_key_is_private(again));
	note_key_free(again);
	note_key_free(key);
	buffer_done(&verifier);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	note_check(text);
	key_check(text);
	return 0;
}
