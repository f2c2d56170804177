/*
 * today_json: what was said of the account and of each course last, and how they are now: whoever
 * has changed them since was not a feed.
 */
#include "history.h"

#include "enrold/absence.h"
#include "enrold/columns.h"
#include "enrold/described.h"
#include "enrold/listing.h"
#include "enrold/summary.h"
#include "enrold/today.h"
#include "enrold/value.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of more courses, and values, the first so many are told. */
enum { COURSES_MAX = 500, VALUES_MAX = 64 };

/* Where it was said. */
struct source {
	char run[RUN_ID_SIZE + 1];
	struct slice file, outcome, code, message;
	struct told_line line;
};

struct course_said {
	struct course_key key;
	struct source source; /* of the last row, whatever it said */
	bool has_state;
	struct slice state; /* by the last row that told it */
};

struct value_said {
	struct slice name, value;
};

struct today {
	struct arena *arena;
	const struct course_called *asked;
	struct course_said courses[COURSES_MAX];
	size_t courses_count;
	struct value_said values[VALUES_MAX]; /* of the account */
	size_t values_count;
	struct listing_suspended *suspended; /* by absence */
	size_t suspended_count;
};

struct today *today_create(struct arena *arena, const struct course_called *course)
{
	struct today *today = arena_alloc(arena, sizeof *today);
	if (today) {
		today->arena = arena;
		today->asked = course;
	}
	return today;
}

static struct slice keep(struct today *today, struct slice text)
{
	return arena_copy(today->arena, text);
}

/* ---- what was said ---- */

static struct course_said *course_find(struct today *today, struct course_key key)
{
	for (size_t i = 0; i < today->courses_count; i++)
		if (today->courses[i].key.by == key.by &&
		    slice_is(today->courses[i].key.text, key.text))
			return &today->courses[i];
	if (today->courses_count == COURSES_MAX)
		return NULL;
	struct course_said *course = &today->courses[today->courses_count++];
	*course = (struct course_said){.key = {key.by, keep(today, key.text)}};
	return course;
}

/* "course" and digits. */
static bool is_of_course(struct slice column)
{
	static const char stem[] = "course";
	size_t size = strlen(stem);
	if (column.size <= size || memcmp(column.bytes, stem, size) != 0)
		return false;
	for (size_t i = size; i < column.size; i++)
		if (!isdigit((unsigned char)column.bytes[i]))
			return false;
	return true;
}

/* A row about who is absent; of an enrolment it tells the state, of an account "suspended=1". */
static bool is_of_absent(const struct slice *cells)
{
	static const char account[] = "suspended=";
	struct slice state =
	    cells[RESULT_AFTER].size > 0 ? cells[RESULT_AFTER] : cells[RESULT_BEFORE];
	return slice_is(cells[RESULT_COLUMN], SLICE("absent")) && state.size > 0 &&
	       strncmp(state.bytes, account, strlen(account)) != 0;
}

static bool is_of_absent_account(const struct slice *cells)
{
	return slice_is(cells[RESULT_COLUMN], SLICE("absent")) && !is_of_absent(cells);
}

static enum course_key_by key_by(const struct past_run *run)
{
	static const char idnumber[] = "course_by=idnumber";
	struct slice policy = run->row.policy;
	return policy.size > 0 && memmem(policy.bytes, policy.size, idnumber, strlen(idnumber))
	           ? COURSE_BY_IDNUMBER
	           : COURSE_BY_SHORTNAME;
}

/* The course that is asked for is one, by whichever name: it is told by its short name. */
static struct course_key key_of(
    const struct today *today, const struct past_run *run, struct slice target)
{
	const struct course_called *asked = today->asked;
	enum course_key_by by = key_by(run);
	struct slice name = by == COURSE_BY_IDNUMBER ? asked->idnumber : asked->shortname;
	if (asked->is_known && value_is_alike(target, name, today->arena))
		return (struct course_key){COURSE_BY_SHORTNAME, asked->shortname};
	return (struct course_key){by, target};
}

static void course_note(
    struct today *today, const struct past_run *run, const struct found_row *row)
{
	const struct slice *cells = row->cells;
	struct course_said *course = course_find(today, key_of(today, run, cells[RESULT_TARGET]));
	if (!course)
		return;
	struct source *source = &course->source;
	snprintf(source->run, sizeof source->run, "%.*s", SLICE_ARG(run->row.run));
	source->file = keep(today, run->row.name);
	source->line = told_line_of(run->summary, strtoull(cells[RESULT_LINE].bytes, NULL, 10));
	if (source->line.at.name)
		source->line.at.name = keep(today, slice_of(source->line.at.name)).bytes;
	source->outcome = keep(today, cells[RESULT_OUTCOME]);
	source->code = keep(today, cells[RESULT_CODE]);
	source->message = keep(today, cells[RESULT_MESSAGE]);
	if (cells[RESULT_AFTER].size == 0 && cells[RESULT_BEFORE].size == 0)
		return;
	course->has_state = true;
	course->state = keep(today, cells[RESULT_AFTER]);
}

