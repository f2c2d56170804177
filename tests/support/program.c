#include "program.h"

#include "fatal.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const sanitizer_words[] = {
    "AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:"};

const char *program_directory(void)
{
	const char *elsewhere = getenv("ENROLD_PROGRAMS");
	return elsewhere ? elsewhere : PROGRAMS;
}

static _Noreturn void child_become(const struct program *program, const char *file,
    const char *const *argv, const char *environment, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	int nothing = open("/dev/null", O_RDONLY);
	if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(program->out, 1) < 0 ||
	    dup2(program->err, 2) < 0)
		_exit(127);
	if (environment)
		putenv((char *)environment);
	execv(file, (char *const *)argv);
	dprintf(2, "cannot run %s: %s\n", file, strerror(errno));
	_exit(127);
}

void program_start(struct program *program, const char *const *argv, const char *environment)
{
	bool is_ours = !strchr(argv[0], '/');
	struct path file =
	    path_of("%s%s%s", is_ours ? program_directory() : "", is_ours ? "/" : "", argv[0]);
	*program = (struct program){
	    .name = argv[0],
	    .out = memfd_create("out", MFD_CLOEXEC),
	    .err = memfd_create("err", MFD_CLOEXEC),
	};
	pid_t parent = getpid();
	program->pid = fork();
	if (program->pid == 0)
		child_become(program, file.text, argv, environment, parent);
	program->pidfd = program->pid < 0 ? -1 : pidfd_open(program->pid, 0);
	if (program->out < 0 || program->err < 0 || program->pidfd < 0)
		fatal("cannot start %s: %s", argv[0], strerror(errno));
}

bool program_wait(const struct program *program, int64_t time_us)
{
	struct pollfd polled = {.fd = program->pidfd, .events = POLLIN};
	struct timespec time = {time_us / 1000000, time_us % 1000000 * 1000};
	return ppoll(&polled, 1, &time, NULL) == 1;
}

bool program_ends(const struct program *program, struct movement *movement)
{
	struct pollfd polled = {.fd = program->pidfd, .events = POLLIN};
	return movement_poll(movement, &polled, 1) == 1;
}

void program_signal(const struct program *program, int signal)
{
	kill(program->pid, signal);
}

struct buffer program_said(int file)
{
	struct buffer text = {0};
	char chunk[65536];
	off_t at = 0;
	ssize_t got;
	while ((got = pread(file, chunk, sizeof chunk, at)) > 0) {
		buffer_add(&text, chunk, (size_t)got);
		at += got;
	}
	buffer_add_char(&text, '\0');
	if (text.failed)
		fatal("out of memory");
	text.size--;
	return text;
}

void program_check(const char *name, const struct finished *finished)
{
	for (size_t i = 0; i < sizeof sanitizer_words / sizeof *sanitizer_words; i++)
		if (strstr(finished->err.bytes, sanitizer_words[i]))
			fatal("a sanitizer complains about %s:\n%s", name, finished->err.bytes);
}

struct finished program_finish(struct program *program)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	if (!program_ends(program, &movement)) {
		struct buffer said = program_said(program->err);
		program_signal(program, SIGKILL);
		fatal("%s does not come to an end, %s; it said:\n%s", program->name,
		    movement.reason, said.bytes);
	}
	int status = 0;
	waitpid(program->pid, &status, 0);
	struct finished finished = {
	    .status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
	    .out = program_said(program->out),
	    .err = program_said(program->err),
	};
	close(program->pidfd);
	close(program->out);
	close(program->err);
	program_check(program->name, &finished);
	return finished;
}

void program_preload(const char *library)
{
	if (library) {
		setenv("LD_PRELOAD", library, 1);
		setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	} else {
		unsetenv("LD_PRELOAD");
		unsetenv("ASAN_OPTIONS");
	}
}

struct finished program_run(const char *const *argv)
{
	struct program program;
	program_start(&program, argv, NULL);
	return program_finish(&program);
}

struct finished program_expect(int status, const char *const *argv)
{
	struct finished finished = program_run(argv);
	if (finished.status != status)
		fatal("%s ended with %d, not %d; it said:\n%s%s", argv[0], finished.status, status,
		    finished.out.bytes, finished.err.bytes);
	return finished;
}

void finished_done(struct finished *finished)
{
	buffer_done(&finished->out);
	buffer_done(&finished->err);
}
