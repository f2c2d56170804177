#include "law.h"

#include "fatal.h"
#include "fate.h"

#include <stdio.h>
#include <string.h>

enum { PEOPLE = FAKE_PEOPLE_MAX, COURSES = FAKE_COURSES_MAX, ACCOUNT_FILES = 2 };

/* What a feed has had to do with somebody in a course. */
struct tie {
	int64_t listed, made;        /* the enrolment's id; 0: never */
	bool is_in_base, is_in_last; /* its last file that was accepted listed it; its last file */
};

static struct {
	struct law_settings settings[LAW_FEEDS];
	struct tie ties[LAW_FEEDS][PEOPLE + 1][COURSES + 1];
	bool has_last[LAW_FEEDS];
	/* Somebody has said of a wrong file that it is right: others like it are measured by it. */
	bool is_misled[LAW_FEEDS];
	/* Once said of a file of another name, for good: that is one of the feed's. */
	bool has_other_name[LAW_FEEDS];
	/* By hand: of this enrolment. */
	int64_t held[PEOPLE + 1][COURSES + 1], freed[PEOPLE + 1][COURSES + 1];
	/* Suspended by absence: which enrolment, when, by whom, and full files of that feed since.
	 */
	struct exile {
		int64_t id, at;
		int feed, files;
	} exiles[PEOPLE + 1][COURSES + 1];
	bool is_held_account[PEOPLE + 1];
	int gone_files[LAW_FEEDS]
	              [PEOPLE + 1]; /* right files in a row that do not name the person */
	bool is_known[LAW_FEEDS][PEOPLE + 1];
	/* As it was. */
	struct fake_enrolment before[PEOPLE + 1][COURSES + 1];
	struct fake_person people[PEOPLE + 1];
} law;

/* What the present file says. */
static struct {
	bool lists[PEOPLE + 1][COURSES + 1];
	bool names[PEOPLE + 1]; /* in any row */
	bool errs[PEOPLE + 1];  /* in a row that is in error */
	bool has_course[COURSES + 1];
} said;

void law_begin(const struct law_settings settings[LAW_FEEDS])
{
	memset(&law, 0, sizeof law);
	memcpy(law.settings, settings, sizeof law.settings);
}

void law_look(void)
{
	for (int p = 1; p <= PEOPLE; p++) {
		law.people[p] = *fake_lms_person(p);
		for (int c = 1; c <= COURSES; c++)
			law.before[p][c] = *fake_lms_enrolment(p, c);
	}
}

/* ---- the file ---- */

int law_person(const char *name)
{
	for (int p = 1; p <= PEOPLE; p++)
		if (*name && strcmp(fake_lms_person(p)->username, name) == 0)
			return p;
	return 0;
}

int law_course(const char *name)
{
	int course = name[0] == 'C' ? name[1] - '0' : 0;
	return course > 0 && fake_lms_course(course)->id != 0 ? course : 0;
}

static void file_read(const struct nightly *file)
{
	memset(&said, 0, sizeof said);
	for (size_t i = 0; i < file->count; i++) {
		int person = law_person(file->rows[i].user);
		int course = law_course(file->rows[i].course);
		said.names[person] = true;
		said.has_course[course] = true;
		said.lists[person][course] = true;
		if (course == 0)
			said.errs[person] = true;
	}
}

static bool counts(int feed, const struct nightly *file)
{
	return nightly_counts(file->kind) ||
	       (file->kind == NIGHT_OTHER_NAME && law.has_other_name[feed]);
}

/* By something that is as wrong. */
static bool is_measured(int feed, const struct nightly *file)
{
	return law.is_misled[feed] || (file->kind == NIGHT_OTHER_NAME && law.has_other_name[feed]);
}

/* ---- one person in one course ---- */

static bool is_in(const struct fake_enrolment *is)
{
	return is->id != 0 && !is->is_suspended;
}

static void about(int feed, const struct nightly *file, int p, int c, const char *what)
{
	fatal("feed %d, file %s (%s): p%d '%s' in C%d %s", feed, file->name,
	    nightly_word(file->kind), p, law.people[p].username, c, what);
}

static bool is_elsewhere(int feed, int p, int c)
{
	for (int f = 0; f < LAW_FEEDS; f++)
		if (f != feed && (law.ties[f][p][c].is_in_base || law.ties[f][p][c].is_in_last))
			return true;
	return false;
}

