/* Where the control socket is, what may lie in its place, and who may come to it. */
#include "asker.h"
#include "law.h"
#include "movement.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER "username,course1\n"

/* The setting, in the rig's root. */
static struct path socket_make(struct rig *rig, const char *more)
{
	rig_make(rig, NULL);
	struct path path = path_of("%.900s/control", rig->root.text);
	struct buffer config = files_read(rig->config.text);
	struct buffer text = {0};
	buffer_print(&text, "socket: %s\n%s%s", path.text, more, config.bytes);
	files_write(rig->config.text, text.bytes, text.size, 0640);
	buffer_done(&config);
	buffer_done(&text);
	return path;
}

static int status_at(const char *path)
{
	struct asker asker;
	struct told told;
	if (!asker_try(&asker, path))
		return -1;
	asker_ask(&asker, "\"command\":\"status\"", &told);
	asker_close(&asker);
	told_done(&told);
	return told.exit;
}

static void await_status(const char *path)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (status_at(path) != 0)
		cr_assert(movement_pause(&movement), "nobody answers at %s", path);
}

/* It runs files as ever. */
static void expect_works(struct rig *rig, struct service *service, const char *name)
{
	rig_drop(rig, name, HEADER "p1,C1\n");
	service_await(service, rig, "", reply_count(rig, name) + 1);
}

static void ctl_status(const struct rig *rig, int exit)
{
	struct finished finished =
	    program_expect(exit, ARGV("enrolctl", "--config", rig->config.text, "status"));
	finished_done(&finished);
}

/* ---- places ---- */

Test(control_socket, is_for_its_owner_and_group_and_gone_when_the_daemon_is)
{
	struct rig rig;
	struct service service;
	struct stat stat;
	struct path path = socket_make(&rig, "");
	service_start(&service, &rig);
	cr_expect_eq(status_at(path.text), 0);
	cr_assert_eq(lstat(path.text, &stat), 0);
	cr_expect_eq(stat.st_mode & 07777, 0660, "%o", stat.st_mode);
	ctl_status(&rig, 0);
	service_stop(&service);
	cr_expect_not(files_exist(path.text));
	ctl_status(&rig, 69);
	law_close(&rig);
}

Test(control_socket, takes_over_that_of_a_daemon_that_was_killed)
{
	struct rig rig;
	struct service service;
	struct path path = socket_make(&rig, "");
	service_start(&service, &rig);
	service_kill(&service);
	cr_expect(files_exist(path.text));
	cr_expect_eq(status_at(path.text), -1);
	ctl_status(&rig, 69);
	service_start(&service, &rig);
	cr_expect_eq(status_at(path.text), 0);
	service_stop(&service);
	law_close(&rig);
}

Test(control_socket, replaces_no_file_of_somebody_else_and_is_there_when_that_has_gone)
{
	struct rig rig;
	struct service service;
	struct path path = socket_make(&rig, "");
	files_write(path.text, "mine", 4, 0600);
	service_start(&service, &rig);
	service_await_log(&service, "\"control_away\"");
	struct buffer kept = files_read(path.text);
	cr_expect_str_eq(kept.bytes, "mine");
	buffer_done(&kept);
	expect_works(&rig, &service, "a.csv");
	ctl_status(&rig, 69);
	files_remove(path.text);
	program_signal(&service.program, SIGHUP);
	service_await_log(&service, "\"control_back\"");
	cr_expect_eq(status_at(path.text), 0);
	service_stop(&service);
	law_close(&rig);
}

/* What took its place meanwhile is left. */
Test(control_socket, is_made_anew_when_somebody_has_removed_it)
{
	struct rig rig;
	struct service service;
	struct path path = socket_make(&rig, "");
	service_start(&service, &rig);
	for (int i = 0; i < 3; i++) {
		struct asker old;
		struct told told;
		asker_open(&old, path.text);
		asker_ask(&old, "\"command\":\"status\"", &told);
		told_done(&told);
		files_remove(path.text);
		program_signal(&service.program, SIGHUP);
		await_status(path.text);
		asker_ask(&old, "\"command\":\"status\"", &told); /* who was there stays */
		cr_expect_eq(told.exit, 0);
		told_done(&told);
		asker_close(&old);
	}
	files_remove(path.text);
	files_write(path.text, "mine", 4, 0600);
	service_stop(&service);
	cr_expect(files_exist(path.text));
	law_close(&rig);
}

