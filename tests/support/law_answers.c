/* L3, first half: each run that has ended has its answer, and the answer agrees with itself. */
#include "law_parts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *const outcomes[] = {"done", "unchanged", "warning", "error", "skipped"};

/* ---- which files there are ---- */

static bool is_in_own_outbox(const struct law_run *run, const char *below)
{
	const char *base = path_base(below);
	if (strcmp(run->feed, "default") == 0)
		return base == below;
	size_t size = strlen(run->feed);
	return text_starts(below, run->feed) && below + size + 1 == base;
}

/* Its own, or that of who may read the answers by the outbox's group. */
static mode_t retry_mode(const struct law *law, const char *below)
{
	struct stat place, file;
	struct path path = rig_path(law->rig, "outbox/%s", below);
	struct path above = path_of("%.*s", (int)(strrchr(path.text, '/') - path.text), path.text);
	if (!files_exist(path.text))
		path = path_of("%s.gz", path.text);
	if (stat(above.text, &place) != 0 || stat(path.text, &file) != 0)
		return 0;
	bool is_shared = place.st_mode & S_ISGID;
	return is_shared && file.st_gid == place.st_gid ? 0640 : 0600;
}

/* What was encrypted of a file lies beside that, and tells nothing to whom it is not for. */
static bool is_sealed(struct law *law, const char *below)
{
	struct path of = path_of("%.*s", (int)(strlen(below) - strlen(".pgp")), below);
	if (!text_ends(of.text, ".result.csv") && !text_ends(of.text, ".retry.csv"))
		return false;
	struct path sealed = rig_path(law->rig, "outbox/%s", below);
	struct buffer bytes = files_read(sealed.text);
	if (!files_exist_packed(rig_path(law->rig, "outbox/%s", of.text).text))
		law_break(law, "outbox/%s is made of nothing", below);
	if (bytes.size == 0 || !((unsigned char)bytes.bytes[0] & 0x80))
		law_break(law, "outbox/%s is not encrypted", below);
	buffer_done(&bytes);
	return true;
}

static void file_take(struct law *law, const char *below, mode_t mode)
{
	if (text_ends(below, ".pgp") && is_sealed(law, below))
		return;
	char id[LAW_RUN_SIZE];
	struct law_run *run = law_read_run(path_base(below), id) ? law_find(law, id) : NULL;
	if (!run) {
		law_break(law, "L4: outbox/%s belongs to no run of the ledger", below);
		return;
	}
	law_check_name(law, run, below);
	if (!is_in_own_outbox(run, below))
		law_break(
		    law, "outbox/%s is not where the answers of feed %s go", below, run->feed);
	const char **place = text_ends(below, ".summary.json")  ? &run->summary_path
	                     : text_ends(below, ".result.csv")  ? &run->result_path
	                     : text_ends(below, ".retry.csv")   ? &run->retry_path
	                     : text_ends(below, ".plan.csv")    ? &run->plan_path
	                     : text_ends(below, ".report.html") ? &run->report_path
	                                                        : NULL;
	if (place && **place)
		law_break(law, "outbox/%s is there besides %s", below, *place);
	if (place)
		*place = law_copy(law, rig_path(law->rig, "outbox/%s", below).text);
	run->files_count += place != &run->summary_path;
	if (place == &run->retry_path && (mode & 0777) != retry_mode(law, below))
		law_break(law, "outbox/%s has mode %o", below, mode & 0777);
}

static bool is_part(const char *name)
{
	return (text_starts(name, ".packing-") || text_starts(name, ".page-")) &&
	       text_ends(name, ".part");
}

/* A feed's page beside its answers, and that of all: these names at these places, and no others.
 * Of a feed that nothing was dropped for, too. */
static bool is_page(const char *below)
{
	const char *slash = strchr(below, '/');
	return strcmp(below, "index.html") == 0 || strcmp(below, "default.html") == 0 ||
	       (slash && strcmp(slash, "/index.html") == 0 && slash != below);
}

