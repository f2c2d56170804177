/* composer: the files of an archive as one text; and a file of whose rows only some count. */
#include "enrold/buffer.h"
#include "enrold/compose.h"
#include "enrold/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define LIST(...)                                                                                  \
	{                                                                                          \
		.items = (const char *const[]){__VA_ARGS__},                                       \
		.count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *),        \
		.is_given = true                                                                   \
	}

enum { FIELD_MAX = 200, DAY = 86400, NOW = 1767225600 /* 2026-01-01 */ };

static const struct preset_kind users = {.name = "users",
    .policy = {.match_by = MATCH_IDNUMBER,
        .columns = LIST("user_id", "idnumber", "login_id", "username", "mail", "email"),
        .values = LIST("status", "deleted", "suspended", "1"),
        .empty = LIST("NO_MANAGER", "****")}};
static const struct preset_kind enrollments = {.name = "enrollments",
    .policy = {.match_by = MATCH_IDNUMBER,
        .columns = LIST("user_id", "idnumber", "course_id", "course1", "section_id", "group1"),
        .values = LIST("status", "active", "enrolstatus1", "0")}};
static const struct preset_kind teachers = {.name = "teachers",
    .policy = {.match_by = MATCH_IDNUMBER,
        .columns = LIST("sis id", "idnumber", "section", "course1"),
        .set = LIST("role1", "editingteacher")}};
static const struct preset_kind jobs = {.name = "jobs",
    .policy = {.match_by = MATCH_IDNUMBER,
        .columns = LIST("EMPLID", "idnumber"),
        .newest_by = "EFFDT",
        .unknown_columns = UNKNOWN_IGNORE}};
static const struct preset_kind lists = {.name = "lists",
    .policy = {.match_by = MATCH_IDNUMBER,
        .columns = LIST("id", "idnumber", "courses", "course1", "groups", "group1", "sites",
            "cohort2", "role", "role1"),
        .split = LIST("courses", ";", "groups", ";", "Sites", ", "),
        .empty = LIST("none")}};
static const struct preset_kind lines = {.name = "lines",
    .policy = {.match_by = MATCH_IDNUMBER,
        .header = HEADING_NONE,
        .positions = LIST("action", "idnumber", "course1", "role1?"),
        .encoding = "latin1",
        .delimiter = "semicolon",
        .skip_lines = 1}};

/* One more than FIELD_MAX. */
#define TWENTY(c) c c c c c c c c c c c c c c c c c c c c
#define LONG_CELL TWENTY("xxxxxxxxxx") "x"
#define LONG_DASHES TWENTY("----------") "-"

struct file {
	const char *name;
	const struct preset_kind *kind;
	const char *text;
};

static struct error on_text(void *context, struct slice text)
{
	buffer_add(context, text.bytes, text.size);
	return OK;
}

/* In pieces of that size. */
static struct error pass_run(struct composer *composer, enum compose_pass pass,
    const struct slice *texts, size_t count, size_t piece)
{
	struct error error = OK;
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		error = composer_begin(composer, pass, i);
		for (size_t at = 0; at < texts[i].size && !is_error(&error); at += piece)
			error = composer_feed(composer, texts[i].bytes + at,
			    texts[i].size - at < piece ? texts[i].size - at : piece);
		if (!is_error(&error))
			error = composer_end(composer);
	}
	return error;
}

static struct error compose(struct compose_member *members, const struct slice *texts, size_t count,
    size_t piece, struct buffer *out)
{
	const struct compose_terms terms = {members, count, FIELD_MAX, NOW};
	struct composer *composer = NULL;
	buffer_clear(out);
	struct error error = composer_create(&terms, on_text, out, &composer);
	if (!is_error(&error))
		error = pass_run(composer, COMPOSE_LOOK, texts, count, piece);
	if (!is_error(&error))
		error = pass_run(composer, COMPOSE_WRITE, texts, count, piece);
	composer_free(composer);
	buffer_add_char(out, '\0');
	return error;
}

