/* Whatever Excel or an HR system writes: character sets, separators, and files of odd sizes. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <iconv.h>

#define FEEDS                                                                                      \
	"  default: {}\n"                                                                          \
	"  cp1252: { csv: { encoding: windows-1252 } }\n"                                          \
	"  sjis: { csv: { encoding: SHIFT_JIS } }\n"                                               \
	"  utf16: { csv: { encoding: UTF-16LE } }\n"                                               \
	"  semicolon: { csv: { delimiter: semicolon } }\n"                                         \
	"  percent: { csv: { delimiter: \"%\" } }\n"                                               \
	"  names: { unknown_columns: ignore, columns: { Person: username, Kurs: course1 } }\n"

#define BYTES(literal) literal, sizeof(literal) - 1

/* As Excel begins one: a head of a member, up to its name. */
#define WORKBOOK                                                                                   \
	"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0"                    \
	"[Content_Types].xml"

/* Line 2 (or `line`) is about p1 and a course called Kurs with an accent. */
static const struct shape {
	const char *feed;
	const char *bytes;
	size_t size;
	const char *encoding; /* the text is given in UTF-8 and converted; NULL: as it is */
	const char *mark;
	size_t mark_size;
	int line;
	const char *code; /* of that line, or the refusal */
} shapes[] = {
    {"", BYTES("username,course1\np1,K\xC3\xB6rs\n"), "UTF-16LE", BYTES("\xFF\xFE"), 2, "enrolled"},
    {"", BYTES("username,course1\np1,K\xC3\xB6rs\n"), "UTF-16BE", BYTES("\xFE\xFF"), 2, "enrolled"},
    {"", BYTES("username,course1\np1,K\xC3\xB6rs\n"), "UTF-32LE", BYTES("\xFF\xFE\0\0"), 2,
        "enrolled"},
    {"", BYTES("username\tcourse1\r\np1\tK\xC3\xB6rs\r\n"), "UTF-16LE", BYTES("\xFF\xFE"), 2,
        "enrolled"},
    {"utf16", BYTES("username,course1\np1,K\xC3\xB6rs\n"), "UTF-16LE", BYTES(""), 2, "enrolled"},
    {"utf16", BYTES("username,course1\np1,K\xC3\xB6rs\n"), "UTF-16LE", BYTES("\xFF\xFE"), 2,
        "enrolled"},
    {"", BYTES("username,course1\np1,K\xC3\xB6rs\n"), "UTF-16LE", BYTES(""), 0, "header_broken"},
    {"cp1252", BYTES("username,course1\np1,K\xC3\xB6rs\n"), "windows-1252", BYTES(""), 2,
        "enrolled"},
    /* A mark outranks the feed. */
    {"cp1252", BYTES("username,course1\np1,K\xC3\xB6rs\n"), NULL, BYTES("\xEF\xBB\xBF"), 2,
        "enrolled"},
    {"sjis", BYTES("username,course1\np1,\xE3\x82\xB3\n"), "SHIFT_JIS", BYTES(""), 2,
        "course_not_found"},
    /* What is no text has to be exported first. */
    {"", BYTES(WORKBOOK), NULL, BYTES(""), 0, "not_text"},
    {"utf16", BYTES(WORKBOOK), NULL, BYTES(""), 0, "not_text"},
    {"", BYTES("BZh91AY&SY"), NULL, BYTES(""), 0, "not_text"},
    {"utf16", BYTES("PK\x03\x04\x14\0\x06\0"), NULL, BYTES(""), 0, "archive_broken"},
    {"", BYTES("\x1F\x8B\x08\0"), NULL, BYTES(""), 0, "archive_broken"},
    {"", BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), NULL, BYTES(""), 0, "not_text"},
    {"", BYTES("-----BEGIN PGP MESSAGE-----\n\nhQ\n"), NULL, BYTES(""), 0, "not_text"},
    {"", BYTES("\x85\x01\x0C\x03\x11\x22\x33"), NULL, BYTES(""), 0, "not_text"},
    {"", BYTES("<!doctype html>\n<title>Log in</title>\n"), NULL, BYTES(""), 0, "not_text"},
    {"semicolon", BYTES("username,course1\np1,C1\n"), NULL, BYTES(""), 0, "header_too_few_columns"},
    /* What cannot be decoded costs its own row. */
    {"", BYTES("username,course1\np1,K\xF6rs\np2,C1\n"), NULL, BYTES(""), 2, "not_utf8"},
    {"cp1252", BYTES("username,course1\np1,K\x81rs\np2,C1\n"), NULL, BYTES(""), 2, "not_utf8"},
    {"sjis", BYTES("username,course1\np2,C1\np1,\x82"), NULL, BYTES(""), 3, "not_utf8"},
    {"", BYTES("\0u\0s\0e\0r"), NULL, BYTES("\xFE\xFF"), 0, "header_too_few_columns"},
    {"", BYTES("username,course1\np1,K\0rs\n"), NULL, BYTES(""), 2, "control_character"},
    /* ... and only its own, whatever else is called nearly so. */
    {"", BYTES("username,course1\np1,C1\0x\np2,C1\n"), NULL, BYTES(""), 3, "enrolled"},
    {"", BYTES("username,course1\np2\0x,C1\np2,C1\n"), NULL, BYTES(""), 3, "enrolled"},
    {"", BYTES("username,course1\np1,K\x1Brs\n"), NULL, BYTES(""), 2, "control_character"},
    /* Separators. */
    {"", BYTES("username;course1\np1;C1\n"), NULL, BYTES(""), 2, "enrolled"},
    {"", BYTES("username|course1\np1|C1\n"), NULL, BYTES(""), 2, "enrolled"},
    {"", BYTES("username:course1\np1:C1\n"), NULL, BYTES(""), 2, "enrolled"},
    {"", BYTES("\"username\"\t\"course1\"\n\"p1\"\t\"C1\"\n"), NULL, BYTES(""), 2, "enrolled"},
    {"semicolon", BYTES("username;course1\np1;C1\n"), NULL, BYTES(""), 2, "enrolled"},
    {"semicolon", BYTES("username,course1\np1,C1\n"), NULL, BYTES(""), 1, "header_too_few_columns"},
    {"percent", BYTES("username%course1\np1%C1\n"), NULL, BYTES(""), 2, "enrolled"},
    {"", BYTES("sep=;\nusername;course1\np1;C1\n"), NULL, BYTES(""), 3, "enrolled"},
    {"", BYTES("\"sep=\t\"\r\nusername\tcourse1\r\np1\tC1\r\n"), NULL, BYTES("\xEF\xBB\xBF"), 3,
        "enrolled"},
    {"semicolon", BYTES("SEP=,\nusername,course1\np1,C1\n"), NULL, BYTES(""), 3, "enrolled"},
    {"", BYTES("sep=;\n"), NULL, BYTES(""), 0, "empty_file"},
    {"names", BYTES("a,b,c;Person;Kurs;d\n1;p1;C1;2\n"), NULL, BYTES(""), 2, "enrolled"},
    /* Shapes. */
    {"", BYTES("username,course1"), NULL, BYTES(""), 0, ""},
    {"", BYTES("username,course1\np1,C1"), NULL, BYTES(""), 2, "enrolled"},
    {"", BYTES("\n\n \nusername,course1\n\n  \np1,C1\n\n"), NULL, BYTES(""), 7, "enrolled"},
    {"", BYTES("username,course1\n\xC2\xA0p1,C1\n"), NULL, BYTES(""), 2, "enrolled"},
    {"", BYTES("username,course1\n\"p1\",\"C1\"\"\"\n"), NULL, BYTES(""), 2, "course_not_found"},
};

