/* fill LMS.DB DATABASE: the site of an SQLite file into a database of the server of
 * $ENROLD_TEST_URL. */
#include "mirror.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	char url[512];
	if (argc != 3)
		return 64;
	snprintf(url, sizeof url, "sqlite:%s", argv[1]);
	const struct lms_options sqlite = {.url = url, .prefix = "mdl_", .cache = 64 << 20};
	mirror_fill(&sqlite, argv[2]);
	return 0;
}
