/*
 * waves: a batch's changes in portions. Within one everything is written kind by kind, together:
 * first what is given, then what is taken away. That is the order given for each person as well,
 * unless something is given after something was taken away, or taken away in another order of
 * kinds: there the person's next portion begins. Most batches are one.
 *
 *     join cohort A, leave cohort B, enrol in C     ->  | join A, leave B | enrol C |
 */
#include "work.h"

#include "enrold/batch.h"

enum { RANK_LAST = 5 };

/* In the order of leave.c. */
static int rank_of(const struct effects *effects, const struct change *change)
{
	switch (change->kind) {
	case CHANGE_UNASSIGN_ROLE: return 1;
	case CHANGE_UNASSIGN_ALL: return 2;
	case CHANGE_LEAVE:
		return effects->memberships[change->target].kind == PERSON_IN_COHORT ? 4 : 3;
	case CHANGE_UNENROL: return RANK_LAST;
	case CHANGE_CREATE_ACCOUNT:
	case CHANGE_UPDATE_ACCOUNT:
	case CHANGE_RENAME_ACCOUNT:
	case CHANGE_DELETE_ACCOUNT:
	case CHANGE_SET_INTERESTS:
	case CHANGE_ENROL:
	case CHANGE_ENROLMENT:
	case CHANGE_ASSIGN_ROLE:
	case CHANGE_CREATE_COHORT:
	case CHANGE_CREATE_GROUP:
	case CHANGE_CREATE_GROUPING:
	case CHANGE_JOIN: break;
	}
	return 0;
}

/* INDEX_NONE: nobody's. */
static uint32_t person_of(const struct effects *effects, const struct change *change)
{
	switch (change->kind) {
	case CHANGE_ENROL:
	case CHANGE_ENROLMENT:
	case CHANGE_ASSIGN_ROLE:
	case CHANGE_UNASSIGN_ROLE:
	case CHANGE_UNASSIGN_ALL:
	case CHANGE_UNENROL: return effects->enrolments[change->enrolment].person;
	case CHANGE_JOIN:
	case CHANGE_LEAVE:
		return effects->memberships[change->target].kind != GROUP_IN_GROUPING
		           ? effects->memberships[change->target].who
		           : INDEX_NONE;
	case CHANGE_CREATE_ACCOUNT:
	case CHANGE_UPDATE_ACCOUNT:
	case CHANGE_RENAME_ACCOUNT:
	case CHANGE_DELETE_ACCOUNT:
	case CHANGE_SET_INTERESTS:
	case CHANGE_CREATE_COHORT:
	case CHANGE_CREATE_GROUP:
	case CHANGE_CREATE_GROUPING: break;
	}
	return INDEX_NONE;
}

static bool takes_away(const struct effects *effects)
{
	for (size_t i = 0; i < effects->count; i++)
		if (rank_of(effects, &effects->changes[i]) > 0)
			return true;
	return false;
}

/* How far a person has come. */
struct stand {
	size_t wave;
	int rank;
};

static struct stand *stands_make(const struct effects *effects, struct arena *arena)
{
	size_t people = 0;
	for (size_t i = 0; i < effects->count; i++) {
		uint32_t person = person_of(effects, &effects->changes[i]);
		if (person != INDEX_NONE && person >= people)
			people = (size_t)person + 1;
	}
	return arena_alloc(arena, (people + 1) * sizeof(struct stand));
}

/* Values of an enrolment that is there go along with anything but its end. */
static void step(struct stand *stand, const struct effects *effects, const struct change *change)
{
	int rank = rank_of(effects, change);
	if (change->kind == CHANGE_ENROLMENT && stand->rank < RANK_LAST)
		return;
	stand->wave += rank < stand->rank;
	stand->rank = rank;
}

/* By change: its wave. */
static size_t *waves_find(const struct effects *effects, struct arena *arena, size_t *count)
{
	size_t *wave = arena_alloc(arena, (effects->count + 1) * sizeof *wave);
	struct stand *stands = stands_make(effects, arena);
	*count = 1;
	for (size_t i = 0; wave && stands && i < effects->count; i++) {
		const struct change *change = &effects->changes[i];
		uint32_t person = person_of(effects, change);
		if (person == INDEX_NONE)
			continue;
		step(&stands[person], effects, change);
		wave[i] = stands[person].wave;
		*count = wave[i] >= *count ? wave[i] + 1 : *count;
	}
	return stands ? wave : NULL;
}

/* What each change of a batch has become after sorting. */
struct sorted {
	struct change *changes;
	size_t *place;  /* by change as given: where it is */
	size_t *starts; /* by wave, and one more */
};

static bool sort(const struct effects *effects, const size_t *wave, size_t waves,
    struct sorted *sorted, struct arena *arena)
{
	size_t *next = arena_alloc(arena, (waves + 1) * sizeof *next);
	sorted->changes = arena_alloc(arena, effects->count * sizeof *sorted->changes);
	sorted->place = arena_alloc(arena, effects->count * sizeof *sorted->place);
	sorted->starts = arena_alloc(arena, (waves + 1) * sizeof *sorted->starts);
	if (!next || !sorted->changes || !sorted->place || !sorted->starts)
		return false;
	for (size_t i = 0; i < effects->count; i++)
		sorted->starts[wave[i] + 1]++;
	for (size_t w = 0; w < waves; w++)
		next[w + 1] = sorted->starts[w + 1] += sorted->starts[w];
	for (size_t i = 0; i < effects->count; i++) {
		sorted->place[i] = next[wave[i]]++;
		sorted->changes[sorted->place[i]] = effects->changes[i];
	}
	return true;
}

/* The work as the portion sees it: what belongs to its changes alone. */
static void portions_write(
    struct work *work, const struct sorted *sorted, size_t waves, void (*write)(struct work *work))
{
	const struct effects *effects = work->effects;
	struct audit_rows *audit = work->audit,
	                  *own_audit = arena_alloc(work->arena, effects->count * sizeof *own_audit);
	int64_t *ids = work->ids,
	        *own_ids = arena_alloc(work->arena, effects->count * sizeof *own_ids);
	for (size_t w = 0; own_audit && own_ids && w < waves; w++) {
		size_t start = sorted->starts[w];
		struct effects part = *effects;
		part.changes = sorted->changes + start;
		part.count = sorted->starts[w + 1] - start;
		work->effects = &part;
		work->audit = own_audit + start;
		work->ids = own_ids + start;
		write(work);
	}
	work->effects = effects;
	work->audit = audit;
	work->ids = ids;
	for (size_t i = 0; own_audit && own_ids && i < effects->count; i++) {
		ids[i] = own_ids[sorted->place[i]];
		audit_move(work, i, &own_audit[sorted->place[i]]);
	}
}

void waves_write(struct work *work, void (*write)(struct work *work))
{
	struct sorted sorted = {0};
	size_t waves = 1;
	const size_t *wave =
	    takes_away(work->effects) ? waves_find(work->effects, work->arena, &waves) : NULL;
	if (waves == 1)
		write(work);
	else if (sort(work->effects, wave, waves, &sorted, work->arena))
		portions_write(work, &sorted, waves, write);
}
