#include "nightly.h"

#include "fatal.h"
#include "law.h"

#include <stdlib.h>

void nightly_make(struct nightly *nightly, const char *feeds)
{
	*nightly = (struct nightly){0};
	rig_make(&nightly->rig, &(struct rig_options){.people = 60, .feeds = feeds});
}

/* ---- files ---- */

/* "q1-50:C1" */
static const char *range_add(struct buffer *text, const char *spec)
{
	char *end;
	char letter = *spec == 'q' ? 'q' : 'p';
	long first = strtol(spec + (*spec == 'q'), &end, 10);
	long last = *end == '-' ? strtol(end + 1, &end, 10) : first;
	if (*end != ':')
		fatal("no roster: %s", spec);
	size_t size = strcspn(end + 1, " ");
	for (long i = first; i <= last; i++)
		buffer_print(text, "%c%ld,%.*s\n", letter, i, (int)size, end + 1);
	spec = end + 1 + size;
	return spec + strspn(spec, " ");
}

void roster_add(struct buffer *text, const char *spec)
{
	while (*spec)
		spec = range_add(text, spec);
}

struct buffer roster_of(const char *spec)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	roster_add(&text, spec);
	buffer_add_char(&text, '\0');
	if (text.failed)
		fatal("out of memory");
	text.size--;
	return text;
}

static void last_forget(struct nightly *nightly)
{
	if (nightly->reply.summary)
		reply_close(&nightly->reply);
	finished_done(&nightly->finished);
}

void nightly_drop_bytes(struct nightly *nightly, const char *name, const void *bytes, size_t size)
{
	struct rig *rig = &nightly->rig;
	size_t nth = reply_count(rig, name);
	const char *base = path_base(name);
	last_forget(nightly);
	files_make_directory(rig_inbox(rig, path_of("%.*s", (int)(base - name), name).text).text);
	rig_drop_bytes(rig, name, bytes, size);
	nightly->finished = rig_run(rig, 0);
	reply_open(&nightly->reply, rig, name, nth);
}

void nightly_drop(struct nightly *nightly, const char *name, const char *text)
{
	nightly_drop_bytes(nightly, name, text, strlen(text));
}

void nightly_send(struct nightly *nightly, const char *name, const char *spec)
{
	struct buffer text = roster_of(spec);
	nightly_drop_bytes(nightly, name, text.bytes, text.size);
	buffer_done(&text);
}

/* ---- what became of them ---- */

int64_t nightly_suspended(const struct nightly *nightly)
{
	return rig_number(
	    &nightly->rig, "SELECT count(*) FROM mdl_user_enrolments WHERE status = 1");
}

int64_t nightly_active(const struct nightly *nightly, const char *course)
{
	struct path sql = path_of("SELECT count(*) FROM mdl_user_enrolments ue JOIN mdl_enrol e ON "
	                          "e.id = ue.enrolid JOIN mdl_course c ON c.id = e.courseid WHERE "
	                          "ue.status = 0 AND c.shortname = '%s'",
	    course);
	return rig_number(&nightly->rig, sql.text);
}

const char *nightly_remark(const struct nightly *nightly, const char *code)
{
	size_t i;
	json_t *remark;
	json_array_foreach(json_object_get(nightly->reply.summary, "remarks"), i, remark)
	{
		const char *is = json_string_value(json_object_get(remark, "code"));
		if (is && strcmp(is, code) == 0)
			return json_string_value(json_object_get(remark, "message"));
	}
	return NULL;
}

size_t nightly_rows(const struct nightly *nightly, const char *outcome, const char *code)
{
	return reply_lines(&nightly->reply, (struct expected){0, "absent", outcome, code});
}

void nightly_withheld(
    const struct nightly *nightly, size_t count, const char *code, const char *words)
{
	const struct expected row = {0, "absent", "skipped", code};
	size_t rows = nightly_rows(nightly, NULL, NULL);
	size_t withheld = reply_lines(&nightly->reply, row);
	const char *remark = nightly_remark(nightly, "removals_withheld");
	if (withheld != count || rows != count)
		fatal("%zu rows tell of the absent, %zu of them that it is %s, instead of %zu",
		    rows, withheld, code, count);
	for (size_t i = 0; i < count; i++)
		if (!strstr(reply_cell(&nightly->reply, row, i, "message"), words))
			fatal("'%s' is not in: %s", words,
			    reply_cell(&nightly->reply, row, i, "message"));
	if (count > 0 && (!remark || !strstr(remark, words)))
		fatal("'%s' is not in the remark: %s", words, remark ? remark : "(none)");
	if (count > 0 && !strstr(nightly->finished.err.bytes, "removals_withheld"))
		fatal("the log does not say so: %s", nightly->finished.err.bytes);
}

void nightly_held(const struct nightly *nightly, const char *code)
{
	const char *status = reply_status(&nightly->reply), *is = reply_refusal(&nightly->reply);
	if (strcmp(status, code ? "held" : "done") != 0 || strcmp(is, code ? code : "") != 0)
		fatal("the file is %s (%s), instead of %s", status, is, code ? code : "done");
}

/* ---- the end ---- */

void nightly_close(struct nightly *nightly)
{
	last_forget(nightly);
	law_close(&nightly->rig);
}

void nightly_leave(struct nightly *nightly)
{
	last_forget(nightly);
	rig_remove(&nightly->rig);
}
