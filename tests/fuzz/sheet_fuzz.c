/*
 * sheet_fuzz: bytes as the file of enrolctl lms add-users. What is wrong with it is said in one
 * line of UTF-8; what is taken is, too.
 */
#include "fuzz.h"

#include "../../src/ctl/sheet.h"

#include "enrold/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const names[] = {"username", "firstname", "lastname", "email", "idnumber", NULL};

static void sheet_check(const struct sheet *sheet)
{
	uint64_t line = 1;
	for (size_t i = 0; i < sheet->count; i++) {
		if (sheet->rows[i].line <= line)
			abort();
		line = sheet->rows[i].line;
		for (size_t c = 0; c < SHEET_COLUMNS_MAX; c++)
			if (value_check(sheet->rows[i].cells[c]) != VALUE_CLEAN)
				abort();
	}
}

static void error_check(const struct error *error)
{
	struct slice text = slice_of(error->text);
	if (error->class == ERROR_REJECT && value_check(text) == VALUE_CLEAN &&
	    !memchr(text.bytes, '\n', text.size))
		return;
	fprintf(stderr, "%d %s\n", error->class, error->text);
	abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char path[64];
	struct sheet sheet;
	struct arena *arena = arena_create();
	int memory = memfd_create("sheet", MFD_CLOEXEC);
	if (!arena || memory < 0 || write(memory, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
	struct error error = sheet_load(path, names, arena, &sheet);
	if (is_error(&error))
		error_check(&error);
	else
		sheet_check(&sheet);
	close(memory);
	arena_free(arena);
	return 0;
}
