/*
 * absence: one person in one course: whether there is something to take away, and whether it is
 * ours. Each question spares somebody; who is left goes.
 */
#include "enrold/absence.h"

#include "day.h"

#include "enrold/may.h"

static struct absent_verdict verdict(enum absent_fate fate, enum code code, struct slice message)
{
	return (struct absent_verdict){fate, code, message};
}

static struct absent_verdict ignored(void)
{
	return verdict(ABSENT_IGNORED, CODES, SLICE(""));
}

/* A role that absence leaves alone, whoever gave it; NULL: there is none. */
static const struct role_facts *role_beyond(
    const struct absence_terms *terms, const int64_t *roles, uint32_t count)
{
	const struct text_list *removable = &terms->policy->absence.roles;
	for (uint32_t i = 0; i < count; i++)
		for (size_t k = 0; k < terms->site->roles_count; k++) {
			const struct role_facts *role = &terms->site->roles[k];
			if (role->id != roles[i])
				continue;
			bool may_go = removable->is_given
			                  ? may_fits(removable, role->shortname)
			                  : slice_is(role->archetype, SLICE("student"));
			if (!may_go || !may_give_role(&terms->policy->may, role))
				return role;
		}
	return NULL;
}

static const struct role_facts *role_that_spares(
    const struct absentee *absentee, const struct absence_terms *terms)
{
	const struct enrolment_facts *is = absentee->enrolment;
	const struct role_facts *role = role_beyond(terms, is->roles, is->roles_count);
	return role ? role
	            : role_beyond(terms, is->leaving.owned_roles, is->leaving.owned_roles_count);
}

static bool has_gone(const struct absentee *absentee)
{
	const struct leaver *is = &absentee->is;
	return !is->is_there || is->is_deleted || !is->is_manual ||
	       is->enrol != absentee->listing.enrol || is->user != absentee->listing.user;
}

static bool has_ended(const struct leaver *is, int64_t now)
{
	return (is->timeend != 0 && is->timeend <= now) ||
	       (is->course_end != 0 && is->course_end <= now);
}

/* Suspended by absence, and nobody has touched it since. */
static bool is_as_left(const struct absentee *absentee)
{
	return absentee->listing.suspended_at != 0 && absentee->is.status != ENROLMENT_ACTIVE &&
	       absentee->is.modified == absentee->listing.suspended_at;
}

/* It was absent before, and left as it was, or listed although it was suspended: since then
 * somebody has had a hand in it. */
static bool has_changed_since(const struct absentee *absentee)
{
	const struct listing *listing = &absentee->listing;
	bool was_suspended =
	    listing->told == CODE_ENROLMENT_SUSPENDED + 1 || listing->told == CODE_KEPT_MANUAL + 1;
	return was_suspended ||
	       (listing->absent_at != 0 && absentee->is.modified > listing->absent_at);
}

static struct absent_verdict elsewhere(
    const struct absentee *absentee, const struct absence_terms *terms)
{
	return verdict(ABSENT_CLAIMED, CODE_ABSENT_ELSEWHERE,
	    arena_print(terms->arena,
	        "Left as it is: the last file of the feed '%.*s' lists the person in this course.",
	        SLICE_ARG(absentee->elsewhere)));
}

/* What spares a person whose enrolment is active, as far as people are concerned. */
static struct absent_verdict person_judge(
    const struct absentee *absentee, const struct absence_terms *terms)
{
	struct arena *arena = terms->arena;
	if (absentee->is_protected)
		return verdict(ABSENT_KEPT, CODE_PROTECTED_ACCOUNT,
		    SLICE("Left as it is: no feed touches this account."));
	const struct role_facts *role = role_that_spares(absentee, terms);
	if (role)
		return verdict(ABSENT_KEPT, CODE_ABSENT_ROLE,
		    arena_print(arena,
		        "Left as it is: has the role '%.*s' in the course, which absence leaves "
		        "alone "
		        "(absence.roles).",
		        SLICE_ARG(role->shortname)));
	if (absentee->resembled.size == 0 && absentee->listing.told == CODE_MAYBE_RENAMED + 1)
		return verdict(ABSENT_HELD, CODE_MAYBE_RENAMED,
		    SLICE(
		        "Not removed: an account made when the person was first missing looks "
		        "like the same person; list the person again, or suspend the enrolment by "
		        "hand."));
	if (absentee->resembled.size > 0)
		return verdict(ABSENT_HELD, CODE_MAYBE_RENAMED,
		    arena_print(arena,
		        "Not removed: '%.*s', whose account this file made, has the same number, "
		        "address or name: is it the same person?",
		        SLICE_ARG(absentee->resembled)));
	return verdict(ABSENT_GOES, CODES, SLICE(""));
}

