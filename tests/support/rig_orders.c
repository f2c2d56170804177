/* What a person tells enrold to do about a run, as enrolctl leaves it in orders/. */
#include "fatal.h"
#include "rig.h"

#include <string.h>
#include <sys/stat.h>

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

void rig_witness(const struct rig *rig)
{
	static const char *const places[] = {"outbox", "archive", "quarantine", "held"};
	for (size_t place = 0; place < sizeof places / sizeof *places; place++) {
		struct listing listing = files_list(rig_path(rig, "%s", places[place]).text);
		for (size_t i = 0; i < listing.count; i++) {
			const char *path = listing.entries[i].path;
			struct path to =
			    path_of("%s/witness/%s/%s", rig->root.text, places[place], path);
			if (!S_ISREG(listing.entries[i].mode))
				continue;
			files_remove(to.text);
			struct path folder = to;
			*strrchr(folder.text, '/') = '\0';
			files_make_directory(folder.text);
			files_copy(rig_path(rig, "%s/%s", places[place], path).text, to.text);
		}
		listing_done(&listing);
	}
}

void rig_prune(const struct rig *rig, const char *feed, long before)
{
	struct path text = path_of("{\"by\":\"anna\",\"uid\":1000,\"why\":\"\",\"at\":"
	                           "1790000000,\"feed\":\"%s\",\"before\":%ld}\n",
	    feed, before);
	files_make_directory(rig_path(rig, "orders").text);
	files_write(
	    rig_path(rig, "orders/prune.%s", feed).text, text.text, strlen(text.text), 0640);
}
