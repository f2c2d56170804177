#include "session.h"

#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

const struct pgp_programs pgp_programs = {"/usr/bin/gpg", "/usr/bin/gpg-agent"};

enum { ARGUMENTS_MAX = 64, ENVIRONMENT_MAX = 8, QUEUE = 8 };

/* ---- its surroundings ---- */

struct surroundings {
	char home[sizeof "HOME=" + 64];
	const char *items[ENVIRONMENT_MAX];
};

static void surroundings_make(const struct pgp_session *session, struct surroundings *around)
{
	*around = (struct surroundings){.items = {"LC_ALL=C", "PATH=/usr/bin:/bin", around->home,
	                                    "LISTEN_FDS=1", "LISTEN_FDNAMES=std"}};
	snprintf(around->home, sizeof around->home, "HOME=%s", session->folder);
}

/* ---- the agent ---- */

static struct error socket_open(const struct pgp_session *session, int *listener)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s/S.gpg-agent", session->folder);
	*listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*listener >= 0 &&
	    bind(*listener, (const struct sockaddr *)&address, sizeof address) == 0 &&
	    listen(*listener, QUEUE) == 0)
		return OK;
	struct error error = error_errno("cannot open a socket for gpg in %s", session->folder);
	if (*listener >= 0)
		close(*listener);
	return error;
}

/* Not --batch: an agent of 2.2 ends then when it meets a key with a passphrase.
 * Whoever connects before it has begun waits in the socket's queue. */
static struct error agent_start(struct pgp_session *session)
{
	struct surroundings around;
	int listener;
	const char *home = session->home.is_credential ? session->folder : session->home.path;
	struct error error = socket_open(session, &listener);
	if (is_error(&error))
		return error;
	surroundings_make(session, &around);
	const char *const arguments[] = {session->programs->agent, "--homedir", home, "--options",
	    "/dev/null", "--supervised", "--quiet", "--disable-scdaemon",
	    "--disable-check-own-socket", "--no-allow-external-cache", NULL};
	struct child_start start = {.arguments = arguments,
	    .environment = around.items,
	    .files = {-1, -1, -1, listener},
	    .files_count = 4};
	error = pgp_child_start(&start, &session->agent);
	close(listener);
	return error;
}

/* ---- gpg ---- */

/* The network, other people, other keys: none of them is asked for anything. The folder has no
 * settings, so that what a person has set in the home's gpg.conf weakens nothing. */
static void arguments_make(
    const struct pgp_session *session, const struct pgp_call *call, const char *list[ARGUMENTS_MAX])
{
	const char *const common[] = {session->programs->gpg, "--homedir", session->folder,
	    "--no-options", "--no-default-keyring", "--keyring", session->home.ring,
	    "--trust-model", "always", "--batch", "--no-tty", "--status-fd", "3",
	    "--exit-on-status-write-error", "--no-autostart", "--disable-dirmngr",
	    "--no-auto-key-retrieve", "--no-auto-key-locate", "--no-auto-check-trustdb",
	    "--no-permission-warning"};
	size_t count = sizeof common / sizeof *common;
	memcpy(list, common, sizeof common);
	for (size_t i = 0; call->arguments[i] && count + 1 < ARGUMENTS_MAX; i++)
		list[count++] = call->arguments[i];
	list[count] = NULL;
}

static void pipes_close(int pipes[3][2], int end)
{
	for (size_t i = 0; i < 3; i++)
		if (pipes[i][end] >= 0)
			close(pipes[i][end]);
}

static struct error gpg_start(
    const struct pgp_session *session, const struct pgp_call *call, struct talk *talk)
{
	int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
	const char *arguments[ARGUMENTS_MAX];
	struct surroundings around;
	surroundings_make(session, &around);
	arguments_make(session, call, arguments);
	struct error error = OK;
	for (size_t i = 0; i < 3 && !is_error(&error); i++)
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			error = error_errno("cannot make a pipe for gpg");
	struct child_start start = {.arguments = arguments,
	    .environment = around.items,
	    .files = {call->input, pipes[0][1], pipes[1][1], pipes[2][1]},
	    .files_count = 4};
	if (!is_error(&error))
		error = pgp_child_start(&start, &talk->child);
	pipes_close(pipes, 1);
	if (is_error(&error))
		pipes_close(pipes, 0);
	talk->output = pipes[0][0];
	talk->errors = pipes[1][0];
	talk->says = pipes[2][0];
	return error;
}

