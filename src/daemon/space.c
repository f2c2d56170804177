#include "space.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

struct size_text {
	char text[16];
};

static struct size_text size_of(unsigned long long bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	struct size_text size;
	double value = (double)bytes;
	size_t unit = 0;
	for (; value >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
		value /= 1024;
	snprintf(
	    size.text, sizeof size.text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
	return size;
}

/* What a process without privileges may still use. */
static void disk_describe(const char *path, const char *what, char *text, size_t size)
{
	struct statvfs disk;
	if (statvfs(path, &disk) < 0)
		return;
	struct size_text left = size_of((unsigned long long)disk.f_bavail * disk.f_frsize);
	struct size_text all = size_of((unsigned long long)disk.f_blocks * disk.f_frsize);
	size_t used = strlen(text);
	snprintf(text + used, size - used, "; of the disk of %s (%s) %s of %s are free%s", path,
	    what, left.text, all.text,
	    disk.f_files > 0 && disk.f_favail == 0 ? ", and no more files can be made" : "");
}

bool space_database_folder(const struct config *config, char folder[PATH_MAX])
{
	static const char scheme[] = "sqlite:";
	const char *path = config->lms.url + strlen(scheme), *slash;
	if (strncmp(config->lms.url, scheme, strlen(scheme)) != 0 || !(slash = strrchr(path, '/')))
		return false;
	snprintf(folder, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return true;
}

void space_describe(
    const struct config *config, const struct error *error, char text[SPACE_TEXT_SIZE])
{
	char folder[PATH_MAX];
	struct stat spool, database;
	text[0] = '\0';
	if (!error->is_full)
		return;
	disk_describe(config->spool, "the spool", text, SPACE_TEXT_SIZE);
	if (space_database_folder(config, folder) && stat(folder, &database) == 0 &&
	    (stat(config->spool, &spool) < 0 || spool.st_dev != database.st_dev))
		disk_describe(folder, "the database", text, SPACE_TEXT_SIZE);
}
