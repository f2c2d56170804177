/* plan_sheet_cost SHAPE ROWS: makes the plan of an answer of so many rows, for whoever counts what
 * that costs (plan_sheet_cost.sh). */
#include "enrold/plan_sheet.h"

#include "files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name, *format; /* of the number of a row, thrice */
} shapes[] = {
    {"courses", "%ld,user%ld,course1,COURSE-%ld,skipped,withheld,,,\n"},
    {"one_course", "%ld,user%ld,course1,COURSE,skipped,withheld,%ld,,\n"},
    {"one_record", "2,user,course%ld,COURSE-%ld,skipped,withheld,%ld,,\n"},
    {"one_number", "2,user,group1,Group-%ld,skipped,withheld,%ld,%ld,\n"},
    {"absent", "0,user%ld,absent,COURSE-%ld,skipped,withheld,%ld,,\n"},
    {"others", "%ld,user%ld,course1,COURSE-%ld,unchanged,already_enrolled,,,\n"},
};

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void rows_add(struct buffer *text, const char *shape, long rows)
{
	buffer_add_text(text, "line,username,column,target,outcome,code,message,before,after\n");
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		for (long row = 1; row <= rows && strcmp(shapes[i].name, shape) == 0; row++)
			buffer_print(text, shapes[i].format, row, row, row);
}

static struct error on_ask(
    void *context, struct plan_detail *details, size_t count, struct arena *arena)
{
	(void)context, (void)details, (void)count, (void)arena;
	return OK;
}

int main(int count, char **arguments)
{
	char top[] = "plan_sheet_cost-XXXXXX";
	const char *temporary = getenv("TMPDIR");
	const struct plan_sheet_terms terms = {.ask = on_ask};
	struct plan_sheet sheet;
	struct buffer text = {0};
	if (count < 3 || chdir(temporary ? temporary : "/tmp") < 0 || !mkdtemp(top))
		return 2;
	rows_add(&text, arguments[1], strtol(arguments[2], NULL, 10));
	files_write(path_of("%s/result.csv", top).text, text.bytes, text.size, 0600);
	int directory = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error error = plan_sheet_make(directory, text.size, &terms, &sheet);
	printf("%llu rows\n", (unsigned long long)sheet.rows);
	close(directory);
	files_remove(top);
	buffer_done(&text);
	return is_error(&error);
}
