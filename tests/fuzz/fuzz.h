/* fuzz: what a fuzz target is, to libFuzzer and to driver.c. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Anything the bytes do to the code that is not right aborts. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A target's own way to change its input, in place and up to max bytes: what it gives is the new
 * size. None: its bytes are changed. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
/* Changes bytes: libFuzzer's or driver.c's. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

#endif
