/* Where in an answer somebody is named; and that an index which does not fit is not believed. */
#include "enrold/answer_index.h"
#include "enrold/csvout.h"
#include "enrold/value.h"

#include "files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RUN "20261126-020301-118204"

struct desk {
	struct path root;
	struct buffer text;
	char sha256[HASH_SIZE];
	struct indexed of;
	int directory, result;
	struct arena *arena;
};

static void desk_begin(struct desk *desk)
{
	const char *temporary = getenv("TMPDIR");
	*desk = (struct desk){.arena = arena_create()};
	desk->root = path_of("%s/enrold-test-XXXXXX", temporary ? temporary : "/tmp");
	cr_assert(mkdtemp(desk->root.text));
	desk->directory = open(desk->root.text, O_RDONLY | O_DIRECTORY);
	buffer_add_text(
	    &desk->text, "line,username,column,target,outcome,code,message,before,after\n");
}

static void row_add(
    struct desk *desk, int line, const char *name, const char *code, const char *before)
{
	buffer_print(&desk->text, "%d,", line);
	csvout_guarded(&desk->text, slice_of(name));
	buffer_print(&desk->text, ",course1,C1,done,%s,Enrolled.,", code);
	csvout_guarded(&desk->text, slice_of(before));
	buffer_add_text(&desk->text, ",\"status=0;timestart=1;timeend=0;roles=student\"\n");
}

static struct path desk_path(const struct desk *desk, const char *name)
{
	return path_of("%s/%s", desk->root.text, name);
}

static void desk_store(struct desk *desk)
{
	files_write(desk_path(desk, "result.csv").text, desk->text.bytes, desk->text.size, 0640);
	files_hash(desk_path(desk, "result.csv").text, desk->sha256);
	desk->of = (struct indexed){RUN, desk->text.size, slice_of(desk->sha256), true};
	desk->result = open(desk_path(desk, "result.csv").text, O_RDONLY);
	cr_assert_geq(desk->result, 0);
}

static void desk_make(struct desk *desk)
{
	struct error error = answer_index_make(desk->result, &desk->of, desk->directory, NULL);
	cr_assert_not(is_error(&error), "%s", error.text);
}

static struct answer_index *desk_open(const struct desk *desk)
{
	struct stat stat;
	cr_assert_eq(fstat(desk->result, &stat), 0);
	return answer_index_open(desk->directory, &desk->of, &stat);
}

static void desk_end(struct desk *desk)
{
	close(desk->result);
	close(desk->directory);
	buffer_done(&desk->text);
	arena_free(desk->arena);
	files_remove(desk->root.text);
}

struct rows {
	struct desk *desk;
	const char *name;
	size_t found;
};

static bool count_row(void *context, uint64_t offset, struct slice row)
{
	struct rows *rows = context;
	struct slice cells[RESULT_CELLS];
	(void)offset;
	result_row_split(row, RESULT_AFTER, cells);
	rows->found += value_is_alike(result_cell_read(cells[RESULT_USERNAME], rows->desk->arena),
	    slice_of(rows->name), rows->desk->arena);
	return true;
}

/* Rows of the name in the blocks that the index gives; SIZE_MAX: none fits. */
static size_t rows_of(struct desk *desk, const char *name, size_t *blocks_count)
{
	struct answer_block *blocks;
	struct slice names[] = {slice_of(name)};
	struct rows rows = {desk, name, 0};
	struct answer_index *index = desk_open(desk);
	if (!index)
		return SIZE_MAX;
	bool is_whole = answer_index_find(index, names, 1, desk->arena, &blocks, blocks_count);
	answer_index_close(index);
	if (!is_whole)
		return SIZE_MAX;
	for (size_t i = 0; i < *blocks_count; i++) {
		struct result_span span = {
		    desk->result, blocks[i].from, blocks[i].until, NULL, NULL};
		struct error error = result_read(&span, count_row, &rows);
		cr_assert_not(is_error(&error), "%s", error.text);
	}
	return rows.found;
}

