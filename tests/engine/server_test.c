/* What only a server has: rights, passwords, TLS, other hosts; and that it is never altered. */
#include "served.h"

#include "answer.h"
#include "program.h"
#include "service.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

TestSuite(server, .timeout = 300);

static void site_make(struct served *site, const char *feeds)
{
	served_make(site,
	    &(struct spool_options){
	        .people = 20, .courses = 5, .feeds = feeds, .settings = "stop_timeout: 3s\n"});
}

/* Of a real Moodle, but not of ours. */
static void optional_tables_make(const struct served *site)
{
	static const char *const names[] = {
	    "user_lastaccess", "external_tokens", "external_services_users", "user_private_key"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		served_execute(
		    site, path_of("CREATE TABLE IF NOT EXISTS mdl_%s (id BIGINT PRIMARY KEY, "
		                  "userid BIGINT NOT NULL);",
		              names[i])
		              .text);
}

/* There is one role of this name on the server, and several tests run at a time. */
static int role_lock = -1;

static void role_make(const struct served *site)
{
	role_lock = open(path_of("%s/role", getenv("ENROLD_TEST_DIRECTORY")).text,
	    O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	cr_assert_eq(flock(role_lock, LOCK_EX), 0);
	optional_tables_make(site);
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
    "username,firstname,lastname,email,oldusername,deleted,cohort1,course1,group1,sysrole1\n"
    "new1,N,One,n1@x.example,,,K1,C1,G1,manager\n"
    "moved,,,,p1,,K1,C2,,\n"
    "p2,,,,,1,,,,\n"
    "p3,Other,Name,,,,K1,C1,G1,manager\n"
    "p3,,,,,,,,,-manager\n";

Test(server, lets_enrold_do_all_it_does_with_the_rights_of_our_script)
{
	struct served site;
	site_make(&site, "  default: { upload_type: add_or_update }\n");
	role_make(&site);
	struct path url = url_as(&site, "enrold", ""), config = served_config(&site, url.text);
	struct finished finished = check(&config, 0);
	cr_expect_null(strstr(finished.out.bytes, "BAD"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "4.5.6"), "%s", finished.out.bytes);
	finished_done(&finished);
	spool_drop(&site.spool, "moves.csv", moves);
	finished = program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	struct answer answer;
	answer_open(&answer, &site.spool, "moves.csv", 0);
	cr_expect_eq(answer_number(&answer, "outcomes", "error"), 0);
	answer_close(&answer);
	role_drop(&site);
	served_close(&site);
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
	                            "enrold_feed, enrold_version");
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
	struct path users = path_of("%s/users.csv", site.spool.root.text);
	files_write(users.text, "username\nzoe\n", 13, 0640);
	finished = program_expect(
	    78, ARGV("enrolctl", "--config", config.text, "lms", "add-users", users.text));
	finished_done(&finished);
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
	spool_drop(&site.spool, "staff.csv", "username,course1\np1,C1\n");
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", config.text, "--once"));
	finished_done(&finished);
	served_close(&site);
}

/* Two batches and a rest, of which some are enrolled. */
static void large_drop(struct spool *spool)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < 25000; i++)
		buffer_print(
		    &text, "%s%d,C%d\n", i % 2000 == 0 ? "p" : "nobody", i / 2000 + 1, i % 3 + 1);
	cr_assert(!text.failed);
	spool_drop_bytes(spool, "large.csv", text.bytes, text.size);
	buffer_done(&text);
}

/* A suite of its own, which is run on a server of its own. */
Test(server_outage, in_the_middle_of_a_run_is_waited_for)
{
	struct served site;
	site_make(&site, NULL);
	struct path config = served_config(&site, site.mirror.url);
	site.spool.config = config;
	struct service service;
	service_start(&service, &site.spool);
	large_drop(&site.spool);
	service_await_claim(&service, &site.spool);
	const char *directory = getenv("ENROLD_TEST_DIRECTORY");
	served_shell(path_of("%s/../stop; sleep 1; %s/../start", directory, directory).text);
	service_await(&service, &site.spool, "", 1);
	service_await_idle(&service, &site.spool);
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
		struct path file = path_of("%s/password", site.spool.root.text);
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
	    &site, &(struct spool_options){.people = 20, .courses = 5, .settings = "lease: 2s\n"});
	site.spool.config = served_config(&site, site.mirror.url);
	service_start(&service, &site.spool);
	struct path lock = spool_path(&site.spool, ".lock-" SPOOL_NODE);
	files_remove(lock.text);
	files_write(lock.text, "", 0, 0640);
	struct finished finished = program_finish(&service.program);
	cr_expect_eq(finished.status, 75, "%d: %s", finished.status, finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "spool_lost"), "%s", finished.err.bytes);
	finished_done(&finished);
	served_close(&site);
}
