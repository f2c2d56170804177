/*
 * preset: what a system's exports look like, as data (enrold.preset(5)). A preset is a YAML file of
 * kinds, each with a signature, by which a file of that kind is known, and with keys of a feed,
 * which hold for such files where the feed itself does not say otherwise.
 *
 *     enrold.yaml: feeds.hr.preset --preset_load--> struct preset --preset_choose--> a kind's
 * policy
 *
 * An archive's files may be of several kinds. They are composed to one text (compose.h), which is
 * read by one policy, preset->composed: there a column is called by the name that enrold has for
 * it, or, where the words of its cells have a meaning, "enrollments.status", as `values` of that
 * policy have it.
 *
 * Open data, constant once it was made; owned by whoever gave the arena.
 */
#ifndef ENROLD_PRESET_H
#define ENROLD_PRESET_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/policy.h"
#include "enrold/slice.h"

enum { PRESET_NAME_MAX = 32, PRESET_KINDS_MAX = 32 };

struct preset_kind {
	const char *name; /* "enrollments": [a-z0-9_]{1,32} */
	const char
	    *files; /* pattern of a shell, letter case aside: the names that they have; NULL: any */
	struct text_list has;    /* headings that such a file has, all of them (columns_fold) */
	struct text_list lacks;  /* and has not, any of them */
	struct text_list begins; /* HEADING_NONE: what the first cell of its first record may be */
	const char *unused;      /* nothing is made of such a file, and why; NULL: it is applied */
	struct policy policy;    /* the feed's keys over the kind's over the preset's */
};

struct preset {
	const char *name;     /* "canvas", or the path of a site's own */
	const char *about;    /* one line, for people */
	const char *manifest; /* "manifest.csv", of archives; NULL: there is none */
	/* In the order in which an archive's files are needed: users, then enrolments. */
	struct preset_kind *kinds;
	size_t kinds_count;
	struct policy composed;
};

/* Enough of a file to know its kind by. */
enum { PRESET_BEGINNING_MAX = 64 << 10 };

/*
 * The kind of a file of that name (without what says how it is packed or encrypted) that begins so
 * (decoded as each kind has it; is_whole: there is no more of it). Of several that fit, the one
 * with the longer signature; a pattern of names goes first. *kind is NULL when none fits; why, for
 * people, is then in the arena: "'status' and 'section_id' are missing for canvas enrollments".
 * RETRY: out of memory.
 */
struct error preset_choose(const struct preset *preset, struct slice name, struct slice beginning,
    bool is_whole, struct arena *arena, const struct preset_kind **kind,
    struct slice *why) MUST_CHECK;

/*
 * A retry file that comes back is chosen by its headings alone: it is read by its kind's policy,
 * whose shape it need not have (records.h). One of an archive's answer has the headings of the
 * composed text and fits no kind: it is read by preset->composed. RETRY: out of memory.
 */
struct error preset_is_composed(const struct preset *preset, struct slice beginning, bool is_whole,
    struct arena *arena, bool *is_composed) MUST_CHECK;

/* "enrollments.status": what the composed text calls a column of such a file, by its heading as it
 * is written; itself, or in the arena. */
struct slice preset_heading(
    const struct preset_kind *kind, struct slice heading, struct arena *arena);

/* ---- where presets come from (src/config) ---- */

/* The YAML text of one that is built in; NULL: there is none of that name. */
const char *preset_builtin(const char *name);
/* The names of all of them, sorted. */
const char *const *preset_builtin_names(size_t *count);
/* By name, or by the absolute path of a site's own; as a feed with nothing but that preset has it.
 * Everything lies in the arena. CONFIG, "file:line:column: key: ...": there is no such preset, or
 * it is not well made. */
struct error preset_load(
    const char *name, struct arena *arena, const struct preset **result) MUST_CHECK;

/* ---- an archive's manifest: OneRoster's manifest.csv (propertyName,value) ---- */

enum manifest_says { MANIFEST_SILENT, MANIFEST_ABSENT, MANIFEST_BULK, MANIFEST_DELTA };

/* Of a kind, by its lines "file.enrollments,bulk". REJECT manifest_broken: it is no such table. */
struct error manifest_read(struct slice manifest, struct slice kind, struct arena *arena,
    enum manifest_says *says) MUST_CHECK;

#endif
