#include "parcel.h"

#include "credential.h"
#include "mail.h"
#include "webhook.h"

#include <stdio.h>
#include <string.h>

static struct error mail_send(struct post *post, const struct parcel_options *options)
{
	const struct mail_options *mail = &options->config->mail;
	char from[MAIL_ADDRESS_SIZE];
	struct buffer secret = {0};
	if (!mail_find_address(mail->from, from))
		return error_config("mail.from is no address");
	struct parcel parcel = {.url = mail->smtp,
	    .from = from,
	    .to = options->outgoing->to,
	    .body = options->outgoing->body,
	    .context = options->context};
	struct error error = OK;
	if (mail->credential)
		error = credential_load("mail.credential", mail->credential, &secret);
	char *colon = secret.bytes ? strchr(secret.bytes, ':') : NULL;
	if (!is_error(&error) && mail->credential && !colon)
		error = error_config("mail.credential is not user:password");
	if (colon) {
		*colon = '\0';
		parcel.user = secret.bytes;
		parcel.password = colon + 1;
	}
	if (!is_error(&error))
		error = post_start(post, &parcel);
	credential_wipe(&secret);
	return error;
}

static struct error signature_make(const struct parcel_options *options, char *header, size_t size)
{
	char signature[SIGNATURE_SIZE + 1];
	struct buffer secret = {0};
	struct error error = credential_load("webhook.key", options->config->webhook.key, &secret);
	if (!is_error(&error))
		error = webhook_sign(
		    buffer_slice(&secret), options->now_s, options->outgoing->body, signature);
	if (!is_error(&error))
		snprintf(header, size, "X-Enrold-Signature: v1=%s", signature);
	credential_wipe(&secret);
	return error;
}

static struct error webhook_send(struct post *post, const struct parcel_options *options)
{
	char key[TOLD_KEY_SIZE + 32], event[64], time[64], signature[SIGNATURE_SIZE + 32];
	const struct outgoing *outgoing = options->outgoing;
	bool is_signed = options->config->webhook.key != NULL;
	snprintf(key, sizeof key, "Idempotency-Key: %s", outgoing->key);
	snprintf(event, sizeof event, "X-Enrold-Event: %.30s", outgoing->event);
	snprintf(time, sizeof time, "X-Enrold-Timestamp: %lld", (long long)options->now_s);
	struct error error = is_signed ? signature_make(options, signature, sizeof signature) : OK;
	if (is_error(&error))
		return error;
	const char *const headers[] = {"Content-Type: application/json", "Expect:", key, event,
	    time, is_signed ? signature : NULL, NULL};
	const struct parcel parcel = {.url = options->feed->policy.notify.webhook,
	    .headers = headers,
	    .body = outgoing->body,
	    .context = options->context};
	return post_start(post, &parcel);
}

struct error parcel_send(struct post *post, const struct parcel_options *options)
{
	return options->outgoing->to ? mail_send(post, options) : webhook_send(post, options);
}
