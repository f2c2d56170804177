/* php_date: dates as Moodle's uploader takes them, for date.c. Nobody else includes it. */
#ifndef TEXT_PHP_DATE_H
#define TEXT_PHP_DATE_H

#include "enrold/slice.h"

#include <stdint.h>

/* now: what relative ones are relative to. False: none that is surely the same in PHP. */
bool php_date_parse(struct slice cell, int64_t now, int64_t *epoch);

#endif
