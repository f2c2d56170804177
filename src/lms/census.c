#include "census.h"

#include <stdlib.h>

/* Fewer are asked for before it is known how large the site is. */
enum { PEOPLE_MIN = 500 };
enum { CENSUS_BYTES = 48 << 20, ROWS_MAX = 1 << 20 };
enum { SPOTS_MIN = 1 << 10 };
/* How many rows are read for one that is asked for: reading is that much cheaper. */
enum { ROWS_FOR_A_QUESTION = 4, ROWS_FOR_A_QUESTION_TO_A_SERVER = 12 };

/* ---- hashes ---- */

static uint32_t hash_end(uint64_t hash)
{
	hash ^= hash >> 32;
	hash *= UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)(hash >> 32);
}

static uint32_t hash_text(struct slice text)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
	for (size_t i = 0; i < text.size; i++)
		hash = (hash ^ (unsigned char)text.bytes[i]) * UINT64_C(0x100000001B3);
	return hash_end(hash);
}

static uint32_t hash_pair(uint32_t a, uint32_t b)
{
	return hash_end(((uint64_t)a << 32 | b) * UINT64_C(0xD6E8FEB86659FD93));
}

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

/* Items that are found by their hash: open addressing, at most three quarters full. */
struct list {
	uint32_t (*hash)(const struct census *census, const void *item);
	void *items;
	size_t size, count, room;
	uint32_t *spots;    /* the number of an item, counted from 1; 0: free */
	size_t spots_count; /* a power of two, or 0 */
};

struct census {
	bool knows_people, knows_enrolments;
	struct list people, enrolments, assignments, courses;
	struct buffer names;
	struct arena *arena; /* of the courses' keys */
};

static uint32_t person_hash(const struct census *census, const void *item)
{
	const struct person *person = item;
	return hash_text((struct slice){census->names.bytes + person->name, person->name_size});
}

static uint32_t enrolment_hash(const struct census *census, const void *item)
{
	(void)census;
	const struct enrolment *enrolment = item;
	return hash_pair(enrolment->user, enrolment->enrol);
}

static uint32_t assignment_hash(const struct census *census, const void *item)
{
	(void)census;
	const struct assignment *assignment = item;
	return hash_pair(assignment->user, assignment->context);
}

static uint32_t course_hash(const struct census *census, const void *item)
{
	(void)census;
	return hash_text(((const struct course *)item)->key.text);
}

static void *list_at(const struct list *list, uint32_t number)
{
	return (char *)list->items + (number - 1) * list->size;
}

static void spot_fill(struct list *list, uint32_t hash, uint32_t number)
{
	size_t i = hash & (list->spots_count - 1);
	while (list->spots[i] != 0)
		i = (i + 1) & (list->spots_count - 1);
	list->spots[i] = number;
}

/* All of them anew, in `wanted` spots. Each is somewhere else in memory: those of the next items
 * are fetched meanwhile. */
static bool spots_fill(const struct census *census, struct list *list, size_t wanted)
{
	enum { AHEAD = 16 };
	uint32_t hashes[AHEAD];
	free(list->spots);
	list->spots = calloc(wanted, sizeof *list->spots);
	list->spots_count = list->spots ? wanted : 0;
	for (size_t i = 0; i < list->count + AHEAD && list->spots; i++) {
		if (i >= AHEAD)
			spot_fill(list, hashes[i % AHEAD], (uint32_t)(i - AHEAD + 1));
		if (i >= list->count)
			continue;
		hashes[i % AHEAD] = list->hash(census, list_at(list, (uint32_t)i + 1));
		__builtin_prefetch(&list->spots[hashes[i % AHEAD] & (wanted - 1)], 1);
	}
	return list->spots;
}

static bool spots_reserve(const struct census *census, struct list *list, size_t count)
{
	size_t wanted = list->spots_count > 0 ? list->spots_count : SPOTS_MIN;
	while (count > wanted / 4 * 3)
		wanted *= 2;
	return wanted == list->spots_count || spots_fill(census, list, wanted);
}

