#include "verdict.h"

#include <stdio.h>
#include <strings.h>

enum { WEEK_DAYS = 7, DAY_S = 86400, HOUR_S = 3600, LIST_SIZE = 200 };

/* ---- it cannot be opened ---- */

static void recipients_list(const struct pgp_status *status, char text[LIST_SIZE])
{
	size_t used = 0, known = status->recipients_count < STATUS_KEYS_MAX
	                             ? status->recipients_count
	                             : STATUS_KEYS_MAX;
	*text = '\0';
	for (size_t i = 0; i < known && used < LIST_SIZE; i++)
		used += (size_t)snprintf(text + used, LIST_SIZE - used, "%s%s", i > 0 ? ", " : "",
		    strspn(status->recipients[i], "0") == STATUS_KEY_ID_SIZE - 1
		        ? "one that is not named"
		        : status->recipients[i]);
	if (known < status->recipients_count && used < LIST_SIZE)
		snprintf(text + used, LIST_SIZE - used, " and %zu more",
		    status->recipients_count - known);
}

static struct error no_key(const struct pgp_status *status)
{
	char list[LIST_SIZE];
	if (status->recipients_count == 0)
		return error_reject("pgp_no_key", 0,
		    "it is encrypted with a passphrase, which enrold does not know: encrypt it for "
		    "the key of this feed (enrolctl key pgp prints one)");
	recipients_list(status, list);
	return error_reject("pgp_no_key", 0,
	    "it is encrypted for key %s, which is none of this feed's: encrypt it for one of ours, "
	    "or put the secret key into pgp.home and drop it again",
	    list);
}

static struct error not_opened(const struct pgp_status *status)
{
	if (status->is_locked)
		return error_config("the secret key %s in pgp.home has a passphrase, and nobody is "
		                    "asked for it: take it off (gpg --edit-key, passwd)",
		    status->recipients[0]);
	if (status->lacks_integrity)
		return error_reject("pgp_no_integrity", 0,
		    "it is encrypted without integrity protection (MDC), so that anybody could "
		    "have "
		    "altered it: let the sender's program use it, as all do by default");
	if (!*status->key && (status->recipients_count > 0 || status->needs_passphrase) &&
	    (status->keys_missing > 0 || status->needs_passphrase))
		return no_key(status);
	return error_reject("pgp_broken", 0,
	    "it cannot be decrypted: it is cut short, or was altered on its way; drop it again, as "
	    "a binary transfer");
}

/* ---- what was in it ---- */

static struct error content_judge(const struct pgp_status *status)
{
	if (status->literals == 1 && !status->is_outside && status->begun == 1 &&
	    status->okay == 1 && status->failed == 0 && !status->has_error && !status->is_odd &&
	    !status->is_open && !status->is_no_data && !status->is_locked)
		return status->has_integrity && !status->lacks_integrity
		           ? OK
		           : error_reject("pgp_no_integrity", 0,
		                 "it is encrypted without integrity protection, so that anybody "
		                 "could have altered it: let the sender's program use it (MDC)");
	return error_reject("pgp_broken", 0,
	    "it is not one encrypted file and nothing else: a part of it is outside of the "
	    "encryption, or there are several, or none");
}

/* ---- who has signed it ---- */

bool pgp_is_named(const struct text_list *fingerprints, const struct pgp_signature *signature)
{
	for (size_t i = 0; i < fingerprints->count; i++)
		if (*signature->fingerprint &&
		    (strcasecmp(fingerprints->items[i], signature->fingerprint) == 0 ||
		        strcasecmp(fingerprints->items[i], signature->primary) == 0))
			return true;
	return false;
}

static struct error signature_refuse(const struct pgp_signature *signature)
{
	static const char *const why[] = {
	    [SIGNATURE_UNSAID] = "could not be checked",
	    [SIGNATURE_GOOD] = "is of no document",
	    [SIGNATURE_BAD] = "does not fit the text: it was altered",
	    [SIGNATURE_ENDED] = "has ended",
	    [SIGNATURE_KEY_ENDED] = "is by a key that has ended: let the sender make its end later "
	                            "and send the public key again",
	    [SIGNATURE_KEY_REVOKED] =
	        "is by a key that was revoked: ask the sender for the new one",
	    [SIGNATURE_KEY_MISSING] =
	        "is by a key that pgp.home does not have: import it, if it is "
	        "the sender's, and add it to pgp.signed_by",
	    [SIGNATURE_UNCHECKED] = "is of a kind that gpg does not know",
	};
	const char *code =
	    signature->state == SIGNATURE_KEY_MISSING ? "pgp_signer" : "pgp_signature";
	return error_reject(
	    code, 0, "its signature by key %s %s", signature->id, why[signature->state]);
}

