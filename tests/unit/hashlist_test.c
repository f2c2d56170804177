/* hashlist: whatever was put in is found, and nothing else. */
#include "enrold/hashlist.h"

#include <criterion/criterion.h>

struct item {
	uint32_t key, value;
};

static uint32_t good_hash(const void *context, const void *item)
{
	(void)context;
	return hashlist_hash_pair(((const struct item *)item)->key, 7);
}

/* Everything is in one place, which the end of the spots cuts through. */
static uint32_t bad_hash(const void *context, const void *item)
{
	(void)context, (void)item;
	return UINT32_MAX - 3;
}

static size_t count_of(const struct hashlist *list, uint32_t key)
{
	size_t found = 0, at = list->hash(NULL, &(struct item){.key = key});
	for (uint32_t number; (number = hashlist_next(list, &at)) != 0;)
		found += ((const struct item *)hashlist_at(list, number))->key == key;
	return found;
}

static void expect_all(struct hashlist *list, uint32_t keys)
{
	for (uint32_t key = 0; key < keys; key++)
		cr_assert_eq(count_of(list, key), key % 3 == 0 ? 2 : 1, "%u", key);
	cr_expect_eq(count_of(list, keys), 0);
	hashlist_done(list);
}

/* Every third key twice. */
static void fill(
    struct hashlist *list, uint32_t keys, bool (*put)(struct hashlist *list, const void *item))
{
	for (uint32_t key = 0; key < keys; key++)
		for (uint32_t times = 0; times < (key % 3 == 0 ? 2 : 1); times++)
			cr_assert(put(list, &(struct item){key, times}));
}

Test(hashlist, finds_what_is_added_one_by_one)
{
	struct hashlist list = {.hash = good_hash, .size = sizeof(struct item)};
	cr_expect_eq(count_of(&list, 1), 0, "an empty one knows nothing");
	fill(&list, 50000, hashlist_add);
	expect_all(&list, 50000);
}

Test(hashlist, finds_what_is_put_in_at_once_and_added_later)
{
	struct hashlist list = {.hash = good_hash, .size = sizeof(struct item)};
	cr_assert(hashlist_reserve(&list, 10));
	fill(&list, 5000, hashlist_append);
	cr_assert(hashlist_index(&list));
	for (uint32_t key = 5000; key < 9000; key++)
		cr_assert(hashlist_add(&list, &(struct item){key, 0}));
	for (uint32_t key = 0; key < 9000; key++)
		cr_assert_eq(count_of(&list, key), key < 5000 && key % 3 == 0 ? 2 : 1, "%u", key);
	hashlist_done(&list);
}

Test(hashlist, finds_them_even_when_all_hashes_are_the_same)
{
	struct hashlist list = {.hash = bad_hash, .size = sizeof(struct item)};
	fill(&list, 2000, hashlist_add);
	expect_all(&list, 2000);
}

Test(hashlist, fetches_the_item_that_a_look_up_would_see_first)
{
	struct hashlist list = {.hash = good_hash, .size = sizeof(struct item)};
	hashlist_fetch_spot(&list, 7);
	cr_expect_null(hashlist_fetch_item(&list, 7), "an empty one has nothing to fetch");
	fill(&list, 5000, hashlist_add);
	for (uint32_t key = 0; key < 6000; key++) {
		size_t hash = good_hash(NULL, &(struct item){.key = key}), at = hash;
		uint32_t first = hashlist_next(&list, &at);
		hashlist_fetch_spot(&list, hash);
		cr_assert_eq(hashlist_fetch_item(&list, hash),
		    first == 0 ? NULL : hashlist_at(&list, first), "%u", key);
	}
	hashlist_done(&list);
}

Test(hashlist, tells_hashes_of_like_keys_apart)
{
	cr_expect_neq(hashlist_hash_text(SLICE("p1")), hashlist_hash_text(SLICE("p2")));
	cr_expect_neq(hashlist_hash_text(SLICE("")), hashlist_hash_text(SLICE("\0")));
	cr_expect_neq(hashlist_hash_pair(1, 2), hashlist_hash_pair(2, 1));
}
