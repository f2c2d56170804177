/*
 * idle: the columns of a file that are not used, whatever their cells say: because nobody knows
 * them, because what they belong to is missing, or because the feed does not write them. They cost
 * no row, and each is named once per file.
 */
#include "words.h"

#include "enrold/value.h"

/* ---- which, and why ---- */

static const char details_none[] = "update_details is none";
static const char details_fill[] = "update_details is fill_missing";
static const char password_kept[] = "update_password is false";

/* NULL: it is written. Files that make accounts use all that they say of new ones. */
static const char *unwritten_because(
    const struct header *header, uint32_t index, const struct policy *policy)
{
	enum column_id id = header->columns[index].id;
	bool none = policy->update_details == DETAILS_NONE;
	if (policy->upload_type != UPLOAD_UPDATE || index == header->key)
		return NULL;
	if (id == COLUMN_DETAIL || id == COLUMN_PROFILE)
		return none ? details_none : NULL;
	if (id != COLUMN_AUTH && id != COLUMN_PASSWORD)
		return NULL;
	if (id == COLUMN_PASSWORD && !policy->update_password)
		return password_kept;
	return none ? details_none : policy->update_details == DETAILS_FILL ? details_fill : NULL;
}

/* In files that make accounts and also meet others: those keep what they have. */
static bool is_of_new(
    const struct header *header, uint32_t index, const struct policy *policy, bool drops)
{
	enum column_id id = header->columns[index].id;
	bool none = policy->update_details == DETAILS_NONE;
	bool takes_cells = !none && policy->update_details != DETAILS_FILL;
	if (policy->upload_type != UPLOAD_ADD_OR_UPDATE || index == header->key ||
	    header->is_of_groups)
		return false;
	if (id == COLUMN_DETAIL || (id == COLUMN_PROFILE && !drops))
		return none;
	return (id == COLUMN_AUTH && !takes_cells) ||
	       (id == COLUMN_PASSWORD && !(takes_cells && policy->update_password));
}

/* The column of its number to which it belongs; COLUMN_NONE: it stands for itself. */
static enum column_id partner_of(enum column_id id)
{
	bool is_of_course = id >= COLUMN_ROLE && id <= COLUMN_GROUP;
	return is_of_course            ? COLUMN_COURSE
	       : id == COLUMN_CATEGORY ? COLUMN_CATEGORYROLE
	                               : COLUMN_IDS;
}

static bool is_alone(const struct header *header, const struct header_column *column)
{
	enum column_id partner = partner_of(column->id);
	return partner != COLUMN_IDS &&
	       header_slot_column(&header->slots[column->slot], partner) == COLUMN_NONE;
}

static enum idle idle_of(
    const struct header *header, struct header_column *column, const struct policy *policy)
{
	uint32_t index = (uint32_t)(column - header->columns);
	if (column->id == COLUMN_UNKNOWN)
		return column->name.size == 0 ? IDLE_NAMELESS : IDLE_UNKNOWN;
	if (column->id == COLUMN_VOID)
		return IDLE_VOID;
	if (header->is_of_groups)
		return IDLE_NOT;
	if (is_alone(header, column))
		return IDLE_ALONE;
	column->because = unwritten_because(header, index, policy);
	return column->because ? IDLE_UNWRITTEN : IDLE_NOT;
}

void idle_find(struct header *header, const struct policy *policy, const struct site_facts *site,
    struct arena *arena)
{
	/* A bad cell of a profile field ends its row there, written or not. */
	bool drops = policy->compat == COMPAT_MOODLE && site && site->checks_profiles;
	header->idle = arena_alloc(arena, header->columns_count * sizeof *header->idle);
	for (uint32_t i = 0; header->idle && i < header->columns_count; i++) {
		struct header_column *column = &header->columns[i];
		if (column->name.size > 0 && !column->is_made)
			header->named_count = i + 1;
		column->idle = drops && column->id == COLUMN_PROFILE
		                   ? IDLE_NOT
		                   : idle_of(header, column, policy);
		column->is_of_new = is_of_new(header, i, policy, drops);
		if (column->idle != IDLE_NOT)
			header->idle[header->idle_count++] = i;
	}
}