/* All feeds are the operator's to see; a feed's page is for who may read its answers. */
static void page_take(struct law *law, const char *below, mode_t mode)
{
	struct buffer page = files_read(rig_path(law->rig, "outbox/%s", below).text);
	bool is_all = strcmp(below, "index.html") == 0;
	if ((mode & 0777) != (is_all ? 0600 : 0640))
		law_break(law, "outbox/%s has mode %o", below, mode & 0777);
	if (!text_starts(page.bytes, "<!doctype html>") || !text_ends(page.bytes, "</html>\n"))
		law_break(law, "outbox/%s is not a whole page", below);
	buffer_done(&page);
}

/* A packed one stands for the plain one, and beside it for nothing: a kill has left both. */
static void entry_take(struct law *law, const struct listing_entry *entry)
{
	struct path below = path_of("%s", entry->path);
	if (is_part(path_base(below.text)))
		return; /* a kill has left it, too */
	if (is_page(below.text)) {
		page_take(law, below.text, entry->mode);
		return;
	}
	if (text_ends(below.text, ".csv.gz")) {
		below.text[strlen(below.text) - strlen(".gz")] = '\0';
		if (files_exist(rig_path(law->rig, "outbox/%s", below.text).text))
			return;
	}
	file_take(law, below.text, entry->mode);
}

static void outbox_walk(struct law *law)
{
	struct listing listing = files_list(rig_path(law->rig, "outbox").text);
	for (size_t i = 0; i < listing.count; i++)
		if (S_ISREG(listing.entries[i].mode) &&
		    !text_starts(listing.entries[i].path, "checkpoints/"))
			entry_take(law, &listing.entries[i]);
	listing_done(&listing);
}

/* ---- what the ledger says of them ---- */

static void hash_check(struct law *law, const struct law_run *run, const char *what,
    const char *path, const char *hash)
{
	char is[HASH_SIZE] = "";
	if (*path)
		files_hash(path, is);
	if (strcmp(is, hash) != 0)
		law_break(law, "L3: run %s: the %s in the outbox has hash '%s', in the ledger '%s'",
		    run->run, what, is, hash);
}

static void listed_check(struct law *law, const struct law_run *run, const json_t *file)
{
	const char *name = law_member(file, "name");
	const char *slash = strrchr(run->summary_path, '/');
	struct path path =
	    path_of("%.*s/%s", (int)(slash - run->summary_path), run->summary_path, name);
	path = law_find_kept(law, path.text);
	if (!files_exist_packed(path.text)) {
		law_break(
		    law, "L3: run %s: the summary names %s, which is not there", run->run, name);
		return;
	}
	char hash[HASH_SIZE];
	struct buffer content = files_read(path.text);
	files_hash_bytes(content.bytes, content.size, hash);
	if (strcmp(hash, law_member(file, "sha256")) != 0 ||
	    (json_int_t)content.size != json_integer_value(json_object_get(file, "bytes")))
		law_break(law, "L3: run %s: %s is not as its summary says", run->run, name);
	buffer_done(&content);
}

static void published_check(struct law *law, const struct law_run *run)
{
	hash_check(law, run, "summary", run->summary_path, run->summary_sha256);
	hash_check(law, run, "result", run->result_path, run->result_sha256);
	hash_check(law, run, "retry file", run->retry_path, run->retry_sha256);
	hash_check(law, run, "plan", run->plan_path, run->plan_sha256);
	hash_check(law, run, "report", run->report_path, run->report_sha256);
	if (!*run->report_sha256)
		law_break(law, "L3: run %s has no report", run->run);
	struct buffer content = files_read(run->summary_path);
	if (strcmp(content.bytes, run->summary) != 0)
		law_break(law, "L3: run %s: the ledger holds another summary", run->run);
	buffer_done(&content);
	size_t i;
	json_t *file;
	json_array_foreach(json_object_get(run->json, "files"), i, file)
	    listed_check(law, run, file);
	if (i != run->files_count)
		law_break(law, "L3: run %s: the summary names %zu files, %zu are there", run->run,
		    i, run->files_count);
}

