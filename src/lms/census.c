#include "census.h"

#include <stdlib.h>

enum { CENSUS_BYTES = 48 << 20, PEOPLE_MAX = 1 << 20, ENROLMENTS_MAX = 1 << 20 };
/* How many rows are read for one that is asked for: reading is that much cheaper. */
enum { ROWS_FOR_A_QUESTION = 4, ROWS_FOR_A_QUESTION_TO_A_SERVER = 12 };

/* ---- an index: places of a list by the hashes of their keys ---- */

enum { SPOTS_MIN = 1 << 10 };

struct spot {
	uint32_t hash;
	uint32_t number; /* counted from 1; 0: free */
};

/* Open addressing; at most three quarters full. */
struct index {
	struct spot *spots;
	size_t room; /* a power of two, or 0 */
};

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

static void spot_fill(struct index *index, struct spot spot)
{
	size_t i = spot.hash & (index->room - 1);
	while (index->spots[i].number != 0)
		i = (i + 1) & (index->room - 1);
	index->spots[i] = spot;
}

/* Room for as many as that. */
static bool index_reserve(struct index *index, size_t count)
{
	struct index grown = {.room = index->room > 0 ? index->room : SPOTS_MIN};
	if (count <= index->room / 4 * 3)
		return true;
	while (count > grown.room / 4 * 3)
		grown.room *= 2;
	grown.spots = calloc(grown.room, sizeof *grown.spots);
	if (!grown.spots)
		return false;
	for (size_t i = 0; i < index->room; i++)
		if (index->spots[i].number != 0)
			spot_fill(&grown, index->spots[i]);
	free(index->spots);
	*index = grown;
	return true;
}