struct absent_verdict absent_judge(
    const struct absentee *absentee, const struct absence_terms *terms)
{
	const struct listing *listing = &absentee->listing;
	const struct leaver *is = &absentee->is;
	if (has_gone(absentee))
		return verdict(ABSENT_FORGOTTEN, CODES, SLICE(""));
	if (absentee->refused_by || (!listing->is_made && !terms->policy->absence.adopt))
		return ignored();
	/* Its listing has to stay: by that it is activated when it is listed again. */
	if (is_as_left(absentee))
		return ignored();
	if (absentee->elsewhere.size > 0)
		return elsewhere(absentee, terms);
	if (listing->suspended_at != 0 || is->status != ENROLMENT_ACTIVE)
		return verdict(ABSENT_KEPT, CODE_KEPT_MANUAL,
		    is->status == ENROLMENT_ACTIVE
		        ? SLICE("Left active: somebody has activated it since absence suspended "
		                "it.")
		        : SLICE("Left suspended: absence has not done that, and does not undo "
		                "it."));
	if (has_changed_since(absentee))
		return verdict(ABSENT_KEPT, CODE_KEPT_MANUAL,
		    SLICE("Left active: somebody has changed it since it is absent."));
	if (has_ended(is, terms->now))
		return verdict(ABSENT_KEPT, CODE_ABSENT_ENDED,
		    is->timeend != 0 && is->timeend <= terms->now
		        ? arena_print(terms->arena,
		              "Left as it is: the enrolment ended on %.*s by itself.",
		              SLICE_ARG(day_text(terms->arena, is->timeend)))
		        : arena_print(terms->arena, "Left as it is: the course ended on %.*s.",
		              SLICE_ARG(day_text(terms->arena, is->course_end))));
	return person_judge(absentee, terms);
}

/* ---- grace ---- */

int64_t absence_due(const struct policy_absence *absence, int64_t suspended_at)
{
	bool is_ever = absence->action == ABSENCE_UNENROL && suspended_at != 0;
	return is_ever ? suspended_at + (int64_t)(absence->grace_ms / 1000) : 0;
}

struct absent_verdict due_judge(const struct absentee *absentee, const struct absence_terms *terms)
{
	const struct listing *listing = &absentee->listing;
	int64_t due = absence_due(&terms->policy->absence, listing->suspended_at);
	if (has_gone(absentee))
		return verdict(ABSENT_FORGOTTEN, CODES, SLICE(""));
	if (absentee->refused_by || due == 0 || due > terms->now ||
	    listing->absences < LISTING_ABSENCES_MAX)
		return ignored();
	if (absentee->elsewhere.size > 0)
		return is_as_left(absentee) ? ignored() : elsewhere(absentee, terms);
	if (!is_as_left(absentee))
		return verdict(ABSENT_KEPT, CODE_KEPT_MANUAL,
		    SLICE("Not unenrolled: somebody has changed it since absence suspended it."));
	if (absentee->enrolment->leaving.has_history && !terms->policy->purge_history)
		return verdict(ABSENT_KEPT, CODE_HAS_HISTORY,
		    SLICE("Stays suspended: unenrolling would delete grades (purge_history)."));
	return person_judge(absentee, terms);
}

struct slice absence_course_name(const struct policy *policy, const struct leaver *is)
{
	bool by_idnumber = policy->course_by == COURSE_BY_IDNUMBER;
	return by_idnumber && is->course_idnumber.size > 0 ? is->course_idnumber : is->shortname;
}
