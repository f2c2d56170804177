/*
 * absence_gather: the file's mentions against the feed's listings. A listing that is not mentioned
 * is absent, a mention without a listing is a new one, and most are both, which costs two looks
 * into a table in memory and no writing.
 */
#include "absence.h"
#include "mentions.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static uint32_t listed_hash(const void *context, const void *item)
{
	const struct listed *is = item;
	(void)context;
	return hashlist_hash_pair((uint32_t)is->user, (uint32_t)is->enrol);
}

static uint32_t person_hash(const void *context, const void *item)
{
	(void)context;
	return hashlist_hash_pair((uint32_t)((const struct mentioned *)item)->user, 0);
}

static uint32_t course_hash(const void *context, const void *item)
{
	(void)context;
	return hashlist_hash_pair((uint32_t)((const struct absence_course *)item)->enrol, 0);
}

static struct listed *listed_find(const struct absence *absence, int64_t user, int64_t enrol)
{
	size_t at = hashlist_hash_pair((uint32_t)user, (uint32_t)enrol);
	for (uint32_t number; (number = hashlist_next(&absence->listed, &at)) != 0;) {
		struct listed *is = hashlist_at(&absence->listed, number);
		if (is->user == user && is->enrol == enrol)
			return is;
	}
	return NULL;
}

static struct mentioned *person_find(const struct absence *absence, int64_t user)
{
	size_t at = hashlist_hash_pair((uint32_t)user, 0);
	for (uint32_t number; (number = hashlist_next(&absence->people, &at)) != 0;) {
		struct mentioned *is = hashlist_at(&absence->people, number);
		if (is->user == user)
			return is;
	}
	return NULL;
}

const struct mentioned *absence_person_of(const struct absence *absence, int64_t user)
{
	return person_find(absence, user);
}

static struct absence_course *course_find(const struct absence *absence, int64_t enrol)
{
	size_t at = hashlist_hash_pair((uint32_t)enrol, 0);
	for (uint32_t number; (number = hashlist_next(&absence->courses, &at)) != 0;) {
		struct absence_course *is = hashlist_at(&absence->courses, number);
		if (is->enrol == enrol)
			return is;
	}
	return NULL;
}

struct absence_course *absence_course_of(struct absence *absence, int64_t enrol)
{
	struct absence_course *found = course_find(absence, enrol);
	if (found)
		return found;
	if (!hashlist_add(&absence->courses, &(struct absence_course){.enrol = enrol})) {
		absence->has_failed = true;
		return NULL;
	}
	return course_find(absence, enrol);
}

bool listings_add(struct listings *listings, const struct listing *listing)
{
	if (listings->count == listings->room) {
		size_t room = listings->room > 0 ? listings->room * 2 : 64;
		struct listing *grown = reallocarray(listings->items, room, sizeof *grown);
		if (!grown)
			return false;
		listings->items = grown;
		listings->room = room;
	}
	listings->items[listings->count++] = *listing;
	return true;
}

/* ---- the file ---- */

static void person_note(struct absence *absence, const struct mention_row *row)
{
	struct mentioned *found = person_find(absence, row->user);
	const struct mentioned new = {.user = row->user};
	bool is_fine = found || hashlist_add(&absence->people, &new);
	absence->has_failed |= !is_fine;
	if (!found && is_fine)
		found = person_find(absence, row->user);
	if (!found)
		return;
	found->is_present |= row->kind == MENTION_PRESENT;
	found->is_new |= row->kind != MENTION_LISTED && row->is_new;
}

static void listed_note(struct absence *absence, const struct mention_row *row)
{
	struct listed *found = listed_find(absence, row->user, row->enrol);
	struct absence_course *course = absence_course_of(absence, row->enrol);
	const struct listed new = {row->user, row->enrol, row->enrolment, row->is_new, false};
	if (course)
		course->is_named = true;
	if (!found) {
		absence->has_failed |= !hashlist_add(&absence->listed, &new);
		return;
	}
	/* Made by an earlier row of the file, or made anew after it had left. */
	found->is_new |= row->is_new;
	found->enrolment = row->is_new && row->enrolment == 0 ? 0 : row->enrolment;
}

