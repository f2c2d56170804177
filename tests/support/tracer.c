#include "tracer.h"

#include "fatal.h"
#include "movement.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what a call's arguments are ---- */

enum { NONE = -1 };

/* Which argument is what; NONE: there is no such one. */
struct shape {
	long call;
	const char *name;
	enum call_kind kind;
	int descriptor; /* or the directory that path is below */
	int path;
	int to_directory, to_path;
	int size, offset;
	int flags; /* open's: told as CALL_CREATE when O_CREAT is among them */
};

#define CALL(name) SYS_##name, #name

static const struct shape shapes[] = {
    {CALL(write), CALL_WRITE, 0, NONE, NONE, NONE, 2, NONE, NONE},
    {CALL(pwrite64), CALL_WRITE, 0, NONE, NONE, NONE, 2, 3, NONE},
    {CALL(fsync), CALL_SYNC, 0, NONE, NONE, NONE, NONE, NONE, NONE},
    {CALL(fdatasync), CALL_SYNC, 0, NONE, NONE, NONE, NONE, NONE, NONE},
    {CALL(ftruncate), CALL_TRUNCATE, 0, NONE, NONE, NONE, NONE, 1, NONE},
    {CALL(fallocate), CALL_TRUNCATE, 0, NONE, NONE, NONE, NONE, NONE, NONE},
    {CALL(rename), CALL_RENAME, NONE, 0, NONE, 1, NONE, NONE, NONE},
    {CALL(renameat), CALL_RENAME, 0, 1, 2, 3, NONE, NONE, NONE},
    {CALL(renameat2), CALL_RENAME, 0, 1, 2, 3, NONE, NONE, NONE},
    {CALL(link), CALL_LINK, NONE, 0, NONE, 1, NONE, NONE, NONE},
    {CALL(linkat), CALL_LINK, 0, 1, 2, 3, NONE, NONE, NONE},
    {CALL(unlink), CALL_UNLINK, NONE, 0, NONE, NONE, NONE, NONE, NONE},
    {CALL(unlinkat), CALL_UNLINK, 0, 1, NONE, NONE, NONE, NONE, NONE},
    {CALL(rmdir), CALL_UNLINK, NONE, 0, NONE, NONE, NONE, NONE, NONE},
    {CALL(mkdir), CALL_MKDIR, NONE, 0, NONE, NONE, NONE, NONE, NONE},
    {CALL(mkdirat), CALL_MKDIR, 0, 1, NONE, NONE, NONE, NONE, NONE},
    {CALL(fchmod), CALL_ATTRIBUTES, 0, NONE, NONE, NONE, NONE, NONE, NONE},
    {CALL(fchmodat), CALL_ATTRIBUTES, 0, 1, NONE, NONE, NONE, NONE, NONE},
    {CALL(fchown), CALL_ATTRIBUTES, 0, NONE, NONE, NONE, NONE, NONE, NONE},
    {CALL(utimensat), CALL_ATTRIBUTES, 0, NONE, NONE, NONE, NONE, NONE, NONE},
    {CALL(open), CALL_OPEN, NONE, 0, NONE, NONE, NONE, NONE, 1},
    {CALL(openat), CALL_OPEN, 0, 1, NONE, NONE, NONE, NONE, 2},
    {CALL(read), CALL_READ, 0, NONE, NONE, NONE, 2, NONE, NONE},
    {CALL(pread64), CALL_READ, 0, NONE, NONE, NONE, 2, 3, NONE},
    {CALL(getdents64), CALL_LIST, 0, NONE, NONE, NONE, NONE, NONE, NONE},
};

enum { SHAPES = sizeof shapes / sizeof *shapes };

/* ---- the child ---- */

/* Stops at the calls above; all others pass at full speed. */
static void filter_install(bool reads)
{
	struct sock_filter filter[2 * SHAPES + 16];
	unsigned short size = 0;
	filter[size++] = (struct sock_filter)BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < SHAPES; i++) {
		if (!reads && shapes[i].kind >= CALL_READ)
			continue;
		filter[size++] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (unsigned)shapes[i].call, 0, 1);
		filter[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	filter[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = size, .filter = filter};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(127);
}

static _Noreturn void child_become(const struct tracer *tracer, const struct program *program,
    const char *file, const char *const *argv)
{
	int nothing = open("/dev/null", O_RDONLY);
	if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(program->out, 1) < 0 ||
	    dup2(program->err, 2) < 0)
		_exit(127);
	putenv("ASAN_OPTIONS=detect_leaks=0");
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(127);
	raise(SIGSTOP);
	filter_install(tracer->reads);
	execv(file, (char *const *)argv);
	_exit(127);
}

/* ---- a call ---- */

