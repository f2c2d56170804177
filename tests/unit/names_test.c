/* Names of files and of runs. */
#include "enrold/cut.h"
#include "enrold/error.h"
#include "enrold/names.h"
#include "enrold/runid.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define RUN "20261124-120000-000001"

Test(names, in_the_inbox_say_what_may_be_taken)
{
	static const struct {
		const char *name;
		enum name_kind kind;
	} cases[] = {
	    {"staff.csv", NAME_INPUT},
	    {"staff", NAME_INPUT},
	    {"caf\xC3\xA9.CSV", NAME_INPUT},
	    {"a b;c'd.csv", NAME_INPUT},
	    {".hidden.csv", NAME_IGNORED},
	    {"staff.csv~", NAME_IGNORED},
	    {"staff.csv.part", NAME_IGNORED},
	    {"staff.csv.FILEPART", NAME_IGNORED},
	    {"staff.csv.tmp", NAME_IGNORED},
	    {"staff.tmp.csv", NAME_IGNORED},
	    {"staff.csv.partial", NAME_IGNORED},
	    {"staff.partial.csv", NAME_IGNORED},
	    {"staff.uploading.csv", NAME_IGNORED},
	    {"gr\uFFFD\uFFFDe.csv", NAME_INPUT},
	    {"staff.csv.uploading", NAME_IGNORED},
	    {"staff.csv.rows", NAME_IGNORED},
	    {"staff.csv.swp", NAME_IGNORED},
	    {"staff.csv.crdownload", NAME_IGNORED},
	    {"staff.csv.sha256", NAME_IGNORED},
	    {"staff.csv.done", NAME_IGNORED},
	    {"part", NAME_INPUT},
	    {"a\nb.csv", NAME_REFUSED},
	    {"a\tb.csv", NAME_REFUSED},
	    {"a\x1B[31m.csv", NAME_REFUSED},
	    {"a\xFF.csv", NAME_REFUSED},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(name_classify(cases[i].name), cases[i].kind, "%s", cases[i].name);
}

Test(names, of_answers_carry_the_run)
{
	char name[FILE_NAME_SIZE];
	name_make(name, "staff.csv", RUN, ".result.csv");
	cr_expect_str_eq(name, "staff." RUN ".result.csv");
	name_make(name, "night.zip", RUN, ".result.csv");
	cr_expect_str_eq(name, "night." RUN ".result.csv");
	name_make(name, "staff.csv.gz.pgp", RUN, ".summary.json");
	cr_expect_str_eq(name, "staff." RUN ".summary.json");
	name_make(name, "foo.xyz", RUN, ".result.csv");
	cr_expect_str_eq(name, "foo.xyz." RUN ".result.csv");
	name_evade(name, "staff.csv", "2");
	cr_expect_str_eq(name, "staff.2.csv");
	name_evade(name, "staff.csv.csv", "2");
	cr_expect_str_eq(name, "staff.csv.2.csv");
	name_evade(name, "staff.csv.done", RUN);
	cr_expect_str_eq(name, "staff." RUN ".csv.done");
	name_evade(name, "a.csv.b.csv.done", "2");
	cr_expect_str_eq(name, "a.csv.b.2.csv.done");
	name_evade(name, "night.zip", "2");
	cr_expect_str_eq(name, "night.2.zip");
	name_evade(name, "staff.csv.gz.pgp.done", "2");
	cr_expect_str_eq(name, "staff.2.csv.gz.pgp.done");
	name_evade(name, "night." RUN ".zip.reason.txt", "2");
	cr_expect_str_eq(name, "night." RUN ".2.zip.reason.txt");
	name_evade(name, "staff", "2");
	cr_expect_str_eq(name, "staff.2");
	char longest[FILE_NAME_SIZE] = "a.csv.";
	memset(longest + 6, 'x', sizeof longest - 7);
	name_evade(name, longest, RUN);
	cr_expect_eq(strlen(name), FILE_NAME_SIZE - 1);
	cr_expect_str_eq(name + strlen(name) - strlen("xx." RUN), "xx." RUN);
}

/* As dropped, as archived, and as versions archived it that knew .csv alone; NULL: just so. */
static const struct {
	const char *dropped, *archived, *earlier;
} inputs[] = {
    {"staff.csv", "staff." RUN ".csv", NULL},
    {"staff", "staff." RUN ".csv", NULL},
    {"foo.xyz", "foo.xyz." RUN ".csv", NULL},
    {"foo.zip.xyz", "foo.zip.xyz." RUN ".csv", NULL},
    {"staff.csvs", "staff.csvs." RUN ".csv", NULL},
    {"staff.csv.csv", "staff.csv." RUN ".csv", NULL},
    {"STAFF.CSV", "STAFF." RUN ".CSV", "STAFF.CSV." RUN ".csv"},
    {"staff.txt", "staff." RUN ".txt", "staff.txt." RUN ".csv"},
    {"night.zip", "night." RUN ".zip", "night.zip." RUN ".csv"},
    {"Night.Zip.PGP", "Night." RUN ".Zip.PGP", "Night.Zip.PGP." RUN ".csv"},
    {"staff.csv.gz", "staff." RUN ".csv.gz", "staff.csv.gz." RUN ".csv"},
    {"staff.txt.gz.gpg", "staff." RUN ".txt.gz.gpg", "staff.txt.gz.gpg." RUN ".csv"},
    {"staff.csv.asc", "staff." RUN ".csv.asc", "staff.csv.asc." RUN ".csv"},
    {"2026.gz", "2026." RUN ".gz", "2026.gz." RUN ".csv"},
    {"staff.pgp", "staff." RUN ".pgp", "staff.pgp." RUN ".csv"},
    {"a.pgp.zip", "a.pgp." RUN ".zip", "a.pgp.zip." RUN ".csv"},
    {"staff." RUN ".retry.csv", "staff." RUN ".retry." RUN ".csv", NULL},
};

Test(names, of_inputs_keep_how_they_end)
{
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		char name[FILE_NAME_SIZE], run[RUN_ID_SIZE + 1];
		name_make_input(name, inputs[i].dropped, RUN, "");
		cr_expect_str_eq(name, inputs[i].archived);
		cr_expect(name_find_input(name, run), "%s", name);
		cr_expect_str_eq(run, RUN);
		cr_expect_not(name_find_beside(name, run), "%s", name);
		bool differs = name_make_earlier(name, inputs[i].dropped, RUN, ".csv");
		cr_expect_eq(differs, inputs[i].earlier != NULL, "%s", inputs[i].dropped);
		if (!differs)
			continue;
		cr_expect_str_eq(name, inputs[i].earlier);
		cr_expect(name_find_input(name, run), "%s", name);
	}
}

