#include "enrold/hash.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct hash {
	EVP_MD_CTX *context;
};

static EVP_MD *sha256; /* until the process ends */

bool hash_prepare(void)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return false;
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	return sha256;
}

static const EVP_MD *algorithm(void)
{
	return sha256 ? sha256 : EVP_sha256();
}

/* EVP fails only for want of memory or of the algorithm: at the making, not later. */
static void hash_start(struct hash *hash)
{
	int ok = EVP_DigestInit_ex(hash->context, algorithm(), NULL);
	assert(ok == 1);
}

struct hash *hash_create(void)
{
	struct hash *hash = calloc(1, sizeof *hash);
	if (!hash)
		return NULL;
	hash->context = EVP_MD_CTX_new();
	if (!hash->context || EVP_DigestInit_ex(hash->context, algorithm(), NULL) != 1) {
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
	for (unsigned int i = 0; i < size; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[HASH_TEXT_SIZE] = '\0';
	hash_start(hash);
}
