/* Keys of encrypted feeds: whether they are there, may be used, and until when. */
#include "check.h"

#include "enrold/pgp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define STORE "/etc/credstore"
enum { DAY_S = 86400, NAME_SIZE = 300 };

/* ---- one key ---- */

enum finding check_key_judge(const struct check_key *key, char text[CHECK_TEXT_SIZE])
{
	static const int64_t warned[] = {7, 15, 30};
	int64_t days = (key->ends - key->now_s) / DAY_S;
	const char *what = key->use == CHECK_KEY_OURS     ? "that its files are encrypted for"
	                   : key->use == CHECK_KEY_SIGNER ? "of pgp.signed_by"
	                                                  : "of pgp.answer_to";
	const char *mend =
	    key->use == CHECK_KEY_OURS
	        ? "make the next one (sudo enrolctl key pgp) and give it to whoever drops files; "
	          "both "
	          "are read side by side"
	        : "ask the sender to make its end later, or for the next one, and import it";
	text[0] = '\0';
	if (!key->is_usable)
		snprintf(text, CHECK_TEXT_SIZE, "the key %.64s %s was revoked or disabled: %s",
		    key->fingerprint, what, mend);
	else if (key->ends != 0 && key->ends <= key->now_s)
		snprintf(text, CHECK_TEXT_SIZE, "the key %.64s %s has ended: %s", key->fingerprint,
		    what, mend);
	if (*text)
		return FINDING_BAD;
	for (size_t i = 0; key->ends != 0 && i < sizeof warned / sizeof *warned; i++)
		if (days < warned[i]) {
			snprintf(text, CHECK_TEXT_SIZE, "the key %.64s %s ends in %lld day%s: %s",
			    key->fingerprint, what, (long long)days, days == 1 ? "" : "s", mend);
			return i == 0 ? FINDING_BAD : FINDING_NOTE;
		}
	return FINDING_GOOD;
}

/* ---- all of a feed ---- */

struct ring {
	const struct feed *feed;
	struct pgp_keys keys;
	int64_t now_s;
	struct findings *findings;
	bool has_said;
};

static void say(struct ring *ring, enum finding finding, const char *text)
{
	char about[FEED_NAME_MAX + 16];
	snprintf(about, sizeof about, "pgp of %s", ring->feed->name);
	findings_add(ring->findings, finding, about, "%s", text);
	ring->has_said = true;
}

static void key_check(struct ring *ring, const struct pgp_key *key, enum check_key_use use)
{
	char text[CHECK_TEXT_SIZE];
	struct check_key judged = {.use = use,
	    .fingerprint = key->fingerprint,
	    .is_usable = key->is_usable,
	    .ends = key->ends,
	    .now_s = ring->now_s};
	enum finding finding = check_key_judge(&judged, text);
	if (finding != FINDING_GOOD)
		say(ring, finding, text);
}

/* A signer may be named by a part of his key, which the list does not have. */
static void named_check(struct ring *ring, const char *fingerprint, enum check_key_use use)
{
	char text[CHECK_TEXT_SIZE];
	for (size_t i = 0; i < ring->keys.count; i++)
		if (strcasecmp(ring->keys.items[i].fingerprint, fingerprint) == 0) {
			key_check(ring, &ring->keys.items[i], use);
			return;
		}
	snprintf(text, sizeof text,
	    "the key %.64s of pgp.%s is no key in pgp.home: import it (gpg --homedir %.100s "
	    "--import "
	    "FILE, as the daemon's user), and name the main key, not a part of it",
	    fingerprint, use == CHECK_KEY_SIGNER ? "signed_by" : "answer_to",
	    ring->feed->policy.pgp.home);
	say(ring, FINDING_BAD, text);
}

static bool is_later(const struct pgp_key *a, const struct pgp_key *b)
{
	return a->is_usable != b->is_usable ? a->is_usable
	                                    : b->ends != 0 && (a->ends == 0 || a->ends > b->ends);
}

/* Of ours the one that ends last: an older one is to end when the sender has the next. */
static void ours_check(struct ring *ring)
{
	const struct pgp_key *last = NULL;
	for (size_t i = 0; i < ring->keys.count; i++)
		if (ring->keys.items[i].is_secret &&
		    (!last || is_later(&ring->keys.items[i], last)))
			last = &ring->keys.items[i];
	if (last)
		key_check(ring, last, CHECK_KEY_OURS);
	else
		say(ring, FINDING_BAD,
		    "there is no secret key in pgp.home, so that no file can be decrypted: sudo "
		    "enrolctl "
		    "key pgp makes one");
}

static void ring_check(struct ring *ring)
{
	const struct policy_pgp *pgp = &ring->feed->policy.pgp;
	char text[CHECK_TEXT_SIZE];
	ours_check(ring);
	for (size_t i = 0; i < pgp->signed_by.count; i++)
		named_check(ring, pgp->signed_by.items[i], CHECK_KEY_SIGNER);
	if (pgp->answer_to)
		named_check(ring, pgp->answer_to, CHECK_KEY_ANSWER);
	snprintf(text, sizeof text, "%zu key%s in %.200s, and none ends within 30 days",
	    ring->keys.count, ring->keys.count == 1 ? "" : "s", pgp->home);
	if (!ring->has_said)
		say(ring, FINDING_GOOD, text);
}

static void feed_check(
    const struct feed *feed, const struct policy_pgp *pgp, struct findings *findings)
{
	struct ring ring = {.feed = feed, .now_s = time(NULL), .findings = findings};
	struct arena *arena = arena_create();
	struct error error =
	    arena ? pgp_list(pgp, arena, &ring.keys) : error_memory("looking at keys");
	if (is_error(&error))
		say(&ring, error.class == ERROR_CONFIG ? FINDING_BAD : FINDING_NOTE, error.text);
	else
		ring_check(&ring);
	arena_free(arena);
}

/* ---- all feeds ---- */

/* The shipped unit is given a credential from where it is stored, which only root can read. */
static void credential_check(const struct feed *feed, struct findings *findings)
{
	char name[NAME_SIZE], path[PATH_MAX];
	struct policy_pgp pgp = feed->policy.pgp;
	struct ring ring = {.feed = feed, .findings = findings};
	snprintf(name, sizeof name, "enrold.%.255s", pgp.home);
	snprintf(path, sizeof path, STORE "/%s", name);
	pgp.home = name;
	if (access(path, R_OK) == 0 && setenv("CREDENTIALS_DIRECTORY", STORE, 1) == 0)
		feed_check(feed, &pgp, findings);
	else
		say(&ring, FINDING_NOTE,
		    "its keys are a credential that only the unit is given, and are not looked at: "
		    "ask as "
		    "root, where it lies in " STORE);
}

void check_pgp_credentials(const struct config *config, struct findings *findings)
{
	for (size_t i = 0; i < config->feeds_count; i++)
		if (config->feeds[i].policy.pgp.home && *config->feeds[i].policy.pgp.home != '/')
			credential_check(&config->feeds[i], findings);
}

void check_pgp(const struct config *config, struct findings *findings)
{
	for (size_t i = 0; i < config->feeds_count; i++) {
		const struct feed *feed = &config->feeds[i];
		if (feed->policy.pgp.home && *feed->policy.pgp.home == '/')
			feed_check(feed, &feed->policy.pgp, findings);
	}
}
