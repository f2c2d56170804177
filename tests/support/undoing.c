#include "undoing.h"

#include "fatal.h"

#include <stdio.h>

void undo_order(const struct rig *rig, const char *run)
{
	struct path text =
	    path_of("{\"by\":\"root\",\"uid\":0,\"loginuid\":0,\"why\":\"a mistake\","
	            "\"at\":\"2026-11-27T12:00:00Z\",\"feed\":\"default\"}");
	files_write(rig_path(rig, "orders/undo.%s", run).text, text.text, strlen(text.text), 0640);
}

void undo_run(struct rig *rig, const char *run, struct reply *reply)
{
	undo_order(rig, run);
	rig_once(rig);
	reply_open(reply, rig, path_of("undo-%s.csv", run).text, 0);
	if (files_exist(rig_path(rig, "orders/undo.%s", run).text))
		fatal("the order to undo %s still stands", run);
}

struct path undo_subject(const struct reply *reply)
{
	return path_of("%s", reply->run);
}
