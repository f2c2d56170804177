/* What is thought of a message by what gpg said of it, and what is taken for one. */
#include "pgp/colons.h"
#include "pgp/verdict.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SIGNER "18FCBFB6AD858B31B1B2055B943832C2451C706B"
#define SUBKEY "F1BBC156E215108E0588EB5D903A3F24D759C205"
#define NOW 1795827700

#define FOR_US "ENC_TO 903A3F24D759C205 18 0\nDECRYPTION_KEY " SUBKEY " " SIGNER " u\n"
#define BEGUN FOR_US "BEGIN_DECRYPTION\nDECRYPTION_INFO 2 9 0\n"
#define LITERAL "PLAINTEXT 62 1795827664 p.csv\nPLAINTEXT_LENGTH 8\n"
#define ENDED "DECRYPTION_OKAY\nGOODMDC\nEND_DECRYPTION\n"
#define VALID_BY(key, primary) "VALIDSIG " key " 2026-11-28 1795827664 0 4 0 22 10 00 " primary "\n"
#define SIGNED "NEWSIG\nGOODSIG 943832C2451C706B hr <hr@x>\n" VALID_BY(SIGNER, SIGNER)

static const struct case_of_status {
	const char *name, *lines, *code;
	bool names_signer, fails;
	enum error_class class;
} cases[] = {
    {"all is well", BEGUN LITERAL ENDED, "", false, false, ERROR_NONE},
    {"authenticated encryption",
        FOR_US "BEGIN_DECRYPTION\nDECRYPTION_INFO 0 9 2\n" LITERAL
               "DECRYPTION_OKAY\nEND_DECRYPTION\n",
        "", false, false, ERROR_NONE},
    {"no integrity",
        FOR_US "BEGIN_DECRYPTION\nDECRYPTION_INFO 0 9\n" LITERAL
               "DECRYPTION_OKAY\nEND_DECRYPTION\n",
        "pgp_no_integrity", false, false, ERROR_REJECT},
    {"none is said", BEGUN LITERAL "DECRYPTION_OKAY\nEND_DECRYPTION\n", "pgp_no_integrity", false,
        false, ERROR_REJECT},
    {"a cipher of old without it",
        BEGUN LITERAL "ERROR nomdc_with_legacy_cipher 152\nDECRYPTION_FAILED\nEND_DECRYPTION\n",
        "pgp_no_integrity", false, true, ERROR_REJECT},
    {"it is altered", BEGUN LITERAL "BADMDC\nDECRYPTION_FAILED\nEND_DECRYPTION\n", "pgp_broken",
        false, true, ERROR_REJECT},
    {"well and failed", BEGUN LITERAL "DECRYPTION_FAILED\n" ENDED, "pgp_broken", false, false,
        ERROR_REJECT},
    {"two literals", BEGUN LITERAL LITERAL ENDED, "pgp_broken", false, false, ERROR_REJECT},
    {"no literal", BEGUN ENDED, "pgp_broken", false, false, ERROR_REJECT},
    {"a literal behind", BEGUN ENDED LITERAL, "pgp_broken", false, false, ERROR_REJECT},
    {"a literal in front", LITERAL BEGUN ENDED, "pgp_broken", false, false, ERROR_REJECT},
    {"two messages", BEGUN LITERAL ENDED BEGUN ENDED, "pgp_broken", false, false, ERROR_REJECT},
    {"an early plaintext", BEGUN LITERAL "ERROR decryption.early_plaintext 89\n" ENDED,
        "pgp_broken", false, false, ERROR_REJECT},
    {"it has not ended", BEGUN LITERAL "DECRYPTION_OKAY\nGOODMDC\n", "pgp_broken", false, false,
        ERROR_REJECT},
    {"gpg failed all the same", BEGUN LITERAL ENDED, "pgp_broken", false, true, ERROR_REJECT},
    {"not encrypted", LITERAL, "pgp_not_encrypted", false, false, ERROR_REJECT},
    {"not encrypted, but signed", LITERAL SIGNED, "pgp_not_encrypted", true, false, ERROR_REJECT},
    {"no data", "NODATA 1\nNODATA 2\nFAILURE decrypt 4294967295\n", "pgp_broken", false, true,
        ERROR_REJECT},
    {"a key", "UNEXPECTED 0\nFAILURE decrypt 38\n", "pgp_broken", false, true, ERROR_REJECT},
    {"nothing", "", "", false, false, ERROR_RETRY},
    {"not ours",
        "ENC_TO 0123456789ABCDEF 1 0\nNO_SECKEY 0123456789ABCDEF\nBEGIN_DECRYPTION\n"
        "DECRYPTION_FAILED\nEND_DECRYPTION\n",
        "pgp_no_key", false, true, ERROR_REJECT},
    {"a passphrase",
        "NEED_PASSPHRASE_SYM 9 3 2\nERROR get_passphrase 85\nBEGIN_DECRYPTION\n"
        "DECRYPTION_FAILED\nEND_DECRYPTION\n",
        "pgp_no_key", false, true, ERROR_REJECT},
    {"a locked key",
        "ENC_TO 0123456789ABCDEF 1 0\nERROR pkdecrypt_failed 67108949\n"
        "BEGIN_DECRYPTION\nDECRYPTION_FAILED\nEND_DECRYPTION\n",
        "", false, true, ERROR_CONFIG},
    {"no memory", FOR_US "ERROR pkdecrypt_failed 67141718\n", "", false, true, ERROR_RETRY},
    {"no room behind what was well", BEGUN LITERAL ENDED "ERROR decryption 32854\n", "", false,
        true, ERROR_RETRY},
    {"no memory for its beginning", "NODATA 1\nERROR decryption 32854\n", "", false, true,
        ERROR_RETRY},
    {"signed, and nobody asks", BEGUN LITERAL SIGNED ENDED, "", false, false, ERROR_NONE},
    {"signed by whom we name", BEGUN LITERAL SIGNED ENDED, "", true, false, ERROR_NONE},
    {"by a subkey of his",
        BEGUN LITERAL "NEWSIG\nGOODSIG 903A3F24D759C205 x\n" VALID_BY(SUBKEY, SIGNER) ENDED, "",
        true, false, ERROR_NONE},
    {"by somebody else",
        BEGUN LITERAL "NEWSIG\nGOODSIG 903A3F24D759C205 x\n" VALID_BY(SUBKEY, SUBKEY) ENDED,
        "pgp_signer", true, false, ERROR_REJECT},
    {"by nobody", BEGUN LITERAL ENDED, "pgp_not_signed", true, false, ERROR_REJECT},
    {"a signature of which nothing is said", BEGUN LITERAL "NEWSIG\n" ENDED, "pgp_signature", true,
        false, ERROR_REJECT},
    {"a bad one", BEGUN LITERAL "NEWSIG\nBADSIG 943832C2451C706B x\n" ENDED, "pgp_signature", true,
        true, ERROR_REJECT},
    {"a good one, and a bad one", BEGUN LITERAL SIGNED "NEWSIG\nBADSIG 943832C2451C706B x\n" ENDED,
        "pgp_signature", true, true, ERROR_REJECT},
    {"a good one, and one by a key that we do not have",
        BEGUN LITERAL SIGNED "NEWSIG\nERRSIG 0123456789ABCDEF 1 8 00 1795827664 9 -\n" ENDED,
        "pgp_signer", true, true, ERROR_REJECT},
    {"an algorithm that nobody knows",
        BEGUN LITERAL "NEWSIG\nERRSIG 0123456789ABCDEF 99 8 00 1795827664 4 -\n" ENDED,
        "pgp_signature", true, true, ERROR_REJECT},
    {"it has ended",
        BEGUN LITERAL "NEWSIG\nEXPSIG 943832C2451C706B x\n" VALID_BY(SIGNER, SIGNER) ENDED,
        "pgp_signature", true, false, ERROR_REJECT},
    {"its key has ended",
        BEGUN LITERAL "NEWSIG\nEXPKEYSIG 943832C2451C706B x\n" VALID_BY(SIGNER, SIGNER) ENDED,
        "pgp_signature", true, false, ERROR_REJECT},
    {"its key was revoked",
        BEGUN LITERAL "NEWSIG\nREVKEYSIG 943832C2451C706B x\n" VALID_BY(SIGNER, SIGNER) ENDED,
        "pgp_signature", true, false, ERROR_REJECT},
    {"valid, of which nobody said good", BEGUN LITERAL "NEWSIG\n" VALID_BY(SIGNER, SIGNER) ENDED,
        "pgp_signature", true, false, ERROR_REJECT},
    {"good and bad at once",
        BEGUN LITERAL "NEWSIG\nBADSIG 943832C2451C706B x\n"
                      "GOODSIG 943832C2451C706B x\n" VALID_BY(SIGNER, SIGNER) ENDED,
        "pgp_broken", true, false, ERROR_REJECT},
    {"good before it began", BEGUN LITERAL "GOODSIG 943832C2451C706B x\n" ENDED, "pgp_broken", true,
        false, ERROR_REJECT},
    {"of a key, not of a document",
        BEGUN LITERAL "NEWSIG\nGOODSIG 943832C2451C706B x\nVALIDSIG " SIGNER
                      " 2026-11-28 1795827664 0 4 0 22 10 13 " SIGNER "\n" ENDED,
        "pgp_broken", true, false, ERROR_REJECT},
    {"too many", BEGUN LITERAL SIGNED SIGNED SIGNED SIGNED SIGNED SIGNED SIGNED SIGNED SIGNED ENDED,
        "pgp_broken", true, false, ERROR_REJECT},
};

