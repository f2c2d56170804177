/*
 * decrypt: the plaintext is written while it comes, for it may be larger than memory; unless all is
 * well in the end it is taken away again.
 */
#include "decrypt.h"
#include "verdict.h"

#include <unistd.h>

static struct error plaintext_judge(const struct policy_pgp *policy, const struct pgp_call *call,
    const struct pgp_end *end, struct pgp_verdict *verdict)
{
	verdict->is_stopped = end->is_stopped;
	if (end->is_stopped)
		return OK;
	if (end->is_large)
		return error_reject("file_too_large", 0,
		    "decrypted it has more than %llu bytes, the most that a file may have",
		    (unsigned long long)call->sink.bytes_max);
	struct error error =
	    pgp_judge(policy, &end->status, end->is_well, call->limits->now, verdict);
	if (error.class == ERROR_RETRY && *end->words)
		error = error_wrap(error, "%.120s", end->words);
	return error.class == ERROR_RETRY ? pgp_file_error(error) : error;
}

/* gpg ends with an error and says nothing of it where an armour has a letter too few, as where it
 * is not well itself: then it cannot list its keys either. */
static struct error silence_judge(struct pgp_session *session, const struct pgp_limits *limits)
{
	static const char *const arguments[] = {"--lock-never", "--list-keys", NULL};
	struct pgp_call call = {arguments, -1, {.file = -1, .bytes_max = UINT64_MAX}, limits};
	struct pgp_end end;
	struct error error = pgp_session_call(session, &call, &end);
	if (is_error(&error))
		return error;
	if (!end.is_well)
		return pgp_file_error(error_retry("gpg cannot read its keys: %.120s", end.words));
	return error_reject("pgp_broken", 0,
	    "gpg can make nothing of it: it is cut short, or was altered on its way; drop it "
	    "again, "
	    "as a binary transfer");
}

/* No signature is looked at where nobody is named: one by a key that we do not have would be an
 * error of gpg's. */
static struct error message_open(struct pgp_session *session, const struct policy_pgp *policy,
    struct pgp_call *call, struct pgp_verdict *verdict)
{
	static const char *const checked[] = {
	    "--lock-never", "--pinentry-mode", "error", "--decrypt", NULL};
	static const char *const unchecked[] = {
	    "--lock-never", "--pinentry-mode", "error", "--skip-verify", "--decrypt", NULL};
	struct pgp_end end;
	call->arguments = policy->signed_by.count > 0 ? checked : unchecked;
	struct error error = pgp_session_call(session, call, &end);
	if (is_error(&error))
		return error;
	bool is_ours = end.is_stopped || end.is_large;
	return !is_ours && !end.is_well && pgp_is_silent(&end.status)
	           ? silence_judge(session, call->limits)
	           : plaintext_judge(policy, call, &end, verdict);
}

/* Where only encrypted files are taken, gpg is not asked what others are. */
static struct error beginning_judge(const struct policy_pgp *policy, int from)
{
	char bytes[64];
	ssize_t size = policy->required ? pread(from, bytes, sizeof bytes, 0) : 0;
	if (size < 0)
		return error_errno("cannot read the file");
	if (!policy->required || pgp_recognise((struct slice){bytes, (size_t)size}))
		return OK;
	return error_reject("pgp_not_encrypted", 0,
	    "it is not encrypted, and this feed takes only what is (pgp.required): let the sender "
	    "encrypt it for the key of this feed (enrolctl key pgp prints one)");
}

struct error pgp_decrypt_by(const struct pgp_programs *programs, const struct policy_pgp *policy,
    const struct pgp_files *files, const struct pgp_limits *limits, struct pgp_verdict *verdict)
{
	struct pgp_session session;
	struct pgp_call call = {.input = files->from,
	    .sink = {.file = files->to, .bytes_max = limits->bytes_max},
	    .limits = limits};
	*verdict = (struct pgp_verdict){.is_stopped = false};
	struct error error = talk_sink_empty(&call.sink);
	if (!is_error(&error))
		error = beginning_judge(policy, files->from);
	if (!is_error(&error))
		error = pgp_session_open(programs, policy, false, &session);
	if (is_error(&error))
		return error;
	error = message_open(&session, policy, &call, verdict);
	pgp_session_close(&session);
	verdict->bytes = call.sink.bytes;
	if (!is_error(&error) && !verdict->is_stopped)
		error = talk_sink_end(&call.sink);
	if (is_error(&error) || verdict->is_stopped) {
		struct error not_emptied = talk_sink_empty(&call.sink);
		verdict->bytes = 0;
		if (!is_error(&error))
			error = not_emptied;
	}
	return error;
}

struct error pgp_decrypt(const struct policy_pgp *policy, int from, int to,
    const struct pgp_limits *limits, struct pgp_verdict *verdict)
{
	return pgp_decrypt_by(
	    &pgp_programs, policy, &(struct pgp_files){from, to}, limits, verdict);
}
