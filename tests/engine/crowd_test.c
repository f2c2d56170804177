/*
 * Somebody else writes all the time, at random, what a file is about to write: Moodle, while people
 * enrol themselves. What collides is undone; the file gets through all the same, by transactions as
 * short as it takes. There is no limit of time in it: he does not end before the file does.
 */
#include "served.h"

#include "fatal.h"
#include "program.h"

#include "enrold/db.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PEOPLE = 10000, A_SECOND = 100 };

struct crowd {
	const struct lms_options *options;
	pthread_t thread;
	atomic_bool is_over;
	atomic_int enrolled;
};

/* One who is not in the course yet, as far as he can see; that a file was faster is his bad luck.
 */
static void enrol_somebody(struct crowd *crowd, struct db *db, unsigned int *seed)
{
	char name[16];
	snprintf(name, sizeof name, "p%d", rand_r(seed) % PEOPLE + 1);
	db_run(db,
	    "INSERT INTO {user_enrolments} (enrolid, userid, status, timestart, timeend, "
	    "modifierid, "
	    "timecreated, timemodified) SELECT e.id, u.id, 0, 0, 0, 2, 1, 1 FROM {enrol} e JOIN "
	    "{user} "
	    "u ON u.username = ?1 WHERE e.enrol = 'manual' AND e.courseid = (SELECT id FROM "
	    "{course} "
	    "WHERE shortname = 'C1') AND NOT EXISTS (SELECT 1 FROM {user_enrolments} x WHERE "
	    "x.enrolid "
	    "= e.id AND x.userid = u.id)",
	    DB_VALUES(db_string(name)));
	struct error error = db_end(db);
	db_rollback(db);
	crowd->enrolled += !is_error(&error);
}

static void *crowd_main(void *context)
{
	static const struct timespec pause = {.tv_nsec = 1000000000 / A_SECOND};
	struct crowd *crowd = context;
	struct db *db;
	unsigned int seed = 1;
	struct error error = db_open(crowd->options, DB_EXISTING, &db);
	if (is_error(&error))
		fatal("the crowd: %s", error.text);
	while (!crowd->is_over) {
		enrol_somebody(crowd, db, &seed);
		nanosleep(&pause, NULL);
	}
	db_close(db);
	return NULL;
}

static void file_drop(struct rig *rig)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	for (int i = 1; i <= PEOPLE; i++)
		buffer_print(&text, "p%d,C1\n", i);
	rig_drop_bytes(rig, "large.csv", text.bytes, text.size);
	buffer_done(&text);
}

Test(crowd, that_enrols_the_same_people_does_not_stop_a_file)
{
	struct served site;
	served_make(&site, &(struct rig_options){.people = PEOPLE, .courses = 1});
	struct path config = served_config(&site, site.mirror.url);
	struct crowd crowd = {.options = &site.mirror.server};
	file_drop(&site.rig);
	cr_assert_eq(pthread_create(&crowd.thread, NULL, crowd_main, &crowd), 0);
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (crowd.enrolled == 0)
		cr_assert(movement_pause(&movement));
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	crowd.is_over = true;
	pthread_join(crowd.thread, NULL);
	fprintf(stderr, "crowd: %d enrolled themselves meanwhile\n", crowd.enrolled);
	finished_done(&finished);
	/* The law knows only of what enrold did: it would ask what the others are there for. */
	mirror_pull(&site.mirror);
	mirror_close(&site.mirror);
	cr_expect_eq(
	    rig_number(&site.rig, "SELECT count(DISTINCT userid) FROM mdl_user_enrolments"),
	    PEOPLE);
	cr_expect_eq(rig_number(&site.rig, "SELECT count(*) FROM mdl_role_assignments"), PEOPLE);
	rig_remove(&site.rig);
}
