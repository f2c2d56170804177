#include "enrold/room.h"

#include <sys/statvfs.h>

struct error room_ask(int file, const char *name, uint64_t size, uint64_t more)
{
	struct statvfs disk;
	if (size + more <= ROOM_SMALL || fstatvfs(file, &disk) < 0)
		return OK;
	uint64_t whole = (uint64_t)disk.f_blocks * disk.f_frsize;
	uint64_t left = (uint64_t)disk.f_bavail * disk.f_frsize;
	uint64_t kept = whole / 8 < ROOM_KEPT ? whole / 8 : ROOM_KEPT;
	if (left >= kept + more)
		return OK;
	return error_retry("%s has %llu bytes and would grow; of the %llu that the disk has left, "
	                   "%llu are kept for small files: make room on the disk of the spool",
	    name, (unsigned long long)size, (unsigned long long)left, (unsigned long long)kept);
}
