/*
 * commands: the command line, and which function each command is.
 */
#include "ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_CONFIG "/etc/enrold/enrold.yaml"

static const struct command {
	const char *group, *name; /* name: "", the group stands alone */
	int arguments;
	ctl_command *run;
	const char *synopsis, *meaning;
} commands[] = {
    {"lms", "init", 0, ctl_lms_init, "lms init",
        "make a Moodle site in SQLite; on a server, enrold's own tables"},
    {"lms", "check", 0, ctl_lms_check, "lms check",
        "what the site has, and what enrold will and won't do there"},
    {"lms", "add-courses", 1, ctl_lms_add_courses, "lms add-courses FILE",
        "CSV: shortname,fullname,category,idnumber"},
    {"lms", "add-users", 1, ctl_lms_add_users, "lms add-users FILE",
        "CSV: username,firstname,lastname,email,idnumber"},
    {"reconcile", "", 0, ctl_reconcile, "reconcile",
        "answers that a restored database does not know"},
    {"reconcile", "accept", 0, ctl_reconcile_accept, "reconcile accept",
        "go on with the database as it is"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

const char *ctl_synopsis(size_t index)
{
	return index < COMMANDS ? commands[index].synopsis : NULL;
}

static void usage(FILE *to)
{
	fputs("usage: enrolctl [--config FILE] [--json] COMMAND\n\n", to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-22s %s\n", commands[i].synopsis, commands[i].meaning);
	fputs("\n  FILE may be - for the standard input.\n"
	      "  Exit status: 0 done, 1 a negative answer, 64 usage, 75 try later, 78 "
	      "configuration.\n",
	    to);
}

static const struct command *command_find(int count, char **words)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *command = &commands[i];
		int named = *command->name ? 2 : 1;
		if (count == named + command->arguments && strcmp(words[0], command->group) == 0 &&
		    (named == 1 || strcmp(words[1], command->name) == 0))
			return command;
	}
	return NULL;
}

static enum ctl_exit run(const struct command *command, struct ctl *ctl, const char *path)
{
	struct config_file *file;
	struct error error = config_load(path, &file);
	if (is_error(&error))
		return ctl_fail(&error);
	ctl->config = config_get(file);
	enum ctl_exit status = command->run(ctl);
	config_free(file);
	return status;
}

enum ctl_exit ctl_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"json", no_argument, NULL, 'j'},
	    {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct ctl ctl = {0};
	const char *config = DEFAULT_CONFIG;
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c': config = optarg; break;
		case 'j': ctl.json = true; break;
		case 'V': puts("enrolctl " ENROLD_VERSION); return CTL_OK;
		case 'h': usage(stdout); return CTL_OK;
		default: usage(stderr); return CTL_USAGE;
		}
	}
	const struct command *command = command_find(argc - optind, argv + optind);
	if (!command) {
		usage(stderr);
		return CTL_USAGE;
	}
	ctl.arguments = argv + optind + (*command->name ? 2 : 1);
	return run(command, &ctl, config);
}
