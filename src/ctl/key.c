/*
 * enrolctl key ...: the key that signs checkpoints. What is told of it is its public half alone.
 */
#include "ctl.h"

#include "enrold/checkpoints.h"
#include "enrold/disk.h"
#include "enrold/note.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* That of the configuration, also while it has no checkpoints. */
static void origin_find(const struct config *config, char origin[NOTE_ORIGIN_MAX + 1])
{
	const char *given = config->checkpoints.origin;
	snprintf(origin, NOTE_ORIGIN_MAX + 1, "%s%s", given ? "" : "enrold/",
	    given ? given : config->node);
}

/* ---- telling of it ---- */

static enum ctl_exit json_tell(
    const char *origin, const char *hash, struct slice verifier, struct slice pem)
{
	json_t *told = json_pack("{s:s, s:s, s:s%, s:s%}", "origin", origin, "hash", hash, "key",
	    verifier.bytes, verifier.size, "pem", pem.bytes, pem.size);
	int failed = json_dumpf(told, stdout, JSON_COMPACT);
	failed |= putchar('\n') == EOF || fflush(stdout) != 0;
	json_decref(told);
	return failed ? CTL_TRY_LATER : CTL_OK;
}

static enum ctl_exit public_tell(const struct ctl *ctl, const struct note_key *key)
{
	char origin[NOTE_ORIGIN_MAX + 1], hash[NOTE_KEY_HASH_SIZE + 1];
	struct buffer text = {0};
	origin_find(ctl->config, origin);
	struct error error = note_key_hash(key, origin, hash);
	if (!is_error(&error))
		error = note_key_format_public(key, origin, &text);
	enum ctl_exit status = CTL_OK;
	struct slice pem = buffer_slice(&text);
	if (is_error(&error)) {
		status = ctl_fail(&error);
	} else if (ctl->json) {
		struct slice verifier = slice_take(&pem, '\n');
		status = json_tell(origin, hash, verifier, pem);
	} else {
		fwrite(text.bytes, 1, text.size, stdout);
		status = fflush(stdout) == 0 ? CTL_OK : CTL_TRY_LATER;
	}
	buffer_done(&text);
	return status;
}

/* ---- a new one ---- */

/* Whoever has the spool is to read it: the daemon. */
static struct error file_hand_over(int file, const struct config *config, const char *path)
{
	struct stat spool;
	bool is_own = geteuid() != 0 || stat(config->spool, &spool) < 0 || spool.st_uid == 0;
	return is_own || fchown(file, spool.st_uid, spool.st_gid) == 0
	           ? OK
	           : error_errno("cannot give %s to the owner of the spool", path);
}

static struct error above_sync(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
	struct error error =
	    !folder ? error_memory("making a key") : disk_sync(AT_FDCWD, *folder ? folder : ".");
	free(folder);
	return error;
}

static struct error file_fill(
    int file, const struct config *config, const char *path, const struct note_key *key)
{
	struct buffer pem = {0};
	struct error error = note_key_format_private(key, &pem);
	if (!is_error(&error))
		error = disk_write(file, buffer_slice(&pem), path);
	if (!is_error(&error))
		error = file_hand_over(file, config, path);
	if (!is_error(&error) && fsync(file) < 0)
		error = error_errno("cannot flush %s", path);
	if (pem.bytes)
		explicit_bzero(pem.bytes, pem.capacity);
	buffer_done(&pem);
	return error;
}

/* Never over another: what that one has signed could not be told from a forgery by its loss. */
static struct error file_make(
    const struct config *config, const char *path, const struct note_key *key)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0 && errno == EEXIST)
		return error_config("%s is there already and stays as it is: a new key goes under "
		                    "another name",
		    path);
	if (file < 0)
		return error_at_start(error_errno("cannot make %s", path));
	struct error error = file_fill(file, config, path, key);
	close(file);
	if (!is_error(&error))
		error = above_sync(path);
	if (is_error(&error))
		unlink(path);
	return error;
}

enum ctl_exit ctl_key_make(const struct ctl *ctl)
{
	const char *path = ctl->arguments[0];
	struct note_key *key;
	struct error error = note_key_make(&key);
	if (!is_error(&error))
		error = file_make(ctl->config, path, key);
	enum ctl_exit status = is_error(&error) ? ctl_fail(&error) : public_tell(ctl, key);
	note_key_free(key);
	if (status == CTL_OK && !ctl->json)
		fprintf(stderr,
		    "%s has the private half, which stays on this machine; set checkpoints.key to "
		    "it. Above is the public half, as a line and as PEM: give both to whoever "
		    "verifies, by a way that does not go through this machine, and keep a copy "
		    "elsewhere. Should checkpoints.origin change, the line does, too: enrolctl "
		    "key show\n",
		    path);
	return status;
}

/* ---- the one in use ---- */

static struct error key_load(const struct ctl *ctl, struct note_key **key)
{
	const struct checkpoint_options *options = &ctl->config->checkpoints;
	*key = NULL;
	if (ctl->arguments[0])
		return checkpoints_open_key(ctl->arguments[0], key);
	return options->key
	           ? checkpoints_load_key(options, key)
	           : error_config("%s has no checkpoints.key: name a file", ctl->config_path);
}

enum ctl_exit ctl_key_show(const struct ctl *ctl)
{
	struct note_key *key;
	struct error error = key_load(ctl, &key);
	enum ctl_exit status = is_error(&error) ? ctl_fail(&error) : public_tell(ctl, key);
	note_key_free(key);
	return status;
}
