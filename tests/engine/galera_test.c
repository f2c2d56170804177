/*
 * A Galera cluster of three nodes (with_cluster.sh), of which each takes writes. Whoever commits
 * first is right: an open transaction at another node that has touched the same row is undone there
 * and then, in the middle of whatever it is saying.
 */
#include "served.h"

#include "database.h"
#include "law.h"
#include "movement.h"
#include "program.h"
#include "reply.h"
#include "service.h"

#include "enrold/db.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NODES = 3, PEOPLE = 1000, PLACES = 15, ROWS = PEOPLE * PLACES };

/* ---- the nodes ---- */

/* Its place in a list such as $ENROLD_TEST_SOCKETS; 0 is the first. */
static struct path word_of(const char *variable, int node)
{
	const char *words = getenv(variable);
	for (int i = 0; i < node; i++)
		words = strchr(words, ' ') + 1;
	return path_of("%.*s", (int)strcspn(words, " "), words);
}

static struct path url_of(const struct served *site, int node)
{
	return path_of("mariadb://root@localhost/%s?socket=%s", site->mirror.database,
	    word_of("ENROLD_TEST_SOCKETS", node).text);
}

/* Somebody at a node who is not enrold. */
struct visitor {
	struct path url;
	struct lms_options options;
	struct db *db;
};

static void visitor_open(struct visitor *visitor, const struct served *site, int node)
{
	visitor->url = url_of(site, node);
	visitor->options = site->mirror.server;
	visitor->options.url = visitor->url.text;
	good(db_open(&visitor->options, DB_EXISTING, &visitor->db));
}

static void visitor_say(struct visitor *visitor, const char *sql)
{
	db_script(visitor->db, sql);
	good(db_error(visitor->db));
}

static int64_t visitor_find(struct visitor *visitor, const char *sql)
{
	int64_t number = db_find(visitor->db, sql, 0, DB_NONE);
	good(db_error(visitor->db));
	return number;
}

/* Until the question is answered with so much. */
static void visitor_await(struct visitor *visitor, const char *sql, int64_t least)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (visitor_find(visitor, sql) < least)
		cr_assert(movement_pause(&movement), "never %lld: %s", (long long)least, sql);
}

static int64_t find_at(const struct served *site, int node, const char *sql)
{
	struct visitor visitor;
	visitor_open(&visitor, site, node);
	int64_t number = visitor_find(&visitor, sql);
	db_close(visitor.db);
	return number;
}

static void say_at(const struct served *site, int node, const char *sql)
{
	struct visitor visitor;
	visitor_open(&visitor, site, node);
	visitor_say(&visitor, sql);
	db_close(visitor.db);
}

static void site_make(struct served *site)
{
	served_make(
	    site, &(struct rig_options){
	              .people = PEOPLE, .courses = PLACES, .settings = "stop_timeout: 1h\n"});
	for (int i = 1; i <= PLACES; i++)
		served_execute(site,
		    path_of("INSERT INTO mdl_cohort (contextid, name, idnumber, descriptionformat, "
		            "timecreated, timemodified) SELECT id, 'K%d', 'K%d', 0, 1, 1 FROM "
		            "mdl_context WHERE contextlevel = 10",
		        i, i)
		        .text);
}

/* ---- whoever commits first: what a connection is told ---- */

/* The ways in which much is written. */
enum apply_mode { BY_ROWS, BY_ROWS_WITH_IDS, BY_STATEMENTS, WAYS };
enum { ROUNDS = 4, PIECE = 500, PIECES_AFTER = 20 };

static const struct db_table flags = {
    "cache_flags", "flagtype, name, timemodified, value, expiry", 5};

static void piece_write(struct db *db, enum apply_mode way)
{
	static struct db_value values[PIECE * 5];
	int64_t ids[PIECE];
	for (size_t i = 0; i < PIECE; i++) {
		const struct db_value row[] = {
		    db_string("piece"), db_string("name"), db_int(1), db_string("1"), db_int(1)};
		memcpy(values + i * 5, row, sizeof row);
		if (way == BY_STATEMENTS)
			db_run(db,
			    "INSERT INTO {cache_flags} (flagtype, name, timemodified, value, "
			    "expiry) VALUES (?, ?, ?, ?, ?)",
			    row, 5);
	}
	if (way != BY_STATEMENTS)
		db_insert_all(db, &flags, values, PIECE, way == BY_ROWS_WITH_IDS ? ids : NULL);
}

struct faster {
	struct visitor visitor;
	pthread_t thread;
	atomic_bool is_done;
};

static void *faster_main(void *argument)
{
	struct faster *faster = argument;
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	nanosleep(
	    &pause, NULL); /* into the middle of a piece, or between two: it is all the same */
	db_script(faster->visitor.db,
	    "INSERT INTO {cohort_members} (cohortid, userid, timeadded) VALUES (1, 2, 3)");
	atomic_store(&faster->is_done, true);
	return NULL;
}