static void value_note(struct today *today, struct slice name, struct slice value)
{
	size_t i = 0;
	while (i < today->values_count && !slice_is(today->values[i].name, name))
		i++;
	if (i == VALUES_MAX)
		return;
	today->values_count += i == today->values_count;
	today->values[i] = (struct value_said){keep(today, name), keep(today, value)};
}

/* "city=Oslo;suspended=1" */
static void values_note(struct today *today, struct slice text)
{
	struct slice rest = text, value;
	while (rest.size > 0) {
		const char *end = memchr(rest.bytes, ';', rest.size);
		size_t size = end ? (size_t)(end - rest.bytes) : rest.size;
		const char *equals = memchr(rest.bytes, '=', size);
		char name[64];
		if (equals) {
			snprintf(name, sizeof name, "%.*s", (int)(equals - rest.bytes), rest.bytes);
			if (described_find(
			        (struct slice){rest.bytes, size}, name, today->arena, &value))
				value_note(today, slice_of(name), value);
		}
		size_t next = end ? size + 1 : size;
		rest = (struct slice){rest.bytes + next, rest.size - next};
	}
}

static bool is_of_account(struct slice code)
{
	static const char start[] = "account_";
	return code.size > strlen(start) && memcmp(code.bytes, start, strlen(start)) == 0;
}

/* What an undo has done to the account; other columns have numbers. */
static bool is_of_undone_account(const struct slice cells[RESULT_CELLS])
{
	struct slice column = cells[RESULT_COLUMN];
	char last = column.size > 0 ? column.bytes[column.size - 1] : '\0';
	return slice_is(cells[RESULT_CODE], SLICE("undone")) && !(last >= '0' && last <= '9');
}

void today_note(struct today *today, const struct past_run *run, const struct found_row *row)
{
	const struct slice *cells = row->cells;
	bool is_done = slice_is(cells[RESULT_OUTCOME], SLICE("done")) ||
	               slice_is(cells[RESULT_OUTCOME], SLICE("warning"));
	if (is_of_course(cells[RESULT_COLUMN]) || is_of_absent(cells))
		course_note(today, run, row);
	else if (is_done && slice_is(cells[RESULT_CODE], SLICE("account_deleted")))
		for (size_t i = 0; i < today->courses_count; i++) /* of all courses */
			today->courses[i].state = SLICE("");
	else if (is_done && (is_of_account(cells[RESULT_CODE]) || is_of_absent_account(cells) ||
	                        is_of_undone_account(row->cells)))
		values_note(today, cells[RESULT_AFTER]);
}

/* ---- what absence has done ---- */

static struct error suspended_load(
    struct today *today, struct history *history, const struct account_facts *account)
{
	if (is_error(&history->away) || account->id == 0)
		return OK;
	return listing_find_suspended(lms_db(history->lms), account->id, today->arena,
	    &today->suspended, &today->suspended_count);
}

/* Of several feeds the one that did so last. */
static const struct listing_suspended *suspended_find(const struct today *today, int64_t enrolment)
{
	const struct listing_suspended *found = NULL;
	for (size_t i = 0; i < today->suspended_count; i++) {
		const struct listing_suspended *one = &today->suspended[i];
		if (one->is.enrolment == enrolment &&
		    (!found || one->is.suspended_at > found->is.suspended_at))
			found = one;
	}
	return found;
}

/* By today's settings; 0: never. */
static int64_t due_of(const struct history *history, const struct listing_suspended *suspended)
{
	const struct config *config = history->config;
	const struct listing *is = &suspended->is;
	for (size_t i = 0; i < config->feeds_count; i++)
		if (is->enrolment != 0 && is->told == 0 &&
		    slice_is(suspended->feed, slice_of(config->feeds[i].name)))
			return absence_due(&config->feeds[i].policy.absence, is->suspended_at);
	return 0;
}

/* A day, as the answer that suspended has it. */
static json_t *day_json(int64_t epoch)
{
	char text[16] = "";
	time_t time = (time_t)epoch;
	struct tm tm;
	if (epoch == 0 || !localtime_r(&time, &tm))
		return json_null();
	strftime(text, sizeof text, "%Y-%m-%d", &tm);
	return json_string(text);
}

