/* Files in the shapes that systems write: in any pieces the same headings and rows come out. */
#include "enrold/records.h"

#include "enrold/buffer.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct shape {
	uint32_t skip_lines, skip_rows;
	const char *positions; /* with commas between; NULL: the file has headings */
	const char *delimiter;
	const char *record_end;
	enum policy_escape escape;
};

static const struct {
	const char *what;
	struct shape shape;
	const char *text, *records; /* "[headings]line:cell|cell;" and "!code@line" */
} cases[] = {
    {"as most are", {0}, "\n\nusername;course1\na;b\n\nc;d", "[3:username|course1]4:a|b;6:c|d;"},
    {"a first line says what separates", {0}, "sep=%\nusername%x\na%b\n", "[2:username|x]3:a|b;"},
    {"marks of other programs", {0}, "\xEF\xBB\xBF\xEF\xBB\xBF\"username\",x\n", "[1:username|x]"},
    {"nothing", {0}, "", "!empty_file@0"},
    {"nothing but blank lines", {0}, "\n \r\n", "!empty_file@0"},

    {"a line in front", {.skip_lines = 1}, "version:v1.0\nusername,course1\na,b\n",
        "[2:username|course1]3:a|b;"},
    {"lines in front that end otherwise", {.skip_lines = 3},
        "\"x\r\n\ry\n\nusername,course1\r\na,b\r\n", "[5:username|course1]6:a|b;"},
    {"lines in front, and one that says what separates", {.skip_lines = 1},
        "version\nsep=;\nusername;x\na;b\n", "[3:username|x]4:a|b;"},
    {"a line in front of a mark", {.skip_lines = 1}, "x\n\xEF\xBB\xBF\"username\",y\na,b\n",
        "[2:username|y]3:a|b;"},
    {"fewer lines than those in front", {.skip_lines = 3}, "username,x\na,b", "!empty_file@0"},

    {"labels behind the headings", {.skip_rows = 1}, "username,x\n\"User\nname\",X\na,b\n",
        "[1:username|x]4:a|b;"},
    {"a version, and examples", {.skip_lines = 1, .skip_rows = 1},
        "version:v1.0\nusername,x\nExample: a,b\n\nc,d\n", "[2:username|x]5:c|d;"},
    {"a row where labels should be", {.skip_rows = 1}, "username,State\nx,GONE\na,in\n",
        "[1:username|State]2:x|GONE;3:a|in;"},
    {"a row behind fewer labels than there should be", {.skip_rows = 2},
        "username,Is\nUser,Gone or not\nx,gone\n\ny,gone\n", "[1:username|Is]3:x|gone;5:y|gone;"},
    {"labels that are a word of another column", {.skip_rows = 1}, "username,state\ngone,State\n",
        "[1:username|state]"},
    {"no more rows than labels", {.skip_rows = 2}, "username,x\na,b\n", "[1:username|x]"},

    {"no headings", {.positions = "action,role1,username"}, "add, student, 21\ndel, student, 22\n",
        "[0:action|role1|username]1:add|student|21;2:del|student|22;"},
    {"cells that need not be there", {.positions = "a,b,c?,d"}, "1,2\n1,2,3\n1,2,3,4\n1\n",
        "[0:a|b|c|d]1:1|2||;2:1|2|3|;3:1|2|3|4;4:1;"},
    {"no headings, and what separates is seen in the first row", {.positions = "a,b,c?"},
        "1|10:20:30\n2|3|4\n", "[0:a|b|c]1:1|10:20:30|;2:2|3|4;"},
    {"no headings, and what separates is named", {.positions = "a,b", .delimiter = "tab"},
        "1,5\t2\n", "[0:a|b]1:1,5|2;"},
    {"rows in front of which there is a line, and labels",
        {.positions = "a,b", .skip_lines = 1, .skip_rows = 1}, "x\nA,B\n1,2\n", "[0:a|b]3:1|2;"},
    {"a first row with more cells than the feed names", {.positions = "a,b"}, "1,2,,\n1,2,3\n",
        "[0:a|b]1:1|2||;2:1|2|3;"},
    {"a row with more", {.positions = "a,b"}, "\n1,2,3\n", "!header_none_too_many@2"},
    {"no row", {.positions = "a,b"}, "\n", "!empty_file@0"},

    {"records with ends of their own", {.record_end = "!##!"}, "username|course1!##!\na\n|b!##!\n",
        "[1:username|course1]2:a|b;"},
    {"and on one line", {.record_end = "!##!"}, "\nusername|email!##!a|b:c:d:e!##!",
        "[2:username|email]2:a|b:c:d:e;"},
    {"and in front of all a line", {.record_end = "!##!", .skip_lines = 1, .skip_rows = 1},
        "x!##!\nusername|x!##!\nA\n|B!##!\na|b!##!", "[2:username|x]5:a|b;"},
    {"a file of none with such an end", {.record_end = "!##!"}, "username|x\na|b\n",
        "!header_broken@1"},
    {"quotes behind a backslash", {.escape = ESCAPE_BACKSLASH},
        "\"username\",\"x\"\n\"a \\\"b\\\"\",\"\\\\\"\n", "[1:username|x]2:a \"b\"|\\;"},

    {"a retry file where records have ends", {.record_end = "!##!", .delimiter = "pipe"},
        "username|error_line|error_code\na!##!|1|x\n",
        "[1:username|error_line|error_code]2:a!##!|1|x;"},
    {"a retry file where a backslash escapes", {.escape = ESCAPE_BACKSLASH},
        "username,error_line,error_code\n\"\\\",1,\"\"\"\"\n",
        "[1:username|error_line|error_code]2:\\|1|\";"},
    {"a retry file where lines are left out", {.skip_lines = 2, .skip_rows = 1},
        "username,x,error_line,Error_Code\na,b,3,y\n",
        "[1:username|x|error_line|Error_Code]2:a|b|3|y;"},
    {"a retry file where there are no headings", {.positions = "a,b", .delimiter = "^"},
        "a^b^error_line^error_code\n1^2^3^4\n", "[1:a|b|error_line|error_code]2:1|2|3|4;"},
    {"a retry file that somebody has saved with another separator",
        {.positions = "a,b", .delimiter = "^"}, "a;b;error_line;error_code\n1;2;3;4\n",
        "[1:a|b|error_line|error_code]2:1|2|3|4;"},
    {"a file with a column of lines is none", {.skip_rows = 1}, "username,error_line\na,b\nc,d\n",
        "[1:username|error_line]3:c|d;"},
};

