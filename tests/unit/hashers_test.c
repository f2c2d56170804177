/* Passwords of a batch, hashed by all processors. */
#include "run/hashers.h"

#include <criterion/criterion.h>
#include <crypt.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 40, TEXT_SIZE = 24 };

static bool opens(const char *password, const char *hash)
{
	struct crypt_data data = {0};
	const char *made = crypt_r(password, hash, &data);
	return made && strcmp(made, hash) == 0;
}

static void jobs_fill(struct hash_job jobs[MANY], char texts[MANY][TEXT_SIZE])
{
	for (int i = 0; i < MANY; i++) {
		snprintf(texts[i], TEXT_SIZE, "Secret.%d", i);
		jobs[i].password = slice_of(texts[i]);
	}
}

Test(hashers, give_each_password_its_own_hash)
{
	static struct hash_job jobs[MANY];
	char texts[MANY][TEXT_SIZE];
	atomic_uint progress = 0;
	jobs_fill(jobs, texts);
	struct error error = hashers_run(jobs, MANY, &progress);
	cr_assert(!is_error(&error), "%s", error.text);
	cr_assert_eq(atomic_load(&progress), MANY);
	for (int i = 0; i < MANY; i++) {
		cr_assert(opens(texts[i], jobs[i].hash), "%s: %s", texts[i], jobs[i].hash);
		cr_assert(i == 0 || strcmp(jobs[i].hash, jobs[i - 1].hash) != 0);
	}
}

Test(hashers, have_nothing_to_do_without_passwords)
{
	atomic_uint progress = 0;
	struct error error = hashers_run(NULL, 0, &progress);
	cr_assert(!is_error(&error), "%s", error.text);
	cr_assert_eq(atomic_load(&progress), 0);
}

Test(hashers, tell_of_a_password_that_cannot_be_hashed)
{
	static struct hash_job jobs[MANY];
	char texts[MANY][TEXT_SIZE], long_one[PASSWORD_MAX + 2];
	atomic_uint progress = 0;
	jobs_fill(jobs, texts);
	memset(long_one, 'x', sizeof long_one);
	jobs[MANY / 2].password = (struct slice){long_one, PASSWORD_MAX + 1};
	struct error error = hashers_run(jobs, MANY, &progress);
	cr_assert_eq(error.class, ERROR_CONFIG);
	cr_assert(strstr(error.text, "more than 128 bytes"), "%s", error.text);
}
