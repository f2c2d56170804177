/*
 * config_fuzz: bytes as a configuration file. What does not load is an error of class CONFIG that
 * begins with file, line and column. What loads must come out of config_format as a text that loads
 * and formats to itself, and its policies out of policy_format as lines that are read as the same.
 */
#include "fuzz.h"

#include "enrold/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void policy_round_trip(const struct policy *policy)
{
	struct arena *arena = arena_create();
	struct buffer first = {0}, second = {0};
	struct policy again;
	policy_format(policy, &first);
	buffer_add_char(&first, '\0');
	struct error error = policy_parse(first.bytes, arena, &again);
	if (is_error(&error)) {
		fprintf(stderr, "%s\n%s\n", error.text, first.bytes);
		abort();
	}
	policy_format(&again, &second);
	buffer_add_char(&second, '\0');
	if (!slice_is(buffer_slice(&first), buffer_slice(&second)))
		abort();
	buffer_done(&first);
	buffer_done(&second);
	arena_free(arena);
}

static void on_advice(void *sentences, const char *sentence)
{
	*(size_t *)sentences += strlen(sentence);
}

static void error_check(const struct error *error)
{
	int descriptor;
	size_t line, column;
	bool has_place =
	    sscanf(error->text, "/proc/self/fd/%d:%zu:%zu: ", &descriptor, &line, &column) == 3;
	if (error->class == ERROR_CONFIG && has_place && line > 0 && column > 0)
		return;
	fprintf(stderr, "%d %s\n", error->class, error->text);
	abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct config_file *file = NULL;
	struct error error = load(data, size, &file);
	if (is_error(&error)) {
		error_check(&error);
		return 0;
	}
	const struct config *config = config_get(file);
	size_t sentences = 0;
	config_look(config, on_advice, &sentences);
	round_trip(config);
	for (size_t i = 0; i < config->feeds_count; i++)
		policy_round_trip(&config->feeds[i].policy);
	config_free(file);
	return 0;
}
