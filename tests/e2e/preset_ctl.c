/* What somebody does who has files, and wants to know what enrold would make of them: guess, show,
 * check; on a machine where nothing is set up. */
#include "files.h"
#include "program.h"
#include "zipped.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A folder of one's own, which is where one is. */
static struct path desk_make(void)
{
	const char *temporary = getenv("TMPDIR");
	struct path desk = path_of("%s/enrold-desk-XXXXXX", temporary ? temporary : "/tmp");
	cr_assert_not_null(mkdtemp(desk.text));
	cr_assert_eq(chdir(desk.text), 0);
	return desk;
}

static void desk_clear(const struct path *desk)
{
	cr_assert_eq(chdir("/"), 0);
	files_remove(desk->text);
}

static void put(const char *name, const char *text)
{
	files_write(name, text, strlen(text), 0640);
}

#define PRESET(...) ARGV("enrolctl", "--config", "none.yaml", "preset", __VA_ARGS__)

static const char users[] = "user_id,login_id,first_name,last_name,status\nE1,ada,Ada,B,active\n";
static const char enrollments[] = "course_id,user_id,role,status\nC1,E1,student,active\n";
static const char terms[] = "term_id,name,status\nT1,Autumn,active\n";
static const char own[] = "Personalnummer;Vorname;Nachname;Mail;Status;Kostenstelle\n"
                          "7;Ada;Byron;ada@example.org;Aktiv;4711\n"
                          "8;Bob;Cole;bob@example.org;Ruhend;4712\n";

static void expect_says(int status, const char *const *argv, const char *const *says)
{
	struct finished finished = program_expect(status, argv);
	for (; *says; says++)
		cr_expect(strstr(finished.out.bytes, *says), "no \"%s\" in:\n%s", *says,
		    finished.out.bytes);
	finished_done(&finished);
}

#define SAYS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(preset, of_files_is_guessed_and_a_piece_for_the_settings_is_given)
{
	struct path desk = desk_make();
	put("u.csv", users);
	put("e.csv", enrollments);
	put("t.csv", terms);
	expect_says(0, PRESET("guess", "u.csv", "e.csv", "t.csv"),
	    SAYS("# u.csv: canvas, users\n", "# e.csv: canvas, enrollments\n",
	        "# t.csv: canvas, terms: passed over, ", "\n    preset: canvas # "));
	expect_says(0,
	    ARGV("enrolctl", "--config", "none.yaml", "--json", "preset", "guess", "u.csv"),
	    SAYS("\"preset\":\"canvas\"", "\"kind\":\"users\""));
	desk_clear(&desk);
}

Test(preset, of_an_archive_is_that_of_the_files_within)
{
	struct path desk = desk_make();
	struct zipped zipped = {.count = 0};
	zipped_add(
	    &zipped, &(struct zipped_member){.name = "users.csv", .content = slice_of(users)});
	zipped_add(&zipped,
	    &(struct zipped_member){.name = "enrollments.csv", .content = slice_of(enrollments)});
	struct buffer archive = zipped_end(&zipped, false, "");
	files_write("night.zip", archive.bytes, archive.size, 0640);
	buffer_done(&archive);
	struct buffer packed = {0};
	gzipped_add(&packed, slice_of(users));
	files_write("staff.csv.gz", packed.bytes, packed.size, 0640);
	buffer_done(&packed);
	expect_says(0, PRESET("guess", "night.zip"),
	    SAYS("# users.csv: canvas, users\n", "# enrollments.csv: canvas, enrollments\n"));
	expect_says(0, PRESET("guess", "staff.csv.gz"), SAYS("# staff.csv: canvas, users\n"));
	desk_clear(&desk);
}

