/*
 * db_words: statements in the engine's own words: what stands in braces, values, questions.
 */
#include "engine.h"

#include <stdlib.h>

void db_write_table(struct db_text_job *job, struct slice name)
{
	const struct engine *engine = job->db->engine;
	bool is_ours = name.size > 7 && memcmp(name.bytes, "enrold_", 7) == 0;
	if (is_ours)
		buffer_add_text(job->out, engine->ledger);
	buffer_add_char(job->out, engine->quote);
	if (!is_ours)
		buffer_add_text(job->out, job->db->options->prefix);
	buffer_add(job->out, name.bytes, name.size);
	buffer_add_char(job->out, engine->quote);
}

static void write_value(struct db_text_job *job, const char **sql, size_t *unnumbered)
{
	char *end;
	size_t number = strtoul(*sql, &end, 10);
	size_t index = end > *sql ? number - 1 : (*unnumbered)++;
	*sql = end;
	job->db->engine->value(job, index);
}

static bool cut_word(struct slice *token, const char *word)
{
	size_t size = strlen(word);
	if (token->size < size || memcmp(token->bytes, word, size) != 0)
		return false;
	token->bytes += size;
	token->size -= size;
	return true;
}

static void write_part(struct db_text_job *job, struct slice text, size_t *unnumbered);

/* "a = ?1", and where that is true of other texts too, that their bytes are the same. */
static void write_same(struct db_text_job *job, struct slice text, size_t *unnumbered)
{
	if (job->db->engine->is_exact) {
		write_part(job, text, unnumbered);
		return;
	}
	const char *equals = memchr(text.bytes, '=', text.size);
	size_t size = (size_t)(equals - text.bytes);
	const struct slice left = {text.bytes, size}, right = {equals + 1, text.size - size - 1};
	write_part(job, text, unnumbered);
	buffer_add_text(job->out, " AND BINARY ");
	write_part(job, left, unnumbered);
	buffer_add_text(job->out, "= BINARY");
	write_part(job, right, unnumbered);
}

/* An expression is in no index. */
static void write_no_index(struct db_text_job *job, struct slice column)
{
	if (!job->db->engine->is_server) {
		buffer_print(job->out, "+%.*s", SLICE_ARG(column));
		return;
	}
	buffer_print(job->out, "coalesce(%.*s, %.*s)", SLICE_ARG(column), SLICE_ARG(column));
}

static void write_token(struct db_text_job *job, struct slice token, size_t *unnumbered)
{
	const struct engine *engine = job->db->engine;
	if (slice_is(token, SLICE("each"))) {
		buffer_add(job->out, job->each.bytes, job->each.size);
	} else if (cut_word(&token, "index_tail ")) {
		if (!engine->takes_any_index)
			buffer_add(job->out, token.bytes, token.size);
		else
			write_no_index(job, token);
	} else if (cut_word(&token, "no_index ")) {
		write_no_index(job, token);
	} else if (slice_is(token, SLICE("text"))) {
		buffer_add_text(job->out, engine->text_type);
	} else if (slice_is(token, SLICE("schema"))) {
		buffer_add_text(job->out, engine->schema);
	} else if (slice_is(token, SLICE("end"))) {
		buffer_add_text(job->out, engine->table_end);
	} else if (slice_is(token, SLICE("lock"))) {
		buffer_add_text(job->out, engine->lock);
	} else if (cut_word(&token, "same ")) {
		write_same(job, token, unnumbered);
	} else if (cut_word(&token, "conflict ")) {
		if (engine->conflict)
			buffer_add_text(job->out, engine->conflict);
		else
			buffer_print(
			    job->out, "ON CONFLICT (%.*s) DO UPDATE SET", SLICE_ARG(token));
	} else {
		db_write_table(job, token);
	}
}

static void write_part(struct db_text_job *job, struct slice text, size_t *unnumbered)
{
	const char *end = text.bytes + text.size;
	for (const char *c = text.bytes; c < end;) {
		if (*c == '{') {
			const char *close = memchr(c, '}', (size_t)(end - c));
			write_token(
			    job, (struct slice){c + 1, (size_t)(close - c - 1)}, unnumbered);
			c = close + 1;
		} else if (*c == '?') {
			c++;
			write_value(job, &c, unnumbered);
		} else {
			buffer_add_char(job->out, *c++);
		}
	}
}

static void db_write_part(struct db_text_job *job, struct slice sql)
{
	size_t unnumbered = 0;
	write_part(job, sql, &unnumbered);
}

void db_write_out(struct db_text_job *job, const char *sql)
{
	db_write_part(job, slice_of(sql));
}

void db_write_question(
    struct db_text_job *job, const char *sql, const char *select, const char *number)
{
	static const char first[] = "SELECT ", order[] = " ORDER BY ";
	const char *body = sql + strlen(first), *end = strstr(body, order);
	buffer_add_text(job->out, select);
	db_write_part(job, (struct slice){body, end ? (size_t)(end - body) : strlen(body)});
	buffer_print(job->out, "%s%s", order, number);
	if (end) {
		buffer_add_text(job->out, ", ");
		db_write_part(job, slice_of(end + strlen(order)));
	}
}
