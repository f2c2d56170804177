/*
 * note_key: Ed25519 keys of notes, by OpenSSL. Each operation makes a context of its own, so that a
 * key may be used on several threads. A passphrase is never asked for.
 */
#include "note_parts.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

enum { PUBLIC_SIZE = 32, TYPE_ED25519 = 1 };

struct note_key {
	EVP_PKEY *key;
	bool is_private;
	unsigned char public[PUBLIC_SIZE];
	char name[NOTE_ORIGIN_MAX + 1];
};

static struct error no_memory(void)
{
	ERR_clear_error();
	return error_memory("handling a key");
}

static struct error not_a_key(const char *why)
{
	ERR_clear_error();
	return error_config("it is no key for checkpoints: %s", why);
}

/* Keeps the handle, whatever comes of it. */
static struct error key_keep(EVP_PKEY *handle, bool is_private, struct note_key **key)
{
	struct note_key *made = calloc(1, sizeof *made);
	size_t size = PUBLIC_SIZE;
	*key = NULL;
	if (!made) {
		EVP_PKEY_free(handle);
		return no_memory();
	}
	made->key = handle;
	made->is_private = is_private;
	if (EVP_PKEY_get_id(handle) != EVP_PKEY_ED25519 ||
	    EVP_PKEY_get_raw_public_key(handle, made->public, &size) != 1 || size != PUBLIC_SIZE) {
		note_key_free(made);
		return not_a_key("it is of another kind than Ed25519");
	}
	*key = made;
	return OK;
}

void note_key_free(struct note_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->key);
	free(key);
}

bool note_key_is_private(const struct note_key *key)
{
	return key->is_private;
}

const char *note_key_name(const struct note_key *key)
{
	return key->name;
}

/* Instead of OpenSSL's own, which asks at the terminal. */
static int passphrase_none(char *phrase, int size, int is_write, void *context)
{
	(void)phrase;
	(void)size;
	(void)is_write;
	(void)context;
	return -1;
}

static struct error pem_parse(struct slice text, struct note_key **key)
{
	bool is_private = true;
	BIO *bio = BIO_new_mem_buf(text.bytes, (int)text.size);
	if (!bio)
		return no_memory();
	EVP_PKEY *handle = PEM_read_bio_PrivateKey(bio, NULL, passphrase_none, NULL);
	BIO_free(bio);
	if (!handle) {
		is_private = false;
		bio = BIO_new_mem_buf(text.bytes, (int)text.size);
		if (!bio)
			return no_memory();
		handle = PEM_read_bio_PUBKEY(bio, NULL, passphrase_none, NULL);
		BIO_free(bio);
	}
	if (!handle)
		return not_a_key("its PEM cannot be read, or asks for a passphrase");
	ERR_clear_error();
	return key_keep(handle, is_private, key);
}

/* name+hash+base64; in the base64 there may be more of the +. */
static struct error verifier_parse(struct slice line, struct note_key **key)
{
	unsigned char bytes[1 + PUBLIC_SIZE];
	char hash[NOTE_KEY_HASH_SIZE + 1];
	struct slice rest = line, name = slice_take(&rest, '+'), told = slice_take(&rest, '+');
	if (!note_is_origin(name) || told.size != NOTE_KEY_HASH_SIZE)
		return not_a_key("it is neither PEM nor a verifier key");
	if (!note_decode(rest, bytes, sizeof bytes) || bytes[0] != TYPE_ED25519)
		return not_a_key("its verifier key is not one of Ed25519");
	EVP_PKEY *handle =
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes + 1, PUBLIC_SIZE);
	if (!handle)
		return no_memory();
	struct error error = key_keep(handle, false, key);
	if (is_error(&error) || !*key)
		return error;
	memcpy((*key)->name, name.bytes, name.size);
	error = note_key_hash(*key, (*key)->name, hash);
	if (!is_error(&error) && !slice_is(told, slice_of(hash)))
		error = not_a_key("its verifier key is damaged: the hash in it is another one");
	return error;
}

static struct slice pem_in(struct slice text)
{
	static const char begin[] = "-----BEGIN ";
	const char *at = text.size > 0
	                     ? (const char *)memmem(text.bytes, text.size, begin, sizeof begin - 1)
	                     : NULL;
	return at ? (struct slice){at, text.size - (size_t)(at - text.bytes)}
	          : (struct slice){text.bytes, 0};
}

static bool is_blank(struct slice text)
{
	size_t count = 0;
	while (count < text.size && strchr(" \t\r\n", text.bytes[count]) && text.bytes[count])
		count++;
	return count == text.size;
}

static struct error key_read(struct slice first, struct slice pem, struct note_key **key)
{
	struct note_key *named = NULL;
	struct error error = pem.size > 0 ? pem_parse(pem, key) : verifier_parse(first, key);
	/* Before a PEM any line may stand; a verifier key there is to be the same. */
	if (is_error(&error) || !*key || pem.size == 0 || !slice_has(first, '+'))
		return error;
	error = verifier_parse(first, &named);
	bool is_named = !is_error(&error) && named;
	if (is_named && memcmp(named->public, (*key)->public, PUBLIC_SIZE) != 0)
		error = not_a_key("its verifier key and its PEM are two different keys");
	else if (is_named)
		memcpy((*key)->name, named->name, sizeof named->name);
	note_key_free(named);
	return error;
}

