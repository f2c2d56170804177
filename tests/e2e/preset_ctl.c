/* What somebody does who has a file, and wants to know what enrold would make of it: guess, show,
 * check; on a machine where nothing is set up. */
#include "program.h"
#include "rig.h"
#include "zipped.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct desk {
	struct path folder;
};

static void desk_make(struct desk *desk)
{
	const char *temporary = getenv("TMPDIR");
	desk->folder = path_of("%s/enrold-desk-XXXXXX", temporary ? temporary : "/tmp");
	cr_assert_not_null(mkdtemp(desk->folder.text));
	cr_assert_eq(chdir(desk->folder.text), 0);
}

static void desk_clear(struct desk *desk)
{
	cr_assert_eq(chdir("/"), 0);
	files_remove_tree(desk->folder.text);
}

static void put(const char *name, const char *text)
{
	files_write(name, text, strlen(text), 0640);
}
