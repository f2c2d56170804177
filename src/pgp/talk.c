#include "talk.h"

#include "enrold/disk.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 200, CLOSED_MS = 10, CHUNK = 64 * 1024 };

enum { OUTPUT, SAYS, ERRORS, PIPES };

/* As long as the child runs. */
struct hearing {
	struct talk *talk;
	struct pollfd pipes[PIPES];
	int64_t moved_ms;
	off_t read_bytes; /* how far it has read its input */
	struct error error;
	char chunk[CHUNK];
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void moved(struct hearing *hearing)
{
	hearing->moved_ms = now_ms();
	if (hearing->talk->limits->progress)
		atomic_fetch_add(hearing->talk->limits->progress, 1);
}

/* ---- where its output goes ---- */

struct error talk_sink_empty(struct talk_sink *sink)
{
	sink->bytes = 0;
	return ftruncate(sink->file, 0) < 0 || lseek(sink->file, 0, SEEK_SET) < 0
	           ? error_errno("cannot empty the file that gpg writes to")
	           : OK;
}

struct error talk_sink_end(struct talk_sink *sink)
{
	return ftruncate(sink->file, (off_t)sink->bytes) < 0
	           ? error_errno("cannot write what gpg has written")
	           : OK;
}

/* ---- what it writes and says ---- */

static struct error output_take(struct talk *talk, struct slice bytes)
{
	struct talk_sink *sink = talk->sink;
	if (bytes.size > sink->bytes_max - sink->bytes) {
		talk->is_large = true;
		return OK;
	}
	sink->bytes += bytes.size;
	if (sink->buffer)
		buffer_add(sink->buffer, bytes.bytes, bytes.size);
	return sink->file < 0 ? OK : disk_extend(sink->file, "the file", sink->bytes, bytes);
}

/* The last line that is not empty; what could be a terminal's is left out. */
static void words_take(struct talk *talk, struct slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		char c = bytes.bytes[i];
		if (c == '\n')
			talk->words_size = 0;
		else if (c >= ' ' && c <= '~' && talk->words_size + 1 < sizeof talk->words) {
			talk->words[talk->words_size++] = c;
			talk->words[talk->words_size] = '\0';
		}
	}
}

static void pipe_read(struct hearing *hearing, int which)
{
	struct pollfd *polled = &hearing->pipes[which];
	ssize_t size = read(polled->fd, hearing->chunk, sizeof hearing->chunk);
	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* Not to be taken for the end: what follows would be missing, and nobody would know. */
	if (size < 0)
		hearing->error = error_errno("cannot read what gpg writes");
	if (size <= 0) {
		close(polled->fd);
		polled->fd = -1;
		return;
	}
	moved(hearing);
	struct slice bytes = {hearing->chunk, (size_t)size};
	if (which == SAYS)
		pgp_status_add(hearing->talk->status, bytes);
	else if (which == ERRORS)
		words_take(hearing->talk, bytes);
	else if (!is_error(&hearing->error))
		hearing->error = output_take(hearing->talk, bytes);
}

/* False: nothing came within the time. */
static bool pipes_read(struct hearing *hearing, int wait_ms)
{
	int ready = poll(hearing->pipes, PIPES, wait_ms);
	if (ready < 0 && errno != EINTR && errno != EAGAIN)
		hearing->error = error_errno("cannot wait for what gpg writes");
	if (ready <= 0)
		return ready < 0;
	for (int i = 0; i < PIPES; i++)
		if (hearing->pipes[i].fd >= 0 && hearing->pipes[i].revents != 0)
			pipe_read(hearing, i);
	return true;
}

static bool pipes_are_closed(const struct hearing *hearing)
{
	for (int i = 0; i < PIPES; i++)
		if (hearing->pipes[i].fd >= 0)
			return false;
	return true;
}

/* ---- whether it goes on ---- */

/* We have its input open as it has it: where it is is where we are. */
static void input_look(struct hearing *hearing)
{
	off_t at = hearing->talk->input >= 0 ? lseek(hearing->talk->input, 0, SEEK_CUR) : 0;
	if (at == hearing->read_bytes)
		return;
	hearing->read_bytes = at;
	moved(hearing);
}

static bool has_to_end(struct hearing *hearing)
{
	struct talk *talk = hearing->talk;
	const struct pgp_limits *limits = talk->limits;
	input_look(hearing);
	talk->is_stopped = limits->has_to_stop && limits->has_to_stop(limits->context);
	talk->is_quiet = now_ms() - hearing->moved_ms > (int64_t)limits->quiet_ms;
	return talk->is_stopped || talk->is_quiet || talk->is_large || is_error(&hearing->error);
}

struct error talk_run(struct talk *talk)
{
	struct hearing hearing = {.talk = talk,
	    .pipes = {[OUTPUT] = {talk->output, POLLIN, 0},
	        [SAYS] = {talk->says, POLLIN, 0},
	        [ERRORS] = {talk->errors, POLLIN, 0}},
	    .moved_ms = now_ms(),
	    .error = OK};
	bool is_over = false;
	while (!is_over) {
		pipes_read(&hearing, pipes_are_closed(&hearing) ? CLOSED_MS : LOOK_MS);
		if (has_to_end(&hearing))
			pgp_child_end(&talk->child);
		is_over = pgp_child_has_ended(&talk->child);
	}
	/* What it wrote last is still in the pipes. */
	while (!talk->is_large && !is_error(&hearing.error) && !pipes_are_closed(&hearing) &&
	       pipes_read(&hearing, 0))
		continue;
	for (int i = 0; i < PIPES; i++)
		if (hearing.pipes[i].fd >= 0)
			close(hearing.pipes[i].fd);
	pgp_status_end(talk->status);
	explicit_bzero(hearing.chunk, sizeof hearing.chunk);
	return hearing.error;
}
