/*
 * commands: the command line, and which function each command is.
 */
#include "ctl.h"
#include "meant.h"

#include "enrold/orders.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/enrold/enrold.yaml"

#define TAKES(option) (1U << OPTION_##option)
/* Asks a daemon that runs, which has settings of its own. */
#define ASKS (1U << OPTIONS)
/* Needs no settings: those of the package will do, on a machine that has none. */
#define ALONE (1U << (OPTIONS + 1))

enum { UNDONE_MAX = 100, GUESSED_MAX = 100 };

static const struct command {
	const char *group, *name; /* name: "", the group stands alone */
	int arguments_min, arguments_max;
	unsigned options;
	ctl_command *run;
	const char *synopsis, *meaning;
} commands[] = {
    {"status", "", 0, 0, TAKES(WATCH) | TAKES(CHECK) | ASKS, ctl_status, "status",
        "how things stand, and what there is to do"},
    {"runs", "", 0, 0,
        TAKES(FEED) | TAKES(SINCE) | TAKES(UNTIL) | TAKES(STATUS) | TAKES(FILE) | TAKES(LIMIT) |
            ASKS,
        ctl_runs, "runs", "the runs, newest first"},
    {"show", "", 1, 1, TAKES(FEED) | ASKS, ctl_show, "show RUN|last",
        "one run: its problems, its files, what to do"},
    {"explain", "", 0, 2, TAKES(ENROLMENT) | ASKS, ctl_explain, "explain USER [COURSE]",
        "what files did to a person, and what is so today"},
    {"submit", "", 1, 1, TAKES(FEED) | TAKES(WAIT) | TAKES(AS), ctl_submit, "submit FILE",
        "put a file into a feed's inbox"},
    {"preview", "", 1, 1, TAKES(FEED) | TAKES(WAIT) | TAKES(AS), ctl_preview, "preview FILE",
        "the same, to be answered without a change to the site"},
    {"retry", "", 1, 1, TAKES(FEED) | TAKES(WAIT), ctl_retry, "retry RUN|last",
        "drop a run's retry file again"},
    {"pause", "", 1, 1, TAKES(WHY) | ASKS, ctl_pause, "pause FEED", "take no more files of a feed"},
    {"resume", "", 1, 1, ASKS, ctl_resume, "resume FEED", "take its files again"},
    {"stop", "", 1, 1, TAKES(WHY) | ASKS, ctl_stop, "stop RUN",
        "end a run at its next checkpoint, where it waits"},
    {"release", "", 1, 1, TAKES(WHY) | TAKES(COURSE) | TAKES(YES) | ASKS, ctl_release,
        "release RUN", "go on with it; or do what it withheld, as it was shown"},
    {"discard", "", 1, 1, TAKES(WHY) | TAKES(YES) | ASKS, ctl_discard, "discard RUN",
        "leave it as it is; of what it withheld: it is not wanted; of a refused one: it has been "
        "seen to"},
    {"undo", "", 1, UNDONE_MAX, TAKES(WHY) | TAKES(PREVIEW) | TAKES(YES) | ASKS, ctl_undo,
        "undo RUN...", "take back what they did, or say what that is"},
    {"prune", "", 0, 0, TAKES(FEED) | TAKES(BEFORE) | TAKES(WHY) | TAKES(DRY_RUN), ctl_prune,
        "prune", "remove what is kept no longer, or list it"},
    {"reload", "", 0, 0, ASKS, ctl_reload, "reload", "read the settings anew"},
    {"check", "", 0, 0, TAKES(FIX), ctl_check, "check",
        "whether folders, groups, disk, clock and database are as enrold needs them"},
    {"preset", "list", 0, 0, ALONE, ctl_preset_list, "preset list",
        "the systems whose files are known"},
    {"preset", "show", 1, 1, ALONE, ctl_preset_show, "preset show PRESET",
        "what is known of them, to be changed for a site"},
    {"preset", "guess", 1, GUESSED_MAX, ALONE, ctl_preset_guess, "preset guess FILE...",
        "by which preset such files can be read; or a first one of your own"},
    {"preset", "check", 1, 1, ALONE, ctl_preset_check, "preset check FILE",
        "whether a preset of your own is well made, and what its columns become"},
    {"lms", "init", 0, 0, 0, ctl_lms_init, "lms init",
        "make a Moodle site in SQLite; on a server, enrold's own tables"},
    {"lms", "check", 0, 0, 0, ctl_lms_check, "lms check",
        "what the site has, and what enrold will and won't do there"},
    {"lms", "add-courses", 1, 1, 0, ctl_lms_add_courses, "lms add-courses FILE",
        "CSV: shortname,fullname,category,idnumber"},
    {"lms", "add-users", 1, 1, 0, ctl_lms_add_users, "lms add-users FILE",
        "CSV: username,firstname,lastname,email,idnumber"},
    {"key", "make", 1, 1, 0, ctl_key_make, "key make FILE",
        "make a key that signs checkpoints; its public half is printed"},
    {"key", "show", 0, 1, 0, ctl_key_show, "key show [FILE]",
        "the public half of the key that signs them, or of another"},
    {"key", "pgp", 0, 0, TAKES(FEED) | TAKES(DAYS), ctl_key_pgp, "key pgp",
        "make a key that a feed's files are encrypted for; its public half is printed"},
    {"reconcile", "", 0, 0, 0, ctl_reconcile, "reconcile",
        "answers that a restored database does not know"},
    {"reconcile", "accept", 0, 0, 0, ctl_reconcile_accept, "reconcile accept",
        "go on with the database as it is"},
    {"verify", "", 0, 0, TAKES(SINCE) | TAKES(HEAD) | TAKES(CHECKPOINT) | TAKES(KEY), ctl_verify,
        "verify", "whether anybody has touched what was answered"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

const char *ctl_synopsis(size_t index)
{
	return index < COMMANDS ? commands[index].synopsis : NULL;
}

/* In the order of enum ctl_option. */
static const struct {
	const char *name, *value; /* value: NULL: it has none */
} option_names[OPTIONS] = {
    [OPTION_FEED] = {"feed", "F"},
    [OPTION_SINCE] = {"since", "T"},
    [OPTION_UNTIL] = {"until", "T"},
    [OPTION_STATUS] = {"status", "S"},
    [OPTION_FILE] = {"file", "PATTERN"},
    [OPTION_LIMIT] = {"limit", "N"},
    [OPTION_WHY] = {"why", "TEXT"},
    [OPTION_COURSE] = {"course", "NAME"},
    [OPTION_PREVIEW] = {"preview", NULL},
    [OPTION_YES] = {"yes", NULL},
    [OPTION_WAIT] = {"wait", NULL},
    [OPTION_WATCH] = {"watch", NULL},
    [OPTION_CHECK] = {"check", NULL},
    [OPTION_HEAD] = {"head", "HASH"},
    [OPTION_CHECKPOINT] = {"checkpoint", "FILE"},
    [OPTION_KEY] = {"key", "FILE"},
    [OPTION_ENROLMENT] = {"enrolment", "ID"},
    [OPTION_BEFORE] = {"before", "T"},
    [OPTION_DRY_RUN] = {"dry-run", NULL},
    [OPTION_FIX] = {"fix", NULL},
    [OPTION_DAYS] = {"days", "N"},
    [OPTION_AS] = {"as", "NAME"},
};

/* " [--feed F] [--wait]" */
static void options_print(const struct command *command, FILE *to)
{
	for (int o = 0; o < OPTIONS; o++)
		if (command->options & 1U << o)
			fprintf(to, " [--%s%s%s]", option_names[o].name,
			    option_names[o].value ? " " : "",
			    option_names[o].value ? option_names[o].value : "");
}

static void help_print(void)
{
	puts("usage: enrolctl [--config FILE] [--json] COMMAND\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		printf("  %-22s %s\n", commands[i].synopsis, commands[i].meaning);
		if (commands[i].options & ~(ASKS | ALONE)) {
			printf("  %-22s", "");
			options_print(&commands[i], stdout);
			putchar('\n');
		}
	}
	puts("\n  FILE may be - for the standard input.\n"
	     "  Exit status: 0 done, 1 a negative answer, 64 usage, 69 no daemon, 75 try later, 78 "
	     "configuration.");
}

/* ---- a line that is none ---- */

static void usage_print(const struct command *command)
{
	fprintf(stderr, "usage: enrolctl [--config FILE] [--json] %s", command->synopsis);
	options_print(command, stderr);
	fputc('\n', stderr);
}

static const char *group_at(const void *nothing, size_t index)
{
	(void)nothing;
	return index < COMMANDS ? commands[index].group : NULL;
}

/* What it would have to be: each command that begins so. */
static enum ctl_exit usage_tell(int count, char **words)
{
	size_t told = 0;
	for (int named = count < 2 ? count : 2; named > 0 && told == 0; named--)
		for (size_t i = 0; i < COMMANDS; i++)
			if (strcmp(words[0], commands[i].group) == 0 &&
			    (named < 2 || strcmp(words[1], commands[i].name) == 0)) {
				usage_print(&commands[i]);
				told++;
			}
	if (count == 0)
		fputs("enrolctl: no command; enrolctl --help lists them\n", stderr);
	else if (told == 0)
		meant_tell("command", words[0], group_at, NULL, "; enrolctl --help lists them");
	return CTL_USAGE;
}

/* ---- the line ---- */

static bool takes(const struct command *command, const struct ctl *ctl, int arguments)
{
	for (int o = 0; o < OPTIONS; o++)
		if (ctl->options[o] && !(command->options & 1U << o))
			return false;
	return arguments >= command->arguments_min && arguments <= command->arguments_max;
}

static const struct command *command_find(const struct ctl *ctl, int count, char **words)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *command = &commands[i];
		int named = *command->name ? 2 : 1;
		if (count >= named && takes(command, ctl, count - named) &&
		    strcmp(words[0], command->group) == 0 &&
		    (named == 1 || strcmp(words[1], command->name) == 0))
			return command;
	}
	return NULL;
}

