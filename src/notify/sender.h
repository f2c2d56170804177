/*
 * sender: the loop of enrold-notify, and what else the program does. One thread.
 *
 * It wakes when the daemon has written a notice (inotify; every 30 seconds where the kernel does
 * not tell), when libcurl has something, when something is due, and when it is told to stop. Where
 * another process works on the same spool it waits, and takes over when that one is gone.
 */
#ifndef NOTIFY_SENDER_H
#define NOTIFY_SENDER_H

/* sysexits(3) */
enum sender_status {
	SENDER_OK = 0,
	SENDER_FAILED = 1, /* --test: not everybody has got it */
	SENDER_USAGE = 64,
	SENDER_WAITS = 75,  /* something waits, or cannot be had now */
	SENDER_CONFIG = 78, /* the operator must act */
};

/* Until SIGTERM. is_once: works off what is there, one attempt each. */
enum sender_status sender_run(const char *config, int is_once);

#endif
