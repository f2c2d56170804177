/* A first preset for files that nobody knows. */
#include "../../src/ctl/preset_sketch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(sketch, knows_columns_by_what_systems_call_them)
{
	static const struct {
		const char *heading, *column; /* NULL: none */
	} cases[] = {
	    {"First Name", "firstname"},
	    {"FIRST_NAME", "firstname"},
	    {"first.name", "firstname"},
	    {"Vorname", "firstname"},
	    {"EMPLID", "idnumber"},
	    {"Personal-Nr.", "idnumber"},
	    {"userPrincipalName", "username"},
	    {"Work Email", "email"},
	    {"e-mail", "email"},
	    {"Course ID", "course1"},
	    {"Status", "suspended"},
	    {"Kostenstelle", NULL},
	    {"name1", NULL},
	    {"firstname lastname", NULL},
	    {"", NULL},
	    {" - ", NULL},
	    {"a heading that is much longer than any system has ever called a column of its files",
	        NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *column = sketch_column(slice_of(cases[i].heading));
		cr_expect_eq(column != NULL, cases[i].column != NULL, "%s", cases[i].heading);
		if (column && cases[i].column)
			cr_expect_str_eq(column, cases[i].column);
	}
}

static const struct {
	const char *name, *text, *has, *has_not;
} files[] = {
    {"a column that is used", "Personalnummer;Vorname;Nachname;Kostenstelle\n1;Ada;Byron;7\n",
        "        \"Vorname\": firstname\n", NULL},
    {"a column that is not", "Personalnummer;Vorname;Nachname;Kostenstelle\n",
        "        # \"Kostenstelle\": not used\n", NULL},
    {"how people are found", "Personalnummer;Vorname\n", "  match_by: idnumber ", NULL},
    {"by their names else", "login,mail\n", "  match_by: username ", NULL},
    {"what it is known by", "Vorname,Foo,Nachname\n", "    has: [\"Vorname\", \"Nachname\"] ",
        NULL},
    {"without any of ours", "A,B,C\n", "    has: [\"A\", \"B\", \"C\"] ", "\n      columns:"},
    {"two of one meaning", "Mail,Work Email\n",
        "\"Work Email\": not used; or is it email rather than the other", NULL},
    {"one that is called so goes before", "Mail,email\n",
        "        # \"email\": it is called as enrold calls it\n", "\"Mail\": email"},
    {"accounts are made where there are names", "Vorname,Nachname\n", "add_or_update", NULL},
    {"and else not", "Personalnummer,Kurs\n", "upload_type: update ", NULL},
    {"words of a status", "login,Status\np1,Active\np2,L\np3,Active\n",
        "        \"Status\":\n          \"Active\": { suspended: 0 }\n          # \"L\": {", NULL},
    {"words of a role", "login,Kurs,Rolle\np1,C,Student\n",
        "          \"Student\": { role1: student }\n", "\"Rolle\": role1"},
    {"quotes and backslashes", "\"a\"\"b\\\",c\n", "\"a\\\"b\\\\\"", NULL},
    {"a line break in a heading", "\"Vor\nname\",x\n", "\"Vor name\": firstname", NULL},
    {"no heading at all", "", "  # night.csv: ", "has:"},
};

Test(sketch, names_every_heading_and_what_it_may_be)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct arena *arena = arena_create();
		struct sketch_kind kind = {.file = "night.csv"};
		struct buffer out = {0};
		struct error error = sketch_look(slice_of(files[i].text), true, arena, &kind);
		cr_assert_not(is_error(&error), "%s: %s", files[i].name, error.text);
		sketch_write(&kind, 1, &out);
		buffer_add_char(&out, '\0');
		cr_assert_not(out.failed);
		cr_expect(strstr(out.bytes, files[i].has), "%s:\n%s", files[i].name, out.bytes);
		if (files[i].has_not)
			cr_expect_null(strstr(out.bytes, files[i].has_not), "%s:\n%s",
			    files[i].name, out.bytes);
		buffer_done(&out);
		arena_free(arena);
	}
}

Test(sketch, names_kinds_as_their_files_are_called)
{
	static const struct {
		const char *file, *name;
	} cases[] = {{"Staff 2026-11.csv", "staff_2026_11\n"}, {"night.csv.gz", "night\n"},
	    {"\xC3\xA4.csv", "people\n"}, {"_x", "x\n"},
	    {"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd.csv", "aaaaaaaaaabbbbbbbbbbccccccccccdd\n"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *arena = arena_create();
		struct sketch_kind kind = {.file = cases[i].file};
		struct buffer out = {0};
		struct error error = sketch_look(SLICE("login\n"), true, arena, &kind);
		cr_assert_not(is_error(&error));
		sketch_write(&kind, 1, &out);
		buffer_add_char(&out, '\0');
		char wanted[64];
		snprintf(wanted, sizeof wanted, "  - name: %s", cases[i].name);
		cr_expect(strstr(out.bytes, wanted), "%s:\n%s", cases[i].file, out.bytes);
		buffer_done(&out);
		arena_free(arena);
	}
}
