/* What becomes of a gpg that does not do what gpg does: it hangs, dies, lies, fills the disk,
 * leaves others behind. None of that refuses a file, but what its status says; nobody outlives us.
 */
#include "files.h"

#include "pgp/decrypt.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUIET_MS = 120000, BYTES_MAX = 1 << 20 };

/* A home with a ring, and a script in the place of gpg. */
struct stand {
	struct path folder, home, sessions, gpg, agent;
	struct pgp_programs programs;
	struct pgp_files files;
	struct pgp_limits limits;
	struct pgp_verdict verdict;
};

#define WELL                                                                                       \
	"say ENC_TO 0123456789ABCDEF 18 0; say DECRYPTION_KEY AB CD u; say BEGIN_DECRYPTION; say " \
	"DECRYPTION_INFO 2 9 0; say PLAINTEXT 62 0; echo text; say DECRYPTION_OKAY; say GOODMDC; " \
	"say END_DECRYPTION; "

static void script_write(const struct path *path, const char *body)
{
	struct buffer text = {0};
	buffer_print(&text, "#!/bin/sh\nsay() { echo \"[GNUPG:] $*\" >&3; }\n%s\n", body);
	files_write(path->text, text.bytes, text.size, 0700);
	buffer_done(&text);
}

static void stand_open(struct stand *stand, const char *gpg)
{
	const char *above = getenv("TMPDIR");
	*stand = (struct stand){.folder = path_of("%s/pgp.XXXXXX", above ? above : "/tmp"),
	    .limits = {.bytes_max = BYTES_MAX, .quiet_ms = QUIET_MS}};
	cr_assert(mkdtemp(stand->folder.text));
	stand->home = path_of("%s/home", stand->folder.text);
	stand->sessions = path_of("%s/s", stand->folder.text);
	stand->gpg = path_of("%s/gpg", stand->folder.text);
	stand->agent = path_of("%s/agent", stand->folder.text);
	files_make_directory(stand->home.text);
	files_make_directory(stand->sessions.text);
	cr_assert_eq(chmod(stand->home.text, 0700), 0);
	cr_assert_eq(setenv("RUNTIME_DIRECTORY", stand->sessions.text, 1), 0);
	files_write(path_of("%s/pubring.kbx", stand->home.text).text, "", 0, 0600);
	script_write(&stand->gpg, gpg);
	script_write(&stand->agent, "exec cat /dev/zero >/dev/null");
	stand->programs = (struct pgp_programs){stand->gpg.text, stand->agent.text};
	files_write(path_of("%s/m", stand->folder.text).text, "message", 7, 0600);
	stand->files.from = open(path_of("%s/m", stand->folder.text).text, O_RDONLY | O_CLOEXEC);
	stand->files.to = open(stand->folder.text, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	cr_assert(stand->files.from >= 0 && stand->files.to >= 0);
}

static void expect_no_sessions(const struct stand *stand)
{
	struct listing left = files_list(stand->sessions.text);
	cr_assert_eq(left.count, 0, "%s", left.count > 0 ? left.entries[0].path : "");
	listing_done(&left);
}

static void stand_close(struct stand *stand)
{
	expect_no_sessions(stand);
	close(stand->files.from);
	close(stand->files.to);
	files_remove(stand->folder.text);
}

static struct error stand_decrypt(struct stand *stand)
{
	struct policy_pgp policy = {.home = stand->home.text};
	return pgp_decrypt_by(
	    &stand->programs, &policy, &stand->files, &stand->limits, &stand->verdict);
}

static void expect_nothing(const struct stand *stand)
{
	struct stat stat;
	cr_assert_eq(fstat(stand->files.to, &stat), 0);
	cr_assert_eq(stat.st_size, 0);
}

/* ---- one that ends ---- */

struct mischief {
	const char *name, *script;
	enum error_class class;
	const char *code, *word;
};

static const struct mischief mischiefs[] = {
    {"one that does well", WELL, ERROR_NONE, "", ""},
    {"it dies", WELL "kill -9 $$", ERROR_RETRY, "", "signal 9"},
    {"it dies in the middle", "say BEGIN_DECRYPTION; echo text; kill -SEGV $$", ERROR_RETRY, "",
        "signal 11"},
    {"it says nothing and ends well", "echo text", ERROR_RETRY, "", "without saying"},
    {"it says nothing and cannot list keys either", "echo no keys >&2; exit 2", ERROR_RETRY, "",
        "no keys"},
    {"it says that all is well and ends with an error", WELL "exit 2", ERROR_REJECT, "pgp_broken",
        "ended with an error"},
    {"it never says that it decrypted",
        "say ENC_TO 0123456789ABCDEF 18 0; say BEGIN_DECRYPTION; say PLAINTEXT 62 0; echo text; "
        "say "
        "END_DECRYPTION",
        ERROR_REJECT, "pgp_broken", ""},
    {"what it writes says that all is well",
        "echo '[GNUPG:] BEGIN_DECRYPTION'; echo '[GNUPG:] DECRYPTION_OKAY'; echo '[GNUPG:] "
        "GOODMDC'",
        ERROR_RETRY, "", "without saying"},
    {"its status is half a line", WELL "printf '[GNUPG:] END' >&3", ERROR_REJECT, "pgp_broken", ""},
    {"somebody else speaks on its status", WELL "echo hello >&3", ERROR_REJECT, "pgp_broken", ""},
    {"it has an error of the system", "say ENC_TO 0123456789ABCDEF 18 0; say ERROR x 32854; exit 2",
        ERROR_RETRY, "", "error of the system"},
    {"it writes without end", WELL "cat /dev/urandom", ERROR_REJECT, "file_too_large",
        "more than 1048576 bytes"},
    {"it writes zeros without end", WELL "cat /dev/zero", ERROR_REJECT, "file_too_large", ""},
    {"its agent has ended", WELL "kill -9 $(cat \"${0%/*}\"/agent.pid); sleep 0.1", ERROR_RETRY, "",
        "gpg-agent ended"},
    {"it leaves somebody behind who holds its pipes", WELL "sleep 1000 & exit 0", ERROR_NONE, "",
        ""},
};

ParameterizedTestParameters(pgp_child, trouble_with_gpg_refuses_no_file)
{
	static size_t numbers[sizeof mischiefs / sizeof *mischiefs];
	for (size_t i = 0; i < sizeof mischiefs / sizeof *mischiefs; i++)
		numbers[i] = i;
	return cr_make_param_array(size_t, numbers, sizeof mischiefs / sizeof *mischiefs);
}

ParameterizedTest(size_t *number, pgp_child, trouble_with_gpg_refuses_no_file)
{
	const struct mischief *mischief = &mischiefs[*number];
	struct stand stand;
	stand_open(&stand, mischief->script);
	script_write(
	    &stand.agent, "echo $$ > \"${0%/*}\"/agent.pid; exec cat /dev/zero >/dev/null");
	struct error error = stand_decrypt(&stand);
	cr_assert_eq(error.class, mischief->class, "%s: %s", mischief->name, error.text);
	cr_assert_str_eq(error.code, mischief->code, "%s: %s", mischief->name, error.text);
	cr_assert(strstr(error.text, mischief->word), "%s: %s", mischief->name, error.text);
	if (is_error(&error))
		expect_nothing(&stand);
	else
		cr_assert_eq(stand.verdict.bytes, 5);
	stand_close(&stand);
}

Test(pgp_child, what_is_not_installed_is_named)
{
	struct stand stand;
	stand_open(&stand, WELL);
	stand.programs.gpg = "/usr/bin/no-such-gpg";
	struct error error = stand_decrypt(&stand);
	cr_assert_eq(error.class, ERROR_CONFIG);
	cr_assert(strstr(error.text, "apt install gpg"), "%s", error.text);
	stand.programs = (struct pgp_programs){stand.gpg.text, "/usr/bin/no-such-agent"};
	error = stand_decrypt(&stand);
	cr_assert_eq(error.class, ERROR_CONFIG);
	stand_close(&stand);
}

/* ---- one that hangs ---- */

Test(pgp_child, one_that_does_nothing_is_ended)
{
	struct stand stand;
	stand_open(&stand, WELL "exec sleep 1000");
	stand.limits.quiet_ms = 300;
	struct error error = stand_decrypt(&stand);
	cr_assert_eq(error.class, ERROR_RETRY);
	cr_assert_eq(error.owner, OWNER_FILE);
	cr_assert(strstr(error.text, "did nothing"), "%s", error.text);
	expect_nothing(&stand);
	stand_close(&stand);
}

static bool on_look(void *context)
{
	unsigned *looks = context;
	return ++*looks > 2;
}

Test(pgp_child, one_that_is_no_longer_wanted_is_ended)
{
	struct stand stand;
	unsigned looks = 0;
	atomic_uint progress = 0;
	stand_open(&stand, WELL "exec sleep 1000");
	stand.limits.has_to_stop = on_look;
	stand.limits.context = &looks;
	stand.limits.progress = &progress;
	struct error error = stand_decrypt(&stand);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_assert(stand.verdict.is_stopped);
	cr_assert_gt(atomic_load(&progress), 0);
	expect_nothing(&stand);
	stand_close(&stand);
}

/* ---- we are killed ---- */

static pid_t pid_read(const struct stand *stand, const char *name)
{
	struct buffer text = files_read(path_of("%s/%s", stand->folder.text, name).text);
	pid_t pid = (pid_t)atoi(text.bytes);
	buffer_done(&text);
	cr_assert_gt(pid, 0);
	return pid;
}

/* False: it still lives when nothing moves any more. */
static bool has_ended(pid_t pid)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	if (process < 0)
		return errno == ESRCH;
	struct pollfd polled = {process, POLLIN, 0};
	bool is_over = poll(&polled, 1, QUIET_MS) == 1;
	close(process);
	return is_over;
}

