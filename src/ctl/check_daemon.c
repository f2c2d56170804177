/* The daemon's process and unit, by what files tell of them, and the other groups of the settings.
 */
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT_ENABLED "/etc/systemd/system/multi-user.target.wants/enrold.service"
#define SYSTEMD "/run/systemd/system"

enum { NAME_SIZE = 64, LINE_SIZE = 4096 };

pid_t check_daemon_find(const struct config *config)
{
	char path[PATH_MAX], text[24] = "";
	bool is_shared = config_is_shared(config);
	if (!spool_is_taken(config))
		return 0;
	snprintf(path, sizeof path, "%s/.lock%s%s", config->spool, is_shared ? "-" : "",
	    is_shared ? config->node : "");
	int lock = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = lock < 0 ? -1 : read(lock, text, sizeof text - 1);
	if (lock >= 0)
		close(lock);
	return size > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* "Groups:\t100 200 " */
static bool groups_have(const char *line, gid_t group)
{
	char *end;
	for (const char *at = line;; at = end) {
		unsigned long each = strtoul(at, &end, 10);
		if (end == at)
			return false;
		if (each == group)
			return true;
	}
}

int check_daemon_has_group(pid_t daemon, gid_t group)
{
	char path[PATH_MAX], line[LINE_SIZE];
	int has = -1;
	snprintf(path, sizeof path, "/proc/%d/status", (int)daemon);
	FILE *file = daemon > 0 ? fopen(path, "re") : NULL;
	while (file && has < 1 && fgets(line, sizeof line, file))
		if (strncmp(line, "Groups:", 7) == 0 || strncmp(line, "Gid:", 4) == 0)
			has = groups_have(strchr(line, ':') + 1, group);
	if (file)
		fclose(file);
	return has;
}

static void process_check(const struct check_spool *spool, struct findings *findings)
{
	char path[PATH_MAX];
	struct stat stat_of;
	snprintf(path, sizeof path, "/proc/%d", (int)spool->daemon);
	const struct passwd *user = NULL;
	bool is_seen = spool->daemon > 0 && stat(path, &stat_of) == 0;
	if (is_seen)
		user = getpwuid(stat_of.st_uid);
	if (!is_seen)
		findings_add(findings, FINDING_NOTE, "daemon",
		    "none runs on this machine: systemctl start enrold");
	else if (stat_of.st_uid == 0)
		findings_add(findings, FINDING_NOTE, "daemon",
		    "it runs as root, process %d: a user of its own is enough, see "
		    "systemd/enrold.service",
		    (int)spool->daemon);
	else
		findings_add(findings, FINDING_GOOD, "daemon", "it runs as %s, process %d",
		    user ? user->pw_name : "a user without a name", (int)spool->daemon);
}

void check_daemon(const struct check_spool *spool, struct findings *findings)
{
	process_check(spool, findings);
	if (access(SYSTEMD, F_OK) < 0)
		return;
	bool is_enabled = access(UNIT_ENABLED, F_OK) == 0;
	findings_add(findings, is_enabled ? FINDING_GOOD : FINDING_NOTE, "unit",
	    is_enabled ? "it starts with the machine"
	               : "it does not start with the machine: systemctl enable enrold");
}

void check_groups(const struct config *config, struct findings *findings)
{
	const char *readers = config->socket_read;
	char about[NAME_SIZE];
	if (readers && !getgrnam(readers))
		findings_add(findings, FINDING_BAD, "socket_read",
		    "there is no group %s: groupadd --system %s", readers, readers);
	for (size_t i = 0; i < config->feeds_count; i++) {
		const char *name = config->feeds[i].policy.approvers;
		const struct group *group = name ? getgrnam(name) : NULL;
		snprintf(about, sizeof about, "feed %s", config->feeds[i].name);
		if (group && !*group->gr_mem)
			findings_add(findings, FINDING_NOTE, about,
			    "nobody but root may release what it withholds: the group %s "
			    "(approvers) names nobody: usermod -aG %s for who may",
			    name, name);
	}
}
