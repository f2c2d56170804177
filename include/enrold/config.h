/*
 * config: enrold.yaml as one const struct, by way of one table of keys.
 *
 * Unknown keys, duplicate keys, values of the wrong kind or out of bounds are errors of class
 * CONFIG whose text starts "file:line:column: " and names the key and what is expected there.
 * Keys of features that are not built are unknown. Durations take 2s, 5m, 1h or bare seconds, sizes
 * take 64KiB, 4GiB, 10MB or bare bytes. JSON is YAML.
 *
 * `compat: moodle` sets the defaults of a feed's other keys; a key that the file gives always wins.
 * The feed "default" always exists. Strings are owned by the struct config_file that gave them.
 */
#ifndef ENROLD_CONFIG_H
#define ENROLD_CONFIG_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/log_level.h"
#include "enrold/policy.h"
#include "enrold/preset.h"

#include <stddef.h>
#include <stdint.h>

enum { FEED_NAME_MAX = 32 };

enum journal_mode { JOURNAL_WAL, JOURNAL_DELETE };
/* What may be done with a Moodle that is newer than any that enrold knows. */
enum unknown_version { VERSION_REFUSE, VERSION_PREVIEW, VERSION_ALLOW };

struct lms_options {
	const char
	    *url; /* "sqlite:/path", "postgresql://...", "mariadb://..."; may hold a password */
	const char *prefix; /* of the site's tables: [a-z][a-z0-9_]{0,19}, default "mdl_" */
	const char *actor;  /* user name of the site admin in whose name changes are made */
	bool events;        /* audit rows, when the site's enabled_stores says so too */
	uint64_t cache;     /* bytes of SQLite's page cache */
	enum journal_mode journal_mode;
	enum unknown_version unknown_version;
	bool aftercare; /* what only Moodle can do is noted for it; at the top level of the file */
};

/* Signed notes of how far the chain is, for a witness outside: checkpoints.h. */
struct checkpoint_options {
	const char *key;     /* absolute path, or the name of a credential; NULL: none are made */
	uint32_t every;      /* runs */
	struct text_list to; /* a command that is given each of them; none: no command */
	const char *origin;  /* default: "enrold/" and the node */
};

/* How enrold-notify sends mail. */
struct mail_options {
	const char *smtp; /* "smtps://host:465", or "smtp://host:587" with STARTTLS; NULL: none */
	const char *from; /* "enrold <enrold@example.org>", or the address alone */
	/* Absolute path, or the name of a credential: one line, user:password. NULL: none is
	 * needed. */
	const char *credential;
};

struct webhook_options {
	const char *key; /* of the HMAC: absolute path, or the name of a credential; NULL: none */
};

struct feed_own;

/* With a preset `policy` is what holds whatever kind a file is of; each kind's is the preset's. */
struct feed {
	char name[FEED_NAME_MAX + 1]; /* [a-z0-9_-]{1,32}, never "preview" or "checkpoints" */
	struct policy policy;
	const struct preset *preset; /* NULL: files are as enrold.csv(5) has them */
	const struct feed_own *own;  /* config's: what the file says itself; NULL: all of it */
};

struct config {
	const char *spool;  /* absolute path */
	const char *node;   /* default: the host name; [A-Za-z0-9._-]{1,64} */
	uint32_t settle_ms; /* 0: a file is taken at once */
	uint32_t rescan_ms;
	uint32_t stop_timeout_ms;
	uint32_t
	    lease_ms; /* a daemon that shares the spool is taken for dead when silent for longer */
	uint32_t workers; /* 1..64 */
	uint64_t max_file_size;
	uint64_t max_field;
	uint32_t preview_rows;    /* previewed in one transaction; more: in several, inexactly */
	uint32_t checkpoint_rows; /* at most so many in one transaction */
	const char *socket;       /* where enrolctl asks; NULL: control_path knows */
	const char *socket_read;  /* a group that may ask and not steer; or NULL */
	enum log_level log_level;
	const char *metrics_file; /* absolute path; NULL: none */
	struct lms_options lms;
	struct checkpoint_options checkpoints;
	struct mail_options mail;
	struct webhook_options webhook;
	const struct feed *feeds; /* sorted by name, one of them "default" */
	size_t feeds_count;
};

struct config_file;

/* Reads and checks the file. On success *result is given to the caller. */
struct error config_load(const char *path, struct config_file **result) MUST_CHECK;
/* What the package's unit has for its places, and defaults: for whoever may not read the settings,
 * or cannot, and only asks the daemon. */
struct error config_packaged(struct config_file **result) MUST_CHECK;
const struct config *config_get(const struct config_file *file);
/* One more owner, on whatever thread: each frees it. */
struct config_file *config_hold(struct config_file *file);
void config_free(struct config_file *file);

/* Several daemons may share the spool: the ledger is on a server and arbitrates. */
bool config_is_shared(const struct config *config);
const struct feed *config_find_feed(const struct config *config, const char *name);

/* Appends the effective configuration, defaults included but no password, as YAML that config_load
 * accepts. */
void config_format(const struct config *config, struct buffer *out);

/* A setting that has no effect, or cannot work, beside the others: "feeds.hr.match_by has no
 * effect:
 * ...". Nothing is wrong with it by itself. */
enum { CONFIG_ADVICE_SIZE = 320 };
typedef void config_advise(void *context, const char *sentence);
void config_look(const struct config *config, config_advise *on_advice, void *context);

/*
 * A policy as one canonical line "compat=none upload_type=update ...": every key of the table in
 * its order, lists as item,item with percent escapes. It is what is stored with a run and hashed as
 * policy_sha256; parse reads it back.
 */
void policy_format(const struct policy *policy, struct buffer *out);
struct error policy_parse(const char *text, struct arena *arena, struct policy *policy) MUST_CHECK;

#endif