/* A line a piece, then a byte a piece: the same. */
static void status_make(struct pgp_status *status, const char *lines, size_t piece)
{
	struct slice text = slice_of(lines);
	*status = (struct pgp_status){.size = 0};
	while (text.size > 0) {
		char line[512];
		struct slice one = slice_take(&text, '\n');
		int size = snprintf(line, sizeof line, "[GNUPG:] %.*s\n", SLICE_ARG(one));
		for (size_t at = 0; at < (size_t)size; at += piece)
			pgp_status_add(
			    status, (struct slice){line + at,
			                at + piece < (size_t)size ? piece : (size_t)size - at});
	}
	pgp_status_end(status);
}

static void case_check(const struct case_of_status *checked, size_t piece)
{
	static const char *const signer = SIGNER;
	struct policy_pgp policy = {.signed_within_ms = PERIOD_ENDLESS,
	    .signed_by = {.items = &signer, .count = checked->names_signer ? 1 : 0}};
	struct pgp_status status;
	struct pgp_verdict verdict = {.bytes = 0};
	status_make(&status, checked->lines, piece);
	struct error error = pgp_judge(&policy, &status, !checked->fails, NOW, &verdict);
	cr_expect_eq(error.class, checked->class, "%s: %s", checked->name, error.text);
	cr_expect_str_eq(error.code, checked->code, "%s: %s", checked->name, error.text);
	if (is_error(&error))
		return;
	cr_expect_str_eq(verdict.key, SIGNER, "%s", checked->name);
	cr_expect_str_eq(verdict.signer, checked->names_signer ? SIGNER : "", "%s", checked->name);
	cr_expect_eq(verdict.signed_at, checked->names_signer ? 1795827664 : 0);
}

