#include "prune_show.h"

#include "figure.h"

#include "enrold/value.h"

#include <inttypes.h>
#include <stdio.h>

/* Who drops a file chooses its name; a terminal shows no trick of it. */
static void row_print(const struct prune_row *row)
{
	char place[PRUNE_PLACE_SIZE];
	snprintf(place, sizeof place, "%s", row->place);
	value_cover_text(place);
	if (*place)
		printf("%s  %s  %" PRIu64 "\n", place, row->rule, row->bytes);
	else if (row->kind == PRUNE_HELD)
		printf("the plan of run %s, which is closed  %s\n", row->run, row->rule);
	else
		printf("the texts of run %s in the database  %s\n", row->run, row->rule);
}

struct error prune_show(void *context, const struct prune_row *row)
{
	struct prune_shown *shown = context;
	shown->files += *row->place != '\0';
	shown->others += *row->place == '\0';
	shown->bytes += row->bytes;
	if (!shown->is_json) {
		row_print(row);
		return OK;
	}
	if (!shown->list)
		shown->list = json_array();
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:I}", "run", row->run, "kind",
	    prune_kind_name(row->kind), "place", row->place, "rule", row->rule, "bytes",
	    (json_int_t)row->bytes);
	return json_array_append_new(shown->list, object) == 0 ? OK
	                                                       : error_memory("listing what goes");
}

void prune_show_end(struct prune_shown *shown, bool is_done)
{
	char bytes[FIGURE_SIZE];
	figure_bytes(bytes, shown->bytes);
	if (shown->is_json && !shown->list)
		shown->list = json_array();
	if (shown->is_json) {
		json_dumpf(shown->list, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (shown->files + shown->others == 0) {
		puts(is_done ? "Nothing is older than it is kept." : "Nothing would go.");
	} else {
		printf("%zu file%s, %s, %s.\n", shown->files, shown->files == 1 ? "" : "s", bytes,
		    !is_done            ? "would go"
		    : shown->files == 1 ? "has gone"
		                        : "have gone");
	}
	json_decref(shown->list);
}