struct error note_key_parse(struct slice text, struct note_key **key)
{
	*key = NULL;
	if (text.size > NOTE_KEY_FILE_MAX)
		return not_a_key("it is too long");
	if (is_blank(text))
		return not_a_key("it is empty");
	struct slice pem = pem_in(text), rest = {text.bytes, text.size - pem.size};
	struct slice first = slice_take(&rest, '\n');
	while (first.size > 0 && strchr(" \t\r", first.bytes[first.size - 1]))
		first.size--;
	struct error error = pem.size == 0 && !is_blank(rest)
	                         ? not_a_key("it is neither PEM nor a verifier key")
	                         : key_read(first, pem, key);
	if (is_error(&error)) {
		note_key_free(*key);
		*key = NULL;
	}
	return error;
}

struct error note_key_make(struct note_key **key)
{
	EVP_PKEY *handle = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	*key = NULL;
	return handle ? key_keep(handle, true, key) : no_memory();
}

struct error note_key_id(
    const struct note_key *key, struct slice name, unsigned char id[KEY_ID_SIZE])
{
	static const char type[] = {'\n', TYPE_ED25519};
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
	               EVP_DigestUpdate(context, name.bytes, name.size) == 1 &&
	               EVP_DigestUpdate(context, type, sizeof type) == 1 &&
	               EVP_DigestUpdate(context, key->public, PUBLIC_SIZE) == 1 &&
	               EVP_DigestFinal_ex(context, digest, NULL) == 1;
	EVP_MD_CTX_free(context);
	if (!is_done)
		return no_memory();
	memcpy(id, digest, KEY_ID_SIZE);
	return OK;
}

struct error note_key_hash(
    const struct note_key *key, const char *origin, char hash[NOTE_KEY_HASH_SIZE + 1])
{
	unsigned char id[KEY_ID_SIZE] = {0};
	struct error error = note_key_id(key, slice_of(origin), id);
	snprintf(hash, NOTE_KEY_HASH_SIZE + 1, "%02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
	return error;
}

struct error note_key_sign(
    const struct note_key *key, struct slice text, unsigned char signature[SIGNATURE_SIZE])
{
	size_t size = SIGNATURE_SIZE;
	if (!key->is_private)
		return error_config("a public key signs nothing");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_done = context && EVP_DigestSignInit(context, NULL, NULL, NULL, key->key) == 1 &&
	               EVP_DigestSign(context, signature, &size, (const unsigned char *)text.bytes,
	                   text.size) == 1;
	EVP_MD_CTX_free(context);
	return is_done ? OK : no_memory();
}

bool note_key_has_signed(
    const struct note_key *key, struct slice text, const unsigned char signature[SIGNATURE_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool has = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->key) == 1 &&
	           EVP_DigestVerify(context, signature, SIGNATURE_SIZE,
	               (const unsigned char *)text.bytes, text.size) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return has;
}

/* What a BIO in memory has, which is wiped as it goes. */
static struct error bio_take(BIO *bio, bool is_written, struct buffer *out)
{
	char *bytes = NULL;
	long size = bio ? BIO_get_mem_data(bio, &bytes) : 0;
	if (is_written && size > 0)
		buffer_add(out, bytes, (size_t)size);
	BIO_free(bio);
	return is_written && size > 0 && !out->failed ? OK : no_memory();
}

struct error note_key_format_private(const struct note_key *key, struct buffer *out)
{
	if (!key->is_private)
		return error_config("a public key has no private half");
	BIO *bio = BIO_new(BIO_s_secmem());
	bool is_written =
	    bio && PEM_write_bio_PKCS8PrivateKey(bio, key->key, NULL, NULL, 0, NULL, NULL) == 1;
	return bio_take(bio, is_written, out);
}

struct error note_key_format_verifier(
    const struct note_key *key, const char *origin, struct buffer *out)
{
	unsigned char bytes[1 + PUBLIC_SIZE] = {TYPE_ED25519};
	char hash[NOTE_KEY_HASH_SIZE + 1];
	struct error error = note_key_hash(key, origin, hash);
	if (is_error(&error))
		return error;
	memcpy(bytes + 1, key->public, PUBLIC_SIZE);
	buffer_print(out, "%s+%s+", origin, hash);
	note_encode(bytes, sizeof bytes, out);
	return out->failed ? no_memory() : OK;
}

struct error note_key_format_public(
    const struct note_key *key, const char *origin, struct buffer *out)
{
	struct error error = note_key_format_verifier(key, origin, out);
	if (is_error(&error))
		return error;
	buffer_add_char(out, '\n');
	BIO *bio = BIO_new(BIO_s_mem());
	return bio_take(bio, bio && PEM_write_bio_PUBKEY(bio, key->key) == 1, out);
}
