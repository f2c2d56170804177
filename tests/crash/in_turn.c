/*
 * in_turn: runs a command for which the nodes of a Galera cluster are one server, as behind a
 * proxy: each connection goes to the next of them.
 *
 *     tests/engine/with_cluster.sh galera build/release/in_turn COMMAND...
 */
#include "fatal.h"
#include "wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct wire *wire_lay(char *sockets)
{
	struct wire *wire = NULL;
	char *rest;
	for (char *word = strtok_r(sockets, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (wire)
			wire_add(wire, word);
		else
			wire = wire_start(NULL, word);
	}
	if (!wire)
		fatal("ENROLD_TEST_SOCKETS names no socket: see with_cluster.sh");
	return wire;
}

int main(int argc, char **argv)
{
	char url[128];
	int status;
	const char *sockets = getenv("ENROLD_TEST_SOCKETS");
	if (argc < 2 || !sockets)
		fatal("usage: with_cluster.sh galera in_turn COMMAND...");
	char *copy = strdup(sockets);
	struct wire *wire = wire_lay(copy);
	snprintf(
	    url, sizeof url, "mariadb://root@127.0.0.1:%u/%%s?sslmode=disable", wire_port(wire));
	setenv("ENROLD_TEST_URL", url, 1);
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		fatal("cannot run %s", argv[1]);
	wire_stop(wire);
	free(copy);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
