/*
 * patient: memory for libraries that do not survive the lack of it. libuv ends the program, OpenSSL
 * is left half set up. They need little, and seldom, so waiting is better: these never return NULL,
 * and may take their time.
 */
#ifndef ENROLD_PATIENT_H
#define ENROLD_PATIENT_H

#include <stddef.h>

void *patient_malloc(size_t size);
void *patient_calloc(size_t count, size_t size);
void *patient_realloc(void *memory, size_t size);

#endif