/* ---- what the records say there ---- */

/* Without bytes: it was over max_field. */
static bool is_unfit(const struct header_column *column, struct slice cell)
{
	return !cell.bytes || value_check(cell) != VALUE_CLEAN ||
	       (column->characters_max > 0 && cell.size > column->characters_max &&
	           value_characters(value_trim(cell)) > column->characters_max);
}

static bool is_nothing(struct slice cell)
{
	return cell.bytes && value_trim(cell).size == 0;
}

struct error header_count(
    struct header *header, const struct policy *policy, const struct csvin_record *record)
{
	bool refuses = policy->unknown_columns == UNKNOWN_REFUSE;
	words_count(header, record);
	for (size_t i = 0; i < header->idle_count; i++) {
		uint32_t index = header->idle[i];
		struct header_column *column = &header->columns[index];
		if (index >= record->cells_count || is_nothing(record->cells[index]) ||
		    words_is_empty(header->words, record->cells[index]))
			continue;
		if (column->idle == IDLE_NAMELESS && refuses)
			return error_reject("header_unknown_column", record->line,
			    "column %u has no name, and a value in this line: name it, or delete "
			    "the column",
			    index + 1);
		column->values++;
		column->unfit += is_unfit(column, record->cells[index]);
	}
	return OK;
}

/* ---- what is said of them ---- */

static struct slice partner_name(
    const struct header *header, const struct header_column *column, struct arena *arena)
{
	enum { SHOWN_MAX = 40 };
	struct slice number = value_brief(header->slots[column->slot].number, SHOWN_MAX, arena);
	return arena_print(arena, "%s%.*s",
	    partner_of(column->id) == COLUMN_COURSE ? "course" : "categoryrole", SLICE_ARG(number));
}

/* As a sentence names it; empty: by its name. */
static struct slice shown_of(
    const struct header *header, const struct header_column *column, struct arena *arena)
{
	struct slice cell = value_trim(column->cell);
	uint32_t number = (uint32_t)(column - header->columns) + 1;
	if (column->idle == IDLE_NAMELESS)
		return arena_print(arena, "%u", number);
	if (column->idle == IDLE_ALONE)
		return arena_print(arena, "%.*s without '%.*s'",
		    SLICE_ARG(remark_quote(cell, arena)),
		    SLICE_ARG(partner_name(header, column, arena)));
	if (column->idle == IDLE_UNKNOWN && !is_same_letters(cell, column->name))
		return arena_print(arena, "%.*s (which the feed maps to %.*s)",
		    SLICE_ARG(remark_quote(cell, arena)),
		    SLICE_ARG(remark_quote(column->name, arena)));
	if (column->idle == IDLE_UNKNOWN && column_wants_number(column->name, header->is_of_groups))
		return arena_print(
		    arena, "%.*s (without a number)", SLICE_ARG(remark_quote(cell, arena)));
	return SLICE("");
}

/* One sentence for all columns of a kind, behind "Column 'a'" or "Columns 'a' and 'b'". */
static const struct sentence {
	enum idle idle;
	const char *because;
	enum remark_code code;
	bool wants_values; /* said only when a cell has a value */
	const char *of_one, *of_several;
} sentences[] = {
    {IDLE_UNKNOWN, NULL, REMARK_COLUMN_IGNORED, false,
        "is not one that enrold knows, and was ignored (unknown_columns: ignore).",
        "are not ones that enrold knows, and were ignored (unknown_columns: ignore)."},
    {IDLE_NAMELESS, NULL, REMARK_COLUMN_WITHOUT_NAME, true,
        "has values and no name, and was ignored: name it.",
        "have values and no name, and were ignored: name them."},
    {IDLE_ALONE, NULL, REMARK_COLUMN_WITHOUT_PARTNER, false,
        "has no effect: columns belong together when their digits are the same.",
        "have no effect: columns belong together when their digits are the same."},
    {IDLE_UNWRITTEN, details_none, REMARK_COLUMN_NOT_WRITTEN, true,
        "is not written here: update_details is none.",
        "are not written here: update_details is none."},
    {IDLE_UNWRITTEN, details_fill, REMARK_COLUMN_NOT_WRITTEN, true,
        "is not written here: update_details is fill_missing.",
        "are not written here: update_details is fill_missing."},
    {IDLE_UNWRITTEN, password_kept, REMARK_COLUMN_NOT_WRITTEN, true,
        "is not written here: update_password is false.",
        "are not written here: update_password is false."},
    {IDLE_VOID, NULL, REMARK_COLUMN_WITHOUT_EFFECT, true, "has no effect, as in Moodle.",
        "have no effect, as in Moodle."},
};

