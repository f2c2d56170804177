#include "census.h"

#include "enrold/hashlist.h"
#include "enrold/value.h"

#include <stdlib.h>

/* Fewer people are asked for singly, whatever the size of the site. */
enum { PEOPLE_MIN = 500 };
enum { CENSUS_BYTES = 48 << 20, ROWS_MAX = 1 << 20 };
/* Reading that many rows costs as much as asking for one. */
enum { ROWS_FOR_A_QUESTION = 4, ROWS_FOR_A_QUESTION_TO_A_SERVER = 12 };

/* ---- what is known ---- */

struct person {
	uint32_t id;
	uint32_t name, name_size; /* in names */
};

struct enrolment {
	uint32_t user, enrol;
	uint32_t id; /* 0: not yet known */
	uint32_t status, timestart, timeend;
};

struct assignment {
	uint32_t user, context, role;
};

struct course {
	struct course_key key;
	struct course_facts facts;
};

struct census {
	bool knows_people, knows_enrolments;
	struct hashlist people, enrolments, assignments, courses;
	size_t enrolments_taken, assignments_taken; /* the others were noted */
	struct buffer names;
	struct arena *arena; /* of the courses' keys */
};

/* Names have no more. */
enum { NAME_BYTES_MAX = 1024 };

/* The same for all names that look the same. */
static uint32_t name_hash(struct slice name)
{
	char folded[NAME_BYTES_MAX];
	return hashlist_hash_text(value_fold_apart(name, folded, sizeof folded));
}

static struct slice person_name(const struct census *census, const struct person *person)
{
	return (struct slice){census->names.bytes + person->name, person->name_size};
}

static uint32_t person_hash(const void *context, const void *item)
{
	const struct census *census = context;
	return name_hash(person_name(census, item));
}

static uint32_t enrolment_hash(const void *context, const void *item)
{
	(void)context;
	const struct enrolment *enrolment = item;
	return hashlist_hash_pair(enrolment->user, enrolment->enrol);
}

static uint32_t assignment_hash(const void *context, const void *item)
{
	(void)context;
	const struct assignment *assignment = item;
	return hashlist_hash_pair(assignment->user, assignment->context);
}

static uint32_t course_hash(const void *context, const void *item)
{
	(void)context;
	return hashlist_hash_text(((const struct course *)item)->key.text);
}

/* ---- finding ---- */

/* So many are looked for at once, so that memory fetches for all of them meanwhile. */
enum { WAVE = 16 };

static size_t smaller(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

static struct enrolment *enrolment_find_at(
    const struct census *census, const struct enrolment_facts *is, size_t at)
{
	for (uint32_t number; (number = hashlist_next(&census->enrolments, &at)) != 0;) {
		struct enrolment *found = hashlist_at(&census->enrolments, number);
		if (found->user == is->user && found->enrol == is->enrol)
			return found;
	}
	return NULL;
}

static struct enrolment *enrolment_find(
    const struct census *census, const struct enrolment_facts *is)
{
	return enrolment_find_at(
	    census, is, hashlist_hash_pair((uint32_t)is->user, (uint32_t)is->enrol));
}

static void user_find_at(
    const struct census *census, struct user_key *key, size_t at, struct arena *arena)
{
	for (uint32_t number; (number = hashlist_next(&census->people, &at)) != 0;) {
		const struct person *person = hashlist_at(&census->people, number);
		struct slice name = person_name(census, person);
		if (slice_is(name, key->text)) {
			if (key->matches < 2)
				key->ids[key->matches++] = person->id;
		} else if (key->alikes_count < 2 && value_is_alike(name, key->text, arena)) {
			key->alikes[key->alikes_count++] =
			    (struct user_alike){person->id, arena_copy(arena, name)};
		}
	}
	if (key->matches > 0)
		key->alikes_count = 0;
}

/* At most a wave. */
static void users_find(
    const struct census *census, struct user_key *keys, size_t count, struct arena *arena)
{
	size_t at[WAVE];
	for (size_t i = 0; i < count; i++) {
		at[i] = keys[i].by == KEY_USERNAME ? name_hash(keys[i].text) : 0;
		hashlist_fetch_spot(&census->people, at[i]);
	}
	const struct person *meant[WAVE];
	for (size_t i = 0; i < count; i++)
		meant[i] = hashlist_fetch_item(&census->people, at[i]);
	for (size_t i = 0; i < count; i++)
		if (meant[i])
			__builtin_prefetch(person_name(census, meant[i]).bytes);
	for (size_t i = 0; i < count; i++)
		if (keys[i].by == KEY_USERNAME)
			user_find_at(census, &keys[i], at[i], arena);
}

void census_find_users(
    const struct census *census, struct user_key *keys, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i += WAVE)
		users_find(census, keys + i, smaller(count - i, WAVE), arena);
}

