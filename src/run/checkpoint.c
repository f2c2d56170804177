#include "checkpoint_state.h"

#include "enrold/disk.h"
#include "enrold/ledger.h"
#include "enrold/log.h"
#include "enrold/note.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NEVER = -1 }; /* a day */

void checkpoints_init(struct checkpoints *checkpoints)
{
	*checkpoints = (struct checkpoints){.looked_day = 0};
	pthread_mutex_init(&checkpoints->mutex, NULL);
}

void checkpoints_done(struct checkpoints *checkpoints)
{
	pthread_mutex_destroy(&checkpoints->mutex);
}

struct checkpoints_state checkpoints_state(struct checkpoints *checkpoints)
{
	pthread_mutex_lock(&checkpoints->mutex);
	struct checkpoints_state state = checkpoints->state;
	pthread_mutex_unlock(&checkpoints->mutex);
	return state;
}

/* ---- making one; with the mutex held, so that two threads never make the same ---- */

static void failure_tell(struct checkpoints *checkpoints, const struct error *error)
{
	struct checkpoints_state *state = &checkpoints->state;
	if (!is_error(error)) {
		*state->failed = '\0';
		return;
	}
	if (!*state->failed)
		state->failed_s = (int64_t)time(NULL);
	if (strcmp(state->failed, error->text) != 0)
		log_event(LOG_WARNING, "checkpoint_failed", NULL,
		    "%s; files go on, and a checkpoint is made when that works again", error->text);
	snprintf(state->failed, sizeof state->failed, "%s", error->text);
}

/* Those made before the command was there are not for it. */
static struct error given_begin(
    const struct config *config, const struct spool *spool, int directory)
{
	uint64_t newest;
	int64_t made_s;
	if (config->checkpoints.to.count == 0 || disk_has(directory, CHECKPOINT_GIVEN))
		return OK;
	struct error error = checkpoints_find_newest(spool->outbox, &newest, &made_s);
	return is_error(&error) ? error : checkpoint_write_given(directory, config->node, newest);
}

static struct error public_put(
    const struct config *config, int directory, const struct note_key *key)
{
	struct buffer text = {0};
	char hash[NOTE_KEY_HASH_SIZE + 1], name[FILE_NAME_SIZE];
	const char *origin = config->checkpoints.origin;
	struct error error = note_key_hash(key, origin, hash);
	snprintf(name, sizeof name, "%s.pub", hash);
	if (is_error(&error) || disk_has(directory, name))
		return error;
	error = note_key_format_public(key, origin, &text);
	if (!is_error(&error))
		error = checkpoint_put(directory, config->node, name, buffer_slice(&text), false);
	buffer_done(&text);
	return error;
}

static struct error note_put(
    const struct config *config, int directory, const struct note *note, const struct note_key *key)
{
	struct buffer text = {0};
	char name[FILE_NAME_SIZE];
	checkpoint_name(note->number, name);
	struct error error = note_sign(note, key, &text);
	if (!is_error(&error))
		error = checkpoint_put(directory, config->node, name, buffer_slice(&text), false);
	buffer_done(&text);
	return error;
}

static void made_tell(struct checkpoints *checkpoints, const struct note *note)
{
	struct checkpoints_state *state = &checkpoints->state;
	if (note->number > state->number) {
		state->number = note->number;
		state->made_s = (int64_t)time(NULL);
	}
	log_event(LOG_INFO, "checkpoint_made",
	    json_pack("{s:I, s:s}", "number", (json_int_t)note->number, "chain", note->head),
	    "a checkpoint of the first %llu run%s", (unsigned long long)note->number,
	    note->number == 1 ? "" : "s");
}

/* What has that number may be of a time before the database was put back. */
static struct error place_find(
    const struct config *config, int directory, const struct note *note, bool *is_there)
{
	char name[FILE_NAME_SIZE];
	uint64_t given;
	bool has;
	checkpoint_name(note->number, name);
	*is_there = false;
	if (!disk_has(directory, name))
		return OK;
	struct error error = checkpoint_is_of(directory, name, note->head, is_there);
	if (is_error(&error) || *is_there)
		return error;
	/* First, so that the new one is given twice rather than never. */
	error = checkpoint_read_given(directory, &given, &has);
	if (!is_error(&error) && has && given >= note->number)
		error = checkpoint_write_given(directory, config->node, note->number - 1);
	return is_error(&error) ? error : checkpoint_evade(directory, name);
}

static struct error make(struct checkpoints *checkpoints, const struct config *config,
    const struct spool *spool, uint64_t number, const char *chain, const struct note_key *key)
{
	int directory;
	bool is_there;
	struct note note = {.number = number};
	snprintf(note.origin, sizeof note.origin, "%s", config->checkpoints.origin);
	snprintf(note.head, sizeof note.head, "%s", chain);
	struct error error = spool_open_outbox(spool, CHECKPOINTS, &directory);
	if (is_error(&error))
		return error;
	error = place_find(config, directory, &note, &is_there);
	if (!is_error(&error))
		error =
		    is_there ? disk_sync(directory, ".") : given_begin(config, spool, directory);
	if (!is_error(&error) && !is_there)
		error = public_put(config, directory, key);
	if (!is_error(&error) && !is_there)
		error = note_put(config, directory, &note, key);
	close(directory);
	if (!is_error(&error) && !is_there)
		made_tell(checkpoints, &note);
	return error;
}

