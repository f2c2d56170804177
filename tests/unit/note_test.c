/* A note is what C2SP's signed-note says, to the byte: the example of its first implementation
 * (golang.org/x/mod/sumdb/note) is signed and verified as it is there. */
#include "enrold/note.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_PUBLIC                                                                               \
	"-----BEGIN PUBLIC KEY-----\n"                                                             \
	"MCowBQYDK2VwAyEAGlzZBxQ8OExB6DDFvOEqqIF+xWSaqr8sMTiLNbLXRNY=\n"                           \
	"-----END PUBLIC KEY-----\n"
#define PETER_PRIVATE                                                                              \
	"-----BEGIN PRIVATE KEY-----\n"                                                            \
	"MC4CAQAwBQYDK2VwBCIEIIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n"                       \
	"-----END PRIVATE KEY-----\n"
#define PETER_TEXT                                                                                 \
	"If you think cryptography is the answer to your problem,\n"                               \
	"then you don't know what your problem is.\n"
#define PETER_NAMED "\xE2\x80\x94 PeterNeumann "
#define PETER_SIGNATURE                                                                            \
	PETER_NAMED                                                                                \
	"x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6R"      \
	"yyBwJnAM=\n"
#define OTHER_SIGNATURE                                                                            \
	"\xE2\x80\x94 EnochRoot "                                                                  \
	"rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG"                       \
	"01oOTGwnWLox33WWd1RvMc+QQ=\n"
#define HEAD "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static struct note_key *key_of(const char *text)
{
	struct note_key *key;
	struct error error = note_key_parse(slice_of(text), &key);
	cr_assert_not(is_error(&error), "%s", error.text);
	return key;
}

static const char *text_of(struct buffer *buffer)
{
	buffer_add_char(buffer, '\0');
	cr_assert_not(buffer->failed);
	buffer->size--;
	return buffer->bytes;
}

Test(note, is_signed_as_the_example_is)
{
	struct note_key *key = key_of(PETER_PRIVATE);
	struct buffer out = {0};
	struct error error = note_sign_text(slice_of(PETER_TEXT), "PeterNeumann", key, &out);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_assert_str_eq(text_of(&out), PETER_TEXT "\n" PETER_SIGNATURE);
	buffer_done(&out);
	note_key_free(key);
}

Test(note, a_key_has_the_names_of_the_example)
{
	struct note_key *key = key_of(PETER_PRIVATE);
	struct buffer out = {0};
	char hash[NOTE_KEY_HASH_SIZE + 1];
	cr_assert(note_key_is_private(key));
	cr_assert_str_eq(note_key_name(key), "");
	struct error error = note_key_hash(key, "PeterNeumann", hash);
	cr_assert_not(is_error(&error));
	cr_assert_str_eq(hash, "c74f20a3");
	error = note_key_format_public(key, "PeterNeumann", &out);
	cr_assert_not(is_error(&error));
	cr_assert_str_eq(text_of(&out), PETER "\n" PETER_PUBLIC);
	buffer_clear(&out);
	error = note_key_format_private(key, &out);
	cr_assert_not(is_error(&error));
	cr_assert_str_eq(text_of(&out), PETER_PRIVATE);
	buffer_done(&out);
	note_key_free(key);
}

static const char *const publics[] = {PETER, PETER "\n", PETER "\r\n", PETER_PUBLIC,
    PETER "\n" PETER_PUBLIC, "our key\n" PETER_PUBLIC};

Test(note, is_verified_as_the_example_is)
{
	for (size_t i = 0; i < sizeof publics / sizeof *publics; i++) {
		struct note_key *key = key_of(publics[i]);
		struct buffer out = {0};
		cr_expect_not(note_key_is_private(key));
		cr_expect_str_eq(note_key_name(key),
		    strchr(publics[i], '+') == publics[i] + 12 ? "PeterNeumann" : "");
		cr_expect(note_text_is_by(
		    slice_of(PETER_TEXT "\n" PETER_SIGNATURE), SLICE("PeterNeumann"), key));
		struct error error = note_sign_text(SLICE("a\n"), "x", key, &out);
		cr_expect_eq(error.class, ERROR_CONFIG);
		error = note_key_format_private(key, &out);
		cr_expect_eq(error.class, ERROR_CONFIG);
		cr_expect_eq(out.size, 0);
		buffer_done(&out);
		note_key_free(key);
	}
}

