/*
 * header: the header of one file, read by the table of columns, the feed's names for them and the
 * site's profile fields.
 */
#include "index.h"
#include "words.h"

#include "enrold/dialect.h"
#include "enrold/value.h"

struct header_builder {
	const struct header_terms *terms;
	struct arena *arena; /* the header's */
	struct arena *scratch;
	struct header *header;
	uint64_t line;
	struct mistakes mistakes;
	struct error broken;         /* the first name that is no text; ignored where columns are */
	struct index_entry *names;   /* of columns, in lower case */
	struct index_entry *numbers; /* of slots */
	struct index_entry *headings; /* that the feed's columns name */
};

/* The index under which the text was met first: `index` when that is now. */
static uint32_t met_before(
    struct header_builder *builder, struct index_entry **table, struct slice text, uint32_t index)
{
	uint32_t known = index_find(*table, text);
	if (known != INDEX_NONE)
		return known;
	index_add(table, builder->scratch, text, index);
	return index;
}

static uint32_t slot_find(struct header_builder *builder, struct slice number)
{
	struct header *header = builder->header;
	uint32_t s = met_before(builder, &builder->numbers, number, (uint32_t)header->slots_count);
	if (s == header->slots_count) {
		header->slots[s].number = number;
		memset(header->slots[s].columns, 0xFF, sizeof header->slots[s].columns);
		header->slots_count++;
	}
	return s;
}

static const struct profile_field *profile_find(
    const struct site_facts *site, struct slice name, bool any_case)
{
	for (size_t i = 0; site && i < site->profile_fields_count; i++) {
		const struct profile_field *field = &site->profile_fields[i];
		if (any_case ? is_same_letters(field->shortname, name)
		             : slice_is(field->shortname, name))
			return field;
	}
	return NULL;
}

/* True: the column is a profile field of the site. */
static bool profile_take(struct header_builder *builder, struct header_column *column)
{
	const struct site_facts *site = builder->terms->site;
	struct slice written = columns_profile_name(value_trim(column->cell));
	struct slice name = columns_profile_name(column->name);
	if (name.size == 0)
		return false;
	/* First as it is written, then in any letter case; a mapped name is in lower case. */
	const struct profile_field *field =
	    profile_find(site, written.size > 0 ? written : name, false);
	field = field ? field : profile_find(site, name, true);
	if (!field)
		return false;
	column->id = COLUMN_PROFILE;
	column->index = (uint32_t)(field - site->profile_fields);
	column->characters_max = (uint32_t)field->characters_max;
	return true;
}

static void known_take(
    struct header_builder *builder, struct header_column *column, const struct column *known)
{
	struct header *header = builder->header;
	uint32_t index = (uint32_t)(column - header->columns);
	column->id = known->id;
	column->characters_max = known->characters_max;
	if (known->id == COLUMN_DETAIL) {
		column->index = (uint32_t)(known - columns_detail(0));
		header->details[column->index] = index;
	} else if (known->is_numbered) {
		struct slice number = column->name;
		number.size = column_digits(column->name);
		number.bytes += column->name.size - number.size;
		column->slot = slot_find(builder, number);
		header->slots[column->slot].columns[known->id - COLUMN_NUMBERED_FIRST] = index;
	} else {
		header->single[known->id] = index;
	}
}

static void column_add(struct header_builder *builder, struct header_column *column)
{
	uint32_t index = (uint32_t)(column - builder->header->columns);
	bool is_of_groups = builder->header->is_of_groups;
	const struct column *known = column_find(column->name, is_of_groups);
	if (known)
		known_take(builder, column, known);
	else if (is_of_groups || !profile_take(builder, column))
		column->id = words_know(builder->header, index) ? COLUMN_WORD : COLUMN_UNKNOWN;
	if (column->name.size == 0)
		return; /* spreadsheets make such: its cells are looked at */
	if (column->id == COLUMN_UNKNOWN) {
		if (builder->terms->policy->unknown_columns == UNKNOWN_REFUSE)
			mistake_unknown(&builder->mistakes, builder->header, index);
		return;
	}
	uint32_t first = met_before(builder, &builder->names, column->name, index);
	if (first != index)
		mistake_twice(&builder->mistakes, builder->header, first, index);
}

static struct error cell_check(
    const struct header_builder *builder, struct slice cell, uint32_t index)
{
	enum value_fault fault = value_check(cell);
	const char *encoding = builder->terms->policy->encoding;
	if (fault == VALUE_CLEAN || fault == VALUE_LOST)
		return OK; /* a name with a lost letter names no column, and that is told */
	if (fault == VALUE_NOT_UTF8 && encoding)
		return error_reject("header_broken", builder->line,
		    "column %u of the header cannot be decoded as %s: save the file so, or correct "
		    "the feed's csv.encoding",
		    index + 1, encoding);
	return error_reject("header_broken", builder->line, "column %u of the header %s", index + 1,
	    fault == VALUE_NOT_UTF8
	        ? "cannot be decoded: save the file as UTF-8 or set csv: {encoding: ...}"
	        : "has a NUL or control character: remove it, or save the file as UTF-8");
}

