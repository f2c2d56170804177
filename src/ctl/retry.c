/*
 * enrolctl retry: a run's retry file goes into its feed's inbox again, under its own name. It has
 * to be as enrold wrote it: what somebody has corrected is a file of his own, for submit. What its
 * feed requires beside a file is made for it.
 */
#include "answers.h"
#include "hand_in.h"
#include "owner.h"

#include "enrold/disk.h"
#include "enrold/names.h"
#include "enrold/packed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* The run that is looked for, and where it was answered. */
struct search {
	const char *wanted;                              /* NULL: the last one */
	char run[RUN_ID_SIZE + 1], name[FILE_NAME_SIZE]; /* of the summary; "" */
	const struct feed *feed;
};

static void feed_search(struct search *search, int outbox, const struct feed *feed)
{
	char run[RUN_ID_SIZE + 1];
	const struct dirent *entry;
	DIR *listing = disk_list(outbox);
	while (listing && (entry = readdir(listing))) {
		if (!name_find_answer(entry->d_name, ".summary.json", run) ||
		    (search->wanted ? strcmp(run, search->wanted) != 0
		                    : strcmp(run, search->run) <= 0))
			continue;
		memcpy(search->run, run, sizeof run);
		snprintf(search->name, sizeof search->name, "%s", entry->d_name);
		search->feed = feed;
	}
	if (listing)
		closedir(listing);
}

static struct error search_all(const struct ctl *ctl, struct search *search)
{
	const char *only = ctl->options[OPTION_FEED];
	for (size_t i = 0; i < ctl->config->feeds_count; i++) {
		const struct feed *feed = &ctl->config->feeds[i];
		if (only && strcmp(only, feed->name) != 0)
			continue;
		int outbox = answers_open(ctl->config, feed->name);
		if (outbox < 0 && errno != ENOENT)
			return error_reject("unreadable", 0,
			    "you may not read the answers of the feed %s", feed->name);
		if (outbox >= 0) {
			feed_search(search, outbox, feed);
			close(outbox);
		}
	}
	if (search->feed)
		return OK;
	return error_reject("not_found", 0, "the outbox has no answer%s%s",
	    search->wanted ? " of the run " : "", search->wanted ? search->wanted : "");
}

struct retry_file {
	char name[FILE_NAME_SIZE], sha256[HASH_TEXT_SIZE + 1];
	uint64_t bytes;
};

/* Its retry file, as the summary names it. The name is believed only as one of that run. */
static struct error retry_find(
    const struct search *search, const json_t *summary, struct retry_file *retry)
{
	const json_t *file;
	size_t i;
	char input[FILE_NAME_SIZE], run[FILE_NAME_SIZE];
	json_array_foreach(json_object_get(summary, "files"), i, file)
	{
		const char *its_name = json_string_value(json_object_get(file, "name"));
		const char *its_sum = json_string_value(json_object_get(file, "sha256"));
		if (!its_name || !its_sum || strchr(its_name, '/') ||
		    !name_find_origin(its_name, input, run) || strcmp(run, search->run) != 0)
			continue;
		snprintf(retry->name, FILE_NAME_SIZE, "%s", its_name);
		snprintf(retry->sha256, HASH_TEXT_SIZE + 1, "%s", its_sum);
		retry->bytes = (uint64_t)json_integer_value(json_object_get(file, "bytes"));
		return OK;
	}
	const char *status = json_string_value(json_object_get(summary, "status"));
	bool is_refused = status && strcmp(status, "refused") == 0;
	return error_reject("not_found", 0, "the run %s has no retry file: %s", search->run,
	    is_refused ? "its file was refused as a whole; correct it, and submit it"
	               : "no row of it is left to do");
}

static struct error retry_open(
    int outbox, const struct search *search, struct drop_source *source, char *sha256)
{
	struct retry_file retry = {.bytes = 0};
	json_t *summary = answers_load(outbox, search->name);
	struct error error = summary ? retry_find(search, summary, &retry)
	                             : error_reject("unreadable", 0,
	                                   "the summary of the run %s cannot be read", search->run);
	json_decref(summary);
	if (is_error(&error))
		return error;
	memcpy(source->name, retry.name, sizeof retry.name);
	memcpy(sha256, retry.sha256, sizeof retry.sha256);
	error = packed_open(outbox, retry.name, retry.bytes, &source->file);
	if (!is_error(&error) && source->file < 0) {
		errno = ENOENT;
		error = error_errno("cannot open %s", retry.name);
	}
	if (is_error(&error))
		error.class = ERROR_REJECT;
	return error;
}

