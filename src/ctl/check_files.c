/* Files that hold secrets or people: who may read the settings, keys and passwords, and whether the
 * daemon, and nobody else, has the SQLite database. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SQLITE "sqlite:"
#define PASSFILE "passfile="

enum {
	FILES_MAX = 8,
	MODE_OPEN = 0644,
	MODE_SECRET = 0640,
	MODE_DATABASE = 0660,
	BYTE = 256,
};

/* One of them, as it ought to be. */
struct guarded {
	char path[PATH_MAX];
	const char *what;
	mode_t most;
	bool is_database;
};

struct guarded_files {
	struct guarded list[FILES_MAX];
	size_t count;
};

static void add(struct guarded_files *files, const char *what, const char *path, mode_t most)
{
	struct guarded *file = &files->list[files->count++];
	*file = (struct guarded){.what = what, .most = most};
	snprintf(file->path, sizeof file->path, "%s", path);
}

/* ---- which there are ---- */

bool check_database_path(const struct config *config, char path[PATH_MAX])
{
	if (strncmp(config->lms.url, SQLITE, strlen(SQLITE)) != 0)
		return false;
	snprintf(path, PATH_MAX, "%s", config->lms.url + strlen(SQLITE));
	return true;
}

static bool url_has_password(const char *url)
{
	const char *host = strstr(url, "://"), *at = host ? strchr(host, '@') : NULL;
	return at && memchr(host + strlen("://"), ':', (size_t)(at - host) - strlen("://"));
}

static void unescape(const char *from, size_t size, char path[PATH_MAX])
{
	size_t used = 0;
	for (size_t i = 0; i < size && used + 1 < PATH_MAX; i++) {
		char digits[3] = {0};
		bool is_escape = from[i] == '%' && i + 2 < size;
		if (is_escape)
			memcpy(digits, from + i + 1, 2);
		path[used++] = is_escape ? (char)(strtoul(digits, NULL, 16) % BYTE) : from[i];
		i += is_escape ? 2 : 0;
	}
	path[used] = '\0';
}

static void database_add(struct guarded_files *files, const struct config *config)
{
	static const char *const tails[] = {"", "-wal", "-shm"};
	char path[PATH_MAX], file[PATH_MAX];
	if (!check_database_path(config, path))
		return;
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		snprintf(file, sizeof file, "%.4000s%s", path, tails[i]);
		add(files, "database", file, MODE_DATABASE);
		files->list[files->count - 1].is_database = true;
	}
}

static void files_find(const struct check_spool *spool, struct guarded_files *files)
{
	const struct config *config = spool->config;
	const char *passfile = strstr(config->lms.url, PASSFILE), *key = config->checkpoints.key;
	char path[PATH_MAX];
	*files = (struct guarded_files){.count = 0};
	add(files, "settings", spool->config_path,
	    url_has_password(config->lms.url) ? MODE_SECRET : MODE_OPEN);
	if (passfile) {
		passfile += strlen(PASSFILE);
		unescape(passfile, strcspn(passfile, "&"), path);
		add(files, "password", path, MODE_SECRET);
	}
	if (key && *key == '/')
		add(files, "key", key, MODE_SECRET);
	database_add(files, config);
}

/* ---- as they are ---- */

static bool file_look(const char *path, struct access *access)
{
	int file = open(path, O_PATH | O_CLOEXEC);
	bool is_seen = file >= 0 && places_stat(file, access);
	int why = errno;
	if (file >= 0)
		close(file);
	errno = why;
	return is_seen;
}

static bool folder_look(const char *path, struct access *access)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	snprintf(folder, sizeof folder, "%.*s",
	    slash == path ? 1
	    : slash       ? (int)(slash - path)
	                  : 1,
	    slash ? path : ".");
	return file_look(folder, access);
}

static bool file_may(const struct guarded *file, const struct person *person, unsigned bits)
{
	struct access folder, access;
	return folder_look(file->path, &folder) && file_look(file->path, &access) &&
	       access_may(&folder, person, ACCESS_PASS) && access_may(&access, person, bits);
}

bool check_files_may(
    const struct check_spool *spool, const struct person *person, char text[CHECK_TEXT_SIZE])
{
	struct guarded_files files;
	files_find(spool, &files);
	for (size_t i = 0; i < files.count; i++) {
		const struct guarded *file = &files.list[i];
		bool writes = file_may(file, person, ACCESS_WRITE);
		bool reads = file->most != MODE_OPEN && file_may(file, person, ACCESS_READ);
		if (!writes && !reads)
			continue;
		snprintf(text, CHECK_TEXT_SIZE, "%s the %s %.200s", writes ? "write to" : "read",
		    file->what, file->path);
		return true;
	}
	return false;
}

