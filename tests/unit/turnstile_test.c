/* Who goes first when several wait. Each waits on a thread of its own; who has come is seen by the
 * tickets that are drawn. */
#include "enrold/turnstile.h"

#include <criterion/criterion.h>
#include <sched.h>

enum { WAITING_MAX = 32 };

static struct turnstile turnstile;
static struct waiting {
	pthread_t thread;
	enum turn turn;
	char name;
} waiting[WAITING_MAX];
static int waiting_count;
static char passed[WAITING_MAX + 1]; /* by whoever is inside */
static int passed_count;

static void *on_thread(void *context)
{
	const struct waiting *one = context;
	turnstile_enter(&turnstile, one->turn);
	passed[passed_count++] = one->name;
	turnstile_leave(&turnstile);
	return NULL;
}

static uint64_t tickets(void)
{
	pthread_mutex_lock(&turnstile.mutex);
	uint64_t count = turnstile.next[TURN_FIRST] + turnstile.next[TURN_AGAIN];
	pthread_mutex_unlock(&turnstile.mutex);
	return count;
}

/* Returns when it waits. */
static void come(char name, enum turn turn)
{
	struct waiting *one = &waiting[waiting_count++];
	uint64_t before = tickets();
	*one = (struct waiting){.turn = turn, .name = name};
	cr_assert_eq(pthread_create(&one->thread, NULL, on_thread, one), 0);
	while (tickets() == before)
		sched_yield();
}

static void all_pass(void)
{
	turnstile_leave(&turnstile);
	for (int i = 0; i < waiting_count; i++)
		pthread_join(waiting[i].thread, NULL);
	turnstile_done(&turnstile);
}

static void begin(void)
{
	turnstile_init(&turnstile);
	turnstile_enter(&turnstile, TURN_FIRST);
	waiting_count = passed_count = 0;
}

Test(turnstile, lets_a_files_first_transaction_go_before_those_that_have_had_one)
{
	begin();
	come('g', TURN_AGAIN);
	come('h', TURN_AGAIN);
	come('a', TURN_FIRST);
	come('b', TURN_FIRST);
	all_pass();
	cr_expect_str_eq(passed, "abgh");
}

Test(turnstile, lets_a_giant_in_after_some_small_files)
{
	begin();
	come('g', TURN_AGAIN);
	for (int i = 0; i < 20; i++)
		come('s', TURN_FIRST);
	all_pass();
	cr_expect_str_eq(passed, "ssssssssssssssssgssss");
}

Test(turnstile, says_who_waits)
{
	begin();
	cr_expect_not(turnstile_is_wanted(&turnstile, TURNS));
	come('g', TURN_AGAIN);
	cr_expect(turnstile_is_wanted(&turnstile, TURNS));
	cr_expect_not(turnstile_is_wanted(&turnstile, TURN_FIRST));
	come('a', TURN_FIRST);
	cr_expect(turnstile_is_wanted(&turnstile, TURN_FIRST));
	all_pass();
}