Test(names, of_what_lies_beside_an_input_are_its_own_with_an_ending_behind)
{
	static const char *const ends[] = {".done", ".sha256", ".rows", NAME_REASON};
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
		for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
			char name[FILE_NAME_SIZE], run[RUN_ID_SIZE + 1] = "";
			name_make_input(name, inputs[i].dropped, RUN, ends[k]);
			size_t size = strlen(inputs[i].archived);
			cr_expect_eq(strncmp(name, inputs[i].archived, size), 0, "%s", name);
			cr_expect_str_eq(name + size, ends[k]);
			cr_expect(name_find_beside(name, run), "%s", name);
			cr_expect_str_eq(run, RUN);
			cr_expect_not(name_find_input(name, run), "%s", name);
		}
}

Test(names, of_other_files_of_a_run_are_no_inputs)
{
	static const char *const names[] = {"staff." RUN ".result.csv", "staff." RUN ".cut.csv",
	    "staff." RUN ".plan.json", "staff." RUN ".result.csv.gz", "." RUN ".csv", RUN ".csv",
	    "staff" RUN ".csv", "staff.20261324-120000-000001.zip", ".zip", ""};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char run[RUN_ID_SIZE + 1];
		cr_expect_not(name_find_input(names[i], run), "%s", names[i]);
		cr_expect_not(name_find_beside(names[i], run), "%s", names[i]);
	}
}

