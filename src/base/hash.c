#include "enrold/hash.h"

#include "enrold/patient.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct hash {
	EVP_MD_CTX *context;
};

static void *openssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return patient_malloc(size);
}

static void *openssl_realloc(void *memory, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return patient_realloc(memory, size);
}

static void openssl_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

void hash_prepare(void)
{
	int ok = CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
	assert(ok == 1); /* only too late, after OpenSSL has begun */
}

/* EVP fails only for want of memory or of the algorithm: at the making, not later. */
struct hash *hash_create(void)
{
	struct hash *hash = calloc(1, sizeof *hash);
	if (!hash)
		return NULL;
	hash->context = EVP_MD_CTX_new();
	if (!hash->context || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
		hash_free(hash);
		return NULL;
	}
	return hash;
}

void hash_free(struct hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	free(hash);
}

void hash_restart(struct hash *hash)
{
	int ok = EVP_DigestInit_ex(hash->context, NULL, NULL);
	assert(ok == 1);
}

void hash_add(struct hash *hash, const void *bytes, size_t size)
{
	int ok = EVP_DigestUpdate(hash->context, bytes, size);
	assert(ok == 1);
}

void hash_finish(struct hash *hash, char text[HASH_TEXT_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	int ok = EVP_DigestFinal_ex(hash->context, digest, &size);
	assert(ok == 1 && size * 2 == HASH_TEXT_SIZE);
	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[HASH_TEXT_SIZE] = '\0';
}

struct error hash_text(struct slice bytes, char text[HASH_TEXT_SIZE + 1])
{
	struct hash *hash = hash_create();
	if (!hash)
		return error_memory("hashing");
	hash_add(hash, bytes.bytes, bytes.size);
	hash_finish(hash, text);
	hash_free(hash);
	return OK;
}
