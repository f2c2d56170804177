/*
 * surroundings: the categories in which courses and categories stand, from the bottom to the top,
 * by their idnumbers: asked only for feeds that may not reach all. Without the right to read
 * categories none are known, and such a feed reaches nothing that only a category would allow.
 */
#include "work.h"

#include "enrold/value.h"

#include <stdlib.h>

/* One category that something stands in. */
struct parent {
	struct surroundings *of;
	uint32_t place; /* among its categories */
};

struct parents {
	struct parent *list;
	size_t count, room;
	struct db_questions questions; /* for their idnumbers */
	struct arena *scratch;
};

static void parent_add(struct parents *parents, struct surroundings *of, int64_t id)
{
	if (parents->count == parents->room) {
		size_t room = parents->room * 2 + 64;
		struct parent *list =
		    arena_grow(parents->scratch, parents->list, parents->count, room, sizeof *list);
		if (!list)
			return;
		parents->list = list;
		parents->room = room;
	}
	db_question(&parents->questions, parents->count, DB_VALUES(db_int(id)));
	parents->list[parents->count++] = (struct parent){of, of->categories_count++};
}

/* "/1/5/7" */
static void path_read(struct parents *parents, struct surroundings *of, struct slice path)
{
	char text[256] = ""; /* Moodle's column has 255 */
	if (path.size >= sizeof text)
		return;
	if (path.size > 0)
		memcpy(text, path.bytes, path.size);
	for (char *rest = text, *id; (id = strsep(&rest, "/"));)
		if (*id)
			parent_add(parents, of, strtoll(id, NULL, 10));
}

/* Keeps it in the form of a feed's patterns. */
static struct slice form_keep(struct arena *arena, const struct db_rows *rows, int column)
{
	return value_form(arena_copy(arena, db_column_text(rows, column)), arena);
}

/* Makes room for the idnumbers and reads them. */
static void parents_ask(struct lms *lms, struct parents *parents, struct arena *arena)
{
	if (parents->count == 0)
		return;
	for (size_t i = 0; i < parents->count; i++) {
		struct surroundings *of = parents->list[i].of;
		if (!of->categories)
			of->categories =
			    arena_alloc(arena, of->categories_count * sizeof *of->categories);
		if (!of->categories)
			return;
	}
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT idnumber FROM {each}{course_categories} WHERE id = ?1", &parents->questions);
	while (db_next(&rows)) {
		const struct parent *parent = &parents->list[rows.tag];
		parent->of->categories[parent->place] = form_keep(arena, &rows, 0);
	}
}

static struct error ended(const struct lms *lms, const struct arena *arena)
{
	if (arena_has_failed(arena) || arena_has_failed(lms->scratch))
		return error_memory("looking up categories");
	return db_error(lms->db);
}

struct error lms_load_course_surroundings(
    struct lms *lms, struct course_facts *courses, size_t count, struct arena *arena)
{
	arena_reset(lms->scratch);
	struct parents parents = {
	    .questions = db_questions_begin(lms->scratch), .scratch = lms->scratch};
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		courses[i].stands = (struct surroundings){0};
		if (courses[i].matches == 1)
			db_question(&questions, i, DB_VALUES(db_int(courses[i].id)));
	}
	struct db_rows rows = db_ask(lms_db(lms),
	    lms_may(lms, DEED_SEE_CATEGORY)
	        ? "SELECT c.shortname, c.idnumber, k.path FROM {each}{course} c LEFT JOIN "
	          "{course_categories} "
	          "k "
	          "ON k.id = c.category WHERE c.id = ?1"
	        : "SELECT c.shortname, c.idnumber, '' FROM {each}{course} c WHERE c.id = ?1",
	    &questions);
	while (db_next(&rows)) {
		struct surroundings *stands = &courses[rows.tag].stands;
		stands->shortname = form_keep(arena, &rows, 0);
		stands->idnumber = form_keep(arena, &rows, 1);
		path_read(&parents, stands, db_column_text(&rows, 2));
	}
	parents_ask(lms, &parents, arena);
	return ended(lms, arena);
}

struct error lms_load_category_surroundings(
    struct lms *lms, struct category_facts *categories, size_t count, struct arena *arena)
{
	if (!lms_may(lms, DEED_SEE_CATEGORY))
		return OK;
	arena_reset(lms->scratch);
	struct parents parents = {
	    .questions = db_questions_begin(lms->scratch), .scratch = lms->scratch};
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (categories[i].matches == 1)
			db_question(&questions, i, DB_VALUES(db_int(categories[i].id)));
	struct db_rows rows = db_ask(
	    lms_db(lms), "SELECT path FROM {each}{course_categories} WHERE id = ?1", &questions);
	while (db_next(&rows))
		path_read(&parents, &categories[rows.tag].stands, db_column_text(&rows, 0));
	parents_ask(lms, &parents, arena);
	return ended(lms, arena);
}