static bool is_meant(const struct sentence *sentence, const struct header_column *column)
{
	return column->idle == sentence->idle && column->because == sentence->because &&
	       (column->values > 0 || !sentence->wants_values);
}

static void sentence_add(
    const struct sentence *sentence, const struct header *header, struct remarks *remarks)
{
	struct arena *arena = remarks->arena;
	struct remark_names names = {.count = 0};
	for (size_t i = 0; i < header->idle_count; i++) {
		const struct header_column *column = &header->columns[header->idle[i]];
		if (is_meant(sentence, column))
			remark_name(&names, value_trim(column->cell),
			    remark_is_full(&names) ? SLICE("") : shown_of(header, column, arena),
			    arena);
	}
	bool is_one = names.count == 1;
	if (names.count > 0)
		remark_add(remarks, sentence->code, &names,
		    arena_print(arena, "Column%s %.*s %s", is_one ? "" : "s",
		        SLICE_ARG(remark_list(&names, arena)),
		        is_one ? sentence->of_one : sentence->of_several));
}

/* Tells of bad cells in columns that are not used. */
static void unfit_add(const struct header *header, struct remarks *remarks)
{
	struct arena *arena = remarks->arena;
	struct remark_names names = {.count = 0};
	uint64_t cells = 0;
	for (size_t i = 0; i < header->idle_count; i++) {
		const struct header_column *column = &header->columns[header->idle[i]];
		if (column->unfit == 0)
			continue;
		cells += column->unfit;
		remark_name(&names, value_trim(column->cell), SLICE(""), arena);
	}
	if (cells == 0)
		return;
	remark_add(remarks, REMARK_UNUSED_CELL, &names,
	    arena_print(arena,
	        "%llu cell%s of %.*s %s too long or no text, which costs nothing: nothing of it is "
	        "used.",
	        (unsigned long long)cells, cells == 1 ? "" : "s",
	        SLICE_ARG(remark_list(&names, arena)), cells == 1 ? "is" : "are"));
}

/* ---- what the feed waits for ---- */

static bool has_column(const struct header *header, struct slice name)
{
	for (size_t i = 0; i < header->written_count; i++)
		if (is_same_letters(header->columns[i].name, name))
			return true;
	return false;
}

/* A feed may get files about people and files of groups. */
static bool is_of_kind(const struct header *header, struct slice column)
{
	bool of_people = column_find(column, false) || columns_profile_name(column).size > 0;
	return header->is_of_groups ? column_find(column, true) != NULL : of_people;
}

/* One that is built in names all columns that such files may have; which they must have it knows
 * them by. */
static bool is_built_in(const char *preset)
{
	return preset && *preset != '/';
}

/* One of two headings for a column is enough. */
static void missing_add(
    const struct header *header, const struct policy *policy, struct remarks *remarks)
{
	struct arena *arena = remarks->arena;
	struct remark_names names = {.count = 0};
	for (size_t i = 0; !is_built_in(policy->preset) && i + 1 < policy->columns.count; i += 2) {
		struct slice from = slice_of(policy->columns.items[i]);
		struct slice to = slice_of(policy->columns.items[i + 1]);
		if (has_column(header, to) || !is_of_kind(header, to))
			continue;
		remark_name(&names, from,
		    arena_print(arena, "%.*s (%.*s)", SLICE_ARG(remark_quote(from, arena)),
		        SLICE_ARG(value_brief(to, 40, arena))),
		    arena);
	}
	if (names.count == 0)
		return;
	remark_add(remarks, REMARK_MAPPED_COLUMN_MISSING, &names,
	    arena_print(arena, "The file has no column %.*s, which the feed's columns name.",
	        SLICE_ARG(remark_list(&names, arena))));
}