/* From an export that nobody knows to a preset that is well made, and knows it. */
Test(preset, of_ones_own_begins_with_what_guess_writes)
{
	struct path desk = desk_make();
	put("hr.csv", own);
	struct finished finished = program_expect(1, PRESET("guess", "hr.csv"));
	cr_expect(strstr(finished.out.bytes, "# hr.csv: no preset knows it; the nearest is "), "%s",
	    finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "\n        \"Vorname\": firstname\n"));
	cr_expect(strstr(finished.out.bytes, "\n        # \"Kostenstelle\": not used\n"));
	files_write("hr.yaml", finished.out.bytes, finished.out.size, 0640);
	finished_done(&finished);
	expect_says(0, PRESET("check", "hr.yaml"),
	    SAYS("Personalnummer -> idnumber\n", "Vorname -> firstname\n",
	        "\"Aktiv\" -> suspended \"0\"\n", "any other word is an error", "It is well made.",
	        path_of("    preset: %s/hr.yaml\n", desk.text).text));
	desk_clear(&desk);
}

Test(preset, that_is_not_well_made_is_refused_by_line_and_column)
{
	struct path desk = desk_make();
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"about: x\nkinds:\n  - name: people\n    has: [a]\n    fed: {}\n", "own.yaml:5:5: "},
	    {"about: x\nkinds:\n  - name: people\n    has: [a]\n    feed: { review: true }\n",
	        "own.yaml:5:13: "},
	    {"about: [\n", "own.yaml:"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		put("own.yaml", cases[i].text);
		struct finished finished = program_expect(78, PRESET("check", "own.yaml"));
		cr_expect(strstr(finished.err.bytes, cases[i].says), "%s", finished.err.bytes);
		finished_done(&finished);
	}
	struct finished finished = program_expect(78, PRESET("check", "missing.yaml"));
	cr_expect(strstr(finished.err.bytes, "cannot read missing.yaml"), "%s", finished.err.bytes);
	finished_done(&finished);
	desk_clear(&desk);
}

Test(preset, that_is_built_in_is_listed_and_shown_and_checked_when_it_was_copied)
{
	struct path desk = desk_make();
	expect_says(0, PRESET("list"), SAYS("canvas ", "oneroster "));
	expect_says(0, ARGV("enrolctl", "--config", "none.yaml", "--json", "preset", "list"),
	    SAYS("\"name\":\"canvas\""));
	struct finished finished = program_expect(0, PRESET("show", "canvas"));
	files_write("ours.yaml", finished.out.bytes, finished.out.size, 0640);
	finished_done(&finished);
	expect_says(
	    0, PRESET("check", "ours.yaml"), SAYS("user_id -> idnumber\n", "is passed over: "));
	expect_says(0,
	    ARGV("enrolctl", "--config", "none.yaml", "--json", "preset", "check", "ours.yaml"),
	    SAYS("\"user_id\":\"idnumber\""));
	expect_says(0,
	    ARGV("enrolctl", "--config", "none.yaml", "--json", "preset", "show", "canvas"),
	    SAYS("\"text\":\"# Canvas"));
	finished = program_expect(1, PRESET("show", "canvsa"));
	cr_expect(strstr(finished.err.bytes, "there is no preset canvsa; did you mean canvas?"),
	    "%s", finished.err.bytes);
	finished_done(&finished);
	desk_clear(&desk);
}

Test(preset, of_a_file_that_cannot_be_read_is_not_guessed)
{
	struct path desk = desk_make();
	put("secret.asc", "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n");
	put("broken.zip", "PK\3\4 and no more");
	files_make_directory("folder");
	static const struct {
		const char *name, *says;
	} cases[] = {
	    {"secret.asc", "it is encrypted"},
	    {"broken.zip", "broken.zip: "},
	    {"folder", "it is not a regular file"},
	    {"missing.csv", "cannot open missing.csv"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct finished finished = program_expect(1, PRESET("guess", cases[i].name));
		cr_expect(strstr(finished.err.bytes, cases[i].says), "%s", finished.err.bytes);
		finished_done(&finished);
	}
	desk_clear(&desk);
}
