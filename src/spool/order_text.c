#include "order_text.h"

#include "jsonin.h"

#include "enrold/cut.h"
#include "enrold/jsonout.h"
#include "enrold/value.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

bool order_is_feed(const char *name)
{
	size_t length = strlen(name);
	return length > 0 && length <= FEED_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

/* ---- out ---- */

static json_t *revealed(const char *text)
{
	struct buffer shown = {0};
	value_reveal(slice_of(text), &shown);
	json_t *string =
	    shown.failed ? NULL : json_stringn(shown.bytes ? shown.bytes : "", shown.size);
	buffer_done(&shown);
	return string;
}

static json_t *courses_list(const struct order *order)
{
	json_t *list = json_array();
	for (size_t i = 0; i < order->courses_count; i++)
		if (json_array_append_new(list, json_string(order->courses[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static bool uid_set(json_t *object, const char *name, int64_t uid)
{
	return uid < 0 || json_object_set_new(object, name, json_integer(uid)) == 0;
}

static bool text_set(json_t *object, const char *name, const char *text)
{
	return *text == '\0' || json_object_set_new(object, name, json_string(text)) == 0;
}

static bool members_set(json_t *object, const struct order *order)
{
	return json_object_set_new(object, "by", revealed(order->by)) == 0 &&
	       uid_set(object, "uid", order->uid) && uid_set(object, "loginuid", order->loginuid) &&
	       json_object_set_new(object, "why", revealed(order->why)) == 0 &&
	       json_object_set_new(object, "at", json_integer(order->at_s)) == 0 &&
	       text_set(object, "feed", order->feed) && text_set(object, "plan", order->plan) &&
	       (order->before_s == 0 ||
	           json_object_set_new(object, "before", json_integer(order->before_s)) == 0) &&
	       (order->courses_count == 0 ||
	           json_object_set_new(object, "courses", courses_list(order)) == 0);
}

static struct error courses_check(const struct order *order)
{
	for (size_t i = 0; i < order->courses_count; i++)
		if (value_check(slice_of(order->courses[i])) != VALUE_CLEAN)
			return error_reject("bad_course", 0, "no course has a name like '%.60s'",
			    order->courses[i]);
	return order->courses_count > ORDER_COURSES_MAX
	           ? error_reject("bad_course", 0,
	                 "one order can name at most %d courses: release all of the plan, or "
	                 "some of them now and the others of the plan that is left",
	                 ORDER_COURSES_MAX)
	           : OK;
}

struct error order_format(const struct order *order, struct buffer *text)
{
	struct error error = courses_check(order);
	if (is_error(&error))
		return error;
	json_t *object = json_object();
	if (object && members_set(object, order))
		jsonout_add(text, object, JSON_COMPACT);
	else
		text->failed = true;
	buffer_add_char(text, '\n');
	json_decref(object);
	return text->failed ? error_memory("writing an order") : OK;
}

/* ---- in ---- */

static void text_take(const json_t *object, const char *name, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(object, name));
	snprintf(text, size, "%.*s", CUT_ARG(value ? value : "", size - 1));
}

static int64_t uid_take(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	json_int_t uid = json_integer_value(value);
	return json_is_integer(value) && uid >= 0 && uid < UINT32_MAX ? uid : -1;
}

/* "" where it is none: half a hash or half a name would be another one. */
static void hash_take(const json_t *object, char plan[HASH_TEXT_SIZE + 1])
{
	const char *value = json_string_value(json_object_get(object, "plan"));
	bool is_hash = value && strlen(value) == HASH_TEXT_SIZE &&
	               strspn(value, "0123456789abcdef") == HASH_TEXT_SIZE;
	snprintf(plan, HASH_TEXT_SIZE + 1, "%s", is_hash ? value : "");
}

static void feed_take(const json_t *object, char feed[FEED_NAME_MAX + 1])
{
	const char *value = json_string_value(json_object_get(object, "feed"));
	snprintf(feed, FEED_NAME_MAX + 1, "%s", value && order_is_feed(value) ? value : "");
}

/* An order that names courses never becomes one about all of them. */
static bool courses_are_good(const json_t *courses)
{
	size_t i;
	const json_t *course;
	if (!courses)
		return true;
	json_array_foreach((json_t *)courses, i, course)
	{
		size_t size = json_string_length(course);
		if (size == 0 || size >= ORDER_COURSE_SIZE)
			return false;
	}
	size_t count = json_array_size(courses);
	return count > 0 && count <= ORDER_COURSES_MAX;
}

static void courses_take(const json_t *courses, struct arena *arena, struct order *order)
{
	size_t count = json_array_size(courses);
	order->courses = count > 0 ? arena_alloc(arena, count * sizeof *order->courses) : NULL;
	for (size_t i = 0; order->courses && i < count; i++)
		snprintf(order->courses[i], sizeof order->courses[i], "%s",
		    json_string_value(json_array_get(courses, i)));
	order->courses_count = order->courses ? count : 0;
}

struct error order_understand(struct slice text, struct arena *arena, struct order *order)
{
	json_t *object;
	struct error error = jsonin_load(text, "reading an order", &object);
	const json_t *courses = json_object_get(object, "courses");
	text_take(object, "by", order->by, sizeof order->by);
	text_take(object, "why", order->why, sizeof order->why);
	order->at_s = json_integer_value(json_object_get(object, "at"));
	order->uid = uid_take(object, "uid");
	order->loginuid = uid_take(object, "loginuid");
	order->before_s = json_integer_value(json_object_get(object, "before"));
	hash_take(object, order->plan);
	feed_take(object, order->feed);
	order->courses = NULL;
	order->courses_count = 0;
	if (!courses_are_good(courses))
		*order->feed = '\0';
	else if (arena)
		courses_take(courses, arena, order);
	json_decref(object);
	return arena && arena_has_failed(arena) ? error_memory("reading an order") : error;
}

void order_parse(struct slice text, struct arena *arena, struct order *order)
{
	struct error error = order_understand(text, arena, order);
	if (is_error(&error))
		arena_fail(arena);
}
