#include "sender.h"

#include "delivery.h"
#include "teller.h"

#include "enrold/log.h"
#include "enrold/systemd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
	RESCAN_MS = 30 * 1000,
	LOOK_MS = 300 * 1000,
	PRUNE_MS = 3600 * 1000,
	STANDBY_MS = 10 * 1000,
	TROUBLE_MS = 10 * 1000,
	STOP_MS = 3000, /* for what is under way */
};

enum { STOPPED, NOTICED, WATCHED };

struct sender {
	struct settings settings;
	struct store store;
	struct pace pace;
	struct post *post;
	struct delivery *delivery;
	struct teller teller;
	struct pollfd watched[WATCHED];
	struct systemd systemd;
	bool is_once, is_stopping, is_in_trouble;
	bool is_queue_bad, are_chores_bad;             /* when they were done last */
	int64_t rescan_ms, look_ms, prune_ms, ping_ms; /* steady; 0: at once */
	int64_t watchdog_ms;                           /* 0: nobody waits for a ping */
	char status[80];                               /* as it was said last */
};

static int64_t clock_read(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Whoever sets the machine's clock neither stops nor hurries the loop. */
static int64_t steady(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

static struct moment now(void)
{
	return (struct moment){clock_read(CLOCK_REALTIME), steady()};
}

/* ---- beginning and end ---- */

static void signals_watch(struct sender *sender)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN); // NOLINT(cert-err33-c)
	sender->watched[STOPPED] = (struct pollfd){
	    .fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN};
}

/* Without it, as where there are too many already, it is looked every 30 seconds. */
static void queue_watch(struct sender *sender)
{
	char path[64];
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	snprintf(path, sizeof path, "/proc/self/fd/%d", sender->store.queue);
	if (watch >= 0)
		inotify_add_watch(watch, path, IN_MOVED_TO | IN_CREATE);
	sender->watched[NOTICED] = (struct pollfd){.fd = watch, .events = POLLIN};
}

static void pace_set(struct sender *sender)
{
	struct pace pace;
	const char *text = getenv("ENROLD_NOTIFY_PACE");
	sender->pace = pace_usual();
	if (text && pace_parse(text, &pace))
		sender->pace = pace;
}

static struct error sender_open(struct sender *sender, const char *config)
{
	sender->store = STORE_CLOSED;
	pace_set(sender);
	struct error error = settings_open(&sender->settings, config);
	if (!is_error(&error))
		error = store_open(&sender->store, settings_get(&sender->settings)->spool);
	if (!is_error(&error))
		error = post_open(&sender->pace, &sender->post);
	if (!is_error(&error))
		error = delivery_create(&sender->delivery, &sender->settings, &sender->store,
		    sender->post, &sender->pace);
	sender->teller = (struct teller){&sender->settings, &sender->store, arena_create()};
	if (!is_error(&error) && !sender->teller.arena)
		error = error_memory("starting");
	if (!is_error(&error))
		queue_watch(sender);
	return error;
}

static void sender_close(struct sender *sender)
{
	post_close(sender->post);
	delivery_free(sender->delivery);
	arena_free(sender->teller.arena);
	store_close(&sender->store);
	settings_close(&sender->settings);
	for (int i = 0; i < WATCHED; i++)
		if (sender->watched[i].fd >= 0)
			close(sender->watched[i].fd);
}

/* ---- a turn ---- */

static void watchdog_ping(struct sender *sender)
{
	int64_t now_ms = steady();
	if (sender->watchdog_ms == 0 || now_ms - sender->ping_ms < sender->watchdog_ms / 2)
		return;
	systemd_status(&sender->systemd, "WATCHDOG=1");
	sender->ping_ms = now_ms;
}

static void wait_until(struct sender *sender, int64_t time_ms)
{
	int64_t left_ms = time_ms - steady();
	if (sender->watchdog_ms > 0 && left_ms > sender->watchdog_ms / 2)
		left_ms = sender->watchdog_ms / 2;
	left_ms = left_ms < 0 ? 0 : left_ms < RESCAN_MS ? left_ms : RESCAN_MS;
	post_wait(sender->post, sender->watched, WATCHED, (int)left_ms);
	if (sender->watched[STOPPED].revents) {
		struct signalfd_siginfo signal;
		while (read(sender->watched[STOPPED].fd, &signal, sizeof signal) > 0)
			sender->is_stopping = true;
	}
	if (sender->watched[NOTICED].revents) {
		char events[4096];
		while (read(sender->watched[NOTICED].fd, events, sizeof events) > 0)
			sender->rescan_ms = 0;
	}
	watchdog_ping(sender);
}

/* What has come into out/ is noted whatever became of the notices. */
static struct error queue_work(struct sender *sender, struct moment now)
{
	bool has_more = false;
	if (now.steady_ms < sender->rescan_ms)
		return OK;
	struct error error = teller_turn(&sender->teller, now.wall_ms, &has_more);
	struct error loaded = delivery_load(sender->delivery, now.steady_ms);
	sender->rescan_ms = has_more ? 0 : now.steady_ms + RESCAN_MS;
	error = is_error(&error) ? error : loaded;
	sender->is_queue_bad = is_error(&error);
	return error;
}

