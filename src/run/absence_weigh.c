/*
 * absence_weigh: who goes, and what is withheld. Everything is counted before the first is removed.
 */
#include "absence.h"

#include "enrold/persons.h"

#include <stdlib.h>

/* ---- strangers: rows whose person nobody knows ---- */

static int by_mark(const void *a, const void *b)
{
	const struct stranger *x = a, *y = b;
	if (x->mark != y->mark)
		return x->mark < y->mark ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void stranger_weigh(struct absence *absence, const struct stranger *stranger)
{
	struct absence_doubts *doubts = &absence->doubts;
	struct absence_course *course =
	    stranger->enrol != 0 ? absence_course_of(absence, stranger->enrol) : NULL;
	/* They come by their marks. */
	if (course && (course->unknown_new++ == 0 || stranger->line < course->unknown_line))
		course->unknown_line = stranger->line;
	if (doubts->unknown_line == 0 || stranger->line < doubts->unknown_line)
		doubts->unknown_line = stranger->line;
}

/* A row counts once, whatever number of courses it names. */
static struct error strangers_weigh(struct absence *absence)
{
	struct file_shape *file = &absence->file;
	size_t count = absence->strangers_count;
	uint64_t last_line = 0;
	file->unknown = arena_alloc(absence->arena, (count + 1) * sizeof *file->unknown);
	if (!file->unknown)
		return error_memory("weighing who is unknown");
	if (count > 0)
		qsort(absence->strangers, count, sizeof *absence->strangers, by_mark);
	for (size_t i = 0; i < count; i++) {
		const struct stranger *is = &absence->strangers[i];
		if (i == 0 || is->mark != absence->strangers[i - 1].mark)
			file->unknown[file->unknown_count++] = is->mark;
		if (absence->has_base && file_shape_knows(&absence->base, is->mark))
			continue;
		absence->doubts.unknown_new += is->line != last_line;
		last_line = is->line;
		stranger_weigh(absence, is);
	}
	return OK;
}

/* ---- likenesses: accounts that this run has made ---- */

struct likeness {
	struct slice text, username;
};

static uint32_t likeness_hash(const void *context, const void *item)
{
	(void)context;
	return hashlist_hash_text(((const struct likeness *)item)->text);
}

/* Letter case aside, of ASCII: addresses come in any. */
static struct slice lower(struct arena *arena, struct slice text)
{
	char *bytes = arena_alloc(arena, text.size + 1);
	for (size_t i = 0; bytes && i < text.size; i++)
		bytes[i] = text.bytes[i] >= 'A' && text.bytes[i] <= 'Z'
		               ? (char)(text.bytes[i] + 'a' - 'A')
		               : text.bytes[i];
	return bytes ? (struct slice){bytes, text.size} : SLICE("");
}

static bool likeness_add(struct hashlist *likenesses, struct slice text, struct slice username)
{
	return text.size == 0 || hashlist_add(likenesses, &(struct likeness){text, username});
}

static struct slice likeness_find(const struct hashlist *likenesses, struct slice text)
{
	size_t at = hashlist_hash_text(text);
	for (uint32_t number; text.size > 0 && (number = hashlist_next(likenesses, &at)) != 0;) {
		const struct likeness *is = hashlist_at(likenesses, number);
		if (slice_is(is->text, text))
			return is->username;
	}
	return SLICE("");
}

static bool person_add(
    struct arena *arena, struct hashlist *likenesses, const struct person *person)
{
	return likeness_add(likenesses, lower(arena, person->idnumber), person->username) &&
	       likeness_add(likenesses, lower(arena, person->email), person->username) &&
	       likeness_add(likenesses, lower(arena, person->fullname), person->username);
}

static struct error likenesses_ask(
    struct absence *absence, struct person *people, size_t count, struct hashlist *likenesses)
{
	struct error error = lms_load_persons(absence->lms, people, count, absence->arena);
	bool is_fine = true;
	for (size_t i = 0; i < count && is_fine && !is_error(&error); i++)
		is_fine = person_add(absence->arena, likenesses, &people[i]);
	return is_fine ? error : error_memory("weighing who is new");
}

/* Only where somebody is absent, and somebody else new. */
static struct error likenesses_make(struct absence *absence, struct hashlist *likenesses)
{
	struct error error = OK;
	*likenesses = (struct hashlist){.hash = likeness_hash, .size = sizeof(struct likeness)};
	struct person *people = arena_alloc(absence->arena, ABSENT_TOGETHER * sizeof *people);
	if (!people)
		return error_memory("weighing who is new");
	size_t count = 0;
	for (uint32_t i = 1; i <= absence->people.count && !is_error(&error); i++) {
		const struct mentioned *is = hashlist_at(&absence->people, i);
		if (is->is_new)
			people[count++] = (struct person){.user = is->user};
		if (count == ABSENT_TOGETHER) {
			error = likenesses_ask(absence, people, count, likenesses);
			count = 0;
		}
	}
	return is_error(&error) || count == 0 ? error
	                                      : likenesses_ask(absence, people, count, likenesses);
}

static struct slice resembled(
    struct arena *arena, const struct hashlist *likenesses, const struct leaver *is)
{
	if (likenesses->count == 0)
		return SLICE("");
	struct slice found = likeness_find(likenesses, lower(arena, is->idnumber));
	if (found.size == 0)
		found = likeness_find(likenesses, lower(arena, is->email));
	return found.size > 0 ? found : likeness_find(likenesses, lower(arena, is->fullname));
}

/* ---- one by one ---- */

static bool is_in_scope(struct absence *absence, const struct absent_item *item)
{
	const struct policy_absence *policy = &absence->terms.policy->absence;
	const struct absence_course *course = absence_course_of(absence, item->listing.enrol);
	return policy->action != ABSENCE_IGNORE && item->listing.enrolment != 0 &&
	       (policy->scope == SCOPE_FEED || (course && course->is_named));
}

/* Nothing more will become of it by a file: it has been suspended, and was absent often enough. */
static bool is_settled(const struct absent_item *item)
{
	return item->listing.suspended_at != 0 && item->listing.absences >= LISTING_ABSENCES_MAX;
}

enum absent_say absence_say(
    const struct absence *absence, struct slice username, struct slice course)
{
	const struct apply_loop *loop = absence->loop;
	if (!absence->is_release)
		return SAY_APPROVED;
	if (approval_has(&loop->superseded, 0, SLICE("absent"), username, course))
		return SAY_SUPERSEDED;
	return approval_has(&loop->approval, 0, SLICE("absent"), username, course) ? SAY_APPROVED
	                                                                           : SAY_NOTHING;
}

enum absent_say absence_say_of(const struct absence *absence, const struct leaver *is)
{
	return absence_say(absence, is->username, absence_course_name(absence->terms.policy, is));
}

static void item_judge(
    struct absence *absence, struct absent_item *item, const struct absentee *absentee)
{
	const struct absent_verdict verdict = absent_judge(absentee, &absence->terms);
	struct absence_course *course = absence_course_of(absence, item->listing.enrol);
	item->fate = verdict.fate;
	item->code = verdict.code;
	item->is_judged = true;
	item->is_withheld = absence_say_of(absence, &absentee->is) != SAY_APPROVED;
	if (!course || verdict.fate != ABSENT_GOES)
		return;
	if (course->going++ == 0)
		course->name = arena_copy(absence->arena, absentee->is.shortname);
	course->ours++;
}

static struct error some_judge(struct absence *absence, struct absent_item **items, size_t count,
    const struct hashlist *likenesses)
{
	struct absent_item *some = arena_alloc(absence->chunk, count * sizeof *some);
	struct absentee *absentees;
	if (!some)
		return error_memory("weighing who is absent");
	for (size_t i = 0; i < count; i++)
		some[i] = *items[i];
	struct error error = absence_load(absence, some, count, &absentees);
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		absentees[i].resembled = items[i]->resembled =
		    resembled(absence->chunk, likenesses, &absentees[i].is);
		item_judge(absence, items[i], &absentees[i]);
	}
	arena_reset(absence->chunk);
	return error;
}

