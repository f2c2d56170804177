/*
 * detail: what the cells of an account's columns may hold. Rules: lms/README 1.1, 1.2; what
 * would lose or invent data is never stored, whatever Moodle would do.
 */
#include "enrold/detail.h"

#include "roster.h"

#include "enrold/list.h"
#include "enrold/value.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>

bool truth_read(struct slice cell, bool *truth)
{
	static const char *const words[] = {"0", "1", "no", "yes", "false", "true"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strlen(words[i]) == cell.size &&
		    strncasecmp(words[i], cell.bytes, cell.size) == 0) {
			*truth = i % 2;
			return true;
		}
	}
	return false;
}

/* ---- texts ---- */

/* As PHP's strip_tags: '<' begins a tag unless blank space follows; quotes inside hide a '>'. */
static struct slice tags_strip(struct slice cell, struct arena *arena)
{
	if (!memchr(cell.bytes, '<', cell.size))
		return cell;
	char *text = arena_alloc(arena, cell.size + 1);
	size_t size = 0;
	char quote = '\0';
	bool is_inside = false;
	for (size_t i = 0; text && i < cell.size; i++) {
		char c = cell.bytes[i];
		bool is_open = c == '<' && i + 1 < cell.size &&
		               !slice_has(SLICE(" \t\n\r\v\f"), cell.bytes[i + 1]);
		if (!is_inside && is_open)
			is_inside = true;
		else if (!is_inside)
			text[size++] = c;
		else if (quote)
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			is_inside = false;
	}
	return (struct slice){text, text ? size : 0};
}

static bool is_address_byte(char c)
{
	return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (c && strchr(".!#$%&'*+/=?^_`{|}~-", c));
}

/* name@host.domain; no quoted names, no comments. */
static bool is_address(struct slice cell)
{
	const char *at = memchr(cell.bytes, '@', cell.size);
	if (!at || at == cell.bytes || cell.bytes[0] == '.' || at[-1] == '.')
		return false;
	size_t name = (size_t)(at - cell.bytes);
	for (size_t i = 0; i < name; i++)
		if (!is_address_byte(cell.bytes[i]) ||
		    (cell.bytes[i] == '.' && cell.bytes[i + 1] == '.'))
			return false;
	size_t label = 0, dots = 0;
	for (const char *c = at + 1; c < cell.bytes + cell.size; c++) {
		bool is_plain = (unsigned char)*c >= 0x80 || (*c >= '0' && *c <= '9') ||
		                ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z');
		if (*c == '.' ? label == 0 : !is_plain && *c != '-')
			return false;
		dots += *c == '.';
		label = *c == '.' ? 0 : label + 1;
	}
	return label > 0 && dots > 0;
}

/* ISO 3166-1, the two letters of each country one after the other. */
static const char countries[] =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICK"
    "CLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGS"
    "GTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULV"
    "LYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPM"
    "PNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTR"
    "TTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

static bool is_country(struct slice cell)
{
	for (size_t i = 0; i + 1 < sizeof countries; i += 2)
		if (cell.size == 2 && memcmp(countries + i, cell.bytes, 2) == 0)
			return true;
	return false;
}

/* "en", "de_ch", "zh_cn", "de_comm_dudel": letters, then parts behind underscores. */
static bool is_language(const struct site_facts *site, struct slice cell)
{
	if (site->languages.size > 0 && !list_has(site->languages, cell))
		return false;
	size_t part = 0;
	for (size_t i = 0; i < cell.size; i++) {
		char c = cell.bytes[i];
		bool is_part = (c >= 'a' && c <= 'z') || (i > 0 && c >= '0' && c <= '9');
		if (!is_part && (c != '_' || part < 2))
			return false;
		part = c == '_' ? 2 : part + 1;
	}
	return cell.size >= 2 && cell.bytes[cell.size - 1] != '_';
}

/* Digits with ".5" or ".0": hours of an offset. */
static bool is_offset(struct slice cell)
{
	char text[8], *end;
	if (cell.size == 0 || cell.size >= sizeof text)
		return false;
	memcpy(text, cell.bytes, cell.size);
	text[cell.size] = '\0';
	const char *digits = text + (text[0] == '+' || text[0] == '-');
	long hours = strtol(digits, &end, 10);
	if (*digits < '0' || *digits > '9' || end - digits > 2 || hours > 13)
		return false;
	return *end == '\0' || strcmp(end, ".0") == 0 || (strcmp(end, ".5") == 0 && hours < 13);
}

