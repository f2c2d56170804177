#include "enrold/remark.h"

#include "enrold/value.h"

/* Letters of a name, and names in a sentence, for which a log line has room. */
enum { NAME_SHOWN_MAX = 40, NAMES_SHOWN_MAX = 8 };

static const struct {
	const char *name;
	const char *meaning;
} codes[REMARK_CODES] = {
    [REMARK_MAPPED_COLUMN_MISSING] = {"mapped_column_missing",
        "the feed's columns name one that the file has not"},
    [REMARK_COLUMN_IGNORED] = {"column_ignored", "not known, with unknown_columns: ignore"},
    [REMARK_COLUMN_WITHOUT_NAME] = {"column_without_name", "has values, and was ignored"},
    [REMARK_COLUMN_WITHOUT_EFFECT] = {"column_without_effect", "taken and without effect"},
    [REMARK_COLUMN_WITHOUT_PARTNER] = {"column_without_partner",
        "belongs to a column of the same number that the file has not"},
    [REMARK_COLUMN_NOT_WRITTEN] = {"column_not_written", "the feed's settings do not write it"},
    [REMARK_DETAILS_KEPT] = {"details_kept", "of accounts that exist, by update_details"},
    [REMARK_PASSWORDS_KEPT] = {"passwords_kept", "of accounts that exist, by update_password"},
    [REMARK_NAMES_KEPT] = {"names_kept", "of accounts found otherwise, by allow_rename"},
    [REMARK_TYPES_OVERRULED] = {"types_overruled", "a role is named beside the type"},
    [REMARK_COURSES_OVERRULED] = {"courses_overruled", "an idnumber is given beside the name"},
    [REMARK_UNUSED_CELL] = {"unused_cell", "bad, in a column that is not used"},
    [REMARK_WORDS_NOT_MAPPED] = {"words_not_mapped", "words that the feed's values do not know"},
    [REMARK_NO_FINAL_NEWLINE] = {"no_final_newline", "the last line has no newline"},
    [REMARK_NO_ROWS] = {"no_rows", "there is nothing behind the header"},
    [REMARK_NOT_A_FULL_FILE] = {"not_a_full_file", "it removes nobody, and why"},
    [REMARK_ABSENCE_PAUSED] = {"absence_paused", "it removes nobody: absence.pause"},
    [REMARK_REMOVALS_WITHHELD] = {"removals_withheld", "somebody was absent, and not removed"},
    [REMARK_OUT_OF_REACH] = {"out_of_reach",
        "of a preview: absent, and not enrolled by the feed: absence.adopt"},
    [REMARK_CHANGES_WITHHELD] = {"changes_withheld", "more than the feed's limits let go unasked"},
    [REMARK_NEW_PLAN] = {"new_plan", "of a release: there is more now than was shown"},
    [REMARK_PLAN_CLOSED] = {"plan_closed", "nothing is left of it, or it was discarded before"},
    [REMARK_LIMIT_WOULD_TRIP] = {"limit_would_trip",
        "of a preview: the file would be held, or some of it"},
    [REMARK_MEMBER_NOT_USED] = {"member_not_used",
        "of an archive: a file of which nothing is made, and why"},
    [REMARK_OLDER_ROWS] = {"older_rows",
        "there is a newer one of the same key, or it is of days to come"},
    [REMARK_PASSWORDS_ARCHIVED] = {"passwords_archived",
        "the file is archived with them: they cannot be cut out of it"},
};

const char *remark_code_name(enum remark_code code)
{
	return codes[code].name;
}

const char *remark_code_meaning(enum remark_code code)
{
	return codes[code].meaning;
}

void remark_add(struct remarks *remarks, enum remark_code code, const struct remark_names *names,
    struct slice message)
{
	if (remarks->count == REMARKS_MAX) {
		remarks->left_out++;
		return;
	}
	size_t count = names ? names->count : 0;
	count = count < REMARK_NAMES_MAX ? count : REMARK_NAMES_MAX;
	struct slice *columns = arena_alloc(remarks->arena, (count + 1) * sizeof *columns);
	if (!columns)
		return;
	for (size_t i = 0; i < count; i++)
		columns[i] = names->names[i];
	remarks->items[remarks->count++] = (struct remark){code, message, columns, count};
}

struct slice remark_quote(struct slice name, struct arena *arena)
{
	struct slice shown = value_brief(value_spell(name, arena), NAME_SHOWN_MAX, arena);
	return arena_print(arena, "'%.*s'", SLICE_ARG(shown));
}

struct slice remark_quote_cell(struct slice cell, struct arena *arena)
{
	struct buffer shown = {0};
	value_reveal(cell, &shown);
	if (shown.failed)
		arena_fail(arena);
	struct slice quoted = remark_quote(buffer_slice(&shown), arena);
	buffer_done(&shown);
	return quoted;
}

void remark_name(
    struct remark_names *names, struct slice name, struct slice shown, struct arena *arena)
{
	bool is_full = remark_is_full(names);
	names->count++;
	if (is_full)
		return;
	names->names[names->count - 1] = value_brief(name, VALUE_SHOWN_MAX, arena);
	names->shown[names->count - 1] = shown.size > 0 ? shown : remark_quote(name, arena);
}

struct slice remark_list(const struct remark_names *names, struct arena *arena)
{
	struct slice text = SLICE("");
	size_t shown = names->count > NAMES_SHOWN_MAX + 1 ? NAMES_SHOWN_MAX : names->count;
	for (size_t i = 0; i < shown; i++) {
		const char *joint = i == 0 ? "" : i + 1 == names->count ? " and " : ", ";
		text = arena_print(
		    arena, "%.*s%s%.*s", SLICE_ARG(text), joint, SLICE_ARG(names->shown[i]));
	}
	if (shown < names->count)
		text =
		    arena_print(arena, "%.*s and %zu more", SLICE_ARG(text), names->count - shown);
	return text;
}
