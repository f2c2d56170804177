#include "chain.h"

#include <stdlib.h>
#include <string.h>

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse(struct slice text, unsigned char digest[DIGEST_SIZE])
{
	if (text.size != (size_t)DIGEST_SIZE * 2)
		return false;
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		int high = digit_of(text.bytes[2 * i]), low = digit_of(text.bytes[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		digest[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void digest_format(const unsigned char digest[DIGEST_SIZE], char *text)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		*text++ = digits[digest[i] >> 4];
		*text++ = digits[digest[i] & 15];
	}
	*text = '\0';
}

static bool is_same(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, DIGEST_SIZE) == 0;
}

/* ---- the links ---- */

static uint32_t digest_hash(const unsigned char *digest)
{
	return hashlist_hash_text((struct slice){(const char *)digest, DIGEST_SIZE});
}

static uint32_t link_hash(const void *context, const void *item)
{
	(void)context;
	return digest_hash(((const struct link *)item)->previous);
}

void chain_init(struct chain *chain)
{
	*chain = (struct chain){.links = {.hash = link_hash, .size = sizeof(struct link)}};
}

void chain_done(struct chain *chain)
{
	hashlist_done(&chain->links);
	free(chain->by_hash);
}

bool chain_add(struct chain *chain, const struct link *link)
{
	return hashlist_append(&chain->links, link);
}

void chain_drop(struct chain *chain, uint64_t behind, uint64_t until)
{
	size_t kept = 0;
	for (size_t i = 0; i < chain->links.count; i++) {
		const struct link *link = chain_at(chain, i);
		if (link->number <= behind || link->number > until)
			*chain_at(chain, kept++) = *link;
	}
	chain->links.count = kept;
}

struct link *chain_find(const struct chain *chain, int64_t run_us)
{
	size_t low = 0, high = chain->links.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct link *link = chain_at(chain, middle);
		if (link->run_us == run_us)
			return link;
		if (link->run_us < run_us)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int by_hash(const void *a, const void *b)
{
	const struct link *x = *(struct link *const *)a, *y = *(struct link *const *)b;
	return memcmp(x->chain, y->chain, DIGEST_SIZE);
}

static bool hashes_sort(struct chain *chain)
{
	size_t count = chain->links.count;
	if (chain->by_hash)
		return true;
	chain->by_hash = calloc(count + 1, sizeof(struct link *));
	for (size_t i = 0; chain->by_hash && i < count; i++)
		chain->by_hash[i] = chain_at(chain, i);
	if (chain->by_hash)
		qsort(chain->by_hash, count, sizeof(struct link *), by_hash);
	return chain->by_hash;
}

struct link *chain_find_head(struct chain *chain, const unsigned char head[DIGEST_SIZE])
{
	size_t low = 0, high = hashes_sort(chain) ? chain->links.count : 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct link *found = chain->by_hash[middle];
		int order = memcmp(found->chain, head, DIGEST_SIZE);
		if (order == 0 && !found->is_blank)
			return found;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* ---- the walk ---- */

struct walk {
	struct chain *chain;
	const struct chain_head *head;
	chain_on_break *on_break;
	void *context;
	unsigned char at[DIGEST_SIZE];
	uint64_t place;
	struct link *last;   /* NULL: still at the beginning */
	uint64_t head_place; /* where the head was met; 0: not yet */
	struct link **left;  /* of a broken chain: all links by number */
	size_t next;         /* of `left`, that may not have been reached */
};

static struct link *after(const struct walk *walk, const unsigned char *previous, bool is_any)
{
	const struct hashlist *links = &walk->chain->links;
	size_t at = digest_hash(previous);
	for (uint32_t number; (number = hashlist_next(links, &at)) != 0;) {
		struct link *link = hashlist_at(links, number);
		if ((link->place == 0 || is_any) && is_same(link->previous, previous) &&
		    !link->is_blank)
			return link;
	}
	return NULL;
}

/* Where several say that they come next, it is the one that leads on, or is the head. */
static struct link *next_of(const struct walk *walk)
{
	const struct hashlist *links = &walk->chain->links;
	struct link *first = after(walk, walk->at, false);
	size_t at = digest_hash(walk->at);
	for (uint32_t number; first && (number = hashlist_next(links, &at)) != 0;) {
		struct link *link = hashlist_at(links, number);
		if (link->place == 0 && !link->is_blank && is_same(link->previous, walk->at) &&
		    (is_same(link->chain, walk->head->chain) || after(walk, link->chain, false)))
			return link;
	}
	return first;
}

static void tell(
    struct walk *walk, enum chain_break what, const struct link *link, uint64_t a, uint64_t b)
{
	walk->on_break(walk->context, what, link, a, b);
}

static void step(struct walk *walk, struct link *link, uint64_t place)
{
	link->place = walk->place = place;
	memcpy(walk->at, link->chain, DIGEST_SIZE);
	walk->last = link;
	if (is_same(walk->at, walk->head->chain))
		walk->head_place = place;
}

static void follow(struct walk *walk)
{
	for (struct link *link; (link = next_of(walk));) {
		step(walk, link, walk->place + 1);
		if (link->number != 0 && link->number != link->place)
			tell(walk, CHAIN_REORDERED, link, 0, 0);
	}
}

/* ---- behind a break ---- */

static int by_number(const void *a, const void *b)
{
	const struct link *x = *(struct link *const *)a, *y = *(struct link *const *)b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (x->run_us > y->run_us) - (x->run_us < y->run_us);
}

static bool left_make(struct walk *walk)
{
	size_t count = walk->chain->links.count;
	if (walk->left)
		return true;
	walk->left = calloc(count + 1, sizeof(struct link *));
	for (size_t i = 0; walk->left && i < count; i++)
		walk->left[i] = chain_at(walk->chain, i);
	if (walk->left)
		qsort(walk->left, count, sizeof(struct link *), by_number);
	return walk->left && hashes_sort(walk->chain);
}

static struct link *before(const struct walk *walk, const struct link *link)
{
	struct link *found = chain_find_head(walk->chain, link->previous);
	return found && found->place == 0 ? found : NULL;
}

/* The beginning of the part in which the first by number that was not reached lies. */
static struct link *resume(struct walk *walk)
{
	const size_t count = walk->chain->links.count;
	while (walk->next < count &&
	       (walk->left[walk->next]->place != 0 || walk->left[walk->next]->is_blank))
		walk->next++;
	if (walk->next == count)
		return NULL;
	struct link *link = walk->left[walk->next];
	/* What was forged may go in a circle. */
	size_t steps = 0;
	for (struct link *first; (first = before(walk, link)) && steps < count; steps++)
		link = first;
	return link;
}

static bool is_lost(const struct walk *walk, const struct link *link)
{
	return link->number > walk->place + 1;
}

/* Who of two neighbours is not what it was: what does not agree with itself has been told. */
static void neighbours_tell(struct walk *walk, const struct link *link)
{
	if (!link->is_whole || (walk->last && !walk->last->is_whole))
		return;
	if (walk->last)
		tell(walk, CHAIN_REWRITTEN, walk->last, 0, 0);
	else
		tell(walk, CHAIN_REWRITTEN, link, 0, 0);
}

static void gap_tell(struct walk *walk, const struct link *link)
{
	if (is_lost(walk, link))
		tell(walk, CHAIN_LOST, link, walk->place + 1, link->number - 1);
	else if (link->number == 0 || link->number == walk->place + 1)
		neighbours_tell(walk, link);
	else
		tell(walk, CHAIN_REORDERED, link, 0, 0);
}

/* The head was met: whatever is left, nothing leads from there to it. */
static void strange_tell(struct walk *walk)
{
	for (size_t i = 0; i < walk->chain->links.count; i++) {
		const struct link *link = chain_at(walk->chain, i);
		if (link->place == 0 && !link->is_blank)
			tell(walk, CHAIN_STRANGE, link, 0, 0);
	}
}

static void end_tell(struct walk *walk)
{
	uint64_t number = walk->head->number;
	if (walk->head_place == walk->place && (number == 0 || number == walk->place))
		return;
	if (walk->head_place == 0 && number > walk->place)
		tell(walk, CHAIN_CUT, NULL, walk->place + 1, number);
	else
		tell(walk, CHAIN_HEAD, NULL, walk->place, number);
}

static bool parts_follow(struct walk *walk)
{
	follow(walk);
	while (walk->head_place == 0 && !is_same(walk->at, walk->head->chain)) {
		if (!left_make(walk))
			return false;
		struct link *link = resume(walk);
		if (!link)
			break;
		gap_tell(walk, link);
		step(walk, link, is_lost(walk, link) ? link->number : walk->place + 1);
		follow(walk);
	}
	return true;
}

bool chain_walk(
    struct chain *chain, const struct chain_head *head, chain_on_break *on_break, void *context)
{
	struct walk walk = {.chain = chain, .head = head, .on_break = on_break, .context = context};
	if (!hashlist_index(&chain->links))
		return false;
	bool has_memory = parts_follow(&walk);
	if (has_memory) {
		strange_tell(&walk);
		end_tell(&walk);
	}
	free(walk.left);
	return has_memory;
}
