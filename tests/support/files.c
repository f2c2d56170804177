#include "files.h"

#include "fatal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct path path_of(const char *format, ...)
{
	struct path path;
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(path.text, sizeof path.text, format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= sizeof path.text)
		fatal("a path is too long: %s...", path.text);
	return path;
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

bool text_starts(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

bool text_ends(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);
	return size >= end_size && memcmp(text + size - end_size, end, end_size) == 0;
}

bool files_exist(const char *path)
{
	struct stat stat;
	return lstat(path, &stat) == 0;
}

bool files_exist_packed(const char *path)
{
	return files_exist(path) || files_exist(path_of("%s.gz", path).text);
}

static struct buffer packed_read(const char *path)
{
	struct buffer content = {0};
	char chunk[65536];
	gzFile file = gzopen(path, "rbe");
	if (!file || gzdirect(file))
		fatal("cannot open %s: %s", path, strerror(errno));
	int got;
	while ((got = gzread(file, chunk, sizeof chunk)) > 0)
		buffer_add(&content, chunk, (size_t)got);
	buffer_add_char(&content, '\0');
	if (gzclose_r(file) != Z_OK || got < 0 || content.failed)
		fatal("cannot read %s", path);
	content.size--;
	return content;
}

struct buffer files_read(const char *path)
{
	struct buffer content = {0};
	char chunk[65536];
	if (!files_exist(path) && files_exist_packed(path))
		return packed_read(path_of("%s.gz", path).text);
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0)
		fatal("cannot open %s: %s", path, strerror(errno));
	ssize_t got;
	while ((got = read(file, chunk, sizeof chunk)) > 0)
		buffer_add(&content, chunk, (size_t)got);
	buffer_add_char(&content, '\0');
	if (got < 0 || content.failed)
		fatal("cannot read %s: %s", path, strerror(errno));
	content.size--;
	close(file);
	return content;
}

void files_write(const char *path, const void *bytes, size_t size, mode_t mode)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (file < 0)
		fatal("cannot make %s: %s", path, strerror(errno));
	const char *next = bytes;
	while (size > 0) {
		ssize_t put = write(file, next, size);
		if (put < 0)
			fatal("cannot write %s: %s", path, strerror(errno));
		next += put;
		size -= (size_t)put;
	}
	if (close(file) != 0)
		fatal("cannot close %s: %s", path, strerror(errno));
}

void files_copy(const char *from, const char *to)
{
	struct buffer content = files_read(from);
	files_write(to, content.bytes, content.size, 0640);
	buffer_done(&content);
}

void files_rename(const char *from, const char *to)
{
	if (rename(from, to) != 0)
		fatal("cannot rename %s to %s: %s", from, to, strerror(errno));
}

void files_make_directory(const char *path)
{
	struct path part = path_of("%s", path);
	for (char *slash = part.text + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(part.text, 0750) != 0 && errno != EEXIST)
			fatal("cannot make %s: %s", part.text, strerror(errno));
		*slash = '/';
	}
	if (mkdir(part.text, 0750) != 0 && errno != EEXIST)
		fatal("cannot make %s: %s", part.text, strerror(errno));
}

void files_remove(const char *path)
{
	struct listing listing = files_list(path);
	for (size_t i = listing.count; i > 0; i--) {
		struct path below = path_of("%s/%s", path, listing.entries[i - 1].path);
		if (remove(below.text) != 0)
			fatal("cannot remove %s: %s", below.text, strerror(errno));
	}
	listing_done(&listing);
	if (remove(path) != 0 && errno != ENOENT)
		fatal("cannot remove %s: %s", path, strerror(errno));
}

void files_hash_bytes(const void *bytes, size_t size, char hash[HASH_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_size = 0;
	if (!EVP_Digest(bytes, size, digest, &digest_size, EVP_sha256(), NULL))
		fatal("cannot hash");
	for (unsigned int i = 0; i < digest_size; i++)
		snprintf(hash + (size_t)i * 2, 3, "%02x", digest[i]);
}

void files_hash(const char *path, char hash[HASH_SIZE])
{
	struct buffer content = files_read(path);
	files_hash_bytes(content.bytes, content.size, hash);
	buffer_done(&content);
}

/* ---- listings ---- */

static void listing_add(struct listing *listing, const char *path, mode_t mode)
{
	if (listing->count == listing->room) {
		listing->room = listing->room ? listing->room * 2 : 64;
		listing->entries =
		    realloc(listing->entries, listing->room * sizeof *listing->entries);
	}
	char *copy = strdup(path);
	if (!listing->entries || !copy)
		fatal("out of memory");
	listing->entries[listing->count++] = (struct listing_entry){copy, mode};
}

static void listing_walk(struct listing *listing, const char *root, const char *below)
{
	struct path here = path_of("%s%s%s", root, *below ? "/" : "", below);
	DIR *directory = opendir(here.text);
	if (!directory)
		return;
	struct dirent *entry;
	while ((entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		struct path path = path_of("%s%s%s", below, *below ? "/" : "", entry->d_name);
		struct stat stat;
		if (fstatat(dirfd(directory), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
			continue; /* gone meanwhile */
		listing_add(listing, path.text, stat.st_mode);
		if (S_ISDIR(stat.st_mode))
			listing_walk(listing, root, path.text);
	}
	closedir(directory);
}

static int entry_compare(const void *a, const void *b)
{
	const struct listing_entry *x = a, *y = b;
	return strcmp(x->path, y->path);
}

struct listing files_list(const char *directory)
{
	struct listing listing = {0};
	struct stat stat;
	if (lstat(directory, &stat) != 0 || !S_ISDIR(stat.st_mode))
		return listing;
	listing_walk(&listing, directory, "");
	if (listing.count > 0)
		qsort(listing.entries, listing.count, sizeof *listing.entries, entry_compare);
	return listing;
}

void listing_done(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->entries[i].path);
	free(listing->entries);
	*listing = (struct listing){0};
}

struct path path_feed(const char *below)
{
	struct path feed = path_of("%.*s", (int)(path_base(below) - below), below);
	size_t length = strlen(feed.text);
	while (length > 0 && feed.text[length - 1] == '/')
		feed.text[--length] = '\0';
	if (strcmp(feed.text, "preview") == 0)
		length = 0;
	else if (text_ends(feed.text, "/preview"))
		length -= strlen("/preview");
	feed.text[length] = '\0';
	return length > 0 ? feed : path_of("default");
}

bool files_immutable(const char *path, bool is)
{
	int flags = is ? FS_IMMUTABLE_FL : 0;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	bool is_set = file >= 0 && ioctl(file, FS_IOC_SETFLAGS, &flags) == 0;
	if (file >= 0)
		close(file);
	return is_set;
}