static json_t *suspended_json(
    const struct history *history, const struct listing_suspended *suspended)
{
	char at[TIME_TEXT_SIZE];
	if (!suspended)
		return json_null();
	summary_time(suspended->is.suspended_at * 1000000, at);
	return json_pack("{s:o, s:o, s:s, s:o}", "feed", history_text(suspended->feed), "run",
	    history_text(suspended->run), "suspended", at, "due",
	    day_json(due_of(history, suspended)));
}

/* ---- the account ---- */

/* bytes NULL: not known. */
static struct slice value_now(const struct account_facts *account, struct slice name)
{
	if (slice_is(name, SLICE("username")))
		return account->username;
	if (slice_is(name, SLICE("auth")))
		return account->auth;
	if (slice_is(name, SLICE("suspended")))
		return account->is_suspended ? SLICE("1") : SLICE("0");
	for (uint32_t i = 0; i < columns_details_count(); i++)
		if (slice_is(name, slice_of(columns_detail(i)->name)))
			return account->details[i].bytes ? account->details[i] : SLICE("");
	return (struct slice){NULL, 0};
}

/* What was said was cut where it was long. */
static bool is_as_said(struct slice said, struct slice now, struct arena *arena)
{
	return slice_is(said, value_brief(now, VALUE_SHOWN_MAX, arena));
}

static json_t *differences_json(struct today *today, const struct account_facts *account)
{
	json_t *array = json_array();
	for (size_t i = 0; i < today->values_count; i++) {
		const struct value_said *said = &today->values[i];
		struct slice now = value_now(account, said->name);
		if (now.bytes && !is_as_said(said->value, now, today->arena))
			json_array_append_new(array,
			    json_pack("{s:o, s:o, s:o}", "name", history_text(said->name), "said",
			        history_text(said->value), "today", history_text(now)));
	}
	return array;
}

static struct error account_give(struct today *today, struct history *history,
    const struct account_facts *account, bool is_deleted)
{
	bool is_known = account->id != 0;
	if (is_error(&history->away))
		return history_give(history, json_pack("{s:s, s:s, s:s}", "kind", "account",
		                                 "state", "unknown", "why", history->away.text));
	if (!is_known)
		return history_give(history, json_pack("{s:s, s:s}", "kind", "account", "state",
		                                 is_deleted ? "deleted" : "none"));
	json_t *differences = differences_json(today, account);
	const struct listing_suspended *suspended =
	    account->is_suspended ? suspended_find(today, 0) : NULL;
	return history_give(
	    history, json_pack("{s:s, s:s, s:o, s:o, s:o, s:b, s:o, s:o}", "kind", "account",
	                 "state", account->is_suspended ? "suspended" : "active", "username",
	                 history_text(account->username), "email",
	                 history_text(account->details[DETAIL_EMAIL]), "idnumber",
	                 history_text(account->details[DETAIL_IDNUMBER]), "changed_since",
	                 json_array_size(differences) > 0, "differences", differences, "absence",
	                 suspended_json(history, suspended)));
}

/* ---- the courses ---- */

/* "active", "suspended", "ended", "not_yet", "roles": there are only roles, "no". */
static const char *standing_of(struct slice state, int64_t now)
{
	long long status, start, end;
	char text[128];
	snprintf(text, sizeof text, "%.*s", SLICE_ARG(state));
	if (state.size == 0)
		return "no";
	if (sscanf(text, "status=%lld;timestart=%lld;timeend=%lld", &status, &start, &end) != 3)
		return "roles";
	if (status != 0)
		return "suspended";
	return end != 0 && end <= now ? "ended" : start > now ? "not_yet" : "active";
}

static json_t *others_json(const struct course_today *course, int64_t now)
{
	json_t *array = json_array();
	for (size_t i = 0; i < course->others_count; i++) {
		const struct other_way *way = &course->others[i];
		char state[128];
		snprintf(state, sizeof state, "status=%lld;timestart=%lld;timeend=%lld",
		    (long long)(way->status | way->is_disabled), (long long)way->timestart,
		    (long long)way->timeend);
		json_array_append_new(array,
		    json_pack("{s:o, s:s, s:b}", "method", history_text(way->method), "enrolled",
		        standing_of(slice_of(state), now), "is_disabled", way->is_disabled));
	}
	return array;
}

