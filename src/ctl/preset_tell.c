#include "preset_tell.h"

#include "terminal.h"

#include "enrold/columns.h"

#include <stdio.h>
#include <string.h>

/* ---- the words of the settings ---- */

static const char *key_word(enum policy_match_by match_by)
{
	static const char *const words[] = {
	    [MATCH_USERNAME] = "username", [MATCH_EMAIL] = "email", [MATCH_IDNUMBER] = "idnumber"};
	return words[match_by];
}

static const char *upload_word(enum policy_upload_type type)
{
	static const char *const words[] = {[UPLOAD_UPDATE] = "accounts are changed, none is made",
	    [UPLOAD_ADD] = "accounts are made, none is changed",
	    [UPLOAD_ADD_INCREMENT] = "accounts are made, under names that nobody has",
	    [UPLOAD_ADD_OR_UPDATE] = "accounts are made and changed"};
	return words[type];
}

static const char *meaning_word(enum policy_meaning meaning)
{
	static const char *const words[] = {
	    [MEANING_FULL] = "whoever is not in a file may have left (absence)",
	    [MEANING_DELTA] = "who is not in a file has not left",
	    [MEANING_MANIFEST] = "whether who is not in a file has left says its manifest"};
	return words[meaning];
}

/* ---- one kind ---- */

static void list_tell(const char *before, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		fputs(i == 0 ? before : ", ", stdout);
		terminal_write(stdout, list->items[i]);
	}
}

static void pair_tell(const char *from, const char *between, const char *to)
{
	fputs("    ", stdout);
	terminal_write(stdout, from);
	fputs(between, stdout);
	terminal_write(stdout, to);
	fputs("\n", stdout);
}

static void pairs_tell(const struct text_list *pairs, const char *between)
{
	for (size_t i = 0; i + 1 < pairs->count; i += 2)
		pair_tell(pairs->items[i], between, pairs->items[i + 1]);
}

/* Four each: column, word, the column that it becomes a cell of, and that cell. */
static void words_tell(const struct text_list *values)
{
	for (size_t i = 0; i + 3 < values->count; i += 4) {
		fputs("    ", stdout);
		terminal_write(stdout, values->items[i]);
		fputs(" \"", stdout);
		terminal_write(stdout, values->items[i + 1]);
		if (strcmp(values->items[i + 1], "*") == 0)
			printf("\": any other word is %s\n",
			    strcmp(values->items[i + 3], "keep") == 0 ? "kept as it is"
			                                              : "an error");
		else
			printf("\" -> %s \"%s\"\n", values->items[i + 2], values->items[i + 3]);
	}
}

static void kind_tell(const struct preset_kind *kind)
{
	const struct policy *policy = &kind->policy;
	printf("\n%s: ", kind->name);
	if (kind->files)
		printf("named as %s, ", kind->files);
	fputs("a file", stdout);
	list_tell(" with ", &kind->has);
	list_tell(kind->has.count > 0 ? ", without " : " without ", &kind->lacks);
	list_tell(", that begins with one of ", &kind->begins);
	fputs("\n", stdout);
	if (kind->unused) {
		fputs("  is passed over: ", stdout);
		terminal_write(stdout, kind->unused);
		fputs("\n", stdout);
		return;
	}
	printf("  %s; people are found by %s, courses by %s\n  %s\n",
	    upload_word(policy->upload_type), key_word(policy->match_by),
	    policy->course_by == COURSE_BY_SHORTNAME ? "shortname" : "idnumber",
	    meaning_word(policy->meaning));
	list_tell("  its cells are, by their places: ", &policy->positions);
	fputs(policy->positions.count > 0 ? "\n" : "", stdout);
	pairs_tell(&policy->columns, " -> ");
	words_tell(&policy->values);
	pairs_tell(&policy->set, ", where the file has no such column: ");
	pairs_tell(&policy->defaults, " of new accounts: ");
	printf("    any other column: %s\n", policy->unknown_columns == UNKNOWN_IGNORE
	                                         ? "as enrold.csv(5) has it, else not used"
	                                         : "as enrold.csv(5) has it, else refused");
}

