/* encrypt: for one key, which need not be signed by anybody: its fingerprint is in the settings. */
#include "session.h"

#include <stdlib.h>

/* Of INV_RECP. */
static struct error key_refuse(const struct policy_pgp *policy, const char *reason)
{
	enum { NOT_FOUND = 1, REVOKED = 4, ENDED = 5, CANNOT = 6 };
	const char *why;
	switch (atoi(reason)) {
	case NOT_FOUND: why = "is not in pgp.home: import the sender's public key there"; break;
	case REVOKED: why = "was revoked: import the sender's new key and name that"; break;
	case ENDED:
		why = "has ended: import it anew when the sender has given it a later end";
		break;
	default:
		why = "cannot be encrypted for: it may have ended, or be there to sign alone";
		break;
	}
	return error_config("the key %s of pgp.answer_to %s", policy->answer_to, why);
}

static struct error end_judge(const struct policy_pgp *policy, const struct pgp_end *end)
{
	if (end->is_stopped)
		return error_retry("it was stopped while gpg encrypted");
	if (end->is_large)
		return error_retry("encrypted it has more bytes than it may have");
	if (*end->status.refused)
		return key_refuse(policy, end->status.refused);
	if (!end->is_well || !end->status.has_encrypted || end->status.is_odd)
		return pgp_file_error(error_retry("gpg could not encrypt: %.120s", end->words));
	return OK;
}

static struct error all_encrypt(
    struct pgp_session *session, const struct policy_pgp *policy, struct pgp_call *call)
{
	const char *const arguments[] = {"--lock-never", "--no-encrypt-to", "--set-filename", "",
	    "--recipient", policy->answer_to, "--encrypt", NULL};
	struct pgp_end end;
	call->arguments = arguments;
	struct error error = pgp_session_call(session, call, &end);
	return is_error(&error) ? error : end_judge(policy, &end);
}

struct error pgp_encrypt(
    const struct policy_pgp *policy, int from, int to, const struct pgp_limits *limits)
{
	struct pgp_session session;
	struct pgp_call call = {
	    .input = from, .sink = {.file = to, .bytes_max = limits->bytes_max}, .limits = limits};
	if (!policy->answer_to)
		return error_config("the feed has no pgp.answer_to");
	struct error error = talk_sink_empty(&call.sink);
	if (!is_error(&error))
		error = pgp_session_open(&pgp_programs, policy, false, &session);
	if (is_error(&error))
		return error;
	error = all_encrypt(&session, policy, &call);
	pgp_session_close(&session);
	if (!is_error(&error))
		error = talk_sink_end(&call.sink);
	struct error not_emptied = is_error(&error) ? talk_sink_empty(&call.sink) : OK;
	return is_error(&error) ? error : not_emptied;
}