static void span_format(uint64_t seconds, char text[32])
{
	uint64_t days = seconds / DAY_S, hours = seconds / HOUR_S;
	snprintf(text, 32, "%llu %s%s", (unsigned long long)(days > 2 ? days : hours),
	    days > 2 ? "day" : "hour", (days > 2 ? days : hours) == 1 ? "" : "s");
}

static struct error age_judge(
    const struct policy_pgp *policy, const struct pgp_signature *signature, int64_t now)
{
	char age[32], most[32];
	if (signature->made_at > now + VERDICT_AHEAD_S)
		return error_reject("pgp_signature_old", 0,
		    "it was signed later than now: the sender's clock, or ours, is wrong");
	uint64_t age_s = signature->made_at < now ? (uint64_t)(now - signature->made_at) : 0;
	if (policy->signed_within_ms == PERIOD_ENDLESS || age_s <= policy->signed_within_ms / 1000)
		return OK;
	span_format(age_s, age);
	span_format(policy->signed_within_ms / 1000, most);
	return error_reject("pgp_signature_old", 0,
	    "it was signed %s ago, and pgp.signed_within is %s: an old file that somebody dropped "
	    "again, or one that came late; let the sender make it anew",
	    age, most);
}

/* All have to be well, and one of them by somebody who is named: what somebody else has added is
 * nothing that this feed has been told of. */
static struct error signatures_judge(const struct policy_pgp *policy,
    const struct pgp_status *status, int64_t now, struct pgp_verdict *verdict)
{
	if (status->signatures_count == 0)
		return error_reject("pgp_not_signed", 0,
		    "it is not signed, and this feed takes only what one of pgp.signed_by has "
		    "signed: let the sender sign and encrypt it");
	const struct pgp_signature *named = NULL, *items = status->signatures;
	for (size_t i = 0; i < status->signatures_count; i++) {
		if (items[i].state != SIGNATURE_GOOD || !*items[i].fingerprint)
			return signature_refuse(&items[i]);
		if (pgp_is_named(&policy->signed_by, &items[i]))
			named = &items[i];
	}
	if (!named)
		return error_reject("pgp_signer", 0,
		    "it is signed by %s, who is not among this feed's pgp.signed_by: add the "
		    "fingerprint there if it is the sender's",
		    items[0].primary);
	snprintf(verdict->signer, sizeof verdict->signer, "%s", named->primary);
	verdict->signed_at = named->made_at;
	return age_judge(policy, named, now);
}

/* ---- all in all ---- */

static bool is_about_nothing(const struct pgp_status *status)
{
	return status->begun == 0 && status->literals == 0 && status->recipients_count == 0 &&
	       !status->needs_passphrase;
}

bool pgp_is_silent(const struct pgp_status *status)
{
	return is_about_nothing(status) && !status->is_no_data && !status->has_failed;
}

struct error pgp_judge(const struct policy_pgp *policy, const struct pgp_status *status,
    bool is_well, int64_t now, struct pgp_verdict *verdict)
{
	bool is_checked = policy->signed_by.count > 0;
	if (status->literals > 0 && status->begun == 0 && status->recipients_count == 0 &&
	    !status->needs_passphrase)
		return error_reject("pgp_not_encrypted", 0,
		    "it is packed or signed, but not encrypted: let the sender encrypt it for the "
		    "key of this feed (enrolctl key pgp prints one)");
	if (pgp_is_silent(status))
		return error_retry("gpg ended without saying what the file is");
	if (status->is_unwell)
		return error_retry("gpg met an error of the system while it decrypted");
	if (is_about_nothing(status))
		return error_reject("pgp_broken", 0,
		    "it is no OpenPGP message: it is cut short, or was altered on its way; drop it "
		    "again, as a binary transfer");
	struct error error = status->okay == 0 ? not_opened(status) : content_judge(status);
	if (!is_error(&error)) {
		snprintf(verdict->key, sizeof verdict->key, "%s", status->key);
		if (is_checked)
			error = signatures_judge(policy, status, now, verdict);
	}
	if (!is_error(&error) && !is_well)
		return error_reject("pgp_broken", 0,
		    "gpg decrypted it and ended with an error all the same: let the sender make it "
		    "anew");
	return error;
}
