/*
 * client_user: who is at the other end of the control socket, by what the kernel says of him, and
 * what he may.
 */
#include "client_state.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

size_t client_groups(int socket, gid_t groups[CLIENT_GROUPS_MAX])
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return 0;
	groups[0] = peer.gid;
	size = (CLIENT_GROUPS_MAX - 1) * sizeof *groups;
	if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &size) < 0)
		return 1;
	return 1 + size / sizeof *groups;
}

static bool has_group(const struct client *client, gid_t wanted)
{
	gid_t groups[CLIENT_GROUPS_MAX];
	size_t count = client_groups(client->socket, groups);
	for (size_t i = 0; i < count; i++)
		if (groups[i] == wanted)
			return true;
	return false;
}

bool client_find_user(struct client *client)
{
	const struct clients *clients = client->all;
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(client->socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	client->uid = peer.uid;
	client->pid = peer.pid;
	bool may_steer =
	    peer.uid == 0 || peer.uid == geteuid() || has_group(client, clients->group);
	client->is_reader = !may_steer;
	return may_steer || (clients->has_read_group && has_group(client, clients->read_group));
}

bool client_is_reader(const struct client *client)
{
	return client->is_reader;
}

/* As whom that process's user logged in: what a sudo hides. */
static bool login_find(pid_t pid, uid_t *login)
{
	char path[64];
	unsigned found;
	snprintf(path, sizeof path, "/proc/%ld/loginuid", (long)pid);
	FILE *file = fopen(path, "re");
	bool is_there = file && fscanf(file, "%u", &found) == 1 && found != (unsigned)-1;
	if (file)
		fclose(file);
	*login = is_there ? found : 0;
	return is_there;
}

struct client_user client_user(const struct client *client, const struct protocol_request *request)
{
	struct client_user user = {.uid = client->uid, .login = client->uid};
	uid_t login;
	user.has_login = login_find(client->pid, &login);
	if (!user.has_login && client->uid == 0 && request->login >= 0) {
		user.has_login = true;
		login = (uid_t)request->login;
	}
	if (user.has_login)
		user.login = login;
	return user;
}

static void uid_name(uid_t uid, char name[CLIENT_NAME_SIZE])
{
	char memory[4096];
	struct passwd entry, *found = NULL;
	if (getpwuid_r(uid, &entry, memory, sizeof memory, &found) == 0 && found)
		snprintf(name, CLIENT_NAME_SIZE, "%s", found->pw_name);
	else
		snprintf(name, CLIENT_NAME_SIZE, "uid %u", (unsigned)uid);
}

void client_user_name(const struct client_user *user, char name[CLIENT_NAME_SIZE])
{
	char login[CLIENT_NAME_SIZE];
	uid_name(user->uid, name);
	if (user->login == user->uid)
		return;
	uid_name(user->login, login);
	size_t length = strlen(name);
	snprintf(name + length, CLIENT_NAME_SIZE - length, " (login %.24s)", login);
}
