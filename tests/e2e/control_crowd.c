/*
 * Ten thousand at the control socket who are up to no good: half a line, no line, too long a line,
 * many lines, nothing read, gone in the middle. Files are answered as ever meanwhile, and
 * afterwards the daemon is as it was.
 */
#include "asker.h"
#include "fatal.h"
#include "law.h"
#include "movement.h"
#include "reply.h"
#include "scale.h"
#include "service.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEADER "username,course1\n"
#define STATUS "{\"v\":1,\"command\":\"status\"}\n"
#define RUNS "{\"v\":1,\"command\":\"runs\"}\n"
#define SHOW "{\"v\":1,\"command\":\"show\",\"run\":\"last\"}\n"

enum { LINE_MAX_BYTES = 64 << 10, PLACES = 32 };

/* ---- those who come ---- */

/* Connects without waiting; -1: there is no room for it just now. */
static int come(const struct path *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (client < 0)
		fatal("cannot make a socket: %s", strerror(errno));
	if (strlen(path->text) >= sizeof address.sun_path)
		fatal("%s is too long: a shorter $TMPDIR is needed", path->text);
	strcpy(address.sun_path, path->text);
	if (connect(client, (const struct sockaddr *)&address, sizeof address) == 0)
		return client;
	close(client);
	return -1;
}

static void say(int client, const char *text, size_t size)
{
	ssize_t ignored = send(client, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)ignored; /* gone, or full: as it likes */
}

static void hear(int client)
{
	char bytes[4096];
	ssize_t ignored = recv(client, bytes, sizeof bytes, MSG_DONTWAIT);
	(void)ignored;
}

static void says_nothing(int client)
{
	(void)client;
}

static void says_half_a_line(int client)
{
	say(client, STATUS, sizeof STATUS / 2);
}

static void says_garbage(int client)
{
	static const char bytes[] = "\0\xff\x1b[2J\n{{{{\n\n\n[]\nnull\n\x01\x02";
	say(client, bytes, sizeof bytes - 1);
}

static void says_too_much(int client)
{
	static char bytes[LINE_MAX_BYTES + 100];
	memset(bytes, '[', sizeof bytes);
	say(client, bytes, sizeof bytes);
	hear(client);
}

static void asks_a_lot(int client)
{
	for (int i = 0; i < 50; i++)
		say(client, STATUS, sizeof STATUS - 1);
}

static void looks_back_and_does_not_read(int client)
{
	for (int i = 0; i < 20; i++)
		say(client, i % 2 ? RUNS : SHOW, sizeof RUNS - 1);
}

static void closes_one_way(int client)
{
	say(client, STATUS, sizeof STATUS - 1);
	shutdown(client, SHUT_WR);
	hear(client);
}

static void reads_no_more(int client)
{
	say(client, STATUS, sizeof STATUS - 1);
	shutdown(client, SHUT_RD);
}

static void (*const manners[])(int client) = {says_nothing, says_half_a_line, says_garbage,
    says_too_much, asks_a_lot, looks_back_and_does_not_read, closes_one_way, reads_no_more};

enum { MANNERS = sizeof manners / sizeof *manners };

/* ---- the crowd ---- */

struct crowd {
	struct path path;
	int at_once;
	pthread_t thread;
	atomic_bool is_over;
	atomic_int came;
};

/* So many stay at a time; the oldest goes when the next comes. */
static void *crowd_main(void *argument)
{
	struct crowd *crowd = argument;
	int *clients = malloc((size_t)crowd->at_once * sizeof *clients);
	for (int i = 0; i < crowd->at_once; i++)
		clients[i] = -1;
	for (int i = 0; !atomic_load(&crowd->is_over); i++) {
		int *place = &clients[i % crowd->at_once];
		if (*place >= 0)
			close(*place);
		*place = come(&crowd->path);
		if (*place < 0) {
			sched_yield();
			continue;
		}
		manners[i % MANNERS](*place);
		atomic_fetch_add(&crowd->came, 1);
	}
	for (int i = 0; i < crowd->at_once; i++)
		if (clients[i] >= 0)
			close(clients[i]);
	free(clients);
	return NULL;
}

