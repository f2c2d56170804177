#include "member.h"

#include <time.h>

const char *member_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

json_int_t member_number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

int64_t member_time(const json_t *object, const char *name)
{
	struct tm tm = {0};
	const char *end = strptime(member_text(object, name), "%Y-%m-%dT%H:%M:%S", &tm);
	return end ? (int64_t)timegm(&tm) : -1;
}
