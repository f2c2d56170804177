/*
 * absence_facts: what the LMS says of those who are absent, and whether another feed's last file
 * lists them.
 */
#include "absence.h"
#include "mentions.h"

#include "enrold/may.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the LMS ---- */

static struct error leavers_load(struct absence *absence, const struct absent_item *items,
    size_t count, struct absentee *absentees)
{
	struct leaver *leavers = arena_alloc(absence->chunk, count * sizeof *leavers);
	if (!leavers)
		return error_memory("asking about the absent");
	for (size_t i = 0; i < count; i++)
		leavers[i].enrolment = items[i].listing.enrolment;
	struct error error = lms_load_leavers(absence->lms, leavers, count, absence->chunk);
	for (size_t i = 0; i < count; i++)
		absentees[i].is = leavers[i];
	return error;
}

static struct error enrolments_load(
    struct absence *absence, size_t count, struct absentee *absentees)
{
	struct enrolment_facts *all = arena_alloc(absence->chunk, count * sizeof *all);
	if (!all)
		return error_memory("asking about the absent");
	for (size_t i = 0; i < count; i++) {
		const struct leaver *is = &absentees[i].is;
		all[i] = (struct enrolment_facts){.person = (uint32_t)i,
		    .user = is->user,
		    .course = is->course,
		    .enrol = is->enrol,
		    .context = is->context,
		    .level = LEVEL_COURSE,
		    .instance = is->course,
		    .asks_leaving = true};
		absentees[i].enrolment = &all[i];
	}
	return lms_load_enrolments(absence->lms, all, count, absence->chunk);
}

struct error absence_find_protected(
    struct absence *absence, const int64_t *users, size_t count, bool *is_protected)
{
	const struct policy_may *may = &absence->terms.policy->may;
	const struct site_facts *site = absence->terms.site;
	struct account_facts *people = arena_alloc(absence->chunk, (count + 1) * sizeof *people);
	if (!people)
		return error_memory("asking about the absent");
	for (size_t i = 0; i < count; i++)
		people[i].id = users[i];
	struct error error = may_is_all(&may->unprotected)
	                         ? OK
	                         : lms_load_site_roles(absence->lms, people, count, absence->chunk);
	for (size_t i = 0; i < count && !is_error(&error); i++)
		is_protected[i] = site_protects(site, users[i]) ||
		                  may_find_protection(may, site, &people[i]) != 0;
	return error;
}

static struct error protection_load(
    struct absence *absence, size_t count, struct absentee *absentees)
{
	int64_t *users = arena_alloc(absence->chunk, (count + 1) * sizeof *users);
	bool *is_protected = arena_alloc(absence->chunk, count + 1);
	if (!users || !is_protected)
		return error_memory("asking about the absent");
	for (size_t i = 0; i < count; i++)
		users[i] = absentees[i].listing.user;
	struct error error = absence_find_protected(absence, users, count, is_protected);
	for (size_t i = 0; i < count && !is_error(&error); i++)
		absentees[i].is_protected = is_protected[i];
	return error;
}

static struct error reach_load(struct absence *absence, size_t count, struct absentee *absentees)
{
	const struct policy *policy = absence->terms.policy;
	if (!may_asks_surroundings(&policy->may))
		return OK;
	struct course_facts *courses = arena_alloc(absence->chunk, count * sizeof *courses);
	if (!courses)
		return error_memory("asking about the absent");
	for (size_t i = 0; i < count; i++)
		courses[i] = (struct course_facts){
		    .id = absentees[i].is.course, .matches = absentees[i].is.course != 0};
	struct error error =
	    lms_load_course_surroundings(absence->lms, courses, count, absence->chunk);
	for (size_t i = 0; !is_error(&error) && i < count; i++) {
		bool by_idnumber = policy->course_by == COURSE_BY_IDNUMBER;
		const struct course_key key = {policy->course_by,
		    by_idnumber ? absentees[i].is.course_idnumber : absentees[i].is.shortname};
		if (courses[i].id != 0)
			absentees[i].refused_by = may_refuse_course(policy, &key, &courses[i]);
	}
	return error;
}

struct error absence_load(struct absence *absence, const struct absent_item *items, size_t count,
    struct absentee **absentees)
{
	struct absentee *all = *absentees =
	    arena_alloc(absence->chunk, (count + 1) * sizeof **absentees);
	if (!all)
		return error_memory("asking about the absent");
	for (size_t i = 0; i < count; i++)
		all[i] = (struct absentee){.listing = items[i].listing,
		    .elsewhere = items[i].elsewhere ? slice_of(items[i].elsewhere) : SLICE("")};
	struct error error = leavers_load(absence, items, count, all);
	if (!is_error(&error))
		error = enrolments_load(absence, count, all);
	if (!is_error(&error))
		error = protection_load(absence, count, all);
	if (!is_error(&error))
		error = reach_load(absence, count, all);
	return error;
}

