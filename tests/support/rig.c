#include "rig.h"

#include "cut_copy.h"
#include "fatal.h"
#include "overlay.h"
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void root_make(struct rig *rig)
{
	const char *temporary = getenv("TMPDIR");
	rig->root = path_of("%s/enrold-test-XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(rig->root.text))
		fatal("cannot make %s: %s", rig->root.text, strerror(errno));
	fatal_keep(rig->root.text);
	rig->directory = path_of("%s/spool", rig->root.text);
	rig->config = path_of("%s/enrold.yaml", rig->root.text);
	rig->database = path_of("%s/lms.db", rig->root.text);
	files_make_directory(path_of("%s/stage", rig->root.text).text);
	files_make_directory(rig_path(rig, "inbox").text);
}

static const char *text_or(const char *text, const char *usual)
{
	return text ? text : usual;
}

/* A stop waits for as long as a slow machine takes, if it is not itself what is tested. */
static void config_write(const struct rig *rig, const struct rig_options *options)
{
	struct buffer yaml = {0};
	const char *settings = text_or(options->settings, "");
	if (!strstr(settings, "stop_timeout:"))
		buffer_add_text(&yaml, "stop_timeout: 1h\n");
	buffer_print(&yaml, "spool: %s\nnode: " RIG_NODE "\n", rig->directory.text);
	buffer_print(&yaml, "settle: %s\nrescan: %s\n", text_or(options->settle, "0"),
	    text_or(options->rescan, "5m"));
	buffer_print(&yaml, "lms: { url: \"sqlite:%s\", journal_mode: %s%s }\n", rig->database.text,
	    text_or(options->journal_mode, "wal"), text_or(options->lms, ""));
	buffer_add_text(&yaml, settings);
	buffer_print(&yaml, "feeds:\n%s", text_or(options->feeds, "  default: {}\n"));
	files_write(rig->config.text, yaml.bytes, yaml.size, 0640);
	buffer_done(&yaml);
}

/* ---- the database ---- */

static void enrolctl(const struct rig *rig, const char *command, const char *file)
{
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig->config.text, "lms", command, file));
	finished_done(&finished);
}

static void courses_add(const struct rig *rig, int count)
{
	struct path file = path_of("%s/courses.csv", rig->root.text);
	struct buffer csv = {0};
	buffer_add_text(&csv, "shortname,fullname,category,idnumber\n");
	for (int i = 1; i <= count; i++)
		buffer_print(&csv, "C%d,Course %d,,course-%d\n", i, i, i);
	files_write(file.text, csv.bytes, csv.size, 0640);
	buffer_done(&csv);
	enrolctl(rig, "add-courses", file.text);
}

static void people_add(const struct rig *rig, int count)
{
	struct path file = path_of("%s/users.csv", rig->root.text);
	struct buffer csv = {0};
	buffer_add_text(&csv, "username,firstname,lastname,email,idnumber\n");
	for (int i = 1; i <= count; i++)
		buffer_print(&csv, "p%d,Person,%d,p%d@example.org,person-%d\n", i, i, i, i);
	files_write(file.text, csv.bytes, csv.size, 0640);
	buffer_done(&csv);
	enrolctl(rig, "add-users", file.text);
}

static void database_build(const struct rig *rig, int people, int courses)
{
	enrolctl(rig, "init", NULL);
	courses_add(rig, courses);
	people_add(rig, people);
}

/* The prepared databases of one shape; the rest of a name says which program made it. */
static struct path prepared_prefix(int people, int courses)
{
	return path_of("people-%d-courses-%d-", people, courses);
}

static struct path prepared_path(int people, int courses)
{
	struct stat program;
	struct path path = path_of("%s/enrolctl", program_directory());
	if (stat(path.text, &program) != 0)
		fatal("there is no %s", path.text);
	return path_of("%s/prepared/%.100s%lld-%lld.%09ld.db", program_directory(),
	    prepared_prefix(people, courses).text, (long long)program.st_size,
	    (long long)program.st_mtim.tv_sec, program.st_mtim.tv_nsec);
}

/* Those that an older program made go: every build would leave one more. */
static void prepared_remove(const char *prefix)
{
	struct path directory = path_of("%s/prepared", program_directory());
	struct listing listing = files_list(directory.text);
	for (size_t i = 0; i < listing.count; i++)
		if (text_starts(listing.entries[i].path, prefix))
			files_remove(
			    path_of("%s/%s", directory.text, listing.entries[i].path).text);
	listing_done(&listing);
}

static void database_prepare(const struct rig *rig, int people, int courses, const char *prepared)
{
	database_build(rig, people, courses);
	prepared_remove(prepared_prefix(people, courses).text);
	struct path part = path_of("%s.part", prepared);
	files_copy(rig->database.text, part.text);
	files_rename(part.text, prepared);
}

/* The Moodle that is to be tested, if it is another one than `lms init` makes. */
static void moodle_make(const struct rig *rig)
{
	struct buffer sql = {0};
	if (!overlay_wanted())
		return;
	overlay_write_tables(overlay_wanted(), OVERLAY_SQLITE, &sql);
	overlay_write_config(overlay_wanted(), &sql);
	buffer_add_char(&sql, '\0');
	sqlite3 *database = rig_database(rig);
	if (sqlite3_exec(database, sql.bytes, NULL, NULL, NULL) != SQLITE_OK)
		fatal("%s: %s", sqlite3_errmsg(database), sql.bytes);
	sqlite3_close(database);
	buffer_done(&sql);
}

