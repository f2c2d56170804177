#include "trial.h"

#include "credential.h"
#include "mail.h"
#include "parcel.h"
#include "rule.h"
#include "settings.h"

#include "enrold/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void say_wrong(const struct error *error)
{
	fprintf(stderr, "enrold-notify: %s\n", error->text);
}

static enum sender_status status_of(const struct error *error)
{
	return error->class == ERROR_CONFIG ? SENDER_CONFIG : SENDER_WAITS;
}

/* ---- who is told of what ---- */

static void feed_say(const struct config *config, const struct feed *feed)
{
	unsigned wanted = settings_wanted(feed);
	const struct policy_notify *notify = &feed->policy.notify;
	printf("%s:", feed->name);
	for (enum tell tell = 0; tell < TELLS; tell++)
		if (wanted & TELL_BIT(tell))
			printf(" %s", tell_name(tell));
	fputs("; to", stdout);
	for (size_t i = 0; i < notify->mail.count && config->mail.smtp; i++)
		printf(" %s", notify->mail.items[i]);
	if (notify->webhook) {
		struct buffer shown = {0};
		secret_show_hook(notify->webhook, &shown);
		printf(" %.*s", shown.failed ? 0 : (int)shown.size, shown.bytes ? shown.bytes : "");
		buffer_done(&shown);
	}
	putchar('\n');
}

static bool secret_is_good(const char *key, const char *name, bool has_colon)
{
	struct buffer secret = {0};
	if (!name || (name[0] != '/' && !getenv("CREDENTIALS_DIRECTORY")))
		return true; /* the unit's alone: nobody else can look */
	struct error error = credential_load(key, name, &secret);
	if (!is_error(&error) && has_colon && !strchr(secret.bytes, ':'))
		error = error_config("%s is not user:password", key);
	credential_wipe(&secret);
	if (is_error(&error))
		say_wrong(&error);
	return !is_error(&error);
}

enum sender_status trial_check(const char *config)
{
	struct settings settings;
	struct error error = settings_open(&settings, config);
	if (is_error(&error)) {
		say_wrong(&error);
		return status_of(&error);
	}
	const struct config *found = settings_get(&settings);
	size_t told = 0;
	bool needs_mail = false;
	for (size_t i = 0; i < found->feeds_count; i++) {
		const struct policy *policy = &found->feeds[i].policy;
		if (!policy_tells(policy))
			continue;
		told++;
		needs_mail |= policy->notify.mail.count > 0;
		feed_say(found, &found->feeds[i]);
	}
	if (told == 0)
		puts("nobody is told of any feed");
	bool is_good = secret_is_good("mail.credential", found->mail.credential, true) &&
	               secret_is_good("webhook.key", found->webhook.key, false);
	if (needs_mail && !found->mail.smtp) {
		fputs("enrold-notify: feeds have addresses, and there is no mail.smtp\n", stderr);
		is_good = false;
	}
	settings_close(&settings);
	return is_good ? SENDER_OK : SENDER_CONFIG;
}

/* ---- whether it arrives ---- */

struct trial {
	const struct config *config;
	const struct feed *feed;
	struct post *post;
	int64_t now_s;
	bool has_failed;
};

static void say(struct trial *trial, const char *to, const char *reason)
{
	printf("%s: %s\n", to, reason ? reason : "sent");
	trial->has_failed |= reason != NULL;
}

static void one_send(struct trial *trial, const struct outgoing *outgoing)
{
	const struct parcel_options options = {.config = trial->config,
	    .feed = trial->feed,
	    .outgoing = outgoing,
	    .now_s = trial->now_s};
	struct receipt receipt;
	const char *to = outgoing->to ? outgoing->to : "webhook";
	struct error error = parcel_send(trial->post, &options);
	if (is_error(&error)) {
		say(trial, to, error.text);
		return;
	}
	while (!post_take(trial->post, &receipt))
		post_wait(trial->post, NULL, 0, 1000);
	say(trial, to, receipt.fate == FATE_SENT ? NULL : receipt.reason);
}

static void mails_send(struct trial *trial, struct outgoing *outgoing)
{
	const struct policy_notify *notify = &trial->feed->policy.notify;
	struct buffer text = {0};
	const struct mail mail = {.from = trial->config->mail.from,
	    .to = (const char *const *)notify->mail.items,
	    .to_count = notify->mail.count,
	    .feed = trial->feed->name,
	    .node = trial->config->node,
	    .key = outgoing->key,
	    .thread = "",
	    .headline = SLICE("a test"),
	    .text = SLICE("Somebody has tried whether messages about this feed arrive. Nothing "
	                  "else has happened.\n"),
	    .at_s = trial->now_s};
	bool is_made = mail_format(&mail, &text) && !text.failed;
	outgoing->body = buffer_slice(&text);
	for (size_t i = 0; i < notify->mail.count; i++) {
		outgoing->to = notify->mail.items[i];
		if (is_made)
			one_send(trial, outgoing);
		else
			say(trial, outgoing->to, "no mail can be made");
	}
	buffer_done(&text);
}

static void webhook_try(struct trial *trial, struct outgoing *outgoing)
{
	struct buffer text = {0};
	buffer_print(&text,
	    "{\"v\":1,\"id\":\"%s\",\"feed\":\"%s\",\"node\":\"%s\",\"event\":\"test\","
	    "\"events\":[],\"text\":\"a test\"}",
	    outgoing->key, trial->feed->name, trial->config->node);
	outgoing->to = NULL;
	outgoing->body = buffer_slice(&text);
	if (!text.failed)
		one_send(trial, outgoing);
	buffer_done(&text);
}

static void all_send(struct trial *trial)
{
	char key[TOLD_KEY_SIZE];
	snprintf(key, sizeof key, "test-%s-%lld.test", trial->feed->name, (long long)trial->now_s);
	struct outgoing outgoing = {.key = key, .feed = trial->feed->name, .event = "test"};
	if (trial->config->mail.smtp)
		mails_send(trial, &outgoing);
	if (trial->feed->policy.notify.webhook)
		webhook_try(trial, &outgoing);
}

enum sender_status trial_send(const char *config, const char *feed)
{
	struct settings settings;
	const struct pace pace = pace_usual();
	struct trial trial = {.now_s = time(NULL)};
	struct error error = settings_open(&settings, config);
	if (!is_error(&error)) {
		trial.config = settings_get(&settings);
		trial.feed = settings_find(&settings, feed);
		if (!trial.feed)
			error = error_config("nobody is told of a feed %.64s", feed);
	}
	if (!is_error(&error))
		error = post_open(&pace, &trial.post);
	if (is_error(&error))
		say_wrong(&error);
	else
		all_send(&trial);
	post_close(trial.post);
	settings_close(&settings);
	return is_error(&error) ? status_of(&error) : trial.has_failed ? SENDER_FAILED : SENDER_OK;
}