Test(pgp_status, is_well_only_where_all_of_it_is)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		case_check(&cases[i], 512);
		case_check(&cases[i], 1);
	}
}

Test(pgp_status, names_the_keys_that_a_message_is_for)
{
	struct policy_pgp policy = {.home = "/x"};
	struct pgp_status status;
	struct pgp_verdict verdict;
	status_make(&status,
	    "ENC_TO 0000000000000001 1 0\nENC_TO 0000000000000000 1 0\nENC_TO 0000000000000003 1 "
	    "0\n"
	    "ENC_TO 0000000000000004 1 0\nENC_TO 0000000000000005 1 0\nENC_TO 0000000000000006 1 "
	    "0\n"
	    "ENC_TO 0000000000000007 1 0\nENC_TO 0000000000000008 1 0\nENC_TO 0000000000000009 1 "
	    "0\n"
	    "NO_SECKEY 0000000000000001\n",
	    512);
	struct error error = pgp_judge(&policy, &status, false, NOW, &verdict);
	cr_assert_str_eq(error.code, "pgp_no_key");
	cr_assert(strstr(error.text, "0000000000000001, one that is not named, 0000000000000003"),
	    "%s", error.text);
	cr_assert(strstr(error.text, "and 1 more"), "%s", error.text);
}

Test(pgp_status, a_line_without_end_is_odd)
{
	static char text[STATUS_LINE_MAX + 100];
	struct pgp_status status = {.size = 0};
	memset(text, 'x', sizeof text);
	pgp_status_add(&status, (struct slice){text, sizeof text});
	cr_assert(status.is_odd);
}

/* ---- lists of keys ---- */

