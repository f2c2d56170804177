/* Which character separates the cells of a file: by its name, by a line "sep=;", by the header. */
#include "enrold/dialect.h"

#include <criterion/criterion.h>

static const struct {
	const char *what, *text;
	char delimiter; /* NUL: none */
} names[] = {
    {"comma", "comma", ','},
    {"semicolon", "semicolon", ';'},
    {"tab", "tab", '\t'},
    {"pipe", "pipe", '|'},
    {"colon", "colon", ':'},
    {"the character itself", ";", ';'},
    {"a tab itself", "\t", '\t'},
    {"a mark that has no name", "^", '^'},
    {"another", "~", '~'},
    {"nothing", "", '\0'},
    {"in capitals", "Comma", '\0'},
    {"the beginning of a name", "com", '\0'},
    {"a name and more", "tabs", '\0'},
    {"two characters", ";;", '\0'},
    {"a quote", "\"", '\0'},
    {"a blank", " ", '\0'},
    {"a letter", "x", '\0'},
    {"a digit", "1", '\0'},
    {"what stands in names", "'", '\0'},
    {"what stands in dates and names", "-", '\0'},
    {"what stands in addresses", "@", '\0'},
    {"a full stop", ".", '\0'},
    {"a plus", "+", '\0'},
    {"an equals sign", "=", '\0'},
    {"a line's end", "\n", '\0'},
    {"no ASCII", "\xA7", '\0'},
};

Test(dialect, has_names_for_delimiters)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		cr_expect_eq(dialect_parse_delimiter(names[i].text), names[i].delimiter, "%s",
		    names[i].what);
}

static const struct {
	char delimiter;
	const char *name;
} delimiters[] = {
    {',', "comma"},
    {';', "semicolon"},
    {'\t', "tab"},
    {'|', "pipe"},
    {':', "colon"},
    {'^', "^"},
    {'!', "!"},
    {'/', "/"},
};

Test(dialect, tells_a_delimiter_by_a_name_that_can_be_given)
{
	for (size_t i = 0; i < sizeof delimiters / sizeof *delimiters; i++) {
		const char *name = dialect_name(delimiters[i].delimiter);
		cr_expect_str_eq(name, delimiters[i].name);
		cr_expect_eq(dialect_parse_delimiter(name), delimiters[i].delimiter, "%s", name);
	}
	for (int c = 1; c < 256; c++) {
		const char text[] = {(char)c, '\0'};
		char delimiter = dialect_parse_delimiter(text);
		cr_expect(!delimiter || dialect_parse_delimiter(dialect_name(delimiter)) == c,
		    "%s is called %s", text, dialect_name(delimiter));
	}
}

static const struct {
	const char *what, *line;
	char delimiter;
} seps[] = {
    {"as Excel writes it", "sep=;", ';'},
    {"a comma", "sep=,", ','},
    {"a tab", "sep=\t", '\t'},
    {"a mark", "sep=^", '^'},
    {"in capitals", "SEP=;", ';'},
    {"quoted", "\"sep=;\"", ';'},
    {"a quoted tab", "\"sep=\t\"", '\t'},
    {"blanks around it", "  sep=; ", ';'},
    {"no character", "sep=", '\0'},
    {"a blank for one", "sep= ", '\0'},
    {"two characters", "sep=;;", '\0'},
    {"a letter", "sep=x", '\0'},
    {"a quote", "sep=\"", '\0'},
    {"quoted at one end", "\"sep=;", '\0'},
    {"quoted at one end, and as long", "\"sep=;x", '\0'},
    {"a name", "sep=comma", '\0'},
    {"a blank within", "sep =;", '\0'},
    {"a column of that name", "sep,username", '\0'},
    {"another word", "sap=;", '\0'},
    {"nothing", "", '\0'},
};

Test(dialect, is_named_by_a_line_of_its_own)
{
	for (size_t i = 0; i < sizeof seps / sizeof *seps; i++)
		cr_expect_eq(dialect_parse_sep(slice_of(seps[i].line)), seps[i].delimiter, "%s",
		    seps[i].what);
}

/* ---- recognised ---- */

/* The columns of this test: a, b, c and "first name". */
static bool is_name(const void *context, struct slice cell)
{
	(void)context;
	return slice_is(cell, SLICE("a")) || slice_is(cell, SLICE("b")) ||
	       slice_is(cell, SLICE("c")) || slice_is(cell, SLICE("first name"));
}

static const struct {
	const char *what, *header;
	char delimiter;
} headers[] = {
    {"commas", "a,b,c", ','},
    {"semicolons", "a;b;c", ';'},
    {"tabs", "a\tb\tc", '\t'},
    {"pipes", "a|b|c", '|'},
    {"colons", "a:b:c", ':'},
    {"marks are never guessed", "a^b^c", ','},
    {"one column", "a", ','},
    {"nothing", "", ','},
    {"names count, not characters", "a;b,x,x,x", ';'},
    {"the more names win", "a,b;c", ','},
    {"of equal names the more cells win", "a;x;y,b", ';'},
    {"no name is known: the more cells win", "x;y;z,u", ';'},
    {"of equal names and cells the comma wins", "a,x;b", ','},
    {"behind it the semicolon", "a;x\tb", ';'},
    {"behind it the tab", "a\tx|b", '\t'},
    {"behind it the pipe", "a|x:b", '|'},
    {"a cell more does not outweigh a name", "a;x;y;z,b,c", ','},
    {"names in quotes", "\"a\";\"b\",x,y", ';'},
    {"delimiters in quotes are none", "\"x,y,z\";a", ';'},
    {"a quote that is never closed", "a;\"b,c", ';'},
    {"doubled quotes", "\"x\"\"y,z\";a;b", ';'},
    {"blanks around names", " a ; first name ,x,y", ';'},
    {"blanks within quotes", "\" a \"|x,y,z", '|'},
    {"one name, last", "x;a", ';'},
    {"one name, first", "a;x", ';'},
    {"empty cells", ";;;", ';'},
};

Test(dialect, is_recognised_by_the_columns_that_it_yields)
{
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		char found = dialect_recognise(slice_of(headers[i].header), is_name, NULL);
		cr_expect_eq(
		    found, headers[i].delimiter, "%s: %s", headers[i].what, dialect_name(found));
	}
	cr_expect_eq(dialect_recognise((struct slice){NULL, 0}, is_name, NULL), ',');
}

static const struct {
	const char *what, *cell;
	char delimiter, other; /* NUL: none */
} others[] = {
    {"another one", "a;b", ',', ';'},
    {"its own is none", "a;b", ';', '\0'},
    {"of two the first of ours, not of the cell's", "a:b;c", ',', ';'},
    {"the comma before all", "a;b,c", '|', ','},
    {"a tab", "a\tb", ',', '\t'},
    {"a mark is none", "a^b", ',', '\0'},
    {"no delimiter at all", "first name", ',', '\0'},
    {"nothing", "", ',', '\0'},
};

Test(dialect, finds_another_delimiter_in_a_cell)
{
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_expect_eq(dialect_find_other(slice_of(others[i].cell), others[i].delimiter),
		    others[i].other, "%s", others[i].what);
}