/* What Moodle checks of a time zone: how it is written, not whether it exists (lms/README 1.1). */
static bool is_timezone(struct slice cell)
{
	if (slice_is(cell, SLICE("99")) || is_offset(cell))
		return true;
	bool had_slash = true; /* a part must begin with a letter or digit */
	for (size_t i = 0; i < cell.size; i++) {
		char c = cell.bytes[i];
		bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		bool is_digit = c >= '0' && c <= '9';
		if (c == '/' ? had_slash : !is_letter && !is_digit && c != '_' && c != '-')
			return false;
		had_slash = c == '/';
	}
	bool is_letter =
	    cell.size > 0 && (cell.bytes[0] | 0x20) >= 'a' && (cell.bytes[0] | 0x20) <= 'z';
	return is_letter && !had_slash && cell.size > 1;
}

/* Moodle would store the name of a zone that does not exist, and only dates would show it. */
static bool is_known_zone(const struct site_facts *site, struct slice cell)
{
	return site->zones_count == 0 || slice_is(cell, SLICE("99")) || is_offset(cell) ||
	       bsearch(&cell, site->zones, site->zones_count, sizeof cell, zone_compare);
}

static bool is_theme(struct slice cell)
{
	for (size_t i = 0; i < cell.size; i++) {
		char c = cell.bytes[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return cell.size > 0;
}

/* PHP's (int) of a text. */
static struct slice whole_as_php(struct slice cell, struct arena *arena)
{
	char text[24];
	size_t size = cell.size < sizeof text - 1 ? cell.size : sizeof text - 1;
	memcpy(text, cell.bytes, size);
	text[size] = '\0';
	return arena_print(arena, "%ld", strtol(text, NULL, 10));
}

static enum detail_verdict number_read(const struct batch *batch, const struct column *column,
    struct slice cell, struct slice *value, const char **expected)
{
	int64_t number;
	*expected = column->detail.numbers;
	if (cell.size == 0 && batch->policy->compat == COMPAT_NONE)
		return DETAIL_LEFT;
	if (value_parse_whole(cell, &number) && number <= 9 &&
	    strchr(column->detail.numbers, '0' + (int)number)) {
		*value = arena_print(batch->arena, "%d", (int)number);
		return DETAIL_GOOD;
	}
	*value = whole_as_php(cell, batch->arena);
	return DETAIL_CHANGED;
}

enum detail_verdict detail_read(const struct batch *batch, const struct column *column,
    struct slice cell, struct slice *value, const char **expected)
{
	bool asks_nothing = batch->policy->compat == COMPAT_NONE; /* an empty cell asks nothing */
	uint32_t stray;
	*value = cell;
	switch (column->detail.kind) {
	case DETAIL_RAW:
		*expected = "a number that can be seen whole";
		return column == columns_detail(DETAIL_IDNUMBER) && value_find_stray(cell, &stray)
		           ? DETAIL_BAD
		           : DETAIL_GOOD;
	case DETAIL_TEXT:
		*expected = "plain text, without HTML tags";
		*value = tags_strip(cell, batch->arena);
		if (value->size == 0 && cell.size > 0 && column->detail.is_required)
			return DETAIL_BAD; /* no name is left */
		return value->size == cell.size ? DETAIL_GOOD : DETAIL_CHANGED;
	case DETAIL_ADDRESS:
		*expected = "an e-mail address";
		if (value_find_stray(cell, &stray))
			return DETAIL_BAD;
		return is_address(cell) ? DETAIL_GOOD : DETAIL_CHANGED;
	case DETAIL_COUNTRY:
		*expected = "a country's two capital letters, such as DE";
		return cell.size == 0 || is_country(cell) ? DETAIL_GOOD : DETAIL_BAD;
	case DETAIL_LANGUAGE:
		*expected = "the code of a language that this site is known to have";
		if (cell.size == 0 && asks_nothing)
			return DETAIL_LEFT;
		if (cell.size == 0 || is_language(batch->site, cell))
			return DETAIL_GOOD;
		*value = batch->site->details[column - columns_detail(0)];
		return DETAIL_CHANGED;
	case DETAIL_TIMEZONE:
		*expected = "a time zone, such as Europe/Berlin, or 99 for the server's";
		if (cell.size == 0)
			return asks_nothing ? DETAIL_LEFT : DETAIL_GOOD;
		if (is_timezone(cell) && is_known_zone(batch->site, cell))
			return DETAIL_GOOD;
		*value = is_timezone(cell) ? cell : SLICE(""); /* as Moodle stores it */
		return DETAIL_CHANGED;
	case DETAIL_THEME:
		*expected = batch->site->user_themes
		                ? "the name of a theme"
		                : "possible: this site lets nobody have a theme of their own";
		if (cell.size == 0)
			return DETAIL_LEFT;
		return batch->site->user_themes && is_theme(cell) ? DETAIL_GOOD : DETAIL_BAD;
	case DETAIL_NUMBER: break;
	}
	return number_read(batch, column, cell, value, expected);
}

/* ---- profile fields ---- */

/* The option as the site spells it, which is what is stored. */
static bool menu_find(
    struct slice options, struct slice cell, struct arena *arena, struct slice *option)
{
	while (options.size > 0) {
		const char *end = memchr(options.bytes, '\n', options.size);
		size_t size = end ? (size_t)(end - options.bytes) : options.size;
		*option = value_trim((struct slice){options.bytes, size});
		if (slice_is(value_compose(*option, arena), cell))
			return true;
		size_t step = end ? size + 1 : size;
		options.bytes += step;
		options.size -= step;
	}
	return false;
}

static int64_t number_or(struct slice text, int64_t none)
{
	int64_t number;
	return value_parse_whole(value_trim(text), &number) ? number : none;
}

static enum detail_verdict datetime_read(const struct batch *batch,
    const struct profile_field *field, struct slice cell, struct slice *value,
    const char **expected)
{
	/* Moodle makes the year 1999 of slashes: as elsewhere they count only in the feed's own
	 * forms. */
	const struct date_rules rules = {
	    .forms = batch->policy->dates.items, .forms_count = batch->policy->dates.count};
	int64_t epoch = 0;
	*expected = "a date such as 2026-12-31, in the years of the field";
	if (cell.size == 0)
		return *value = SLICE("0"), DETAIL_GOOD;
	if (!value_parse_whole(cell, &epoch) && !value_parse_feed_date(cell, &rules, &epoch))
		return DETAIL_BAD;
	time_t time = (time_t)epoch;
	struct tm tm;
	localtime_r(&time, &tm);
	if (number_or(field->param3, 0) == 0)
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	int64_t first = number_or(field->param1, 1970), last = number_or(field->param2, 9999);
	int64_t year = tm.tm_year + 1900;
	bool is_within = year >= first && year <= last;
	if (!is_within)
		tm.tm_year = (int)(year < first ? first : last) - 1900;
	tm.tm_isdst = -1;
	*value = arena_print(batch->arena, "%lld", (long long)mktime(&tm));
	return is_within ? DETAIL_GOOD : DETAIL_CHANGED;
}

enum detail_verdict profile_read(const struct batch *batch, const struct profile_field *field,
    struct slice cell, struct slice *value, const char **expected)
{
	struct slice option;
	bool truth;
	*value = cell;
	switch (field->kind) {
	case PROFILE_MENU:
		*expected = "one of the options of this profile field";
		if (menu_find(field->param1, cell, batch->arena, &option))
			return *value = option, DETAIL_GOOD;
		return cell.size == 0 ? DETAIL_LEFT : DETAIL_BAD;
	case PROFILE_CHECKBOX:
		*expected = "0 or 1";
		if (cell.size == 0 && batch->policy->compat == COMPAT_NONE)
			return DETAIL_LEFT;
		if (batch->policy->invalid_values == INVALID_IGNORE)
			return truth_read(cell, &truth) ? DETAIL_GOOD : DETAIL_CHANGED;
		if (!truth_read(cell, &truth))
			return cell.size == 0 ? DETAIL_LEFT : DETAIL_BAD;
		*value = truth ? SLICE("1") : SLICE("0");
		return DETAIL_GOOD;
	case PROFILE_DATETIME: return datetime_read(batch, field, cell, value, expected);
	case PROFILE_TEXT:
	case PROFILE_OTHER: break;
	}
	return DETAIL_GOOD;
}

/* ---- passwords ---- */

static int64_t longest_run(struct slice text)
{
	int64_t longest = 0, run = 0;
	for (size_t i = 0; i < text.size; i++) {
		run = i > 0 && text.bytes[i] == text.bytes[i - 1] ? run + 1 : 1;
		longest = run > longest ? run : longest;
	}
	return longest;
}

bool password_is_weak(const struct password_policy *policy, struct slice password)
{
	int64_t digits = 0, lower = 0, upper = 0, other = 0;
	for (size_t i = 0; i < password.size; i++) {
		char c = password.bytes[i];
		bool is_digit = c >= '0' && c <= '9', is_lower = c >= 'a' && c <= 'z';
		bool is_upper = c >= 'A' && c <= 'Z';
		digits += is_digit;
		lower += is_lower;
		upper += is_upper;
		other += !is_digit && !is_lower && !is_upper;
	}
	bool repeats = policy->same_in_a_row > 0 && longest_run(password) > policy->same_in_a_row;
	return policy->is_on && ((int64_t)value_characters(password) < policy->length ||
	                            digits < policy->digits || lower < policy->lower ||
	                            upper < policy->upper || other < policy->other || repeats);
}