/* ---- what the feed requires beside it ---- */

/* Its lines but the header; line breaks within quotes are no line's end. */
static struct error rows_count(int file, uint64_t *rows)
{
	char chunk[64 << 10];
	bool is_quoted = false;
	uint64_t lines = 0;
	ssize_t got;
	for (off_t at = 0; (got = pread(file, chunk, sizeof chunk, at)) > 0; at += got)
		for (ssize_t i = 0; i < got; i++) {
			is_quoted ^= chunk[i] == '"';
			lines += chunk[i] == '\n' && !is_quoted;
		}
	*rows = lines > 0 ? lines - 1 : 0;
	return got < 0 ? error_errno("cannot read the retry file") : OK;
}

static struct error beside_make(int *file, const char *text)
{
	*file = memfd_create("beside", MFD_CLOEXEC);
	struct error error =
	    *file < 0 ? error_errno("cannot make what lies beside the retry file")
	              : disk_write(*file, slice_of(text), "what lies beside the retry file");
	if (!is_error(&error) && lseek(*file, 0, SEEK_SET) < 0)
		error = error_errno("cannot make what lies beside the retry file");
	return error;
}

static struct error required_make(
    const struct feed *feed, struct drop_source *source, const char *sha256)
{
	uint64_t rows = 0;
	char text[HASH_TEXT_SIZE + FILE_NAME_SIZE + 8];
	struct error error = OK;
	if (policy_requires(&feed->policy, SIDECAR_SHA256)) {
		snprintf(text, sizeof text, "%s  %s\n", sha256, source->name);
		error = beside_make(&source->beside[SIDECAR_SHA256], text);
	}
	if (is_error(&error) || !policy_requires(&feed->policy, SIDECAR_ROWS))
		return error;
	error = rows_count(source->file, &rows);
	snprintf(text, sizeof text, "%" PRIu64 "\n", rows);
	return is_error(&error) ? error : beside_make(&source->beside[SIDECAR_ROWS], text);
}

/* It would be refused, and lie in quarantine with the rows of people in it. */
static struct error plain_check(const struct feed *feed, const char *name)
{
	if (!feed || !feed->policy.pgp.required)
		return OK;
	return error_reject("pgp_not_encrypted", 0,
	    "the feed %s takes encrypted files only: let the sender correct and encrypt it (%s%s)",
	    feed->name, name, feed->policy.pgp.answer_to ? ".pgp" : "");
}

/* ---- both ---- */

static struct error find(const struct ctl *ctl, struct search *search, struct drop_source *source,
    char sha256[HASH_TEXT_SIZE + 1])
{
	struct error error = owner_become(ctl->config->spool);
	if (!is_error(&error))
		error = search_all(ctl, search);
	if (is_error(&error))
		return error;
	int outbox = answers_open(ctl->config, search->feed->name);
	error = outbox < 0
	            ? error_errno("cannot open the answers of the feed %s", search->feed->name)
	            : retry_open(outbox, search, source, sha256);
	if (outbox >= 0)
		close(outbox);
	if (!is_error(&error))
		error = plain_check(search->feed, source->name);
	return is_error(&error) ? error : required_make(search->feed, source, sha256);
}

enum ctl_exit ctl_retry(const struct ctl *ctl)
{
	bool is_last = strcmp(ctl->arguments[0], "last") == 0;
	struct search search = {.wanted = is_last ? NULL : ctl->arguments[0]};
	struct drop_source source;
	char sha256[HASH_TEXT_SIZE + 1] = "";
	if (ctl->options[OPTION_FEED] && !hand_in_feed(ctl))
		return CTL_USAGE;
	drop_no_source(&source);
	struct error error = find(ctl, &search, &source, sha256);
	if (is_error(&error)) {
		drop_close_source(&source);
		return ctl_fail(&error);
	}
	struct lane lane = {.is_preview = strstr(search.name, ".preview.summary.json") != NULL};
	snprintf(lane.feed, sizeof lane.feed, "%s", search.feed ? search.feed->name : "default");
	enum ctl_exit status = hand_in(ctl, &lane, &source, sha256);
	drop_close_source(&source);
	return status;
}
