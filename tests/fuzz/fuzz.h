/*
 * fuzz: the one function of a fuzz target, by the name that libFuzzer gives it. It returns 0, or
 * aborts because something is wrong.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#endif
