/* pages_cost CONFIG: makes the pages of a spool as the daemon does, once for each line that it is
 * given, and says how many milliseconds of the processor that took, for others may be at it, and
 * how many it takes to write the same bytes under the same names. For tests/bench/pages.py, which
 * has made the spool, and adds runs between the lines. */
#include "enrold/config.h"
#include "enrold/lms.h"
#include "enrold/page_maker.h"

#include "files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void on_unwritten(void *context, const char *path, const struct error *error)
{
	(void)context;
	fprintf(stderr, "%s: %s\n", path, error->text);
	exit(1);
}

static void check(struct error error)
{
	if (!is_error(&error))
		return;
	fprintf(stderr, "%s\n", error.text);
	exit(1);
}

static double work(struct page_maker *maker, const struct config *config, const struct spool *spool)
{
	struct lms *lms;
	int64_t start_us = now_us(CLOCK_PROCESS_CPUTIME_ID);
	check(lms_open(&config->lms, &lms));
	const struct page_place place = {
	    lms_db(lms), config, spool, NULL, now_us(CLOCK_REALTIME), on_unwritten, NULL};
	check(page_maker_work(maker, &place));
	lms_close(lms);
	return (double)(now_us(CLOCK_PROCESS_CPUTIME_ID) - start_us) / 1000;
}

static void replace(int outbox, const char *name, const struct buffer *text)
{
	int file = openat(outbox, ".floor", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (file < 0 || write(file, text->bytes, text->size) != (ssize_t)text->size ||
	    close(file) < 0 || renameat(outbox, ".floor", outbox, name) < 0)
		exit(1);
}

static double floor_of(const struct config *config, const struct spool *spool, size_t *size)
{
	static const char *const names[] = {"default.html", "index.html"};
	int64_t took_us = 0;
	*size = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buffer text =
		    files_read(path_of("%s/outbox/%s", config->spool, names[i]).text);
		int64_t start_us = now_us(CLOCK_PROCESS_CPUTIME_ID);
		replace(spool->outbox, names[i], &text);
		took_us += now_us(CLOCK_PROCESS_CPUTIME_ID) - start_us;
		*size += text.size;
		buffer_done(&text);
	}
	return (double)took_us / 1000;
}

int main(int count, char **arguments)
{
	char line[16];
	struct config_file *file;
	struct spool spool;
	struct page_maker *maker = page_maker_create();
	if (count != 2 || !maker)
		return 2;
	check(config_load(arguments[1], &file));
	check(spool_open(config_get(file), &spool));
	while (fgets(line, sizeof line, stdin)) {
		size_t size;
		double took = work(maker, config_get(file), &spool);
		double least = floor_of(config_get(file), &spool, &size);
		printf("%.3f %.3f %zu\n", took, least, size);
		fflush(stdout);
	}
	page_maker_free(maker);
	spool_close(&spool);
	config_free(file);
	return 0;
}