static void said_set(json_t *object, const struct course_said *said)
{
	const struct source *source = &said->source;
	json_object_set_new(
	    object, "said", said->has_state ? history_text(said->state) : json_null());
	if (*source->run == '\0')
		return;
	json_object_set_new(object, "run", json_string(source->run));
	json_object_set_new(object, "file", history_text(source->file));
	told_line_set(object, &source->line);
	json_object_set_new(object, "outcome", history_text(source->outcome));
	json_object_set_new(object, "code", history_text(source->code));
	json_object_set_new(object, "message", history_text(source->message));
}

/* As absence has left it: nobody has touched it since. */
static json_t *absence_json(
    const struct today *today, const struct history *history, const struct course_today *is)
{
	const struct listing_suspended *suspended =
	    is->enrolment != 0 ? suspended_find(today, is->enrolment) : NULL;
	bool is_as_left = suspended && is->changed == suspended->is.suspended_at;
	return suspended_json(history, is_as_left ? suspended : NULL);
}

static json_t *course_json(const struct today *today, const struct history *history,
    const struct course_said *said, const struct course_today *is)
{
	int64_t now = history->now_us / 1000000;
	json_t *object =
	    json_pack("{s:s, s:o, s:s}", "kind", "course", "course", history_text(said->key.text),
	        "by", said->key.by == COURSE_BY_IDNUMBER ? "idnumber" : "shortname");
	if (!object)
		return NULL;
	said_set(object, said);
	if (!is) {
		json_object_set_new(object, "enrolled", json_string("unknown"));
		json_object_set_new(object, "today", json_null());
		json_object_set_new(object, "changed_since", json_null());
		return object;
	}
	bool has_changed = said->has_state && !slice_is(said->state, is->state);
	json_object_set_new(object, "is_there", json_boolean(is->matches == 1));
	json_object_set_new(object, "enrolled", json_string(standing_of(is->state, now)));
	json_object_set_new(object, "today", history_text(is->state));
	json_object_set_new(
	    object, "changed_since", said->has_state ? json_boolean(has_changed) : json_null());
	json_object_set_new(object, "written", history_time_or_null(is->changed));
	json_object_set_new(object, "written_by",
	    is->changed_by.size > 0 ? history_text(is->changed_by) : json_null());
	json_object_set_new(object, "others", others_json(is, now));
	json_object_set_new(object, "absence", absence_json(today, history, is));
	return object;
}

static struct error courses_load(struct today *today, struct history *history,
    const struct account_facts *account, struct course_today **courses)
{
	*courses = NULL;
	if (is_error(&history->away) || today->courses_count == 0)
		return OK;
	struct course_today *is = arena_alloc(today->arena, today->courses_count * sizeof *is);
	for (size_t i = 0; is && i < today->courses_count; i++)
		is[i].key = today->courses[i].key;
	struct error error =
	    is ? lms_load_today(history->lms, account->id, is, today->courses_count, today->arena)
	       : error_memory("looking at courses");
	/* What is known of the past is told all the same. */
	if (is_error(&error) && is) {
		history->away = error;
		return OK;
	}
	*courses = is;
	return error;
}

/* Also what is called so and is another course, or none. */
static bool is_asked(const struct today *today, const char *asked, const struct course_said *said)
{
	return !asked || value_is_alike(said->key.text, slice_of(asked), today->arena) ||
	       (today->asked->is_known && slice_is(said->key.text, today->asked->shortname));
}

/* It is told of although no row named it. */
static void asked_add(struct today *today, const char *asked)
{
	size_t i = 0;
	if (today->asked->is_known)
		course_find(
		    today, (struct course_key){COURSE_BY_SHORTNAME, today->asked->shortname});
	while (i < today->courses_count && !is_asked(today, asked, &today->courses[i]))
		i++;
	if (i == today->courses_count)
		course_find(today, (struct course_key){COURSE_BY_SHORTNAME, slice_of(asked)});
}

struct error today_give(struct today *today, struct history *history,
    const struct account_facts *account, bool is_deleted)
{
	struct course_today *courses;
	const char *asked = history->query->course;
	if (asked)
		asked_add(today, asked);
	struct error error = courses_load(today, history, account, &courses);
	if (!is_error(&error))
		error = suspended_load(today, history, account);
	if (!is_error(&error))
		error = account_give(today, history, account, is_deleted);
	for (size_t i = 0; i < today->courses_count && !is_error(&error); i++) {
		const struct course_said *said = &today->courses[i];
		if (!is_asked(today, asked, said))
			continue;
		error = history_give(
		    history, course_json(today, history, said, courses ? &courses[i] : NULL));
	}
	return error;
}
