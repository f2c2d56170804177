#include "teller.h"

#include "mail.h"
#include "outgoing.h"
#include "rule.h"
#include "webhook.h"

#include "enrold/disk.h"
#include "enrold/held.h"
#include "enrold/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ATTACHED_MAX = 1 << 20 };

/* One telling on its way into out/. */
struct writing {
	struct teller *teller;
	const struct feed *feed;
	const struct message *message;
	int64_t now_ms;
	struct slice attached; /* bytes NULL: nothing is */
	const char *attached_name;
};

static struct error outgoing_put(const struct writing *writing, const char *to, struct slice body)
{
	char name[OUTGOING_NAME_SIZE];
	struct buffer text = {0};
	const struct telling *telling = writing->message->telling;
	const struct outgoing outgoing = {.key = telling->key,
	    .feed = writing->feed->name,
	    .to = to,
	    .event = tell_name(telling_leads(telling)),
	    .made_ms = writing->now_ms,
	    .body = body};
	struct error error = outgoing_name(&outgoing, name);
	outgoing_format(&outgoing, &text);
	if (!is_error(&error))
		error = text.failed ? error_memory("writing a message")
		                    : store_put(writing->teller->store, name, buffer_slice(&text));
	buffer_done(&text);
	return error;
}

/* ---- mail ---- */

/* The same mail for each, so that whoever gets it sees who else does; each on its own, so that one
 * whom the server refuses keeps it from nobody. */
static struct error mails_put(const struct writing *writing, const struct buffer *mail)
{
	const struct text_list *to = &writing->feed->policy.notify.mail;
	struct error error = OK;
	for (size_t i = 0; i < to->count && !is_error(&error); i++)
		error = outgoing_put(writing, to->items[i], buffer_slice(mail));
	return error;
}

static struct error mails_write(const struct writing *writing)
{
	struct buffer headline = {0}, text = {0}, out = {0};
	const struct message *message = writing->message;
	const struct text_list *to = &writing->feed->policy.notify.mail;
	const struct config *config = settings_get(writing->teller->settings);
	message_headline(message, &headline);
	message_text(message, &text);
	const struct mail mail = {.from = config->mail.from,
	    .to = (const char *const *)to->items,
	    .to_count = to->count,
	    .feed = writing->feed->name,
	    .node = message->node,
	    .key = message->telling->key,
	    .thread = message->telling->thread,
	    .headline = buffer_slice(&headline),
	    .text = buffer_slice(&text),
	    .at_s = writing->now_ms / 1000,
	    .attached_name = writing->attached_name,
	    .attached = writing->attached};
	bool is_made = mail_format(&mail, &out);
	struct error error = headline.failed || text.failed || out.failed
	                         ? error_memory("writing a mail")
	                     : is_made ? mails_put(writing, &out)
	                               : OK;
	if (!is_made)
		log_event(LOG_ERROR, "notify_refused", json_pack("{s:s}", "feed", mail.feed),
		    "no mail can be made of the message %s", mail.key);
	buffer_done(&headline);
	buffer_done(&text);
	buffer_done(&out);
	return error;
}

static struct error webhook_write(const struct writing *writing)
{
	struct buffer out = {0};
	webhook_format(writing->message, &out);
	struct error error = out.failed ? error_memory("writing a message")
	                                : outgoing_put(writing, NULL, buffer_slice(&out));
	buffer_done(&out);
	return error;
}

/* ---- what is attached ---- */