static const struct {
	const char *what;
	struct file files[3];
	const char *text;   /* or the error's code and text */
	const char *counts; /* of each member "first_line+lines:records-older@older_line" */
} cases[] = {
    {"columns of one name are one, and words keep their kind",
        {{"users.csv", &users, "user_id,login_id,status,mail\nE1,alice,deleted,a@x.org\n"},
            {"enrollments.csv", &enrollments,
                "COURSE_ID,user_id,Status,note\nSAFETY,E1,active,\"a \"\"b\"\"\n c\"\n"
                "ETHICS,E2,,\n"}},
        "#line,idnumber,username,users.status,email,course1,enrollments.status,enrollments.note\n"
        "2,E1,alice,deleted,a@x.org,,,\n"
        "4,E1,,,,SAFETY,active,\"a \"\"b\"\"\n c\"\n"
        "6,E2,,,,ETHICS,,\n",
        "1+2:1-0@0 3+4:2-0@0"},
    {"lines go on behind those of a file without a last newline, and blank ones",
        {{"a", &users, "\r\nuser_id,login_id\r\n\r\nE1,alice"},
            {"b", &users, "user_id,login_id\n,\nE2,bob\n\n\n"},
            {"c", &users, "user_id,login_id\rE3,carol"}},
        "#line,idnumber,username\n4,E1,alice\n7,E2,bob\n11,E3,carol\n",
        "1+4:1-0@0 5+5:1-0@0 10+2:1-0@0"},
    {"what is set, where the file has no such column",
        {{"t.csv", &teachers, "Section,SIS ID\nS1,T1\n"},
            {"u.csv", &users, "user_id,role1\nE1,student\n"}},
        "#line,course1,idnumber,role1\n2,S1,T1,editingteacher\n4,,E1,student\n",
        "1+2:1-0@0 3+2:1-0@0"},
    {"words that mean empty, in files of that kind only",
        {{"u", &users, "user_id,login_id\nE1, no_manager \n****,\"****\"\n"},
            {"e", &enrollments, "user_id,course_id\nNO_MANAGER,x\n"}},
        "#line,idnumber,username,course1\n2,E1,,\n3,,,\n5,NO_MANAGER,,x\n", NULL},

    {"a broken row stays one", {{"u", &users, "user_id,login_id\n\"a\nb\"x,\"c\"\nE2,bob\n"}},
        "#line,idnumber,username\n2 broken,\"\"\"a\nb\"\"x,\"\"c\"\"\"\n4,E2,bob\n", "1+4:2-0@0"},
    {"rows with too few cells and too many stay so",
        {{"u", &users, "user_id,login_id\nE1,a\n"},
            {"e", &enrollments,
                "course_id,user_id,section_id\nSAFETY,E1\nSAFETY,E1,G,x\nSAFETY,E1,G,,\n"}},
        "#line,idnumber,username,course1,group1\n2,E1,a,,\n4,SAFETY,E1\n5,E1,,SAFETY,G,x\n"
        "6,E1,,SAFETY,G,,\n",
        NULL},
    {"a column without a name", {{"u", &users, "user_id,,login_id,\nE1,,a\nE2,,b,\nE3\n"}},
        "#line,idnumber,,username,\n2,E1,,a,\n3,E2,,b,\n4,E3\n", NULL},
    {"one column twice in a file is two, for the header to be refused",
        {{"u", &users, "user_id,login_id,USER_ID\nE1,a,E2\n"}},
        "#line,idnumber,username,idnumber\n2,E1,a,E2\n", NULL},
    {"bytes that are no text", {{"u", &users, "user_id,login_id\nE1,\xC3\x28\n"}},
        "#line,idnumber,username\n2,E1,\xC3(\n", NULL},

    {"the newest row of each, by the later line where two are of one day",
        {{"jobs.csv", &jobs,
            "EMPLID,EFFDT,JOB\n1,2025-01-01,a\n2,2025-05-01,b\n1,2025-03-01,c\n"
            "1,2025-02-01,d\n2,2025-05-01,e\n3,2030-01-01,f\n4,2026-01-01,g\n"}},
        "#line,idnumber,jobs.EFFDT,jobs.JOB\n4,1,2025-03-01,c\n6,2,2025-05-01,e\n"
        "8,4,2026-01-01,g\n",
        "1+8:7-4@2"},
    {"of all files of one kind",
        {{"a", &jobs, "EMPLID,EFFDT\n1,2025-01-01\n2,2025-01-01\n"},
            {"u", &users, "user_id,login_id\n1,x\n"},
            {"b", &jobs, "EMPLID,EFFDT\n2,2024-01-01\n1,2025-03-01\n"}},
        "#line,idnumber,jobs.EFFDT,username\n3,2,2025-01-01,\n5,1,,x\n8,1,2025-03-01,\n",
        "1+3:2-1@2 4+2:1-0@0 6+3:2-1@7"},
    {"whoever a row does not name, or what is broken, counts for itself",
        {{"a", &jobs, "EMPLID,EFFDT\n,x\n1,2025-01-01\n1\n\"1\"x\n1,2024-01-01,y\n,x\n"}},
        "#line,idnumber,jobs.EFFDT\n2,,x\n3,1,2025-01-01\n4,1\n5 broken,\"\"\"1\"\"x\"\n"
        "6,1,2024-01-01,y\n7,,x\n",
        NULL},
    {"a row without a date is bad by itself, and the others of its key count without it",
        {{"u", &users, "user_id,login_id\n1,x\n"},
            {"a", &jobs,
                "EMPLID,JOB,EFFDT\n1,a,2025-01-01\n1,b,soon\n2,c,\n1,d,2024-01-01\n"
                "3,e,2030-01-01\n"}},
        "#line,idnumber,username,jobs.JOB,jobs.EFFDT\n2,1,x,,\n4,1,,a,2025-01-01\n"
        "5 undated 3,1,,b,soon\n6 undated 3,2,,c,\n",
        "1+2:1-0@0 3+6:5-2@7"},
    {"of one with a cell that is too long nothing is known",
        {{"a", &jobs, "EMPLID,JOB,EFFDT\n1,a,2025-01-01\n1," LONG_CELL ",soon\n"}},
        "#line,idnumber,jobs.JOB,jobs.EFFDT\n2,1,a,2025-01-01\n3 long,1," LONG_DASHES ",soon\n",
        "1+3:2-0@0"},
    {"no row with a date", {{"jobs.csv", &jobs, "EMPLID,EFFDT\n,2025-01-01\n2,soon\n3,\n"}},
        "compose_newest@3 jobs.csv: line 3 has 'soon' for a date in the column 'EFFDT', by which "
        "newest_by finds each person's newest row: correct it, or name its form in the feed's "
        "dates",
        NULL},
    {"no column of dates", {{"jobs.csv", &jobs, "EMPLID,JOB\n"}},
        "compose_newest@1 jobs.csv: the file has no column 'EFFDT', by which newest_by finds each "
        "person's newest row",
        NULL},
    {"no column of people", {{"jobs.csv", &jobs, "EFFDT,JOB\n"}},
        "compose_newest@1 jobs.csv: the file has no column idnumber, by which newest_by tells "
        "whose rows they are: add it, or see whether the feed's match_by is right",
        NULL},

    {"values of one cell as rows, with what has their number",
        {{"l", &lists,
            "id,courses,groups,sites,role,city\n"
            "1,A;B; C,\"g;h\",\"x, y\",teacher,Bern\n"
            "2,A;;B;,g,,teacher,\n3,none; A,none,,,\n4,;,,,,\n5,A,g,x,,\n"}},
        "#line,idnumber,course1,group1,cohort2,role1,city\n"
        "2,1,A,g,x,teacher,Bern\n2,1,B,h,y,teacher,\n2,1,C,,,teacher,\n"
        "3,2,A,g,,teacher,\n3,2,B,g,,teacher,\n4,3,A,,,,\n5,4,,,,,\n6,5,A,g,x,,\n",
        "1+6:5-0@0"},
    {"a file without headings, in its own characters",
        {{"f.txt", &lines, "#\nadd;1;B\xE4r;student\ndel;2;C\n"}},
        "#line,lines.action,idnumber,course1,role1\n2,add,1,B\xC3\xA4r,student\n3,del,2,C,\n",
        "1+3:2-0@0"},
    {"headings stay as they are where there is no kind",
        {{NULL, NULL, "Status,user_id\nNO_MANAGER,x\n"}}, "#line,Status,user_id\n2,NO_MANAGER,x\n",
        "1+2:1-0@0"},
    {"a column that is called as ours is another", {{NULL, NULL, "#line,user_id\n7,x\n"}},
        "#line,#line,user_id\n2,7,x\n", NULL},

    {"nothing", {{"u.csv", &users, ""}},
        "empty_file@0 u.csv: the file is empty: its first line must name the columns", NULL},
    {"a quote that stays open", {{"u.csv", &users, "user_id,login_id\nE1,\"a\n"}},
        "quote_open@2 u.csv: a quote that opens in line 2 is still open at the end of the file, "
        "which may have been cut short: send it whole, or add the closing quote",
        NULL},
    {"a header that is broken", {{"u.csv", &users, "\"user_id\"x,login_id\n"}},
        "header_broken@1 u.csv: the header has text after a closing quote: correct its quotes",
        NULL},
};

