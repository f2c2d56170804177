/*
 * absence_verdict: what was withheld when removals began is withheld when the run goes on later,
 * although by then fewer are left to count. A line for all, or for each course, that is banned.
 */
#include "absence.h"

#include "enrold/disk.h"
#include "enrold/value.h"

static void line_add(struct buffer *out, int64_t enrol, const struct absence_ban *ban)
{
	buffer_print(out, "%lld %s %.*s\n", (long long)enrol, outcome_code_name(ban->code),
	    SLICE_ARG(ban->reason));
}

struct error absence_keep_verdict(struct absence *absence)
{
	struct buffer text = {0};
	if (absence->has_verdict)
		return OK;
	if (absence->ban.code != CODES)
		line_add(&text, 0, &absence->ban);
	for (uint32_t i = 1; i <= absence->courses.count; i++) {
		const struct absence_course *course = hashlist_at(&absence->courses, i);
		if (course->ban.code != CODES)
			line_add(&text, course->enrol, &course->ban);
	}
	struct error error = text.failed ? error_memory("keeping what is withheld")
	                                 : disk_create(absence->run->directory, RUN_VERDICT,
	                                       MODE_INPUT, buffer_slice(&text));
	buffer_done(&text);
	if (!is_error(&error))
		error = disk_sync(absence->run->directory, RUN_VERDICT);
	if (!is_error(&error))
		error = disk_sync(absence->run->directory, ".");
	absence->has_verdict = !is_error(&error);
	return error;
}

static void line_take(struct absence *absence, struct slice line)
{
	int64_t enrol = 0;
	if (!value_parse_whole(slice_take(&line, ' '), &enrol))
		return;
	enum code code = outcome_code_parse(slice_take(&line, ' '));
	const struct absence_ban ban = {code != CODES ? code : CODE_WITHHELD, line};
	struct absence_course *course = enrol != 0 ? absence_course_of(absence, enrol) : NULL;
	if (course)
		course->ban = ban;
	else if (enrol == 0)
		absence->ban = ban;
}

/* A ban that has been counted by now, and was none at first, holds as well: others may have changed
 * what the LMS says. */
struct error absence_find_verdict(struct absence *absence)
{
	struct slice text;
	struct error error = disk_load(absence->run->directory, RUN_VERDICT, absence->arena, &text);
	if (is_error(&error) || !text.bytes)
		return error;
	absence->has_verdict = true;
	while (text.size > 0)
		line_take(absence, slice_take(&text, '\n'));
	return OK;
}
