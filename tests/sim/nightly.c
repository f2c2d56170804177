#include "nightly.h"

#include "fate.h"

#include <stdio.h>
#include <string.h>

static const char *const words[NIGHT_KINDS] = {
    [NIGHT_ORDINARY] = "ordinary",
    [NIGHT_AGAIN] = "again",
    [NIGHT_HALF] = "half",
    [NIGHT_ONE_COURSE] = "one_course",
    [NIGHT_CUT] = "cut",
    [NIGHT_PEOPLE_MISSPELT] = "people_misspelt",
    [NIGHT_SOME_MISSPELT] = "some_misspelt",
    [NIGHT_COURSE_MISSPELT] = "course_misspelt",
    [NIGHT_KEY_CHANGED] = "key_changed",
    [NIGHT_COLUMN_LOST] = "column_lost",
    [NIGHT_HEADER_ONLY] = "header_only",
    [NIGHT_OTHER_NAME] = "other_name",
    [NIGHT_OLDER] = "older",
    [NIGHT_DELTA] = "delta",
    [NIGHT_RETRY] = "retry",
    [NIGHT_PREVIEW] = "preview",
};

const char *nightly_word(enum nightly_kind kind)
{
	return words[kind];
}

bool nightly_counts(enum nightly_kind kind)
{
	return kind < NIGHT_HEADER_ONLY;
}

bool nightly_is_right(enum nightly_kind kind)
{
	return kind <= NIGHT_AGAIN;
}

/* ---- rows ---- */

static void rows_take(struct nightly *file, const struct source *source)
{
	for (int course = 1; course <= FAKE_COURSES_MAX; course++)
		for (int person = 1; person <= FAKE_PEOPLE_MAX; person++) {
			if (!source->has[person][course] || file->count == NIGHTLY_ROWS_MAX)
				continue;
			struct nightly_row *row = &file->rows[file->count++];
			snprintf(
			    row->user, sizeof row->user, "%s", fake_lms_person(person)->username);
			snprintf(row->course, sizeof row->course, "C%d", course);
			row->is_teacher = source->is_teacher[person];
		}
}

static void rows_keep(struct nightly *file, const char *course, bool keeps)
{
	size_t kept = 0;
	for (size_t i = 0; i < file->count; i++)
		if ((strcmp(file->rows[i].course, course) == 0) == keeps)
			file->rows[kept++] = file->rows[i];
	file->count = kept;
}

/* Of some course that the file has. */
static void course_draw(const struct nightly *file, char course[8])
{
	const struct nightly_row *row = &file->rows[fate_draw((int)file->count)];
	memcpy(course, row->course, sizeof row->course);
}

/* So many of them at most, or of any course. */
static void people_misspell(struct nightly *file, const char *course, int most)
{
	for (size_t i = 0; i < file->count && most > 0; i++)
		if (!course || strcmp(file->rows[i].course, course) == 0) {
			file->rows[i].user[0] = 'x';
			most--;
		}
}

static void course_misspell(struct nightly *file, const char *course)
{
	for (size_t i = 0; i < file->count; i++)
		if (strcmp(file->rows[i].course, course) == 0)
			file->rows[i].course[0] = 'K';
}

static void rows_thin(struct nightly *file, int of_ten)
{
	size_t kept = 0;
	for (size_t i = 0; i < file->count; i++)
		if (fate_draw(10) < of_ten)
			file->rows[kept++] = file->rows[i];
	file->count = kept;
}

static void rows_spoil(struct nightly *file)
{
	char course[8];
	if (file->count == 0)
		return;
	course_draw(file, course);
	switch (file->kind) {
	case NIGHT_HALF: file->count /= 2; break;
	case NIGHT_ONE_COURSE: rows_keep(file, course, true); break;
	case NIGHT_PEOPLE_MISSPELT: people_misspell(file, course, NIGHTLY_ROWS_MAX); break;
	case NIGHT_SOME_MISSPELT: people_misspell(file, course, 2 + fate_draw(2)); break;
	case NIGHT_COURSE_MISSPELT: course_misspell(file, course); break;
	case NIGHT_KEY_CHANGED: people_misspell(file, NULL, NIGHTLY_ROWS_MAX); break;
	case NIGHT_HEADER_ONLY: file->count = 0; break;
	case NIGHT_OTHER_NAME: rows_thin(file, 5 + fate_draw(6)); break;
	case NIGHT_DELTA:
	case NIGHT_RETRY: rows_thin(file, 1); break;
	case NIGHT_PREVIEW: rows_thin(file, fate_draw(11)); break;
	case NIGHT_ORDINARY:
	case NIGHT_AGAIN:
	case NIGHT_CUT:
	case NIGHT_COLUMN_LOST:
	case NIGHT_OLDER:
	case NIGHT_KINDS: break;
	}
}

/* ---- bytes ---- */

static void text_make(struct nightly *file, bool has_passwords)
{
	struct buffer *text = &file->text;
	bool has_roles = file->kind != NIGHT_COLUMN_LOST, is_retry = file->kind == NIGHT_RETRY;
	buffer_print(text, "username,course1%s%s%s\n", has_roles ? ",role1" : "",
	    has_passwords ? ",password" : "", is_retry ? ",error_line" : "");
	for (size_t i = 0; i < file->count; i++) {
		const struct nightly_row *row = &file->rows[i];
		buffer_print(text, "%s,%s", row->user, row->course);
		if (has_roles)
			buffer_print(text, ",%s", row->is_teacher ? "teacher" : "student");
		buffer_print(text, "%s", has_passwords ? "," : "");
		if (is_retry)
			buffer_print(text, ",%zu", i + 2);
		buffer_add_char(text, '\n');
	}
}

/* Some rows are lost, and the end of the last that is there. */
static void text_cut(struct nightly *file)
{
	size_t rows = 1 + (size_t)fate_draw(4);
	if (file->count <= rows + 1)
		return;
	for (size_t newlines = 0; file->text.size > 0; file->text.size--)
		if (file->text.bytes[file->text.size - 1] == '\n' && newlines++ == rows)
			break;
	file->count -= rows;
	file->text.size--;
}

void nightly_make(
    struct nightly *file, enum nightly_kind kind, const struct source *source, bool has_passwords)
{
	file->kind = kind;
	file->count = 0;
	buffer_clear(&file->text);
	rows_take(file, source);
	rows_spoil(file);
	text_make(file, has_passwords);
	if (kind == NIGHT_CUT)
		text_cut(file);
}
