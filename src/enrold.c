/*
 * enrold: the daemon. Arguments and exit codes, nothing else.
 */
#include "enrold/checkpoints.h"
#include "enrold/config.h"
#include "enrold/daemon.h"
#include "enrold/hash.h"
#include "enrold/log.h"
#include "enrold/note.h"
#include "enrold/value.h"

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_CONFIG "/etc/enrold/enrold.yaml"

enum { EXIT_USAGE = 64 };

struct arguments {
	const char *config;
	bool once, check;
};

static void usage(FILE *to)
{
	fputs("usage: enrold [--config FILE] [--once] [--check]\n"
	      "\n"
	      "  --config FILE  settings, instead of " DEFAULT_CONFIG "\n"
	      "  --once         take what lies in the inboxes, answer it and end\n"
	      "  --check        show the settings as understood, and end\n"
	      "  --version, --help\n",
	    to);
}

static struct arguments arguments_parse(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"once", no_argument, NULL, 'o'},
	    {"check", no_argument, NULL, 'k'},
	    {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct arguments arguments = {.config = DEFAULT_CONFIG};
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c': arguments.config = optarg; break;
		case 'o': arguments.once = true; break;
		case 'k': arguments.check = true; break;
		case 'V': puts("enrold " ENROLD_VERSION); exit(EXIT_SUCCESS);
		case 'h': usage(stdout); exit(EXIT_SUCCESS);
		default: usage(stderr); exit(EXIT_USAGE);
		}
	}
	if (optind == argc)
		return arguments;
	fprintf(stderr, "enrold: %s: no arguments are expected\n", argv[optind]);
	usage(stderr);
	exit(EXIT_USAGE);
}

static void on_advice(void *path, const char *sentence)
{
	fprintf(stderr, "enrold: %s: warning: %s\n", (const char *)path, sentence);
}

/* A credential is the unit's alone. */
static void key_look(const char *path, const struct checkpoint_options *options)
{
	struct note_key *key;
	if (!options->key || (options->key[0] != '/' && !getenv("CREDENTIALS_DIRECTORY")))
		return;
	struct error error = checkpoints_load_key(options, &key);
	if (is_error(&error))
		on_advice((void *)path, error.text);
	note_key_free(key);
}

static int check(const char *path, const struct config *config)
{
	struct buffer text = {0};
	config_look(config, on_advice, (void *)path);
	key_look(path, &config->checkpoints);
	config_format(config, &text);
	size_t written = text.failed ? 0 : fwrite(text.bytes, 1, text.size, stdout);
	bool is_shown = text.size > 0 && written == text.size && fflush(stdout) == 0;
	buffer_done(&text);
	return is_shown ? EXIT_SUCCESS : DAEMON_TRY_LATER;
}

int main(int argc, char **argv)
{
	struct arguments arguments = arguments_parse(argc, argv);
	struct config_file *file;
	hash_prepare();
	mallopt(M_MMAP_THRESHOLD, 128 << 10); /* what a batch took goes back with it */
	struct error error = config_load(arguments.config, &file);
	if (is_error(&error)) {
		value_cover_text(error.text);
		fprintf(stderr, "%senrold: %s\n", log_prefix(LOG_ERROR), error.text);
		return error.class == ERROR_CONFIG ? DAEMON_CONFIG : DAEMON_TRY_LATER;
	}
	if (!arguments.check)
		return (int)daemon_run(arguments.config, file, arguments.once);
	int status = check(arguments.config, config_get(file));
	config_free(file);
	return status;
}