/* Somebody at the second node commits, while we write, the row that we wrote first. */
static struct error write_what_collides(const struct served *site, enum apply_mode way)
{
	struct visitor ours;
	struct faster faster = {.is_done = false};
	visitor_open(&ours, site, 0);
	visitor_open(&faster.visitor, site, 1);
	db_begin_alone(ours.db, DB_PATIENCE_S);
	db_run(ours.db,
	    "INSERT INTO {cohort_members} (cohortid, userid, timeadded) VALUES (1, 2, 3)", DB_NONE);
	cr_assert_eq(db_find(ours.db, "SELECT count(*) FROM {cohort_members}", 0, DB_NONE), 1);
	cr_assert_eq(pthread_create(&faster.thread, NULL, faster_main, &faster), 0);
	for (int after = 0; after < PIECES_AFTER && !db_has_failed(ours.db);) {
		after += atomic_load(&faster.is_done);
		piece_write(ours.db, way);
	}
	struct error error = db_end(ours.db);
	pthread_join(faster.thread, NULL);
	good(db_error(faster.visitor.db));
	db_close(ours.db);
	db_close(faster.visitor.db);
	return error;
}

ParameterizedTestParameters(galera, that_undoes_a_transaction_leaves_nothing_of_it)
{
	static enum apply_mode ways[] = {BY_ROWS, BY_ROWS_WITH_IDS, BY_STATEMENTS};
	return cr_make_param_array(enum apply_mode, ways, WAYS);
}

ParameterizedTest(
    const enum apply_mode *way, galera, that_undoes_a_transaction_leaves_nothing_of_it)
{
	struct served site;
	served_make(&site, &(struct rig_options){.people = 0});
	for (int i = 0; i < ROUNDS; i++) {
		struct error error = write_what_collides(&site, *way);
		cr_expect_eq(error.class, ERROR_RETRY);
		cr_expect_eq(find_at(&site, 2, "SELECT count(*) FROM {cache_flags}"), 0);
		cr_expect_eq(find_at(&site, 2, "SELECT count(*) FROM {cohort_members}"), 1);
		say_at(&site, 1, "DELETE FROM {cohort_members}");
		cr_assert_eq(find_at(&site, 0, "SELECT count(*) FROM {cohort_members}"), 0);
	}
	served_close(&site);
}

/* ---- whoever commits first: what people are told ---- */

/* Everybody into every place of a kind, while somebody at the second node adds the newest of the
 * rows that are not committed yet, again and again. */
struct collision {
	char column[16], letter, table[24], columns[24], event[48], code[24];
};

/* After each enrold waits twice as long as before. */
enum { COLLISIONS = 3 };

ParameterizedTestParameters(galera, that_undoes_a_run_in_its_middle_is_noticed)
{
	static struct collision collisions[] = {
	    {"cohort1", 'K', "cohort_members", "cohortid,userid", "cohort_member_added",
	        "cohort_joined"},
	    {"course1", 'C', "user_enrolments", "enrolid,userid", "user_enrolment_created",
	        "enrolled"},
	};
	return cr_make_param_array(
	    struct collision, collisions, sizeof collisions / sizeof *collisions);
}

static void everybody_drop(struct rig *rig, const struct collision *collision)
{
	struct buffer text = {0};
	buffer_print(&text, "username,%s\n", collision->column);
	for (int i = 0; i < ROWS; i++)
		buffer_print(
		    &text, "p%d,%c%d\n", i % PEOPLE + 1, collision->letter, i / PEOPLE + 1);
	cr_assert(!text.failed);
	rig_drop_bytes(rig, "everybody.csv", text.bytes, text.size);
	buffer_done(&text);
}

/* The values of the newest row, once so many are not committed; false: there are none any more. */
static bool newest_find(struct visitor *nosy, struct visitor *proper,
    const struct collision *collision, int64_t least, struct path *values)
{
	const struct path last = path_of("SELECT coalesce(max(id), 0) FROM {%s}", collision->table);
	const struct path count =
	    path_of("SELECT count(*) FROM {%s} WHERE id > ?1", collision->table);
	int64_t committed, fresh = 0;
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (fresh < least) {
		cr_assert(movement_goes_on(&movement), "never %lld new rows", (long long)least);
		committed = visitor_find(proper, last.text);
		fresh = db_find(nosy->db, count.text, 0, DB_VALUES(db_int(committed)));
		good(db_error(nosy->db));
		if (visitor_find(proper,
		        path_of("SELECT count(*) FROM {%s}", collision->table).text) == ROWS)
			return false;
	}
	struct path sql = path_of("SELECT concat_ws(',', %s) FROM {%s} ORDER BY id DESC LIMIT 1",
	    collision->columns, collision->table);
	struct db_rows rows = db_select(nosy->db, sql.text, DB_NONE);
	bool is_there = db_next(&rows);
	if (is_there)
		*values = path_of("%.*s", SLICE_ARG(db_column_text(&rows, 0)));
	db_rows_close(&rows);
	return is_there;
}

