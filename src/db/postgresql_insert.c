/*
 * postgresql_insert: rows in. Many go by COPY, which has to be begun and ended, and whose ids are
 * asked for beforehand; a few go by one INSERT that tells its ids: one round trip instead of three,
 * which is what a small file consists of.
 */
#include "postgresql.h"

#include <stdlib.h>

/* Texts of the rows, which go beside the statement: a server's log shows statements. */
struct texts {
	const char **all;
	char *bytes;
	int count;
};

static bool texts_copy(struct texts *texts, const struct db_value *values, size_t count)
{
	size_t size = 1;
	for (size_t i = 0; i < count; i++)
		size += values[i].type == DB_TEXT ? values[i].text.size + 1 : 0;
	texts->all = calloc(count + 1, sizeof *texts->all);
	texts->bytes = malloc(size);
	char *end = texts->bytes;
	for (size_t i = 0; i < count && texts->all && end; i++) {
		if (values[i].type != DB_TEXT)
			continue;
		texts->all[texts->count++] = end;
		if (values[i].text.size > 0)
			memcpy(end, values[i].text.bytes, values[i].text.size);
		end += values[i].text.size;
		*end++ = '\0';
	}
	return texts->all && texts->bytes;
}

/* Of others all but the beginning would be cut off; by COPY the server refuses them. */
static bool are_texts(const struct db_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (values[i].type == DB_TEXT && values[i].text.size > 0 &&
		    !postgresql_is_text(values[i].text))
			return false;
	return true;
}

/* A text has no type of its own: it is as one of its column. */
static void value_add(struct buffer *out, const struct db_value *value, int *texts)
{
	switch (value->type) {
	case DB_INTEGER: buffer_add_int(out, value->integer); break;
	case DB_NULL: buffer_add_text(out, "NULL"); break;
	case DB_TEXT: buffer_print(out, "$%d", ++*texts); break;
	}
}

static const char *statement_write(struct postgresql *db, const struct db_table *table,
    const struct db_value *values, size_t count, bool tells_ids)
{
	struct db_text_job job = {.db = &db->db, .out = &db->text};
	int texts = 0;
	buffer_clear(&db->text);
	buffer_add_text(&db->text, "INSERT INTO ");
	db_write_table(&job, slice_of(table->name));
	buffer_print(&db->text, " (%s) VALUES ", table->columns);
	for (size_t i = 0; i < count * table->width; i++) {
		bool is_first = i % table->width == 0;
		buffer_add_text(&db->text, !is_first ? "," : i > 0 ? "),(" : "(");
		value_add(&db->text, &values[i], &texts);
	}
	buffer_add_text(&db->text, tells_ids ? ") RETURNING id" : ")");
	return postgresql_text_end(db);
}

/* Takes the result. Fails unless as many rows were written as given: a trigger may drop some. */
static void result_take(struct postgresql *db, PGresult *result, size_t count, int64_t *ids)
{
	uint64_t written = result ? strtoull(PQcmdTuples(result), NULL, 10) : count;
	if (written != count)
		db_fail_count(&db->db, written, count);
	for (size_t i = 0; ids && i < count && !db_has_failed(&db->db); i++)
		ids[i] = strtoll(PQgetvalue(result, (int)i, 0), NULL, 10);
	PQclear(result);
}

static void few_insert(struct postgresql *db, const struct db_table *table,
    const struct db_value *values, size_t count, int64_t *ids)
{
	struct texts texts = {0};
	PGresult *result = NULL;
	if (!texts_copy(&texts, values, count * table->width))
		db_fail(&db->db, error_memory("writing rows"));
	const char *text = statement_write(db, table, values, count, ids);
	if (!db_has_failed(&db->db))
		result =
		    postgresql_good(db, postgresql_query(db, text, texts.count, NULL, texts.all));
	if (!db_has_failed(&db->db))
		result_take(db, result, count, ids);
	free(texts.all);
	free(texts.bytes);
}

void postgresql_insert_all(struct db *base, const struct db_table *table,
    const struct db_value *values, size_t count, int64_t *ids)
{
	struct postgresql *db = postgresql_of(base);
	bool goes_on =
	    db->copying == table || (db->ahead == table && db->ahead_used < db->ahead_count);
	if (count * table->width <= FEW_VALUES && !goes_on &&
	    are_texts(values, count * table->width))
		few_insert(db, table, values, count, ids);
	else
		postgresql_copy_all(db, table, values, count, ids);
}
