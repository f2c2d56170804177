/* no_crypt: a library to be preloaded, under which hashing a password is the end. */
#include <crypt.h>
#include <stdlib.h>

char *crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	(void)phrase, (void)setting, (void)data;
	abort();
}