static struct error all_judge(struct absence *absence)
{
	struct hashlist likenesses;
	struct absent_item *items[ABSENT_TOGETHER];
	size_t count = 0;
	struct error error = likenesses_make(absence, &likenesses);
	for (size_t i = 0; i < absence->absent_count && !is_error(&error); i++) {
		struct absent_item *item = &absence->absent[i];
		if (!is_in_scope(absence, item) || is_settled(item))
			continue;
		if (!item->listing.is_made && !absence->terms.policy->absence.adopt)
			absence->out_of_reach++;
		items[count++] = item;
		if (count < ABSENT_TOGETHER)
			continue;
		error = some_judge(absence, items, count, &likenesses);
		count = 0;
	}
	if (!is_error(&error) && count > 0)
		error = some_judge(absence, items, count, &likenesses);
	hashlist_done(&likenesses);
	return error;
}

/* ---- all in all ---- */

/* The absent come by user. */
static uint64_t going_count(const struct absence *absence)
{
	uint64_t count = 0;
	int64_t last = 0;
	for (size_t i = 0; i < absence->absent_count; i++) {
		const struct absent_item *item = &absence->absent[i];
		if (item->fate != ABSENT_GOES || item->listing.user == last)
			continue;
		last = item->listing.user;
		count++;
	}
	return count;
}

/* Whoever is absent may be there under another key, so that rows of nobody, or of new accounts,
 * are about them: then nothing of the file is right. */