static void crowd_start(struct crowd *crowd, const struct rig *rig, int at_once)
{
	*crowd = (struct crowd){.path = asker_path(rig), .at_once = at_once};
	struct rlimit many = {.rlim_cur = (rlim_t)at_once + 200, .rlim_max = (rlim_t)at_once + 200};
	struct rlimit is;
	getrlimit(RLIMIT_NOFILE, &is);
	if (is.rlim_cur < many.rlim_cur && setrlimit(RLIMIT_NOFILE, &many) != 0)
		fatal("cannot have %d sockets", at_once);
	if (pthread_create(&crowd->thread, NULL, crowd_main, crowd) != 0)
		fatal("cannot start a thread");
}

static void crowd_await(struct crowd *crowd, int count)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (atomic_load(&crowd->came) < count)
		if (!movement_pause(&movement))
			fatal("only %d came: %s", atomic_load(&crowd->came), movement.reason);
}

static void crowd_end(struct crowd *crowd)
{
	atomic_store(&crowd->is_over, true);
	pthread_join(crowd->thread, NULL);
}

/* ---- the daemon meanwhile ---- */

/* Used by all of its threads. */
static int64_t cpu_ms(const struct service *service)
{
	struct buffer stat = files_read(path_of("/proc/%d/stat", (int)service->program.pid).text);
	unsigned long user, system;
	const char *rest = strrchr(stat.bytes, ')');
	cr_assert(rest && sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
	                      &user, &system) == 2);
	buffer_done(&stat);
	return (int64_t)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

/* Only to see what is done in a time, never for something to be done. */
static void pause_for(int64_t ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&time, NULL);
}

static void expect_answer(struct rig *rig, struct service *service, const char *name)
{
	struct reply reply;
	rig_drop(rig, name, HEADER "p1,C1\np2,C2\nnobody,C1\n");
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (reply_count(rig, name) == 0)
		cr_assert(movement_pause(&movement), "%s is never answered", name);
	service_await_idle(service, rig);
	reply_open(&reply, rig, name, 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "error"), 1);
	reply_close(&reply);
}

/* What the daemon is afterwards is what it was when it was ready. */
static void expect_as_before(
    struct service *service, const struct rig *rig, size_t descriptors, size_t memory)
{
	enum { SLACK = 4, MEMORY_SLACK = 8 << 20 };
	struct movement movement;
	struct told told;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (service_descriptors(service) > descriptors + SLACK)
		cr_assert(movement_pause(&movement), "%zu descriptors, %zu before",
		    service_descriptors(service), descriptors);
	ask_rig(rig, "\"command\":\"status\"", &told);
	cr_expect_eq(told.exit, 0, "%s", told.message);
	told_done(&told);
#ifndef SCALE_SANITIZED
	if (!getenv("ENROLD_PROGRAMS"))
		cr_expect_leq(service_memory(service), memory + MEMORY_SLACK);
#endif
	fprintf(stderr, "crowd: %zu descriptors (%zu), %zu KiB (%zu)\n",
	    service_descriptors(service), descriptors, service_memory(service) / 1024,
	    memory / 1024);
}

static void make(struct rig *rig, struct service *service)
{
	rig_make(rig, NULL);
	rig_drop(rig, "first.csv", HEADER "p3,C1\n");
	service_start(service, rig);
	service_await(service, rig, "", 1);
	service_await_idle(service, rig);
	ask_expect(rig, 0, "\"command\":\"runs\""); /* the threads for that are there now */
}

static void expect_bears(int at_once, int count)
{
	struct rig rig;
	struct service service;
	struct crowd crowd;
	make(&rig, &service);
	size_t descriptors = service_descriptors(&service), memory = service_memory(&service);
	crowd_start(&crowd, &rig, at_once);
	crowd_await(&crowd, count / 2);
	int before = atomic_load(&crowd.came);
	expect_answer(&rig, &service, "staff.csv");
	crowd_await(&crowd, before + count / 2); /* they went on all the while */
	expect_answer(&rig, &service, "again.csv");
	crowd_end(&crowd);
	expect_as_before(&service, &rig, descriptors, memory);
	service_stop(&service);
	law_close(&rig);
}

Test(control_crowd, of_ten_thousand_changes_nothing_for_a_file)
{
	expect_bears(100, SCALE(10000, 1000));
}