/* Each is the example's note with something that makes it another. */
static const struct {
	const char *note;
	bool is_by;
} peters[] = {
    {PETER_TEXT "\n" OTHER_SIGNATURE PETER_SIGNATURE, true},
    {PETER_TEXT "\n" PETER_SIGNATURE OTHER_SIGNATURE, true},
    {PETER_TEXT "\n" PETER_SIGNATURE PETER_SIGNATURE, true},
    {PETER_TEXT "\n" OTHER_SIGNATURE, false},
    {PETER_TEXT "\n" PETER_NAMED "YWJjZGU=\n" PETER_SIGNATURE, true}, /* another of its keys */
    {PETER_TEXT "\n" PETER_NAMED "x08go2E=\n", false},
    {PETER_TEXT "\n\n" PETER_SIGNATURE, false},
    {PETER_TEXT " \n" PETER_SIGNATURE, false},
    {PETER_TEXT PETER_SIGNATURE, false},
    {PETER_TEXT "\n", false},
    {PETER_TEXT, false},
    {"", false},
    {"\n", false},
    {"\n\n", false},
    {"\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n" PETER_SIGNATURE "\n", false},
    {PETER_TEXT "\n" PETER_SIGNATURE "?", false},
    {PETER_TEXT "\n" PETER_SIGNATURE "?\n", false},
    {PETER_TEXT "\n-- PeterNeumann YWJjZGU=\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94PeterNeumann YWJjZGU=\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94 a+b YWJjZGU=\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94 a\xE3\x80\x80 YWJjZGU=\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94  YWJjZGU=\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94 a YWJj\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94 a YWJjZGU\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94 a YWJjZGV=\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94 a YWJ ZGU=\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94 a YWJjZGU= \n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94 a\n" PETER_SIGNATURE, false},
    {PETER_TEXT "\n\xE2\x80\x94 \xFF YWJjZGU=\n" PETER_SIGNATURE, false},
};

Test(note, is_by_a_key_when_its_text_and_each_signature_of_that_key_are_right)
{
	struct note_key *key = key_of(PETER);
	for (size_t i = 0; i < sizeof peters / sizeof *peters; i++)
		cr_expect_eq(note_text_is_by(slice_of(peters[i].note), SLICE("PeterNeumann"), key),
		    peters[i].is_by, "%zu", i);
	cr_expect_not(
	    note_text_is_by(slice_of(PETER_TEXT "\n" PETER_SIGNATURE), SLICE("Peter"), key));
	note_key_free(key);
}

/* No byte of it can be another one, and none can be missing. */
Test(note, is_nobodys_with_any_byte_changed)
{
	static const char whole[] = PETER_TEXT "\n" PETER_SIGNATURE;
	struct note_key *key = key_of(PETER);
	for (size_t i = 0; i + 1 < sizeof whole; i++) {
		char text[sizeof whole];
		memcpy(text, whole, sizeof whole);
		text[i] = (char)(text[i] ^ 1);
		cr_expect_not(
		    note_text_is_by(slice_of(text), SLICE("PeterNeumann"), key), "%zu", i);
		cr_expect_not(note_text_is_by((struct slice){whole, i}, SLICE("PeterNeumann"), key),
		    "%zu", i);
	}
	note_key_free(key);
}

Test(note, a_verifier_key_is_damaged_by_any_change)
{
	static const char whole[] = PETER;
	struct note_key *key;
	for (size_t i = 0; i + 1 < sizeof whole; i++) {
		char text[sizeof whole];
		memcpy(text, whole, sizeof whole);
		text[i]++;
		struct error error = note_key_parse(slice_of(text), &key);
		cr_expect_eq(error.class, ERROR_CONFIG, "%s", text);
		cr_expect_null(key);
		error = note_key_parse((struct slice){whole, i}, &key);
		cr_expect_eq(error.class, ERROR_CONFIG, "%zu", i);
	}
}