static void key_weigh(struct absence *absence)
{
	struct weighing *weighing = absence->loop->weighing;
	uint64_t going = going_count(absence), strangers = absence->doubts.unknown_new;
	if (!weighing || (absence->ban.code != CODES && absence->ban.code != CODE_WITHHELD))
		return;
	for (uint32_t i = 1; i <= absence->people.count; i++)
		strangers += ((const struct mentioned *)hashlist_at(&absence->people, i))->is_new;
	const struct absence_ban all =
	    absence_ban_all(&absence->terms, going, absence->base.people);
	if (all.code == CODES || strangers < going)
		return;
	weighing->changed_key = arena_print(absence->run->arena,
	    "%llu people are missing, and %llu %s there whom nobody knew: it looks as if the key "
	    "by "
	    "which people are found had changed",
	    (unsigned long long)going, (unsigned long long)strangers,
	    strangers == 1 ? "is" : "are");
}

static void bans_find(struct absence *absence)
{
	key_weigh(absence);
	if (absence->is_release)
		return;
	if (absence->ban.code == CODES)
		absence->ban = absence_ban_file(
		    &absence->terms, &absence->base, &absence->file, &absence->doubts);
	if (absence->ban.code == CODES)
		absence->ban =
		    absence_ban_all(&absence->terms, going_count(absence), absence->base.people);
	for (uint32_t i = 1; i <= absence->courses.count; i++) {
		struct absence_course *course = hashlist_at(&absence->courses, i);
		course->ban = absence_ban_course(&absence->terms, course);
	}
}

/* ---- courses that nobody can leave ---- */

static uint64_t files_before(const struct absence *absence, int64_t enrol)
{
	for (size_t i = 0; i < absence->base.blocked_count; i++)
		if (absence->base.blocked[i].enrol == enrol)
			return absence->base.blocked[i].files;
	return 0;
}

static bool is_blocked(const struct absence *absence, const struct absence_course *course)
{
	return course && course->going > 0 &&
	       course->unknown_new > absence->terms.policy->absence.errors;
}

/* A row that keeps somebody in a course is as new in the next file: else it would do so once. */
static void unknown_forget(struct absence *absence)
{
	struct file_shape *file = &absence->file;
	size_t kept = 0, i = 0;
	for (size_t u = 0; u < file->unknown_count; u++) {
		bool is_known = file_shape_knows(&absence->base, file->unknown[u]);
		bool blocks = false;
		for (;
		     i < absence->strangers_count && absence->strangers[i].mark == file->unknown[u];
		     i++)
			blocks |= absence->strangers[i].enrol != 0 &&
			          is_blocked(absence,
			              absence_course_of(absence, absence->strangers[i].enrol));
		if (is_known || !blocks)
			file->unknown[kept++] = file->unknown[u];
	}
	file->unknown_count = kept;
}

static struct error blocked_find(struct absence *absence)
{
	struct file_shape *file = &absence->file;
	file->blocked =
	    arena_alloc(absence->arena, (absence->courses.count + 1) * sizeof *file->blocked);
	if (!file->blocked)
		return error_memory("weighing who is absent");
	for (uint32_t i = 1; i <= absence->courses.count; i++) {
		const struct absence_course *course = hashlist_at(&absence->courses, i);
		if (!is_blocked(absence, course))
			continue;
		file->blocked[file->blocked_count++] = (struct blocked_course){
		    course->enrol, files_before(absence, course->enrol) + 1, course->unknown_line};
	}
	unknown_forget(absence);
	return OK;
}

/* Bytes that were sent before, and since then something else, may be a list that is right again:
 * when nobody is missing in it, it is. */
bool absence_is_right_again(const struct absence *absence)
{
	bool is = absence->doubts.seen_before && absence->ban.code == CODE_OLDER_FILE &&
	          absence->file.modified_ms >= absence->base.last_modified_ms;
	for (size_t i = 0; i < absence->absent_count && is; i++)
		is = absence->absent[i].fate != ABSENT_GOES;
	return is;
}

/* ---- what the summary says ---- */

/* The first, and how many there are. */
static const struct absence_course *banned_course(const struct absence *absence, size_t *count)
{
	const struct absence_course *first = NULL;
	*count = 0;
	for (uint32_t i = 1; i <= absence->courses.count; i++) {
		const struct absence_course *course = hashlist_at(&absence->courses, i);
		bool is_banned = course->ban.code != CODES && course->going > 0;
		*count += is_banned;
		first = first || !is_banned ? first : course;
	}
	return first;
}

