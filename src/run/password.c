#include "password.h"

#include <crypt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define SETTING "$6$rounds=5000$"

enum { SALT_SIZE = 16 };

/* 64 letters: each takes six bits of a random byte, no more and no less. */
static bool salt_make(char salt[SALT_SIZE + 1])
{
	static const char letters[] =
	    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned char bytes[SALT_SIZE];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return false;
	for (int i = 0; i < SALT_SIZE; i++)
		salt[i] = letters[bytes[i] & 63];
	salt[SALT_SIZE] = '\0';
	return true;
}

struct error password_hash(
    struct slice password, struct crypt_data *data, char hash[PASSWORD_HASH_SIZE])
{
	char phrase[PASSWORD_MAX + 1], salt[SALT_SIZE + 1], setting[64];
	if (password.size > PASSWORD_MAX)
		return error_config("a password of more than %d bytes", PASSWORD_MAX);
	memcpy(phrase, password.bytes, password.size);
	phrase[password.size] = '\0';
	if (!salt_make(salt))
		return error_errno("cannot make a salt");
	snprintf(setting, sizeof setting, SETTING "%s$", salt);
	const char *made = crypt_r(phrase, setting, data);
	bool is_made = made && *made == '$' && strlen(made) < PASSWORD_HASH_SIZE;
	struct error error = is_made ? OK : error_errno("cannot hash a password");
	if (is_made)
		memcpy(hash, made, strlen(made) + 1);
	explicit_bzero(phrase, sizeof phrase);
	return error;
}
