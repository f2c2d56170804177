/*
 * check_keep: what holds details of people, and is kept for ever: most laws on personal data want
 * that said, and few allow it.
 */
#include "check.h"

#include "enrold/columns.h"
#include "enrold/policy.h"

#include <stdio.h>

static bool is_detail(const char *column)
{
	for (uint32_t i = 0; i < columns_details_count(); i++)
		if (strcmp(columns_detail(i)->name, column) == 0)
			return true;
	return columns_profile_name(slice_of(column)).size > 0;
}

/* The texts at those places of each so many; of `columns` and the like. */
static bool names_detail(const struct text_list *list, size_t parts, size_t part)
{
	for (size_t i = part; i < list->count; i += parts)
		if (is_detail(list->items[i]))
			return true;
	return false;
}

/* Its files give, or may give, details of accounts. */
static bool takes_details(const struct policy *policy)
{
	enum { PAIR = 2, NAME = 0, VALUE = 1, WORDS = 4, COLUMN = 0, TARGET = 2 };
	return policy->upload_type != UPLOAD_UPDATE || policy->update_details != DETAILS_NONE ||
	       policy->match_by == MATCH_EMAIL || names_detail(&policy->defaults, PAIR, NAME) ||
	       names_detail(&policy->columns, PAIR, VALUE) ||
	       names_detail(&policy->values, WORDS, COLUMN) ||
	       names_detail(&policy->values, WORDS, TARGET);
}

static void feed_check(const struct look *look, const struct feed *feed)
{
	const struct policy_keep *keep = &feed->policy.keep;
	const struct {
		const char *name;
		uint64_t ms;
	} kept[] = {{"archive", keep->archive_ms}, {"answers", keep->answers_ms},
	    {"quarantine", keep->quarantine_ms}, {"held", keep->held_ms}};
	struct buffer names = {0};
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (kept[i].ms == PERIOD_ENDLESS)
			buffer_print(&names, "%s%s", names.size > 0 ? ", " : "", kept[i].name);
	bool is_note = !names.failed && names.size > 0 && takes_details(&feed->policy);
	if (is_note) {
		char text[256];
		snprintf(text, sizeof text,
		    "feeds.%s.keep: its files may hold details of people, and these are kept for "
		    "ever: %.*s",
		    feed->name, (int)names.size, names.bytes);
		look->on_finding(look->context, FINDING_NOTE, "keep", text);
	}
	buffer_done(&names);
}

void check_keep(const struct look *look, const struct config *config)
{
	for (size_t i = 0; i < config->feeds_count; i++)
		feed_check(look, &config->feeds[i]);
}