/* ---- read ---- */

static void record_print(struct buffer *out, const struct csvin_record *record)
{
	buffer_print(out, "%llu:", (unsigned long long)record->line);
	for (size_t i = 0; i < record->cells_count; i++)
		buffer_print(out, "%s%.*s", i ? "|" : "", SLICE_ARG(record->cells[i]));
}

static struct error on_headings(void *context, const struct csvin_record *headings)
{
	buffer_add_char(context, '[');
	record_print(context, headings);
	buffer_add_char(context, ']');
	return OK;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	record_print(context, record);
	buffer_add_char(context, ';');
	return OK;
}

static struct policy policy_make(const struct shape *shape, char *room, const char **items)
{
	static const char *const columns[] = {"Is", "state"};
	static const char *const values[] = {"state", "gone", "suspended", "1"};
	struct policy policy = {.skip_lines = shape->skip_lines,
	    .columns = {columns, 2, true},
	    .values = {values, 4, true},
	    .skip_rows = shape->skip_rows,
	    .delimiter = shape->delimiter,
	    .record_end = shape->record_end,
	    .escape = shape->escape};
	if (!shape->positions)
		return policy;
	policy.header = HEADING_NONE;
	policy.positions.items = items;
	strcpy(room, shape->positions);
	for (char *name = strtok(room, ","); name; name = strtok(NULL, ","))
		items[policy.positions.count++] = name;
	return policy;
}

static void read_in_pieces(
    const struct policy *policy, const char *text, size_t piece, struct buffer *out)
{
	struct records *records;
	const struct records_terms terms = {.policy = policy, .field_max = 1000};
	const struct records_visitor visitor = {on_headings, on_record, out};
	struct error error = records_open(&terms, &visitor, &records);
	size_t size = strlen(text);
	for (size_t i = 0; i < size && !is_error(&error); i += piece)
		error = records_feed(records, text + i, piece < size - i ? piece : size - i);
	if (!is_error(&error))
		error = records_finish(records);
	if (is_error(&error))
		buffer_print(out, "!%s@%llu", error.code, (unsigned long long)error.line);
	buffer_add_char(out, '\0');
	records_close(records);
}

Test(records, are_the_same_from_any_pieces)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char room[200];
		const char *items[10];
		const struct policy policy = policy_make(&cases[i].shape, room, items);
		for (size_t piece = 1; piece < 64; piece++) {
			struct buffer out = {0};
			read_in_pieces(&policy, cases[i].text, piece, &out);
			cr_expect_str_eq(out.bytes, cases[i].records, "%s, in pieces of %zu: %s",
			    cases[i].what, piece, out.bytes);
			buffer_done(&out);
		}
	}
}

/* The last line may have been cut short, or the last record. */
Test(records, tell_whether_the_file_has_its_end)
{
	static const struct {
		const char *record_end, *text;
		bool is_ended;
	} files[] = {
	    {NULL, "username,x\na,b\n", true},
	    {NULL, "username,x\na,b\r", true},
	    {NULL, "username,x\na,b", false},
	    {NULL, "username,x\na,b\n ", false},
	    {"!##!", "username,x!##!\na,b!##!\n", true},
	    {"!##!", "username,x!##!\na,b!##!", true},
	    {"!##!", "username,x!##!\na,b\n", false},
	    {"!##!", "username,x!##!\na,b!##", false},
	    {"!##!", "username,error_line,error_code\na,b,c\n", true},
	    {"!##!", "username,error_line,error_code\na,b,c!##!", false},
	};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct buffer out = {0};
		const struct policy policy = {.record_end = files[i].record_end};
		const struct records_terms terms = {.policy = &policy, .field_max = 1000};
		const struct records_visitor visitor = {on_headings, on_record, &out};
		struct records *records;
		cr_assert(records_open(&terms, &visitor, &records).class == OK.class);
		cr_assert(
		    records_feed(records, files[i].text, strlen(files[i].text)).class == OK.class);
		cr_assert(records_finish(records).class == OK.class);
		cr_expect_eq(records_is_ended(records), files[i].is_ended, "%s", files[i].text);
		records_close(records);
		buffer_done(&out);
	}
}
