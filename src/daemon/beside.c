#include "beside.h"

#include "enrold/disk.h"
#include "enrold/names.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BESIDE_NAME_SIZE = FILE_NAME_SIZE + 64 };

struct beside_rules beside_rules_of(const struct policy *policy)
{
	struct beside_rules rules = {.marker = policy->marker};
	for (int kind = 0; kind < SIDECAR_KINDS; kind++)
		rules.is_required[kind] = policy_requires(policy, (enum sidecar_kind)kind);
	return rules;
}

bool beside_is_asked(const struct beside_rules *rules)
{
	bool is_asked = rules->marker;
	for (int kind = 0; kind < SIDECAR_KINDS; kind++)
		is_asked |= rules->is_required[kind];
	return is_asked;
}

bool beside_is_marker(const struct beside_rules *rules, const char *name)
{
	size_t length = strlen(name), tail = rules->marker ? strlen(rules->marker) : 0;
	return tail > 0 && length >= tail && strcmp(name + length - tail, rules->marker) == 0;
}

bool beside_has_room(const struct beside_rules *rules, const char *name)
{
	size_t longest = rules->marker ? strlen(rules->marker) : 0;
	for (int kind = 0; kind < SIDECAR_KINDS; kind++) {
		size_t length = strlen(sidecar_ending((enum sidecar_kind)kind));
		if (rules->is_required[kind] && length > longest)
			longest = length;
	}
	return strlen(name) + longest <= NAME_MAX;
}

/* One of them; false: it is missing, or is no file of its own. */
static bool one_look(
    int directory, const char *name, const char *end, struct stat *stat, struct beside *beside)
{
	char path[BESIDE_NAME_SIZE];
	const char *fault = "";
	snprintf(path, sizeof path, "%s%s", name, end);
	bool is_there = fstatat(directory, path, stat, AT_SYMLINK_NOFOLLOW) == 0;
	if (is_there && !S_ISREG(stat->st_mode))
		fault = "; what has that name is not a regular file";
	else if (is_there && stat->st_nlink > 1)
		fault = "; what has that name has another one too (a hard link)";
	if (is_there && *fault == '\0')
		return true;
	if (!beside->missing)
		*beside = (struct beside){.missing = end, .fault = fault};
	return false;
}

struct beside beside_look(const struct beside_rules *rules, int directory, const char *name)
{
	struct beside beside = {.fault = ""};
	struct stat marker = {0}, stat;
	bool is_marked =
	    rules->marker && one_look(directory, name, rules->marker, &marker, &beside);
	int64_t marked_ns = is_marked ? disk_time_ns(marker.st_ctim) : INT64_MIN;
	bool is_done = true;
	for (int kind = 0; kind < SIDECAR_KINDS; kind++) {
		const char *end = sidecar_ending((enum sidecar_kind)kind);
		if (!rules->is_required[kind] || !one_look(directory, name, end, &stat, &beside))
			continue;
		int64_t changed_ns = disk_time_ns(stat.st_ctim);
		is_done &= changed_ns <= marked_ns;
		beside.state += (uint64_t)changed_ns;
	}
	if (is_done)
		beside.state = 0;
	return beside;
}

/* As people write it: staff.done for staff.csv. */
static bool has_other(
    int directory, const char *name, const char *ending, char other[BESIDE_NAME_SIZE])
{
	const char *end = strrchr(name, '.');
	size_t stem = end ? (size_t)(end - name) : 0;
	snprintf(other, BESIDE_NAME_SIZE, "%.*s%s", (int)stem, name, ending);
	return stem > 0 && faccessat(directory, other, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static const char *noun_of(const struct beside_rules *rules, const char *ending)
{
	enum sidecar_kind kind = sidecar_find(ending + 1);
	bool is_marker = rules->marker && strcmp(rules->marker, ending) == 0;
	return is_marker || kind == SIDECAR_KINDS ? "marker" : sidecar_noun(kind);
}

void beside_tell(const struct beside_rules *rules, int directory, const char *name,
    const struct beside *beside, char why[BESIDE_TEXT_SIZE])
{
	char other[BESIDE_NAME_SIZE];
	bool is_other = has_other(directory, name, beside->missing, other);
	snprintf(why, BESIDE_TEXT_SIZE, "it waits for its %s, %s%s%s%s%s",
	    noun_of(rules, beside->missing), name, beside->missing, beside->fault,
	    is_other ? "; there is a " : "", is_other ? other : "");
}
