/* Room for the spool and the database, in bytes and in files, and whose disk it is. */
#include "check.h"

#include "enrold/room.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MIB = 1 << 20, PERCENT = 100, LOW = 5, FILES_KEPT = 1000 };

enum finding check_disk_judge(const struct check_disk *disk, char text[CHECK_TEXT_SIZE])
{
	unsigned long long free_mib = disk->free_bytes / MIB, all_mib = disk->bytes / MIB;
	const char *where = disk->network ? disk->network : "this machine's disk";
	if (disk->free_bytes < ROOM_KEPT) {
		snprintf(text, CHECK_TEXT_SIZE,
		    "%s is full: %llu of %llu MiB are free, and files wait for room", where,
		    free_mib, all_mib);
		return FINDING_BAD;
	}
	if (disk->files > 0 && disk->free_files < FILES_KEPT) {
		snprintf(text, CHECK_TEXT_SIZE,
		    "%s takes %llu more files only (inodes): remove some, or move to another",
		    where, (unsigned long long)disk->free_files);
		return FINDING_BAD;
	}
	bool is_low = disk->free_bytes / PERCENT * PERCENT < disk->bytes / PERCENT * LOW;
	const char *more =
	    is_low ? "; make room before it is full"
	    : disk->network
	        ? "; other machines may write there: see On a network file system in enrold(8)"
	        : "";
	snprintf(text, CHECK_TEXT_SIZE, "%llu of %llu MiB are free on %s%s", free_mib, all_mib,
	    where, more);
	return is_low || disk->network ? FINDING_NOTE : FINDING_GOOD;
}

static void disk_check(const char *about, const char *folder, struct findings *findings)
{
	struct statvfs status;
	char text[CHECK_TEXT_SIZE];
	int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || fstatvfs(directory, &status) < 0) {
		findings_add(findings, FINDING_NOTE, about, "%s cannot be looked at", folder);
	} else {
		struct check_disk disk = {(uint64_t)status.f_bavail * status.f_frsize,
		    (uint64_t)status.f_blocks * status.f_frsize, status.f_favail, status.f_files,
		    spool_network(directory)};
		enum finding finding = check_disk_judge(&disk, text);
		findings_add(findings, finding, about, "%s", text);
	}
	if (directory >= 0)
		close(directory);
}

/* The database's own, where it is another disk. */
void check_disks(const struct config *config, struct findings *findings)
{
	char path[PATH_MAX];
	struct stat spool, database;
	disk_check("disk", config->spool, findings);
	if (!check_database_path(config, path))
		return;
	*strrchr(path, '/') = '\0';
	if (stat(*path ? path : "/", &database) == 0 && stat(config->spool, &spool) == 0 &&
	    spool.st_dev != database.st_dev)
		disk_check("database disk", *path ? path : "/", findings);
}