static struct error chores_work(struct sender *sender, struct moment now)
{
	struct error error = OK;
	if (now.steady_ms < sender->look_ms && now.steady_ms < sender->prune_ms)
		return OK;
	if (now.steady_ms >= sender->look_ms) {
		error = teller_look(&sender->teller, now.wall_ms);
		sender->look_ms = now.steady_ms + LOOK_MS;
		if (!is_error(&error))
			error = delivery_load(sender->delivery, now.steady_ms);
	}
	if (!is_error(&error) && now.steady_ms >= sender->prune_ms) {
		error = store_prune(&sender->store, now.wall_ms / 1000);
		sender->prune_ms = now.steady_ms + PRUNE_MS;
	}
	sender->are_chores_bad = is_error(&error);
	return error;
}

/* Where no message can be made, as on a full disk, those that are made are sent all the same; but
 * none is while it cannot be noted that others were. */
static struct error turn(struct sender *sender, struct moment now)
{
	struct error error = delivery_settle(sender->delivery, now);
	settings_look(&sender->settings);
	if (is_error(&error))
		return error;
	error = queue_work(sender, now);
	/* While notices are left it is not known what else there is to say. */
	if (!is_error(&error) && sender->rescan_ms > 0)
		error = chores_work(sender, now);
	struct error sending = delivery_start(sender->delivery, now);
	return is_error(&error) ? error : sending;
}

/* Said once, until all is well again. */
static void trouble_tell(struct sender *sender, const struct error *error)
{
	if (is_error(error) && !sender->is_in_trouble)
		log_event(LOG_ERROR, "notify_failed", NULL,
		    "notices and messages wait, and nothing is lost: %s", error->text);
	sender->is_in_trouble = is_error(error) || sender->is_queue_bad || sender->are_chores_bad;
}

static void status_say(struct sender *sender, const char *status)
{
	if (strcmp(status, sender->status) == 0)
		return;
	snprintf(sender->status, sizeof sender->status, "%s", status);
	systemd_status(&sender->systemd, status);
}

static void status_tell(struct sender *sender)
{
	char status[sizeof sender->status];
	size_t away = delivery_count_away(sender->delivery);
	int size = snprintf(
	    status, sizeof status, "STATUS=%zu to be sent", delivery_count(sender->delivery));
	if (sender->is_in_trouble)
		snprintf(status + size, sizeof status - (size_t)size, "; the spool is in trouble");
	else if (away > 0)
		snprintf(status + size, sizeof status - (size_t)size, "; servers away: %zu", away);
	status_say(sender, status);
}

/* One attempt each has been made. */
static bool is_done(const struct sender *sender)
{
	return sender->is_once && sender->rescan_ms > 0 &&
	       ((sender->is_in_trouble && post_count(sender->post) == 0) ||
	           delivery_has_tried_all(sender->delivery));
}

static void loop(struct sender *sender)
{
	while (!sender->is_stopping) {
		struct moment moment = now();
		struct error error = turn(sender, moment);
		int64_t next_ms = delivery_next_ms(sender->delivery, moment.steady_ms);
		trouble_tell(sender, &error);
		status_tell(sender);
		if (is_done(sender))
			return;
		if (is_error(&error) && moment.steady_ms + TROUBLE_MS < next_ms)
			next_ms = moment.steady_ms + TROUBLE_MS;
		if (sender->rescan_ms < next_ms)
			next_ms = sender->rescan_ms;
		wait_until(sender, next_ms);
	}
}

/* What is under way may come to its end; the rest is sent next time. */
static void wind_down(struct sender *sender)
{
	int64_t end_ms = steady() + STOP_MS;
	systemd_state("STOPPING=1");
	while (post_count(sender->post) > 0 && steady() < end_ms) {
		wait_until(sender, end_ms);
		struct error error = delivery_settle(sender->delivery, now());
		trouble_tell(sender, &error);
	}
}

/* ---- one at a time ---- */

static struct error lock_await(struct sender *sender)
{
	bool is_ours;
	struct error error = store_lock(&sender->store, &is_ours);
	if (!is_error(&error) && !is_ours && sender->is_once)
		return error_retry("another enrold-notify works on this spool");
	while (!is_error(&error) && !is_ours && !sender->is_stopping) {
		status_say(
		    sender, "STATUS=waits for another enrold-notify, which works on this spool");
		wait_until(sender, steady() + STANDBY_MS);
		error = store_lock(&sender->store, &is_ours);
	}
	return error;
}

static void work(struct sender *sender)
{
	log_event(LOG_INFO, "notify_ready", NULL, "messages are sent");
	loop(sender);
	wind_down(sender);
	log_event(LOG_INFO, "notify_stopped", NULL, "%zu messages wait",
	    delivery_count(sender->delivery));
}

enum sender_status sender_run(const char *config, int is_once)
{
	struct sender sender = {.is_once = is_once, .watched = {{.fd = -1}, {.fd = -1}}};
	signals_watch(&sender);
	systemd_open(&sender.systemd);
	sender.watchdog_ms = (int64_t)systemd_watchdog_ms();
	struct error error = sender_open(&sender, config);
	if (!is_error(&error)) {
		systemd_state("READY=1");
		error = lock_await(&sender);
	}
	enum sender_status status = SENDER_OK;
	if (is_error(&error)) {
		log_event(LOG_ERROR, "notify_failed", NULL, "%s", error.text);
		status = error.class == ERROR_CONFIG ? SENDER_CONFIG : SENDER_WAITS;
	} else if (!sender.is_stopping) {
		work(&sender);
		if (is_once && (delivery_count(sender.delivery) > 0 || sender.is_in_trouble))
			status = SENDER_WAITS;
	}
	sender_close(&sender);
	systemd_close(&sender.systemd);
	return status;
}