static void text_convert(struct buffer *out, const struct shape *shape)
{
	char converted[512], *from = (char *)shape->bytes, *to = converted;
	size_t left = shape->size, room = sizeof converted;
	buffer_add(out, shape->mark, shape->mark_size);
	if (!shape->encoding) {
		buffer_add(out, shape->bytes, shape->size);
		return;
	}
	iconv_t converter = iconv_open(shape->encoding, "UTF-8");
	cr_assert_neq(iconv(converter, &from, &left, &to, &room), (size_t)-1);
	iconv_close(converter);
	buffer_add(out, converted, sizeof converted - room);
}

ParameterizedTestParameters(shapes, each_is_read_or_has_its_code)
{
	static size_t indexes[sizeof shapes / sizeof *shapes];
	size_t count = sizeof shapes / sizeof *shapes;
	for (size_t i = 0; i < count; i++)
		indexes[i] = i;
	return cr_make_param_array(size_t, indexes, count);
}

ParameterizedTest(const size_t *index, shapes, each_is_read_or_has_its_code)
{
	const struct shape *shape = &shapes[*index];
	struct buffer text = {0};
	struct rig rig;
	struct reply reply;
	char name[64];
	snprintf(name, sizeof name, "%s%sstaff.csv", shape->feed, *shape->feed ? "/" : "");
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	rig_execute(
	    &rig, "UPDATE mdl_course SET shortname = 'K\xC3\xB6rs' WHERE shortname = 'C10'");
	rig_once(&rig);
	text_convert(&text, shape);
	rig_drop_bytes(&rig, name, text.bytes, text.size);
	rig_once(&rig);
	reply_open(&reply, &rig, name, 0);
	bool is_refusal = *reply_refusal(&reply) != '\0';
	if (is_refusal || *shape->code == '\0' || shape->line == 0) {
		cr_expect_str_eq(reply_refusal(&reply), shape->code, "shape %zu", *index);
	} else {
		cr_expect_eq(reply_lines(&reply,
		                 (struct expected){.line = shape->line, .code = shape->code}),
		    1, "shape %zu: %s", *index, reply.result.text);
	}
	reply_close(&reply);
	buffer_done(&text);
	law_close(&rig);
}