Test(control_crowd, of_a_thousand_at_once_changes_nothing_for_a_file)
{
	expect_bears(1000, SCALE(3000, 1500));
}

/* ---- places ---- */

static void expect_quiet(struct service *service, int64_t for_ms)
{
	int64_t before = cpu_ms(service);
	pause_for(for_ms);
	cr_expect_leq((cpu_ms(service) - before) * 20, for_ms, "%lld ms of %lld",
	    (long long)(cpu_ms(service) - before), (long long)for_ms);
}

static void come_all(const struct rig *rig, int *clients, int count)
{
	struct path path = asker_path(rig);
	for (int i = 0; i < count; i++) {
		clients[i] = come(&path);
		cr_assert_geq(clients[i], 0);
	}
}

static void go_all(const int *clients, int count)
{
	for (int i = 0; i < count; i++)
		close(clients[i]);
}

/* Nobody turns in a circle for them, whether there is place for more or not. */
Test(control_crowd, of_silent_ones_costs_no_time_and_gives_place_to_who_asks)
{
	struct rig rig;
	struct service service;
	int clients[PLACES * 3];
	make(&rig, &service);
	come_all(&rig, clients, PLACES);
	expect_quiet(&service, 1500);
	ask_expect(&rig, 0, "\"command\":\"status\"");
	come_all(&rig, clients + PLACES, PLACES * 2);
	expect_quiet(&service, 1500);
	ask_expect(&rig, 0, "\"command\":\"status\"");
	expect_answer(&rig, &service, "staff.csv");
	go_all(clients, PLACES * 3);
	service_stop(&service);
	law_close(&rig);
}

/* Without descriptors nobody is let in, and nobody turns in a circle for that. */
Test(control_crowd, waits_quietly_for_descriptors_that_there_are_not)
{
	enum { COMERS = 20, FEW = 4 };
	struct rig rig;
	struct service service;
	struct rlimit usual, few;
	int clients[COMERS];
	make(&rig, &service);
	cr_assert_eq(prlimit(service.program.pid, RLIMIT_NOFILE, NULL, &usual), 0);
	few = usual;
	few.rlim_cur = service_descriptors(&service) + FEW;
	cr_assert_eq(prlimit(service.program.pid, RLIMIT_NOFILE, &few, NULL), 0);
	come_all(&rig, clients, COMERS);
	expect_quiet(&service, 1500);
	cr_assert_eq(prlimit(service.program.pid, RLIMIT_NOFILE, &usual, NULL), 0);
	expect_answer(&rig, &service, "staff.csv");
	ask_expect(&rig, 0, "\"command\":\"status\"");
	go_all(clients, COMERS);
	service_stop(&service);
	law_close(&rig);
}

/* A byte now and then keeps no place for ever. */
static void *drip_main(void *argument)
{
	struct crowd *crowd = argument;
	int clients[PLACES];
	for (int i = 0; i < PLACES; i++)
		clients[i] = come(&crowd->path);
	while (!atomic_load(&crowd->is_over)) {
		for (int i = 0; i < PLACES; i++)
			say(clients[i], "x", 1);
		pause_for(100);
	}
	go_all(clients, PLACES);
	return NULL;
}

Test(control_crowd, that_drips_gives_place_to_who_asks)
{
	struct rig rig;
	struct service service;
	struct crowd crowd;
	make(&rig, &service);
	crowd = (struct crowd){.path = asker_path(&rig)};
	cr_assert_eq(pthread_create(&crowd.thread, NULL, drip_main, &crowd), 0);
	pause_for(300);
	for (int i = 0; i < 3; i++)
		ask_expect(&rig, 0, "\"command\":\"status\"");
	crowd_end(&crowd);
	service_stop(&service);
	law_close(&rig);
}