void preset_tell(const struct preset *preset)
{
	terminal_write(stdout, preset->name);
	fputs(": ", stdout);
	terminal_write(stdout, preset->about);
	fputs("\n", stdout);
	if (preset->manifest)
		printf("its archives say in %s what their files are\n", preset->manifest);
	for (size_t i = 0; i < preset->kinds_count; i++)
		kind_tell(&preset->kinds[i]);
}

/* ---- for scripts ---- */

static json_t *list_json(const struct text_list *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *pairs_json(const struct text_list *pairs)
{
	json_t *object = json_object();
	for (size_t i = 0; i + 1 < pairs->count; i += 2)
		json_object_set_new(object, pairs->items[i], json_string(pairs->items[i + 1]));
	return object;
}

json_t *preset_json(const struct preset *preset)
{
	json_t *kinds = json_array();
	for (size_t i = 0; i < preset->kinds_count; i++) {
		const struct preset_kind *kind = &preset->kinds[i];
		json_array_append_new(kinds,
		    json_pack("{s:s, s:s*, s:o, s:o, s:s*, s:o}", "name", kind->name, "files",
		        kind->files, "has", list_json(&kind->has), "lacks", list_json(&kind->lacks),
		        "unused", kind->unused, "columns", pairs_json(&kind->policy.columns)));
	}
	return json_pack("{s:s, s:s, s:s*, s:o}", "name", preset->name, "about", preset->about,
	    "manifest", preset->manifest, "kinds", kinds);
}

/* ---- what there is to decide ---- */

struct traits {
	bool makes, by_idnumber, courses_by_idnumber, has_courses, is_full, is_delta, by_manifest;
};

static bool becomes(const struct policy *policy, const char *column)
{
	size_t size = strlen(column);
	for (size_t i = 1; i < policy->columns.count; i += 2)
		if (strncmp(policy->columns.items[i], column, size) == 0)
			return true;
	for (size_t i = 2; i < policy->values.count; i += 4)
		if (strncmp(policy->values.items[i], column, size) == 0)
			return true;
	return false;
}

static void traits_add(struct traits *traits, const struct preset_kind *kind)
{
	const struct policy *policy = &kind->policy;
	if (kind->unused)
		return;
	traits->makes |= policy->upload_type != UPLOAD_UPDATE;
	traits->by_idnumber |= policy->match_by == MATCH_IDNUMBER;
	traits->has_courses |= becomes(policy, "course");
	traits->courses_by_idnumber |= policy->course_by == COURSE_BY_IDNUMBER;
	traits->is_full |= policy->meaning == MEANING_FULL;
	traits->is_delta |= policy->meaning == MEANING_DELTA;
	traits->by_manifest |= policy->meaning == MEANING_MANIFEST;
}

void preset_advise(const struct preset *preset, const struct preset_kind *const *only, size_t count,
    const char *indent)
{
	struct traits traits = {0};
	for (size_t i = 0; i < (only ? count : preset->kinds_count); i++)
		traits_add(&traits, only ? only[i] : &preset->kinds[i]);
	if (traits.by_idnumber)
		printf("%s# People are found by their idnumber: accounts that are there need it.\n",
		    indent);
	if (traits.has_courses && traits.courses_by_idnumber)
		printf("%s# Courses are found by their idnumber; by their short name with "
		       "course_by: shortname.\n",
		    indent);
	if (traits.makes)
		printf("%s# Accounts are made. limits.created says how many at once without a "
		       "person.\n",
		    indent);
	if (traits.has_courses)
		printf(
		    "%s# may: { roles: [student, teacher, editingteacher] } # what it may give\n",
		    indent);
	if (traits.is_full || traits.by_manifest)
		printf("%s# absence: { action: suspend } # who is not in the next full file has "
		       "left\n",
		    indent);
	if (traits.is_delta)
		printf("%s# Who is not in a file of it stays: meaning: full, where it has "
		       "everybody.\n",
		    indent);
	printf("%s# pgp: { home: /etc/enrold/gnupg, required: true } # where the files come "
	       "encrypted\n",
	    indent);
}