/* What the feed's files call columns, by its settings. */
static struct error headings_index(struct header_builder *builder)
{
	const struct text_list *columns = &builder->terms->policy->columns;
	for (size_t i = 0; i + 1 < columns->count; i += 2)
		met_before(builder, &builder->headings,
		    columns_fold(slice_of(columns->items[i]), builder->scratch), (uint32_t)i);
	return arena_has_failed(builder->scratch) ? error_memory("reading the header") : OK;
}

/* Nearly always it is written as it is called. */
static struct slice name_read(struct header_builder *builder, struct slice written)
{
	const struct text_list *columns = &builder->terms->policy->columns;
	struct slice name = value_fold(written, builder->scratch);
	uint32_t mapped = columns->count == 0 ? INDEX_NONE
	                                      : index_find(builder->headings,
	                                            columns_fold(written, builder->scratch));
	if (mapped != INDEX_NONE)
		name = value_lower(slice_of(columns->items[mapped + 1]), builder->scratch);
	return slice_is(name, written) ? written : arena_copy(builder->arena, name);
}

static struct error names_read(struct header_builder *builder, const struct csvin_record *record)
{
	struct error error = headings_index(builder);
	for (uint32_t i = 0; i < record->cells_count && !is_error(&error); i++) {
		struct header_column *column = &builder->header->columns[i];
		struct error broken = cell_check(builder, record->cells[i], i);
		if (is_error(&broken) && !is_error(&builder->broken))
			builder->broken = broken;
		column->cell = arena_copy(builder->arena, record->cells[i]);
		column->name = name_read(builder, value_trim(column->cell));
		builder->header->is_of_groups |= slice_is(column->name, SLICE("groupname"));
	}
	return error;
}

static size_t names_count(const struct header *header)
{
	size_t count = 0;
	for (size_t i = 0; i < header->written_count; i++)
		count += header->columns[i].name.size > 0;
	return count;
}

/* A separator that was named is nearly always the wrong one then. */
static struct error too_few(const struct header_builder *builder, uint64_t line)
{
	const struct header_terms *terms = builder->terms;
	struct slice cell = builder->header->columns[0].cell;
	char other = dialect_find_other(cell, terms->delimiter);
	if (terms->policy->encoding && value_characters(cell) < cell.size)
		return error_reject("header_too_few_columns", line,
		    "the header has one column, with letters that may not be what was written: the "
		    "file is read as %s (csv.encoding); correct that, or name two columns",
		    terms->policy->encoding);
	if (!terms->delimiter_by)
		return error_reject("header_too_few_columns", line,
		    "the header has one column: name at least two, separated by commas");
	if (!other)
		return error_reject("header_too_few_columns", line,
		    "the header has one column: name at least two, with a %s between them, as %s "
		    "says",
		    dialect_name(terms->delimiter), terms->delimiter_by);
	return error_reject("header_too_few_columns", line,
	    "the header is separated by a %s, and %s says %s: save the file with that, or name the "
	    "other there",
	    dialect_name(other), terms->delimiter_by, dialect_name(terms->delimiter));
}

static struct error columns_take(struct header_builder *builder, const struct csvin_record *record)
{
	struct error error = names_read(builder, record);
	if (is_error(&error))
		return error;
	if (is_error(&builder->broken) && builder->terms->policy->unknown_columns == UNKNOWN_REFUSE)
		return builder->broken;
	if (names_count(builder->header) < 2 && !builder->header->is_of_groups)
		return is_error(&builder->broken) ? builder->broken
		                                  : too_few(builder, record->line);
	words_find(builder->header, builder->terms, builder->arena, builder->scratch);
	for (uint32_t i = 0; i < builder->header->columns_count; i++)
		column_add(builder, &builder->header->columns[i]);
	return OK;
}

/* ---- the header as a whole ---- */

static bool asks(enum column_id id, bool of_cohorts)
{
	return of_cohorts
	           ? id == COLUMN_COHORT
	           : id == COLUMN_COURSE || id == COLUMN_SYSROLE || id == COLUMN_CATEGORYROLE;
}

/* Cohorts first, then as the columns stand. */
static void asking_find(struct header *header, struct arena *arena)
{
	header->asking = arena_alloc(arena, header->columns_count * sizeof *header->asking);
	for (int pass = 0; header->asking && pass < 2; pass++)
		for (uint32_t i = 0; i < header->columns_count; i++)
			if (asks(header->columns[i].id, pass == 0))
				header->asking[header->asking_count++] = i;
}

