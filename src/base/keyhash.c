/*
 * The key is drawn before main begins: it is never changed afterwards, and nobody can forget to.
 * SipHash: Aumasson and Bernstein 2012; one round a word and three at the end is what Rust and
 * Python take for their tables.
 */
#include "enrold/keyhash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t own_key[2];

__attribute__((constructor)) static void key_draw(void)
{
	/* So few bytes come whole once the system has started; then this cannot fail. */
	if (getrandom(own_key, sizeof own_key, 0) != (ssize_t)sizeof own_key)
		abort();
}

struct state {
	uint64_t a, b, c, d;
};

static inline uint64_t turn(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void mix(struct state *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = turn(s->b, 13) ^ s->a;
	s->d = turn(s->d, 16) ^ s->c;
	s->a = turn(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = turn(s->b, 17) ^ s->c;
	s->d = turn(s->d, 21) ^ s->a;
	s->c = turn(s->c, 32);
}

static inline void word_add(struct state *s, uint64_t word)
{
	s->d ^= word;
	mix(s);
	s->a ^= word;
}

/* The last bytes, fewer than a word; of a text that has a word before them, at once. */
static inline uint64_t tail_load(const unsigned char *next, size_t size, bool has_word)
{
	uint64_t word = 0;
	if (size == 0)
		return 0;
	if (has_word) {
		memcpy(&word, next + size - sizeof word, sizeof word);
		return word >> (8 * (sizeof word - size));
	}
	memcpy(&word, next, size);
	return word;
}

uint64_t keyhash_with(const uint64_t key[2], const void *bytes, size_t size)
{
	struct state s = {key[0] ^ UINT64_C(0x736F6D6570736575),
	    key[1] ^ UINT64_C(0x646F72616E646F6D), key[0] ^ UINT64_C(0x6C7967656E657261),
	    key[1] ^ UINT64_C(0x7465646279746573)};
	const unsigned char *next = bytes;
	uint64_t word, last = (uint64_t)size << 56;
	bool has_word = size >= sizeof word;
	for (; size >= sizeof word; next += sizeof word, size -= sizeof word) {
		memcpy(&word, next, sizeof word); /* little endian, as all our machines are */
		word_add(&s, word);
	}
	word_add(&s, last | tail_load(next, size, has_word));
	s.c ^= 0xFF;
	for (int i = 0; i < 3; i++)
		mix(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t keyhash(const void *bytes, size_t size)
{
	return keyhash_with(own_key, bytes, size);
}
