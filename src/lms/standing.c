/*
 * standing: whether the site may be written to, asked before every file and at the beginning of
 * every transaction: Moodle is upgraded while we run.
 */
#include "work.h"

#include "enrold/list.h"
#include "enrold/needs.h"
#include "enrold/version.h"

#include <time.h>

/* What is known of the site holds for this version. */
static bool is_same_version(const struct lms *lms, struct slice version)
{
	return slice_is(slice_of(lms->version_text), version);
}

static bool has_column(struct db *db, const char *table, struct slice column)
{
	struct buffer all = {0}, required = {0};
	db_find_columns(db, table, &all, &required);
	if (all.failed || required.failed)
		db_fail(db, error_memory("looking at the site's tables"));
	bool is_there = list_has(buffer_slice(&all), column);
	buffer_done(&all);
	buffer_done(&required);
	return is_there;
}

static struct error version_note(struct lms *lms, struct slice text, const struct version *version)
{
	if (text.size >= sizeof lms->version_text)
		return error_config("the site's version is no number");
	*lms->version_text = '\0';
	struct error error = needs_check_all(lms_db(lms));
	lms->deletes_slowly = has_column(lms_db(lms), "course", SLICE("deletioninprogress"));
	if (!is_error(&error))
		error = db_error(lms_db(lms));
	if (is_error(&error))
		return error;
	memcpy(lms->version_text, text.bytes, text.size);
	lms->version_text[text.size] = '\0';
	lms->version = *version;
	return OK;
}

static bool is_allowed(const struct lms *lms, bool is_preview)
{
	enum unknown_version allowed = lms->options->unknown_version;
	return allowed == VERSION_ALLOW || (allowed == VERSION_PREVIEW && is_preview);
}

static struct error look(struct lms *lms, bool is_preview, bool may_differ)
{
	struct version_settings settings;
	struct version version;
	arena_reset(lms->scratch);
	version_load(lms_db(lms), &settings, lms->scratch);
	struct error error = db_error(lms_db(lms));
	if (!is_error(&error))
		error = version_judge(
		    &settings, (int64_t)time(NULL), is_allowed(lms, is_preview), &version);
	if (is_error(&error) || is_same_version(lms, settings.version))
		return error;
	return may_differ || !*lms->version_text
	           ? version_note(lms, settings.version, &version)
	           : error_retry("the site has been upgraded: beginning anew with it");
}

struct error lms_check_site(struct lms *lms, bool is_preview)
{
	return look(lms, is_preview, true);
}

struct error lms_recheck_site(struct lms *lms, bool is_preview)
{
	return look(lms, is_preview, false);
}