/* Files of new accounts may leave the user names to the feed's template. */
static bool may_lack_name(const struct policy *policy)
{
	return policy->username_template && policy->upload_type != UPLOAD_UPDATE;
}

/* Moodle's page finds nobody by address where it only adds. */
static enum policy_match_by match_of(const struct policy *policy)
{
	bool adds =
	    policy->upload_type == UPLOAD_ADD || policy->upload_type == UPLOAD_ADD_INCREMENT;
	return adds && policy->compat == COMPAT_MOODLE ? MATCH_USERNAME : policy->match_by;
}

static void key_find(struct header_builder *builder)
{
	static const struct {
		const char *name, *code;
	} keys[] = {
	    [MATCH_USERNAME] = {"username", "header_without_username"},
	    [MATCH_EMAIL] = {"email", "header_without_email"},
	    [MATCH_IDNUMBER] = {"idnumber", "header_without_idnumber"},
	};
	struct header *header = builder->header;
	const struct policy *policy = builder->terms->policy;
	enum policy_match_by by = match_of(policy);
	header->key = by == MATCH_USERNAME ? header->single[COLUMN_USERNAME]
	              : by == MATCH_EMAIL  ? header->details[DETAIL_EMAIL]
	                                   : header->details[DETAIL_IDNUMBER];
	bool may_lack = by == MATCH_USERNAME && may_lack_name(policy);
	if (header->key == COLUMN_NONE && !may_lack)
		mistake_keyless(&builder->mistakes, policy, keys[by].name, keys[by].code);
}

/* made_max: columns that the file may get besides. */
static struct header *header_alloc(size_t count, size_t made_max, struct arena *arena)
{
	struct header *header = arena_alloc(arena, sizeof *header);
	struct header_column *named = arena_alloc(arena, (count + made_max) * sizeof *named);
	struct header_slot *slots = arena_alloc(arena, (count + made_max) * sizeof *slots);
	if (!header || !named || !slots)
		return NULL;
	*header = (struct header){.columns_count = count,
	    .written_count = count,
	    .columns = named,
	    .slots = slots,
	    .key = COLUMN_NONE,
	    .delimiter = ','};
	for (size_t id = 0; id < COLUMN_IDS; id++)
		header->single[id] = COLUMN_NONE;
	for (size_t i = 0; i < DETAILS_MAX; i++)
		header->details[i] = COLUMN_NONE;
	return header;
}

struct error header_parse(const struct csvin_record *record, const struct header_terms *terms,
    struct arena *arena, struct header **result)
{
	size_t count = record->cells_count;
	if (record->fault != CSVIN_WHOLE)
		return error_reject("header_broken", record->line, "the header %s",
		    record->fault == CSVIN_BROKEN
		        ? "has text after a closing quote: correct its quotes"
		        : "is too long or has too many columns");
	struct header_builder builder = {.terms = terms,
	    .arena = arena,
	    .scratch = arena_create(),
	    .header = header_alloc(count, words_made_max(terms->policy), arena),
	    .line = record->line,
	    .broken = OK};
	builder.mistakes.arena = builder.scratch;
	if (!builder.header || !builder.scratch) {
		arena_free(builder.scratch);
		return error_memory("reading the header");
	}
	struct error error = columns_take(&builder, record);
	index_clear(&builder.names);
	index_clear(&builder.numbers);
	index_clear(&builder.headings);
	if (!is_error(&error) && !builder.header->is_of_groups)
		key_find(&builder);
	/* No wonder that nobody is found in it. */
	if (!is_error(&error) && builder.mistakes.keyless_code)
		error = builder.broken;
	if (!is_error(&error))
		error = mistakes_tell(&builder.mistakes, record->line);
	asking_find(builder.header, arena);
	idle_find(builder.header, terms->policy, terms->site, arena);
	/* Any fault may also come from a lack of memory. */
	if (arena_has_failed(arena) || arena_has_failed(builder.scratch))
		error = error_memory("reading the header");
	arena_free(builder.scratch);
	*result = builder.header;
	return error;
}

/* ---- records by it ---- */

struct csvin_record header_fit(const struct header *header, const struct csvin_record *record)
{
	struct csvin_record fit = *record;
	size_t last = record->cells_count;
	while (last > header->written_count && record->cells[last - 1].bytes &&
	       value_trim(record->cells[last - 1]).size == 0)
		last--;
	if (last == header->written_count)
		fit.cells_count = last;
	return fit;
}

bool header_is_ragged(const struct header *header, size_t cells_count)
{
	return cells_count < header->named_count || cells_count > header->written_count;
}

bool record_is_blank(const struct csvin_record *record)
{
	for (size_t i = 0; i < record->cells_count; i++)
		if (value_trim(record->cells[i]).size > 0)
			return false;
	return record->fault == CSVIN_WHOLE;
}