static const char *const names[] = {"anna", "anna.berg", "berg, anna", "a\"b\"c", "line\nbreak",
    "=1+1", "'=1", "'quoted", "Ångström", "x;=1", "", "\"", ",", "a'b"};

enum { NAMES = sizeof names / sizeof *names };

Test(answer_index, finds_every_row_of_every_name_and_reads_little_for_it)
{
	enum { ROWS = 300000 };
	struct desk desk;
	size_t blocks;
	desk_begin(&desk);
	for (int i = 0; i < ROWS; i++) {
		char name[32];
		snprintf(name, sizeof name, "p%d", i);
		row_add(&desk, i + 2, i % 20000 == 777 ? names[i / 20000 % NAMES] : name,
		    "enrolled", "");
	}
	desk_store(&desk);
	desk_make(&desk);
	for (int n = 0; n < NAMES; n++) {
		size_t times = n == 0 ? 2 : 1; /* 15 places, 14 names */
		cr_expect_eq(rows_of(&desk, names[n], &blocks), times, "of %s", names[n]);
		cr_expect_leq(blocks, times);
	}
	for (int i = 0; i < ROWS; i += 997) {
		char name[32];
		snprintf(name, sizeof name, "P%d", i);
		cr_expect_eq(rows_of(&desk, name, &blocks), i % 20000 == 777 ? 0 : 1);
		cr_expect_leq(blocks, 1);
	}
	cr_expect_eq(rows_of(&desk, "nobody", &blocks), 0);
	cr_expect_leq(blocks, 1);
	cr_expect_eq(rows_of(&desk, "ÅNGSTRÖM", &blocks), 1);
	cr_expect_eq(rows_of(&desk, "A\u030Angstro\u0308m", &blocks), 1);
	desk_end(&desk);
}

Test(answer_index, of_more_entries_than_a_segment_has_finds_them_in_all)
{
	enum { ROWS = 1200000 };
	struct desk desk;
	size_t blocks;
	desk_begin(&desk);
	for (int i = 0; i < ROWS; i++) {
		char name[32];
		snprintf(name, sizeof name, "p%d", i % 400000);
		row_add(&desk, i + 2, name, "enrolled", "");
	}
	desk_store(&desk);
	desk_make(&desk);
	for (int i = 0; i < 400000; i += 4999) {
		char name[32];
		snprintf(name, sizeof name, "p%d", i);
		cr_expect_eq(rows_of(&desk, name, &blocks), 3);
		cr_expect_leq(blocks, 4);
	}
	desk_end(&desk);
}

Test(answer_index, of_few_names_in_many_rows_is_small)
{
	struct desk desk;
	size_t blocks;
	struct stat stat_;
	desk_begin(&desk);
	for (int i = 0; i < 200000; i++)
		row_add(&desk, i + 2, i % 2 ? "anna" : "bela", "enrolled", "");
	desk_store(&desk);
	desk_make(&desk);
	cr_expect_eq(rows_of(&desk, "anna", &blocks), 100000);
	cr_expect_eq(stat(desk_path(&desk, RUN ".idx").text, &stat_), 0);
	cr_expect_leq(stat_.st_size, 64 << 10);
	desk_end(&desk);
}

Test(answer_index, knows_who_was_renamed_under_both_names)
{
	struct desk desk;
	struct answer_block *found;
	size_t blocks;
	desk_begin(&desk);
	row_add(&desk, 2, "anna.berg", "account_renamed", "username=an%3Bna");
	desk_store(&desk);
	desk_make(&desk);
	cr_expect_eq(rows_of(&desk, "anna.berg", &blocks), 1);
	struct answer_index *index = desk_open(&desk);
	cr_expect(answer_index_find(
	    index, (struct slice[]){SLICE("AN;NA")}, 1, desk.arena, &found, &blocks));
	cr_expect_eq(blocks, 1);
	cr_expect(answer_index_find(
	    index, (struct slice[]){SLICE("anna")}, 1, desk.arena, &found, &blocks));
	cr_expect_eq(blocks, 0);
	answer_index_close(index);
	desk_end(&desk);
}

