/* What a person tells enrold to do about a run, as enrolctl leaves it in orders/. */
#include "fatal.h"
#include "rig.h"

static struct path first_line(const struct rig *rig, const char *sql)
{
	struct buffer rows = rig_query(rig, sql);
	struct path line = path_of("%.*s", (int)strcspn(rows.bytes, "\n"), rows.bytes);
	buffer_done(&rows);
	return line;
}

struct path rig_order(const struct rig *rig, const char *word, const char *name)
{
	struct path run = first_line(rig,
	    path_of("SELECT run FROM enrold_run WHERE name = '%s' ORDER BY run DESC", name).text);
	struct path feed =
	    first_line(rig, path_of("SELECT feed FROM enrold_run WHERE run = '%s'", run.text).text);
	struct path plan = first_line(
	    rig, path_of("SELECT sha256 FROM enrold_plan WHERE run = '%s'", run.text).text);
	if (!*run.text)
		fatal("no run was given %s", name);
	struct path text = path_of("{\"by\":\"anna\",\"uid\":1000,\"why\":\"looked at it\","
	                           "\"at\":1790000000,\"feed\":\"%s\"%s%s%s}\n",
	    feed.text, *plan.text ? ",\"plan\":\"" : "", plan.text, *plan.text ? "\"" : "");
	struct path order = rig_path(rig, "orders/%s.%s", word, run.text);
	files_write(order.text, text.text, strlen(text.text), 0640);
	return run;
}
