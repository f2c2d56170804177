/* checkpoint_give: each note to the command that takes it to somebody else. */
#include "checkpoint_state.h"
#include "command.h"

#include "enrold/disk.h"
#include "enrold/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_MS = 300000, GAP_FIRST_MS = 60000, GAP_MAX_MS = 3600000 };

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool checkpoints_want_giving(struct checkpoints *checkpoints, const struct config *config)
{
	if (!config->checkpoints.key || config->checkpoints.to.count == 0)
		return false;
	pthread_mutex_lock(&checkpoints->mutex);
	const struct checkpoints_state *state = &checkpoints->state;
	bool wants =
	    state->has_given && state->number > state->given && now_ms() >= checkpoints->give_at_ms;
	pthread_mutex_unlock(&checkpoints->mutex);
	return wants;
}

/* ---- how it went ---- */

static void taken_tell(struct checkpoints *checkpoints, uint64_t number)
{
	pthread_mutex_lock(&checkpoints->mutex);
	checkpoints->state.given = number;
	*checkpoints->state.not_given = '\0';
	checkpoints->give_at_ms = checkpoints->give_gap_ms = 0;
	pthread_mutex_unlock(&checkpoints->mutex);
	log_event(LOG_INFO, "checkpoint_given", json_pack("{s:I}", "number", (json_int_t)number),
	    "checkpoints.to has taken the checkpoint of the first %" PRIu64 " run%s", number,
	    number == 1 ? "" : "s");
}

/* Once, however often it is tried. */
static void failure_tell(struct checkpoints *checkpoints, const struct error *error)
{
	pthread_mutex_lock(&checkpoints->mutex);
	struct checkpoints_state *state = &checkpoints->state;
	int64_t gap_ms = checkpoints->give_gap_ms * 2;
	gap_ms = gap_ms == 0 ? GAP_FIRST_MS : gap_ms > GAP_MAX_MS ? GAP_MAX_MS : gap_ms;
	checkpoints->give_gap_ms = gap_ms;
	checkpoints->give_at_ms = now_ms() + gap_ms;
	bool is_news = !*state->not_given;
	if (is_news)
		state->not_given_s = (int64_t)time(NULL);
	snprintf(state->not_given, sizeof state->not_given, "%s", error->text);
	pthread_mutex_unlock(&checkpoints->mutex);
	if (is_news)
		log_event(LOG_WARNING, "checkpoint_not_given", NULL,
		    "%s; it is tried again, and said once", error->text);
}

/* ---- the command ---- */

static void on_line(void *context, const char *line)
{
	(void)context;
	log_event(LOG_INFO, "checkpoint_says", json_pack("{s:o}", "output", log_text(line)),
	    "a line from checkpoints.to");
}

static struct error note_give(
    const struct config *config, int directory, uint64_t number, const atomic_bool *is_stopping)
{
	static char *const environment[] = {
	    "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", NULL};
	char name[FILE_NAME_SIZE], why[COMMAND_END_SIZE];
	struct command_end end;
	checkpoint_name(number, name);
	int note = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (note < 0)
		return error_errno("cannot open outbox/" CHECKPOINTS "/%s", name);
	const struct command command = {.words = &config->checkpoints.to,
	    .environment = environment,
	    .input = note,
	    .timeout_ms = LIMIT_MS,
	    .is_stopping = is_stopping,
	    .on_line = on_line};
	command_run(&command, &end);
	close(note);
	command_explain(&end, why);
	return *why ? error_retry("checkpoints.to was given %s and %s", name, why) : OK;
}

static struct error all_give(struct checkpoints *checkpoints, const struct config *config,
    int directory, const atomic_bool *is_stopping)
{
	uint64_t given, *numbers = NULL;
	size_t count = 0;
	bool has;
	struct error error = checkpoint_read_given(directory, &given, &has);
	if (!is_error(&error) && has)
		error = checkpoints_list(directory, given, &numbers, &count);
	for (size_t i = 0; i < count && !is_error(&error) && !atomic_load(is_stopping); i++) {
		error = note_give(config, directory, numbers[i], is_stopping);
		if (!is_error(&error))
			error = checkpoint_write_given(directory, config->node, numbers[i]);
		if (!is_error(&error))
			taken_tell(checkpoints, numbers[i]);
	}
	free(numbers);
	return error;
}

void checkpoints_give(struct checkpoints *checkpoints, const struct config *config,
    const struct spool *spool, const atomic_bool *is_stopping)
{
	int directory, lock = -1;
	struct error error = spool_open_outbox(spool, CHECKPOINTS, &directory);
	if (!is_error(&error)) {
		lock = openat(
		    directory, CHECKPOINT_GIVING, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (lock < 0)
			error =
			    error_errno("cannot open outbox/" CHECKPOINTS "/" CHECKPOINT_GIVING);
		else if (flock(lock, LOCK_EX | LOCK_NB) == 0) /* else another daemon does */
			error = all_give(checkpoints, config, directory, is_stopping);
		close(directory);
	}
	if (lock >= 0)
		close(lock);
	if (is_error(&error) && !atomic_load(is_stopping))
		failure_tell(checkpoints, &error);
}