static enum ctl_exit run(const struct command *command, struct ctl *ctl)
{
	struct config_file *file;
	struct error error, unread = config_load(ctl->config_path, &file);
	if (is_error(&unread)) {
		bool may_ask =
		    command->options & ASKS && strcmp(ctl->config_path, DEFAULT_CONFIG) == 0;
		bool is_alone = command->options & ALONE;
		error = may_ask || is_alone ? config_packaged(&file) : unread;
		if (is_error(&error))
			return ctl_fail(&error);
		ctl->unread = is_alone ? NULL : &unread;
	}
	ctl->config = config_get(file);
	enum ctl_exit status = command->run(ctl);
	/* Whoever may not read them need not be told so each time. */
	if (ctl->unread && status != CTL_CONFIG && access(ctl->config_path, R_OK) == 0)
		fprintf(stderr,
		    "enrolctl: the daemon has other settings than those on the disk: %s\n",
		    unread.text);
	config_free(file);
	return status;
}

/* For the completions alone, and in no list of commands. */
static const struct command completing = {.run = ctl_complete};

enum {
	OPTION_CONFIG = OPTIONS,
	OPTION_JSON,
	OPTION_VERSION,
	OPTION_HELP,
	OPTION_COMPLETE,
	OPTIONS_ALL
};

