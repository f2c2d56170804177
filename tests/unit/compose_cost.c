/* compose_cost MEGABYTES: how fast files are composed, beside the floor: the same bytes through
 * csvin alone, once, and through memcpy. Each in MB a second of this
 * process, and the most memory that it took. */
#include "enrold/buffer.h"
#include "enrold/compose.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { BLOCK_SIZE = 1 << 20, FIELD_MAX = 64 << 10, NOW = 1767225600 };

#define LIST(...)                                                                                  \
	{                                                                                          \
		.items = (const char *const[]){__VA_ARGS__},                                       \
		.count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)         \
	}

static const struct preset_kind kinds[] = {
    {.name = "users",
        .policy = {.match_by = MATCH_IDNUMBER, .columns = LIST("user_id", "idnumber")}},
    {.name = "jobs",
        .policy = {.match_by = MATCH_IDNUMBER,
            .columns = LIST("user_id", "idnumber"),
            .newest_by = "day"}},
    {.name = "lists",
        .policy = {.match_by = MATCH_IDNUMBER,
            .columns = LIST("user_id", "idnumber", "courses", "course1"),
            .split = LIST("courses", ";"),
            .empty = LIST("none")}},
};

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Rows of which each block has the same: the file may be as large as it likes. */
static void block_make(struct buffer *block)
{
	for (long row = 0; block->size < BLOCK_SIZE; row++)
		buffer_print(block,
		    "E%07ld,2025-%02ld-%02ld,Given%ld,\"Family, %ld\",user%ld@example.org,"
		    "COURSE-%ld;COURSE-%ld,active,none,Department of %ld\n",
		    row % 9973, row % 12 + 1, row % 28 + 1, row, row, row, row % 100, row % 90,
		    row % 50);
}

static const char headings[] =
    "user_id,day,firstname,lastname,email,courses,status,manager,department\n";

static struct error on_text(void *context, struct slice text)
{
	*(size_t *)context += text.size;
	return OK;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	*(size_t *)context += record->cells_count;
	return OK;
}

static struct error pass_run(
    struct composer *composer, enum compose_pass pass, const struct buffer *block, long blocks)
{
	struct error error = composer_begin(composer, pass, 0);
	if (!is_error(&error))
		error = composer_feed(composer, headings, sizeof headings - 1);
	for (long i = 0; i < blocks && !is_error(&error); i++)
		error = composer_feed(composer, block->bytes, block->size);
	return is_error(&error) ? error : composer_end(composer);
}

static double compose_run(const struct preset_kind *kind, const struct buffer *block, long blocks)
{
	size_t written = 0;
	struct compose_member member = {.name = "x", .kind = kind, .policy = &kind->policy};
	const struct compose_terms terms = {&member, 1, FIELD_MAX, NOW};
	struct composer *composer = NULL;
	double begin = seconds();
	struct error error = composer_create(&terms, on_text, &written, &composer);
	if (!is_error(&error))
		error = pass_run(composer, COMPOSE_LOOK, block, blocks);
	if (!is_error(&error))
		error = pass_run(composer, COMPOSE_WRITE, block, blocks);
	composer_free(composer);
	if (is_error(&error) || written == 0) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
	return seconds() - begin;
}

static double csvin_run(const struct buffer *block, long blocks)
{
	const struct csvin_terms terms = {
	    .delimiter = ',', .limits = {FIELD_MAX, 8 << 20, 128 << 10}};
	size_t cells = 0;
	double begin = seconds();
	struct csvin *csvin = csvin_create(&terms, on_record, &cells);
	struct error error = csvin ? OK : error_memory("reading");
	for (long i = 0; i < blocks && !is_error(&error); i++)
		error = csvin_feed(csvin, block->bytes, block->size);
	csvin_free(csvin);
	if (is_error(&error) || cells == 0)
		exit(1);
	return seconds() - begin;
}

static double copy_run(const struct buffer *block, long blocks)
{
	char *copy = malloc(block->size);
	double begin = seconds();
	for (long i = 0; copy && i < blocks; i++) {
		memcpy(copy, block->bytes, block->size);
		__asm__ volatile("" : : "r"(copy) : "memory");
	}
	free(copy);
	return seconds() - begin;
}

static void tell(const char *what, double taken, double megabytes)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("%-8s %8.0f MB/s %8ld KiB\n", what, megabytes / taken, usage.ru_maxrss);
}

int main(int count, char **arguments)
{
	struct buffer block = {0};
	block_make(&block);
	long blocks = count > 1 ? strtol(arguments[1], NULL, 10) : 64;
	double megabytes = (double)block.size * (double)blocks / 1e6;
	tell("memcpy", copy_run(&block, blocks), megabytes);
	tell("csvin", csvin_run(&block, blocks), megabytes);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		tell(kinds[i].name, compose_run(&kinds[i], &block, blocks), megabytes);
	buffer_done(&block);
	return 0;
}
