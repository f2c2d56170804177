#include "home.h"

#include "enrold/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRETS "private-keys-v1.d"
enum { MODE_HOME = 0700, OTHERS = 077 };

/* ---- a folder ---- */

static struct error folder_judge(const char *path, const struct stat *stat)
{
	if (!S_ISDIR(stat->st_mode))
		return error_config("pgp.home, %s, is no folder", path);
	if (stat->st_uid != geteuid())
		return error_config(
		    "pgp.home, %s, belongs to user %u, and we are %u: chown -R it to "
		    "the daemon's user",
		    path, (unsigned)stat->st_uid, (unsigned)geteuid());
	if (stat->st_mode & OTHERS)
		return error_config(
		    "pgp.home, %s, has mode %04o, and others may look into it: chmod "
		    "0700 it",
		    path, (unsigned)stat->st_mode & 07777);
	return OK;
}

/* A key that root has imported by hand is root's: gpg would say that it is not there, and files
 * would be refused for it. */
static struct error secret_judge(int folder, const char *home, const char *name)
{
	struct stat stat;
	if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? OK : error_errno("cannot look at a key in %s", home);
	if (faccessat(folder, name, R_OK, AT_EACCESS) < 0)
		return error_config("the secret key %s/" SECRETS
		                    "/%s cannot be read by us: chown -R "
		                    "%s to the daemon's user",
		    home, name, home);
	if (S_ISREG(stat.st_mode) && stat.st_mode & OTHERS)
		return error_config("the secret key %s/" SECRETS
		                    "/%s has mode %04o, and others may "
		                    "read it: chmod 0600 it",
		    home, name, (unsigned)stat.st_mode & 07777);
	return OK;
}

static struct error secrets_judge(const char *home)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%.4000s/" SECRETS, home);
	DIR *folder = opendir(path);
	if (!folder)
		return errno == ENOENT
		           ? OK
		           : error_at_start(error_errno("cannot look at the keys in %s", path));
	struct error error = OK;
	for (struct dirent *entry; !is_error(&error) && (entry = readdir(folder));)
		if (entry->d_name[0] != '.')
			error = secret_judge(dirfd(folder), home, entry->d_name);
	closedir(folder);
	return error;
}

/* That of gpg before 2.1 is read as well; a new one is a keybox. */
void pgp_home_set_ring(struct pgp_home *home, const char *folder)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%.4000s/pubring.gpg", folder);
	home->has_ring = access(path, F_OK) == 0;
	snprintf(home->ring, sizeof home->ring, "%s", path);
	snprintf(path, sizeof path, "%.4000s/pubring.kbx", folder);
	if (home->has_ring && access(path, F_OK) < 0)
		return;
	home->has_ring = access(path, F_OK) == 0;
	snprintf(home->ring, sizeof home->ring, "gnupg-kbx:%s", path);
}

static struct error folder_find(struct pgp_home *home)
{
	struct stat stat;
	int folder = open(home->path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (folder < 0 && errno == ENOENT)
		return error_config(
		    "pgp.home, %s, is not there: sudo enrolctl key pgp makes it and "
		    "a key in it",
		    home->path);
	if (folder < 0)
		return error_at_start(error_errno("cannot open pgp.home, %s", home->path));
	struct error error =
	    fstat(folder, &stat) < 0 ? error_errno("cannot look at pgp.home, %s", home->path) : OK;
	close(folder);
	if (!is_error(&error))
		error = folder_judge(home->path, &stat);
	if (!is_error(&error))
		error = secrets_judge(home->path);
	pgp_home_set_ring(home, home->path);
	return error;
}

/* ---- a credential ---- */

static struct error credential_find(const char *name, struct pgp_home *home)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	home->is_credential = true;
	if (strchr(name, '/') || *name == '.')
		return error_config("pgp.home, %s, is neither a path from / on nor the name of a "
		                    "credential",
		    name);
	if (!folder)
		return error_config("pgp.home is the credential %s, and there are no credentials: "
		                    "the unit needs LoadCredential=%s:FILE",
		    name, name);
	snprintf(home->path, sizeof home->path, "%.3000s/%.255s", folder, name);
	if (access(home->path, R_OK) < 0)
		return error_config("pgp.home is the credential %s, which was not given, or cannot "
		                    "be read: the unit needs LoadCredential=%s:FILE",
		    name, name);
	return OK;
}

struct error pgp_home_find(const struct policy_pgp *policy, struct pgp_home *home)
{
	*home = (struct pgp_home){.is_credential = false};
	if (!policy->home)
		return error_config("the feed has no pgp.home, where its keys are");
	if (policy->home[0] != '/')
		return credential_find(policy->home, home);
	if (snprintf(home->path, sizeof home->path, "%s", policy->home) > PATH_MAX - 100)
		return error_config("pgp.home is too long");
	return folder_find(home);
}

struct error pgp_home_make(const struct policy_pgp *policy, struct pgp_home *home)
{
	int folder = -1;
	if (!policy->home || policy->home[0] != '/')
		return error_config("a key is made in a folder: set pgp.home to one, such as "
		                    "/var/lib/enrold/pgp; a credential is given from outside");
	struct error error = disk_open_directory(AT_FDCWD, policy->home, MODE_HOME, &folder);
	if (folder >= 0)
		close(folder);
	return is_error(&error) ? error_at_start(error) : pgp_home_find(policy, home);
}