static bool has_ended(int p, int c)
{
	int64_t now = fate.now_us / 1000000;
	const struct fake_enrolment *was = &law.before[p][c];
	int64_t end = fake_lms_course(c)->end;
	return (was->end != 0 && was->end <= now) || (end != 0 && end <= now);
}

/* Whoever asks for it; NULL: it may. */
static const char *tie_sins(int feed, int p, int c)
{
	const struct fake_enrolment *was = &law.before[p][c];
	const struct tie *tie = &law.ties[feed][p][c];
	const struct law_settings *settings = &law.settings[feed];
	if (!settings->acts)
		return "was removed by a feed that removes nobody";
	if (tie->listed != was->id)
		return "was removed and had never been listed";
	if (tie->made != was->id && !settings->adopts)
		return "was removed though the feed had only found them there";
	if (was->is_teacher)
		return "was removed though they teach";
	if (has_ended(p, c))
		return "was removed after the end";
	if (law.freed[p][c] == was->id)
		return "was removed after somebody had activated them";
	return is_elsewhere(feed, p, c) ? "was removed though another feed lists them" : NULL;
}

static const char *removal_sins(int feed, const struct nightly *file, int p, int c, bool is_true)
{
	const struct law_settings *settings = &law.settings[feed];
	if (!counts(feed, file))
		return "was removed by a file that removes nobody";
	if (said.lists[p][c] || said.errs[p])
		return "was removed though the file names them";
	if (!settings->reaches_feed && !said.has_course[c])
		return "was removed from a course that the file does not name";
	if (is_true && !nightly_is_right(file->kind) && !is_measured(feed, file))
		return "was removed by a file that is wrong";
	return tie_sins(feed, p, c);
}

/* Of one that absence had suspended before. */
static const char *due_sins(int feed, const struct nightly *file, int p, int c)
{
	const struct fake_enrolment *was = &law.before[p][c];
	const struct exile *exile = &law.exiles[p][c];
	const struct law_settings *settings = &law.settings[exile->feed];
	int64_t end_of_day = fate.now_us / 1000000 + 86400;
	if (exile->id != was->id)
		return "was unenrolled, and absence had not suspended them";
	if (!settings->unenrols || settings->grace_days == 0)
		return "was unenrolled by a feed that does not do that later";
	if (end_of_day < exile->at + (int64_t)settings->grace_days * 86400)
		return "was unenrolled within the grace";
	if (exile->files + (exile->feed == feed && counts(feed, file)) < 2)
		return "was unenrolled after one file";
	if (law.held[p][c] == was->id || law.freed[p][c] == was->id)
		return "was unenrolled though somebody had a hand in it";
	if (was->has_grade)
		return "was unenrolled with a grade";
	/* It may have been before this file or behind it. */
	bool is_moving = exile->feed != feed;
	return !is_moving && is_elsewhere(feed, p, c)
	           ? "was unenrolled though another feed lists them"
	           : NULL;
}

static void place_judge(int feed, const struct nightly *file, bool is_applied, int p, int c,
    bool is_true, struct law_sums *sums)
{
	const struct fake_enrolment *was = &law.before[p][c], *is = fake_lms_enrolment(p, c);
	bool is_removed = is_in(was) && (is->id != was->id || is->is_suspended);
	bool was_removed = was->id != 0 && was->is_suspended && is->id != was->id;
	bool changes = is->id != was->id || is->is_suspended != was->is_suspended ||
	               is->modified != was->modified || is->is_teacher != was->is_teacher ||
	               is->is_student != was->is_student;
	if (changes && !was_removed && (!is_applied || file->kind == NIGHT_PREVIEW))
		about(feed, file, p, c, "was changed by a file that was not applied");
	const char *due = was_removed ? due_sins(feed, file, p, c) : NULL;
	if (due)
		about(feed, file, p, c, due);
	const char *sin = is_removed ? removal_sins(feed, file, p, c, is_true) : NULL;
	if (sin)
		about(feed, file, p, c, sin);
	bool is_held = is->id != 0 && law.held[p][c] == is->id;
	if (is_applied && file->kind != NIGHT_PREVIEW && said.lists[p][c] && !is_in(is) && !is_held)
		about(feed, file, p, c, "is listed, and is not in");
	if (is_held && !is->is_suspended)
		about(feed, file, p, c, "was activated though somebody had suspended them");
	if (is_removed && is->id != 0)
		law.exiles[p][c] = (struct exile){is->id, is->modified, feed, 0};
	sums->removed += is_removed;
	sums->unenrolled += is_removed && is->id == 0;
	sums->due += was_removed;
	sums->returned += was->id != 0 && was->is_suspended && is_in(is);
}