/* Whoever reads nothing of what he asked is let go, also by the thread that looks back for him. */
Test(control_crowd, that_does_not_read_keeps_nobody_from_looking_back)
{
	enum { FILES = SCALE(300, 60), ASKERS = 4 };
	struct rig rig;
	struct service service;
	int clients[ASKERS];
	make(&rig, &service);
	for (int i = 0; i < FILES; i++)
		rig_drop(&rig, path_of("%d.csv", i).text, HEADER "p1,C1\n");
	service_await(&service, &rig, "", FILES + 1);
	come_all(&rig, clients, ASKERS);
	int small = 1;
	for (int i = 0; i < ASKERS; i++) {
		setsockopt(clients[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
		for (int k = 0; k < 1000; k++)
			say(clients[i], RUNS, sizeof RUNS - 1);
	}
	struct movement movement;
	struct told told = {.exit = -1};
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (told.exit != 0) {
		ask_rig(&rig, "\"command\":\"runs\"", &told);
		cr_assert(told.exit == 0 || told.exit == 75, "%d %s", told.exit, told.message);
		if (told.exit == 0)
			cr_expect_geq(json_array_size(told.data), 20);
		told_done(&told);
		cr_assert(told.exit == 0 || movement_pause(&movement), "others always look back");
	}
	go_all(clients, ASKERS);
	service_stop(&service);
	law_close(&rig);
}

/* ---- what is said of bytes ---- */

static const struct line {
	const char *bytes;
	const char *reason;
} lines[] = {
    {"\n", "one JSON object"},
    {"{}\n", "version 1"},
    {"{\"v\":1,\"command\":\"stop\"}\n", "needs 'run'"},
    {"{\"v\":1,\"command\":\"x\xff\"}\n", "one JSON object"},
    {"{\"v\":1,\"command\":\"\\u001b[2J\"}\n", "no command"},
    {"{\"v\":1,\"command\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4\"}\n", "no command"},
};

Test(control_crowd, is_told_what_is_wrong_and_may_ask_again)
{
	struct rig rig;
	struct service service;
	struct asker asker;
	struct told told;
	make(&rig, &service);
	asker_open(&asker, asker_path(&rig).text);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		asker_send(&asker, lines[i].bytes, strlen(lines[i].bytes));
		json_t *line = asker_line(&asker);
		const char *text = json_string_value(json_object_get(line, "message"));
		cr_assert_not_null(line);
		cr_expect_eq(json_integer_value(json_object_get(line, "exit")), 64);
		cr_expect(strstr(text, lines[i].reason), "%s", text);
		json_decref(line);
	}
	asker_ask(&asker, "\"command\":\"status\"", &told);
	cr_expect_eq(told.exit, 0);
	told_done(&told);
	asker_close(&asker);
	service_stop(&service);
	law_close(&rig);
}

Test(control_crowd, that_says_too_much_is_told_so_once_and_goes)
{
	struct rig rig;
	struct service service;
	struct asker asker;
	make(&rig, &service);
	char *bytes = malloc(LINE_MAX_BYTES);
	cr_assert_not_null(bytes);
	memset(bytes, 'x', LINE_MAX_BYTES);
	asker_open(&asker, asker_path(&rig).text);
	asker_send(&asker, bytes, LINE_MAX_BYTES);
	json_t *line = asker_line(&asker);
	cr_expect_eq(json_integer_value(json_object_get(line, "exit")), 64);
	json_decref(line);
	cr_expect_null(asker_line(&asker));
	asker_close(&asker);
	free(bytes);
	service_stop(&service);
	law_close(&rig);
}

Test(control_crowd, gets_an_answer_to_each_of_many_lines_in_their_order)
{
	enum { LINES = 500 };
	struct rig rig;
	struct service service;
	struct asker asker;
	make(&rig, &service);
	struct buffer all = {0};
	for (int i = 0; i < LINES; i++)
		buffer_print(&all, "{\"v\":1,\"command\":\"no%d\"}\n", i);
	asker_open(&asker, asker_path(&rig).text);
	asker_send(&asker, all.bytes, all.size);
	shutdown(asker.socket, SHUT_WR);
	for (int i = 0; i < LINES; i++) {
		json_t *line = asker_line(&asker);
		const char *text = json_string_value(json_object_get(line, "message"));
		struct path word = path_of("'no%d'", i);
		cr_assert_not_null(line);
		cr_expect(strstr(text, word.text), "%d: %s", i, text);
		json_decref(line);
	}
	cr_expect_null(asker_line(&asker));
	asker_close(&asker);
	buffer_done(&all);
	service_stop(&service);
	law_close(&rig);
}
