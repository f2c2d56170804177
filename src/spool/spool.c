#include "enrold/spool.h"

#include "enrold/disk.h"
#include "enrold/names.h"
#include "enrold/notice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Inputs hold personal data and work/ is nobody else's business. */
enum { MODE_PLACE = 0750, MODE_WORK = 0700 };

enum { LOCK_NAME_SIZE = 80 };

#define DEFAULT_FEED "default"

static struct error root_open(const char *path, int *root)
{
	if (mkdir(path, MODE_PLACE) < 0 && errno != EEXIST)
		return error_at_start(error_errno("cannot make the spool %s", path));
	*root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *root < 0 ? error_at_start(error_errno("cannot open the spool %s", path)) : OK;
}

static struct error lock_refuse(int lock, const char *path)
{
	char pid[24] = "";
	ssize_t size = pread(lock, pid, sizeof pid - 1, 0);
	pid[size > 0 ? strcspn(pid, "\n") : 0] = '\0';
	return error_retry(
	    "the spool %s is in use by another enrold, pid %s", path, *pid ? pid : "unknown");
}

/* A spool that is shared is locked by each node for itself. */
static void lock_name(const struct config *config, char name[LOCK_NAME_SIZE])
{
	if (config_is_shared(config))
		snprintf(name, LOCK_NAME_SIZE, ".lock-%s", config->node);
	else
		snprintf(name, LOCK_NAME_SIZE, ".lock");
}

