/*
 * show: one run: what it was, where its files lie and whether they are what they were, its problems
 * by their causes, and what to do.
 */
#include "history.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* Hashing a larger input would keep whoever asks waiting. */
enum { HASHED_MAX = 64 << 20 };

static const char as_recorded[] = "as_recorded", altered[] = "altered", missing[] = "missing",
                  pruned[] = "pruned", not_checked[] = "not_checked";

struct showing {
	struct history *history;
	const struct past_run *run;
	struct problems *problems;
	const char *result; /* its state, by having been read */
	json_t *plan;       /* NULL: it has none */
};

/* ---- which ---- */

static bool is_last(const char *run)
{
	return strcmp(run, "last") == 0;
}

static struct error range_of(const struct history_query *query, struct past_range *range)
{
	int64_t time;
	*range = (struct past_range){.is_newest_first = true};
	if (is_last(query->run))
		return OK;
	if (!run_id_parse(query->run, &time))
		return error_reject("not_found", 0,
		    "'%.60s' is no run: a run is called like 20261126-020301-118204, or last",
		    query->run);
	run_id_format(time - 1, range->after);
	run_id_format(time + 1, range->before);
	return OK;
}

static struct error not_found(const struct history *history)
{
	const struct history_query *query = history->query;
	if (!is_last(query->run))
		return error_reject("not_found", 0, "there is no run %s%s", query->run,
		    history->lms ? "" : " among the answers in the outbox; the database is away");
	return error_reject("not_found", 0, "there has been no run yet%s%s",
	    query->feed ? " of feed " : "", query->feed ? query->feed : "");
}

static struct error run_find(
    struct history *history, struct past *past, const struct past_run **run)
{
	const char *feed = history->query->feed;
	struct error error;
	do
		error = past_next(past, run);
	while (!is_error(&error) && *run && feed && !slice_is((*run)->row.feed, slice_of(feed)));
	return is_error(&error) || *run ? error : not_found(history);
}

/* ---- its files ---- */

static bool on_row(void *context, uint64_t offset, struct slice row)
{
	struct showing *showing = context;
	if (offset > 0)
		problems_add(showing->problems, row);
	return true;
}

/* The problems of an answer that is not what it was are not told. */
static struct error result_show(struct showing *showing)
{
	struct place place;
	char sha256[HASH_TEXT_SIZE + 1];
	struct stat stat;
	const struct ledger_run *row = &showing->run->row;
	bool has_ended = row->state != RUN_RUNNING;
	place_find(showing->history, showing->run, PLACE_RESULT, &place);
	int file = -1;
	struct error error = OK;
	if (row->sizes.of[ARTEFACT_RESULT] > 0 && place.is_there)
		error = place_open(showing->history, &place, row->sizes.of[ARTEFACT_RESULT], &file);
	if (file < 0) {
		showing->result = error.class == ERROR_REJECT ? altered : NULL;
		return OK;
	}
	struct result_span span = {.file = file,
	    .until = row->sizes.of[ARTEFACT_RESULT],
	    .hash = hash_create(),
	    .is_cancelled = showing->history->is_cancelled};
	error = span.hash ? result_read(&span, on_row, showing) : error_memory("reading an answer");
	if (span.hash)
		hash_finish(span.hash, sha256);
	bool fits = !is_error(&error) && fstat(file, &stat) == 0 &&
	            (!has_ended || ((uint64_t)stat.st_size == span.until &&
	                               slice_is(slice_of(sha256), row->hashes[ARTEFACT_RESULT])));
	showing->result = !fits ? altered : has_ended ? as_recorded : not_checked;
	hash_free(span.hash);
	close(file);
	return error.class == ERROR_REJECT ? OK : error;
}

/* Whether that is what the ledger says of the file. */
static bool is_its_hash(
    const struct ledger_run *row, enum place_file file, struct slice wanted, struct slice sha256)
{
	return file == PLACE_INPUT ? ledger_is_input(row, sha256) : slice_is(sha256, wanted);
}

static bool is_its_size(const struct ledger_run *row, uint64_t bytes)
{
	return bytes == row->bytes ||
	       (row->archived_sha256.size > 0 && bytes == row->archived_bytes);
}