Test(names, of_answers_say_of_which_run)
{
	static const struct {
		const char *name, *ending;
		bool is_run, is_answer;
	} cases[] = {
	    {"staff." RUN ".csv", ".csv", true, true},
	    {"staff." RUN ".result.csv", ".result.csv", true, true},
	    {"staff." RUN ".preview.result.csv", ".result.csv", false, true},
	    {"staff." RUN ".preview.result.csv", ".preview.result.csv", true, true},
	    {"staff." RUN ".result.csv.gz", ".result.csv", false, false},
	    {"staff" RUN ".csv", ".csv", false, false},
	    {"." RUN ".csv", ".csv", false, false},
	    {RUN ".csv", ".csv", false, false},
	    {"staff.20261324-120000-000001.csv", ".csv", false, false},
	    {".csv", ".csv", false, false},
	    {"", ".csv", false, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char run[RUN_ID_SIZE + 1] = "";
		cr_expect_eq(name_find_run(cases[i].name, cases[i].ending, run), cases[i].is_run,
		    "%s", cases[i].name);
		cr_expect_eq(name_find_answer(cases[i].name, cases[i].ending, run),
		    cases[i].is_answer, "%s", cases[i].name);
		if (cases[i].is_answer)
			cr_expect_str_eq(run, RUN);
	}
}

Test(names, of_retry_files_say_where_their_rows_come_from)
{
	static const struct {
		const char *name, *file; /* NULL: no such name */
	} cases[] = {
	    {"staff." RUN ".retry.csv", "staff.csv"},
	    {"a.b." RUN ".preview.retry.csv", "a.b.csv"},
	    {"staff." RUN ".retry.csv.gz", "staff.csv"},
	    {"staff." RUN ".preview.retry.csv.pgp", "staff.csv"},
	    {"staff." RUN ".retry.zip", NULL},
	    {"staff." RUN ".result.csv", NULL},
	    {"staff.retry.csv", NULL},
	    {"." RUN ".retry.csv", NULL},
	    {"staff.20261124-120000-00000x.retry.csv", NULL},
	    {"staff-" RUN ".retry.csv", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char file[FILE_NAME_SIZE], run[FILE_NAME_SIZE];
		bool is_retry = name_find_origin(cases[i].name, file, run);
		cr_expect_eq(is_retry, cases[i].file != NULL, "%s", cases[i].name);
		if (!is_retry)
			continue;
		cr_expect_str_eq(file, cases[i].file);
		cr_expect_str_eq(run, RUN);
	}
}

Test(names, of_answers_show_all_that_is_in_them)
{
	char name[FILE_NAME_SIZE];
	name_make_input(name, "a\u202Evsc.exe.csv", RUN, "");
	cr_expect_str_eq(name, "a_vsc.exe." RUN ".csv");
	name_make(name, "\u2028\u200B\u2066x\uFEFF.csv", RUN, ".result.csv");
	cr_expect_str_eq(name, "___x_." RUN ".result.csv");
}

Test(names, too_long_are_cut_between_characters)
{
	char input[FILE_NAME_SIZE], name[FILE_NAME_SIZE];
	for (size_t shift = 0; shift < 2; shift++) {
		memset(input, 'x', shift);
		for (size_t i = shift; i + 2 < FILE_NAME_SIZE; i += 2)
			memcpy(input + i, "\xC3\xA9", 3);
		name_make(name, input, RUN, ".summary.json");
		cr_expect_leq(strlen(name), 255);
		cr_expect_geq(strlen(name), 254);
		cr_expect_eq(name_classify(name), NAME_INPUT, "half a character is left");
		cr_expect(strstr(name, "." RUN ".summary.json"));
	}
}

Test(runid, is_what_it_is_printed_as)
{
	static const char *const strange[] = {"", "x", "20261124-120000-00001",
	    "20261124-120000-0000011", "20260231-120000-000001", "20261124-250000-000001",
	    "20261124 120000 000001", "-0261124-120000-000001", "+0261124-120000-000001"};
	int64_t us;
	char id[RUN_ID_SIZE + 1];
	cr_assert(run_id_parse(RUN, &us));
	run_id_format(us, id);
	cr_expect_str_eq(id, RUN);
	for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
		cr_expect_not(run_id_parse(strange[i], &us), "%s", strange[i]);
}

Test(runid, grows_whatever_the_clock_does)
{
	static const int64_t clock[] = {1000, 1000, 999, 5, 2000};
	struct run_ids ids;
	char last[RUN_ID_SIZE + 1] = "19700101-000000-000999", id[RUN_ID_SIZE + 1];
	run_ids_init(&ids);
	run_ids_note(&ids, last);
	run_ids_note(&ids, "no id at all");
	for (size_t i = 0; i < sizeof clock / sizeof *clock; i++) {
		run_ids_next(&ids, clock[i], id);
		cr_expect_gt(strcmp(id, last), 0, "%s after %s", id, last);
		memcpy(last, id, sizeof last);
	}
	cr_expect_str_eq(last, "19700101-000000-002000");
	run_ids_done(&ids);
}

Test(names, are_cut_between_letters_whatever_the_length)
{
	static const char text[] = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z"; /* 1, 2, 3, 4, 1 */
	static const size_t lengths[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
	for (size_t max = 0; max < sizeof lengths / sizeof *lengths; max++)
		cr_expect_eq(cut_length(slice_of(text), max), lengths[max], "%zu", max);
	static const char no_text[] = "\x80\x80\x80\x80\x80\x80\x80\x80";
	cr_expect_eq(cut_length(slice_of(no_text), 6), 2);
	cr_expect_eq(cut_length(slice_of(no_text), 20), 8);
}

Test(error, is_one_line_whatever_it_quotes)
{
	struct error inner = error_reject("unknown_column", 1, "unknown column %s", "a\r\nb\tc");
	struct error outer = error_wrap(inner, "%s", "two\nlines.csv");
	cr_expect_str_eq(outer.text, "two lines.csv: unknown column a  b c");
}

Test(names, of_what_enrold_has_made_are_no_files_of_a_feed)
{
	static const struct {
		const char *name;
		bool is_made;
	} names[] = {{"release-20261127-101112-131415.csv", true},
	    {"discard-20261127-101112-131415.csv", true}, {"undo-20261127-101112-131415.csv", true},
	    {"prune-20261127.csv", true}, {"accept-20261127.csv", true}, {"prune-1.csv", false},
	    {"due-20261127.csv", true}, {"due-2026112.csv", false}, {"release-1.csv", false},
	    {"release-20261127-101112-131415", false}, {"undo-20261127-101112-13141x.csv", false},
	    {"undo-20261127-101112-131415.csv.done", false}, {"undo-", false}, {"", false},
	    {"undone-20261127-101112-131415.csv", false},
	    {"staff.20261127-101112-131415.csv", false}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		cr_expect_eq(name_is_made(names[i].name), names[i].is_made, "%s", names[i].name);
}
