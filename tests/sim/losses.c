#include "losses.h"

#include "fake_lms.h"
#include "files.h"

#include <string.h>

static const struct ledger_run *ended_find(const char *sha256, const char *summary_sha256)
{
	for (size_t i = 0; i < fake_lms_runs(); i++) {
		const struct ledger_run *run = fake_lms_run(i);
		if (run->state >= RUN_APPLIED &&
		    (!sha256 || strcmp(run->sha256.bytes, sha256) == 0) &&
		    (!summary_sha256 || strcmp(run->summary_sha256.bytes, summary_sha256) == 0))
			return run;
	}
	return NULL;
}

int losses_has_ended(const char *sha256)
{
	return ended_find(sha256, NULL) != NULL;
}

size_t losses_count(const char *spool)
{
	size_t count = 0;
	char hash[HASH_SIZE];
	struct path outbox = path_of("%s/outbox", spool);
	struct listing listing = files_list(outbox.text);
	for (size_t i = 0; i < listing.count; i++) {
		if (!text_ends(listing.entries[i].path, ".summary.json"))
			continue;
		files_hash(path_of("%s/%s", outbox.text, listing.entries[i].path).text, hash);
		count += ended_find(NULL, hash) == NULL;
	}
	listing_done(&listing);
	return count;
}