enum { CASES = sizeof cases / sizeof *cases, FILES_MAX = 3 };

static const struct policy plain = {.match_by = MATCH_IDNUMBER};

static size_t members_make(
    size_t at, struct compose_member members[FILES_MAX], struct slice texts[FILES_MAX])
{
	size_t count = 0;
	for (; count < FILES_MAX && cases[at].files[count].text; count++) {
		const struct file *file = &cases[at].files[count];
		members[count] = (struct compose_member){.name = file->name,
		    .kind = file->kind,
		    .policy = file->kind ? &file->kind->policy : &plain};
		texts[count] = slice_of(file->text);
	}
	return count;
}

static void counts_check(size_t at, const struct compose_member *members, size_t count)
{
	char text[256] = "";
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text),
		    "%s%llu+%llu:%llu-%llu@%llu", i > 0 ? " " : "",
		    (unsigned long long)members[i].first_line, (unsigned long long)members[i].lines,
		    (unsigned long long)members[i].records, (unsigned long long)members[i].older,
		    (unsigned long long)members[i].older_line);
	cr_expect_str_eq(text, cases[at].counts, "%s: %s", cases[at].what, text);
}

Test(composer, makes_one_text_of_files)
{
	for (size_t i = 0; i < CASES; i++)
		for (size_t piece = 1; piece < 100; piece += 97) {
			struct compose_member members[FILES_MAX];
			struct slice texts[FILES_MAX];
			struct buffer out = {0};
			size_t count = members_make(i, members, texts);
			struct error error = compose(members, texts, count, piece, &out);
			if (is_error(&error)) {
				buffer_clear(&out);
				buffer_print(&out, "%s@%llu %s", error.code,
				    (unsigned long long)error.line, error.text);
				buffer_add_char(&out, '\0');
			} else if (cases[i].counts) {
				counts_check(i, members, count);
			}
			cr_expect_str_eq(
			    out.bytes, cases[i].text, "%s: %s", cases[i].what, out.bytes);
			buffer_done(&out);
		}
}