static struct slice withheld_reason(const struct absence *absence)
{
	size_t count;
	struct arena *arena = absence->loop->remarks.arena;
	if (absence->is_release)
		return SLICE("not all of them were in the plan that was approved");
	if (absence->ban.code != CODES)
		return absence->ban.reason;
	const struct absence_course *course = banned_course(absence, &count);
	if (!course)
		return SLICE("see the rows of the answer");
	struct slice more = count > 1 ? arena_print(arena, "; and more in %zu other%s", count - 1,
	                                    count == 2 ? "" : "s")
	                              : SLICE("");
	return arena_print(arena, "in the course '%.*s' %.*s%.*s", SLICE_ARG(course->name),
	    SLICE_ARG(course->ban.reason), SLICE_ARG(more));
}

static void withheld_remark(struct absence *absence)
{
	uint64_t count = 0;
	for (size_t i = 0; i < absence->absent_count; i++)
		count += absence->absent[i].is_withheld;
	if (count == 0 && absence->ban.code != CODES && !absence_is_right_again(absence))
		remark_add(&absence->loop->remarks, REMARK_NOT_A_FULL_FILE, NULL,
		    arena_print(absence->loop->remarks.arena,
		        "The next full file is not compared with this one: %.*s.",
		        SLICE_ARG(absence->ban.reason)));
	if (count == 0)
		return;
	remark_add(&absence->loop->remarks, REMARK_REMOVALS_WITHHELD, NULL,
	    arena_print(absence->loop->remarks.arena, "%llu removal%s withheld: %.*s.",
	        (unsigned long long)count, count == 1 ? " was" : "s were",
	        SLICE_ARG(withheld_reason(absence))));
}

/* Each for itself, whatever else is withheld. */
static void held_remark(struct absence *absence)
{
	uint64_t count = 0;
	for (size_t i = 0; i < absence->absent_count; i++)
		count += absence->absent[i].fate == ABSENT_HELD;
	if (count > 0)
		remark_add(&absence->loop->remarks, REMARK_REMOVALS_WITHHELD, NULL,
		    arena_print(absence->loop->remarks.arena, "%llu removal%s withheld: %s.",
		        (unsigned long long)count, count == 1 ? " was" : "s were",
		        count == 1 ? "a new account may be of the same person"
		                   : "new accounts may be of the same people"));
}

struct error absence_remark(struct absence *absence)
{
	struct remarks *remarks = &absence->loop->remarks;
	if (absence->not_full)
		remark_add(remarks, REMARK_NOT_A_FULL_FILE, NULL,
		    arena_print(remarks->arena, "The file removes nobody: %s.", absence->not_full));
	if (absence->is_full && absence->is_paused)
		remark_add(remarks, REMARK_ABSENCE_PAUSED, NULL,
		    SLICE("The file removes nobody: today is a day of the feed's absence.pause."));
	if (absence->is_preview && absence->out_of_reach > 0)
		remark_add(remarks, REMARK_OUT_OF_REACH, NULL,
		    arena_print(remarks->arena,
		        "%llu absent enrolment%s out of reach, because the feed found %s there: "
		        "absence.adopt would take %s in.",
		        (unsigned long long)absence->out_of_reach,
		        absence->out_of_reach == 1 ? " is" : "s are",
		        absence->out_of_reach == 1 ? "it" : "them",
		        absence->out_of_reach == 1 ? "it" : "them"));
	withheld_remark(absence);
	held_remark(absence);
	return arena_has_failed(remarks->arena) ? error_memory("finishing a run") : OK;
}

/* ---- the whole ---- */

/* A file that removes nobody takes no claim away either. */
static void items_withhold(struct absence *absence)
{
	for (size_t i = 0; i < absence->absent_count; i++) {
		struct absent_item *item = &absence->absent[i];
		const struct absence_course *course =
		    absence_course_of(absence, item->listing.enrol);
		bool is_banned = absence->ban.code != CODES || !course || course->ban.code != CODES;
		is_banned = absence->is_release ? item->is_withheld : is_banned;
		item->is_withheld = is_banned && item->fate == ABSENT_GOES;
		if (is_banned && item->fate == ABSENT_CLAIMED)
			item->fate = ABSENT_IGNORED;
	}
}

struct error absence_weigh(struct absence *absence)
{
	struct error error = strangers_weigh(absence);
	if (is_error(&error) || !absence->is_full || !absence->has_base)
		return error;
	if (absence->is_paused) {
		/* What comes after the pause is compared with this one, unless it looks wrong. */
		absence->ban = absence_ban_file(
		    &absence->terms, &absence->base, &absence->file, &absence->doubts);
		return OK;
	}
	error = absence_look_elsewhere(absence);
	if (!is_error(&error))
		error = all_judge(absence);
	if (is_error(&error) || absence->has_failed)
		return is_error(&error) ? error : error_memory("weighing who is absent");
	bans_find(absence);
	if (absence->is_resumed)
		error = absence_find_verdict(absence);
	items_withhold(absence);
	return is_error(&error) ? error : blocked_find(absence);
}
