/* cells_cut: what is left of a file, byte by byte; and of every file, that its records are the same
 * but for the cells that were emptied. */
#include "enrold/cells_cut.h"

#include "enrold/csvin.h"
#include "enrold/decode.h"

#include <criterion/criterion.h>
#include <iconv.h>
#include <stdlib.h>

enum { COLUMN = 1, SAY_NOTHING = 3 /* of the rows below, the first ones */ };

static struct buffer cut_of(
    struct slice file, const struct cells_cut_terms *terms, size_t piece, uint64_t *count)
{
	struct buffer out = {0};
	struct cells_cut *cut;
	struct error error = cells_cut_create(terms, &cut);
	for (size_t i = 0; i < file.size && !is_error(&error); i += piece)
		error = cells_cut_feed(
		    cut, file.bytes + i, piece < file.size - i ? piece : file.size - i, &out);
	if (!is_error(&error))
		error = cells_cut_finish(cut, &out);
	cr_assert(!is_error(&error), "%s", error.text);
	*count = cells_cut_count(cut);
	cells_cut_free(cut);
	return out;
}

static void expect_cut(struct slice file, const struct cells_cut_terms *terms, struct slice wanted,
    uint64_t wanted_count)
{
	for (size_t piece = 1; piece < 12; piece++) {
		uint64_t count;
		struct buffer out = cut_of(file, terms, piece, &count);
		cr_expect(slice_is(buffer_slice(&out), wanted), "in pieces of %zu, of\n%.*s:\n%.*s",
		    piece, SLICE_ARG(file), (int)out.size, out.bytes);
		cr_expect_eq(count > 0, wanted_count > 0, "%.*s: %llu", SLICE_ARG(file),
		    (unsigned long long)count);
		buffer_done(&out);
	}
}

/* Behind the header "username,password,email". */
static const struct {
	const char *rows, *wanted;
} rows[] = {
    {"ann,,a@b\n", "ann,,a@b\n"},
    {"ann,\"\",a@b\n", "ann,,a@b\n"},
    {"ann,  \t,a@b\n", "ann,,a@b\n"},
    {"ann,secret,a@b\n", "ann,,a@b\n"},
    {"ann,\"s,e\"\"c\",a@b\n", "ann,,a@b\n"},
    {"ann, \"secret\" ,a@b\n", "ann,,a@b\n"},
    {"ann,se\"cret,a@b\n", "ann,,a@b\n"},
    {"ann,\"se\ncr\r\net\",a@b\n", "ann,,a@b\n"},
    {"ann,\"\r\n\",a@b\r\n", "ann,,a@b\r\n"},
    {"ann,secret,a@b", "ann,,a@b"},
    {"ann,secret", "ann,"},
    {"ann,secret\r\nbob,secret\r\n", "ann,\r\nbob,\r\n"},
    {"ann,secret\rbob,secret\r", "ann,\rbob,\r"},
    {"\n \n\r\nann,secret,a@b\n\n", "\n \n\r\nann,,a@b\n\n"},
    {"ann,secret,a@b,more,\n", "ann,,a@b,more,\n"},
    {"ann\nbob,secret\n", "ann\nbob,\n"},
    {"\"a\nn,x\",secret,\" a@\"\"b \"\n", "\"a\nn,x\",,\" a@\"\"b \"\n"},
    /* broken in the cell, before it, behind it */
    {"ann,\"se\"cret,a@b\nbob,secret,b@b\n", "ann,\"\".\nbob,,b@b\n"},
    {"ann,\"se\" \"cret,a@b\nbob,secret,b@b\n", "ann,\"\".\nbob,,b@b\n"},
    {"\"a\"nn,secret,a@b\r\nbob,secret,b@b\r\n", "\"a\".\r\nbob,,b@b\r\n"},
    {"ann,secret,\"a\"@b\nbob,secret,b@b\n", "ann,,\"a\"@b\nbob,,b@b\n"},
    {"ann,\"x\"y", "ann,\"\"."},
};

