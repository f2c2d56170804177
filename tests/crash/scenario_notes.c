/* Checkpoints of each run, and a command that takes them. */
#include "scenario.h"

#include "fatal.h"

#include <stdio.h>
#include <stdlib.h>

static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MC4CAQAwBQYDK2VwBCIEIIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n"
                          "-----END PRIVATE KEY-----\n";

void prepare_checkpoints(struct rig *rig, const char *journal_mode)
{
	static const char settings[] = "stop_timeout: 3s\ncheckpoints:\n  key: cp.key\n  every: 1\n"
	                               "  to: [/bin/cat]\n";
	rig_make(rig, &(struct rig_options){.people = 60,
	                  .courses = 5,
	                  .settings = settings,
	                  .feeds = "  default: { atomic: true }\n  hr: { atomic: true }\n",
	                  .journal_mode = journal_mode});
	files_write(path_of("%s/cp.key", rig->root.text).text, key, strlen(key), 0600);
	setenv("CREDENTIALS_DIRECTORY", rig->root.text, 1);
	files_make_directory(rig_path(rig, "inbox/preview").text);
	files_make_directory(rig_path(rig, "inbox/hr").text);
	rig_drop(rig, "staff.csv", "username,course1\np1,C1\np2,C2\n");
	rig_drop(rig, "more.csv", "username,course1\np1,C3\n");
	rig_drop(rig, "hr/staff.csv", "username,course1\np3,C1\n");
}

void notes_expect(const struct rig *rig, size_t runs)
{
	if (!files_exist(rig_path(rig, "outbox/checkpoints/%010zu.note", runs).text))
		fatal("the last of %zu runs has no note", runs);
	struct buffer given = files_read(rig_path(rig, "outbox/checkpoints/.given").text);
	if (strcmp(given.bytes, path_of("%zu\n", runs).text) != 0)
		fatal("of %zu notes the last that was given is %s", runs, given.bytes);
	buffer_done(&given);
}
