/* manifest: what an archive says of its files. */
#include "enrold/preset.h"

#include <criterion/criterion.h>

#define HEADING "propertyName,value\n"
#define VERSIONS "manifest.version,1.0\noneroster.version,1.1\n"

static const struct {
	const char *what, *text;
	enum manifest_says says;
	const char *broken; /* NULL: it is read */
} cases[] = {
    {"a full file", HEADING VERSIONS "file.enrollments,bulk\n", MANIFEST_BULK, NULL},
    {"a delta", HEADING "file.users,bulk\nfile.enrollments,delta\n", MANIFEST_DELTA, NULL},
    {"a file that is not there", HEADING "file.enrollments,absent", MANIFEST_ABSENT, NULL},
    {"nothing of the kind", HEADING VERSIONS "file.users,bulk\n", MANIFEST_SILENT, NULL},
    {"no files at all, under another heading", "property,value\n" VERSIONS, MANIFEST_SILENT, NULL},
    {"a mark, quotes, CRLF and letter case",
        "\xEF\xBB\xBF\"PropertyName\",\"Value\"\r\n\"File.Enrollments\",\" Bulk \"\r\n",
        MANIFEST_BULK, NULL},
    {"UTF-16", "\xFF\xFEp\0r\0o\0p\0e\0r\0t\0y\0,\0v\0a\0l\0u\0e\0\n", MANIFEST_SILENT, NULL},
    {"further columns", "propertyName,value,note\nfile.enrollments,bulk,x\n", MANIFEST_BULK, NULL},
    {"the same twice", HEADING "file.enrollments,bulk\nfile.enrollments,bulk\n", MANIFEST_BULK,
        NULL},
    {"both", HEADING "file.enrollments,bulk\nfile.enrollments,delta\n", MANIFEST_SILENT,
        "line 3 says something else of file.enrollments than a line before: one of them is wrong"},
    {"another word", HEADING "file.users,full\nfile.enrollments,bulk\n", MANIFEST_SILENT,
        "line 2 says 'full' of a file, which is none of absent, bulk and delta"},
    {"another table", "sourcedId,status\nfile.enrollments,bulk\n", MANIFEST_SILENT,
        "its first line does not name the columns propertyName and value"},
    {"a line without value", HEADING "file.enrollments\n", MANIFEST_SILENT,
        "line 2 is no property and its value: the manifest is a table of these two"},
    {"text behind a quote", HEADING "\"file.users\"x,bulk\n", MANIFEST_SILENT,
        "line 2 is no property and its value: the manifest is a table of these two"},
    {"a quote that stays open", HEADING "file.enrollments,\"bulk\n", MANIFEST_SILENT,
        "a quote that opens in line 2 is still open at the end of the file, which may have been "
        "cut short: send it whole, or add the closing quote"},
    {"nothing", "", MANIFEST_SILENT, "the manifest is empty"},
    {"blank lines", "\n  \n", MANIFEST_SILENT, "the manifest is empty"},
};

enum { CASES = sizeof cases / sizeof *cases, UTF16_SIZE = 32 };

static struct slice text_of(size_t i)
{
	const char *text = cases[i].text;
	return text[0] == '\xFF' ? (struct slice){text, UTF16_SIZE} : slice_of(text);
}

Test(manifest, says_what_each_file_is_or_is_refused)
{
	for (size_t i = 0; i < CASES; i++) {
		struct arena *arena = arena_create();
		enum manifest_says says;
		struct error error = manifest_read(text_of(i), SLICE("enrollments"), arena, &says);
		cr_expect_eq(says, cases[i].says, "%s: %d", cases[i].what, says);
		cr_expect_str_eq(
		    error.text, cases[i].broken ? cases[i].broken : "", "%s", cases[i].what);
		cr_expect_str_eq(
		    error.code, cases[i].broken ? "manifest_broken" : "", "%s", cases[i].what);
		arena_free(arena);
	}
}