static void fill(struct buffer *out, const char *piece, int times)
{
	for (int i = 0; i < times; i++)
		buffer_add_text(out, piece);
}

static void drop_and_read(struct rig *rig, struct buffer *text, struct reply *reply)
{
	rig_make(rig, &(struct rig_options){.feeds = FEEDS});
	rig_drop_bytes(rig, "staff.csv", text->bytes, text->size);
	buffer_done(text);
	rig_once(rig);
	reply_open(reply, rig, "staff.csv", 0);
}

Test(shapes, a_cell_of_ten_mebibytes_costs_its_row)
{
	struct buffer text = {0};
	struct rig rig;
	struct reply reply;
	buffer_add_text(&text, "username,course1\np1,");
	fill(&text, "0123456789abcdef", 10 << 16);
	buffer_add_text(&text, "\np2,C1\n");
	drop_and_read(&rig, &text, &reply);
	EXPECT(&reply, {2, NULL, "error", "value_too_long"}, {3, "course1", "done", "enrolled"});
	reply_close(&reply);
	law_close(&rig);
}

Test(shapes, a_hundred_thousand_courses_in_one_row)
{
	enum { COURSES = 100000 };
	struct buffer text = {0};
	struct rig rig;
	struct reply reply;
	buffer_add_text(&text, "username");
	for (int i = 1; i <= COURSES; i++)
		buffer_print(&text, ",course%d", i);
	buffer_add_text(&text, "\np1");
	fill(&text, ",", 41999);
	buffer_add_text(&text, ",C1");
	fill(&text, ",", COURSES - 42000);
	buffer_add_text(&text, "\n");
	drop_and_read(&rig, &text, &reply);
	EXPECT(&reply, {2, "course42000", "done", "enrolled"});
	reply_close(&reply);
	law_close(&rig);
}

Test(shapes, too_many_columns_refuse_the_file)
{
	struct buffer text = {0};
	struct rig rig;
	struct reply reply;
	buffer_add_text(&text, "username");
	fill(&text, ",x", 200000);
	buffer_add_text(&text, "\np1\n");
	drop_and_read(&rig, &text, &reply);
	cr_expect_str_eq(reply_refusal(&reply), "header_broken");
	reply_close(&reply);
	law_close(&rig);
}

Test(shapes, a_file_without_any_newline_is_a_header_and_no_more)
{
	struct buffer text = {0};
	struct rig rig;
	struct reply reply;
	fill(&text, "no line ends here, ever;", 400000); /* nine MiB */
	drop_and_read(&rig, &text, &reply);
	cr_expect_str_eq(reply_refusal(&reply), "header_broken");
	reply_close(&reply);
	law_close(&rig);
}
