/* What nobody may read, and what everybody must be able to see, in all that the programs say. */
#include "law.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* ---- URLs ---- */

/* "s3cret" is, or is a part of, what is secret in each. */
static const char *const urls[] = {
    "mariadb://u:p@s3cret@127.0.0.1:1/db",
    "mariadb://u:s3cret@127.0.0.1:1/db?socket=/nonexistent/socket",
    "mariadb://u:x%40s3cret@127.0.0.1:1/db?sslmode=disable",
    "mariadb://u@127.0.0.1:1/db?password=s3cret",
    "mariadb://u@127.0.0.1:1/db?s3cret",
    "postgresql://u:p/s3cret@127.0.0.1:1/db",
    "postgresql://u:p@s3cret@127.0.0.1:1/db",
    "postgresql://u:s3cret/db",
    "postgresql://u:s3cret@127.0.0.1:1/db",
    "postgresql://u:x%2Fs3cret@127.0.0.1:1/db",
    "postgresql://127.0.0.1:1/db?user=u&password=s3cret",
    "postgresql://127.0.0.1:1/db?sslpassword=s3cret",
    "postgresql://127.0.0.1:1/db?PASSWORD=s3cret",
    "postgresql://127.0.0.1:1/db?options=-c%20a%3Ds3cret",
    "sqlite://u:s3cret@127.0.0.1/db",
    "sqlite:/nonexistent/db?key=s3cret",
    "mysql://u:s3cret@127.0.0.1/db",
    "s3cret",
};

enum { URLS = sizeof urls / sizeof *urls };

static void silence_expect(const char *url, const char *const *argv)
{
	struct finished finished = program_run(argv);
	cr_expect(finished.out.size + finished.err.size > 0, "%s", url);
	cr_expect_null(strstr(finished.out.bytes, "s3cret"), "%s: %s", url, finished.out.bytes);
	cr_expect_null(strstr(finished.err.bytes, "s3cret"), "%s: %s", url, finished.err.bytes);
	finished_done(&finished);
}

static struct path url_configure(const struct rig *rig, const char *url)
{
	struct path config = path_of("%s/url.yaml", rig->root.text);
	struct path text =
	    path_of("spool: %s\nnode: " RIG_NODE "\nstop_timeout: 1s\nlms: { url: \"%s\" }\n",
	        rig->directory.text, url);
	files_write(config.text, text.text, strlen(text.text), 0640);
	return config;
}

Test(secrets, of_a_url_are_said_by_no_command_and_no_log)
{
	struct rig rig;
	rig_make(&rig, NULL);
	for (int i = 0; i < URLS; i++) {
		struct path config = url_configure(&rig, urls[i]);
		const char *c = config.text;
		silence_expect(urls[i], ARGV("enrold", "--config", c, "--check"));
		silence_expect(urls[i], ARGV("enrolctl", "--config", c, "lms", "check"));
		silence_expect(urls[i], ARGV("enrolctl", "--config", c, "--json", "lms", "check"));
		silence_expect(urls[i], ARGV("enrolctl", "--config", c, "lms", "init"));
		silence_expect(urls[i], ARGV("enrolctl", "--config", c, "reconcile"));
		silence_expect(urls[i], ARGV("enrold", "--config", c, "--once"));
	}
	law_close(&rig);
}

/* ---- hashes ---- */

/* A site's own triggers and checks may quote what they refuse. */
Test(secrets, that_the_database_quotes_are_not_repeated)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.settings = "stop_timeout: 1s\n",
	                   .feeds = "  default: { upload_type: add_or_update }\n"});
	rig_execute(&rig,
	    "CREATE TRIGGER quotes BEFORE INSERT ON mdl_user BEGIN "
	    "SELECT raise(ABORT, 'not this: $6$rounds=10000$salt.s3cret/hash$ here'); END");
	rig_drop(&rig, "staff.csv",
	    "username,firstname,lastname,email,password\nnew1,N,One,n@x.example,Geheim-1-s3cret\n");
	struct finished finished =
	    program_run(ARGV("enrold", "--config", rig.config.text, "--once"));
	cr_expect(strstr(finished.err.bytes, "not this: *** here"), "%s", finished.err.bytes);
	cr_expect_null(strstr(finished.err.bytes, "s3cret"), "%s", finished.err.bytes);
	finished_done(&finished);
	rig_execute(&rig, "DROP TRIGGER quotes");
	rig_once(&rig);
	law_close(&rig);
}

/* ---- names ---- */

#define TURNED "a\u202Evsc.exe"
#define BROKEN "b\u2028\u200B\u2066"

Test(secrets, in_names_are_seen_in_the_log_the_status_and_the_outbox)
{
	struct rig rig;
	struct service service;
	struct reply reply;
	rig_make(&rig, NULL);
	service_start(&service, &rig);
	rig_drop(&rig, TURNED ".csv", "username,course1\np1,C1\nnobody,C1\n");
	rig_drop(&rig, BROKEN ".csv", "no header\n");
	service_await(&service, &rig, "", 2);
	service_await_idle(&service, &rig);
	struct buffer said = program_said(service.program.err);
	cr_expect(strstr(said.bytes, "\"file\":\"a\\\\u202evsc.exe.csv\""), "%s", said.bytes);
	cr_expect(
	    strstr(said.bytes, "\"file\":\"b\\\\u2028\\\\u200b\\\\u2066.csv\""), "%s", said.bytes);
	cr_expect_null(strstr(said.bytes, "\u202E"), "%s", said.bytes);
	cr_expect_null(strstr(said.bytes, "\u2028"), "%s", said.bytes);
	buffer_done(&said);
	service_stop(&service);
	reply_open(&reply, &rig, TURNED ".csv", 0);
	cr_expect_str_eq(
	    path_base(reply.result_path.text), path_of("a_vsc.exe.%s.result.csv", reply.run).text);
	reply_close(&reply);
	static const char *const places[] = {"outbox", "archive", "quarantine"};
	for (size_t i = 0; i < 3; i++) {
		struct listing listing = files_list(rig_path(&rig, "%s", places[i]).text);
		cr_expect_gt(listing.count, 0);
		for (size_t j = 0; j < listing.count; j++)
			cr_expect_null(strstr(listing.entries[j].path, "\u202E"), "%s",
			    listing.entries[j].path);
		for (size_t j = 0; j < listing.count; j++)
			cr_expect_null(strstr(listing.entries[j].path, "\u2028"), "%s",
			    listing.entries[j].path);
		listing_done(&listing);
	}
	law_close(&rig);
}