/* ---- what is wrong ---- */

/* Why the daemon could not write to its database; "": it can. */
static void database_judge(
    const struct check_spool *spool, const struct guarded *file, char text[CHECK_TEXT_SIZE])
{
	const struct person daemon = {spool->owner.user, &spool->owner.group, 1};
	struct access access, folder;
	text[0] = '\0';
	if (!file_look(file->path, &access) || !folder_look(file->path, &folder))
		return;
	if (!access_may(&access, &daemon, ACCESS_READ | ACCESS_WRITE))
		snprintf(text, CHECK_TEXT_SIZE,
		    "%.200s is user %u's, mode %04o, and the daemon cannot write to it: chown it "
		    "to the daemon's user",
		    file->path, (unsigned)access.user, (unsigned)access.mode);
	else if (!access_may(&folder, &daemon, ACCESS_WRITE | ACCESS_PASS))
		snprintf(text, CHECK_TEXT_SIZE,
		    "the daemon cannot make files beside %.200s, as SQLite has to: chown the "
		    "folder "
		    "to the daemon's user",
		    file->path);
	else if (folder.mode & 0002 && !(folder.mode & 01000))
		snprintf(text, CHECK_TEXT_SIZE,
		    "everybody could put another file in the place of %.200s: chmod o-w its folder",
		    file->path);
}

/* True: something was said of it. */
static bool file_check(
    const struct check_spool *spool, const struct guarded *file, struct findings *findings)
{
	struct access access;
	char text[CHECK_TEXT_SIZE] = "";
	if (!file_look(file->path, &access)) {
		if (errno == ENOENT && file->is_database) /* the site's own lines say that */
			return false;
		findings_add(findings, errno == ENOENT ? FINDING_BAD : FINDING_NOTE, file->what,
		    "%s: %s", file->path, strerror(errno));
		return true;
	}
	mode_t mode = access_effective(&access) & 0777;
	if (mode & ~file->most)
		findings_add(findings, FINDING_BAD, file->what,
		    "%s has mode %04o, and others may %s it: chmod %04o, or `sudo enrolctl check "
		    "--fix`",
		    file->path, (unsigned)mode, mode & ~file->most & 0444 ? "read" : "change",
		    (unsigned)(mode & file->most));
	if (file->is_database)
		database_judge(spool, file, text);
	if (*text)
		findings_add(findings, FINDING_BAD, file->what, "%s", text);
	return *text || (mode & ~file->most);
}

void check_files(const struct check_spool *spool, struct findings *findings)
{
	struct guarded_files files;
	bool is_wrong = false;
	files_find(spool, &files);
	for (size_t i = 0; i < files.count; i++)
		is_wrong |= file_check(spool, &files.list[i], findings);
	if (!is_wrong)
		findings_add(findings, FINDING_GOOD, "secrets",
		    "nobody else may read what holds passwords, keys or people");
}

static void mended_tell(const struct place_mending *mending, const struct guarded *file,
    const char *format, ...) PRINTF_LIKE(3, 4);

static void mended_tell(
    const struct place_mending *mending, const struct guarded *file, const char *format, ...)
{
	char text[CHECK_TEXT_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	mending->on_mended(mending->context, true, file->what, text);
}

static void file_mend(const struct check_spool *spool, const struct place_mending *mending,
    const struct guarded *file)
{
	struct access access;
	char why[CHECK_TEXT_SIZE] = "";
	if (!file_look(file->path, &access))
		return;
	mode_t mode = access_effective(&access) & 0777;
	if (mode & ~file->most && place_narrow(file->path, file->most))
		mended_tell(mending, file, "%.200s: mode %04o, now %04o", file->path,
		    (unsigned)mode, (unsigned)(mode & file->most));
	if (file->is_database)
		database_judge(spool, file, why);
	if (*why && access.user == 0 && place_give(file->path, &spool->owner))
		mended_tell(mending, file, "%.200s: was root's, is the daemon's now", file->path);
}

void check_files_mend(const struct check_spool *spool, const struct place_mending *mending)
{
	struct guarded_files files;
	files_find(spool, &files);
	for (size_t i = 0; i < files.count; i++)
		file_mend(spool, mending, &files.list[i]);
}
