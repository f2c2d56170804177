/*
 * TLS, by a server that has a certificate and wants TLS from everybody who does not come by its
 * socket (with_server.sh, $ENROLD_TEST_TLS).
 *
 * Nobody's user name, let alone his password, is said before the certificate has been verified: so
 * what the server writes down of its connections has to know nothing of him.
 */
#include "served.h"

#include "program.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRY_LATER = 75, WRONG_CONFIG = 78 };

#define GOOD_HOST "localhost" /* in the certificate */
/* The same machine: not in the certificate; and written so that enrold does not know it for the
 * one it runs on. */
#define OTHER_HOST "127.0.0.2"
#define FAR_HOST "2130706433"

/* There is one server for all tests, and it forgets nothing of what it has written down. */
static struct path user_name(void)
{
	return path_of("tls_%d", (int)getpid());
}

static void site_make(struct served *site)
{
	served_make(site,
	    &(struct rig_options){.people = 3, .courses = 1, .settings = "stop_timeout: 1s\n"});
	struct path user = user_name();
	served_execute(site,
	    served_by_postgresql()
	        ? path_of("CREATE ROLE %s LOGIN SUPERUSER PASSWORD 's3cret'", user.text).text
	        : path_of(
	              "CREATE USER %s IDENTIFIED BY 's3cret' REQUIRE SSL; GRANT ALL ON %s.* TO %s",
	              user.text, site->mirror.database, user.text)
	              .text);
	rig_drop(&site->rig, "staff.csv", "username,course1\np1,C1\np2,C1\n");
}

static struct path config_by(const struct served *site, const char *host, const char *options)
{
	struct path url =
	    path_of("%s://%s:s3cret@%s:%s/%s?%s", served_by_postgresql() ? "postgresql" : "mariadb",
	        user_name().text, host, getenv("ENROLD_TEST_PORT"), site->mirror.database, options);
	return served_config(site, url.text);
}

static struct path config_with(
    const struct served *site, const char *host, const char *ca, const char *mode)
{
	struct path options =
	    path_of("sslrootcert=%s/%s&sslmode=%s", getenv("ENROLD_TEST_TLS"), ca, mode);
	return config_by(site, host, options.text);
}

static bool is_known_to_server(void)
{
	struct buffer log = files_read(getenv("ENROLD_TEST_CONNECTIONS"));
	/* MariaDB writes down how the administrator makes him, too. */
	struct path by = path_of(served_by_postgresql() ? "%s" : "\t%s@127.", user_name().text);
	bool is = strstr(log.bytes, by.text);
	buffer_done(&log);
	return is;
}

static void expect_said(const struct finished *finished, const char *text)
{
	cr_expect(
	    strstr(finished->err.bytes, text), "not a word of %s:\n%s", text, finished->err.bytes);
	cr_expect_null(strstr(finished->err.bytes, "s3cret"), "%s", finished->err.bytes);
}

/* By both programs, and the file stays where it is. */
static void expect_refused(
    const struct served *site, const struct path *config, int status, const char *text)
{
	struct finished finished =
	    program_expect(status, ARGV("enrolctl", "--config", config->text, "lms", "check"));
	expect_said(&finished, text);
	finished_done(&finished);
	finished = program_expect(status, ARGV("enrold", "--config", config->text, "--once"));
	expect_said(&finished, text);
	finished_done(&finished);
	cr_expect(files_exist(rig_path(&site->rig, "inbox/staff.csv").text));
}

/* Everything is in order: it is done, by TLS, which the server insists on. */
static void expect_applied(struct served *site, const struct path *config)
{
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", config->text, "--once"));
	finished_done(&finished);
	struct reply reply;
	reply_open(&reply, &site->rig, "staff.csv", 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 2);
	reply_close(&reply);
	cr_expect(is_known_to_server());
}

static void site_close(struct served *site)
{
	struct path drop =
	    path_of("DROP %s %s", served_by_postgresql() ? "ROLE" : "USER", user_name().text);
	served_execute(site, drop.text);
	served_close(site);
}

Test(tls, with_the_right_certificate_is_used)
{
	struct served site;
	site_make(&site);
	struct path config = config_with(&site, GOOD_HOST, "ca.pem", "verify-full");
	expect_applied(&site, &config);
	site_close(&site);
}

Test(tls, with_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said)
{
	struct served site;
	site_make(&site);
	struct path config = config_with(&site, GOOD_HOST, "other-ca.pem", "verify-full");
	expect_refused(&site, &config, TRY_LATER, "certificate");
	cr_expect_not(is_known_to_server());
	config = config_with(&site, GOOD_HOST, "ca.pem", "verify-full");
	expect_applied(&site, &config);
	site_close(&site);
}

Test(tls, with_a_certificate_for_another_host_is_refused_before_anything_is_said)
{
	struct served site;
	site_make(&site);
	struct path config = config_with(&site, OTHER_HOST, "ca.pem", "verify-full");
	expect_refused(&site, &config, TRY_LATER,
	    served_by_postgresql() ? "does not match host name"
	                           : "Validation of SSL server certificate failed");
	cr_expect_not(is_known_to_server());
	/* Who does not want to know gets it nevertheless. */
	config = config_with(&site, OTHER_HOST, "ca.pem", "require");
	expect_applied(&site, &config);
	site_close(&site);
}

Test(tls, is_verified_unless_told_otherwise_when_the_server_is_far)
{
	struct served site;
	site_make(&site);
	struct path config = config_by(&site, FAR_HOST, "");
	expect_refused(&site, &config, TRY_LATER, "certificate");
	cr_expect_not(is_known_to_server());
	config = config_with(&site, GOOD_HOST, "ca.pem", "verify-full");
	expect_applied(&site, &config);
	site_close(&site);
}

Test(tls, is_verified_on_this_machine_too_when_the_url_names_a_ca)
{
	struct served site;
	site_make(&site);
	struct path ca = path_of("sslrootcert=%s/ca.pem", getenv("ENROLD_TEST_TLS"));
	struct path config = config_by(&site, OTHER_HOST, ca.text);
	expect_refused(&site, &config, TRY_LATER,
	    served_by_postgresql() ? "does not match host name"
	                           : "Validation of SSL server certificate failed");
	cr_expect_not(is_known_to_server());
	config = config_by(&site, GOOD_HOST, ca.text);
	expect_applied(&site, &config);
	site_close(&site);
}

Test(tls, that_is_switched_off_but_wanted_by_the_server_is_what_the_message_is_about)
{
	struct served site;
	site_make(&site);
	struct path config = config_with(&site, GOOD_HOST, "ca.pem", "disable");
	expect_refused(&site, &config, served_by_postgresql() ? TRY_LATER : WRONG_CONFIG,
	    served_by_postgresql() ? "no encryption" : "not encrypted");
	config = config_with(&site, GOOD_HOST, "ca.pem", "verify-full");
	expect_applied(&site, &config);
	site_close(&site);
}

/* As with localhost, which often has two addresses. */
Test(tls, that_is_refused_behind_a_dead_host_is_in_the_message)
{
	struct served site;
	site_make(&site);
	struct path hosts = path_of("127.0.0.1:1,%s", GOOD_HOST);
	struct path config = config_with(&site, hosts.text, "other-ca.pem", "verify-full");
	expect_refused(&site, &config, TRY_LATER, "certificate");
	config = config_with(&site, hosts.text, "ca.pem", "verify-full");
	expect_applied(&site, &config);
	site_close(&site);
}