/* Where to look for the enrolment, and for the roles. */
struct load {
	size_t own, roles;
};

static void enrolment_load_at(
    const struct census *census, struct enrolment_facts *is, struct load load, struct arena *arena)
{
	const struct enrolment *found =
	    is->enrol != 0 ? enrolment_find_at(census, is, load.own) : NULL;
	if (found) {
		is->id = found->id != 0 ? (int64_t)found->id : ENROLMENT_PLANNED;
		is->status = found->status;
		is->timestart = found->timestart;
		is->timeend = found->timeend;
	}
	size_t at = load.roles;
	for (uint32_t number; (number = hashlist_next(&census->assignments, &at)) != 0;) {
		const struct assignment *has = hashlist_at(&census->assignments, number);
		if (has->user == is->user && has->context == is->context)
			enrolment_add_role(is, has->role, arena);
	}
}

/* At most a wave. */
static void enrolments_load(
    const struct census *census, struct enrolment_facts *all, size_t count, struct arena *arena)
{
	struct load loads[WAVE];
	for (size_t i = 0; i < count; i++) {
		uint32_t user = (uint32_t)all[i].user;
		loads[i] = (struct load){hashlist_hash_pair(user, (uint32_t)all[i].enrol),
		    hashlist_hash_pair(user, (uint32_t)all[i].context)};
		hashlist_fetch_spot(&census->enrolments, loads[i].own);
		hashlist_fetch_spot(&census->assignments, loads[i].roles);
	}
	for (size_t i = 0; i < count; i++) {
		hashlist_fetch_item(&census->enrolments, loads[i].own);
		hashlist_fetch_item(&census->assignments, loads[i].roles);
	}
	for (size_t i = 0; i < count; i++)
		if (all[i].user != 0)
			enrolment_load_at(census, &all[i], loads[i], arena);
}

void census_load_enrolments(
    const struct census *census, struct enrolment_facts *all, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i += WAVE)
		enrolments_load(census, all + i, smaller(count - i, WAVE), arena);
}

bool census_find_course(
    const struct census *census, const struct course_key *key, struct course_facts *course)
{
	size_t at = hashlist_hash_text(key->text);
	for (uint32_t number; (number = hashlist_next(&census->courses, &at)) != 0;) {
		const struct course *kept = hashlist_at(&census->courses, number);
		if (kept->key.by != key->by || !slice_is(kept->key.text, key->text))
			continue;
		*course = kept->facts;
		return true;
	}
	return false;
}

/* ---- keeping ---- */

static bool is_small(int64_t number)
{
	return number >= 0 && number <= UINT32_MAX;
}

static bool person_add(struct census *census, int64_t id, struct slice name)
{
	if (!is_small(id) || census->names.size + name.size > UINT32_MAX)
		return false;
	const struct person new = {(uint32_t)id, (uint32_t)census->names.size, (uint32_t)name.size};
	buffer_add(&census->names, name.bytes, name.size);
	return !census->names.failed && hashlist_append(&census->people, &new);
}

/* The numbers as they stand in the structs. */
static bool enrolment_make(struct enrolment *enrolment, const int64_t numbers[6])
{
	for (int i = 0; i < 6; i++)
		if (!is_small(numbers[i]))
			return false;
	*enrolment = (struct enrolment){(uint32_t)numbers[0], (uint32_t)numbers[1],
	    (uint32_t)numbers[2], (uint32_t)numbers[3], (uint32_t)numbers[4], (uint32_t)numbers[5]};
	return true;
}

static bool assignment_make(struct assignment *assignment, const int64_t numbers[3])
{
	for (int i = 0; i < 3; i++)
		if (!is_small(numbers[i]))
			return false;
	*assignment =
	    (struct assignment){(uint32_t)numbers[0], (uint32_t)numbers[1], (uint32_t)numbers[2]};
	return true;
}

bool census_note(
    struct census *census, const struct change *change, const struct enrolment_facts *is)
{
	struct enrolment *known = NULL, enrolment;
	struct assignment assignment;
	if (change->kind == CHANGE_ASSIGN_ROLE)
		return assignment_make(
		           &assignment, (int64_t[]){is->user, is->context, change->role}) &&
		       hashlist_add(&census->assignments, &assignment);
	if (change->kind == CHANGE_ENROL)
		return enrolment_make(
		           &enrolment, (int64_t[]){is->user, is->enrol, is->id > 0 ? is->id : 0,
		                           change->status, change->timestart, change->timeend}) &&
		       hashlist_add(&census->enrolments, &enrolment);
	if (change->kind == CHANGE_ENROLMENT)
		known = enrolment_find(census, is);
	if (!known || !is_small(change->status) || !is_small(change->timestart) ||
	    !is_small(change->timeend))
		return false;
	known->status = (uint32_t)change->status;
	known->timestart = (uint32_t)change->timestart;
	known->timeend = (uint32_t)change->timeend;
	return true;
}

