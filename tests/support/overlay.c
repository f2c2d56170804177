#include "overlay.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *overlay_load(const char *moodle)
{
	char path[512];
	json_error_t error;
	snprintf(path, sizeof path, TEST_DATA "/moodle-%s-changes.json", moodle);
	json_t *overlay = json_load_file(path, 0, &error);
	if (overlay)
		return overlay;
	fprintf(stderr, "overlay: %s: %s\n", path, error.text);
	exit(70);
}

const char *overlay_wanted(void)
{
	const char *moodle = getenv("ENROLD_TEST_MOODLE");
	return moodle && *moodle ? moodle : NULL;
}

static const char *text_of(const json_t *column, const char *name)
{
	return json_string_value(json_object_get(column, name));
}

static void type_write(const json_t *column, enum overlay_engine engine, struct buffer *out)
{
	const char *type = text_of(column, "type");
	json_t *length = json_object_get(column, "length");
	if (length)
		buffer_print(out, "varchar(%d)", (int)json_integer_value(length));
	else if (strcmp(type, "text") == 0)
		buffer_add_text(out, engine == OVERLAY_MARIADB ? "longtext" : "text");
	else
		buffer_add_text(out, type);
}

/* What stands behind the type. */
static void rest_write(const json_t *column, struct buffer *out)
{
	const char *value = text_of(column, "default");
	if (json_is_true(json_object_get(column, "not_null")))
		buffer_add_text(out, " NOT NULL");
	if (value)
		buffer_print(out, " DEFAULT '%s'", value);
}

static void column_add(
    const char *table, const json_t *column, enum overlay_engine engine, struct buffer *out)
{
	buffer_print(out, "ALTER TABLE mdl_%s ADD COLUMN %s ", table, text_of(column, "name"));
	type_write(column, engine, out);
	rest_write(column, out);
	buffer_add_text(out, ";\n");
}

static void column_change(
    const char *table, const json_t *column, enum overlay_engine engine, struct buffer *out)
{
	const char *name = text_of(column, "name");
	if (engine == OVERLAY_SQLITE)
		return;
	if (engine == OVERLAY_MARIADB) {
		buffer_print(out, "ALTER TABLE mdl_%s MODIFY %s ", table, name);
		type_write(column, engine, out);
		rest_write(column, out);
	} else {
		buffer_print(out, "ALTER TABLE mdl_%s ALTER %s DROP DEFAULT, ALTER %s TYPE ", table,
		    name, name);
		type_write(column, engine, out);
		if (text_of(column, "default"))
			buffer_print(
			    out, ", ALTER %s SET DEFAULT '%s'", name, text_of(column, "default"));
	}
	buffer_add_text(out, ";\n");
}

typedef void on_column(
    const char *table, const json_t *column, enum overlay_engine engine, struct buffer *out);

static void columns_write(
    json_t *tables, on_column *write, enum overlay_engine engine, struct buffer *out)
{
	const char *table;
	json_t *columns, *column;
	size_t i;
	json_object_foreach(tables, table, columns) json_array_foreach(columns, i, column)
	    write(table, column, engine, out);
}

static void column_drop(
    const char *table, const json_t *column, enum overlay_engine engine, struct buffer *out)
{
	(void)engine;
	buffer_print(out, "ALTER TABLE mdl_%s DROP COLUMN %s;\n", table, json_string_value(column));
}

static void index_drop(
    const char *table, const json_t *index, enum overlay_engine engine, struct buffer *out)
{
	(void)table;
	if (engine == OVERLAY_SQLITE)
		buffer_print(out, "DROP INDEX mdl_%s;\n", json_string_value(index));
}

void overlay_write_tables(const char *moodle, enum overlay_engine engine, struct buffer *out)
{
	json_t *overlay = overlay_load(moodle);
	columns_write(json_object_get(overlay, "indexes"), index_drop, engine, out);
	columns_write(json_object_get(overlay, "drop"), column_drop, engine, out);
	columns_write(json_object_get(overlay, "change"), column_change, engine, out);
	columns_write(json_object_get(overlay, "add"), column_add, engine, out);
	json_decref(overlay);
}

void overlay_write_config(const char *moodle, struct buffer *out)
{
	json_t *overlay = overlay_load(moodle), *value;
	const char *name;
	json_object_foreach(json_object_get(overlay, "config"), name, value)
	    buffer_print(out, "UPDATE mdl_config SET value = '%s' WHERE name = '%s';\n",
	        json_string_value(value), name);
	json_decref(overlay);
}