static const char *const no_keys[] = {"", "\n", "x", "a+b", "a+b+c", "a+00000000+",
    "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
    "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", PETER "\n" PETER,
    "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    /* a verifier key of somebody else's before it */
    "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n" PETER_PUBLIC,
    /* X25519 */
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VuBCIEIIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n"
    "-----END PRIVATE KEY-----\n",
    /* with a passphrase */
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjLLyL8EwqLpAICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEBtf7Zs1yJhkZ4J4p0yrmVIEQGZ3\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n"};

Test(note, no_key_is_a_sentence)
{
	struct note_key *key;
	for (size_t i = 0; i < sizeof no_keys / sizeof *no_keys; i++) {
		struct error error = note_key_parse(slice_of(no_keys[i]), &key);
		cr_expect_eq(error.class, ERROR_CONFIG, "%s", no_keys[i]);
		cr_expect(strstr(error.text, "it is no key for checkpoints: "), "%s", error.text);
		cr_expect_null(key);
	}
	static char large[NOTE_KEY_FILE_MAX + 2];
	memset(large, 'a', sizeof large - 1);
	struct error error = note_key_parse(slice_of(large), &key);
	cr_expect_eq(error.class, ERROR_CONFIG);
}

Test(note, of_a_new_key_is_by_that_key_alone)
{
	struct note note = {.origin = "enrold/host", .number = 4711, .head = HEAD}, read;
	struct note_key *mine, *other;
	struct buffer out = {0}, pem = {0};
	struct error error = note_key_make(&mine);
	cr_assert_not(is_error(&error), "%s", error.text);
	error = note_key_make(&other);
	cr_assert_not(is_error(&error), "%s", error.text);
	error = note_sign(&note, mine, &out);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_expect_eq(strncmp(text_of(&out), "enrold/host\n4711\n" HEAD "\n\n", 82), 0);
	error = note_parse(buffer_slice(&out), &read);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_expect_str_eq(read.origin, note.origin);
	cr_expect_eq(read.number, note.number);
	cr_expect_str_eq(read.head, note.head);
	cr_expect(note_is_by(buffer_slice(&out), mine));
	cr_expect_not(note_is_by(buffer_slice(&out), other));
	error = note_key_format_private(mine, &pem);
	cr_assert_not(is_error(&error));
	struct note_key *again = key_of(text_of(&pem));
	cr_expect(note_key_is_private(again));
	cr_expect(note_is_by(buffer_slice(&out), again));
	note_key_free(again);
	buffer_clear(&pem);
	error = note_key_format_public(mine, "enrold/elsewhere", &pem);
	cr_assert_not(is_error(&error));
	again = key_of(text_of(&pem)); /* the key of another origin */
	cr_expect_not(note_is_by(buffer_slice(&out), again));
	note_key_free(again);
	note_key_free(mine);
	note_key_free(other);
	buffer_done(&pem);
	buffer_done(&out);
}

#define SIGNED "\n\xE2\x80\x94 a YWJjZGU=\n"

static const struct {
	const char *text, *why;
} no_notes[] = {
    {"", "empty line"},
    {"a\n1\n" HEAD "\n", "empty line"},
    {"a\n1\n" HEAD "\n\n", "empty line"},
    {"a\n1\n" HEAD "\n\nx", "empty line"},
    {"a\n1\n" HEAD "\n\nx\n", "not signatures"},
    {"a\r\n1\r\n" HEAD "\r\n\r\n", "carriage return"},
    {"a\n1\n" HEAD "\x01\n" SIGNED, "controls"},
    {"a\xFF\n1\n" HEAD "\n" SIGNED, "not UTF-8"},
    {"a b\n1\n" HEAD "\n" SIGNED, "origin"},
    {"a+b\n1\n" HEAD "\n" SIGNED, "origin"},
    {"\n1\n" HEAD "\n" SIGNED, "origin"},
    {"a\n0\n" HEAD "\n" SIGNED, "number"},
    {"a\n01\n" HEAD "\n" SIGNED, "number"},
    {"a\n-1\n" HEAD "\n" SIGNED, "number"},
    {"a\n1 \n" HEAD "\n" SIGNED, "number"},
    {"a\n\n" HEAD "\n" SIGNED, "number"},
    {"a\n99999999999999999999\n" HEAD "\n" SIGNED, "number"},
    {"a\n1\n" HEAD "0\n" SIGNED, "head"},
    {"a\n1\n9F86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n" SIGNED, "head"},
    {"a\n1\n" SIGNED, "head"},
    {"a\n1\n" HEAD "\nx\n" SIGNED, "fourth line"},
    {"a\n1\n" HEAD "\n\n" SIGNED, "fourth line"},
};

Test(note, no_note_is_a_sentence)
{
	struct note note;
	for (size_t i = 0; i < sizeof no_notes / sizeof *no_notes; i++) {
		struct error error = note_parse(slice_of(no_notes[i].text), &note);
		cr_expect_eq(error.class, ERROR_REJECT, "%zu", i);
		cr_expect(strstr(error.text, no_notes[i].why), "%zu: %s", i, error.text);
	}
	struct error error = note_parse(slice_of("a\n1\n" HEAD "\n" SIGNED), &note);
	cr_expect_not(is_error(&error), "%s", error.text);
}

Test(note, has_at_most_so_many_signatures)
{
	struct buffer out = {0};
	struct note note;
	buffer_add_text(&out, "a\n1\n" HEAD "\n" SIGNED);
	for (size_t i = 1; i < NOTE_SIGNATURES_MAX; i++)
		buffer_print(&out, "\xE2\x80\x94 witness%zu YWJjZGU=\n", i);
	struct error error = note_parse(buffer_slice(&out), &note);
	cr_expect_not(is_error(&error), "%s", error.text);
	buffer_add_text(&out, OTHER_SIGNATURE);
	error = note_parse(buffer_slice(&out), &note);
	cr_expect_eq(error.class, ERROR_REJECT);
	buffer_done(&out);
}

Test(note, an_origin_is_a_name_without_blanks)
{
	static const char *const names[] = {"", "a b", "a+b", "a\tb", "a\nb",
	    "a\xC2\xA0"
	    "b",
	    "a\xE2\x80\x83"
	    "b",
	    "\xFF"};
	char large[NOTE_ORIGIN_MAX + 2];
	struct note_key *key = key_of(PETER_PRIVATE);
	struct buffer out = {0};
	memset(large, 'a', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	cr_expect_not(note_is_origin(slice_of(large)));
	cr_expect(note_is_origin(slice_of(large + 1)));
	cr_expect(note_is_origin(SLICE("enrold/h\xC3\xB6rsaal-3")));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		cr_expect_not(note_is_origin(slice_of(names[i])), "%zu", i);
		struct error error = note_sign_text(SLICE("a\n"), names[i], key, &out);
		cr_expect_eq(error.class, ERROR_CONFIG);
	}
	cr_expect_eq(out.size, 0);
	note_key_free(key);
	buffer_done(&out);
}
