#include "enrold/patient.h"

#include <stdlib.h>
#include <time.h>

static void wait_a_little(void)
{
	const struct timespec time = {.tv_nsec = 100 * 1000000L};
	nanosleep(&time, NULL);
}

void *patient_malloc(size_t size)
{
	return patient_realloc(NULL, size);
}

void *patient_calloc(size_t count, size_t size)
{
	void *memory;
	while (!(memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1)))
		wait_a_little();
	return memory;
}

void *patient_realloc(void *memory, size_t size)
{
	void *moved;
	while (!(moved = realloc(memory, size > 0 ? size : 1)))
		wait_a_little();
	return moved;
}