static bool list_reserve(struct list *list, size_t room)
{
	if (room <= list->room)
		return true;
	void *grown = reallocarray(list->items, room, list->size);
	if (!grown)
		return false;
	list->items = grown;
	list->room = room;
	return true;
}

/* A copy of the item, which is not found before spots_reserve. False: no memory. */
static bool list_append(struct list *list, const void *item)
{
	size_t more = list->count == list->room ? list->room / 4 + SPOTS_MIN : 0;
	if (!list_reserve(list, list->room + more))
		return false;
	memcpy((char *)list->items + list->count++ * list->size, item, list->size);
	return true;
}

/* A copy of the item. False: no memory. */
static bool list_add(const struct census *census, struct list *list, const void *item)
{
	if (!spots_reserve(census, list, list->count + 1) || !list_append(list, item))
		return false;
	spot_fill(list, list->hash(census, item), (uint32_t)list->count);
	return true;
}

/* Numbers of items that may be meant, one after the other; 0: no more. `at` begins as the hash. */
static uint32_t list_next(const struct list *list, size_t *at)
{
	return list->spots_count > 0 ? list->spots[(*at)++ & (list->spots_count - 1)] : 0;
}

static void list_done(struct list *list)
{
	free(list->items);
	free(list->spots);
}

/* ---- finding ---- */

static struct enrolment *enrolment_find(
    const struct census *census, const struct enrolment_facts *is)
{
	size_t at = hash_pair((uint32_t)is->user, (uint32_t)is->enrol);
	for (uint32_t number; (number = list_next(&census->enrolments, &at)) != 0;) {
		struct enrolment *found = list_at(&census->enrolments, number);
		if (found->user == is->user && found->enrol == is->enrol)
			return found;
	}
	return NULL;
}

void census_find_user(const struct census *census, struct user_key *key)
{
	size_t at = hash_text(key->text);
	for (uint32_t number; (number = list_next(&census->people, &at)) != 0;) {
		const struct person *person = list_at(&census->people, number);
		const struct slice name = {census->names.bytes + person->name, person->name_size};
		if (slice_is(name, key->text) && key->matches < 2)
			key->ids[key->matches++] = person->id;
	}
}

void census_load_enrolment(
    const struct census *census, struct enrolment_facts *is, struct arena *arena)
{
	const struct enrolment *found = is->enrol != 0 ? enrolment_find(census, is) : NULL;
	if (found) {
		is->id = found->id != 0 ? (int64_t)found->id : ENROLMENT_PLANNED;
		is->status = found->status;
		is->timestart = found->timestart;
		is->timeend = found->timeend;
	}
	size_t at = hash_pair((uint32_t)is->user, (uint32_t)is->context);
	for (uint32_t number; (number = list_next(&census->assignments, &at)) != 0;) {
		const struct assignment *has = list_at(&census->assignments, number);
		if (has->user == is->user && has->context == is->context)
			enrolment_add_role(is, has->role, arena);
	}
}

bool census_find_course(
    const struct census *census, const struct course_key *key, struct course_facts *course)
{
	size_t at = hash_text(key->text);
	for (uint32_t number; (number = list_next(&census->courses, &at)) != 0;) {
		const struct course *kept = list_at(&census->courses, number);
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
	return !census->names.failed && list_append(&census->people, &new);
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
		       list_add(census, &census->assignments, &assignment);
	if (change->kind == CHANGE_ENROL)
		return enrolment_make(
		           &enrolment, (int64_t[]){is->user, is->enrol, is->id > 0 ? is->id : 0,
		                           change->status, change->timestart, change->timeend}) &&
		       list_add(census, &census->enrolments, &enrolment);
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

void census_keep_course(
    struct census *census, const struct course_key *key, const struct course_facts *course)
{
	const struct course kept = {{key->by, arena_copy(census->arena, key->text)}, *course};
	if (!arena_has_failed(census->arena) && !list_add(census, &census->courses, &kept))
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
	                "(SELECT id FROM {user} WHERE deleted <> 0)");
	while (is_whole && db_next(&rows))
		if (db_column_int(&rows, 1) == local_host)
			is_whole =
			    person_add(census, db_column_int(&rows, 0), db_column_text(&rows, 2));
	db_leave(&rows);
	return is_whole && !db_has_failed(db) &&
	       spots_reserve(census, &census->people, census->people.count);
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
		is_whole = enrolment_make(&new, numbers) && list_append(&census->enrolments, &new);
	}
	db_leave(&rows);
	return is_whole && !db_has_failed(db) &&
	       spots_reserve(census, &census->enrolments, census->enrolments.count);
}