static void options_make(struct option options[OPTIONS_ALL + 1])
{
	static const struct option everywhere[] = {
	    {"config", required_argument, NULL, OPTION_CONFIG},
	    {"json", no_argument, NULL, OPTION_JSON},
	    {"version", no_argument, NULL, OPTION_VERSION},
	    {"help", no_argument, NULL, OPTION_HELP},
	    {"complete", required_argument, NULL, OPTION_COMPLETE},
	    {0},
	};
	for (int o = 0; o < OPTIONS; o++)
		options[o] = (struct option){option_names[o].name,
		    option_names[o].value ? required_argument : no_argument, NULL, o};
	memcpy(options + OPTIONS, everywhere, sizeof everywhere);
}

static enum ctl_exit courses_tell(void)
{
	fprintf(stderr,
	    "enrolctl: --course may be given %d times: leave it out for all courses, or take the "
	    "others in a second step\n",
	    ORDER_COURSES_MAX);
	return CTL_USAGE;
}

enum ctl_exit ctl_main(int argc, char **argv)
{
	struct option options[OPTIONS_ALL + 1];
	const char *courses[ORDER_COURSES_MAX];
	struct ctl ctl = {.config_path = DEFAULT_CONFIG, .courses = courses};
	char *what[] = {NULL, NULL};
	int option;
	options_make(options);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPTION_CONFIG: ctl.config_path = optarg; break;
		case OPTION_JSON: ctl.json = true; break;
		case OPTION_VERSION: puts("enrolctl " ENROLD_VERSION); return CTL_OK;
		case OPTION_HELP: help_print(); return CTL_OK;
		case OPTION_COMPLETE: what[0] = optarg; break;
		case '?': fputs("enrolctl --help lists what there is\n", stderr); return CTL_USAGE;
		case OPTION_COURSE:
			if (ctl.courses_count == ORDER_COURSES_MAX)
				return courses_tell();
			courses[ctl.courses_count++] = optarg;
			ctl.options[option] = optarg;
			break;
		default: ctl.options[option] = optarg ? optarg : "";
		}
	}
	if (what[0]) {
		ctl.arguments = what;
		return run(&completing, &ctl);
	}
	const struct command *command = command_find(&ctl, argc - optind, argv + optind);
	if (!command)
		return usage_tell(argc - optind, argv + optind);
	ctl.arguments = argv + optind + (*command->name ? 2 : 1);
	return run(command, &ctl);
}
