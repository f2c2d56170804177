/* What a real gpg makes of messages as people send them, and as somebody would who means no good:
 * each is taken, or refused for its reason, and of none that is refused is a byte left. */
#include "files.h"
#include "keyring.h"
#include "program.h"

#include "pgp/decrypt.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROSTER "username,course\nzoe.secret,algebra\n"
#define OURS "enrold hr <hr@lms.example.org>"
#define SENDER "payroll <payroll@hr.example.org>"
#define STRANGER "nobody <nobody@example.org>"

enum { QUIET_MS = 120000, BYTES_MAX = 1 << 20 };

/* Us, who sends, and somebody else, each with keys of his own. */
struct shop {
	struct path folder, ours, sender, stranger, temporary;
	char our_key[KEYRING_FINGERPRINT_SIZE], sender_key[KEYRING_FINGERPRINT_SIZE];
	int from, to;
	struct pgp_limits limits;
	struct pgp_verdict verdict;
};

static void shop_open(struct shop *shop)
{
	static const struct keyring_wish any = {.ends = NULL};
	char stranger_key[KEYRING_FINGERPRINT_SIZE];
	const char *above = getenv("TMPDIR");
	*shop = (struct shop){.from = -1,
	    .folder = path_of("%s/pgp.XXXXXX", above ? above : "/tmp"),
	    .limits = {.bytes_max = BYTES_MAX, .quiet_ms = QUIET_MS, .now = time(NULL)}};
	cr_assert(mkdtemp(shop->folder.text));
	shop->ours = path_of("%s/ours", shop->folder.text);
	shop->sender = path_of("%s/sender", shop->folder.text);
	shop->stranger = path_of("%s/stranger", shop->folder.text);
	shop->temporary = path_of("%s/t", shop->folder.text);
	files_make_directory(shop->temporary.text);
	cr_assert_eq(setenv("RUNTIME_DIRECTORY", shop->temporary.text, 1), 0);
	keyring_make(shop->ours.text);
	keyring_make(shop->sender.text);
	keyring_make(shop->stranger.text);
	keyring_add(shop->ours.text, OURS, &any, shop->our_key);
	keyring_add(shop->sender.text, SENDER, &any, shop->sender_key);
	keyring_add(shop->stranger.text, STRANGER, &any, stranger_key);
	keyring_give(shop->ours.text, OURS, shop->sender.text);
	keyring_give(shop->ours.text, OURS, shop->stranger.text);
	keyring_give(shop->stranger.text, STRANGER, shop->sender.text);
	keyring_give(shop->sender.text, SENDER, shop->ours.text);
	files_write(path_of("%s/roster.csv", shop->folder.text).text, ROSTER, strlen(ROSTER), 0600);
	shop->to = open(shop->folder.text, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	cr_assert_geq(shop->to, 0);
}

/* Nobody has left anything where sessions are. */
static void shop_close(struct shop *shop)
{
	struct listing left = files_list(shop->temporary.text);
	cr_assert_eq(left.count, 0, "%s", left.count > 0 ? left.entries[0].path : "");
	listing_done(&left);
	close(shop->from);
	close(shop->to);
	files_remove(shop->folder.text);
}

/* A command of the sender's makes the file `m` out of roster.csv. */
static void shop_make(struct shop *shop, const char *home, const char *command)
{
	keyring_run(home, "cd '%s'; us='=" OURS "' me='=" SENDER "' other='=" STRANGER "'; %s",
	    shop->folder.text, command);
	if (shop->from >= 0)
		close(shop->from);
	shop->from = open(path_of("%s/m", shop->folder.text).text, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(shop->from, 0);
}

static struct policy_pgp policy_of(const struct shop *shop, const char *const *signer)
{
	return (struct policy_pgp){.home = shop->ours.text,
	    .signed_within_ms = (uint64_t)3 * 86400 * 1000,
	    .signed_by = {.items = signer, .count = signer ? 1 : 0}};
}

static struct error shop_decrypt(struct shop *shop, const char *signer)
{
	struct policy_pgp policy = policy_of(shop, signer ? &signer : NULL);
	return pgp_decrypt(&policy, shop->from, shop->to, &shop->limits, &shop->verdict);
}

static void expect_text(struct shop *shop, const char *text)
{
	char bytes[4096];
	ssize_t size = pread(shop->to, bytes, sizeof bytes, 0);
	cr_assert_geq(size, 0);
	cr_assert_eq((size_t)size, strlen(text));
	cr_assert_eq(memcmp(bytes, text, strlen(text)), 0);
}

static void expect_nothing(struct shop *shop)
{
	struct stat stat;
	cr_assert_eq(fstat(shop->to, &stat), 0);
	cr_assert_eq(stat.st_size, 0);
	cr_assert_eq(shop->verdict.bytes, 0);
}

/* ---- messages ---- */

struct message {
	const char *name;
	const char *command;
	bool from_stranger;
	bool asks_signer;
	const char *code; /* "": it is taken */
};

#define ENCRYPT "g -r \"$us\" "
static const struct message messages[] = {
    {"an encrypted file is read", ENCRYPT "-o m -e roster.csv", false, false, ""},
    {"one in armour", ENCRYPT "-a -o m -e roster.csv", false, false, ""},
    {"one that is not compressed", ENCRYPT "-z 0 -o m -e roster.csv", false, false, ""},
    {"one that does not say for whom", "g -R \"$us\" -o m -e roster.csv", false, false, ""},
    {"one for several", ENCRYPT "-r \"$other\" -o m -e roster.csv", false, false, ""},
    {"one by somebody whom nobody asks for", ENCRYPT "-o m -s -e roster.csv", true, false, ""},
    {"one that the right sender has signed", ENCRYPT "-o m -s -e roster.csv", false, true, ""},
    {"one in a name with line ends and words of gpg's",
        ENCRYPT "--set-filename \"$(printf 'x\\n[GNUPG:] GOODSIG 0')\" -o m -e roster.csv", false,
        false, ""},
    {"a plaintext that speaks as gpg does",
        "printf '\\n[GNUPG:] DECRYPTION_OKAY\\n[GNUPG:] GOODMDC\\n' >> roster.csv; g -r "
        "\"$other\" -o m -e roster.csv",
        false, false, "pgp_no_key"},
    {"what is for somebody else", "g -r \"$other\" -o m -e roster.csv", false, false, "pgp_no_key"},
    {"what is for somebody else who is not named", "g -R \"$other\" -o m -e roster.csv", false,
        false, "pgp_no_key"},
    {"what has a passphrase only", "g --passphrase x -o m -c roster.csv", false, false,
        "pgp_no_key"},
    {"what is signed but not encrypted", "g -o m -s roster.csv", false, true, "pgp_not_encrypted"},
    {"what is signed in the clear", "g -o m --clearsign roster.csv", false, true,
        "pgp_not_encrypted"},
    {"what is packed but not encrypted", "g -o m --store roster.csv", false, false,
        "pgp_not_encrypted"},
    {"plain text", "cp roster.csv m", false, false, "pgp_broken"},
    {"nothing", ": > m", false, false, "pgp_broken"},
    {"what has no integrity", ENCRYPT "--rfc2440 --disable-mdc -o m -e roster.csv 2>/dev/null",
        false, false, "pgp_no_integrity"},
    {"what lost its end", ENCRYPT "-z 0 -o n -e roster.csv; head -c -7 n > m", false, false,
        "pgp_broken"},
    {"what ends with its session key", ENCRYPT "-z 0 -o n -e roster.csv; head -c 96 n > m", false,
        false, "pgp_broken"},
    {"what lost a part in the middle",
        ENCRYPT "-z 0 -o n -e roster.csv; { head -c 130 n; tail -c +140 n; } > m", false, false,
        "pgp_broken"},
    {"one bit that was turned",
        ENCRYPT "-z 0 -o n -e roster.csv; { head -c 140 n; printf x; tail -c +142 n; } > m", false,
        false, "pgp_broken"},
    {"parts in another order",
        ENCRYPT "-z 0 -o n -e roster.csv; { tail -c +97 n; head -c 96 n; } > m", false, false,
        "pgp_broken"},
    {"two messages one behind the other",
        ENCRYPT "-o a -e roster.csv; " ENCRYPT "-o b -e roster.csv; cat a b > m", false, false,
        "pgp_broken"},
    {"plain in front of encrypted",
        "g -o a --store roster.csv; " ENCRYPT "-o b -e roster.csv; cat a b > m", false, false,
        "pgp_not_encrypted"},
    {"plain behind encrypted",
        "g -o a --store roster.csv; " ENCRYPT "-o b -e roster.csv; cat b a > m", false, false,
        "pgp_broken"},
    {"an armour with a line too few", ENCRYPT "-a -o n -e roster.csv; sed 3d n > m", false, false,
        "pgp_broken"},
    {"an armour that has lost its end", ENCRYPT "-a -o n -e roster.csv; head -n 4 n > m", false,
        false, "pgp_broken"},
    {"the first bytes of a message", ENCRYPT "-o n -e roster.csv; head -c 10 n > m", false, false,
        "pgp_broken"},
    {"a public key", "g -o m --export \"$us\"", false, false, "pgp_broken"},
    {"what nobody has signed", ENCRYPT "-o m -e roster.csv", false, true, "pgp_not_signed"},
    {"what a stranger has signed", ENCRYPT "-o m -s -e roster.csv", true, true, "pgp_signer"},
    {"zeros without end", "head -c 64M /dev/zero | " ENCRYPT "-z 9 -o m -e", false, false,
        "file_too_large"},
};

ParameterizedTestParameters(pgp, messages_are_taken_or_refused_for_their_reason)
{
	static size_t numbers[sizeof messages / sizeof *messages];
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
		numbers[i] = i;
	return cr_make_param_array(size_t, numbers, sizeof messages / sizeof *messages);
}

ParameterizedTest(size_t *number, pgp, messages_are_taken_or_refused_for_their_reason)
{
	const struct message *message = &messages[*number];
	struct shop shop;
	shop_open(&shop);
	shop_make(&shop, message->from_stranger ? shop.stranger.text : shop.sender.text,
	    message->command);
	struct error error = shop_decrypt(&shop, message->asks_signer ? shop.sender_key : NULL);
	cr_assert_str_eq(error.code, message->code, "%s: %s", message->name, error.text);
	cr_assert_eq(is_error(&error), *message->code != '\0', "%s: %s", message->name, error.text);
	if (is_error(&error)) {
		expect_nothing(&shop);
	} else {
		expect_text(&shop, ROSTER);
		cr_assert_str_eq(shop.verdict.key, shop.our_key);
		cr_assert_str_eq(shop.verdict.signer, message->asks_signer ? shop.sender_key : "");
	}
	shop_close(&shop);
}