static bool assignments_take(struct census *census, struct db *db)
{
	bool is_whole = true;
	struct db_rows rows =
	    db_scan(db, "SELECT userid, contextid, roleid FROM {role_assignments} "
	                "WHERE {loose component} = '' AND {loose itemid} = 0");
	while (is_whole && db_next(&rows)) {
		const int64_t numbers[] = {
		    db_column_int(&rows, 0), db_column_int(&rows, 1), db_column_int(&rows, 2)};
		struct assignment new;
		is_whole =
		    assignment_make(&new, numbers) && list_append(&census->assignments, &new);
	}
	db_leave(&rows);
	return is_whole && !db_has_failed(db) &&
	       spots_reserve(census, &census->assignments, census->assignments.count);
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

static size_t smaller(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

bool census_is_worth(struct db *db, const char *count_rows, uint64_t questions)
{
	size_t most = smaller(rows_worth(db, questions), ROWS_MAX);
	return questions >= PEOPLE_MIN && count(db, count_rows, most) <= most;
}

static void people_decide(struct census *census, struct db *db, int64_t host, uint64_t people)
{
	size_t most = smaller(rows_worth(db, people), ROWS_MAX);
	size_t there = count(db, "SELECT count(*) FROM (SELECT 1 FROM {user} LIMIT ?1) AS t", most);
	census->knows_people =
	    there <= most && list_reserve(&census->people, there) && people_take(census, db, host);
}

/* Twice as many: a person is asked for in two tables, and in two courses more often than not. */
static void enrolments_decide(struct census *census, struct db *db, uint64_t people)
{
	size_t taken = census->people.room * 20 + census->names.capacity;
	size_t most = smaller(rows_worth(db, people * 2), ROWS_MAX);
	size_t enrolments =
	    count(db, "SELECT count(*) FROM (SELECT 1 FROM {user_enrolments} LIMIT ?1) AS t", most);
	size_t roles = count(
	    db, "SELECT count(*) FROM (SELECT 1 FROM {role_assignments} LIMIT ?1) AS t", most);
	if (enrolments > most || roles > most ||
	    taken + enrolments * 32 + roles * 20 > CENSUS_BYTES)
		return;
	census->knows_enrolments = list_reserve(&census->enrolments, enrolments) &&
	                           list_reserve(&census->assignments, roles) &&
	                           enrolments_take(census, db) && assignments_take(census, db);
}

struct census *census_take(struct db *db, int64_t local_host, uint64_t people)
{
	struct census *census = people >= PEOPLE_MIN ? calloc(1, sizeof *census) : NULL;
	if (!census)
		return NULL;
	census->people = (struct list){.hash = person_hash, .size = sizeof(struct person)};
	census->enrolments =
	    (struct list){.hash = enrolment_hash, .size = sizeof(struct enrolment)};
	census->assignments =
	    (struct list){.hash = assignment_hash, .size = sizeof(struct assignment)};
	census->courses = (struct list){.hash = course_hash, .size = sizeof(struct course)};
	census->arena = arena_create();
	if (census->arena && !db_has_failed(db))
		people_decide(census, db, local_host, people);
	if (census->arena && !db_has_failed(db))
		enrolments_decide(census, db, people);
	if (census->knows_people || census->knows_enrolments)
		return census;
	census_free(census);
	return NULL;
}

void census_free(struct census *census)
{
	if (!census)
		return;
	list_done(&census->people);
	list_done(&census->enrolments);
	list_done(&census->assignments);
	list_done(&census->courses);
	buffer_done(&census->names);
	arena_free(census->arena);
	free(census);
}