/* Numbers whose keys may be meant, one after the other; 0: no more. `at` begins as the hash. */
static uint32_t index_next(const struct index *index, uint32_t hash, size_t *at)
{
	if (index->room == 0)
		return 0;
	for (;;) {
		const struct spot *spot = &index->spots[*at & (index->room - 1)];
		*at = (*at & (index->room - 1)) + 1;
		if (spot->number == 0 || spot->hash == hash)
			return spot->number;
	}
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

/* A list of which every item is found by its index. */
struct list {
	void *items;
	size_t size, count, room;
	struct index index;
};

struct census {
	bool knows_people, knows_enrolments;
	struct list people, enrolments, assignments, courses;
	struct buffer names;
	struct arena *arena; /* of the courses' keys */
};

static bool list_reserve(struct list *list, size_t room)
{
	if (room <= list->room)
		return true;
	void *grown = reallocarray(list->items, room, list->size);
	if (!grown)
		return false;
	list->items = grown;
	list->room = room;
	return index_reserve(&list->index, room);
}

/* NULL: no memory. */
static void *list_add(struct list *list, uint32_t hash)
{
	if (list->count == list->room && !list_reserve(list, list->room + list->room / 2 + 64))
		return NULL;
	if (!index_reserve(&list->index, list->count + 1))
		return NULL;
	spot_fill(&list->index, (struct spot){hash, (uint32_t)++list->count});
	return (char *)list->items + (list->count - 1) * list->size;
}

static void *list_at(const struct list *list, uint32_t number)
{
	return (char *)list->items + (number - 1) * list->size;
}

static void list_done(struct list *list)
{
	free(list->items);
	free(list->index.spots);
}

/* ---- finding ---- */

static struct enrolment *enrolment_find(
    const struct census *census, const struct enrolment_facts *is)
{
	uint32_t hash = hash_pair((uint32_t)is->user, (uint32_t)is->enrol), number;
	for (size_t at = hash; (number = index_next(&census->enrolments.index, hash, &at));) {
		struct enrolment *found = list_at(&census->enrolments, number);
		if (found->user == is->user && found->enrol == is->enrol)
			return found;
	}
	return NULL;
}

void census_find_user(const struct census *census, struct user_key *key)
{
	uint32_t hash = hash_text(key->text), number;
	for (size_t at = hash; (number = index_next(&census->people.index, hash, &at));) {
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
	uint32_t hash = hash_pair((uint32_t)is->user, (uint32_t)is->context), number;
	for (size_t at = hash; (number = index_next(&census->assignments.index, hash, &at));) {
		const struct assignment *has = list_at(&census->assignments, number);
		if (has->user == is->user && has->context == is->context)
			enrolment_add_role(is, has->role, arena);
	}
}

bool census_find_course(
    const struct census *census, const struct course_key *key, struct course_facts *course)
{
	uint32_t hash = hash_text(key->text), number;
	for (size_t at = hash; (number = index_next(&census->courses.index, hash, &at));) {
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
	struct person *person = list_add(&census->people, hash_text(name));
	if (person)
		*person = (struct person){
		    (uint32_t)id, (uint32_t)census->names.size, (uint32_t)name.size};
	buffer_add(&census->names, name.bytes, name.size);
	return person && !census->names.failed;
}

/* The numbers as they stand in the struct. */
static bool enrolment_add(struct census *census, const int64_t numbers[6])
{
	for (int i = 0; i < 6; i++)
		if (!is_small(numbers[i]))
			return false;
	const struct enrolment new = {(uint32_t)numbers[0], (uint32_t)numbers[1],
	    (uint32_t)numbers[2], (uint32_t)numbers[3], (uint32_t)numbers[4], (uint32_t)numbers[5]};
	struct enrolment *enrolment =
	    list_add(&census->enrolments, hash_pair(new.user, new.enrol));
	if (enrolment)
		*enrolment = new;
	return enrolment;
}

static bool assignment_add(struct census *census, int64_t user, int64_t context, int64_t role)
{
	if (!is_small(user) || !is_small(context) || !is_small(role))
		return false;
	const struct assignment new = {(uint32_t)user, (uint32_t)context, (uint32_t)role};
	struct assignment *assignment =
	    list_add(&census->assignments, hash_pair(new.user, new.context));
	if (assignment)
		*assignment = new;
	return assignment;
}

bool census_note(
    struct census *census, const struct change *change, const struct enrolment_facts *is)
{
	struct enrolment *known = NULL;
	if (change->kind == CHANGE_ASSIGN_ROLE)
		return assignment_add(census, is->user, is->context, change->role);
	if (change->kind == CHANGE_ENROL)
		return enrolment_add(
		    census, (int64_t[]){is->user, is->enrol, is->id > 0 ? is->id : 0, change->status,
		                change->timestart, change->timeend});
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
	const struct course_key copy = {key->by, arena_copy(census->arena, key->text)};
	if (arena_has_failed(census->arena))
		return;
	struct course *kept = list_add(&census->courses, hash_text(copy.text));
	if (kept)
		*kept = (struct course){copy, *course};
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
	struct db_rows rows = db_scan(db, "SELECT id, mnethostid, username FROM {user} WHERE id NOT IN "
	                                  "(SELECT id FROM {user} WHERE deleted <> 0)");
	while (is_whole && db_next(&rows))
		if (db_column_int(&rows, 1) == local_host)
			is_whole = person_add(
			    census, db_column_int(&rows, 0), db_column_text(&rows, 2));
	db_leave(&rows);
	return is_whole && !db_has_failed(db);
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
		is_whole = enrolment_add(census, numbers);
	}
	db_leave(&rows);
	return is_whole && !db_has_failed(db);
}

static bool assignments_take(struct census *census, struct db *db)
{
	bool is_whole = true;
	struct db_rows rows = db_scan(db, "SELECT userid, contextid, roleid FROM {role_assignments} "
	                                  "WHERE {loose component} = '' AND {loose itemid} = 0");
	while (is_whole && db_next(&rows))
		is_whole = assignment_add(census, db_column_int(&rows, 0), db_column_int(&rows, 1),
		    db_column_int(&rows, 2));
	db_leave(&rows);
	return is_whole && !db_has_failed(db);
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

static void people_decide(struct census *census, struct db *db, int64_t host, uint64_t people)
{
	size_t most = smaller(rows_worth(db, people), PEOPLE_MAX);
	size_t there = count(db, "SELECT count(*) FROM (SELECT 1 FROM {user} LIMIT ?1) AS t", most);
	census->knows_people = there <= most && list_reserve(&census->people, there) &&
	                       people_take(census, db, host);
}

/* Twice as many: a person is asked for in two tables, and in two courses more often than not. */
static void enrolments_decide(struct census *census, struct db *db, uint64_t people)
{
	size_t taken = census->people.room * 32 + census->names.capacity;
	size_t most = smaller(rows_worth(db, people * 2), ENROLMENTS_MAX);
	size_t enrolments = count(
	    db, "SELECT count(*) FROM (SELECT 1 FROM {user_enrolments} LIMIT ?1) AS t", most);
	size_t roles = count(
	    db, "SELECT count(*) FROM (SELECT 1 FROM {role_assignments} LIMIT ?1) AS t", most);
	if (enrolments > most || roles > most || taken + enrolments * 36 + roles * 24 > CENSUS_BYTES)
		return;
	census->knows_enrolments =
	    list_reserve(&census->enrolments, enrolments) &&
	    list_reserve(&census->assignments, roles) && enrolments_take(census, db) &&
	    assignments_take(census, db);
}

struct census *census_take(struct db *db, int64_t local_host, uint64_t people)
{
	struct census *census = calloc(1, sizeof *census);
	if (!census)
		return NULL;
	census->people.size = sizeof(struct person);
	census->enrolments.size = sizeof(struct enrolment);
	census->assignments.size = sizeof(struct assignment);
	census->courses.size = sizeof(struct course);
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