struct error checkpoints_publish(struct checkpoints *checkpoints, const struct config *config,
    const struct spool *spool, uint64_t number, const char *chain)
{
	struct note_key *key;
	const struct checkpoint_options *options = &config->checkpoints;
	if (!options->key || number == 0 || number % options->every != 0)
		return OK;
	pthread_mutex_lock(&checkpoints->mutex);
	struct error error = checkpoints_load_key(options, &key);
	bool is_of_key = is_error(&error);
	if (!is_of_key)
		error = make(checkpoints, config, spool, number, chain, key);
	note_key_free(key);
	/* A full disk passes, and the run is gone on with then; what lasts is no matter of its. */
	bool is_passing = !is_of_key && error.class == ERROR_RETRY && !error.is_lasting;
	if (!is_passing)
		failure_tell(checkpoints, &error);
	pthread_mutex_unlock(&checkpoints->mutex);
	return is_passing ? error : OK;
}

/* ---- looking ---- */

bool checkpoints_is_due(const struct checkpoints_standing *standing)
{
	if (standing->head <= standing->newest)
		return false;
	if (standing->head - standing->newest >= standing->every)
		return true;
	bool has_day_ended = standing->looked_day != 0 && standing->looked_day != standing->today;
	return standing->head_day < standing->today || has_day_ended;
}

/* Days since some day, of the process's time zone, which is the site's. */
static int64_t day_of(int64_t epoch_s)
{
	time_t time = (time_t)epoch_s;
	struct tm tm;
	if (!localtime_r(&time, &tm))
		return 0;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	return (int64_t)timegm(&tm) / 86400;
}

/*
 * Those that tell of more runs than there are step aside: the database was put back to an earlier
 * day, and what follows is another chain, of which the witness is to hear as well. The head is read
 * behind the list, since others make notes meanwhile.
 */
static struct error standing_find(struct checkpoints *checkpoints, const struct config *config,
    struct db *db, int directory, struct ledger_head *head)
{
	uint64_t *numbers, given, newest = 0;
	size_t count;
	bool has;
	char name[FILE_NAME_SIZE];
	struct stat stat;
	struct error error = checkpoints_list(directory, 0, &numbers, &count);
	if (!is_error(&error))
		error = ledger_read_head(db, head);
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		checkpoint_name(numbers[i], name);
		if (numbers[i] <= head->number)
			newest = numbers[i];
		else
			error = checkpoint_evade(directory, name);
	}
	free(numbers);
	checkpoint_name(newest, name);
	checkpoints->state.number = newest;
	checkpoints->state.made_s =
	    newest > 0 && fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) == 0
	        ? (int64_t)stat.st_mtim.tv_sec
	        : 0;
	if (!is_error(&error))
		error = checkpoint_read_given(directory, &given, &has);
	return is_error(&error) || !has || given <= head->number
	           ? error
	           : checkpoint_write_given(directory, config->node, newest);
}

static struct error head_note(struct checkpoints *checkpoints, const struct config *config,
    const struct spool *spool, const struct ledger_head *head, bool is_only)
{
	struct checkpoints_state *state = &checkpoints->state;
	struct note_key *key;
	int64_t head_us = 0;
	run_id_parse(head->run, &head_us);
	/* At each look, so that it is not missed at the next note only. */
	struct error error = checkpoints_load_key(&config->checkpoints, &key);
	if (is_error(&error))
		return error;
	const struct checkpoints_standing standing = {.newest = state->number,
	    .head = head->number,
	    .every = config->checkpoints.every,
	    .head_day = day_of(head_us / 1000000),
	    .looked_day = !is_only            ? checkpoints->looked_day
	                  : state->number > 0 ? day_of(state->made_s)
	                                      : NEVER,
	    .today = day_of((int64_t)time(NULL))};
	/* One of the newest head may be of another chain. */
	bool is_newest = head->number > 0 && standing.newest == standing.head;
	if (checkpoints_is_due(&standing) || is_newest)
		error = make(checkpoints, config, spool, head->number, head->chain, key);
	note_key_free(key);
	if (!is_error(&error))
		checkpoints->looked_day = standing.today;
	return error;
}

static struct error look(struct checkpoints *checkpoints, const struct config *config,
    const struct spool *spool, struct db *db, bool is_only)
{
	int directory;
	struct ledger_head head;
	struct checkpoints_state *state = &checkpoints->state;
	struct error error = spool_open_outbox(spool, CHECKPOINTS, &directory);
	if (is_error(&error))
		return error;
	if (!checkpoints->is_tidy)
		checkpoints_tidy(directory, config->node);
	checkpoints->is_tidy = true;
	error = standing_find(checkpoints, config, db, directory, &head);
	if (!is_error(&error))
		error = head_note(checkpoints, config, spool, &head, is_only);
	struct error given = checkpoint_read_given(directory, &state->given, &state->has_given);
	close(directory);
	return is_error(&error) ? error : given;
}

void checkpoints_look(struct checkpoints *checkpoints, const struct config *config,
    const struct spool *spool, struct db *db, bool is_only)
{
	pthread_mutex_lock(&checkpoints->mutex);
	if (config->checkpoints.key) {
		struct error error = look(checkpoints, config, spool, db, is_only);
		failure_tell(checkpoints, &error);
	} else { /* it may have been taken out */
		checkpoints->state = (struct checkpoints_state){.number = 0};
	}
	pthread_mutex_unlock(&checkpoints->mutex);
}
