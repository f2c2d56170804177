/*
 * through: stands in for enrold and runs it on a server. The site of the configuration, which is in
 * SQLite, is copied to the server, the real program runs on it there, and all of it is copied back.
 *
 *     through/enrold [--config F] ...      the real one is ../enrold
 */
#include "mirror.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void on_signal(int number)
{
	if (child > 0)
		kill(child, number);
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "through: %s: %s\n", what, strerror(errno));
	exit(70);
}

/* $ENROLD_TEST_DAEMON_URL is another way to the same server, which only the real program takes. */
static const char *daemon_url(const struct mirror *mirror, char url[MIRROR_URL_SIZE])
{
	const char *pattern = getenv("ENROLD_TEST_DAEMON_URL");
	if (!pattern)
		return mirror->url;
	mirror_url(mirror, pattern, url);
	return url;
}

/* The same configuration with the other URL, beside it. */
static void config_rewrite(
    const char *path, const char *other, const struct lms_options *lms, const char *url)
{
	struct config_file *file;
	struct buffer text = {0};
	struct error error = config_load(path, &file);
	if (is_error(&error)) {
		fprintf(stderr, "through: %s\n", error.text);
		exit(78);
	}
	config_format(config_get(file), &text);
	buffer_add_char(&text, '\0');
	FILE *out = fopen(other, "w");
	const char *place = strstr(text.bytes, lms->url);
	if (!out || !place)
		die(other);
	fprintf(
	    out, "%.*s%s%s", (int)(place - text.bytes), text.bytes, url, place + strlen(lms->url));
	fclose(out);
	buffer_done(&text);
	config_free(file);
}

static int run(char *program, char **argv)
{
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(program, argv);
		die(program);
	}
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	char self[PATH_MAX], program[PATH_MAX + 16], other[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
	int config = 0;
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "--config") == 0)
			config = i + 1;
	if (size < 0)
		die("/proc/self/exe");
	self[size] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(self, '/') = '\0';
	snprintf(program, sizeof program, "%s/enrold", self);
	struct config_file *file;
	struct error error = config ? config_load(argv[config], &file) : OK;
	bool is_checking = argc > 1 && strcmp(argv[argc - 1], "--check") == 0;
	if (!config || is_error(&error) || is_checking ||
	    strncmp(config_get(file)->lms.url, "sqlite:", 7) != 0 ||
	    access(config_get(file)->lms.url + 7, F_OK) < 0)
		return run(program, argv);
	struct mirror mirror;
	struct sigaction action = {.sa_handler = on_signal};
	mirror_open(&mirror, &config_get(file)->lms);
	snprintf(other, sizeof other, "%s.server", argv[config]);
	char url[MIRROR_URL_SIZE];
	config_rewrite(argv[config], other, &mirror.sqlite, daemon_url(&mirror, url));
	mirror_push(&mirror);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	argv[config] = other;
	int status = run(program, argv);
	mirror_pull(&mirror);
	mirror_close(&mirror);
	unlink(other);
	config_free(file);
	return status;
}
