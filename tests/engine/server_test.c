/* What only a server has: rights, passwords, TLS, other hosts; and that it is never altered. */
#include "served.h"

#include "more_tables.h"
#include "program.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static void site_make(struct served *site, const char *feeds)
{
	served_make(site,
	    &(struct rig_options){
	        .people = 20, .courses = 5, .feeds = feeds, .settings = "stop_timeout: 3s\n"});
}

/* Of a real Moodle, but not of ours; or some of them, as where parts of it were uninstalled. */
static void more_tables_make(const struct served *site, size_t count)
{
	struct buffer sql = {0};
	more_tables_drop(&sql);
	for (size_t i = 0; i < count; i++)
		more_table_write(&more_tables[i],
		    served_by_postgresql() ? OVERLAY_POSTGRESQL : OVERLAY_MARIADB, &sql);
	buffer_add_char(&sql, '\0');
	served_execute(site, sql.bytes);
	buffer_done(&sql);
}

/* There is one role of this name on the server, and several tests run at a time. */
static int role_lock = -1;

static void role_make_for(const struct served *site, size_t tables)
{
	role_lock = open(path_of("%s/role", getenv("ENROLD_TEST_DIRECTORY")).text,
	    O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	cr_assert_eq(flock(role_lock, LOCK_EX), 0);
	more_tables_make(site, tables);
	if (served_by_postgresql()) {
		served_execute(site, "DROP ROLE IF EXISTS enrold; CREATE ROLE enrold LOGIN;");
		served_shell(path_of("%s %s -f " SOURCE_DIR "/etc/postgresql-grants.sql >/dev/null",
		    getenv("ENROLD_TEST_CLIENT"), site->mirror.database)
		                 .text);
	} else {
		served_execute(site, "DROP USER IF EXISTS enrold; CREATE USER enrold;");
		served_shell(
		    path_of("sed 's/\\bmoodle\\./%s./' " SOURCE_DIR "/etc/mariadb-grants.sql | %s",
		        site->mirror.database, getenv("ENROLD_TEST_CLIENT"))
		        .text);
	}
}

static void role_make(const struct served *site)
{
	role_make_for(site, more_tables_count);
}

static void role_drop(const struct served *site)
{
	served_execute(site, served_by_postgresql() ? "DROP OWNED BY enrold; DROP ROLE enrold;"
	                                            : "DROP USER enrold;");
	close(role_lock);
}

/* Another way to the same database: as `user`, with something behind. */
static struct path url_as(const struct served *site, const char *user, const char *more)
{
	char socket[256];
	snprintf(socket, sizeof socket, "%s", getenv("ENROLD_TEST_SOCKET"));
	if (!served_by_postgresql())
		return path_of("mariadb://%s@localhost/%s?socket=%s%s", user, site->mirror.database,
		    socket, more);
	*strrchr(socket, '/') = '\0';
	return path_of("postgresql://%s@/%s?host=%s%s", user, site->mirror.database, socket, more);
}

static struct finished check(const struct path *config, int status)
{
	return program_expect(status, ARGV("enrolctl", "--config", config->text, "lms", "check"));
}

static const char moves[] =
    "username,firstname,lastname,email,oldusername,deleted,cohort1,course1,group1,sysrole1,"
    "unenrol1\n"
    "new1,N,One,n1@x.example,,,K1,C1,G1,manager,\n"
    "moved,,,,p1,,K1,C2,,,\n"
    "p2,,,,,1,,,,,\n"
    "p3,Other,Name,,,,K1,C1,G1,manager,\n"
    "p3,,,,,,,,,-manager,\n"
    "p3,,,,,,-K1,C1,-G1,,\n"
    "p3,,,,,,,C1,,,1\n";

Test(server, lets_enrold_do_all_it_does_with_the_rights_of_our_script)
{
	struct served site;
	site_make(&site, "  default: { upload_type: add_or_update, " RIG_MAY_ALL " }\n");
	role_make(&site);
	struct path url = url_as(&site, "enrold", ""), config = served_config(&site, url.text);
	struct finished finished = check(&config, 0);
	cr_expect_null(strstr(finished.out.bytes, "BAD"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "4.5.6"), "%s", finished.out.bytes);
	finished_done(&finished);
	rig_drop(&site.rig, "moves.csv", moves);
	finished = program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	struct reply reply;
	reply_open(&reply, &site.rig, "moves.csv", 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "error"), 0);
	reply_close(&reply);
	role_drop(&site);
	served_close(&site);
}