static struct error lock_take(struct spool *spool, const struct config *config)
{
	const char *path = config->spool;
	char name[LOCK_NAME_SIZE];
	lock_name(config, name);
	spool->lock = openat(spool->root, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (spool->lock < 0)
		return error_at_start(error_errno("cannot open %s/%s", path, name));
	if (flock(spool->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? lock_refuse(spool->lock, path)
		                            : error_errno("cannot lock %s/%s", path, name);
	/* A courtesy to whoever is refused: a full disk is no reason to stop. */
	char pid[24];
	int length = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(spool->lock, 0) == 0) {
		ssize_t ignored = pwrite(spool->lock, pid, (size_t)length, 0);
		(void)ignored;
	}
	return OK;
}

/* A line of /proc/locks: "1: FLOCK  ADVISORY  WRITE 4711 08:02:131073 0 EOF". Some file systems
 * number their device otherwise there than stat does: then the pid that the lock's file holds has
 * to do. */
static bool is_lock_of(const char *line, const struct stat *stat, const char *pid)
{
	unsigned long inode;
	unsigned major, minor;
	char kind[16], holder[24];
	if (sscanf(line, "%*s %15s %*s %*s %23s %x:%x:%lu", kind, holder, &major, &minor, &inode) !=
	        5 ||
	    strcmp(kind, "FLOCK") != 0 || inode != stat->st_ino)
		return false;
	return makedev(major, minor) == stat->st_dev || strcmp(holder, pid) == 0;
}

static bool is_locked(const struct stat *stat, const char *pid)
{
	char line[256];
	bool is_found = false;
	FILE *locks = fopen("/proc/locks", "re");
	while (locks && !is_found && fgets(line, sizeof line, locks))
		is_found = is_lock_of(line, stat, pid);
	if (locks)
		fclose(locks);
	return is_found || !locks;
}

bool spool_is_taken(const struct config *config)
{
	char name[LOCK_NAME_SIZE], path[PATH_MAX], pid[24] = "";
	struct stat status;
	lock_name(config, name);
	snprintf(path, sizeof path, "%s/%s", config->spool, name);
	if (stat(path, &status) < 0)
		return errno != ENOENT;
	int lock = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = lock < 0 ? 0 : pread(lock, pid, sizeof pid - 1, 0);
	pid[size > 0 ? strcspn(pid, "\n") : 0] = '\0';
	if (lock >= 0)
		close(lock);
	return is_locked(&status, pid);
}

struct error spool_check_lock(const struct spool *spool, const struct config *config)
{
	char name[LOCK_NAME_SIZE];
	struct stat ours, there;
	lock_name(config, name);
	if (fstat(spool->lock, &ours) < 0 ||
	    fstatat(spool->root, name, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno("cannot look at %s/%s", config->spool, name);
	if (ours.st_dev != there.st_dev || ours.st_ino != there.st_ino)
		return error_retry(
		    "%s/%s is another file than the one we locked", config->spool, name);
	/* Ours still: nothing happens. Lost: it is taken again, or somebody else has it. */
	if (flock(spool->lock, LOCK_EX | LOCK_NB) < 0)
		return error_errno("the lock %s/%s was lost", config->spool, name);
	return OK;
}

static struct error work_open(struct spool *spool, const char *node)
{
	int work;
	struct error error = disk_open_directory(spool->root, "work", MODE_WORK, &work);
	if (is_error(&error))
		return error;
	error = disk_open_directory(work, node, MODE_WORK, &spool->work);
	close(work);
	return error;
}

struct error spool_open_outbox(const struct spool *spool, const char *feed, int *directory)
{
	const char *name = strcmp(feed, DEFAULT_FEED) == 0 ? "." : feed;
	struct error error = disk_open_directory(spool->outbox, name, MODE_PLACE, directory);
	return is_error(&error) ? error_wrap(error_own(error, OWNER_FOLDER), "outbox") : OK;
}

struct error spool_open_aftercare(const struct spool *spool, int *directory)
{
	return disk_open_directory(spool->root, "aftercare", MODE_PLACE, directory);
}

struct error spool_open_index(const struct spool *spool, int *directory)
{
	return disk_open_directory(spool->root, "index", MODE_PLACE, directory);
}

struct error spool_open_listed(const struct spool *spool, int *directory)
{
	return disk_open_directory(spool->root, "listed", MODE_PLACE, directory);
}

static struct error device_check(const struct spool *spool, int directory, const char *name)
{
	struct stat root, stat;
	if (fstat(spool->root, &root) < 0 || fstat(directory, &stat) < 0)
		return error_errno("cannot look at %s", name);
	if (root.st_dev != stat.st_dev)
		return error_config("%s lies on another file system than the spool: a file must be "
		                    "moved between them in one step",
		    name);
	return OK;
}

/* What is wrong with one feed's folders is found again, and said, by whoever scans them. */
static struct error unless_of_folder(struct error error)
{
	return error.owner == OWNER_FOLDER ? OK : error;
}

static struct error lane_make(const struct spool *spool, const struct lane *lane)
{
	int directory;
	struct error error = spool_make_inbox(spool, lane, &directory);
	if (!is_error(&error))
		close(directory);
	return unless_of_folder(error);
}

static struct error feed_make(const struct spool *spool, const char *feed)
{
	struct lane lane = {.is_preview = false};
	snprintf(lane.feed, sizeof lane.feed, "%s", feed);
	struct error error = lane_make(spool, &lane);
	lane.is_preview = true;
	if (!is_error(&error))
		error = lane_make(spool, &lane);
	if (is_error(&error))
		return error;
	int directory;
	error = spool_open_outbox(spool, feed, &directory);
	if (!is_error(&error))
		close(directory);
	return unless_of_folder(error);
}

/* Whoever made what is in them may have been killed before it would outlast a power cut. */
static struct error all_sync(const struct spool *spool, const char *const *names, size_t count)
{
	struct error error = OK;
	for (size_t i = 0; i < count && !is_error(&error); i++)
		error = disk_sync(spool->root, names[i]);
	return error;
}

/* What people are told is queued there; where that cannot be had, whoever queues says so. */
static void queue_make(const struct config *config, const struct spool *spool)
{
	int queue;
	size_t i = 0;
	while (i < config->feeds_count && !policy_tells(&config->feeds[i].policy))
		i++;
	if (i == config->feeds_count)
		return;
	struct error error = notice_open_queue(spool->root, &queue);
	if (!is_error(&error))
		close(queue);
}

struct error spool_open_feeds(const struct config *config, const struct spool *spool)
{
	static const char *const above[] = {"inbox", "outbox"};
	struct error error = feed_make(spool, DEFAULT_FEED);
	for (size_t i = 0; i < config->feeds_count && !is_error(&error); i++)
		error = feed_make(spool, config->feeds[i].name);
	queue_make(config, spool);
	return is_error(&error) ? error : all_sync(spool, above, 2);
}

/* Without an inbox there is nothing to do: what is wrong with that one is everybody's. */
static struct error inbox_make(const struct spool *spool)
{
	static const struct lane lane = {.feed = DEFAULT_FEED};
	int directory;
	struct error error = spool_make_inbox(spool, &lane, &directory);
	error.owner = OWNER_MACHINE;
	if (is_error(&error))
		return error;
	spool_guard_inbox(directory);
	close(directory);
	return OK;
}

static struct error aftercare_make(const struct spool *spool)
{
	int directory;
	struct error error = spool_open_aftercare(spool, &directory);
	if (is_error(&error))
		return error;
	error = device_check(spool, directory, "aftercare");
	close(directory);
	return error;
}

static struct error places_open(struct spool *spool, const struct config *config)
{
	const struct {
		const char *name;
		int *directory;
	} places[] = {{"held", &spool->late}, {"outbox", &spool->outbox},
	    {"archive", &spool->archive}, {"quarantine", &spool->quarantine},
	    {"orders", &spool->orders}};
	struct error error = work_open(spool, config->node);
	if (!is_error(&error))
		error = device_check(spool, spool->work, "work");
	for (size_t i = 0; i < sizeof places / sizeof *places && !is_error(&error); i++) {
		error = disk_open_directory(
		    spool->root, places[i].name, MODE_PLACE, places[i].directory);
		if (!is_error(&error))
			error = device_check(spool, *places[i].directory, places[i].name);
	}
	if (!is_error(&error) && config->lms.aftercare)
		error = aftercare_make(spool);
	if (!is_error(&error))
		error = inbox_make(spool);
	static const char *const above[] = {".", "work"};
	if (!is_error(&error))
		error = all_sync(spool, above, 2);
	return is_error(&error) ? error_wrap(error_at_start(error), "spool %s", config->spool) : OK;
}

const char *spool_network(int directory)
{
	static const struct {
		unsigned magic;
		const char *name;
	} networks[] = {{0x6969, "NFS"}, {0x517B, "SMB"}, {0xFF534D42, "CIFS"},
	    {0xFE534D42, "SMB2"}, {0x65735546, "FUSE"}, {0x00C36400, "Ceph"}, {0x01021997, "9P"},
	    {0x5346414F, "AFS"}, {0x0BD00BD0, "Lustre"}, {0x01161970, "GFS2"},
	    {0x7461636F, "OCFS2"}};
	struct statfs status;
	if (fstatfs(directory, &status) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
		if ((unsigned)status.f_type == networks[i].magic)
			return networks[i].name;
	return NULL;
}

struct error spool_open(const struct config *config, struct spool *spool)
{
	*spool = SPOOL_CLOSED;
	struct error error = root_open(config->spool, &spool->root);
	if (!is_error(&error))
		spool->network = spool_network(spool->root);
	if (!is_error(&error))
		error = lock_take(spool, config);
	if (!is_error(&error))
		error = places_open(spool, config);
	if (is_error(&error))
		spool_close(spool);
	return error;
}

void spool_close(struct spool *spool)
{
	int *directories[] = {&spool->root, &spool->lock, &spool->work, &spool->late,
	    &spool->outbox, &spool->archive, &spool->quarantine, &spool->orders};
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		if (*directories[i] >= 0)
			close(*directories[i]);
		*directories[i] = -1;
	}
}

static bool is_folder(int directory, const struct dirent *entry)
{
	struct stat stat;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(directory, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(stat.st_mode);
}

size_t spool_count_files(int directory)
{
	size_t count = 0;
	const struct dirent *entry;
	DIR *listing = disk_list(directory);
	while (listing && (entry = readdir(listing)))
		count += name_classify(entry->d_name) == NAME_INPUT &&
		         !strstr(entry->d_name, ".reason.txt") && !is_folder(directory, entry);
	if (listing)
		closedir(listing);
	return count;
}

bool spool_has_quarantined(const struct spool *spool, const char *run)
{
	char mark[64];
	bool is_there = false;
	const struct dirent *entry;
	DIR *listing = disk_list(spool->quarantine);
	snprintf(mark, sizeof mark, ".%s.", run);
	while (listing && !is_there && (entry = readdir(listing)))
		is_there = strstr(entry->d_name, mark);
	if (listing)
		closedir(listing);
	return is_there;
}
