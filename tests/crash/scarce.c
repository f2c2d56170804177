/*
 * scarce: a library to be preloaded, under which memory runs short: of the allocations that a
 * program makes from main on, the SCARCE_AT-th fails and SCARCE_COUNT in all. Without SCARCE_AT it
 * only counts. How many there were is written to descriptor SCARCE_TELL at the end.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_bool is_counting;
static atomic_long calls;
static long first, last;

/* dlsym allocates before it can say where the real functions are. */
static char early[64 << 10];
static size_t early_used;

static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
} real;

static void *early_take(size_t size)
{
	size_t at = (early_used + 15) & ~(size_t)15;
	if (at + size > sizeof early)
		abort();
	early_used = at + size;
	return early + at; /* zeroed, as all static memory */
}

static int is_early(const void *memory)
{
	const char *byte = memory;
	return byte >= early && byte < early + sizeof early;
}

/* AddressSanitizer's own, when it is there: it has to see every allocation from the first on. */
extern void *__interceptor_malloc(size_t) __attribute__((weak));
extern void *__interceptor_calloc(size_t, size_t) __attribute__((weak));
extern void *__interceptor_realloc(void *, size_t) __attribute__((weak));
extern void __interceptor_free(void *) __attribute__((weak));

static void *find(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static int is_ready(void)
{
	static int is_finding; /* before there are threads */
	if (real.free)
		return 1;
	if (is_finding)
		return 0;
	if (__interceptor_free) {
		real.malloc = __interceptor_malloc;
		real.calloc = __interceptor_calloc;
		real.realloc = __interceptor_realloc;
		real.free = __interceptor_free;
		return 1;
	}
	is_finding = 1;
	*(void **)&real.malloc = find("malloc");
	*(void **)&real.calloc = find("calloc");
	*(void **)&real.realloc = find("realloc");
	*(void **)&real.free = find("free");
	is_finding = 0;
	return 1;
}

/* AddressSanitizer asks for a thread's stack when one begins, and does not survive a refusal. */
static _Thread_local int is_sanitizers __attribute__((tls_model("initial-exec")));

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
	int (*ask)(pthread_t, pthread_attr_t *);
	*(void **)&ask = find("pthread_getattr_np");
	is_sanitizers = 1;
	int result = ask(thread, attributes);
	is_sanitizers = 0;
	return result;
}

static int is_refused(void)
{
	if (!atomic_load(&is_counting) || is_sanitizers)
		return 0;
	long call = atomic_fetch_add(&calls, 1) + 1;
	if (first == 0 || call < first || call > last)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	if (!is_ready())
		return early_take(size);
	return is_refused() ? NULL : real.malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (!is_ready())
		return early_take(count * size);
	return is_refused() ? NULL : real.calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	if (is_early(memory)) {
		void *moved = malloc(size);
		if (moved)
			memcpy(moved, memory, size); /* more than there was, but all of it ours */
		return moved;
	}
	if (!is_ready())
		return early_take(size);
	return is_refused() ? NULL : real.realloc(memory, size);
}

void *reallocarray(void *memory, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(memory, bytes);
}

void free(void *memory)
{
	if (memory && !is_early(memory) && is_ready())
		real.free(memory);
}

/* ---- from main on ---- */

static int (*program_main)(int, char **, char **);

static long number_of(const char *name)
{
	const char *text = getenv(name);
	return text ? strtol(text, NULL, 10) : 0;
}

static int counted_main(int argc, char **argv, char **environment)
{
	long count = number_of("SCARCE_COUNT");
	first = number_of("SCARCE_AT");
	last = first + (count > 0 ? count : 1) - 1;
	atomic_store(&is_counting, 1);
	int status = program_main(argc, argv, environment);
	atomic_store(&is_counting, 0);
	if (getenv("SCARCE_TELL"))
		dprintf((int)number_of("SCARCE_TELL"), "%ld\n", atomic_load(&calls));
	return status;
}

int __libc_start_main(int (*main_function)(int, char **, char **), int argc, char **argv,
    void (*init)(void), void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	int (*start)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
	    void (*)(void), void *);
	*(void **)&start = find("__libc_start_main");
	program_main = main_function;
	return start(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}
