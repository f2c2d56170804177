/*
 * driver: a fuzz target without libFuzzer, so that every build runs it: each seed as it is, then
 * FUZZ_RUNS (20,000) mutations of them, always the same ones for a FUZZ_SEED (1).
 *
 * usage: text_fuzz DIRECTORY
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS_MAX = 256, SIZE_MAX_BYTES = 1 << 14 };

struct seed {
	unsigned char *bytes;
	size_t size;
};

static struct seed seeds[SEEDS_MAX];
static size_t seeds_count;

static unsigned long number_of(const char *name, unsigned long usual)
{
	const char *text = getenv(name);
	return text && *text ? strtoul(text, NULL, 10) : usual;
}

static void seed_read(const char *directory, const char *name)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "re");
	if (!file || seeds_count == SEEDS_MAX)
		abort();
	struct seed *seed = &seeds[seeds_count++];
	seed->bytes = malloc(SIZE_MAX_BYTES);
	if (!seed->bytes)
		abort();
	seed->size = fread(seed->bytes, 1, SIZE_MAX_BYTES, file);
	fclose(file);
}

/* In the order of their names: the mutations must not depend on the file system. */
static void seeds_read(const char *directory)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.')
			seed_read(directory, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static unsigned long state;

static size_t dice(size_t sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return sides ? (size_t)(state >> 11) % sides : 0;
}

/* A byte that means something, or any. */
static unsigned char byte_any(void)
{
	static const char special[] = ",;\"\n\r\t'=0129-+@:%\\ \0\xFF\xFE\xC3\xA9{}[]#";
	return (unsigned char)(dice(2) ? special[dice(sizeof special)] : (char)dice(256));
}

static size_t piece_insert(unsigned char *bytes, size_t size)
{
	const struct seed *other = &seeds[dice(seeds_count)];
	size_t from = dice(other->size), length = dice(other->size - from) % 64;
	size_t at = dice(size + 1);
	if (size + length > SIZE_MAX_BYTES)
		return size;
	memmove(bytes + at + length, bytes + at, size - at);
	memcpy(bytes + at, other->bytes + from, length);
	return size + length;
}

static size_t piece_remove(unsigned char *bytes, size_t size)
{
	size_t from = dice(size), length = dice(size - from) % 32;
	memmove(bytes + from, bytes + from + length, size - from - length);
	return size - length;
}

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t max)
{
	(void)max; /* of which there is one only */
	for (size_t times = 1 + dice(6); times > 0; times--) {
		switch (dice(3)) {
		case 0:
			if (size > 0)
				bytes[dice(size)] = byte_any();
			break;
		case 1: size = piece_insert(bytes, size); break;
		default: size = piece_remove(bytes, size); break;
		}
	}
	return size;
}

#pragma weak LLVMFuzzerCustomMutator

static size_t mutate(unsigned char *bytes, size_t size)
{
	if (!LLVMFuzzerCustomMutator)
		return LLVMFuzzerMutate(bytes, size, SIZE_MAX_BYTES);
	return LLVMFuzzerCustomMutator(bytes, size, SIZE_MAX_BYTES, (unsigned int)dice(1U << 31));
}

int main(int count, char **arguments)
{
	static unsigned char bytes[SIZE_MAX_BYTES];
	if (count != 2)
		return 64;
	seeds_read(arguments[1]);
	if (seeds_count == 0) {
		fprintf(stderr, "no seeds in %s\n", arguments[1]);
		return 1;
	}
	for (size_t i = 0; i < seeds_count; i++)
		LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].size);
	unsigned long runs = number_of("FUZZ_RUNS", 20000);
	state = number_of("FUZZ_SEED", 1) * 88172645463325252UL;
	for (unsigned long i = 0; i < runs; i++) {
		const struct seed *seed = &seeds[dice(seeds_count)];
		memcpy(bytes, seed->bytes, seed->size);
		LLVMFuzzerTestOneInput(bytes, mutate(bytes, seed->size));
	}
	printf("%zu seeds and %lu mutations of them\n", seeds_count, runs);
	for (size_t i = 0; i < seeds_count; i++)
		free(seeds[i].bytes);
	return 0;
}