static const char *hash_check(const struct showing *showing, enum place_file file,
    const struct place *place, uint64_t bytes, struct slice wanted)
{
	struct packed_found found;
	struct error error = place_hash(showing->history, place, bytes, &found);
	if (error.class == ERROR_RETRY || (!is_error(&error) && !found.is_there))
		return not_checked;
	bool is_it = !is_error(&error) &&
	             is_its_hash(&showing->run->row, file, wanted, slice_of(found.sha256));
	return is_it ? as_recorded : altered;
}

/* Of what lies there; when it is packed, as the ledger has it. */
static uint64_t plain_bytes(
    const struct ledger_run *row, enum place_file file, const struct place *place)
{
	enum artefact artefact = file == PLACE_RETRY ? ARTEFACT_RETRY : ARTEFACT_PLAN;
	return place->is_packed ? row->sizes.of[artefact] : (uint64_t)place->stat.st_size;
}

static const char *state_of(const struct showing *showing, enum place_file file,
    const struct place *place, struct slice sha256)
{
	const struct ledger_run *row = &showing->run->row;
	uint64_t bytes = plain_bytes(row, file, place);
	if (!place->is_there)
		return place_pruned_by(showing->run, file).size > 0 ? pruned : missing;
	if (file == PLACE_RESULT)
		return showing->result ? showing->result : not_checked;
	if (sha256.size == 0 || bytes > HASHED_MAX)
		return file == PLACE_INPUT && sha256.size > 0 && !is_its_size(row, bytes)
		           ? altered
		           : not_checked;
	return hash_check(showing, file, place, bytes, sha256);
}

static struct slice hash_of(const struct past_run *run, enum place_file file)
{
	const struct ledger_run *row = &run->row;
	const struct slice hashes[PLACE_FILES] = {[PLACE_INPUT] = row->sha256,
	    [PLACE_RESULT] = row->hashes[ARTEFACT_RESULT],
	    [PLACE_RETRY] = row->hashes[ARTEFACT_RETRY],
	    [PLACE_PLAN] = row->hashes[ARTEFACT_PLAN],
	    [PLACE_REPORT] = row->hashes[ARTEFACT_REPORT],
	    [PLACE_SUMMARY] = row->summary_sha256};
	return hashes[file];
}

/* Whether it is worth a word where it is not. */
static bool is_expected(const struct past_run *run, enum place_file file)
{
	const struct ledger_run *row = &run->row;
	const bool expected[PLACE_FILES] = {[PLACE_INPUT] = true,
	    [PLACE_RESULT] = row->sizes.of[ARTEFACT_RESULT] > 0,
	    [PLACE_RETRY] = row->sizes.of[ARTEFACT_RETRY] > 0,
	    [PLACE_PLAN] = row->sizes.of[ARTEFACT_PLAN] > 0,
	    [PLACE_REPORT] = row->sizes.of[ARTEFACT_REPORT] > 0,
	    [PLACE_SUMMARY] = row->state != RUN_RUNNING,
	    [PLACE_REASON] = row->state == RUN_REFUSED || row->state == RUN_DISCARDED};
	return expected[file];
}

static struct error file_show(struct showing *showing, enum place_file file)
{
	struct place place;
	struct slice sha256 = hash_of(showing->run, file);
	place_find(showing->history, showing->run, file, &place);
	if (!place.is_there && !is_expected(showing->run, file))
		return OK;
	struct slice by = place_pruned_by(showing->run, file);
	return history_give(showing->history,
	    json_pack("{s:s, s:s, s:o, s:b, s:o, s:o, s:s, s:o}", "kind", "file", "what",
	        place_name(file), "path", history_path(showing->history, &place), "is_there",
	        place.is_there, "bytes",
	        place.is_there ? json_integer((json_int_t)place.stat.st_size) : json_null(),
	        "sha256", history_text_or_null(sha256), "state",
	        state_of(showing, file, &place, sha256), "pruned_by",
	        by.size > 0 && !place.is_there ? history_text(by) : json_null()));
}

/* ---- what to do ---- */