/* ---- one file is read as it would be by itself ---- */

static struct error on_header(void *context, const struct header *header)
{
	for (size_t i = 0; i < header->written_count; i++)
		buffer_print(context, "%.*s|", SLICE_ARG(header->columns[i].name));
	return OK;
}

/* A row that has fewer cells than columns without a name has them empty. */
static struct error on_record(void *context, const struct csvin_record *record)
{
	size_t count = record->cells_count;
	while (count > 0 && record->cells[count - 1].bytes && record->cells[count - 1].size == 0)
		count--;
	buffer_print(context, "\n%llu %d:", (unsigned long long)record->line, record->fault);
	/* The raw text of a broken one is kept up to there. */
	if (record->fault == CSVIN_BROKEN && record->cells[0].size >= FIELD_MAX)
		count = 0;
	for (size_t i = 0; i < count; i++)
		if (record->cells[i].bytes)
			buffer_print(context, "%.*s|", SLICE_ARG(record->cells[i]));
		else
			buffer_print(context, "(cut)|");
	return OK;
}

static struct error read_back(
    const struct policy *policy, bool is_composed, struct slice text, struct buffer *out)
{
	const struct reader_terms terms = {policy, NULL, FIELD_MAX, is_composed};
	const struct reader_visitor visitor = {on_header, on_record, out};
	struct reader reader;
	buffer_clear(out);
	struct error error = reader_open(&reader, &terms, visitor);
	if (!is_error(&error))
		error = reader_feed(&reader, text.bytes, text.size);
	if (!is_error(&error))
		error = reader_finish(&reader);
	buffer_print(out, "\n%s %llu", error.code, (unsigned long long)reader.records);
	reader_close(&reader);
	buffer_add_char(out, '\0');
	return error;
}

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
	*seed = *seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)*seed * sides >> 32);
}