/* ---- what rows add up to ---- */

/* The columns that may have been kept out; rows do not tell them apart. */
static struct slice details_text(const struct header *header, struct arena *arena)
{
	struct remark_names names = {.count = 0};
	for (uint32_t i = 0; i < header->columns_count; i++) {
		const struct header_column *column = &header->columns[i];
		bool is_detail = column->id == COLUMN_DETAIL || column->id == COLUMN_PROFILE ||
		                 column->id == COLUMN_AUTH;
		if (is_detail && column->idle == IDLE_NOT && i != header->key)
			remark_name(&names, value_trim(column->cell), SLICE(""), arena);
	}
	return remark_list(&names, arena);
}

static struct slice rows_text(enum remark_code code, const struct header *header,
    const struct policy *policy, struct arena *arena)
{
	static const struct slice texts[REMARK_CODES] = {
	    [REMARK_PASSWORDS_KEPT] = {SLICE_INIT(
	        "an account that exists did not get its password: see update_password and "
	        "update_details.")},
	    [REMARK_NAMES_KEPT] = {SLICE_INIT(
	        "the account has another user name than the file says, and was not renamed: "
	        "allow_rename is false.")},
	    [REMARK_COURSES_OVERRULED] = {SLICE_INIT(
	        "coursename has no effect, because the course's idnumber is given beside it.")},
	    [REMARK_TYPES_OVERRULED] = {SLICE_INIT(
	        "a type has no effect, because a role is named beside it.")},
	};
	if (code != REMARK_DETAILS_KEPT)
		return texts[code];
	return arena_print(arena,
	    "an account that exists keeps what it has, whatever is in %.*s: update_details is %s.",
	    SLICE_ARG(details_text(header, arena)),
	    policy->update_details == DETAILS_NONE ? "none" : "fill_missing");
}

static void rows_add(const struct header *header, const struct policy *policy,
    const uint64_t counts[REMARK_CODES], struct remarks *remarks)
{
	for (enum remark_code code = 0; code < REMARK_CODES; code++) {
		struct slice text =
		    counts[code] > 0 ? rows_text(code, header, policy, remarks->arena) : SLICE("");
		if (text.size > 0)
			remark_add(remarks, code, NULL,
			    arena_print(remarks->arena, "In %llu row%s %.*s",
			        (unsigned long long)counts[code], counts[code] == 1 ? "" : "s",
			        SLICE_ARG(text)));
	}
}

void header_remark(const struct header *header, const struct policy *policy,
    const uint64_t counts[REMARK_CODES], struct remarks *remarks)
{
	missing_add(header, policy, remarks);
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
		sentence_add(&sentences[i], header, remarks);
	rows_add(header, policy, counts, remarks);
	unfit_add(header, remarks);
	words_remark(header, remarks);
}

struct slice idle_reason(
    const struct header *header, const struct header_column *column, struct arena *arena)
{
	struct slice name = shown_of(header, column, arena);
	if (name.size == 0)
		name = remark_quote(value_trim(column->cell), arena);
	if (column->idle == IDLE_UNWRITTEN)
		return arena_print(
		    arena, "%.*s is not written here: %s", SLICE_ARG(name), column->because);
	if (column->idle == IDLE_UNKNOWN)
		return arena_print(
		    arena, "%.*s is not a column that enrold knows", SLICE_ARG(name));
	if (column->idle == IDLE_NAMELESS)
		return arena_print(arena, "column %.*s has no name", SLICE_ARG(name));
	return arena_print(arena, "%.*s has no effect", SLICE_ARG(name));
}