/* How many rows the rival has got in. */
static int collide(const struct served *site, const struct collision *collision)
{
	struct visitor nosy, proper, rival;
	struct path values;
	int count = 0;
	visitor_open(&nosy, site, 0);
	visitor_open(&proper, site, 0);
	visitor_open(&rival, site, 1);
	visitor_say(&nosy, "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED");
	for (int i = 0; i < COLLISIONS; i++) {
		if (!newest_find(&nosy, &proper, collision, 1 + i * 700, &values))
			break;
		db_script(rival.db, path_of("INSERT INTO {%s} (%s) VALUES (%s)", collision->table,
		                        collision->columns, values.text)
		                        .text);
		struct error error = db_error(rival.db);
		count += !is_error(&error);
		db_rollback(rival.db);
	}
	db_close(nosy.db);
	db_close(proper.db);
	db_close(rival.db);
	return count;
}

static void expect_told_what_is(
    const struct served *site, const struct collision *collision, int rivals)
{
	struct reply reply;
	reply_open(&reply, &site->rig, "everybody.csv", 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "done") +
	                 reply_number(&reply, "outcomes", "unchanged"),
	    ROWS);
	int64_t told = reply_number(&reply, "codes", collision->code);
	cr_expect_eq(told, ROWS - rivals);
	reply_close(&reply);
	struct path rows = path_of("SELECT count(*) FROM {%s}", collision->table);
	for (int i = 0; i < NODES; i++)
		cr_expect_eq(find_at(site, i, rows.text), ROWS, "at node %d", i + 1);
	struct path audit = path_of("SELECT count(*) FROM {logstore_standard_log} WHERE eventname "
	                            "LIKE '%%%s'",
	    collision->event);
	cr_expect_eq(find_at(site, 0, audit.text), told);
}

ParameterizedTest(struct collision *collision, galera, that_undoes_a_run_in_its_middle_is_noticed)
{
	struct served site;
	struct service service;
	site_make(&site);
	site.rig.config = served_config(&site, site.mirror.url);
	service_start(&service, &site.rig);
	everybody_drop(&site.rig, collision);
	int rivals = collide(&site, collision);
	cr_expect_gt(rivals, 0, "it was over before");
	service_await(&service, &site.rig, "", 1);
	service_stop(&service);
	expect_told_what_is(&site, collision, rivals);
	mirror_close(&site.mirror);
	rig_remove(&site.rig); /* the law knows nothing of what rivals add */
}

/* ---- daemons at different nodes ---- */

enum { FILE_ROWS = 12000 };

static void daemon_start(struct service *service, const struct served *site, int node)
{
	struct buffer yaml = {0};
	struct rig rig = site->rig;
	rig.config = path_of("%s/node%d.yaml", site->rig.root.text, node);
	buffer_print(&yaml,
	    "spool: %s\nnode: " RIG_NODE "%d\nsettle: 0\nrescan: 1s\nlease: 10s\n"
	    "checkpoint_rows: 10000\nlms: { url: \"%s\" }\nfeeds: { f%d: { may: { create: { "
	    "groups: true, cohorts: true } } } }\n",
	    site->rig.directory.text, node, url_of(site, node).text, node);
	files_write(rig.config.text, yaml.bytes, yaml.size, 0640);
	buffer_done(&yaml);
	service_start(service, &rig);
}

/* Both name the same groups and cohorts, which are new. */
static void groups_drop(struct rig *rig, int feed)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,group1,cohort1\n");
	for (int i = 0; i < FILE_ROWS; i++)
		buffer_print(&text, "p%d,C%d,G%d,new%d\n", (2 * i + feed) % PEOPLE + 1,
		    i / 40 % PLACES + 1, i / 40, i / 400);
	cr_assert(!text.failed);
	struct path name = path_of("f%d/groups%d.csv", feed, feed);
	files_make_directory(rig_path(rig, "inbox/f%d", feed).text);
	rig_drop_bytes(rig, name.text, text.bytes, text.size);
	buffer_done(&text);
}

