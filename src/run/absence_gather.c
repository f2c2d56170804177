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

/* ---- rows of the file ---- */

static bool listed_add(struct listed_rows *rows, const struct listed *row)
{
	if (rows->count == rows->room) {
		size_t room = rows->room > 0 ? rows->room * 2 : 1024;
		struct listed *grown = reallocarray(rows->items, room, sizeof *grown);
		if (!grown)
			return false;
		rows->items = grown;
		rows->room = room;
	}
	rows->items[rows->count++] = *row;
	return true;
}

static bool listed_chain(struct listed_rows *rows)
{
	rows->heads_count = 1024;
	while (rows->heads_count < rows->count)
		rows->heads_count *= 2;
	rows->heads = calloc(rows->heads_count, sizeof *rows->heads);
	for (size_t i = 0; rows->heads && i < rows->count; i++) {
		size_t head = (size_t)rows->items[i].user & (rows->heads_count - 1);
		rows->items[i].next = rows->heads[head];
		rows->heads[head] = (uint32_t)i + 1;
	}
	return rows->heads;
}

/* All rows of the pair together: they are known from now on. The newest come first. */
struct listed *absence_take_listed(struct absence *absence, int64_t user, int64_t enrol)
{
	struct listed *newest = NULL;
	const struct listed_rows *rows = &absence->listed;
	uint32_t number = rows->heads[(size_t)user & (rows->heads_count - 1)];
	for (struct listed *is; number != 0; number = is->next) {
		is = &rows->items[number - 1];
		if (is->user != user || is->enrol != enrol)
			continue;
		newest = newest ? newest : is;
		newest->is_new |= is->is_new; /* by an earlier row of the file */
		is->is_known = true;
	}
	return newest;
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

static struct absence_course *course_make(struct absence *absence, int64_t enrol)
{
	struct absence_course *found = course_find(absence, enrol);
	if (found)
		return found;
	absence->has_failed |=
	    !hashlist_add(&absence->courses, &(struct absence_course){.enrol = enrol});
	return absence->has_failed ? NULL : course_find(absence, enrol);
}

/* Most rows are about some courses, of which a few are remembered by their numbers. */
struct absence_course *absence_course_of(struct absence *absence, int64_t enrol)
{
	uint32_t *kept = &absence->kept_courses[(uint64_t)enrol % COURSES_KEPT];
	struct absence_course *course = *kept ? hashlist_at(&absence->courses, *kept) : NULL;
	if (course && course->enrol == enrol)
		return course;
	course = course_make(absence, enrol);
	if (course)
		*kept = (uint32_t)(course - (struct absence_course *)absence->courses.items) + 1;
	return course;
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

/* Ids of people are small numbers, as a rule; larger ones may be counted twice. */
enum { PEOPLE_COUNTED_MAX = 1 << 28, WORD_BITS = 64 };

static void people_count(struct absence *absence, int64_t user)
{
	size_t word = (size_t)user / WORD_BITS;
	if (user < PEOPLE_COUNTED_MAX && word >= absence->seen_words) {
		size_t words = word * 2 + 1024;
		uint64_t *grown = reallocarray(absence->seen, words, sizeof *grown);
		absence->has_failed |= !grown;
		if (!grown)
			return;
		memset(
		    grown + absence->seen_words, 0, (words - absence->seen_words) * sizeof *grown);
		absence->seen = grown;
		absence->seen_words = words;
	}
	bool counts = word < absence->seen_words;
	uint64_t bit = UINT64_C(1) << (user % WORD_BITS);
	absence->people_count += !counts || !(absence->seen[word] & bit);
	if (counts)
		absence->seen[word] |= bit;
}

static void listed_note(struct absence *absence, const struct mention_row *row)
{
	struct absence_course *course = absence_course_of(absence, row->enrol);
	const struct listed new = {.user = row->user,
	    .enrol = row->enrol,
	    .enrolment = row->enrolment,
	    .is_new = row->is_new,
	    .is_suspended = row->mark != 0};
	if (course)
		course->is_named = true;
	people_count(absence, row->user);
	absence->has_failed |= !listed_add(&absence->listed, &new);
}

static void stranger_note(struct absence *absence, const struct mention_row *row)
{
	struct absence_course *course =
	    row->enrol != 0 ? absence_course_of(absence, row->enrol) : NULL;
	if (course)
		course->is_named = true;
	if (absence->strangers_count == absence->strangers_room) {
		size_t room = absence->strangers_room > 0 ? absence->strangers_room * 2 : 64;
		struct stranger *grown = reallocarray(absence->strangers, room, sizeof *grown);
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
	case MENTION_LISTED:
		listed_note(absence, row);
		if (absence->terms.policy->absence.accounts != ABSENT_ACCOUNTS_IGNORE)
			person_note(absence, row);
		break;
	case MENTION_PERSON:
	case MENTION_PRESENT: person_note(absence, row); break;
	default: break;
	}
	return !absence->has_failed;
}

static struct error mentions_gather(struct absence *absence)
{
	const struct run *run = absence->run;
	absence->people = (struct hashlist){.hash = person_hash, .size = sizeof(struct mentioned)};
	absence->courses =
	    (struct hashlist){.hash = course_hash, .size = sizeof(struct absence_course)};
	int file = openat(run->directory, RUN_MENTIONS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return error_errno("cannot open " RUN_MENTIONS " in work");
	struct error error = mentions_read(file, on_mention, absence);
	close(file);
	absence->has_failed |= !listed_chain(&absence->listed);
	return error;
}

/* ---- the listings ---- */

bool absent_add(struct absence *absence, const struct listing *listing)
{
	if (absence->absent_count == absence->absent_room) {
		size_t room = absence->absent_room > 0 ? absence->absent_room * 2 : 64;
		struct absent_item *grown = reallocarray(absence->absent, room, sizeof *grown);
		if (!grown)
			return false;
		absence->absent = grown;
		absence->absent_room = room;
	}
	absence->absent[absence->absent_count++] =
	    (struct absent_item){.listing = *listing, .code = CODES};
	return true;
}

static bool is_clean(const struct listing *listing, int told)
{
	return listing->absent_at == 0 && listing->absences == 0 && listing->suspended_at == 0 &&
	       listing->told == told;
}

static void present_note(struct absence *absence, const struct listing *listing, int told)
{
	struct listing back = *listing;
	const struct policy_absence *policy = &absence->terms.policy->absence;
	bool is_ours = listing->enrolment != 0 && (listing->is_made || policy->adopt);
	struct absence_course *course = is_ours ? absence_course_of(absence, listing->enrol) : NULL;
	if (course)
		course->ours++;
	back.told = told;
	if (!is_clean(listing, told))
		absence->has_failed |= !listings_add(&absence->back, &back);
}

/* A person of whom a row is in error is where they were, in this file. */
static void enrolment_compare(struct absence *absence, const struct listing *listing)
{
	struct listed *listed = absence_take_listed(absence, listing->user, listing->enrol);
	const struct mentioned *person = listed ? NULL : person_find(absence, listing->user);
	if (listed && listed->enrolment == listing->enrolment) {
		present_note(absence, listing, listed_told(listed));
	} else if (listed) {
		/* Made anew: known by its id, or because this run has just made it. */
		listed->is_known = false;
		absence->has_failed |= !listings_add(&absence->replaced, listing);
	} else if (!person || !person->is_present) {
		absence->has_failed |= !absent_add(absence, listing);
	}
}

static void account_compare(struct absence *absence, const struct listing *listing)
{
	struct mentioned *person = person_find(absence, listing->user);
	if (person) {
		person->is_known = true;
		present_note(absence, listing, 0);
	} else {
		absence->has_failed |= !absent_add(absence, listing);
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
		error =
		    listing_scan(lms_db(absence->lms), absence->run->row.feed, on_listing, absence);
	return absence->has_failed ? error_memory("gathering who is absent") : error;
}