/* ---- how it went ---- */

struct error pgp_file_error(struct error error)
{
	error.is_narrow = is_error(&error);
	return error_own(error, OWNER_FILE);
}

/* A key is missing when its agent has died, and a file must not be refused for that. */
static struct error end_judge(
    struct pgp_session *session, const struct talk *talk, struct pgp_end *end)
{
	int status = talk->child.status;
	end->is_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	end->is_stopped = talk->is_stopped;
	end->is_large = talk->is_large;
	snprintf(end->words, sizeof end->words, "%s", talk->words);
	if (end->is_stopped || end->is_large)
		return OK;
	if (talk->is_quiet)
		return error_retry("gpg did nothing for %u seconds and was ended",
		    (unsigned)(talk->limits->quiet_ms / 1000));
	if (!WIFEXITED(status))
		return error_retry("gpg was killed by signal %d", WTERMSIG(status));
	if (pgp_child_has_ended(&session->agent))
		return error_retry("gpg-agent ended while gpg needed it");
	return OK;
}

struct error pgp_session_call(
    struct pgp_session *session, struct pgp_call *call, struct pgp_end *end)
{
	*end = (struct pgp_end){.is_well = false};
	struct talk talk = {.input = call->input,
	    .sink = &call->sink,
	    .status = &end->status,
	    .limits = call->limits};
	if (call->input >= 0 && lseek(call->input, 0, SEEK_SET) < 0)
		return error_errno("cannot read the file from its beginning");
	struct error error = gpg_start(session, call, &talk);
	if (!is_error(&error))
		error = talk_run(&talk);
	return is_error(&error) ? error : pgp_file_error(end_judge(session, &talk, end));
}

/* ---- from beginning to end ---- */

static struct error credential_import(struct pgp_session *session)
{
	static const char *const arguments[] = {"--pinentry-mode", "error", "--import", NULL};
	enum { QUIET_MS = 60000 };
	static const struct pgp_limits limits = {.quiet_ms = QUIET_MS};
	pgp_home_set_ring(&session->home, session->folder);
	int file = open(session->home.path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return error_at_start(error_errno("cannot open %s", session->home.path));
	struct pgp_call call = {arguments, file, {.file = -1, .bytes_max = UINT64_MAX}, &limits};
	struct pgp_end end;
	struct error error = pgp_session_call(session, &call, &end);
	close(file);
	if (!is_error(&error) && !end.is_well)
		error = error_config("the credential of pgp.home, %s, is no secret key without "
		                     "passphrase that gpg imports (gpg --armor "
		                     "--export-secret-keys makes one): %.120s",
		    session->home.path, end.words);
	return error;
}

struct error pgp_session_open(const struct pgp_programs *programs, const struct policy_pgp *policy,
    bool is_making, struct pgp_session *session)
{
	*session = (struct pgp_session){.programs = programs, .lock = -1};
	struct error error = is_making ? pgp_home_make(policy, &session->home)
	                               : pgp_home_find(policy, &session->home);
	if (!is_error(&error) && !is_making && !session->home.is_credential &&
	    !session->home.has_ring)
		error = error_config("there is no key in pgp.home, %s: sudo enrolctl key pgp makes "
		                     "one",
		    session->home.path);
	if (!is_error(&error))
		error = pgp_folder_make(session->folder, sizeof session->folder, &session->lock);
	if (!is_error(&error))
		error = agent_start(session);
	if (!is_error(&error) && session->home.is_credential)
		error = credential_import(session);
	if (is_error(&error))
		pgp_session_close(session);
	return error;
}

void pgp_session_close(struct pgp_session *session)
{
	pgp_child_end(&session->agent);
	pgp_folder_remove(session->folder, session->lock);
	session->lock = -1;
}