/* ---- what the summary says ---- */

static void text_check(struct law *law, const struct law_run *run, const json_t *object,
    const char *name, const char *expected)
{
	const char *is = law_member(object, name);
	if (strcmp(is, expected) != 0)
		law_break(law, "L3: run %s: '%s' is '%s' in the summary, '%s' in the ledger",
		    run->run, name, is, expected);
}

/* How and when it was done. */
static void circumstances_check(struct law *law, const struct law_run *run)
{
	static const char *const times[] = {"started", "finished"};
	char policy[HASH_SIZE];
	files_hash_bytes(run->policy, strlen(run->policy), policy);
	text_check(law, run, run->json, "policy_sha256", policy);
	text_check(law, run, run->json, "version", ENROLD_VERSION);
	for (size_t i = 0; i < 2; i++)
		if (!law_has_shape(law_member(run->json, times[i]), "dddd-dd-ddTdd:dd:dd.dddZ"))
			law_break(
			    law, "L3: run %s: '%s' is no time in the summary", run->run, times[i]);
	if (strcmp(law_member(run->json, "started"), law_member(run->json, "finished")) > 0)
		law_break(law, "L3: run %s ended before it started", run->run);
	/* What was only rehearsed may have had to make room for others. */
	bool may_be_inexact = strcmp(run->state, "previewed") == 0 ||
	                      strcmp(run->state, "held") == 0 ||
	                      strcmp(run->state, "discarded") == 0;
	if (!may_be_inexact && !json_is_true(json_object_get(run->json, "exact")))
		law_break(law, "L3: run %s does not call itself exact", run->run);
}

static void summary_check(struct law *law, const struct law_run *run)
{
	bool is_refused = law_is_put_aside(run) || strcmp(run->state, "held") == 0;
	const json_t *input = json_object_get(run->json, "input");
	text_check(law, run, run->json, "run", run->run);
	text_check(law, run, run->json, "feed", run->feed);
	/* Several daemons that share the spool have a number behind it. */
	if (strncmp(law_member(run->json, "node"), RIG_NODE, strlen(RIG_NODE)) != 0)
		law_break(law, "L3: run %s: node is '%s'", run->run, law_member(run->json, "node"));
	text_check(law, run, run->json, "status", is_refused ? run->state : "done");
	/* A refused one has changed nothing either way. */
	if (!is_refused)
		text_check(law, run, run->json, "mode",
		    strcmp(run->state, "previewed") == 0 ? "preview" : "apply");
	text_check(law, run, input, "name", run->name);
	text_check(law, run, input, "sha256", run->sha256);
	if (json_integer_value(json_object_get(input, "bytes")) != run->bytes)
		law_break(law, "L3: run %s: the summary has another size of the input", run->run);
	if (is_refused == json_is_null(json_object_get(run->json, "refusal")))
		law_break(
		    law, "L3: run %s is %s, its 'refusal' says otherwise", run->run, run->state);
	if (!is_refused && json_integer_value(json_object_get(run->json, "rows")) != run->records)
		law_break(law, "L3: run %s: the summary counts other rows than the ledger's %lld",
		    run->run, (long long)run->records);
}

/* ---- what the result says ---- */

/* Lines whose cell in `column` is `value`. */
static json_int_t lines_count(const struct table *result, const char *column, const char *value)
{
	json_int_t count = 0;
	size_t at = table_column(result, column);
	for (size_t row = 1; row < result->rows_count; row++)
		count += strcmp(table_at(result, row, at), value) == 0;
	return count;
}