static void place_note(int feed, const struct nightly *file, enum law_end end, int p, int c)
{
	const struct fake_enrolment *was = &law.before[p][c], *is = fake_lms_enrolment(p, c);
	struct tie *tie = &law.ties[feed][p][c];
	struct exile *exile = &law.exiles[p][c];
	exile->files += exile->feed == feed && counts(feed, file);
	/* Of whom a row is in error nobody knows where it means them to be. */
	bool is_listed = (said.lists[p][c] || said.errs[p]) && is->id != 0;
	/* Of a feed that removes nobody, nobody knows which of its files are as they should be. */
	if (end == LAW_ACCEPTED || (!law.settings[feed].acts && file->kind != NIGHT_RETRY))
		tie->is_in_base = is_listed;
	if (file->kind == NIGHT_RETRY)
		tie->is_in_base |= is_listed;
	else
		tie->is_in_last = is_listed;
	if (!said.lists[p][c] || is->id == 0)
		return;
	tie->listed = is->id;
	if (was->id != is->id)
		tie->made = is->id;
	law.freed[p][c] = 0;
}

/* ---- accounts ---- */

static void account_judge(int feed, const struct nightly *file, bool is_applied, int p,
    const struct source *source, struct law_sums *sums)
{
	const struct fake_person *was = &law.people[p], *is = fake_lms_person(p);
	bool falls = !was->is_suspended && is->is_suspended;
	bool is_counted = is_applied && counts(feed, file);
	bool is_true = false;
	for (int c = 1; c <= COURSES; c++)
		is_true |= source->has[p][c];
	if (falls && (!is_counted || !law.settings[feed].suspends_accounts))
		about(feed, file, p, 0, "lost the account to a file that may not");
	if (falls && (said.names[p] || !law.is_known[feed][p]))
		about(feed, file, p, 0, "lost the account though named, or never named");
	if (falls && law.gone_files[feed][p] + 1 < ACCOUNT_FILES)
		about(feed, file, p, 0, "lost the account at once");
	if (falls && is_true && !nightly_is_right(file->kind) && !is_measured(feed, file))
		about(feed, file, p, 0, "lost the account, and has not left");
	if (!is->is_suspended && was->is_suspended && law.is_held_account[p])
		about(feed, file, p, 0, "got the account back that somebody had suspended");
	sums->accounts_suspended += falls;
	sums->accounts_returned += was->is_suspended && !is->is_suspended;
	if (!is_applied || file->kind == NIGHT_PREVIEW)
		return;
	law.is_known[feed][p] |= said.names[p];
	if (said.names[p])
		law.gone_files[feed][p] = 0;
	else if (is_counted)
		law.gone_files[feed][p]++;
}

void law_judge(int feed, const struct nightly *file, enum law_end end, const struct source *source,
    struct law_sums *sums)
{
	bool is_applied = end != LAW_NOT_APPLIED;
	file_read(file);
	for (int p = 1; p <= PEOPLE; p++)
		for (int c = 1; c <= COURSES; c++)
			place_judge(feed, file, is_applied, p, c, source->has[p][c], sums);
	for (int p = 1; p <= PEOPLE; p++)
		account_judge(feed, file, is_applied, p, source, sums);
	if (end == LAW_ACCEPTED && nightly_is_right(file->kind))
		law.is_misled[feed] = false;
	for (int p = 1; p <= PEOPLE && is_applied && file->kind != NIGHT_PREVIEW; p++)
		for (int c = 1; c <= COURSES; c++)
			place_note(feed, file, end, p, c);
}

/* ---- words of people ---- */

void law_listed(struct law_people *listed)
{
	for (int p = 1; p <= PEOPLE; p++)
		for (int c = 1; c <= COURSES; c++)
			listed->has[p][c] = said.lists[p][c] || said.errs[p];
}

static void word_sin(int feed, int p, int c, const char *what)
{
	fatal("feed %d, a word of a person: p%d '%s' in C%d %s", feed, p, law.people[p].username, c,
	    what);
}

