/*
 * rights: what enrold does to each of Moodle's tables, as data: `lms check` looks for it, and the
 * scripts in etc/ that grant it are compared with it by a test.
 */
#ifndef ENROLD_LMS_RIGHTS_H
#define ENROLD_LMS_RIGHTS_H

#include <stddef.h>

struct table_rights {
	const char *table;
	const char *rights; /* of "iud", besides reading: INSERT, UPDATE, DELETE */
};

extern const struct table_rights table_rights[];
extern const size_t table_rights_count;

#endif