static void text_make(struct buffer *text, uint32_t seed)
{
	static const char *const pieces[] = {"a", "b", ",", ",", ",", "\n", "\n", "\r\n", "\"",
	    "\"\"", "\"x y\"", " ", "\xC3\xA4", "\xC3", "\r", ",\"a\nb\",", "\"c\"d",
	    "longer and longer ", "#line", "-"};
	buffer_clear(text);
	buffer_add_text(text, dice(&seed, 4) ? "idnumber,course1,role1" : "\nidnumber,,city,,");
	buffer_add_text(text, "\n");
	for (uint32_t i = dice(&seed, 200); i > 0; i--) {
		uint32_t times = dice(&seed, 50) ? 1 : 20;
		const char *piece = pieces[dice(&seed, sizeof pieces / sizeof *pieces)];
		for (; times > 0; times--)
			buffer_add_text(text, piece);
	}
}

Test(composer, one_file_is_read_as_it_would_be_by_itself)
{
	const struct policy policy = {
	    .match_by = MATCH_IDNUMBER, .unknown_columns = UNKNOWN_IGNORE, .delimiter = "comma"};
	const struct policy composed = composed_policy(&policy);
	struct buffer text = {0}, whole = {0}, direct = {0}, back = {0};
	size_t rows = 0;
	for (uint32_t seed = 1; seed <= 3000; seed++) {
		text_make(&text, seed);
		struct compose_member member = {.policy = &policy};
		struct slice bytes = buffer_slice(&text);
		struct error wanted = read_back(&policy, false, bytes, &direct);
		struct error error = compose(&member, &bytes, 1, 1 + seed % 70, &whole);
		if (is_error(&error)) {
			cr_assert_str_eq(error.text, wanted.text, "seed %u", seed);
			continue;
		}
		whole.size--;
		error = read_back(&composed, true, buffer_slice(&whole), &back);
		cr_assert_str_eq(error.code, wanted.code, "seed %u: %s", seed, error.text);
		cr_assert_str_eq(back.bytes, direct.bytes, "seed %u: %s", seed, back.bytes);
		rows += member.records;
	}
	cr_expect_gt(rows, 10000);
	buffer_done(&text);
	buffer_done(&whole);
	buffer_done(&direct);
	buffer_done(&back);
}