Test(server, gives_its_rights_where_parts_of_moodle_are_missing)
{
	for (size_t tables = 0; tables <= more_tables_count; tables += 7) {
		struct served site;
		struct reply reply;
		site_make(&site, "  default: { upload_type: add_or_update, " RIG_MAY_ALL " }\n");
		role_make_for(&site, tables);
		struct path url = url_as(&site, "enrold", ""),
		            config = served_config(&site, url.text);
		struct finished finished = check(&config, 0);
		cr_expect_null(strstr(finished.out.bytes, "BAD"), "%s", finished.out.bytes);
		finished_done(&finished);
		rig_drop(&site.rig, "moves.csv", moves);
		finished = program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
		finished_done(&finished);
		reply_open(&reply, &site.rig, "moves.csv", 0);
		cr_expect_eq(reply_number(&reply, "outcomes", "error"), 0, "%zu", tables);
		reply_close(&reply);
		role_drop(&site);
		served_close(&site);
	}
}

Test(server, tells_which_right_is_missing)
{
	struct served site;
	site_make(&site, NULL);
	role_make(&site);
	served_execute(&site, "REVOKE INSERT ON mdl_cohort_members FROM enrold;");
	struct path url = url_as(&site, "enrold", ""), config = served_config(&site, url.text);
	struct finished finished = check(&config, 1);
	cr_expect(
	    strstr(finished.out.bytes, "BAD   cohort_members: the right to INSERT is missing"),
	    "%s", finished.out.bytes);
	finished_done(&finished);
	if (served_by_postgresql()) {
		served_execute(&site,
		    "GRANT INSERT ON mdl_cohort_members TO enrold; REVOKE USAGE ON "
		    "SEQUENCE mdl_cohort_members_id_seq FROM enrold;");
		finished = check(&config, 1);
		cr_expect(
		    strstr(finished.out.bytes,
		        "BAD   cohort_members: the right to USAGE of its sequence is missing"),
		    "%s", finished.out.bytes);
		finished_done(&finished);
	}
	role_drop(&site);
	served_close(&site);
}

/* What a deletion alone needs, a new account, a cohort; and a file that asks all of it. */
static const char *const revoked[] = {"REVOKE DELETE ON mdl_user_password_history FROM enrold;",
    "REVOKE INSERT ON mdl_context FROM enrold;", "REVOKE INSERT ON mdl_cohort_members FROM enrold;",
    "REVOKE SELECT ON mdl_groups_members FROM enrold;"};

Test(server, lets_a_missing_right_cost_what_needs_it_and_nothing_else)
{
	struct served site;
	struct reply reply;
	site_make(&site,
	    "  default: { upload_type: add_or_update, allow_delete: true, " RIG_MAY_ALL " }\n");
	role_make(&site);
	for (size_t i = 0; i < sizeof revoked / sizeof *revoked; i++)
		served_execute(&site, revoked[i]);
	struct path url = url_as(&site, "enrold", ""), config = served_config(&site, url.text);
	rig_drop(&site.rig, "moves.csv",
	    "username,firstname,lastname,email,deleted,cohort1,course1,group1\n"
	    "p1,,,,1,,,\n"
	    "new1,N,One,n1@x.example,,,C1,\n"
	    "p2,,,,,K1,C1,G1\n"
	    "p3,,,,,,C2,\n");
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	reply_open(&reply, &site.rig, "moves.csv", 0);
	EXPECT(&reply, {2, "deleted", "error", "no_right"}, {3, "username", "error", "no_right"},
	    {3, "course1", "skipped", "row_not_applied"}, {4, "cohort1", "error", "no_right"},
	    {4, "course1", "done", "enrolled"}, {4, "group1", "error", "no_right"},
	    {5, "course1", "done", "enrolled"});
	cr_expect(
	    strstr(reply_cell(&reply, (struct expected){2, "deleted", NULL, NULL}, 0, "message"),
	        "the right to SELECT on mdl_groups_members"));
	reply_close(&reply);
	finished = check(&config, 1);
	cr_expect(strstr(finished.out.bytes,
	              "BAD   user_password_history: the right to DELETE is missing"),
	    "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "BAD   context: the right to INSERT is missing"), "%s",
	    finished.out.bytes);
	cr_expect(
	    strstr(finished.out.bytes, "BAD   groups_members: may not read mdl_groups_members as "
	                               "the role enrold"),
	    "%s", finished.out.bytes);
	finished_done(&finished);
	role_drop(&site);
	served_close(&site);
}