struct tracing {
	const struct tracer *tracer;
	pid_t pid;
	long calls;
	struct movement movement;
	bool is_killed;
};

static uint64_t argument(const struct user_regs_struct *registers, int index)
{
	const uint64_t arguments[] = {registers->rdi, registers->rsi, registers->rdx,
	    registers->r10, registers->r8, registers->r9};
	return arguments[index];
}

static void text_read(pid_t thread, uint64_t at, char *text, size_t size)
{
	/* The string may end right before a page that is not there. */
	size_t done = 0;
	while (done + 1 < size) {
		size_t room = 4096 - (at + done) % 4096;
		if (room > size - 1 - done)
			room = size - 1 - done;
		struct iovec to = {text + done, room};
		struct iovec from = {(void *)(uintptr_t)(at + done), room}; // NOLINT
		ssize_t got = process_vm_readv(thread, &to, 1, &from, 1, 0);
		if (got <= 0)
			break;
		if (memchr(text + done, '\0', (size_t)got))
			return;
		done += (size_t)got;
	}
	text[done] = '\0';
}

static struct path descriptor_path(pid_t thread, int descriptor)
{
	struct path path = {""};
	struct path link = descriptor == AT_FDCWD
	                       ? path_of("/proc/%d/cwd", (int)thread)
	                       : path_of("/proc/%d/fd/%d", (int)thread, descriptor);
	ssize_t size = readlink(link.text, path.text, sizeof path.text - 1);
	path.text[size > 0 ? size : 0] = '\0';
	return path;
}

static struct path path_read(
    pid_t thread, const struct user_regs_struct *registers, int directory, int path)
{
	int descriptor = directory == NONE ? AT_FDCWD : (int)argument(registers, directory);
	if (path == NONE)
		return descriptor_path(thread, descriptor);
	struct path read;
	text_read(thread, argument(registers, path), read.text, sizeof read.text);
	if (*read.text == '/')
		return read;
	struct path at = descriptor_path(thread, descriptor);
	return strcmp(read.text, ".") == 0 ? at : path_of("%s/%s", at.text, read.text);
}

static const struct shape *shape_find(long number)
{
	for (size_t i = 0; i < SHAPES; i++)
		if (shapes[i].call == number)
			return &shapes[i];
	return NULL;
}

static struct call call_read(
    const struct shape *shape, pid_t thread, const struct user_regs_struct *registers)
{
	struct call call = {.kind = shape->kind, .name = shape->name, .thread = thread};
	uint64_t flags = shape->flags != NONE ? argument(registers, shape->flags) : 0;
	if (flags & O_CREAT)
		call.kind = CALL_CREATE;
	call.truncates = flags & O_TRUNC;
	call.is_nameless = (flags & O_TMPFILE) == O_TMPFILE;
	if (call.kind == CALL_CREATE)
		call.mode = (unsigned int)argument(registers, shape->flags + 1) & 07777;
	call.replaces =
	    shape->call != SYS_renameat2 || !(argument(registers, 4) & RENAME_NOREPLACE);
	call.path = path_read(thread, registers, shape->descriptor, shape->path);
	if (shape->to_path != NONE)
		call.to = path_read(thread, registers, shape->to_directory, shape->to_path);
	if (shape->size != NONE)
		call.size = argument(registers, shape->size);
	call.has_offset = shape->offset != NONE;
	if (call.has_offset)
		call.offset = argument(registers, shape->offset);
	call.bytes_at = registers->rsi;
	return call;
}

struct buffer tracer_read(const struct call *call)
{
	struct buffer bytes = {0};
	char chunk[64 << 10];
	for (size_t done = 0; done < call->size;) {
		size_t size = call->size - done < sizeof chunk ? call->size - done : sizeof chunk;
		struct iovec to = {chunk, size};
		struct iovec from = {(void *)(uintptr_t)(call->bytes_at + done), size}; // NOLINT
		ssize_t got = process_vm_readv(call->thread, &to, 1, &from, 1, 0);
		if (got <= 0)
			fatal("cannot read what is being written: %s", strerror(errno));
		buffer_add(&bytes, chunk, (size_t)got);
		done += (size_t)got;
	}
	if (bytes.failed)
		fatal("out of memory");
	return bytes;
}

static bool is_told(const struct tracing *tracing, const struct call *call)
{
	if (call->kind >= CALL_OPEN && !tracing->tracer->reads)
		return false;
	return text_starts(call->path.text, tracing->tracer->below);
}