/* How many lines that say "unchanged" the feed did not want; it gets those of the absent. */
static json_int_t unlisted_count(
    struct law *law, const struct law_run *run, const struct table *result)
{
	json_int_t absent = 0, listed = lines_count(result, "outcome", "unchanged");
	json_t *counted = json_object_get(json_object_get(run->json, "outcomes"), "unchanged");
	if (!strstr(run->policy, "result_rows=changes"))
		return 0;
	for (size_t row = 1; row < result->rows_count; row++)
		absent +=
		    strcmp(table_at(result, row, table_column(result, "outcome")), "unchanged") ==
		        0 &&
		    strcmp(table_at(result, row, table_column(result, "column")), "absent") == 0;
	if (listed != absent)
		law_break(law, "L3: run %s lists %lld lines in which nothing changed", run->run,
		    (long long)(listed - absent));
	return json_integer_value(counted) - listed;
}

static void counts_check(struct law *law, const struct law_run *run, const struct table *result)
{
	json_int_t total = 0, unlisted = unlisted_count(law, run, result);
	const char *code;
	json_t *count;
	json_object_foreach(json_object_get(run->json, "codes"), code, count)
	{
		json_int_t missing = json_integer_value(count) - lines_count(result, "code", code);
		total += json_integer_value(count);
		if (missing < 0 || missing > unlisted)
			law_break(law, "L3: run %s: the summary miscounts code %s", run->run, code);
	}
	total -= unlisted;
	if (total != (json_int_t)result->rows_count - 1)
		law_break(law, "L3: run %s: codes of %lld lines are counted, the result has %zu",
		    run->run, (long long)total, result->rows_count - 1);
	for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
		count = json_object_get(json_object_get(run->json, "outcomes"), outcomes[i]);
		json_int_t lines = lines_count(result, "outcome", outcomes[i]);
		lines += strcmp(outcomes[i], "unchanged") == 0 ? unlisted : 0;
		if (!count || json_integer_value(count) != lines)
			law_break(
			    law, "L3: run %s: the summary miscounts '%s'", run->run, outcomes[i]);
	}
}

/* By line; those about the absent, who are in no line, stand behind all others. An undo's come as
 * it takes them back. */
static void order_check(struct law *law, const struct law_run *run, const struct table *result)
{
	long last = 1;
	size_t column = table_column(result, "column");
	for (size_t row = 1; row < result->rows_count; row++) {
		long line = strtol(table_at(result, row, 0), NULL, 10);
		bool is_absent = strcmp(table_at(result, row, column), "absent") == 0;
		bool is_undo = text_starts(run->name, "undo-");
		if (is_absent != (line == 0) || (line < last && !is_absent && !is_undo) ||
		    result->rows[row].count != result->rows[0].count)
			law_break(law,
			    "L3: run %s: line %zu of the result is out of order or short", run->run,
			    row + 1);
		last = is_absent ? LONG_MAX : line;
	}
}

static void result_check(struct law *law, const struct law_run *run)
{
	static const char header[] =
	    "line,username,column,target,outcome,code,message,before,after\n";
	struct buffer text = files_read(run->result_path);
	json_t *as_text = json_stringn(text.bytes, text.size); /* NULL: not UTF-8 */
	if (!as_text || !text_starts(text.bytes, header)) {
		law_break(
		    law, "L3: run %s: the result is not UTF-8, or has another header", run->run);
	} else {
		struct table result = table_parse(text.bytes, text.size);
		counts_check(law, run, &result);
		order_check(law, run, &result);
		table_done(&result);
	}
	json_decref(as_text);
	buffer_done(&text);
}

void law_check_answers(struct law *law)
{
	outbox_walk(law);
	law_find_pruned_answers(law);
	for (size_t i = 0; i < law->runs_count; i++) {
		const struct law_run *run = &law->runs[i];
		bool is_published = *run->summary_path;
		if (!law_has_ended(run)) {
			if (is_published)
				law_break(law, "L3: run %s has a summary, and is %s", run->run,
				    run->state);
			continue;
		}
		summary_check(law, run);
		circumstances_check(law, run);
		if (is_published)
			published_check(law, run);
		else if (law->moment == LAW_IDLE)
			law_break(law, "L3: run %s of %s has no answer", run->run, run->name);
		if (is_published && *run->result_path)
			result_check(law, run);
	}
}