Test(pgp_child, nobody_outlives_us_and_the_next_removes_what_is_left)
{
	struct stand stand;
	stand_open(&stand,
	    "echo $$ > \"${0%/*}\"/gpg.pid; mv \"${0%/*}\"/gpg.pid \"${0%/*}\"/gpg.here; exec "
	    "sleep 1000");
	script_write(&stand.agent, "echo $$ > \"${0%/*}\"/agent.pid; mv \"${0%/*}\"/agent.pid "
	                           "\"${0%/*}\"/agent.here; exec sleep 1000");
	pid_t us = fork();
	if (us == 0) {
		struct error error = stand_decrypt(&stand);
		_exit(is_error(&error));
	}
	cr_assert(files_await(stand.folder.text, ".here", 2, -1));
	cr_assert_eq(kill(us, SIGKILL), 0);
	cr_assert_eq(waitpid(us, NULL, 0), us);
	cr_assert(has_ended(pid_read(&stand, "gpg.here")));
	cr_assert(has_ended(pid_read(&stand, "agent.here")));
	struct listing left = files_list(stand.sessions.text);
	cr_assert_gt(left.count, 0);
	listing_done(&left);
	script_write(&stand.gpg, WELL);
	struct error error = stand_decrypt(&stand);
	cr_assert_not(is_error(&error), "%s", error.text);
	stand_close(&stand);
}

Test(pgp_child, it_has_no_descriptor_and_no_variable_of_ours)
{
	struct stand stand;
	stand_open(&stand,
	    WELL "ls /proc/self/fd | tr '\\n' ' ' > \"${0%/*}\"/fds; env > \"${0%/*}\"/env");
	cr_assert_eq(setenv("ENROLD_SECRET", "1", 1), 0);
	int open_file = dup(stand.files.to); /* not closed by exec */
	struct error error = stand_decrypt(&stand);
	cr_assert_not(is_error(&error), "%s", error.text);
	struct buffer fds = files_read(path_of("%s/fds", stand.folder.text).text);
	cr_assert_str_eq(fds.bytes, "0 1 2 3 4 "); /* 4 is the listing's own */
	struct buffer environment = files_read(path_of("%s/env", stand.folder.text).text);
	cr_assert_not(strstr(environment.bytes, "ENROLD_SECRET"));
	cr_assert(strstr(environment.bytes, "LC_ALL=C"));
	buffer_done(&environment);
	buffer_done(&fds);
	close(open_file);
	stand_close(&stand);
}