Test(galera, lets_no_two_daemons_write_at_the_same_time)
{
	struct served site;
	struct service services[2];
	site_make(&site);
	for (int i = 0; i < 2; i++)
		groups_drop(&site.rig, i);
	for (int i = 0; i < 2; i++)
		daemon_start(&services[i], &site, i);
	for (int i = 0; i < 2; i++)
		service_await(&services[i], &site.rig, path_of("f%d", i).text, 1);
	for (int i = 0; i < 2; i++)
		service_stop(&services[i]);
	cr_expect_eq(find_at(&site, 2, "SELECT count(*) FROM {groups}"), FILE_ROWS / 40);
	cr_expect_eq(
	    find_at(&site, 2, "SELECT count(*) - count(DISTINCT courseid, name) FROM {groups}"), 0);
	cr_expect_eq(
	    find_at(&site, 2, "SELECT count(*) - count(DISTINCT idnumber) FROM {cohort}"), 0);
	cr_expect_eq(find_at(&site, 2, "SELECT count(*) - count(DISTINCT slot) FROM enrold_node"),
	    0, "two of one slot");
	served_close(&site);
}

/* ---- nodes that are not what they should be ---- */

static struct path url_of_two(const struct served *site)
{
	say_at(site, 0,
	    "CREATE USER IF NOT EXISTS e@'127.0.0.1' IDENTIFIED BY 'x'; GRANT ALL ON "
	    "*.* TO e@'127.0.0.1'");
	return path_of("mariadb://e:x@127.0.0.1:%s,127.0.0.1:%s/%s?sslmode=disable",
	    word_of("ENROLD_TEST_PORTS", 0).text, word_of("ENROLD_TEST_PORTS", 1).text,
	    site->mirror.database);
}

/* It answers, but no more than that it is of no use. */
Test(galera_node, apart_from_its_cluster_is_passed_over)
{
	struct served site;
	struct visitor visitor;
	site_make(&site);
	struct path config = served_config(&site, url_of_two(&site).text);
	rig_drop(&site.rig, "staff.csv", "username,course1\np1,C1\n");
	visitor_open(&visitor, &site, 0);
	visitor_say(&visitor,
	    "SET SESSION wsrep_sync_wait = 0; SET GLOBAL wsrep_provider_options = "
	    "'gmcast.isolate=1'");
	visitor_await(&visitor,
	    "SELECT variable_value = 'OFF' FROM information_schema.global_status WHERE "
	    "variable_name = 'WSREP_READY'",
	    1);
	struct finished finished = program_run(ARGV("enrold", "--config", config.text, "--once"));
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	finished_done(&finished);
	visitor_say(&visitor, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'");
	visitor_await(&visitor,
	    "SELECT variable_value = 'ON' FROM information_schema.global_status WHERE "
	    "variable_name = 'WSREP_READY'",
	    1);
	db_close(visitor.db);
	served_close(&site);
}

/* Less at a time is taken. */
Test(galera_node, that_limits_transactions_gets_shorter_ones)
{
	static const struct collision cohorts = {.column = "cohort1", .letter = 'K'};
	struct served site;
	site_make(&site);
	struct path config = served_config(&site, site.mirror.url);
	everybody_drop(&site.rig, &cohorts);
	say_at(&site, 0, "SET GLOBAL wsrep_max_ws_rows = 2000");
	struct finished finished = program_run(ARGV("enrold", "--config", config.text, "--once"));
	say_at(&site, 0, "SET GLOBAL wsrep_max_ws_rows = 0");
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(find_at(&site, 2, "SELECT count(*) FROM {cohort_members}"), ROWS);
	served_close(&site);
}

/* Who is an administrator has just been said at another node. */
Test(galera_node, that_lags_behind_is_waited_for)
{
	struct served site;
	struct visitor slow;
	struct program program;
	site_make(&site);
	struct path config = served_config(&site, url_of(&site, 1).text);
	rig_drop(&site.rig, "staff.csv", "username,course1\np1,C1\n");
	say_at(&site, 0, "UPDATE {config} SET value = '' WHERE name = 'siteadmins'");
	cr_assert_eq(find_at(&site, 1,
	                 "SELECT count(*) FROM {config} WHERE value = '' AND name = "
	                 "'siteadmins'"),
	    1);
	visitor_open(&slow, &site, 1);
	visitor_say(&slow, "SET SESSION wsrep_sync_wait = 0; FLUSH TABLES WITH READ LOCK");
	say_at(&site, 0, "UPDATE {config} SET value = '2' WHERE name = 'siteadmins'");
	program_start(&program, ARGV("enrold", "--config", config.text, "--once"), NULL);
	visitor_await(&slow,
	    path_of("SELECT count(*) FROM information_schema.processlist WHERE db = '%s' AND id <> "
	            "connection_id() AND command = 'Query' AND time_ms > 300",
	        site.mirror.database)
	        .text,
	    1);
	visitor_say(&slow, "UNLOCK TABLES");
	db_close(slow.db);
	struct finished finished = program_finish(&program);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	finished_done(&finished);
	served_close(&site);
}
