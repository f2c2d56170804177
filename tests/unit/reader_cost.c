/*
 * reader_cost: a file of so many rows, made in memory and read in pieces up to what its rows ask
 * for, by plain settings or by such as a preset has. tests/bench/reader.sh counts its instructions.
 *
 *     reader_cost ROWS plain | columns | values | ends | slash
 */
#include "enrold/batch.h"
#include "enrold/buffer.h"
#include "enrold/reader.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 64 << 10, BATCH_ROWS = 1000 };

#define LIST(...)                                                                                  \
	{                                                                                          \
		(const char *const[]){__VA_ARGS__},                                                \
		    sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)                         \
	}

/* The row of number i is "p1,...": its number comes where an @ is. */
static const struct way {
	const char *name, *header, *row;
	struct policy policy;
} ways[] = {
    {"plain", "username,firstname,lastname,email,suspended,course1,role1\n",
        "p@,Nina Maria,Ost,p@.example.org,0,C@,student\n", {0}},
    {"columns", "Login,First Name,Last Name,E-Mail,Status,Course,Role\n",
        "p@,Nina Maria,Ost,p@.example.org,0,C@,student\n",
        {.columns = LIST("Login", "username", "First Name", "firstname", "Last Name", "lastname",
             "E-Mail", "email", "Status", "suspended", "Course", "course1", "Role", "role1")}},
    {"values", "Login,First Name,Last Name,E-Mail,Status,Course,Role\n",
        "p@,Nina Maria,NULL,p@.example.org,active,C@,Learner\n",
        {.columns = LIST("Login", "username", "First Name", "firstname", "Last Name", "lastname",
             "E-Mail", "email", "Course", "course1", "Role", "role1"),
            .values = LIST("Role", "Learner", "role1", "student", "Role", "Teacher", "role1",
                "editingteacher", "Status", "active", "suspended", "0", "Status", "inactive",
                "suspended", "1"),
            .empty = LIST("NULL", "****", "N/A")}},
    {"ends", "Login|First Name|Last Name|E-Mail|Status|Course|Role!##!\n",
        "p@|Nina Maria|Ost|p@.example.org|0|C@|student!##!\n",
        {.delimiter = "pipe",
            .record_end = "!##!",
            .columns = LIST("Login", "username", "First Name", "firstname", "Last Name", "lastname",
                "E-Mail", "email", "Status", "suspended", "Course", "course1", "Role", "role1")}},
    {"slash", "Login,First Name,Last Name,E-Mail,Status,Course,Role\n",
        "p@,\"Nina \\\"Maria\\\"\",Ost,p@.example.org,0,C@,student\n",
        {.escape = ESCAPE_BACKSLASH,
            .columns = LIST("Login", "username", "First Name", "firstname", "Last Name", "lastname",
                "E-Mail", "email", "Status", "suspended", "Course", "course1", "Role", "role1")}},
};

struct counting {
	const struct policy *policy;
	struct site_facts site;
	struct batch batch;
	bool has_batch;
	long rows;
};

static struct error on_header(void *context, const struct header *header)
{
	struct counting *counting = context;
	counting->has_batch = true;
	return batch_init(&counting->batch, header, counting->policy, &counting->site);
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct counting *counting = context;
	if (counting->rows++ % BATCH_ROWS == 0)
		batch_reset(&counting->batch);
	return batch_add(&counting->batch, record);
}

static void file_make(const struct way *way, long rows, struct buffer *out)
{
	buffer_add_text(out, way->header);
	for (long i = 0; i < rows; i++)
		for (const char *c = way->row; *c; c++)
			if (*c == '@')
				buffer_add_int(out, i);
			else
				buffer_add_char(out, *c);
}

static struct error file_read(const struct way *way, struct slice file, struct counting *counting)
{
	struct reader reader;
	const struct reader_terms terms = {
	    .policy = &way->policy, .site = &counting->site, .field_max = 64 << 10};
	struct error error =
	    reader_open(&reader, &terms, (struct reader_visitor){on_header, on_record, counting});
	for (size_t at = 0; at < file.size && !is_error(&error); at += PIECE)
		error = reader_feed(
		    &reader, file.bytes + at, file.size - at < PIECE ? file.size - at : PIECE);
	if (!is_error(&error))
		error = reader_finish(&reader);
	if (counting->has_batch)
		batch_done(&counting->batch);
	reader_close(&reader);
	return error;
}

int main(int count, char **words)
{
	for (size_t i = 0; count == 3 && i < sizeof ways / sizeof *ways; i++) {
		struct counting counting = {.policy = &ways[i].policy};
		struct buffer file = {0};
		if (strcmp(words[2], ways[i].name) != 0)
			continue;
		long rows = strtol(words[1], NULL, 10);
		file_make(&ways[i], rows, &file);
		struct error error = file_read(&ways[i], buffer_slice(&file), &counting);
		buffer_done(&file);
		if (!is_error(&error) && counting.rows == rows)
			return 0;
		fprintf(stderr, "%ld rows: %s\n", counting.rows, error.text);
		return 1;
	}
	fprintf(stderr, "usage: reader_cost ROWS plain|columns|values|ends|slash\n");
	return 2;
}
