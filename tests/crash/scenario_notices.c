/* Runs that people are told of: each once, in the queue of enrold-notify. */
#include "scenario.h"

#include "fatal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

void prepare_notices(struct rig *rig, const char *journal_mode)
{
	static const char notify[] = "notify: { mail: [hr@example.org] }";
	struct path feeds = path_of(
	    "  default: { atomic: true, %s }\n  hr: { atomic: true, %s }\n", notify, notify);
	rig_make(rig, &(struct rig_options){.people = 60,
	                  .courses = 5,
	                  .settings = "stop_timeout: 3s\n",
	                  .feeds = feeds.text,
	                  .journal_mode = journal_mode});
	files_make_directory(rig_path(rig, "inbox/hr").text);
	rig_drop(rig, "staff.csv", "username,course1\np1,C1\nnobody,C2\np2,gone\n");
	rig_drop(rig, "refused.csv", "username,course1,curse2\np1,C1,C2\n");
	rig_drop(rig, "hr/staff.csv", "username,course1\np3,C1\n");
}

static void notice_expect(const struct rig *rig, const char *run)
{
	struct path path = rig_path(rig, "notify/queue/%s.json", run);
	if (!files_exist(path.text))
		fatal("nobody is told of run %s", run);
	struct buffer text = files_read(path.text);
	json_t *notice = json_loadb(text.bytes, text.size, 0, NULL);
	const char *id = json_string_value(json_object_get(notice, "id"));
	if (!id || strcmp(id, run) != 0)
		fatal("%s says %s", path.text, text.bytes);
	json_decref(notice);
	buffer_done(&text);
}

void notices_expect(const struct rig *rig)
{
	size_t count = 0;
	struct buffer runs = rig_query(rig, "SELECT run FROM enrold_run ORDER BY run");
	for (char *run = runs.bytes, *end; (end = strchr(run, '\n')); run = end + 1, count++) {
		*end = '\0';
		notice_expect(rig, run);
	}
	buffer_done(&runs);
	size_t queued = files_count(rig_path(rig, "notify/queue").text, "");
	if (queued != count)
		fatal("of %zu runs there are %zu files in notify/queue", count, queued);
}