Test(cells_cut, empties_the_cells_and_leaves_every_other_byte)
{
	const struct cells_cut_terms terms = {.delimiter = ',', .first_line = 1, .column = COLUMN};
	const char *header = "username,password,email\n";
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buffer file = {0}, wanted = {0};
		buffer_print(&file, "%s%s", header, rows[i].rows);
		buffer_print(&wanted, "%s%s", header, rows[i].wanted);
		expect_cut(buffer_slice(&file), &terms, buffer_slice(&wanted), i >= SAY_NOTHING);
		buffer_done(&file);
		buffer_done(&wanted);
	}
}

static const struct {
	const char *file, *wanted;
	struct cells_cut_terms terms;
} files[] = {
    /* a record of that cell alone stays one */
    {"password,username\nsecret\nsecret,ann\n  x\n \n\"y\"",
        "password,username\n\"\"\n,ann\n  \"\"\n \n\"\"", {.delimiter = ',', .first_line = 1}},
    {"sep=;\r\n\r\na;password\r\nx;y\r\n", "sep=;\r\n\r\na;password\r\nx;\r\n",
        {.delimiter = ';', .first_line = 3, .column = 1}},
    {"\xEF\xBB\xBF\"a\nb\",password\nx,y\n", "\xEF\xBB\xBF\"a\nb\",password\nx,\n",
        {.delimiter = ',', .first_line = 1, .column = 1}},
    {"\xEF\xBB\xBF\xEF\xBB\xBF\"a,b\",password\nx,y\n",
        "\xEF\xBB\xBF\xEF\xBB\xBF\"a,b\",password\nx,\n",
        {.delimiter = ',', .first_line = 1, .column = 1}},
    {"a\tpassword\tb\n\ty\t\nx\t \"y\"\tz\n", "a\tpassword\tb\n\t\t\nx\t\tz\n",
        {.delimiter = '\t', .first_line = 1, .column = 1}},
    {"a\",password\nx\xFF,\xFFy\xC3,z\xFE\n", "a\",password\nx\xFF,,z\xFE\n",
        {.delimiter = ',', .first_line = 1, .column = 1}},
    {"a,password\nM\xFCller,gr\xFC\xDF\n", "a,password\nM\xFCller,\n",
        {.encoding = "windows-1252", .delimiter = ',', .first_line = 1, .column = 1}},
    /* A trail byte that looks like the delimiter, and a character that is none: 0x83 0x7C, 0x81. */
    {"a|password|b\n\x83|x|\x83|y|z\n\x81", "a|password|b\n\x83|x||z\n\x81",
        {.encoding = "SHIFT_JIS", .delimiter = '|', .first_line = 1, .column = 1}},
    {"a,password,b\n\x81,\x81,\x81\n", "a,password,b\n\x81,,\x81\n",
        {.encoding = "SHIFT_JIS", .delimiter = ',', .first_line = 1, .column = 1}},
    {"password,b\n\x83|\n", "password,b\n\"\"\n",
        {.encoding = "SHIFT_JIS", .delimiter = ',', .first_line = 1}},
    {"a,password\nx,\"\x83|\"y\n", "a,password\nx,\"\".\n",
        {.encoding = "EUC-JP", .delimiter = ',', .first_line = 1, .column = 1}},
    /* One that keeps letters back for what may follow them. */
    {"a,password\na,a\n", "a,password\na,\n",
        {.encoding = "CP1258", .delimiter = ',', .first_line = 1, .column = 1}},
    /* Sets with states become UTF-8. */
    {"a,password,b\n\x1B$B$\"\x1B(B,\x1B$B$$\x1B(B,z\n",
        "\xEF\xBB\xBF"
        "a,password,b\n\xE3\x81\x82,,z\n",
        {.encoding = "ISO-2022-JP", .delimiter = ',', .first_line = 1, .column = 1}},
    {"a,password,b\n+AOQ-,+AOQALA-y\n",
        "\xEF\xBB\xBF"
        "a,password,b\n\xC3\xA4,,y\n",
        {.encoding = "UTF-7", .delimiter = ',', .first_line = 1, .column = 1}},
};

