/*
 * persons: accounts and enrolments by their keys, for absence, which knows nobody by a row.
 */
#include "enrold/persons.h"

#include "work.h"

struct error lms_load_persons(
    struct lms *lms, struct person *persons, size_t count, struct arena *arena)
{
	struct db_questions questions = db_questions_begin(arena);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i, DB_VALUES(db_int(persons[i].user)));
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT username, firstname, lastname, idnumber, email, suspended, timemodified FROM "
	    "{each}{user} WHERE id = ?1 AND {no_index deleted} = 0",
	    &questions);
	while (db_next(&rows)) {
		struct slice first = db_column_text(&rows, 1), last = db_column_text(&rows, 2);
		persons[rows.tag] = (struct person){.user = persons[rows.tag].user,
		    .is_there = true,
		    .username = arena_copy(arena, db_column_text(&rows, 0)),
		    .fullname = arena_print(arena, "%.*s %.*s", SLICE_ARG(first), SLICE_ARG(last)),
		    .idnumber = arena_copy(arena, db_column_text(&rows, 3)),
		    .email = arena_copy(arena, db_column_text(&rows, 4)),
		    .is_suspended = db_column_int(&rows, 5) != 0,
		    .modified = db_column_int(&rows, 6)};
	}
	return arena_has_failed(arena) ? error_memory("looking up people") : db_error(lms->db);
}

struct error lms_find_enrolments(
    struct lms *lms, struct enrolment_key *keys, size_t count, struct arena *arena)
{
	struct db_questions questions = db_questions_begin(arena);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i, DB_VALUES(db_int(keys[i].enrol), db_int(keys[i].user)));
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id FROM {each}{user_enrolments} WHERE enrolid = ?1 AND userid = ?2",
	    &questions);
	while (db_next(&rows))
		keys[rows.tag].id = db_column_int(&rows, 0);
	return arena_has_failed(arena) ? error_memory("looking up enrolments") : db_error(lms->db);
}