static struct error advise(struct showing *showing, const char *command, const char *text)
{
	return history_give(showing->history,
	    json_pack("{s:s, s:s, s:s?}", "kind", "todo", "text", text, "command", command));
}

static struct error refusal_advise(struct showing *showing)
{
	return advise(showing, NULL,
	    showing->run->row.records == 0
	        ? "Nothing was applied. Correct the file and drop it into the inbox again."
	        : "Drop the file into the inbox again when the reason is gone: what is done "
	          "already stays as it is.");
}

/* NULL: the settings have it no more. */
static const struct feed *feed_of(const struct showing *showing)
{
	char name[FEED_NAME_MAX + 1];
	snprintf(name, sizeof name, "%.*s", SLICE_ARG(showing->run->row.feed));
	return config_find_feed(showing->history->config, name);
}

static struct error rows_advise(struct showing *showing)
{
	struct place retry;
	char text[PATH_MAX + 200], command[64];
	place_find(showing->history, showing->run, PLACE_RETRY, &retry);
	if (!retry.is_there)
		return advise(showing, NULL,
		    "The file with the rows that failed is gone: drop the input again, "
		    "corrected; what is done already stays as it is.");
	const struct feed *feed = feed_of(showing);
	if (feed && feed->policy.pgp.required) {
		snprintf(text, sizeof text,
		    "The feed %s takes encrypted files only: let the sender correct and encrypt it "
		    "(%s/%s%s).",
		    feed->name, showing->history->config->spool, retry.path,
		    feed->policy.pgp.answer_to ? ".pgp" : "");
		return advise(showing, NULL, text);
	}
	snprintf(command, sizeof command, "enrolctl retry %s", showing->run->row.run.bytes);
	snprintf(text, sizeof text,
	    "Correct %s/%s, whose last columns say what is wrong with each row, and drop it. Where "
	    "the cause was elsewhere, as a course that is there by now, drop it as it is:",
	    showing->history->config->spool, retry.path);
	return advise(showing, command, text);
}

/* Who has stopped it is in the order. */
static struct error stopped_advise(struct showing *showing)
{
	char command[64], text[ORDER_BY_SIZE + ORDER_WHY_SIZE + 160];
	const char *run = showing->run->row.run.bytes;
	const struct order *order = orders_find(&showing->history->orders, ORDER_STOP, run);
	if (!order)
		return OK;
	snprintf(command, sizeof command, "enrolctl release %s", run);
	snprintf(text, sizeof text,
	    "It was stopped by %s%s%s, and waits: this goes on with it, enrolctl discard leaves it "
	    "as it is.",
	    order->by, *order->why ? ": " : "", order->why);
	return advise(showing, command, text);
}

static struct removals removals_of(const struct showing *showing)
{
	return removals_count(json_object_get(showing->run->summary, "codes"));
}

static struct error withheld_advise(struct showing *showing)
{
	char text[400];
	uint64_t count = removals_of(showing).withheld;
	if (count == 0)
		return OK;
	snprintf(text, sizeof text,
	    "%llu removal%s withheld: why is said above. Where the file is wrong, correct it and "
	    "drop it again; where people have really left, let more go by the feed's limits "
	    "(enrold.yaml(5)) before its next file comes.",
	    (unsigned long long)count,
	    showing->run->is_preview ? count == 1 ? " would be" : "s would be"
	    : count == 1             ? " was"
	                             : "s were");
	return advise(showing, NULL, text);
}

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static struct error open_plan_advise(struct showing *showing)
{
	struct place place;
	char command[80], text[PATH_MAX + 400];
	const char *run = showing->run->row.run.bytes;
	place_find(showing->history, showing->run, PLACE_PLAN, &place);
	snprintf(command, sizeof command, "enrolctl release %s --why TEXT", run);
	snprintf(text, sizeof text,
	    "%s %s/%s says whose and what it is. enrolctl discard %s --why TEXT says that it is "
	    "not "
	    "wanted; this has it done as it stands there:",
	    json_is_true(json_object_get(showing->plan, "whole"))
	        ? "Nothing of the file was applied: it waits for a person."
	        : "What was withheld waits for a person.",
	    showing->history->config->spool, place.path, run);
	return advise(showing, command, text);
}