Test(cells_cut, knows_separators_marks_and_character_sets)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		expect_cut(slice_of(files[i].file), &files[i].terms, slice_of(files[i].wanted), 1);
}

Test(cells_cut, counts_only_cells_that_say_something)
{
	const struct cells_cut_terms terms = {.delimiter = ',', .first_line = 1};
	const struct slice file = SLICE("password,username\n\"\"\n,ann\n");
	expect_cut(file, &terms, file, 0);
}

/* ---- wide character sets, of all the rows above ---- */

static struct buffer encoded(const char *text, const char *encoding)
{
	struct buffer out = {0};
	iconv_t converter = iconv_open(encoding, "UTF-8");
	char *from = (char *)text, room[4096], *to = room;
	size_t left = strlen(text), space = sizeof room;
	cr_assert_neq(iconv(converter, &from, &left, &to, &space), (size_t)-1);
	buffer_add(&out, room, sizeof room - space);
	iconv_close(converter);
	return out;
}

Test(cells_cut, empties_cells_of_wide_characters)
{
	static const char *const marks[][2] = {{"UTF-16LE", "\uFEFF"}, {"UTF-16BE", "\uFEFF"},
	    {"UTF-32LE", "\uFEFF"}, {"UTF-32BE", "\uFEFF"}, {"UTF-16LE", ""}, {"UTF-32BE", ""}};
	const char *header = "username,password,email\n";
	for (size_t set = 0; set < sizeof marks / sizeof *marks; set++)
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			struct buffer plain = {0}, plain_wanted = {0};
			buffer_print(&plain, "%s%s%s%c", marks[set][1], header, rows[i].rows, 0);
			buffer_print(
			    &plain_wanted, "%s%s%s%c", marks[set][1], header, rows[i].wanted, 0);
			struct buffer file = encoded(plain.bytes, marks[set][0]);
			struct buffer wanted = encoded(plain_wanted.bytes, marks[set][0]);
			const struct cells_cut_terms terms = {
			    .encoding = *marks[set][1] ? NULL : marks[set][0],
			    .delimiter = ',',
			    .first_line = 1,
			    .column = COLUMN};
			expect_cut(
			    buffer_slice(&file), &terms, buffer_slice(&wanted), i >= SAY_NOTHING);
			buffer_done(&plain);
			buffer_done(&plain_wanted);
			buffer_done(&file);
			buffer_done(&wanted);
		}
}

/* ---- any file ---- */

struct reading {
	struct csvin *csvin;
	struct buffer records;
	size_t emptied; /* the column; SIZE_MAX: none */
	uint64_t header_line;
};

static struct error record_print(void *context, const struct csvin_record *record)
{
	struct reading *reading = context;
	bool is_header = record->line <= reading->header_line;
	buffer_print(&reading->records, "%d:", record->fault == CSVIN_BROKEN);
	for (size_t i = 0; i < record->cells_count && record->fault != CSVIN_BROKEN; i++) {
		bool is_emptied = i == reading->emptied && !is_header;
		buffer_print(&reading->records, "<%.*s>",
		    is_emptied ? 0 : (int)record->cells[i].size, record->cells[i].bytes);
	}
	return OK;
}

static struct error on_text(void *context, struct slice text)
{
	struct reading *reading = context;
	return csvin_feed(reading->csvin, text.bytes, text.size);
}

