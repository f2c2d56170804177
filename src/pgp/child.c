#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- between fork and exec: nothing but calls that are safe there ---- */

enum { ABOVE = 16, ENDED_EARLY = 127 };

static void signals_reset(void)
{
	sigset_t none;
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* First out of the way, so that none is overwritten by another's move. */
static bool files_arrange(const struct child_start *start)
{
	int moved[CHILD_FILES_MAX];
	for (size_t i = 0; i < start->files_count; i++) {
		int file =
		    start->files[i] >= 0 ? start->files[i] : open("/dev/null", O_RDWR | O_CLOEXEC);
		moved[i] = fcntl(file, F_DUPFD_CLOEXEC, ABOVE);
		if (moved[i] < 0)
			return false;
	}
	for (size_t i = 0; i < start->files_count; i++)
		if (dup2(moved[i], (int)i) < 0)
			return false;
	/* Whatever others have left open, all of ours being closed by exec anyway. */
	close_range((unsigned)start->files_count, ~0U, CLOSE_RANGE_CLOEXEC);
	return true;
}

static _Noreturn void become(const struct child_start *start, pid_t parent, int report)
{
	signals_reset();
	/* Who dies between fork and prctl leaves us with another parent. */
	bool is_ready = setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
	                getppid() == parent && files_arrange(start);
	if (is_ready)
		execve(start->arguments[0], (char *const *)start->arguments,
		    (char *const *)start->environment);
	int why = errno;
	ssize_t written = write(report, &why, sizeof why);
	(void)written;
	_exit(ENDED_EARLY);
}

/* ---- starting ---- */

/* What it says of exec; nothing, when the exec has closed the pipe. */
static int report_read(int report)
{
	int why = 0;
	ssize_t size;
	do
		size = read(report, &why, sizeof why);
	while (size < 0 && errno == EINTR);
	return size == (ssize_t)sizeof why ? why : 0;
}

/* The report must not be one of those that files_arrange overwrites. */
static int report_open(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	int above = fcntl(ends[1], F_DUPFD_CLOEXEC, ABOVE);
	close(ends[1]);
	ends[1] = above;
	if (above < 0)
		close(ends[0]);
	return above;
}

struct error pgp_child_start(const struct child_start *start, struct pgp_child *child)
{
	int ends[2];
	*child = (struct pgp_child){.pid = 0};
	if (report_open(ends) < 0)
		return error_errno("cannot start %s", start->arguments[0]);
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		become(start, parent, ends[1]);
	int why = pid < 0 ? errno : 0;
	close(ends[1]);
	if (pid > 0)
		why = report_read(ends[0]);
	close(ends[0]);
	child->pid = pid > 0 ? pid : 0;
	if (why == 0)
		return OK;
	pgp_child_end(child);
	if (why == ENOENT || why == EACCES)
		return error_config("%s is not there, or cannot be run: install the packages gpg "
		                    "and gpg-agent (apt install gpg gpg-agent)",
		    start->arguments[0]);
	errno = why;
	return error_errno("cannot start %s", start->arguments[0]);
}

/* ---- its end ---- */

/* It stays a zombie until its group is killed, so that the number is nobody else's by then. */
static void reap(struct pgp_child *child)
{
	kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
		continue;
	child->pid = 0;
}

bool pgp_child_has_ended(struct pgp_child *child)
{
	siginfo_t info = {.si_pid = 0};
	if (child->pid == 0)
		return true;
	if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return false;
	reap(child);
	return true;
}

void pgp_child_end(struct pgp_child *child)
{
	if (child->pid == 0)
		return;
	kill(child->pid, SIGKILL);
	reap(child);
}
