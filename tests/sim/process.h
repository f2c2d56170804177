/*
 * process: the process of a simulated daemon: born, at work, stopped in order, or dead. One at a
 * time; its disk and its database outlive it.
 */
#ifndef SIM_PROCESS_H
#define SIM_PROCESS_H

#include "feeds.h"
#include "files.h"
#include "startup.h"

/* Static, because a death leaves the stack by longjmp. */
extern struct process {
	struct path root, spool_path, config_path;
	struct config_file *file;
	struct spool spool;
	struct run_ids ids;
	struct turnstile turnstile;
	atomic_bool is_stopping, is_crowded;
	struct pace pace;
	atomic_uint progress;
	struct run_surroundings surroundings;
	struct feeds *feeds;
	struct runner *runner;
	bool is_alive;
	bool hears;      /* somebody gives orders: they are read each turn */
	int descriptors; /* the first that is the daemon's */
} process;

/* A world of this seed, its spool empty; feeds: their part of the configuration. */
void process_prepare(unsigned int seed, const char *feeds);
void process_start(void); /* is_alive: it could */
void process_stop(void);
/* False: there was nothing to do. */
bool process_turn(void);
/* Lets the daemon do something under the present faults; it may not survive. */
void process_act(void (*action)(void));

#endif