static bool records_read(
    struct slice file, const struct cells_cut_terms *terms, struct buffer *records, size_t emptied)
{
	const struct csvin_terms csv = {
	    .delimiter = terms->delimiter, .limits = {1 << 16, 1 << 20, 1 << 10}};
	struct reading reading = {.emptied = emptied, .header_line = terms->first_line};
	struct decoder *decoder;
	reading.csvin = csvin_create(&csv, record_print, &reading);
	struct error error = decode_create(terms->encoding, on_text, &reading, &decoder);
	if (!is_error(&error))
		error = decode_feed(decoder, file.bytes, file.size);
	if (!is_error(&error))
		error = decode_finish(decoder);
	if (!is_error(&error))
		error = csvin_finish(reading.csvin);
	*records = reading.records;
	csvin_free(reading.csvin);
	decode_free(decoder);
	return !is_error(&error);
}

static void file_make(struct buffer *file, unsigned *seed)
{
	static const char *const parts[] = {",", ",", "\"", "\"\"", "\n", "\r\n", "\r", " ", "\t",
	    "a", "b,", "\"x\",", "\xC3\xA4", "\xE3\x81\x82", "|"};
	buffer_add_text(file, "a,password,c\n");
	for (int i = rand_r(seed) % 40; i > 0; i--)
		buffer_add_text(file, parts[(size_t)rand_r(seed) % (sizeof parts / sizeof *parts)]);
	buffer_add_char(file, '\0');
}

Test(cells_cut, leaves_the_records_of_any_file_as_they_were)
{
	static const char *const sets[] = {
	    NULL, "UTF-16LE", "EUC-JP", "SHIFT_JIS", "ISO-2022-JP", "UTF-7", "GB18030"};
	unsigned seed = 7, read = 0;
	for (int round = 0; round < 8000; round++) {
		const char *set = sets[(size_t)round % (sizeof sets / sizeof *sets)];
		struct buffer made = {0}, records, records_cut;
		file_make(&made, &seed);
		if (set && strcmp(set, "EUC-JP") != 0 && strcmp(set, "UTF-16LE") != 0)
			for (char *c = made.bytes; (c = strstr(c, "\xC3\xA4")); c += 2)
				memcpy(c, "oe", 2); /* not every set has it */
		struct buffer file = encoded(made.bytes, set ? set : "UTF-8");
		const struct cells_cut_terms terms = {.encoding = set,
		    .delimiter = ',',
		    .first_line = 1,
		    .column = (size_t)(rand_r(&seed) % 3)};
		uint64_t count;
		struct buffer out =
		    cut_of(buffer_slice(&file), &terms, 1 + (size_t)round % 9, &count);
		bool is_read = records_read(buffer_slice(&file), &terms, &records, terms.column);
		bool is_read_cut =
		    records_read(buffer_slice(&out), &terms, &records_cut, terms.column);
		read += is_read;
		if (is_read)
			cr_assert(is_read_cut &&
			              slice_is(buffer_slice(&records), buffer_slice(&records_cut)),
			    "column %zu in %s of\n%s\nrecords: %.*s\ncut: %.*s", terms.column,
			    set ? set : "UTF-8", made.bytes, (int)records.size, records.bytes,
			    (int)records_cut.size, records_cut.bytes);
		buffer_done(&made);
		buffer_done(&file);
		buffer_done(&out);
		buffer_done(&records);
		buffer_done(&records_cut);
	}
	cr_expect_gt(read, 2000);
}

static void expect_decoded(const char *file, const char *encoding, const char *records)
{
	struct buffer read;
	const struct cells_cut_terms terms = {.encoding = encoding, .delimiter = ','};
	cr_expect(records_read(slice_of(file), &terms, &read, SIZE_MAX));
	cr_expect(slice_is(buffer_slice(&read), slice_of(records)), "%s", file);
	buffer_done(&read);
}

Test(decode, gives_the_last_letter_that_iconv_keeps_back)
{
	expect_decoded("x,a", "CP1258", "0:<x><a>");
}

Test(decode, loses_no_more_than_a_byte_to_a_character_that_is_cut_short)
{
	expect_decoded("x,\x8A"
	               "1,",
	    "GB18030",
	    "0:<x><\xFF"
	    "1><>");
	expect_decoded("x,\x83", "SHIFT_JIS", "0:<x><\xFF>");
}
