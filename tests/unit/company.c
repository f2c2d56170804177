#include "company.h"

#include <stdbool.h>
#include <string.h>

enum {
	REGULAR = 46000,
	SEASONAL = 4000,
	LEAVERS = REGULAR / 8, /* in a year */
	AT_MONTHS_END = LEAVERS * 45 / 100 / 13,
	ON_A_DAY = LEAVERS * 55 / 100 / 260,
};

/* splitmix64 */
static uint64_t draw(struct company *company)
{
	uint64_t z = company->seed += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static uint32_t between(struct company *company, uint32_t least, uint32_t most)
{
	return least + (uint32_t)(draw(company) % (most - least + 1));
}

/* Of eight times so many people each eighth, each of them for themselves. */
static uint32_t about(struct company *company, uint32_t number)
{
	uint32_t count = 0;
	for (uint32_t left = number * 8, lanes; left > 0; left -= lanes) {
		lanes = left < 64 ? left : 64;
		uint64_t eighth = draw(company) & draw(company) & draw(company);
		count += (uint32_t)__builtin_popcountll(eighth >> (64 - lanes));
	}
	return count;
}

static uint64_t people_count(const struct company *company)
{
	uint64_t people = 0;
	for (int d = 0; d < DEPARTMENTS; d++)
		people += company->heads[d];
	return people;
}

/* Larger ones are as much more likely. */
static int department_draw(struct company *company)
{
	uint64_t at = draw(company) % people_count(company);
	int d = 0;
	for (; at >= company->heads[d]; d++)
		at -= company->heads[d];
	return d;
}

void company_init(struct company *company, uint64_t seed)
{
	uint32_t weights[DEPARTMENTS];
	uint64_t sum = 0;
	*company = (struct company){.seed = seed, .seasonal = SEASONAL};
	for (int d = 0; d < DEPARTMENTS; d++)
		sum += weights[d] = between(company, 200, 700) << (d % 12 == 0);
	for (int d = 0; d < DEPARTMENTS; d++)
		company->heads[d] = (uint32_t)(weights[d] * (uint64_t)(REGULAR + SEASONAL) / sum);
}

/* ---- the calendar ---- */

static int month_of(int day, int *of_month, bool *is_last)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int month = 0;
	for (; day >= lengths[month]; month++)
		day -= lengths[month];
	*of_month = day + 1;
	*is_last = *of_month == lengths[month];
	return month + 1;
}

static bool is_workday(int day)
{
	return day % 7 != 1 && day % 7 != 2; /* the year begins on a Friday */
}

/* ---- what happens ---- */

static void leave(struct company *company, struct night *night, uint32_t count)
{
	for (; count > 0; count--) {
		int d = department_draw(company);
		if (company->heads[d] == 0 || night->leaving[d] == night->ours[d])
			continue;
		company->heads[d]--;
		night->leaving[d]++;
		night->going++;
	}
}

static void hire(struct company *company, struct night *night, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		company->heads[department_draw(company)]++;
	night->hired += count;
}

static void teams_move(struct company *company, struct night *night)
{
	for (int team = 0; team < 15; team++) {
		int from = department_draw(company), to = department_draw(company);
		uint32_t size = between(company, 8, 20);
		if (from == to || company->heads[from] < 200)
			continue;
		company->heads[from] -= size;
		company->heads[to] += size;
		night->leaving[from] += size;
		night->going += size;
	}
}

static void season_turn(struct company *company, struct night *night, int month, int of_month)
{
	if (month == 10 || (month == 11 && of_month <= 26)) {
		uint32_t come = about(company, SEASONAL / 41);
		company->seasonal += come;
		hire(company, night, come);
	} else if (month == 1 && of_month >= 4 && company->seasonal > 0) {
		uint32_t go = about(company, SEASONAL / 15);
		go = go < company->seasonal ? go : company->seasonal;
		company->seasonal -= go;
		leave(company, night, go);
	}
}

static void staff_turn(struct company *company, struct night *night)
{
	int of_month;
	bool is_last;
	int month = month_of(company->day, &of_month, &is_last);
	bool is_quarter = month % 3 == 1 && of_month == 1;
	if (is_last)
		leave(company, night, about(company, AT_MONTHS_END * (month == 12 ? 2 : 1)));
	if (of_month == 1)
		hire(company, night, about(company, AT_MONTHS_END) + (month == 9 ? 800 : 0));
	if (is_quarter)
		teams_move(company, night);
	if (!is_workday(company->day))
		return;
	leave(company, night, about(company, ON_A_DAY));
	hire(company, night, about(company, ON_A_DAY));
	season_turn(company, night, month, of_month);
	night->changed = between(company, 3, 10);
}

/* Each session has 20 to 60 people, and each changed row names another one, or the same. */
static void trainings_turn(struct company *company, struct night *night)
{
	if (!is_workday(company->day))
		return;
	uint32_t bookings = between(company, 60, 180);
	night->taken_back = between(company, 20, 60);
	night->active = 0;
	for (uint32_t session = 0; session < 400; session++)
		if (draw(company) % 400 < bookings)
			night->active += between(company, 20, 60);
	if (company->day % 14 == 6) {
		night->taken_back += 2 * 25;
		night->active += 2 * 25;
	}
}

void company_sleep(struct company *company, struct night *night)
{
	uint64_t before = people_count(company);
	*night = (struct night){.people_of_last = before, .rows_of_last = before * ROWS_EACH};
	for (int d = 0; d < DEPARTMENTS; d++)
		night->ours[d] = company->heads[d];
	uint64_t moved;
	staff_turn(company, night);
	trainings_turn(company, night);
	night->rows = people_count(company) * ROWS_EACH;
	/* Who only moved is in the file. */
	moved = night->going + people_count(company) - before - night->hired;
	night->absent_accounts = company->left_before[2];
	memmove(company->left_before + 1, company->left_before, 2 * sizeof(uint32_t));
	company->left_before[0] = (uint32_t)(night->going - moved);
	company->day = (company->day + 1) % NIGHTS;
}
