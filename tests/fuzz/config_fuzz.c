/*
 * config_fuzz: bytes as a configuration file. What loads must come out of config_format as a text
 * that loads and formats to itself.
 */
#include "fuzz.h"

#include "enrold/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct error load(const void *bytes, size_t size, struct config_file **file)
{
	char path[64];
	int memory = memfd_create("config", MFD_CLOEXEC);
	if (memory < 0 || write(memory, bytes, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
	struct error error = config_load(path, file);
	close(memory);
	return error;
}

static void round_trip(const struct config *config)
{
	struct buffer first = {0}, second = {0};
	struct config_file *again = NULL;
	config_format(config, &first);
	struct error error = load(first.bytes, first.size, &again);
	if (is_error(&error)) {
		fprintf(stderr, "%s\n%.*s", error.text, (int)first.size, first.bytes);
		abort();
	}
	config_format(config_get(again), &second);
	if (!slice_is(buffer_slice(&first), buffer_slice(&second)))
		abort();
	config_free(again);
	buffer_done(&first);
	buffer_done(&second);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct config_file *file = NULL;
	struct error error = load(data, size, &file);
	if (is_error(&error))
		return 0;
	round_trip(config_get(file));
	config_free(file);
	return 0;
}
