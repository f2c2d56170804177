/*
 * log_level: how much a line of the log matters.
 */
#ifndef ENROLD_LOG_LEVEL_H
#define ENROLD_LOG_LEVEL_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

#endif
