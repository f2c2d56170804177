#include "direction.h"

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

void direction_init(struct direction *direction, int from, int to)
{
	*direction = (struct direction){.from = from, .to = to, .last = &direction->first};
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

bool direction_deliver(struct direction *direction, int64_t by_ms)
{
	bool lives = true;
	while (lives && direction->first && direction->first->due_ms <= by_ms) {
		struct chunk *chunk = direction->first;
		lives = send_all(direction->to, chunk->bytes, chunk->size);
		direction->first = chunk->next;
		free(chunk);
	}
	if (!direction->first)
		direction->last = &direction->first;
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

bool direction_take(struct direction *direction, int delay_ms)
{
	struct chunk *chunk = malloc(sizeof *chunk);
	if (!chunk)
		fatal("out of memory");
	ssize_t size = read(direction->from, chunk->bytes, sizeof chunk->bytes);
	if (size <= 0) {
		free(chunk);
		(void)direction_deliver(direction, INT64_MAX);
		return false;
	}
	*direction->last = chunk;
	direction->last = &chunk->next;
	chunk->next = NULL;
	chunk->size = (size_t)size;
	garble(direction->garbling, chunk);
	chunk->due_ms = moment_now_ms() + delay_ms;
	return delay_ms > 0 || direction_deliver(direction, INT64_MAX);
}

void direction_empty(struct direction *direction)
{
	for (struct chunk *next; direction->first; direction->first = next) {
		next = direction->first->next;
		free(direction->first);
	}
}

int direction_patience(const struct direction *direction, int64_t now_ms, int ms)
{
	if (!direction->first || direction->first->due_ms >= now_ms + ms)
		return ms;
	return direction->first->due_ms <= now_ms ? 0 : (int)(direction->first->due_ms - now_ms);
}