static void stranger_note(struct absence *absence, const struct mention_row *row)
{
	struct absence_course *course =
	    row->enrol != 0 ? absence_course_of(absence, row->enrol) : NULL;
	if (course)
		course->is_named = true;
	if (absence->strangers_count == absence->strangers_room) {
		size_t room = absence->strangers_room > 0 ? absence->strangers_room * 2 : 64;
		struct stranger *grown =
		    reallocarray(absence->strangers, room, sizeof *grown);
		absence->has_failed |= !grown;
		if (!grown)
			return;
		absence->strangers = grown;
		absence->strangers_room = room;
	}
	absence->strangers[absence->strangers_count++] =
	    (struct stranger){row->mark, row->enrol, (uint64_t)row->user};
}

static bool on_mention(void *context, const struct mention_row *row)
{
	struct absence *absence = context;
	switch (row->kind) {
	case ROW_HEAD: absence->is_full &= !row->is_new; break;
	case MENTION_UNKNOWN: stranger_note(absence, row); break;
	case MENTION_LISTED: listed_note(absence, row); person_note(absence, row); break;
	case MENTION_PERSON:
	case MENTION_PRESENT: person_note(absence, row); break;
	default: break;
	}
	return !absence->has_failed;
}

static struct error mentions_gather(struct absence *absence)
{
	const struct run *run = absence->run;
	absence->listed = (struct hashlist){.hash = listed_hash, .size = sizeof(struct listed)};
	absence->people = (struct hashlist){.hash = person_hash, .size = sizeof(struct mentioned)};
	absence->courses =
	    (struct hashlist){.hash = course_hash, .size = sizeof(struct absence_course)};
	int file = openat(run->directory, RUN_MENTIONS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return error_errno("cannot open " RUN_MENTIONS " in work");
	struct error error = hashlist_reserve(&absence->listed, run->rows) &&
	                             hashlist_reserve(&absence->people, run->rows)
	                         ? mentions_read(file, on_mention, absence)
	                         : error_memory("gathering who is where");
	close(file);
	return error;
}

/* ---- the listings ---- */

static void absent_add(struct absence *absence, const struct listing *listing)
{
	if (absence->absent_count == absence->absent_room) {
		size_t room = absence->absent_room > 0 ? absence->absent_room * 2 : 64;
		struct absent_item *grown = reallocarray(absence->absent, room, sizeof *grown);
		absence->has_failed |= !grown;
		if (!grown)
			return;
		absence->absent = grown;
		absence->absent_room = room;
	}
	absence->absent[absence->absent_count++] =
	    (struct absent_item){.listing = *listing, .code = CODES};
}

static bool is_clean(const struct listing *listing)
{
	return listing->absent_at == 0 && listing->absences == 0 && listing->suspended_at == 0 &&
	       listing->told == 0;
}

static void present_note(struct absence *absence, const struct listing *listing)
{
	const struct policy_absence *policy = &absence->terms.policy->absence;
	bool is_ours = listing->enrolment != 0 && (listing->is_made || policy->adopt);
	struct absence_course *course =
	    is_ours ? absence_course_of(absence, listing->enrol) : NULL;
	if (course)
		course->ours++;
	if (!is_clean(listing))
		absence->has_failed |= !listings_add(&absence->back, listing);
}

/* A person of whom a row is in error is where they were, in this file. */
static void enrolment_compare(struct absence *absence, const struct listing *listing)
{
	struct listed *listed = listed_find(absence, listing->user, listing->enrol);
	const struct mentioned *person = person_find(absence, listing->user);
	/* Made anew: known by its id, or because this run has just made it. */
	bool is_another = listed && listed->enrolment != listing->enrolment;
	if (is_another) {
		absence->has_failed |= !listings_add(&absence->replaced, listing);
	} else if (listed) {
		listed->is_known = true;
		present_note(absence, listing);
	} else if (person && person->is_present) {
		return;
	} else {
		absent_add(absence, listing);
	}
}

static void account_compare(struct absence *absence, const struct listing *listing)
{
	struct mentioned *person = person_find(absence, listing->user);
	if (person) {
		person->is_known = true;
		present_note(absence, listing);
	} else {
		absent_add(absence, listing);
	}
}

static bool on_listing(void *context, const struct listing *listing)
{
	struct absence *absence = context;
	if (listing->enrolment == 0)
		account_compare(absence, listing);
	else
		enrolment_compare(absence, listing);
	return !absence->has_failed;
}

struct error absence_gather(struct absence *absence)
{
	struct error error = mentions_gather(absence);
	if (!is_error(&error) && !absence->has_failed)
		error = listing_scan(lms_db(absence->lms), absence->run->row.feed, on_listing, absence);
	return absence->has_failed ? error_memory("gathering who is absent") : error;
}
