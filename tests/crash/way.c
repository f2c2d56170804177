#include "way.h"

#include "fatal.h"
#include "moment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct chunk {
	struct chunk *next;
	int64_t due_ms;
	size_t size;
	char bytes[64 << 10];
};

void way_init(struct way *way, int from, int to)
{
	*way = (struct way){.from = from, .to = to, .last = &way->first};
}

static bool send_all(int to, const char *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t sent = send(to, bytes + done, size - done, MSG_NOSIGNAL);
		if (sent < 0)
			return false;
		done += (size_t)sent;
	}
	return true;
}

bool way_deliver(struct way *way, int64_t by_ms)
{
	bool lives = true;
	while (lives && way->first && way->first->due_ms <= by_ms) {
		struct chunk *chunk = way->first;
		lives = send_all(way->to, chunk->bytes, chunk->size);
		way->first = chunk->next;
		free(chunk);
	}
	if (!way->first)
		way->last = &way->first;
	return lives;
}

static void garble(const struct garbling *garbling, struct chunk *chunk)
{
	if (!garbling || !atomic_load(&garbling->is_on))
		return;
	size_t length = strlen(garbling->from);
	char *place = memmem(chunk->bytes, chunk->size, garbling->from, length);
	if (place)
		memcpy(place, garbling->to, length);
}

bool way_take(struct way *way, int delay_ms)
{
	struct chunk *chunk = malloc(sizeof *chunk);
	if (!chunk)
		fatal("out of memory");
	ssize_t size = read(way->from, chunk->bytes, sizeof chunk->bytes);
	if (size <= 0) {
		free(chunk);
		(void)way_deliver(way, INT64_MAX);
		return false;
	}
	*way->last = chunk;
	way->last = &chunk->next;
	chunk->next = NULL;
	chunk->size = (size_t)size;
	garble(way->garbling, chunk);
	chunk->due_ms = moment_now_ms() + delay_ms;
	return delay_ms > 0 || way_deliver(way, INT64_MAX);
}

void way_empty(struct way *way)
{
	for (struct chunk *next; way->first; way->first = next) {
		next = way->first->next;
		free(way->first);
	}
}

int way_patience(const struct way *way, int64_t now_ms, int ms)
{
	if (!way->first || way->first->due_ms >= now_ms + ms)
		return ms;
	return way->first->due_ms <= now_ms ? 0 : (int)(way->first->due_ms - now_ms);
}