static void verdict_carry_out(
    const struct verdict *verdict, const struct call *call, struct user_regs_struct *registers)
{
	if (verdict->kind == VERDICT_FAIL) {
		registers->orig_rax = (unsigned long long)-1; /* no call at all */
		registers->rax = (unsigned long long)-verdict->error;
	} else if (verdict->kind == VERDICT_SHORT && call->size > 1) {
		registers->rdx = call->size / 2;
	} else {
		return;
	}
	if (ptrace(PTRACE_SETREGS, call->thread, NULL, registers) != 0)
		fatal("cannot change a system call: %s", strerror(errno));
}

static void call_judge(struct tracing *tracing, pid_t thread)
{
	struct user_regs_struct registers;
	if (ptrace(PTRACE_GETREGS, thread, NULL, &registers) != 0)
		return; /* it has just died */
	const struct shape *shape = shape_find((long)registers.orig_rax);
	if (!shape)
		return;
	struct call call = call_read(shape, thread, &registers);
	if (!is_told(tracing, &call))
		return;
	call.number = ++tracing->calls;
	struct verdict verdict = tracing->tracer->on_call(tracing->tracer->context, &call);
	if (verdict.kind == VERDICT_KILL) {
		kill(tracing->pid, SIGKILL);
		tracing->is_killed = true;
	} else {
		verdict_carry_out(&verdict, &call, &registers);
	}
}

/* ---- the loop ---- */

static void on_alarm(int number)
{
	(void)number; /* only to make waitpid return */
}

static int wait_next(struct tracing *tracing, pid_t *thread)
{
	int status;
	for (;;) {
		if (!movement_goes_on(&tracing->movement)) {
			kill(tracing->pid, SIGKILL);
			fatal("a traced program does not come to an end: %s",
			    tracing->movement.reason);
		}
		alarm(1);
		*thread = waitpid(-1, &status, __WALL);
		alarm(0);
		if (*thread > 0) {
			movement_see(&tracing->movement);
			return status;
		}
		if (errno != EINTR)
			fatal("waitpid: %s", strerror(errno));
	}
}

static int follow(struct tracing *tracing)
{
	for (;;) {
		pid_t thread;
		int status = wait_next(tracing, &thread);
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (thread == tracing->pid)
				return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
			continue;
		}
		int signal = WSTOPSIG(status), event = status >> 16;
		if (event == PTRACE_EVENT_SECCOMP)
			call_judge(tracing, thread);
		/* A new thread's first stop, an event: not for the program. */
		bool is_ours = event != 0 || signal == SIGSTOP || signal == SIGTRAP;
		ptrace(
		    PTRACE_CONT, thread, NULL, (void *)(uintptr_t)(is_ours ? 0 : signal)); // NOLINT
	}
}

struct finished tracer_run(const struct tracer *tracer, const char *const *argv)
{
	struct path file = path_of("%s/%s", program_directory(), argv[0]);
	struct program program = {.name = argv[0],
	    .out = memfd_create("out", MFD_CLOEXEC),
	    .err = memfd_create("err", MFD_CLOEXEC)};
	struct tracing tracing = {.tracer = tracer};
	int status;
	movement_start(&tracing.movement, MOVEMENT_QUIET_MS);
	struct sigaction action = {.sa_handler = on_alarm};
	sigaction(SIGALRM, &action, NULL);
	tracing.pid = fork();
	if (tracing.pid == 0)
		child_become(tracer, &program, file.text, argv);
	if (tracing.pid < 0 || waitpid(tracing.pid, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, tracing.pid, NULL,
	        PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL) != 0)
		fatal("cannot trace %s: %s", argv[0], strerror(errno));
	ptrace(PTRACE_CONT, tracing.pid, NULL, NULL);
	struct finished finished = {.status = follow(&tracing)};
	finished.out = program_said(program.out);
	finished.err = program_said(program.err);
	close(program.out);
	close(program.err);
	program_check(argv[0], &finished);
	return finished;
}

bool tracer_works(void)
{
#ifdef __x86_64__
	pid_t pid = fork();
	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
	int status;
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
#else
	return false;
#endif
}

/* ---- enrold's calls ---- */

struct finished tracer_once(
    const struct rig *rig, tracer_on_call *on_call, void *context, bool reads)
{
	const struct tracer tracer = {
	    .reads = reads, .below = rig->root.text, .on_call = on_call, .context = context};
	return tracer_run(&tracer, ARGV("enrold", "--config", rig->config.text, "--once"));
}

struct verdict tracer_fail(void *context, const struct call *call)
{
	struct failing *failing = context;
	bool is_it = call->kind == failing->kind && strstr(call->path.text, failing->within) &&
	             text_ends(call->path.text, failing->end) &&
	             (failing->most == 0 || failing->times < failing->most);
	failing->times += is_it;
	return (struct verdict){is_it ? VERDICT_FAIL : VERDICT_GO, failing->error};
}