Test(control_socket, moves_with_the_setting)
{
	struct rig rig;
	struct service service;
	struct path path = socket_make(&rig, "");
	service_start(&service, &rig);
	struct buffer config = files_read(rig.config.text);
	const char *rest = strchr(config.bytes, '\n');
	struct path other = path_of("%.900s/other", rig.root.text);
	struct buffer text = {0};
	buffer_print(&text, "socket: %s%s", other.text, rest);
	files_write(rig.config.text, text.bytes, text.size, 0640);
	buffer_done(&config);
	buffer_done(&text);
	struct told told;
	struct asker asker;
	asker_open(&asker, path.text);
	asker_ask(&asker, "\"command\":\"reload\"", &told);
	cr_expect_eq(told.exit, 0);
	told_done(&told);
	asker_close(&asker);
	cr_expect_eq(status_at(other.text), 0);
	cr_expect_not(files_exist(path.text));
	service_stop(&service);
	law_close(&rig);
}

Test(control_socket, may_have_a_path_of_more_than_107_bytes)
{
	struct rig rig;
	struct service service;
	struct path path = socket_make(&rig, "");
	struct path deep = path_of("%.500s/%0100d/%0100d", rig.root.text, 1, 2);
	struct path longer = path_of("%.800s/control", deep.text);
	files_make_directory(deep.text);
	struct buffer config = files_read(rig.config.text), text = {0};
	buffer_print(&text, "socket: %s%s", longer.text, strchr(config.bytes, '\n'));
	files_write(rig.config.text, text.bytes, text.size, 0640);
	buffer_done(&config);
	buffer_done(&text);
	service_start(&service, &rig);
	cr_expect_eq(status_at(longer.text), 0);
	cr_expect_not(files_exist(path.text));
	ctl_status(&rig, 0);
	service_stop(&service);
	law_close(&rig);
}

Test(control_socket, of_another_spool_is_left_to_it_and_not_believed)
{
	struct rig rig, other;
	struct service service, second;
	struct path path = socket_make(&rig, "");
	(void)socket_make(&other, "");
	struct buffer config = files_read(other.config.text), text = {0};
	buffer_print(&text, "socket: %s%s", path.text, strchr(config.bytes, '\n'));
	files_write(other.config.text, text.bytes, text.size, 0640);
	buffer_done(&config);
	buffer_done(&text);
	service_start(&service, &rig);
	service_start(&second, &other);
	service_await_log(&second, "\"control_away\"");
	expect_works(&other, &second, "a.csv");
	ctl_status(&rig, 0);
	ctl_status(&other, 69); /* somebody answers, but not for this spool */
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", other.config.text, "pause", "default"));
	finished_done(&finished);
	cr_expect(files_exist(rig_path(&other, "orders/pause.default").text));
	cr_expect_not(files_exist(rig_path(&rig, "orders/pause.default").text));
	service_stop(&service);
	program_signal(&second.program, SIGHUP);
	service_await_log(&second, "\"control_back\"");
	ctl_status(&other, 0);
	service_stop(&second);
	law_close(&rig);
	law_close(&other);
}

Test(control_socket, needs_no_orders_folder_that_was_there_before)
{
	struct rig rig;
	struct service service;
	struct path path = socket_make(&rig, "");
	struct told told;
	struct asker asker;
	service_start(&service, &rig);
	files_remove(rig_path(&rig, "orders").text);
	asker_open(&asker, path.text);
	asker_ask(&asker, "\"command\":\"pause\",\"feed\":\"default\"", &told);
	cr_expect_eq(told.exit, 75, "%d %s", told.exit, told.message);
	told_done(&told);
	asker_close(&asker);
	expect_works(&rig, &service, "a.csv");
	service_stop(&service);
	service_start(&service, &rig);
	asker_open(&asker, path.text);
	asker_ask(&asker, "\"command\":\"pause\",\"feed\":\"default\"", &told);
	cr_expect_eq(told.exit, 0, "%d %s", told.exit, told.message);
	told_done(&told);
	asker_close(&asker);
	service_stop(&service);
	law_close(&rig);
}

/* ---- who ---- */

enum { STRANGER = 65534, READERS = 1 }; /* nobody; daemon, a group that is everywhere */

/* What a process of another user with that group is told; -1: it may not come, -2: it is not
 * answered. */