/* ---- other feeds ---- */

struct elsewhere {
	struct absence *absence;
	struct hashlist pairs; /* struct pair */
	const char *feed;
};

/* By user and instance, and which of the absent that is. */
struct pair {
	int64_t user, enrol;
	size_t item;
};

static uint32_t pair_hash(const void *context, const void *item)
{
	const struct pair *pair = item;
	(void)context;
	return hashlist_hash_pair((uint32_t)pair->user, 0);
}

/* Whoever is in a row with an error is present wherever they are. */
static bool on_row(void *context, const struct mention_row *row)
{
	struct elsewhere *elsewhere = context;
	if (row->kind != MENTION_LISTED && row->kind != MENTION_PRESENT)
		return true;
	size_t at = hashlist_hash_pair((uint32_t)row->user, 0);
	for (uint32_t number; (number = hashlist_next(&elsewhere->pairs, &at)) != 0;) {
		const struct pair *pair = hashlist_at(&elsewhere->pairs, number);
		if (pair->user == row->user &&
		    (row->kind == MENTION_PRESENT || pair->enrol == row->enrol))
			elsewhere->absence->absent[pair->item].elsewhere = elsewhere->feed;
	}
	return true;
}

/* A feed has had files, and nobody knows what the last one lists: that was before enrold kept
 * that. */
static struct error unknown_feed(struct absence *absence, const char *feed)
{
	bool has_run;
	struct error error = ledger_has_applied(lms_db(absence->lms), slice_of(feed), &has_run);
	if (!is_error(&error) && has_run && absence->ban.code == CODES)
		absence->ban = (struct absence_ban){CODE_WITHHELD,
		    arena_print(absence->arena,
		        "nobody knows whom the last file of the feed '%s' lists: drop its next "
		        "one first",
		        feed)};
	return error;
}

static struct error file_look(
    struct elsewhere *elsewhere, int listed, const char *name, bool *is_there)
{
	int file = openat(listed, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	*is_there = file >= 0;
	if (file < 0)
		return errno == ENOENT ? OK : error_errno("cannot open listed/%s", name);
	struct error error = mentions_read(file, on_row, elsewhere);
	close(file);
	return error;
}

static struct error feed_look(struct elsewhere *elsewhere, int listed)
{
	char part[MENTIONS_NAME_SIZE];
	bool is_there = false, has_part = false;
	snprintf(part, sizeof part, "%s" MENTIONS_PART, elsewhere->feed);
	struct error error = file_look(elsewhere, listed, elsewhere->feed, &is_there);
	if (!is_error(&error))
		error = file_look(elsewhere, listed, part, &has_part);
	if (!is_error(&error) && !is_there && !has_part)
		error = unknown_feed(elsewhere->absence, elsewhere->feed);
	return error;
}

static bool pairs_make(struct absence *absence, struct hashlist *pairs)
{
	bool is_fine = true;
	for (size_t i = 0; i < absence->absent_count && is_fine; i++) {
		const struct listing *is = &absence->absent[i].listing;
		is_fine = hashlist_append(pairs, &(struct pair){is->user, is->enrol, i});
	}
	return is_fine && hashlist_index(pairs);
}

struct error absence_look_elsewhere(struct absence *absence)
{
	const struct run_surroundings *shared = absence->run->runner->shared;
	const struct config *config = shared->config;
	struct elsewhere elsewhere = {
	    .absence = absence, .pairs = {.hash = pair_hash, .size = sizeof(struct pair)}};
	int listed = -1;
	if (absence->absent_count == 0)
		return OK;
	struct error error = pairs_make(absence, &elsewhere.pairs)
	                         ? spool_open_listed(shared->spool, &listed)
	                         : error_memory("looking at other feeds");
	for (size_t i = 0; !is_error(&error) && i < config->feeds_count; i++) {
		elsewhere.feed = config->feeds[i].name;
		if (!slice_is(absence->run->row.feed, slice_of(elsewhere.feed)))
			error = feed_look(&elsewhere, listed);
	}
	if (listed >= 0)
		close(listed);
	hashlist_done(&elsewhere.pairs);
	return error;
}