static struct error closed_plan_advise(struct showing *showing)
{
	char text[ORDER_WHY_SIZE + 300];
	const char *state = member(showing->plan, "state"),
	           *by = member(showing->plan, "closed_by");
	const char *why = member(showing->plan, "why");
	bool is_left = strcmp(state, "nothing_left") == 0;
	snprintf(text, sizeof text, "Nothing is to be done: its plan %s%s%s%s%s%s.",
	    is_left ? "is closed, for nothing of it was left to do" : "was ", is_left ? "" : state,
	    *by ? " by run " : "", by, *why ? ": " : "", why);
	return advise(showing, NULL, text);
}

static struct error plan_advise(struct showing *showing)
{
	char text[ORDER_BY_SIZE + ORDER_WHY_SIZE + 120];
	const json_t *ordered = json_object_get(showing->plan, "ordered");
	if (strcmp(member(showing->plan, "state"), "open") != 0)
		return closed_plan_advise(showing);
	if (!json_is_object(ordered))
		return open_plan_advise(showing);
	snprintf(text, sizeof text,
	    "%s has said what becomes of its plan (%s), and a run does so: %s",
	    member(ordered, "by"), member(ordered, "order"), member(ordered, "why"));
	return advise(showing, NULL, text);
}

static struct error todo_show(struct showing *showing)
{
	const struct past_run *run = showing->run;
	bool has_errors = run->row.sizes.of[ARTEFACT_RETRY] > 0;
	struct error error = OK;
	if (showing->result == altered)
		error = advise(showing, "enrolctl verify",
		    "The result is not what enrold wrote: nothing that it says is told here.");
	if (!is_error(&error) && run->row.state == RUN_RUNNING)
		error = stopped_advise(showing);
	if (is_error(&error) || run->row.state == RUN_RUNNING)
		return error;
	if (run->row.state == RUN_REFUSED)
		error = refusal_advise(showing);
	else if (run->is_preview)
		error = advise(showing, NULL,
		    "Nothing was changed. Drop the file into the feed's inbox to apply it.");
	if (!is_error(&error) && has_errors && !run->is_preview)
		error = rows_advise(showing);
	if (is_error(&error))
		return error;
	return showing->plan ? plan_advise(showing) : withheld_advise(showing);
}

/* ---- all of it ---- */

/* Members of the summary that runs has no room for. */
static json_t *whole_json(const struct showing *showing)
{
	static const char *const more[] = {"exact", "version", "policy_sha256", "codes", "remarks",
	    "order", "files", "previous", "chain"};
	json_t *object = run_json(showing->history, showing->run);
	struct removals removals = removals_of(showing);
	for (size_t i = 0; object && i < sizeof more / sizeof *more; i++) {
		json_t *value = json_object_get(showing->run->summary, more[i]);
		json_object_set_new(object, more[i], value ? json_incref(value) : json_null());
	}
	json_object_set_new(object, "removals", removals_json(&removals));
	return object;
}

static struct error show(struct showing *showing)
{
	struct error error = history_give(showing->history, whole_json(showing));
	if (!is_error(&error))
		error = plan_tell(showing->history, showing->run, &showing->plan);
	if (!is_error(&error) && showing->plan)
		error = history_give(showing->history, json_incref(showing->plan));
	if (!is_error(&error))
		error = result_show(showing);
	for (enum place_file file = 0; file < PLACE_FILES && !is_error(&error); file++)
		error = file_show(showing, file);
	if (!is_error(&error) && showing->result != altered)
		error = causes_give(showing->problems, showing->run, showing->history);
	return is_error(&error) ? error : todo_show(showing);
}

struct error history_show(struct history *history)
{
	struct past *past = NULL;
	struct past_range range;
	struct showing showing = {.history = history, .problems = problems_create()};
	struct error error =
	    showing.problems ? range_of(history->query, &range) : error_memory("showing a run");
	if (!is_error(&error))
		error = past_open(history, &range, &past);
	if (!is_error(&error))
		error = run_find(history, past, &showing.run);
	if (!is_error(&error))
		error = show(&showing);
	past_close(past);
	problems_free(showing.problems);
	json_decref(showing.plan);
	return error;
}