Test(pgp_status, a_key_ends_with_the_part_that_is_used)
{
	static const char text[] =
	    "tru:t:0:0:0:0:0:0\n"
	    "pub:-:4096:1:AAAA:1700000000:1900000000::-:::scESC:::+:::23::0:\n"
	    "fpr:::::::::" SIGNER ":\n"
	    "uid:-::::1700000000::HASH::HR\\x3a staff <hr@x>::::::::::0:\n"
	    "uid:-::::1700000000::HASH::second <s@x>::::::::::0:\n"
	    "sub:-:4096:1:BBBB:1700000000:1800000000:::::e:::+:::23:\n"
	    "fpr:::::::::" SUBKEY ":\n"
	    "pub:e:4096:1:CCCC:1700000000:1710000000::-:::sc::::::23::0:\n"
	    "fpr:::::::::CC:\n"
	    "pub:r:4096:1:DDDD:1700000000:::-:::sc:::+:::23::0:\n"
	    "fpr:::::::::DD:\n"
	    "pub:-:4096:1:EEEE:1700000000:::-:::scESC:::#:::23::0:\n"
	    "fpr:::::::::EE:\n"
	    "sub:-:4096:1:FFFF:1700000000::::::e:::#:::23:\n"
	    "sub:r:4096:1:FFFF:1700000000:1710000000:::::e:::+:::23:\n";
	struct arena *arena = arena_create();
	struct pgp_keys keys;
	struct error error = pgp_colons_parse(slice_of(text), arena, &keys);
	cr_assert_not(is_error(&error));
	cr_assert_eq(keys.count, 4);
	const struct pgp_key *key = keys.items;
	cr_expect_str_eq(key[0].fingerprint, SIGNER);
	cr_expect_str_eq(key[0].user, "HR: staff <hr@x>");
	cr_expect(key[0].is_secret && key[0].is_usable && key[0].ends == 1800000000);
	cr_expect(!key[1].is_secret && key[1].is_usable && key[1].ends == 1710000000);
	cr_expect(!key[2].is_usable);
	cr_expect(!key[3].is_secret && key[3].is_usable && key[3].ends == 0);
	arena_free(arena);
}

/* ---- what begins a message ---- */

static const struct beginning {
	const char *name, *bytes;
	size_t size;
	bool is;
} beginnings[] = {
    {"in armour", SLICE_INIT("-----BEGIN PGP MESSAGE-----\n"), true},
    {"behind a mark and empty lines", SLICE_INIT("\xef\xbb\xbf\r\n \n-----BEGIN PGP MESSAGE"),
        true},
    {"for a key, old length", SLICE_INIT("\x85\x01\x0c\x03\x12"), true},
    {"for a key, one octet", SLICE_INIT("\x84\x5e\x03\x12"), true},
    {"for a key, new length", SLICE_INIT("\xc1\xc0\x4c\x03\x12"), true},
    {"for a passphrase", SLICE_INIT("\x8c\x0d\x04\x09"), true},
    {"signed", SLICE_INIT("\x90\x0d\x03\x00"), true},
    {"compressed", SLICE_INIT("\xa3\x01\x9b"), true},
    {"encrypted", SLICE_INIT("\xd2\xff\x00\x00\x01\x00\x01"), true},
    {"a marker", SLICE_INIT("\xca\x03PGP"), true},
    {"nothing", SLICE_INIT(""), false},
    {"one byte", SLICE_INIT("\x85"), false},
    {"a heading", SLICE_INIT("username,course\n"), false},
    {"a letter of UTF-8", SLICE_INIT("\xc3\xa9lan,course\n"), false},
    {"a letter of Latin-1", SLICE_INIT("\xc9velyne;cours\n"), false},
    {"a mark of UTF-16",
        SLICE_INIT("\xff\xfe"
                   "u\0s\0"),
        false},
    {"a mark of UTF-8", SLICE_INIT("\xef\xbb\xbfusername"), false},
    {"another armour", SLICE_INIT("-----BEGIN CERTIFICATE-----\n"), false},
    {"an archive", SLICE_INIT("PK\3\4"), false},
    {"gzip", SLICE_INIT("\x1f\x8b\x08"), false},
};

Test(pgp_status, a_message_is_known_by_its_first_bytes)
{
	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		cr_expect_eq(pgp_recognise((struct slice){beginnings[i].bytes, beginnings[i].size}),
		    beginnings[i].is, "%s", beginnings[i].name);
}