static int told_as(const struct path *path, gid_t group, const char *members)
{
	struct path above = path_of("%.*s", (int)(path_base(path->text) - path->text), path->text);
	pid_t pid = fork();
	if (pid == 0) {
		struct asker asker = {.socket = socket(AF_UNIX, SOCK_STREAM, 0)};
		struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "control"};
		struct told told;
		if (chdir(above.text) != 0 || setgroups(1, &group) != 0 || setgid(STRANGER) != 0 ||
		    setuid(STRANGER) != 0)
			_exit(99);
		if (connect(asker.socket, (const struct sockaddr *)&address, sizeof address) != 0)
			_exit(errno == EACCES ? 255 : 98);
		asker_ask(&asker, members, &told);
		_exit(told.exit < 0 ? 254 : told.exit);
	}
	int status;
	cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status) >= 254 ? WEXITSTATUS(status) - 256 : WEXITSTATUS(status);
}

static bool may_be_others(void)
{
	if (geteuid() == 0)
		return true;
	fprintf(stderr, "SKIPPED: only root can be others\n");
	return false;
}

#define STATUS "\"command\":\"status\""
#define PAUSE "\"command\":\"pause\",\"feed\":\"default\""
#define RUNS "\"command\":\"runs\""

Test(control_socket, lets_no_stranger_come)
{
	struct rig rig;
	struct service service;
	if (!may_be_others())
		return;
	struct path path = socket_make(&rig, "");
	chmod(rig.root.text, 0755);
	service_start(&service, &rig);
	cr_expect_eq(told_as(&path, STRANGER, STATUS), -1);
	cr_expect_eq(told_as(&path, READERS, STATUS), -1);
	service_stop(&service);
	law_close(&rig);
}

Test(control_socket, lets_the_group_that_may_read_look_and_not_steer)
{
	struct rig rig;
	struct service service;
	if (!may_be_others())
		return;
	struct path path = socket_make(&rig, "socket_read: daemon\n");
	chmod(rig.root.text, 0755);
	service_start(&service, &rig);
	cr_expect_eq(told_as(&path, READERS, STATUS), 0);
	cr_expect_eq(told_as(&path, READERS, RUNS), 0);
	cr_expect_eq(told_as(&path, READERS, PAUSE), 1);
	cr_expect_eq(told_as(&path, READERS, "\"command\":\"reload\""), 1);
	cr_expect_eq(told_as(&path, STRANGER, STATUS), -2);
	cr_expect_not(files_exist(rig_path(&rig, "orders/pause.default").text));
	service_stop(&service);
	law_close(&rig);
}

/* The socket's own group may steer. */
Test(control_socket, lets_its_group_steer)
{
	struct rig rig;
	struct service service;
	if (!may_be_others())
		return;
	struct path path = socket_make(&rig, "");
	chmod(rig.root.text, 02755);
	cr_assert_eq(chown(rig.root.text, (uid_t)-1, READERS), 0); /* and so is the socket */
	chmod(rig.root.text, 02755);
	service_start(&service, &rig);
	cr_expect_eq(told_as(&path, READERS, STATUS), 0);
	cr_expect_eq(told_as(&path, READERS, PAUSE), 0);
	cr_expect_eq(told_as(&path, STRANGER, STATUS), -1);
	service_stop(&service);
	law_close(&rig);
}

Test(control_socket, lets_another_group_read_from_the_reload_on)
{
	struct rig rig;
	struct service service;
	struct asker asker;
	struct told told;
	if (!may_be_others())
		return;
	struct path path = socket_make(&rig, "");
	chmod(rig.root.text, 0755);
	service_start(&service, &rig);
	struct buffer config = files_read(rig.config.text), text = {0};
	buffer_print(&text, "socket_read: daemon\n%s", config.bytes);
	files_write(rig.config.text, text.bytes, text.size, 0640);
	asker_open(&asker, path.text);
	asker_ask(&asker, "\"command\":\"reload\"", &told);
	told_done(&told);
	cr_expect_eq(told_as(&path, READERS, STATUS), 0);
	files_write(rig.config.text, config.bytes, config.size, 0640);
	asker_ask(&asker, "\"command\":\"reload\"", &told);
	told_done(&told);
	cr_expect_eq(told_as(&path, READERS, STATUS), -1);
	asker_close(&asker);
	buffer_done(&config);
	buffer_done(&text);
	service_stop(&service);
	law_close(&rig);
}
