/* Files that hold secrets or people: who may read the settings, keys and passwords, as they are or
 * as the units are given them, and whether the daemon, and nobody else, has the SQLite database. */
#include "check.h"

#include "enrold/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SQLITE "sqlite:"
#define PASSFILE "passfile="
/* Where the units take their credentials from, and where what runs in one finds them. */
#define STORE "/etc/credstore/enrold."
#define IN_UNIT "/run/credentials/enrold.service/"

enum {
	FILES_MAX = 24,
	FEEDS_FILES_MAX =
	    16, /* of these; the others are those of the settings, and the database's */
	MODE_OPEN = 0644,
	MODE_SECRET = 0640,
	MODE_STORED = 0600,
	MODE_DATABASE = 0660,
};

/* One of them, as it ought to be. */
struct guarded {
	char path[PATH_MAX];
	const char *what;
	mode_t most;
	bool is_database;
	bool is_optional; /* that it is not there is no matter of ours */
};

struct guarded_files {
	struct guarded list[FILES_MAX];
	size_t count;
};

static struct guarded *add(
    struct guarded_files *files, const char *what, const char *path, mode_t most)
{
	struct guarded *file = &files->list[files->count++];
	*file = (struct guarded){.what = what, .most = most};
	snprintf(file->path, sizeof file->path, "%s", path);
	return file;
}

/* ---- which there are ---- */

bool check_database_path(const struct config *config, char path[PATH_MAX])
{
	if (strncmp(config->lms.url, SQLITE, strlen(SQLITE)) != 0)
		return false;
	snprintf(path, PATH_MAX, "%s", config->lms.url + strlen(SQLITE));
	return true;
}

static void database_add(struct guarded_files *files, const struct config *config)
{
	static const char *const tails[] = {"", "-wal", "-shm"};
	char path[PATH_MAX], file[PATH_MAX];
	if (!check_database_path(config, path))
		return;
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		snprintf(file, sizeof file, "%.4000s%s", path, tails[i]);
		struct guarded *added = add(files, "database", file, MODE_DATABASE);
		added->is_database = added->is_optional = true; /* the site's own lines say that */
	}
}

/* Of a path, or the name of a credential; NULL: there is none. A unit starts without a credential
 * that is not there, or may be given it from elsewhere. */
static void secret_add(struct guarded_files *files, const char *what, const char *name)
{
	char path[PATH_MAX];
	if (name && strncmp(name, IN_UNIT, strlen(IN_UNIT)) == 0)
		name += strlen(IN_UNIT);
	if (name && *name == '/') {
		add(files, what, name, MODE_SECRET);
	} else if (name) {
		snprintf(path, sizeof path, STORE "%.255s", name);
		add(files, what, path, MODE_STORED)->is_optional = true;
	}
}

/* A folder of keys is looked at with its keys. Several feeds may have one. */
static void credential_add(struct guarded_files *files, const char *name)
{
	char path[PATH_MAX];
	if (!name || *name == '/' || files->count == FEEDS_FILES_MAX)
		return;
	snprintf(path, sizeof path, STORE "%.255s", name);
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->list[i].path, path) == 0)
			return;
	secret_add(files, "key of encrypted files", name);
}

/* Whoever knows the URL of a webhook may make use of it. */
static bool settings_are_secret(const struct config *config)
{
	bool is_secret = secret_is_in_url(config->lms.url);
	for (size_t i = 0; i < config->feeds_count; i++)
		is_secret |= config->feeds[i].policy.notify.webhook != NULL;
	return is_secret;
}

static void files_find(const struct check_spool *spool, struct guarded_files *files)
{
	const struct config *config = spool->config;
	const char *passfile = strstr(config->lms.url, PASSFILE);
	char room[SECRET_MAX], path[PATH_MAX];
	*files = (struct guarded_files){.count = 0};
	add(files, "settings", spool->config_path,
	    settings_are_secret(config) ? MODE_SECRET : MODE_OPEN);
	if (passfile) {
		passfile += strlen(PASSFILE);
		struct slice name = {passfile, strcspn(passfile, "&")};
		snprintf(path, sizeof path, "%.*s", SLICE_ARG(secret_unescape(name, room)));
	}
	secret_add(files, "password", passfile ? path : "lms-password");
	secret_add(files, "key", config->checkpoints.key);
	secret_add(files, "mail password", config->mail.credential);
	secret_add(files, "webhook key", config->webhook.key);
	for (size_t i = 0; i < config->feeds_count; i++)
		credential_add(files, config->feeds[i].policy.pgp.home);
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
		bool is_missing = errno == ENOENT;
		if (is_missing && file->is_optional)
			return false;
		findings_add(findings, is_missing ? FINDING_BAD : FINDING_NOTE, file->what,
		    is_missing ? "%s is not there: put it there, or name another in the settings"
		               : "%s: we may not look: ask as root",
		    file->path);
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

static void mended_tell(const struct place_mending *mending, bool is_mended,
    const struct guarded *file, const char *format, ...) PRINTF_LIKE(4, 5);

static void mended_tell(const struct place_mending *mending, bool is_mended,
    const struct guarded *file, const char *format, ...)
{
	char text[CHECK_TEXT_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	mending->on_mended(mending->context, is_mended, file->what, text);
}

static void mode_mend(const struct place_mending *mending, const struct guarded *file, mode_t mode)
{
	if (place_narrow(file->path, file->most))
		mended_tell(mending, true, file, "%.200s: mode %04o, now %04o", file->path,
		    (unsigned)mode, (unsigned)(mode & file->most));
	else
		mended_tell(mending, false, file,
		    "%.200s is a link, or has a second name, and is left as it is: see where it "
		    "leads, then chmod %04o by hand",
		    file->path, (unsigned)(mode & file->most));
}

static void file_mend(const struct check_spool *spool, const struct place_mending *mending,
    const struct guarded *file)
{
	struct access access;
	char why[CHECK_TEXT_SIZE] = "";
	if (!file_look(file->path, &access))
		return;
	mode_t mode = access_effective(&access) & 0777;
	if (mode & ~file->most)
		mode_mend(mending, file, mode);
	if (file->is_database)
		database_judge(spool, file, why);
	if (*why && access.user == 0 && place_give(file->path, &spool->owner))
		mended_tell(
		    mending, true, file, "%.200s: was root's, is the daemon's now", file->path);
}

void check_files_mend(const struct check_spool *spool, const struct place_mending *mending)
{
	struct guarded_files files;
	files_find(spool, &files);
	for (size_t i = 0; i < files.count; i++)
		file_mend(spool, mending, &files.list[i]);
}
