/*
 * ctl: what the commands of enrolctl share. Each command is one function in one file, and one row
 * of the table in commands.c; it prints its answer to stdout and returns the exit code.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/protocol.h"

/* As in enrolctl(1), and over the socket. */
enum ctl_exit {
	CTL_OK = PROTOCOL_EXIT_DONE,
	CTL_NO = PROTOCOL_EXIT_NO, /* a negative answer */
	CTL_USAGE = PROTOCOL_EXIT_USAGE,
	CTL_NO_DAEMON = PROTOCOL_EXIT_NO_DAEMON,
	CTL_TRY_LATER = PROTOCOL_EXIT_TRY_LATER,
	CTL_CONFIG = PROTOCOL_EXIT_CONFIG,
};

/* Of single commands; each says in commands.c which it takes. */
enum ctl_option {
	OPTION_FEED,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_STATUS,
	OPTION_FILE,
	OPTION_LIMIT,
	OPTION_WHY,
	OPTION_COURSE,
	OPTION_PREVIEW,
	OPTION_YES,
	OPTION_WAIT,
	OPTION_WATCH,
	OPTION_CHECK,
	OPTION_HEAD,
	OPTION_CHECKPOINT,
	OPTION_KEY,
	OPTION_ENROLMENT,
	OPTION_BEFORE,
	OPTION_DRY_RUN,
	OPTION_FIX,
	OPTION_DAYS,
	OPTION_AS,
	OPTIONS,
};

struct ctl {
	const struct config *config;
	const char *config_path;
	const struct error *unread; /* why the settings cannot be had; then `config` is the
	                             * package's, and only a daemon can be asked. NULL: they are */
	bool json;
	const char *options[OPTIONS]; /* NULL: not given; one without a value: "" */
	char **arguments;             /* behind the command's name; ends with NULL */
	const char **courses;         /* of --course, which may be given often */
	size_t courses_count;
};

typedef enum ctl_exit ctl_command(const struct ctl *ctl);

ctl_command ctl_lms_init;
ctl_command ctl_lms_check;
ctl_command ctl_lms_add_courses;
ctl_command ctl_lms_add_users;
ctl_command ctl_submit;
ctl_command ctl_preview;
ctl_command ctl_retry;
ctl_command ctl_complete;
ctl_command ctl_reconcile;
ctl_command ctl_reconcile_accept;
ctl_command ctl_status;
ctl_command ctl_pause;
ctl_command ctl_resume;
ctl_command ctl_stop;
ctl_command ctl_release;
ctl_command ctl_discard;
ctl_command ctl_undo;
ctl_command ctl_prune;
ctl_command ctl_reload;
ctl_command ctl_runs;
ctl_command ctl_show;
ctl_command ctl_explain;
ctl_command ctl_verify;
ctl_command ctl_check;
ctl_command ctl_preset_list;
ctl_command ctl_preset_show;
ctl_command ctl_preset_guess;
ctl_command ctl_preset_check;
ctl_command ctl_key_make;
ctl_command ctl_key_show;
ctl_command ctl_key_pgp;

/* Says what went wrong, on stderr; the exit code that fits it. */
enum ctl_exit ctl_fail(const struct error *error);

/* "lms add-users FILE": of the command of this index; NULL: there are no more. */
const char *ctl_synopsis(size_t index);

/* The whole command line. */
enum ctl_exit ctl_main(int argc, char **argv);

#endif
