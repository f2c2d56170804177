/*
 * sqlite_spelling: texts whose letter case does not count.
 *
 * An index knows one letter case only. It is walked like a tree, letter by letter, down every way
 * to write what has been read so far that some row does write: one or two ways, and two looks at
 * the index for each letter. A scan of all accounts would take a fifth of a second per million, for
 * each batch of ten rows too.
 */
#include "sqlite.h"

#include <stdio.h>
#include <utf8proc.h>

enum { SPELLING_MAX = 512 };

struct walk {
	struct sqlite *db;
	sqlite3_stmt *is_there; /* asks whether a text lies between two */
	struct slice text;
	size_t tag;
	struct db_questions *spellings;
	char bytes[SPELLING_MAX]; /* one way to write what has been read so far */
};

static sqlite3_stmt *find_walk(
    struct sqlite *db, const struct db_column *column, struct arena *arena)
{
	char sql[256];
	struct slice condition = db_condition(column, "", arena);
	snprintf(sql, sizeof sql, "SELECT 1 FROM {%s} WHERE %.*s%s >= ? AND %s < ? LIMIT 1",
	    column->table, SLICE_ARG(condition), column->column, column->column);
	return sqlite_statement(db, column->column, sql, false);
}

/* The text, or one that begins with it. */
static bool prefix_exists(struct walk *walk, size_t size)
{
	char end[SPELLING_MAX];
	memcpy(end, walk->bytes, size);
	end[size - 1]++; /* no byte of UTF-8 is 0xFF */
	sqlite_bind(walk->db, walk->is_there,
	    DB_VALUES(
	        db_text((struct slice){walk->bytes, size}), db_text((struct slice){end, size})));
	int code = sqlite3_step(walk->is_there);
	sqlite_check(walk->db, code);
	sqlite_release(walk->is_there);
	return code == SQLITE_ROW;
}

static void walk_end(struct walk *walk, size_t size)
{
	struct slice spelling =
	    arena_copy(walk->spellings->arena, (struct slice){walk->bytes, size});
	db_question(walk->spellings, walk->tag, DB_VALUES(db_text(spelling)));
}

/* Also with blanks after it, as long as some row has them. */
static void blanks_walk(struct walk *walk, size_t size)
{
	while (size + 8 <= SPELLING_MAX) {
		walk->bytes[size++] = ' ';
		if (!prefix_exists(walk, size))
			return;
		walk_end(walk, size);
	}
}

/* Goes on at byte `at` of the text, after `size` bytes of a way to write what precedes it. */
static void walk_on(struct walk *walk, size_t at, size_t size)
{
	const struct slice text = walk->text;
	utf8proc_int32_t c;
	if (at == text.size) {
		walk_end(walk, size);
		blanks_walk(walk, size);
		return;
	}
	utf8proc_ssize_t width = utf8proc_iterate(
	    (const utf8proc_uint8_t *)text.bytes + at, (utf8proc_ssize_t)(text.size - at), &c);
	if (width <= 0 || size + 8 > SPELLING_MAX)
		return;
	const utf8proc_int32_t cases[] = {utf8proc_tolower(c), utf8proc_toupper(c)};
	bool has_cases = cases[1] != cases[0];
	for (int i = 0; i < 1 + has_cases; i++) {
		size_t more =
		    (size_t)utf8proc_encode_char(cases[i], (utf8proc_uint8_t *)walk->bytes + size);
		if (!has_cases || prefix_exists(walk, size + more))
			walk_on(walk, at + (size_t)width, size + more);
	}
}

void sqlite_find_spellings(struct db *db, const struct db_column *column,
    const struct db_questions *questions, struct db_questions *spellings)
{
	struct walk walk = {.db = sqlite_of(db),
	    .is_there = find_walk(sqlite_of(db), column, spellings->arena),
	    .spellings = spellings};
	for (size_t i = 0; walk.is_there && i < questions->count; i++) {
		walk.text = questions->values[i].text;
		walk.tag = questions->tag[i];
		walk_on(&walk, 0, 0);
	}
}
