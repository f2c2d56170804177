/* Of what a watched directory tells, and of what it says nothing. */
#include "../../src/daemon/watch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	char path[64];
	int directory;
	uv_loop_t loop;
	struct watch *watch;
	size_t heard;
	char names[64]; /* who vouched, each with a blank */
	bool is_over;
};

static void on_event(void *context, size_t place, const char *name)
{
	struct fixture *fixture = context;
	fixture->heard++;
	if (name)
		strncat(fixture->names, name, sizeof fixture->names - strlen(fixture->names) - 1);
	if (name)
		strncat(fixture->names, " ", sizeof fixture->names - strlen(fixture->names) - 1);
	fixture->is_over |= place == 1; /* the last that the test does */
}

static void fixture_begin(struct fixture *fixture)
{
	*fixture = (struct fixture){.path = "/tmp/enrold-watch-XXXXXX"};
	cr_assert(mkdtemp(fixture->path));
	fixture->directory = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(mkdirat(fixture->directory, "last", 0700), 0);
	uv_loop_init(&fixture->loop);
	struct error error = watch_start(&fixture->loop, 2, on_event, fixture, &fixture->watch);
	cr_assert(!is_error(&error), "%s", error.text);
	int last = openat(fixture->directory, "last", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = watch_place(fixture->watch, 1, last);
	cr_assert(!is_error(&error), "%s", error.text);
	close(last);
}

static void file_write(const struct fixture *fixture, const char *name)
{
	int file = openat(fixture->directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_geq(file, 0);
	close(file);
}

/* Events come in order: what is done last is heard last. */
static void all_hear(struct fixture *fixture)
{
	cr_assert_eq(mkdirat(fixture->directory, "last/word", 0700), 0);
	while (!fixture->is_over)
		uv_run(&fixture->loop, UV_RUN_ONCE);
	fixture->heard--;
}

static void fixture_end(struct fixture *fixture)
{
	static const char *const left[] = {"last/word", "last", "feed"};
	for (size_t i = 0; i < sizeof left / sizeof *left; i++)
		unlinkat(fixture->directory, left[i], AT_REMOVEDIR);
	unlinkat(fixture->directory, "file", 0);
	watch_stop(fixture->watch);
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	uv_loop_close(&fixture->loop);
	close(fixture->directory);
	rmdir(fixture->path);
}

Test(watch, hears_who_has_written_a_file)
{
	struct fixture fixture;
	fixture_begin(&fixture);
	struct error error = watch_place(fixture.watch, 0, fixture.directory);
	cr_assert(!is_error(&error), "%s", error.text);
	file_write(&fixture, "file");
	all_hear(&fixture);
	cr_expect_str_eq(fixture.names, "file ");
	cr_expect_geq(fixture.heard, 2, "made, and closed");
	fixture_end(&fixture);
}

Test(watch, of_folders_hears_nothing_of_a_file_there)
{
	struct fixture fixture;
	fixture_begin(&fixture);
	struct error error = watch_place_of_folders(fixture.watch, 0, fixture.directory);
	cr_assert(!is_error(&error), "%s", error.text);
	file_write(&fixture, "file");
	cr_assert_eq(fchmodat(fixture.directory, "file", 0640, 0), 0);
	all_hear(&fixture);
	cr_expect_eq(fixture.heard, 0, "heard %zu times", fixture.heard);
	fixture_end(&fixture);
}

Test(watch, of_folders_hears_of_a_folder_made_there_and_of_the_directory_itself)
{
	struct fixture fixture;
	fixture_begin(&fixture);
	struct error error = watch_place_of_folders(fixture.watch, 0, fixture.directory);
	cr_assert(!is_error(&error), "%s", error.text);
	cr_assert_eq(mkdirat(fixture.directory, "feed", 0700), 0);
	cr_assert_eq(fchmod(fixture.directory, 0750), 0);
	all_hear(&fixture);
	cr_expect_eq(fixture.heard, 2, "heard %zu times", fixture.heard);
	fixture_end(&fixture);
}