/* Meanwhile those whose grace is over may go. */
static void word_place_judge(int feed, bool is_approved, int p, int c, struct law_sums *sums)
{
	static const struct nightly none = {.kind = NIGHT_HEADER_ONLY};
	const struct fake_enrolment *was = &law.before[p][c], *is = fake_lms_enrolment(p, c);
	bool is_removed = is_in(was) && (is->id != was->id || is->is_suspended);
	bool is_due = was->id != 0 && was->is_suspended && is->id != was->id;
	const char *sin = is_removed && !is_approved ? "was removed, and not in the plan" : NULL;
	if (is_removed && !sin)
		sin = tie_sins(feed, p, c);
	if (is_due && !sin)
		sin = due_sins(-1, &none, p, c);
	if (is->id != 0 && law.held[p][c] == is->id && !is->is_suspended)
		sin = "was activated though somebody had suspended them";
	if (sin)
		word_sin(feed, p, c, sin);
	/* The file that was withheld is the first. */
	if (is_removed && is->id != 0)
		law.exiles[p][c] = (struct exile){is->id, is->modified, feed, 1};
	sums->approved += is_removed;
}

static void word_account_judge(int feed, bool is_approved, int p, struct law_sums *sums)
{
	const struct fake_person *was = &law.people[p], *is = fake_lms_person(p);
	bool falls = !was->is_suspended && is->is_suspended;
	if (falls && (!is_approved || !law.is_known[feed][p]))
		word_sin(feed, p, 0, "lost the account, and was not in the plan, or never named");
	if (!is->is_suspended && was->is_suspended && law.is_held_account[p])
		word_sin(feed, p, 0, "got the account back that somebody had suspended");
	sums->accounts_approved += falls;
}

static void word_note(int feed, int p, int c)
{
	const struct fake_enrolment *was = &law.before[p][c], *is = fake_lms_enrolment(p, c);
	struct tie *tie = &law.ties[feed][p][c];
	if (is->id == 0)
		return;
	tie->listed = is->id;
	if (was->id != is->id)
		tie->made = is->id;
	law.freed[p][c] = 0;
	law.is_known[feed][p] = true;
}

/* A full file that is released is one more of those that do not name the person. */
static void word_count(int feed, const struct law_people *listed, int p)
{
	bool is_named = false;
	for (int c = 1; c <= COURSES; c++) {
		law.exiles[p][c].files += law.exiles[p][c].feed == feed;
		is_named |= listed->has[p][c];
	}
	law.gone_files[feed][p] = is_named ? 0 : law.gone_files[feed][p] + 1;
}

void law_judge_word(int feed, const struct law_people *approved, const struct law_people *listed,
    struct law_sums *sums)
{
	for (int p = 1; p <= PEOPLE; p++) {
		if (listed)
			word_count(feed, listed, p);
		for (int c = 1; c <= COURSES; c++) {
			word_place_judge(feed, approved->has[p][c], p, c, sums);
			if (listed && listed->has[p][c])
				word_note(feed, p, c);
		}
		word_account_judge(feed, approved->has[p][0], p, sums);
	}
}

void law_accept(int feed, const struct law_people *listed, enum nightly_kind kind)
{
	for (int p = 1; p <= PEOPLE; p++)
		for (int c = 1; c <= COURSES; c++) {
			struct tie *tie = &law.ties[feed][p][c];
			tie->is_in_base = listed->has[p][c] && fake_lms_enrolment(p, c)->id != 0;
			tie->is_in_last = tie->is_in_base;
		}
	law.is_misled[feed] = !nightly_is_right(kind);
	law.has_other_name[feed] |= kind == NIGHT_OTHER_NAME;
}

/* ---- other hands ---- */

void law_hand_suspended(int person, int course)
{
	law.held[person][course] = fake_lms_enrolment(person, course)->id;
	law.freed[person][course] = 0;
}

/* It stays so until it has been listed once more; one that is listed may leave tomorrow. */
void law_hand_activated(int person, int course)
{
	bool is_listed = false;
	for (int f = 0; f < LAW_FEEDS; f++)
		is_listed |= law.ties[f][person][course].is_in_base;
	law.held[person][course] = 0;
	law.freed[person][course] = is_listed ? 0 : fake_lms_enrolment(person, course)->id;
}

void law_hand_account(int person)
{
	law.is_held_account[person] = fake_lms_person(person)->is_suspended;
}
