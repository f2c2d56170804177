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
    {"zeros without end", "head -c 256M /dev/zero | " ENCRYPT "-z 9 -o m -e", false, false,
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

Test(pgp, a_feed_that_takes_encrypted_files_alone_refuses_others_by_name)
{
	struct shop shop;
	shop_open(&shop);
	struct policy_pgp policy = policy_of(&shop, NULL);
	policy.required = true;
	shop_make(&shop, shop.sender.text, "cp roster.csv m");
	struct error error = pgp_decrypt(&policy, shop.from, shop.to, &shop.limits, &shop.verdict);
	cr_assert_str_eq(error.code, "pgp_not_encrypted", "%s", error.text);
	shop_make(&shop, shop.sender.text, "rm m; " ENCRYPT "-a -o m -e roster.csv");
	error = pgp_decrypt(&policy, shop.from, shop.to, &shop.limits, &shop.verdict);
	cr_assert_not(is_error(&error), "%s", error.text);
	expect_text(&shop, ROSTER);
	shop_close(&shop);
}

/* ---- signatures ---- */

static void expect_code(const struct error *error, const char *code)
{
	cr_assert_str_eq(error->code, code, "%s", error->text);
	cr_assert_eq(is_error(error), *code != '\0', "%s", error->text);
}

Test(pgp, a_signature_that_is_dropped_again_is_too_old)
{
	enum { MONTH_S = 30 * 86400, HOUR_S = 3600, SKEW_S = 600 };
	struct shop shop;
	shop_open(&shop);
	shop_make(&shop, shop.sender.text, ENCRYPT "-o m -s -e roster.csv");
	const char *signer = shop.sender_key;
	int64_t now = shop.limits.now;
	shop.limits.now = now + MONTH_S + HOUR_S;
	struct error error = shop_decrypt(&shop, signer);
	expect_code(&error, "pgp_signature_old");
	cr_assert(strstr(error.text, "30 days ago"), "%s", error.text);
	expect_nothing(&shop);
	shop.limits.now = now - HOUR_S;
	error = shop_decrypt(&shop, signer);
	expect_code(&error, "pgp_signature_old");
	expect_nothing(&shop);
	shop.limits.now = now - SKEW_S;
	error = shop_decrypt(&shop, signer);
	expect_code(&error, "");
	struct policy_pgp policy = policy_of(&shop, &signer);
	policy.signed_within_ms = PERIOD_ENDLESS;
	shop.limits.now = now + MONTH_S;
	error = pgp_decrypt(&policy, shop.from, shop.to, &shop.limits, &shop.verdict);
	expect_code(&error, "");
	cr_assert_leq(shop.verdict.signed_at, now + HOUR_S);
	cr_assert_geq(shop.verdict.signed_at, now);
	shop_close(&shop);
}

Test(pgp, a_signature_by_a_key_that_has_ended_is_none)
{
	static const struct keyring_wish ours = {.now = "20200101T000000!"};
	static const struct keyring_wish ended = {.now = "20200101T000000!", .ends = "10d"};
	char our_key[KEYRING_FINGERPRINT_SIZE], key[KEYRING_FINGERPRINT_SIZE];
	struct shop shop;
	shop_open(&shop);
	keyring_add(shop.ours.text, "old <old@x>", &ours, our_key);
	keyring_give(shop.ours.text, "old <old@x>", shop.sender.text);
	keyring_add(shop.sender.text, "ended <ended@x>", &ended, key);
	keyring_give(shop.sender.text, "ended <ended@x>", shop.ours.text);
	shop_make(&shop, shop.sender.text,
	    "g --faked-system-time 20200105T000000! -u '=ended <ended@x>' -r '=old <old@x>' -o m "
	    "-s "
	    "-e roster.csv 2>/dev/null");
	struct error error = shop_decrypt(&shop, key);
	expect_code(&error, "pgp_signature");
	expect_nothing(&shop);
	shop_close(&shop);
}

Test(pgp, a_signature_by_a_key_that_was_revoked_is_none)
{
	struct shop shop;
	shop_open(&shop);
	shop_make(&shop, shop.sender.text,
	    ENCRYPT "-o m -s -e roster.csv; sed 's/^:-----BEGIN/-----BEGIN/' "
	            "\"$GNUPGHOME\"/openpgp-revocs.d/*.rev > r; g --import r");
	keyring_give(shop.sender.text, SENDER, shop.ours.text);
	struct error error = shop_decrypt(&shop, shop.sender_key);
	expect_code(&error, "pgp_signature");
	cr_assert(strstr(error.text, "revoked"), "%s", error.text);
	expect_nothing(&shop);
	shop_close(&shop);
}

/* ---- homes ---- */

static void expect_config(struct shop *shop, const char *word)
{
	struct error error = shop_decrypt(shop, NULL);
	cr_assert_eq(error.class, ERROR_CONFIG, "%s", error.text);
	cr_assert(strstr(error.text, word), "%s", error.text);
	expect_nothing(shop);
}

Test(pgp, a_home_that_cannot_be_used_says_what_to_do)
{
	struct shop shop;
	struct pgp_home home;
	shop_open(&shop);
	shop_make(&shop, shop.sender.text, ENCRYPT "-o m -e roster.csv");
	cr_assert_eq(chmod(shop.ours.text, 0750), 0);
	expect_config(&shop, "chmod 0700");
	cr_assert_eq(chmod(shop.ours.text, 0700), 0);
	keyring_run(shop.ours.text, "chmod 0640 \"$GNUPGHOME\"/private-keys-v1.d/*");
	expect_config(&shop, "chmod 0600");
	keyring_run(shop.ours.text, "chmod 0600 \"$GNUPGHOME\"/private-keys-v1.d/*");
	if (geteuid() == 0) {
		cr_assert_eq(chown(shop.ours.text, 65534, 0), 0);
		expect_config(&shop, "chown -R");
		cr_assert_eq(chown(shop.ours.text, 0, 0), 0);
	}
	struct error error = shop_decrypt(&shop, NULL);
	expect_code(&error, "");
	files_remove(path_of("%s/pubring.kbx", shop.ours.text).text);
	expect_config(&shop, "enrolctl key pgp");
	files_remove(shop.ours.text);
	expect_config(&shop, "enrolctl key pgp");
	files_write(shop.ours.text, "x", 1, 0600);
	expect_config(&shop, shop.ours.text);
	struct policy_pgp none = {.home = NULL};
	error = pgp_home_find(&none, &home);
	cr_assert_eq(error.class, ERROR_CONFIG);
	shop_close(&shop);
}

Test(pgp, a_key_with_a_passphrase_is_the_operators_to_mend)
{
	struct shop shop;
	shop_open(&shop);
	keyring_run(shop.ours.text,
	    "g --passphrase secret --quick-gen-key 'locked <l@x>' rsa2048 encr never 2>/dev/null");
	keyring_give(shop.ours.text, "locked <l@x>", shop.sender.text);
	shop_make(&shop, shop.sender.text, "g -r '=locked <l@x>' -o m -e roster.csv");
	expect_config(&shop, "passphrase");
	shop_close(&shop);
}

Test(pgp, a_key_that_was_lost_is_said_and_the_file_is_read_once_it_is_back)
{
	struct shop shop;
	shop_open(&shop);
	shop_make(&shop, shop.sender.text, ENCRYPT "-o m -e roster.csv");
	struct path keys = path_of("%s/private-keys-v1.d", shop.ours.text);
	struct path away = path_of("%s/away", shop.folder.text);
	files_rename(keys.text, away.text);
	struct error error = shop_decrypt(&shop, NULL);
	expect_code(&error, "pgp_no_key");
	expect_nothing(&shop);
	files_remove(keys.text);
	files_rename(away.text, keys.text);
	error = shop_decrypt(&shop, NULL);
	expect_code(&error, "");
	shop_close(&shop);
}

Test(pgp, two_keys_overlap)
{
	static const struct keyring_wish any = {.ends = NULL};
	char second[KEYRING_FINGERPRINT_SIZE];
	struct shop shop;
	shop_open(&shop);
	keyring_add(shop.ours.text, "next <next@x>", &any, second);
	keyring_give(shop.ours.text, "next <next@x>", shop.sender.text);
	shop_make(&shop, shop.sender.text, "g -r '=next <next@x>' -o m -e roster.csv");
	struct error error = shop_decrypt(&shop, NULL);
	expect_code(&error, "");
	cr_assert_str_eq(shop.verdict.key, second);
	shop_make(&shop, shop.sender.text, "rm m; " ENCRYPT "-o m -e roster.csv");
	error = shop_decrypt(&shop, NULL);
	expect_code(&error, "");
	cr_assert_str_eq(shop.verdict.key, shop.our_key);
	shop_close(&shop);
}

static struct error credential_decrypt(struct shop *shop, const char *name)
{
	const char *signer = shop->sender_key;
	struct policy_pgp policy = policy_of(shop, &signer);
	policy.home = name;
	return pgp_decrypt(&policy, shop->from, shop->to, &shop->limits, &shop->verdict);
}

Test(pgp, a_credential_is_a_home)
{
	struct shop shop;
	shop_open(&shop);
	shop_make(&shop, shop.sender.text, ENCRYPT "-o m -s -e roster.csv");
	keyring_run(shop.ours.text,
	    "cd '%s'; { g -a --export-secret-keys '=" OURS "'; g -a --export '=" SENDER
	    "'; } > pgp-key; echo nothing > other",
	    shop.folder.text);
	cr_assert_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	struct error error = credential_decrypt(&shop, "pgp-key");
	cr_assert_eq(error.class, ERROR_CONFIG);
	cr_assert(strstr(error.text, "LoadCredential=pgp-key:"), "%s", error.text);
	cr_assert_eq(setenv("CREDENTIALS_DIRECTORY", shop.folder.text, 1), 0);
	files_remove(shop.ours.text);
	error = credential_decrypt(&shop, "pgp-key");
	expect_code(&error, "");
	expect_text(&shop, ROSTER);
	cr_assert_str_eq(shop.verdict.signer, shop.sender_key);
	static const char *const wrong[] = {"other", "missing", "../pgp-key"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		error = credential_decrypt(&shop, wrong[i]);
		cr_assert_eq(error.class, ERROR_CONFIG, "%s: %s", wrong[i], error.text);
		expect_nothing(&shop);
	}
	shop_close(&shop);
}

/* ---- answers, and keys of ours ---- */

Test(pgp, an_answer_is_for_its_sender_alone)
{
	struct shop shop;
	shop_open(&shop);
	int plain = open(path_of("%s/roster.csv", shop.folder.text).text, O_RDONLY | O_CLOEXEC);
	struct policy_pgp policy = policy_of(&shop, NULL);
	policy.answer_to = shop.sender_key;
	struct error error = pgp_encrypt(&policy, plain, shop.to, &shop.limits);
	expect_code(&error, "");
	char bytes[4096];
	ssize_t size = pread(shop.to, bytes, sizeof bytes, 0);
	cr_assert_gt(size, 0);
	cr_assert(pgp_recognise((struct slice){bytes, (size_t)size}));
	files_write(path_of("%s/answer", shop.folder.text).text, bytes, (size_t)size, 0600);
	keyring_run(shop.sender.text, "cd '%s'; g -d answer 2>/dev/null | cmp - roster.csv",
	    shop.folder.text);
	keyring_run(shop.ours.text, "cd '%s'; ! g -d answer 2>/dev/null", shop.folder.text);
	policy.answer_to = "0123456789ABCDEF0123456789ABCDEF01234567";
	error = pgp_encrypt(&policy, plain, shop.to, &shop.limits);
	cr_assert_eq(error.class, ERROR_CONFIG);
	cr_assert(strstr(error.text, "is not in pgp.home"), "%s", error.text);
	expect_nothing(&shop);
	policy.answer_to = NULL;
	error = pgp_encrypt(&policy, plain, shop.to, &shop.limits);
	cr_assert_eq(error.class, ERROR_CONFIG);
	policy.answer_to = shop.sender_key;
	shop.limits.bytes_max = 10;
	error = pgp_encrypt(&policy, plain, shop.to, &shop.limits);
	cr_assert(is_error(&error));
	expect_nothing(&shop);
	close(plain);
	shop_close(&shop);
}

Test(pgp, an_answer_cannot_be_for_a_key_that_has_ended)
{
	static const struct keyring_wish ended = {.now = "20200101T000000!", .ends = "10d"};
	char key[KEYRING_FINGERPRINT_SIZE];
	struct shop shop;
	shop_open(&shop);
	keyring_add(shop.ours.text, "ended <ended@x>", &ended, key);
	int plain = open(path_of("%s/roster.csv", shop.folder.text).text, O_RDONLY | O_CLOEXEC);
	struct policy_pgp policy = policy_of(&shop, NULL);
	policy.answer_to = key;
	struct error error = pgp_encrypt(&policy, plain, shop.to, &shop.limits);
	cr_assert_eq(error.class, ERROR_CONFIG);
	cr_assert(strstr(error.text, "ended"), "%s", error.text);
	expect_nothing(&shop);
	close(plain);
	shop_close(&shop);
}

static const struct pgp_key *key_find(const struct pgp_keys *keys, const char *fingerprint)
{
	size_t i = 0;
	while (i < keys->count && strcmp(keys->items[i].fingerprint, fingerprint) != 0)
		i++;
	cr_assert_lt(i, keys->count, "no key %s", fingerprint);
	return &keys->items[i];
}

Test(pgp, a_key_is_made_beside_others_and_old_programs_can_encrypt_for_it)
{
	enum { DAYS = 180 };
	char first[PGP_FINGERPRINT_MAX + 1], second[PGP_FINGERPRINT_MAX + 1];
	struct shop shop;
	struct pgp_keys keys;
	struct arena *arena = arena_create();
	struct buffer public = {0};
	shop_open(&shop);
	struct path home = path_of("%s/made", shop.folder.text);
	struct policy_pgp policy = {.home = home.text};
	struct error error = pgp_make_key(&policy, OURS, 0, first);
	expect_code(&error, "");
	cr_assert(!is_error(&error), "%s", error.text);
	error = pgp_make_key(&policy, OURS, DAYS, second);
	cr_assert(!is_error(&error), "%s", error.text);
	cr_assert_str_neq(first, second);
	error = pgp_list(&policy, arena, &keys);
	cr_assert(!is_error(&error), "%s", error.text);
	cr_assert_eq(keys.count, 2);
	const struct pgp_key *endless = key_find(&keys, first), *ending = key_find(&keys, second);
	cr_assert(endless->is_secret && endless->is_usable && endless->ends == 0);
	cr_assert_str_eq(endless->user, OURS);
	cr_assert(ending->is_secret && ending->is_usable);
	cr_assert_geq(ending->ends, shop.limits.now + (int64_t)DAYS * 86400);
	cr_assert(files_exist(path_of("%s/openpgp-revocs.d/%s.rev", home.text, first).text));
	error = pgp_export(&policy, second, &public);
	cr_assert(!is_error(&error), "%s", error.text);
	files_write(path_of("%s/p.asc", shop.folder.text).text, public.bytes, public.size, 0600);
	buffer_done(&public);
	keyring_run(shop.stranger.text,
	    "cd '%s'; g --import p.asc; g --with-colons --list-options show-sig-subpackets "
	    "--list-keys %s | grep -q ':4096:1:'; g -r %s --rfc4880 --cipher-algo 3DES "
	    "--compress-algo zip "
	    "-o m -e roster.csv 2>/dev/null",
	    shop.folder.text, second, second);
	shop.from = open(path_of("%s/m", shop.folder.text).text, O_RDONLY | O_CLOEXEC);
	error = pgp_decrypt(&policy, shop.from, shop.to, &shop.limits, &shop.verdict);
	cr_assert(!is_error(&error), "%s", error.text);
	cr_assert_str_eq(shop.verdict.key, second);
	error = pgp_export(&policy, shop.sender_key, &public);
	cr_assert_eq(error.class, ERROR_CONFIG);
	buffer_done(&public);
	arena_free(arena);
	shop_close(&shop);
}

Test(pgp, a_key_is_for_somebody)
{
	static const char *const users[] = {
	    "", "hr", "<hr@x>", "hr <>", "hr <a@x> more", "hr <a@x>\nName-Real: b"};
	char fingerprint[PGP_FINGERPRINT_MAX + 1];
	struct policy_pgp policy = {.home = "/nowhere/at/all"}, named = {.home = "pgp-key"};
	for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
		struct error error = pgp_make_key(&policy, users[i], 0, fingerprint);
		cr_assert_eq(error.class, ERROR_CONFIG);
		cr_assert(strstr(error.text, "name and an address"), "%s", error.text);
	}
	struct error error = pgp_make_key(&named, OURS, 0, fingerprint);
	cr_assert_eq(error.class, ERROR_CONFIG);
	cr_assert(strstr(error.text, "in a folder"), "%s", error.text);
}