static void database_make(const struct rig *rig, const struct rig_options *options)
{
	int people = options->people ? options->people : 20;
	int courses = options->courses ? options->courses : 10;
	files_make_directory(path_of("%s/prepared", program_directory()).text);
	struct path lock_path = path_of("%s/prepared/lock", program_directory());
	int lock = open(lock_path.text, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX) != 0)
		fatal("cannot lock the prepared databases: %s", strerror(errno));
	struct path prepared = prepared_path(people, courses);
	if (files_exist(prepared.text))
		files_copy(prepared.text, rig->database.text);
	else
		database_prepare(rig, people, courses, prepared.text);
	close(lock);
	moodle_make(rig);
}

/* ---- life ---- */

void rig_make(struct rig *rig, const struct rig_options *options)
{
	static const struct rig_options usual;
	options = options ? options : &usual;
	*rig = (struct rig){0};
	root_make(rig);
	config_write(rig, options);
	database_make(rig, options);
	rig_count_before(rig);
}

void rig_remove(struct rig *rig)
{
	for (size_t i = 0; i < rig->drops_count; i++) {
		free(rig->drops[i].feed);
		free(rig->drops[i].name);
	}
	free(rig->drops);
	files_remove(rig->root.text);
	fatal_keep(NULL);
	*rig = (struct rig){0};
}

struct path rig_path(const struct rig *rig, const char *format, ...)
{
	char text[PATH_SIZE];
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= sizeof text)
		fatal("a path is too long: %s...", text);
	return path_of("%.500s/%.500s", rig->directory.text, text);
}

/* ---- drops ---- */

struct path rig_inbox(const struct rig *rig, const char *name)
{
	return rig_path(rig, "inbox/%s", name);
}

void rig_beside(const struct rig *rig, const char *name, const char *bytes)
{
	files_write(rig_inbox(rig, name).text, bytes, strlen(bytes), 0640);
}

void rig_beside_sum(const struct rig *rig, const char *name, const char *of, const char *bytes)
{
	char hash[HASH_SIZE];
	files_hash_bytes(bytes, strlen(bytes), hash);
	rig_beside(rig, name, path_of("%s  %s\n", hash, of).text);
}

void rig_note(struct rig *rig, const char *name, const void *bytes, size_t size)
{
	if (rig->drops_count == rig->drops_room) {
		rig->drops_room = rig->drops_room ? rig->drops_room * 2 : 16;
		rig->drops = realloc(rig->drops, rig->drops_room * sizeof *rig->drops);
	}
	const char *base = path_base(name);
	struct drop drop = {
	    .feed = strdup(path_feed(name).text),
	    .name = strdup(base),
	};
	if (!rig->drops || !drop.feed || !drop.name)
		fatal("out of memory");
	files_hash_bytes(bytes, size, drop.hash);
	struct buffer cut = {0};
	if (rig->kept.bytes)
		files_hash_bytes(rig->kept.bytes, rig->kept.size, drop.cut);
	else if (cut_copy(bytes, size, rig->passwords ? rig->passwords : "password", &cut))
		files_hash_bytes(cut.bytes, cut.size, drop.cut);
	buffer_done(&cut);
	rig->drops[rig->drops_count++] = drop;
}

void rig_drop_bytes(struct rig *rig, const char *name, const void *bytes, size_t size)
{
	struct path staged = path_of("%s/stage/%zu", rig->root.text, rig->drops_count);
	struct path place = rig_inbox(rig, name);
	files_write(staged.text, bytes, size, 0640);
	rig_note(rig, name, bytes, size);
	files_rename(staged.text, place.text);
}

void rig_drop(struct rig *rig, const char *name, const char *text)
{
	rig_drop_bytes(rig, name, text, strlen(text));
}

void rig_drop_long(struct rig *rig, int each)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < 25000; i++)
		buffer_print(
		    &text, "%s%d,C%d\n", i % each == 0 ? "p" : "nobody", i / each + 1, i % 3 + 1);
	if (text.failed)
		fatal("out of memory");
	rig_drop_bytes(rig, "large.csv", text.bytes, text.size);
	buffer_done(&text);
}

void rig_drop_giant(struct rig *rig, const char *name, int rows)
{
	enum { GIANT_PEOPLE = 200, GIANT_COURSES = 20 };
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,course2\n");
	for (int i = 0; i < rows; i++)
		buffer_print(&text, "p%d,C%d,C%d\n", i / GIANT_COURSES % GIANT_PEOPLE + 1,
		    i % GIANT_COURSES + 1, (i + 1) % GIANT_COURSES + 1);
	rig_drop_bytes(rig, name, text.bytes, text.size);
	buffer_done(&text);
}

void rig_move_clock(const struct rig *rig, const char *clock_moved, long seconds)
{
	struct path file = path_of("%s/clock", rig->root.text);
	struct path part = path_of("%s/clock.part", rig->root.text);
	struct path number = path_of("%ld", seconds);
	files_write(part.text, number.text, strlen(number.text), 0640);
	files_rename(part.text, file.text);
	setenv("CLOCK_MOVED", file.text, 1);
	program_preload(clock_moved);
}

struct finished rig_run(const struct rig *rig, int status)
{
	return program_expect(status, ARGV("enrold", "--config", rig->config.text, "--once"));
}

void rig_once(const struct rig *rig)
{
	struct finished finished = rig_run(rig, 0);
	finished_done(&finished);
}
