/*
 * keys: every key of enrold.yaml as one row of one table. Loading, printing, suggestions, the
 * policy line, the commented example and its test all read this table, so that a key exists
 * everywhere or nowhere. Rows of a section stand together; a feed's `compat` stands before the
 * keys whose defaults it chooses.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "enrold/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_section {
	SECTION_TOP,
	SECTION_LMS,
	SECTION_CHECKPOINTS,
	SECTION_MAIL,
	SECTION_WEBHOOK,
	SECTION_FEED,
	SECTION_MAY,
	SECTION_CREATE,
	SECTION_ABSENCE,
	SECTION_LIMITS,
	SECTION_REMOVALS,
	SECTION_PER_COURSE,
	SECTION_ACCOUNTS,
	SECTION_BY_CELL,
	SECTION_CREATED,
	SECTION_ERRORS,
	SECTION_EXPECT,
	SECTION_KEEP,
	SECTION_NOTIFY,
	SECTION_PGP,
	SECTION_CSV,
	SECTIONS,
};

enum key_kind {
	KEY_TEXT,     /* const char *, never empty, judged by the row's rule */
	KEY_BOOL,     /* bool */
	KEY_UNSIGNED, /* uint32_t */
	KEY_DURATION, /* uint32_t, milliseconds */
	KEY_PERIOD,   /* uint64_t, milliseconds; of a key with a word that is PERIOD_ENDLESS */
	KEY_SHARE,    /* share_bp: "1%", "0.25%" */
	KEY_SIZE,     /* uint64_t, bytes */
	KEY_WORD,     /* an enumeration; its value is the index in `words` */
	KEY_LIST,     /* struct text_list; min and max say how many */
	KEY_PAIRS,    /* the same, as a map of texts: name, value, name, value */
	KEY_WORDS,    /* the same, as the map of maps of policy.values: four texts each */
	KEY_MAP,      /* no value of its own: a section, the map `feeds` */
};

/* Room for a mark for each key; keys.c asserts that they fit. */
enum { KEYS_MAX = 192 };

/* Which keys a file, a feed, a line has given. */
struct keys_given {
	bool has[KEYS_MAX];
};

typedef const char *text_rule(const char *text);

struct config_key {
	enum key_section section;
	const char *name;
	enum key_kind kind;
	size_t offset; /* in struct config, the options of its section, or policy */
	uint64_t min, max;
	const char *const *words; /* ends with NULL */
	/* As one would write it; of a list its only item, "" for an empty one. NULL: there is none,
	 * or default_make knows it. */
	const char *default_text;
	const char *moodle_text; /* the default under `compat: moodle`; NULL: the same */
	bool required;
	bool optional;  /* a text that may be absent altogether: NULL; a share: `said` */
	size_t said;    /* of a bool beside an optional share: it was given */
	bool is_local;  /* of this host: no part of the policy that is stored with a run */
	bool in_preset; /* how files are written or meant: a preset may say it for a feed */
	bool was_off;   /* a stored policy without it is of a time without such limits */
	/* KEY_TEXT: what may be printed of it, which is a text that the rule takes, too; an error
	 * repeats nothing of it. NULL: it is no secret. */
	void (*show)(const char *text, struct buffer *out);
	enum key_section inner; /* KEY_MAP: a section of the same struct; SECTION_TOP: none */
	/* KEY_TEXT, KEY_LIST, KEY_PAIRS (each item), KEY_WORDS (a cell): NULL when the text will
	 * do, else what is expected, as a noun. */
	text_rule *rule;
	/* That noun, of a rule that takes the empty text: any other is asked with it. */
	const char *noun;
	/* KEY_TEXT, each item of a KEY_LIST: makes it, in place, what it is compared with. NULL:
	 * it stays as it is written. */
	void (*tidy)(char *text);
	bool is_one_to_one; /* KEY_PAIRS: no two names may have the same value */
	bool takes_null;    /* KEY_LIST: YAML's NULL is a text */
	/* The same for the names of KEY_PAIRS, for the first of a KEY_LIST, where it differs, for
	 * the columns of KEY_WORDS. */
	text_rule *name_rule;
	/* A default that only this host knows. */
	bool (*default_make)(char *text, size_t size);
};

/* Columns, words, the columns of their cells and the cells, one after the other. */
enum { WORDS_PARTS = 4 };

/* Texts that make one item of a list; 0: the key is none. */
static inline size_t key_parts(const struct config_key *key)
{
	return key->kind == KEY_LIST    ? 1
	       : key->kind == KEY_PAIRS ? 2
	       : key->kind == KEY_WORDS ? WORDS_PARTS
	                                : 0;
}

/* The whole table, and the rows of one section. */
const struct config_key *config_keys(size_t *count);
const struct config_key *keys_of(enum key_section section, size_t *count);
/* Its place in struct keys_given. */
size_t keys_index(const struct config_key *key);
/* NULL: there is none. */
const struct config_key *keys_find(enum key_section section, const char *name);
/* The key that was probably meant: a slip of at most two letters. NULL: none is close. */
const struct config_key *keys_nearest(enum key_section section, const char *name);
/* The same name where it belongs, when that is another section. NULL: nowhere. */
const struct config_key *keys_elsewhere(enum key_section section, const char *name);
/* "", "lms.", "feeds.<name>.", "feeds.<name>.csv." and so on, for messages. */
const char *keys_prefix(enum key_section section);

#endif
