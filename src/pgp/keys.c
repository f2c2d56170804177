/* keys: those in a home: listed, made, given out. Nothing here ever removes or replaces one. */
#include "colons.h"
#include "session.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define REVOCATIONS "openpgp-revocs.d"
/* What programs of twenty years ago know; BZIP2 and authenticated encryption are not among it. */
#define PREFERENCES "AES256 AES192 AES 3DES SHA512 SHA384 SHA256 SHA224 SHA1 ZLIB ZIP Uncompressed"
/* 4096 bits: the longest that all of them take; some know 2048 and 4096 alone. In one piece, so
 * that no kill leaves a key that nobody can encrypt for. */
#define WISH                                                                                       \
	"%%no-protection\nKey-Type: RSA\nKey-Length: 4096\nKey-Usage: sign\n"                      \
	"Subkey-Type: RSA\nSubkey-Length: 4096\nSubkey-Usage: encrypt\n"                           \
	"Preferences: " PREFERENCES                                                                \
	"\nName-Real: %.*s\nName-Email: %.*s\nExpire-Date: %u%s\n%%commit\n"

enum { LIST_MAX = 16 << 20, QUIET_MS = 60000, MAKING_MS = 600000, MODE_REVOCATIONS = 0700 };

/* One call in a session of its own; its output in the buffer. */
static struct error output_get(const struct policy_pgp *policy, const char *const *arguments,
    struct buffer *out, struct pgp_end *end)
{
	static const struct pgp_limits limits = {.quiet_ms = QUIET_MS};
	struct pgp_session session;
	struct pgp_call call = {
	    arguments, -1, {.file = -1, .buffer = out, .bytes_max = LIST_MAX}, &limits};
	struct error error = pgp_session_open(&pgp_programs, policy, false, &session);
	if (is_error(&error))
		return error;
	error = pgp_session_call(&session, &call, end);
	pgp_session_close(&session);
	if (!is_error(&error) && end->is_large)
		error =
		    error_config("pgp.home, %s, has more keys than anybody needs", policy->home);
	if (!is_error(&error) && out->failed)
		error = error_memory("reading keys");
	return error;
}

/* ---- listing ---- */

struct error pgp_list(const struct policy_pgp *policy, struct arena *arena, struct pgp_keys *keys)
{
	static const char *const arguments[] = {
	    "--lock-never", "--with-colons", "--with-secret", "--list-keys", NULL};
	struct buffer out = {0};
	struct pgp_end end;
	*keys = (struct pgp_keys){.count = 0};
	struct error error = output_get(policy, arguments, &out, &end);
	if (!is_error(&error) && !end.is_well)
		error = error_config("gpg cannot list the keys in pgp.home: %.120s", end.words);
	if (!is_error(&error))
		error = pgp_colons_parse(buffer_slice(&out), arena, keys);
	buffer_done(&out);
	return error;
}

/* ---- giving one out ---- */

struct error pgp_export(
    const struct policy_pgp *policy, const char *fingerprint, struct buffer *out)
{
	const char *const arguments[] = {"--lock-never", "--armor", "--export-options",
	    "export-minimal", "--export", "--", fingerprint, NULL};
	struct pgp_end end;
	struct error error = output_get(policy, arguments, out, &end);
	if (!is_error(&error) && (!end.is_well || out->size == 0))
		error = error_config("there is no key %s in pgp.home", fingerprint);
	return error;
}

/* ---- making one ---- */

/* The certificate by which it can be revoked lies in the session's folder, which goes away. */
static struct error revocation_keep(const struct pgp_session *session, const char *fingerprint)
{
	char from[PATH_MAX], name[PGP_FINGERPRINT_MAX + 8];
	int home = open(session->home.path, O_DIRECTORY | O_RDONLY | O_CLOEXEC), folder = -1;
	snprintf(name, sizeof name, "%s.rev", fingerprint);
	snprintf(from, sizeof from, "%s/" REVOCATIONS "/%s", session->folder, name);
	int file = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct error error =
	    home < 0 || file < 0
	        ? error_errno("cannot keep the certificate to revoke the key")
	        : disk_open_directory(home, REVOCATIONS, MODE_REVOCATIONS, &folder);
	int copy = -1;
	char chunk[8192];
	if (!is_error(&error)) {
		copy = openat(
		    folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		error = copy < 0 ? error_errno("cannot make %s", name)
		                 : disk_copy(file, copy, chunk, sizeof chunk);
	}
	const int open_files[] = {home, file, folder, copy};
	for (size_t i = 0; i < sizeof open_files / sizeof *open_files; i++)
		if (open_files[i] >= 0)
			close(open_files[i]);
	return error;
}

/* "enrold hr <hr@x>", in its two parts. */
static bool user_split(const char *user, struct slice *name, struct slice *address)
{
	struct slice rest = slice_of(user);
	*name = slice_take(&rest, '<');
	*address = slice_take(&rest, '>');
	while (name->size > 0 && name->bytes[name->size - 1] == ' ')
		name->size--;
	for (const char *at = user; *at; at++)
		if ((unsigned char)*at < ' ')
			return false;
	return name->size > 0 && address->size > 0 && rest.size == 0;
}

/* As gpg reads it; the caller closes it. */
static struct error wish_write(const char *user, uint32_t days, int *wish)
{
	struct slice name, address;
	struct buffer text = {0};
	*wish = -1;
	if (!user_split(user, &name, &address))
		return error_config("a key is for a name and an address, \"hr <hr@example.org>\", "
		                    "which %s is not",
		    user);
	buffer_print(
	    &text, WISH, SLICE_ARG(name), SLICE_ARG(address), (unsigned)days, days > 0 ? "d" : "");
	*wish = memfd_create("key", MFD_CLOEXEC);
	struct error error = text.failed ? error_memory("making a key")
	                     : *wish < 0 ? error_errno("cannot make a key")
	                                 : disk_write(*wish, buffer_slice(&text), "a key");
	buffer_done(&text);
	return error;
}

static struct error key_make(
    struct pgp_session *session, int wish, char fingerprint[PGP_FINGERPRINT_MAX + 1])
{
	static const struct pgp_limits limits = {.quiet_ms = MAKING_MS};
	static const char *const arguments[] = {"--generate-key", NULL};
	struct pgp_call call = {arguments, wish, {.file = -1, .bytes_max = LIST_MAX}, &limits};
	struct pgp_end end;
	struct error error = pgp_session_call(session, &call, &end);
	if (is_error(&error))
		return error;
	if (!end.is_well || !*end.status.made)
		return error_config(
		    "gpg could not make a key in %s: %.160s", session->home.path, end.words);
	snprintf(fingerprint, PGP_FINGERPRINT_MAX + 1, "%s", end.status.made);
	return revocation_keep(session, fingerprint);
}

struct error pgp_make_key(const struct policy_pgp *policy, const char *user, uint32_t days,
    char fingerprint[PGP_FINGERPRINT_MAX + 1])
{
	struct pgp_session session;
	int wish;
	struct error error = wish_write(user, days, &wish);
	if (!is_error(&error))
		error = pgp_session_open(&pgp_programs, policy, true, &session);
	if (!is_error(&error)) {
		error = key_make(&session, wish, fingerprint);
		pgp_session_close(&session);
	}
	if (wish >= 0)
		close(wish);
	return error;
}
