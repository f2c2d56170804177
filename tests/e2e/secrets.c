/* What nobody may read, and what everybody must be able to see, in all that the programs say. */
#include "answer.h"
#include "law.h"
#include "service.h"

#include <criterion/criterion.h>
#include <stdio.h>

TestSuite(secrets, .timeout = 300);

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

static struct path url_configure(const struct spool *spool, const char *url)
{
	struct path config = path_of("%s/url.yaml", spool->root.text);
	struct path text =
	    path_of("spool: %s\nnode: " SPOOL_NODE "\nstop_timeout: 1s\nlms: { url: \"%s\" }\n",
	        spool->directory.text, url);
	files_write(config.text, text.text, strlen(text.text), 0640);
	return config;
}

Test(secrets, of_a_url_are_said_by_no_command_and_no_log)
{
	struct spool spool;
	spool_make(&spool, NULL);
	for (int i = 0; i < URLS; i++) {
		struct path config = url_configure(&spool, urls[i]);
		const char *c = config.text;
		silence_expect(urls[i], ARGV("enrold", "--config", c, "--check"));
		silence_expect(urls[i], ARGV("enrolctl", "--config", c, "lms", "check"));
		silence_expect(urls[i], ARGV("enrolctl", "--config", c, "--json", "lms", "check"));
		silence_expect(urls[i], ARGV("enrolctl", "--config", c, "lms", "init"));
		silence_expect(urls[i], ARGV("enrolctl", "--config", c, "reconcile"));
		silence_expect(urls[i], ARGV("enrold", "--config", c, "--once"));
	}
	law_close(&spool);
}

/* ---- hashes ---- */

/* A site's own triggers and checks may quote what they refuse. */
Test(secrets, that_the_database_quotes_are_not_repeated)
{
	struct spool spool;
	spool_make(&spool, &(struct spool_options){.settings = "stop_timeout: 1s\n",
	                       .feeds = "  default: { upload_type: add_or_update }\n"});
	spool_execute(&spool,
	    "CREATE TRIGGER quotes BEFORE INSERT ON mdl_user BEGIN "
	    "SELECT raise(ABORT, 'not this: $6$rounds=10000$salt.s3cret/hash$ here'); END");
	spool_drop(&spool, "staff.csv",
	    "username,firstname,lastname,email,password\nnew1,N,One,n@x.example,Geheim-1-s3cret\n");
	struct finished finished =
	    program_run(ARGV("enrold", "--config", spool.config.text, "--once"));
	cr_expect(strstr(finished.err.bytes, "not this: *** here"), "%s", finished.err.bytes);
	cr_expect_null(strstr(finished.err.bytes, "s3cret"), "%s", finished.err.bytes);
	finished_done(&finished);
	spool_execute(&spool, "DROP TRIGGER quotes");
	spool_once(&spool);
	law_close(&spool);
}

/* ---- names ---- */

#define TURNED "a\u202Evsc.exe"
#define BROKEN "b\u2028\u200B\u2066"

Test(secrets, in_names_are_seen_in_the_log_the_status_and_the_outbox)
{
	struct spool spool;
	struct service service;
	struct answer answer;
	spool_make(&spool, NULL);
	service_start(&service, &spool);
	spool_drop(&spool, TURNED ".csv", "username,course1\np1,C1\nnobody,C1\n");
	spool_drop(&spool, BROKEN ".csv", "no header\n");
	service_await(&service, &spool, "", 2);
	service_await_idle(&service, &spool);
	struct buffer said = program_said(service.program.err);
	cr_expect(strstr(said.bytes, "\"file\":\"a\\\\u202evsc.exe.csv\""), "%s", said.bytes);
	cr_expect(
	    strstr(said.bytes, "\"file\":\"b\\\\u2028\\\\u200b\\\\u2066.csv\""), "%s", said.bytes);
	cr_expect_null(strstr(said.bytes, "\u202E"), "%s", said.bytes);
	cr_expect_null(strstr(said.bytes, "\u2028"), "%s", said.bytes);
	buffer_done(&said);
	service_stop(&service);
	answer_open(&answer, &spool, TURNED ".csv", 0);
	cr_expect_str_eq(path_base(answer.result_path.text),
	    path_of("a_vsc.exe.%s.result.csv", answer.run).text);
	answer_close(&answer);
	static const char *const places[] = {"outbox", "archive", "quarantine"};
	for (size_t i = 0; i < 3; i++) {
		struct listing listing = files_list(spool_path(&spool, "%s", places[i]).text);
		cr_expect_gt(listing.count, 0);
		for (size_t j = 0; j < listing.count; j++)
			cr_expect_null(strstr(listing.entries[j].path, "\u202E"), "%s",
			    listing.entries[j].path);
		for (size_t j = 0; j < listing.count; j++)
			cr_expect_null(strstr(listing.entries[j].path, "\u2028"), "%s",
			    listing.entries[j].path);
		listing_done(&listing);
	}
	law_close(&spool);
}
