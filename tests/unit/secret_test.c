/* Nothing of a URL that could be a secret is shown, however it was written. */
#include "enrold/secret.h"

#include <criterion/criterion.h>
#include <string.h>

/* Each has "s3cret", or parts of it, somewhere; `shown` has not. */
static const struct {
	const char *url, *shown;
	bool is_clear;
} urls[] = {
    {"postgresql://enrold:s3cret@db.example.org:5432/moodle",
        "postgresql://***:***@db.example.org:5432/moodle", true},
    {"postgresql://s3cret@db/moodle", "postgresql://***@db/moodle", true},
    {"mariadb://u:s3%40cret%2F@[::1]:3306/moodle?sslmode=verify-full&passfile=/etc/enrold/pass",
        "mariadb://***:***@[::1]:3306/moodle?sslmode=verify-full&passfile=/etc/enrold/pass", true},
    {"mariadb://u:p@s3cret@host/db", "mariadb://***:***@host/db", false},
    {"postgresql://u:p/s3cret@host/db", "postgresql://***", false},
    {"postgresql://u:123/s3cret@host/db", "postgresql://***", false},
    {"postgresql://u:s3/cret@host/db", "postgresql://***", false},
    {"postgresql://u:123?s3cret@host/db", "postgresql://***", true}, /* libpq refuses it */
    {"postgresql://u:s3?cret@host/db", "postgresql://***", false},
    {"postgresql://u:s3cret%40host/db", "postgresql://***", false},
    {"postgresql://u%3As3cret%40host/db", "postgresql://***", false},
    {"postgresql://u:s3cret/db", "postgresql://***", false},
    {"postgresql://u:s3#cret@host/db", "postgresql://***:***@host/db", true},
    {"postgresql://u:s3:cret@host/db", "postgresql://***:***@host/db", true},
    {"postgresql://u:s3cret@host/s3cret", "postgresql://***:***@host/***", true},
    {"postgresql://u:s3cret@s3cret/db", "postgresql://***", true},
    {"postgresql://u:s3cret@h/db?sslrootcert=/etc/s3%63ret.pem", "postgresql://***:***@h/db?***",
        true},
    {"postgresql://u:db@h/mydb", "postgresql://***:***@h/mydb", true},
    {"postgresql://host/db?sslpassword=s3cret", "postgresql://host/db?***", true},
    {"postgresql://host/db?sslmode=require&password=s3cret&port=5",
        "postgresql://host/db?sslmode=require&***&port=5", true},
    {"postgresql://host/db?PassWord=s3cret", "postgresql://host/db?***", true},
    {"postgresql://host/db?%70assword=s3cret", "postgresql://host/db?***", true},
    {"postgresql://host/db?s3cret", "postgresql://host/db?***", true},
    {"postgresql://host/db?options=-c%20x.y%3Ds3cret", "postgresql://host/db?***", true},
    {"postgresql://host/db?sslmode=a=s3cret", "postgresql://host/db?***", true},
    {"postgresql://host/db?dbname=postgresql://u:s3cret@h/d", "postgresql://***", true},
    {"postgresql://host/d b s3cret", "postgresql://host/***", true},
    {"postgresql://%2Frun%2Fpostgresql/db", "postgresql://%2Frun%2Fpostgresql/db", true},
    {"postgresql:///db?host=/run/postgresql", "postgresql:///db?host=/run/postgresql", true},
    {"postgresql://a:1,b:2/db", "postgresql://a:1,b:2/db", true},
    {"mysql://u:s3cret@host/db", "***", false},
    {"POSTGRESQL://u:s3cret@host/db", "***", false},
    {"sqlite:/var/lib/enrold/lms.db", "sqlite:/var/lib/enrold/lms.db", false},
    {"sqlite:/lms.db?key=s3cret", "sqlite:/lms.db?***", false},
    {"sqlite://u:s3cret@host/db", "sqlite:***", false},
    {"s3cret", "***", false},
    {"", "***", false},
};

Test(secret, of_a_url_is_not_shown_wherever_it_stands)
{
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct buffer shown = {0};
		secret_show_url(urls[i].url, &shown);
		buffer_add_char(&shown, '\0');
		cr_assert_not(shown.failed);
		cr_expect_str_eq(shown.bytes, urls[i].shown, "%s: %s", urls[i].url, shown.bytes);
		cr_expect_eq(secret_is_clear_url(urls[i].url), urls[i].is_clear, "%s", urls[i].url);
		buffer_done(&shown);
	}
}

static const struct {
	const char *url, *text, *hidden;
} texts[] = {
    {"postgresql://u:s3cret@h/db", "invalid port \"s3cret\" of s3cret",
        "invalid port \"***\" of ***"},
    {"postgresql://u:p%40s3@h/db", "host p@s3, p%40s3", "host ***, ***"},
    {"postgresql://h/db?sslmode=no&sslpassword=s3cret", "no s3cret", "no ***"},
    {"postgresql://h/db?S3", "what is S3?", "what is ***?"},
    {"postgresql://u:a@h/db", "a table, a=a", "*** table, ***=***"},
    {"postgresql://u:s3cret@h/db", "s3crets are not mine", "s3crets are not mine"},
    {"mariadb://h/db", "near '$6$rounds=10000$salt$abc/D.', 5", "near '***', 5"},
    {NULL, "(1, $2y$10$abcdefghijklmnopqrstuv, x)", "(1, *** x)"},
    {NULL, "it costs $5, or $1$", "it costs $5, or ***"},
    {"sqlite:/x", "/x: locked", "/x: locked"},
};

Test(secret, is_taken_out_of_what_others_say)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char text[240];
		strcpy(text, texts[i].text);
		secret_hide(text, sizeof text, texts[i].url);
		cr_expect_str_eq(text, texts[i].hidden, "case %zu: %s", i, text);
	}
}

Test(secret, is_taken_out_also_where_the_text_was_cut_in_the_middle_of_it)
{
	char text[16] = "said: it s3cret";
	secret_hide(text, sizeof text, "postgresql://u:s3cret-and-more@h/db");
	cr_expect_str_eq(text, "said: it ***");
	char full[8] = "abc a a";
	secret_hide(full, sizeof full, "postgresql://u:a@h/db");
	cr_expect_str_eq(full, "abc ***");
}

Test(secret, is_in_a_url_with_a_password_wherever_that_stands_and_not_in_one_with_a_name)
{
	static const struct {
		const char *url;
		bool is_in;
	} holders[] = {
	    {"postgresql://enrold@db/moodle?sslmode=verify-full", false},
	    {"mariadb://enrold@db/moodle?passfile=/etc/p", false},
	    {"sqlite:/var/lib/enrold/lms.db", false}, {"postgresql://enrold:x@db/moodle", true},
	    {"postgresql://enrold@db/moodle?password=x", true},
	    {"postgresql://db/moodle?user=enrold&password=x", true},
	    {"mysql://enrold:x@db/moodle", true}, /* whatever it is */
	};
	for (size_t i = 0; i < sizeof holders / sizeof *holders; i++)
		cr_expect_eq(
		    secret_is_in_url(holders[i].url), holders[i].is_in, "%s", holders[i].url);
}
