/*
 * notice_text: what a notice's file may be called.
 */
#ifndef SPOOL_NOTICE_TEXT_H
#define SPOOL_NOTICE_TEXT_H

#include "enrold/notice.h"

bool notice_is_id(const char *id);

#endif