/* MariaDB hides what an older script of grants has left out: nobody is unenrolled as if there were
 * no grades. */
Test(server, that_shows_no_grades_has_nobody_unenrolled)
{
	struct served site;
	struct reply reply;
	site_make(&site, "  default: { upload_type: add_or_update, allow_unenrol: true, removal: "
	                 "unenrol, " RIG_MAY_ALL " }\n");
	role_make(&site);
	struct path url = url_as(&site, "enrold", ""), config = served_config(&site, url.text);
	rig_drop(&site.rig, "enter.csv", "username,course1\np1,C1\np2,C1\n");
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	rig_drop(&site.rig, "may.csv", "username,course1,unenrol1\np1,C1,1\n");
	finished = program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	reply_open(&reply, &site.rig, "may.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "unenrolled"});
	reply_close(&reply);
	served_execute(&site, "REVOKE SELECT, DELETE ON mdl_grade_grades FROM enrold;");
	rig_drop(&site.rig, "may_not.csv", "username,course1,unenrol1\np2,C1,1\n");
	finished = program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	reply_open(&reply, &site.rig, "may_not.csv", 0);
	EXPECT(&reply, {2, "course1", "error", "no_right"});
	reply_close(&reply);
	finished = check(&config, 1);
	cr_expect(strstr(finished.out.bytes, "BAD   grade_grades: "), "%s", finished.out.bytes);
	finished_done(&finished);
	role_drop(&site);
	served_close(&site);
}

Test(server, is_looked_at_with_the_feeds_in_mind)
{
	struct served site;
	site_make(&site, NULL);
	role_make(&site);
	served_execute(&site, revoked[0]);
	struct path url = url_as(&site, "enrold", "");
	struct path config = path_of("%s/plain.yaml", site.rig.root.text);
	struct path text =
	    path_of("spool: %s\nlms: { url: \"%s\" }\n", site.rig.directory.text, url.text);
	files_write(config.text, text.text, strlen(text.text), 0640);
	struct finished finished = check(&config, 0);
	cr_expect(strstr(finished.out.bytes, "note  user_password_history: the right to DELETE"),
	    "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "no feed that is configured needs it"), "%s",
	    finished.out.bytes);
	finished_done(&finished);
	role_drop(&site);
	served_close(&site);
}

/* Everything is there, and nothing may be read. */
Test(server, before_the_grants_says_who_may_not_read_it)
{
	struct served site;
	site_make(&site, NULL);
	role_make(&site);
	served_execute(&site,
	    served_by_postgresql()
	        ? "DROP OWNED BY enrold;"
	        : path_of("REVOKE ALL PRIVILEGES, GRANT OPTION FROM enrold; GRANT CREATE TEMPORARY "
	                  "TABLES ON %s.* TO enrold;",
	              site.mirror.database)
	              .text);
	struct path url = url_as(&site, "enrold", ""), config = served_config(&site, url.text);
	struct finished finished = check(&config, 1);
	cr_expect(
	    strstr(finished.out.bytes, "BAD   config: may not read mdl_config as the role enrold"),
	    "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "may not read enrold's own tables as the role enrold"),
	    "%s", finished.out.bytes);
	cr_expect_null(strstr(finished.out.bytes, "no such table"), "%s", finished.out.bytes);
	cr_expect_null(strstr(finished.out.bytes, "unknown version"), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = program_expect(78, ARGV("enrold", "--config", config.text, "--once"));
	cr_expect(strstr(finished.err.bytes, "may not read user_enrolments as the role enrold"),
	    "%s", finished.err.bytes);
	finished_done(&finished);
	role_drop(&site);
	served_close(&site);
}

/* It takes a category to allow a course: who may not read them allows none, and goes on. */
Test(server, lets_a_feed_reach_nothing_that_it_may_not_look_up)
{
	struct served site;
	struct reply reply;
	site_make(&site, NULL);
	role_make(&site);
	served_execute(&site, "REVOKE SELECT ON mdl_course_categories FROM enrold;");
	served_execute(&site, "REVOKE SELECT ON mdl_cohort FROM enrold;");
	served_execute(&site, "REVOKE SELECT ON mdl_groups FROM enrold;");
	struct path url = url_as(&site, "enrold", ""), config = served_config(&site, url.text);
	struct path narrow =
	    path_of("spool: %s\nnode: " RIG_NODE "\nsettle: 0\nlms: { url: \"%s\" }\nfeeds:\n"
	            "  default: { may: { categories: [OWN] } }\n  all: {}\n",
	        site.rig.directory.text, url.text);
	files_write(config.text, narrow.text, strlen(narrow.text), 0640);
	files_make_directory(rig_inbox(&site.rig, "all").text);
	rig_drop(&site.rig, "a.csv", "username,course1\np1,C1\np1,C99\n");
	rig_drop(&site.rig, "all/a.csv", "username,course1,group1,cohort1\np1,C1,G,K\n");
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	reply_open(&reply, &site.rig, "a.csv", 0);
	EXPECT(
	    &reply, {2, "course1", "error", "not_allowed"}, {3, "course1", "error", "not_allowed"});
	reply_close(&reply);
	reply_open(&reply, &site.rig, "all/a.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {2, "group1", "error", "no_right"},
	    {2, "cohort1", "error", "no_right"});
	reply_close(&reply);
	role_drop(&site);
	served_close(&site);
}

/* A right that came back, or went, is seen by the same daemon. */
Test(server, that_gives_a_right_again_is_believed)
{
	struct served site;
	struct service service;
	struct reply reply;
	site_make(&site,
	    "  default: { upload_type: add_or_update, allow_delete: true, " RIG_MAY_ALL " }\n");
	role_make(&site);
	served_execute(&site, revoked[0]);
	struct path url = url_as(&site, "enrold", "");
	site.rig.config = served_config(&site, url.text);
	service_start(&service, &site.rig);
	static const char *const codes[] = {"no_right", "account_deleted", "no_right"};
	for (size_t i = 0; i < 3; i++) {
		rig_drop(&site.rig, path_of("%zu.csv", i).text,
		    path_of("username,deleted\np%zu,1\n", i + 1).text);
		service_await(&service, &site.rig, "", i + 1);
		service_await_idle(&service, &site.rig);
		served_execute(&site,
		    i == 0 ? "GRANT DELETE ON mdl_user_password_history TO enrold;" : revoked[0]);
	}
	service_stop(&service);
	for (size_t i = 0; i < 3; i++) {
		reply_open(&reply, &site.rig, path_of("%zu.csv", i).text, 0);
		cr_expect_eq(reply_lines(&reply, (struct expected){2, "deleted", NULL, codes[i]}),
		    1, "%zu", i);
		reply_close(&reply);
	}
	role_drop(&site);
	served_close(&site);
}

/* The server has a clock of its own, which this machine is compared with. */
Test(server, tells_a_clock_that_is_days_ahead_from_a_machine_that_has_slept)
{
	struct served site;
	site_make(&site, NULL);
	struct path config = served_config(&site, site.mirror.url);
	static const struct {
		long seconds;
		int status;
	} clocks[] = {{172800, 75}, {43200, 0}, {172800, 75}, {0, 0}};
	rig_drop(&site.rig, "first.csv", "username,course1\np1,C1\n");
	for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		rig_move_clock(&site.rig, CLOCK_MOVED, clocks[i].seconds);
		struct finished finished = program_expect(
		    clocks[i].status, ARGV("enrold", "--config", config.text, "--once"));
		program_preload(NULL);
		cr_expect_eq(strstr(finished.err.bytes, "far ahead of the database's") != NULL,
		    clocks[i].status != 0, "%s", finished.err.bytes);
		finished_done(&finished);
		if (i == 1)
			rig_drop(&site.rig, "second.csv", "username,course1\np2,C1\n");
	}
	served_close(&site);
}

/* What a trigger of the site's quotes is a hash that we have just made. */
Test(server, that_quotes_a_password_is_not_repeated)
{
	struct served site;
	site_make(&site, NULL);
	served_execute(&site,
	    served_by_postgresql()
	        ? "CREATE FUNCTION quotes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
	          "EXCEPTION USING ERRCODE = '22000', MESSAGE = 'not this: ' || NEW.password; END "
	          "$$;"
	          "CREATE TRIGGER quotes BEFORE INSERT ON mdl_user FOR EACH ROW EXECUTE FUNCTION "
	          "quotes();"
	        : "DELIMITER //\nCREATE TRIGGER quotes BEFORE INSERT ON mdl_user FOR EACH ROW "
	          "BEGIN DECLARE said "
	          "TEXT DEFAULT concat('not this: ', left(NEW.password, 100)); SIGNAL SQLSTATE "
	          "'22001' "
	          "SET MESSAGE_TEXT = said, MYSQL_ERRNO = 1406; END//\n");
	struct path config = served_config(&site, site.mirror.url);
	rig_drop(&site.rig, "staff.csv",
	    "username,firstname,lastname,email,password\nnew1,N,One,n1@x.example,Geheim-1-"
	    "s3cret\n");
	struct finished finished = program_run(ARGV("enrold", "--config", config.text, "--once"));
	cr_expect(strstr(finished.err.bytes, "not this: ***"), "%s", finished.err.bytes);
	cr_expect_null(strstr(finished.err.bytes, "$6$"), "%s", finished.err.bytes);
	cr_expect_null(strstr(finished.err.bytes, "s3cret"), "%s", finished.err.bytes);
	finished_done(&finished);
	served_execute(&site, served_by_postgresql()
	                          ? "DROP TRIGGER quotes ON mdl_user; DROP FUNCTION quotes();"
	                          : "DROP TRIGGER quotes;");
	finished = program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	cr_expect_eq(reply_count(&site.rig, "staff.csv"), 1);
	served_close(&site);
}

/* MariaDB's library goes on without; PostgreSQL's knows no TLS on a socket. */
Test(server, without_tls_is_refused_when_the_url_asks_for_it)
{
	struct served site;
	site_make(&site, NULL);
	if (!served_by_postgresql()) {
		role_make(&site);
		struct path url = url_as(&site, "enrold", "&sslmode=require");
		struct path config = served_config(&site, url.text);
		struct finished finished = check(&config, 78);
		cr_expect(strstr(finished.err.bytes, "offers no TLS"), "%s", finished.err.bytes);
		finished_done(&finished);
		role_drop(&site);
	}
	served_close(&site);
}

Test(server, gets_only_our_own_tables_and_only_once)
{
	struct served site;
	site_make(&site, NULL);
	served_execute(&site, served_by_postgresql()
	                          ? "DROP SCHEMA enrold CASCADE"
	                          : "DROP TABLE enrold_run, enrold_head, enrold_lock, enrold_node, "
	                            "enrold_feed, enrold_version, enrold_listing, "
	                            "enrold_base, enrold_plan");
	struct path config = served_config(&site, site.mirror.url);
	struct finished finished = check(&config, 1);
	cr_expect(strstr(finished.out.bytes, "BAD   ledger"), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = program_expect(78, ARGV("enrold", "--config", config.text, "--once"));
	cr_expect(strstr(finished.err.bytes, "enrolctl lms init"), "%s", finished.err.bytes);
	finished_done(&finished);
	static const char *const answers[] = {"were made", "nothing changed"};
	for (int i = 0; i < 2; i++) {
		finished =
		    program_expect(0, ARGV("enrolctl", "--config", config.text, "lms", "init"));
		cr_expect(strstr(finished.out.bytes, answers[i]), "%s", finished.out.bytes);
		finished_done(&finished);
	}
	struct path users = path_of("%s/users.csv", site.rig.root.text);
	files_write(users.text, "username\nzoe\n", 13, 0640);
	finished = program_expect(
	    78, ARGV("enrolctl", "--config", config.text, "lms", "add-users", users.text));
	finished_done(&finished);
	served_close(&site);
}

#define PLAN_COLUMNS                                                                               \
	"DROP COLUMN plan_bytes, DROP COLUMN plan_sha256, DROP COLUMN people, DROP COLUMN owner, " \
	"DROP COLUMN is_measure, DROP COLUMN report_bytes, DROP COLUMN report_sha256"

/* Made by an enrold that had fewer columns. */
Test(server, has_older_tables_of_ours_brought_up_to_date_by_init_alone)
{
	struct served site;
	site_make(&site, NULL);
	served_execute(&site, served_by_postgresql()
	                          ? "ALTER TABLE enrold.enrold_lock DROP COLUMN token;"
	                            "ALTER TABLE enrold.enrold_run " PLAN_COLUMNS ";"
	                            "DROP TABLE enrold.enrold_listing, enrold.enrold_base, "
	                            "enrold.enrold_plan;"
	                            "UPDATE enrold.enrold_version SET version = 1"
	                          : "ALTER TABLE enrold_lock DROP COLUMN token;"
	                            "ALTER TABLE enrold_run " PLAN_COLUMNS ";"
	                            "DROP TABLE enrold_listing, enrold_base, enrold_plan;"
	                            "UPDATE enrold_version SET version = 1");
	struct path config = served_config(&site, site.mirror.url);
	rig_drop(&site.rig, "staff.csv", "username,course1\np1,C1\n");
	struct finished finished =
	    program_expect(78, ARGV("enrold", "--config", config.text, "--once"));
	cr_expect(strstr(finished.err.bytes, "enrolctl lms init"), "%s", finished.err.bytes);
	finished_done(&finished);
	finished = check(&config, 1);
	cr_expect(strstr(finished.out.bytes, "of an older enrold"), "%s", finished.out.bytes);
	finished_done(&finished);
	static const char *const answers[] = {"up to date", "nothing changed"};
	for (int i = 0; i < 2; i++) {
		finished =
		    program_expect(0, ARGV("enrolctl", "--config", config.text, "lms", "init"));
		cr_expect(strstr(finished.out.bytes, answers[i]), "%s", finished.out.bytes);
		finished_done(&finished);
	}
	finished = program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	cr_expect_eq(files_count(rig_path(&site.rig, "outbox").text, ".summary.json"), 1);
	served_close(&site);
}

/* Somebody's trigger leaves rows out without a word, which MariaDB's cannot. */
Test(server, that_drops_rows_is_not_believed)
{
	struct served site;
	if (!served_by_postgresql())
		cr_skip_test("its triggers cannot");
	served_make(&site, &(struct rig_options){.people = 1, .courses = 1});
	served_execute(&site,
	    "CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; "
	    "END'; CREATE TRIGGER dropping BEFORE INSERT ON mdl_user_enrolments FOR EACH ROW "
	    "EXECUTE FUNCTION drop_row()");
	struct path config = served_config(&site, site.mirror.url);
	rig_drop(&site.rig, "staff.csv", "username,course1\np1,C1\n");
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	cr_expect(strstr(finished.err.bytes, "has taken 0 of 1 rows"), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(files_count(rig_path(&site.rig, "quarantine").text, ".csv"), 1);
	served_execute(
	    &site, "DROP TRIGGER dropping ON mdl_user_enrolments; DROP FUNCTION drop_row");
	served_close(&site);
}

Test(server, is_found_behind_a_host_that_is_dead)
{
	struct served site;
	site_make(&site, NULL);
	struct path url = served_by_postgresql()
	                      ? path_of("postgresql://admin@/%s?host=/nonexistent,%s",
	                            site.mirror.database, strstr(site.mirror.url, "host=") + 5)
	                      : path_of("mariadb://root@127.0.0.1:1,localhost/%s?%s",
	                            site.mirror.database, strchr(site.mirror.url, '?') + 1);
	struct path config = served_config(&site, url.text);
	rig_drop(&site.rig, "staff.csv", "username,course1\np1,C1\n");
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	served_close(&site);
}

/* A suite of its own, which is run on a server of its own. */
Test(server_outage, in_the_middle_of_a_run_is_waited_for)
{
	struct served site;
	site_make(&site, NULL);
	struct path config = served_config(&site, site.mirror.url);
	site.rig.config = config;
	struct service service;
	service_start(&service, &site.rig);
	rig_drop_long(&site.rig, 2000);
	service_await_claim(&service, &site.rig);
	const char *directory = getenv("ENROLD_TEST_DIRECTORY");
	served_shell(path_of("%s/../stop; sleep 1; %s/../start", directory, directory).text);
	service_await(&service, &site.rig, "", 1);
	service_await_idle(&service, &site.rig);
	struct buffer said = program_said(service.program.err);
	cr_expect(strstr(said.bytes, "\"run_waits\""), "it was over before:\n%s", said.bytes);
	buffer_done(&said);
	service_stop(&service);
	served_close(&site);
}

Test(server, gets_a_password_that_nobody_sees)
{
	struct served site;
	site_make(&site, NULL);
	struct path url = served_by_postgresql()
	                      ? path_of("postgresql://admin:s3cret@/%s?%s", site.mirror.database,
	                            strchr(site.mirror.url, '?') + 1)
	                      : path_of("mariadb://root:s3cret@localhost/%s?%s",
	                            site.mirror.database, strchr(site.mirror.url, '?') + 1);
	struct path config = served_config(&site, url.text);
	if (!served_by_postgresql())
		served_execute(&site, "CREATE USER secretive@localhost IDENTIFIED BY 's3cret'");
	struct finished finished = program_run(ARGV("enrold", "--config", config.text, "--check"));
	cr_expect_eq(finished.status, 0);
	cr_expect_null(strstr(finished.out.bytes, "s3cret"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, ":***@"), "%s", finished.out.bytes);
	finished_done(&finished);
	if (!served_by_postgresql()) {
		struct path file = path_of("%s/password", site.rig.root.text);
		files_write(file.text, "s3cret\n", 7, 0600);
		struct path more = path_of("&passfile=%s", file.text);
		url = url_as(&site, "secretive", more.text);
		config = served_config(&site, url.text);
		/* Known, but without a right: the server has let it in. */
		finished = program_run(ARGV("enrolctl", "--config", config.text, "lms", "check"));
		cr_expect(
		    strstr(finished.err.bytes, "ccess denied for user 'secretive'@'localhost' to "
		                               "database"),
		    "%s%s", finished.out.bytes, finished.err.bytes);
		finished_done(&finished);
		served_shell(path_of("chmod 0644 %s", file.text).text);
		finished =
		    program_expect(78, ARGV("enrolctl", "--config", config.text, "lms", "check"));
		cr_expect(
		    strstr(finished.err.bytes, "may be read by others"), "%s", finished.err.bytes);
		finished_done(&finished);
		served_execute(&site, "DROP USER secretive@localhost");
	}
	served_close(&site);
}

/* Another one may have been put there, and locked, by a daemon on a machine that did not see ours.
 */
Test(server, shared_is_left_when_the_spools_lock_is_another_file)
{
	struct served site;
	struct service service;
	served_make(
	    &site, &(struct rig_options){.people = 20, .courses = 5, .settings = "lease: 2s\n"});
	site.rig.config = served_config(&site, site.mirror.url);
	service_start(&service, &site.rig);
	struct path lock = rig_path(&site.rig, ".lock-" RIG_NODE);
	files_remove(lock.text);
	files_write(lock.text, "", 0, 0640);
	struct finished finished = service_await_end(&service);
	cr_expect_eq(finished.status, 75, "%d: %s", finished.status, finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "spool_lost"), "%s", finished.err.bytes);
	finished_done(&finished);
	close(service.notify);
	buffer_done(&service.heard);
	served_close(&site);
}
