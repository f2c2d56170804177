/*
 * company: the nights of a company of 50,000 people whose personnel system sends everybody each
 * night, as numbers: how many come, go, and change. What it is like:
 *
 *     departments    120 of 200 to 1,400 people, each with a course of its own; two courses are
 *                    everybody's
 *     leavers        an eighth of the regular staff in a year: 45% on a month's last day, twice as
 *                    many at the end of the year, the others on any working day
 *     hires          as many, 45% on the first of a month; 800 graduates on the 1st of September
 *     the season     4,000 come on the working days of October and November, and leave on fifteen
 *                    in January
 *     reorganisation on the first of a quarter 15 teams of 8 to 20 move to other departments
 *     details        3 to 10 a working day have another name, and with it another address
 *     trainings      a second feed sends what changes: 60 to 180 bookings a working day over 400
 *                    sessions, 20 to 60 of them taken back by unenrolN; each other Thursday two
 *                    sessions of 25 are called off
 *
 * Each decides for themselves, so that numbers of a night vary as much and no more. Terms that end
 * are no part of it: what has ended is left alone (absent_ended).
 */
#ifndef UNIT_COMPANY_H
#define UNIT_COMPANY_H

#include <stdint.h>

enum { DEPARTMENTS = 120, NIGHTS = 365, ROWS_EACH = 3 };

struct company {
	uint64_t seed;
	int day; /* of the year, from 0, a Friday */
	uint32_t heads[DEPARTMENTS];
	uint32_t seasonal;
	uint32_t left_before[3]; /* these nights ago: their accounts are suspended now */
};

/* What the file of a night says beside that of the night before. */
struct night {
	uint64_t rows, rows_of_last, people_of_last;
	uint64_t going, hired, changed, absent_accounts;
	uint64_t ours[DEPARTMENTS], leaving[DEPARTMENTS]; /* of each department's course */
	uint64_t taken_back, active;                      /* of the trainings' feed */
};

void company_init(struct company *company, uint64_t seed);
void company_sleep(struct company *company, struct night *night);

#endif
