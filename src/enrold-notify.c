/*
 * enrold-notify: tells people of their feeds. Arguments and exit codes, nothing else.
 */
#include "notify/sender.h"
#include "notify/trial.h"

#include "enrold/hash.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_CONFIG "/etc/enrold/enrold.yaml"

struct arguments {
	const char *config, *test;
	int is_once, is_check;
};

static void usage(FILE *to)
{
	fputs("usage: enrold-notify [--config FILE] [--once | --check | --test FEED]\n"
	      "\n"
	      "  --config FILE  settings, instead of " DEFAULT_CONFIG "\n"
	      "  --once         send what waits, one attempt each, and end\n"
	      "  --check        say who is told of what, and whether the secrets can be read\n"
	      "  --test FEED    send a test message to all who are told of the feed, and end\n"
	      "  --version, --help\n",
	    to);
}

static struct arguments arguments_parse(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"once", no_argument, NULL, 'o'},
	    {"check", no_argument, NULL, 'k'},
	    {"test", required_argument, NULL, 't'},
	    {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct arguments arguments = {.config = DEFAULT_CONFIG};
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c': arguments.config = optarg; break;
		case 'o': arguments.is_once = 1; break;
		case 'k': arguments.is_check = 1; break;
		case 't': arguments.test = optarg; break;
		case 'V': puts("enrold-notify " ENROLD_VERSION); exit(EXIT_SUCCESS);
		case 'h': usage(stdout); exit(EXIT_SUCCESS);
		default: usage(stderr); exit(SENDER_USAGE);
		}
	}
	if (optind == argc && arguments.is_once + arguments.is_check + (arguments.test != NULL) < 2)
		return arguments;
	usage(stderr);
	exit(SENDER_USAGE);
}

int main(int argc, char **argv)
{
	struct arguments arguments = arguments_parse(argc, argv);
	hash_prepare();
	if (arguments.is_check)
		return (int)trial_check(arguments.config);
	if (arguments.test)
		return (int)trial_send(arguments.config, arguments.test);
	return (int)sender_run(arguments.config, arguments.is_once);
}