int64_t census_find_id(const struct census *census, const struct enrolment_facts *is)
{
	const struct enrolment *found = enrolment_find(census, is);
	return found ? found->id : 0;
}

void census_set_id(struct census *census, int64_t user, int64_t enrol, int64_t id)
{
	struct enrolment *known =
	    enrolment_find(census, &(struct enrolment_facts){.user = user, .enrol = enrol});
	if (known && is_small(id))
		known->id = (uint32_t)id;
}

bool census_has_noted(const struct census *census)
{
	return census->enrolments.count > census->enrolments_taken ||
	       census->assignments.count > census->assignments_taken;
}

bool census_has_assigned(const struct census *census, int64_t user, int64_t context, int64_t role)
{
	const struct hashlist *all = &census->assignments;
	size_t at = hashlist_hash_pair((uint32_t)user, (uint32_t)context);
	for (uint32_t number; (number = hashlist_next(all, &at)) != 0;) {
		const struct assignment *has = hashlist_at(all, number);
		if (number > census->assignments_taken && has->user == user &&
		    has->context == context && has->role == role)
			return true;
	}
	return false;
}

int census_compare_ids(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* Items of both lists begin with the user. */
static bool has_one_of(
    const struct hashlist *list, size_t behind, const int64_t *users, size_t count)
{
	for (size_t number = behind + 1; number <= list->count; number++) {
		int64_t user = *(const uint32_t *)hashlist_at(list, (uint32_t)number);
		if (bsearch(&user, users, count, sizeof user, census_compare_ids))
			return true;
	}
	return false;
}

bool census_has_entered(const struct census *census, const int64_t *users, size_t count)
{
	return has_one_of(&census->enrolments, census->enrolments_taken, users, count) ||
	       has_one_of(&census->assignments, census->assignments_taken, users, count);
}

void census_keep_course(
    struct census *census, const struct course_key *key, const struct course_facts *course)
{
	struct course kept = {{key->by, arena_copy(census->arena, key->text)}, *course};
	kept.facts.stored = arena_copy(census->arena, course->stored);
	if (!arena_has_failed(census->arena) && !hashlist_add(&census->courses, &kept))
		arena_fail(census->arena); /* it is asked for again */
}

bool census_knows_people(const struct census *census)
{
	return census && census->knows_people;
}

bool census_knows_enrolments(const struct census *census)
{
	return census && census->knows_enrolments;
}

/* ---- taking it ---- */

static bool people_take(struct census *census, struct db *db, int64_t local_host)
{
	bool is_whole = true;
	struct db_rows rows =
	    db_scan(db, "SELECT id, mnethostid, username FROM {user} WHERE id NOT IN "
	                "(SELECT id FROM {user} WHERE deleted < 0 OR deleted > 0)");
	while (is_whole && db_next(&rows))
		if (db_column_int(&rows, 1) == local_host)
			is_whole =
			    person_add(census, db_column_int(&rows, 0), db_column_text(&rows, 2));
	db_rows_close(&rows);
	return is_whole && !db_has_failed(db) && hashlist_index(&census->people);
}

static bool enrolments_take(struct census *census, struct db *db)
{
	bool is_whole = true;
	struct db_rows rows = db_scan(
	    db, "SELECT userid, enrolid, id, status, timestart, timeend FROM {user_enrolments}");
	while (is_whole && db_next(&rows)) {
		int64_t numbers[6];
		for (int i = 0; i < 6; i++)
			numbers[i] = db_column_int(&rows, i);
		struct enrolment new;
		is_whole =
		    enrolment_make(&new, numbers) && hashlist_append(&census->enrolments, &new);
	}
	db_rows_close(&rows);
	return is_whole && !db_has_failed(db) && hashlist_index(&census->enrolments);
}

static bool assignments_take(struct census *census, struct db *db)
{
	bool is_whole = true;
	struct db_rows rows =
	    db_scan(db, "SELECT userid, contextid, roleid FROM {role_assignments} "
	                "WHERE {no_index component} = '' AND {no_index itemid} = 0");
	while (is_whole && db_next(&rows)) {
		const int64_t numbers[] = {
		    db_column_int(&rows, 0), db_column_int(&rows, 1), db_column_int(&rows, 2)};
		struct assignment new;
		is_whole =
		    assignment_make(&new, numbers) && hashlist_append(&census->assignments, &new);
	}
	db_rows_close(&rows);
	return is_whole && !db_has_failed(db) && hashlist_index(&census->assignments);
}

/* How many there are; more than `most` are not counted. */
static size_t count(struct db *db, const char *sql, size_t most)
{
	return (size_t)db_find(db, sql, 0, DB_VALUES(db_int((int64_t)most + 1)));
}

static uint64_t rows_worth(const struct db *db, uint64_t questions)
{
	return questions *
	       (db_is_server(db) ? ROWS_FOR_A_QUESTION_TO_A_SERVER : ROWS_FOR_A_QUESTION);
}

bool census_is_worth(struct db *db, const char *count_rows, uint64_t questions)
{
	size_t most = smaller(rows_worth(db, questions), ROWS_MAX);
	return questions >= PEOPLE_MIN && count(db, count_rows, most) <= most;
}

#define IDS_SPAN(table)                                                                            \
	"SELECT (SELECT max(id) FROM {" table "}) - (SELECT min(id) FROM {" table "}) + 1"

/* At least as many as there are, for ids are distinct: costs nothing, where counting reads every
 * row. */
static size_t span(struct db *db, const char *sql)
{
	return (size_t)db_find(db, sql, 0, DB_NONE);
}

static void people_decide(struct census *census, struct db *db, int64_t host, uint64_t people)
{
	size_t most = smaller(rows_worth(db, people), ROWS_MAX);
	size_t there = span(db, IDS_SPAN("user"));
	if (there > most)
		there =
		    count(db, "SELECT count(*) FROM (SELECT 1 FROM {user} LIMIT ?1) AS t", most);
	census->knows_people = there <= most && hashlist_reserve(&census->people, there) &&
	                       people_take(census, db, host);
}

static bool enrolments_fit(const struct census *census, size_t enrolments, size_t roles)
{
	size_t taken = census->people.count * 20 + census->names.capacity;
	return taken + enrolments * 32 + roles * 20 <= CENSUS_BYTES;
}

/* Twice as many: a person is asked for in two tables, and in two courses more often than not. */
static void enrolments_decide(struct census *census, struct db *db, uint64_t people)
{
	size_t most = smaller(rows_worth(db, people * 2), ROWS_MAX);
	size_t enrolments = span(db, IDS_SPAN("user_enrolments"));
	size_t roles = span(db, IDS_SPAN("role_assignments"));
	if (enrolments > most || roles > most || !enrolments_fit(census, enrolments, roles)) {
		enrolments = count(db,
		    "SELECT count(*) FROM (SELECT 1 FROM {user_enrolments} LIMIT ?1) AS t", most);
		roles = count(db,
		    "SELECT count(*) FROM (SELECT 1 FROM {role_assignments} LIMIT ?1) AS t", most);
	}
	if (enrolments > most || roles > most || !enrolments_fit(census, enrolments, roles))
		return;
	census->knows_enrolments = hashlist_reserve(&census->enrolments, enrolments) &&
	                           hashlist_reserve(&census->assignments, roles) &&
	                           enrolments_take(census, db) && assignments_take(census, db);
}

struct census *census_take(struct db *db, int64_t local_host, uint64_t people)
{
	struct census *census = people >= PEOPLE_MIN ? calloc(1, sizeof *census) : NULL;
	if (!census)
		return NULL;
	census->people = (struct hashlist){
	    .hash = person_hash, .context = census, .size = sizeof(struct person)};
	census->enrolments = (struct hashlist){
	    .hash = enrolment_hash, .context = census, .size = sizeof(struct enrolment)};
	census->assignments = (struct hashlist){
	    .hash = assignment_hash, .context = census, .size = sizeof(struct assignment)};
	census->courses = (struct hashlist){
	    .hash = course_hash, .context = census, .size = sizeof(struct course)};
	census->arena = arena_create();
	if (census->arena && !db_has_failed(db))
		people_decide(census, db, local_host, people);
	if (census->arena && !db_has_failed(db))
		enrolments_decide(census, db, people);
	census->enrolments_taken = census->enrolments.count;
	census->assignments_taken = census->assignments.count;
	if (census->knows_people || census->knows_enrolments)
		return census;
	census_free(census);
	return NULL;
}

/* Room that is not used is memory that was never touched. */
bool census_is_small(const struct census *census)
{
	const struct hashlist *lists[] = {
	    &census->people, &census->enrolments, &census->assignments, &census->courses};
	size_t bytes = census->names.capacity;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		bytes +=
		    lists[i]->count * lists[i]->size + lists[i]->spots_count * sizeof(uint32_t);
	return bytes <= CENSUS_BYTES;
}

void census_free(struct census *census)
{
	if (!census)
		return;
	hashlist_done(&census->people);
	hashlist_done(&census->enrolments);
	hashlist_done(&census->assignments);
	hashlist_done(&census->courses);
	buffer_done(&census->names);
	arena_free(census->arena);
	free(census);
}
