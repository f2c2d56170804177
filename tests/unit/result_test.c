/* Rows of an answer, read as they were written. */
#include "enrold/csvout.h"
#include "enrold/described.h"
#include "enrold/result.h"

#include "files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void row_write(struct buffer *out, const char *const cells[RESULT_CELLS])
{
	for (int i = 0; i < RESULT_CELLS; i++) {
		csvout_guarded(out, slice_of(cells[i]));
		buffer_add_char(out, i + 1 < RESULT_CELLS ? ',' : '\n');
	}
}

/* All cells of some letters, in every place of a row. */
Test(result, reads_any_cell_in_any_place_as_it_was_written)
{
	static const char *const letters[] = {"\"", ",", "\n", "'", "=", ";", "x", "\r"};
	enum { LETTERS = 8, LENGTH = 4, CELLS = 4096 };
	struct arena *arena = arena_create();
	for (int i = 0; i < CELLS; i++) {
		char cell[LENGTH + 1] = "";
		const char *cells[RESULT_CELLS] = {"2", "b", "c", "d", "e", "f", "g", "h", "i"};
		struct slice read[RESULT_CELLS];
		struct buffer out = {0};
		for (int place = 0, rest = i; place < LENGTH; place++, rest /= LETTERS)
			strcat(cell, letters[rest % LETTERS]);
		cells[i % (RESULT_CELLS - 1) + 1] = cell;
		row_write(&out, cells);
		size_t size = out.size;
		row_write(&out, cells);
		cr_assert_eq(result_row_size(buffer_slice(&out)), size);
		for (size_t cut = 0; cut < size; cut++)
			cr_assert_leq(result_row_size((struct slice){out.bytes, cut}), cut);
		result_row_split((struct slice){out.bytes, size}, RESULT_AFTER, read);
		for (int c = 0; c < RESULT_CELLS; c++)
			cr_assert(slice_is(result_cell_read(read[c], arena), slice_of(cells[c])),
			    "%.*s", (int)size, out.bytes);
		buffer_done(&out);
		arena_reset(arena);
	}
	arena_free(arena);
}

Test(result, finds_values_in_before_and_after)
{
	static const struct {
		const char *text, *name, *value; /* value NULL: it is not there */
	} cases[] = {
	    {"username=anna", "username", "anna"},
	    {"city=Oslo;username=an%3Bn%25a;x=1", "username", "an;n%a"},
	    {"xusername=anna", "username", NULL},
	    {"username", "username", NULL},
	    {"username=", "username", ""},
	    {"", "username", NULL},
	    {"username=%3", "username", "%3"},
	    {"username=%zz%0A", "username", "%zz\n"},
	    {"a=1;;username=b;", "username", "b"},
	};
	struct arena *arena = arena_create();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice value = SLICE("");
		bool found = described_find(slice_of(cases[i].text), cases[i].name, arena, &value);
		cr_expect_eq(found, cases[i].value != NULL, "%s", cases[i].text);
		if (found && cases[i].value)
			cr_expect(slice_is(value, slice_of(cases[i].value)), "%s", cases[i].text);
	}
	arena_free(arena);
}

/* ---- files ---- */

struct counted {
	size_t rows;
	uint64_t bytes;
	size_t wanted;
};

static bool count(void *context, uint64_t offset, struct slice row)
{
	struct counted *counted = context;
	cr_assert_eq(offset, counted->bytes);
	counted->bytes += row.size;
	return ++counted->rows != counted->wanted;
}

static int file_of(const struct buffer *text)
{
	int file = memfd_create("result", MFD_CLOEXEC);
	cr_assert_geq(file, 0);
	for (size_t done = 0; done < text->size;) {
		ssize_t size = write(file, text->bytes + done, text->size - done);
		cr_assert_gt(size, 0);
		done += (size_t)size;
	}
	return file;
}

/* Rows of up to some pieces of what is read at once. */
static void rows_make(struct buffer *text, size_t count, size_t longest)
{
	for (size_t i = 0; i < count; i++) {
		buffer_print(text, "%zu,p,c,t,error,x,\"", i);
		for (size_t k = 0; k < i * 7919 % longest; k++)
			buffer_add_char(text, k % 13 == 0 ? '\n' : 'm');
		buffer_add_text(text, "\",,\n");
	}
}

Test(result, reads_a_file_row_by_row_whatever_their_length_is)
{
	enum { ROWS = 60 };
	struct buffer text = {0};
	char wanted[HASH_SIZE], sha256[HASH_TEXT_SIZE + 1];
	rows_make(&text, ROWS, 600000);
	int file = file_of(&text);
	struct counted counted = {0};
	struct result_span span = {.file = file, .until = text.size, .hash = hash_create()};
	struct error error = result_read(&span, count, &counted);
	cr_expect_not(is_error(&error), "%s", error.text);
	cr_expect_eq(counted.rows, ROWS);
	cr_expect_eq(counted.bytes, text.size);
	hash_finish(span.hash, sha256);
	hash_free(span.hash);
	files_hash_bytes(text.bytes, text.size, wanted);
	cr_expect_str_eq(sha256, wanted);
	counted = (struct counted){.wanted = 3};
	span.hash = NULL;
	error = result_read(&span, count, &counted);
	cr_expect_not(is_error(&error));
	cr_expect_eq(counted.rows, 3);
	close(file);
	buffer_done(&text);
}

Test(result, of_a_file_that_was_cut_is_altered)
{
	struct buffer text = {0};
	rows_make(&text, 10, 1000);
	int file = file_of(&text);
	struct counted counted = {0};
	struct result_span span = {.file = file, .until = text.size - 1};
	struct error error = result_read(&span, count, &counted);
	cr_expect_str_eq(error.code, "altered");
	counted = (struct counted){0};
	span.until = text.size + 1;
	error = result_read(&span, count, &counted);
	cr_expect_str_eq(error.code, "altered");
	atomic_bool is_cancelled = true;
	counted = (struct counted){0};
	span.until = text.size;
	span.is_cancelled = &is_cancelled;
	error = result_read(&span, count, &counted);
	cr_expect_eq(error.class, ERROR_RETRY);
	cr_expect_eq(counted.rows, 0);
	close(file);
	buffer_done(&text);
}