/* Only what lies in the spool, is small and has no passwords. */
static void retry_attach(struct writing *writing, struct message *message)
{
	const struct notice *notice = message->notice;
	struct teller *teller = writing->teller;
	const char *spool = settings_get(teller->settings)->spool;
	size_t length = strlen(spool);
	struct stat stat;
	if (writing->feed->policy.notify.attach != ATTACH_RETRY || !notice || !notice->retry ||
	    notice->has_passwords || !(message->telling->tells & TELL_BIT(TELL_ERRORS)) ||
	    strncmp(notice->retry, spool, length) != 0 || notice->retry[length] != '/' ||
	    strstr(notice->retry, "/../"))
		return;
	const char *below = notice->retry + length + 1;
	if (fstatat(teller->store->root, below, &stat, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(stat.st_mode) || stat.st_size > ATTACHED_MAX)
		return;
	struct error error =
	    disk_load(teller->store->root, below, teller->arena, &writing->attached);
	message->has_retry = !is_error(&error) && writing->attached.bytes;
	if (message->has_retry)
		writing->attached_name = strrchr(notice->retry, '/') + 1;
}

/* ---- a telling ---- */

static struct error telling_write(
    struct teller *teller, const struct feed *feed, struct message *message, int64_t now_ms)
{
	struct writing writing = {
	    .teller = teller, .feed = feed, .message = message, .now_ms = now_ms};
	const struct config *config = settings_get(teller->settings);
	retry_attach(&writing, message);
	struct error error = OK;
	if (config->mail.smtp && feed->policy.notify.mail.count > 0)
		error = mails_write(&writing);
	if (!is_error(&error) && feed->policy.notify.webhook)
		error = webhook_write(&writing);
	return is_error(&error) ? error : store_flush(teller->store);
}

static struct error notice_tell(
    struct teller *teller, const struct feed *feed, const struct notice *notice, int64_t now_ms)
{
	struct told told;
	struct telling telling;
	struct message message = {.telling = &telling,
	    .notice = notice,
	    .told = &told,
	    .feed = feed->name,
	    .node = settings_get(teller->settings)->node};
	struct error error = store_load_told(teller->store, feed->name, teller->arena, &told);
	if (is_error(&error))
		return error;
	if (rule_apply(&told, notice, settings_wanted(feed), now_ms / 1000, &telling))
		error = telling_write(teller, feed, &message, now_ms);
	return is_error(&error) ? error : store_save_told(teller->store, feed->name, &told);
}

/* What has gone wrong in a turn: a feed whose state cannot be had keeps no other waiting. */
struct turn {
	char stuck[FEED_NAME_MAX + 1]; /* its notices stay, in their order; "": none */
	struct error error;            /* the first */
	size_t errors, settled;
};

static struct error notice_reject(struct teller *teller, const char *name, const char *reason)
{
	log_event(LOG_WARNING, "notify_strange", json_pack("{s:s}", "file", name),
	    "notify/queue/%s is put aside into notify/failed: %s", name, reason);
	return store_reject_notice(teller->store, name);
}

static struct error notice_settle(
    struct teller *teller, const char *name, int64_t now_ms, struct turn *turn)
{
	struct slice text;
	struct notice notice;
	struct error error = store_load(teller->store->queue, name, teller->arena, &text);
	if (is_error(&error))
		return error;
	error = notice_parse(text.bytes ? text : SLICE(""), teller->arena, &notice);
	if (error.class == ERROR_REJECT)
		return notice_reject(teller, name, error.text);
	if (is_error(&error))
		return error;
	if (strcmp(notice.feed, turn->stuck) == 0)
		return OK;
	const struct feed *feed = settings_find(teller->settings, notice.feed);
	if (feed)
		error = notice_tell(teller, feed, &notice, now_ms);
	if (!is_error(&error))
		error = store_remove_notice(teller->store, name);
	if (is_error(&error))
		snprintf(turn->stuck, sizeof turn->stuck, "%s", notice.feed);
	turn->settled += !is_error(&error);
	return error;
}

struct error teller_turn(struct teller *teller, int64_t now_ms, bool *has_more)
{
	struct store_names names;
	struct turn turn = {.error = OK};
	struct arena *listed = arena_create();
	size_t i = 0;
	*has_more = false;
	if (!listed)
		return error_memory("looking into notify/queue");
	struct error error = store_list(teller->store->queue, listed, &names);
	for (; i < names.count && turn.settled < TELLER_TURN && turn.errors < 2; i++) {
		struct error one = notice_settle(teller, names.items[i], now_ms, &turn);
		if (is_error(&one) && turn.errors++ == 0)
			turn.error = one;
		arena_reset(teller->arena);
	}
	*has_more = turn.settled == TELLER_TURN && i < names.count;
	arena_free(listed);
	return is_error(&error) ? error : turn.error;
}

/* ---- when time has passed ---- */

static struct error feed_look(struct teller *teller, const struct feed *feed,
    const char *const *open, size_t open_count, int64_t now_ms)
{
	struct told told;
	struct telling telling;
	struct message message = {.telling = &telling,
	    .told = &told,
	    .feed = feed->name,
	    .node = settings_get(teller->settings)->node};
	struct error error = store_load_told(teller->store, feed->name, teller->arena, &told);
	size_t plans = told.plans_count;
	bool is_told = !is_error(&error) && rule_look(&told, feed->name, open, open_count,
	                                        settings_wanted(feed), now_ms / 1000, &telling);
	if (is_told)
		error = telling_write(teller, feed, &message, now_ms);
	if (!is_error(&error) && (is_told || plans != told.plans_count))
		error = store_save_told(teller->store, feed->name, &told);
	return error;
}

static struct error cards_look(struct teller *teller, const struct feed *feed, int64_t now_ms)
{
	struct held_plans plans;
	struct error error = held_load(teller->store->root, feed->name, &plans);
	if (is_error(&error))
		return error;
	const char **open = arena_alloc(teller->arena, (plans.count + 1) * sizeof *open);
	for (size_t i = 0; open && i < plans.count; i++)
		open[i] = plans.items[i].run;
	error = open ? feed_look(teller, feed, open, plans.count, now_ms)
	             : error_memory("looking at held plans");
	held_free(&plans);
	arena_reset(teller->arena);
	return error;
}

struct error teller_look(struct teller *teller, int64_t now_ms)
{
	const struct config *config = settings_get(teller->settings);
	struct error error = OK;
	for (size_t i = 0; i < config->feeds_count; i++) {
		if (!policy_tells(&config->feeds[i].policy))
			continue;
		struct error one = cards_look(teller, &config->feeds[i], now_ms);
		error = is_error(&error) ? error : one;
	}
	return error;
}