static void small_make(struct desk *desk)
{
	desk_begin(desk);
	for (int i = 0; i < 2000; i++) {
		char name[32];
		snprintf(name, sizeof name, "p%d", i);
		row_add(desk, i + 2, name, "enrolled", "");
	}
	desk_store(desk);
	desk_make(desk);
}

Test(answer_index, with_a_byte_changed_anywhere_is_never_wrong)
{
	struct desk desk;
	size_t blocks;
	small_make(&desk);
	struct path path = desk_path(&desk, RUN ".idx");
	struct buffer whole = files_read(path.text);
	for (size_t at = 0; at < whole.size; at += 61) {
		whole.bytes[at] ^= 0x20;
		files_write(path.text, whole.bytes, whole.size, 0640);
		size_t found = rows_of(&desk, "p1234", &blocks);
		cr_expect(found == 1 || found == SIZE_MAX, "byte %zu", at);
		whole.bytes[at] ^= 0x20;
	}
	/* A power cut: zeros, or less. */
	for (size_t size = 0; size < whole.size; size += 1000) {
		files_write(path.text, whole.bytes, size, 0640);
		size_t found = rows_of(&desk, "p1234", &blocks);
		cr_expect(found == 1 || found == SIZE_MAX, "cut to %zu", size);
	}
	files_write(path.text, whole.bytes, whole.size, 0640);
	for (size_t page = 1; page * 4096 < whole.size; page++) {
		struct buffer torn = files_read(path.text);
		memset(torn.bytes + page * 4096, 0, 4096);
		files_write(path.text, torn.bytes, torn.size, 0640);
		size_t found = rows_of(&desk, "p1234", &blocks);
		cr_expect(found == 1 || found == SIZE_MAX, "page %zu", page);
		files_write(path.text, whole.bytes, whole.size, 0640);
		buffer_done(&torn);
	}
	buffer_done(&whole);
	desk_end(&desk);
}

Test(answer_index, of_another_answer_does_not_fit)
{
	struct desk desk;
	size_t blocks;
	small_make(&desk);
	cr_expect_eq(rows_of(&desk, "p7", &blocks), 1);
	struct indexed is = desk.of;
	desk.of.run = "20261126-020301-118205";
	cr_expect_eq(rows_of(&desk, "p7", &blocks), SIZE_MAX);
	desk.of = is;
	desk.of.bytes--;
	cr_expect_eq(rows_of(&desk, "p7", &blocks), SIZE_MAX);
	desk.of = is;
	desk.of.sha256 = SLICE("0000000000000000000000000000000000000000000000000000000000000000");
	cr_expect_eq(rows_of(&desk, "p7", &blocks), SIZE_MAX);
	desk.of = is;
	/* The answer was changed since, by a byte. */
	struct timespec later[2] = {{.tv_sec = time(NULL) + 10}, {.tv_sec = time(NULL) + 10}};
	cr_expect_eq(utimensat(AT_FDCWD, desk_path(&desk, "result.csv").text, later, 0), 0);
	cr_expect_eq(rows_of(&desk, "p7", &blocks), SIZE_MAX);
	desk_end(&desk);
}

Test(answer_index, is_not_made_of_an_answer_that_was_altered)
{
	struct desk desk;
	small_make(&desk);
	desk.of.sha256 = SLICE("0000000000000000000000000000000000000000000000000000000000000000");
	struct error error = answer_index_make(desk.result, &desk.of, desk.directory, NULL);
	cr_expect_str_eq(error.code, "altered");
	cr_expect_not(files_exist(desk_path(&desk, RUN ".idx").text));
	desk.of.bytes += 10;
	error = answer_index_make(desk.result, &desk.of, desk.directory, NULL);
	cr_expect_str_eq(error.code, "altered");
	cr_expect_not(files_exist(desk_path(&desk, RUN ".idx").text));
	desk_end(&desk);
}
