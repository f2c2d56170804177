#include "words.h"

#include "figure.h"

#include "enrold/runid.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *words_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

int64_t words_number(const json_t *object, const char *name)
{
	return (int64_t)json_number_value(json_object_get(object, name));
}

bool words_is(const json_t *object, const char *name, const char *text)
{
	return strcmp(words_text(object, name), text) == 0;
}

int64_t words_time(const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	return end && (*end == '.' || *end == 'Z') ? (int64_t)timegm(&tm) : 0;
}

int64_t words_run_time(const char *run)
{
	int64_t epoch_us;
	return run_id_parse(run, &epoch_us) ? epoch_us / 1000000 : 0;
}

static void add(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text + used, size - used, format, arguments);
	va_end(arguments);
}

/* Of a state that has all of it. */
static void enrolment_words(char text[STATE_SIZE], const int64_t times[2], bool is_suspended,
    const char *roles, int64_t now_s)
{
	char shown[FIGURE_SIZE];
	int64_t start = times[0], end = times[1];
	bool has_ended = end != 0 && end <= now_s;
	snprintf(text, STATE_SIZE, "%s",
	    is_suspended    ? "suspended"
	    : has_ended     ? "ended"
	    : start > now_s ? "not yet"
	                    : "active");
	if (*roles)
		add(text, STATE_SIZE, " as %s", roles);
	if (start > now_s) {
		figure_time(shown, start, now_s);
		add(text, STATE_SIZE, ", from %s", shown + strspn(shown, " "));
	}
	if (end != 0) {
		figure_time(shown, end, now_s);
		add(text, STATE_SIZE, ", until %s", shown + strspn(shown, " "));
	}
}

void words_state(char text[STATE_SIZE], const char *state, int64_t now_s)
{
	long long status, start, end;
	int at = 0;
	if (*state == '\0')
		snprintf(text, STATE_SIZE, "not enrolled");
	else if (sscanf(state, "status=%lld;timestart=%lld;timeend=%lld;roles=%n", &status, &start,
	             &end, &at) == 3 &&
	         at > 0)
		enrolment_words(text, (int64_t[2]){start, end}, status != 0, state + at, now_s);
	else if (strncmp(state, "roles=", strlen("roles=")) == 0)
		snprintf(text, STATE_SIZE, "only as %s", state + strlen("roles="));
	else
		snprintf(text, STATE_SIZE, "%s", state);
}

void words_place(char text[PLACE_TEXT_SIZE], const json_t *row)
{
	const char *file = words_text(row, "file"), *member = words_text(row, "member");
	long long line = (long long)words_number(row, *member ? "member_line" : "line");
	if (line > 0)
		snprintf(
		    text, PLACE_TEXT_SIZE, "%s%s%s:%lld", file, *member ? "/" : "", member, line);
	else
		snprintf(text, PLACE_TEXT_SIZE, "%s", file);
}

void words_line(char text[PLACE_TEXT_SIZE], const json_t *row)
{
	const char *member = words_text(row, "member");
	long long line = (long long)words_number(row, *member ? "member_line" : "line");
	*text = '\0';
	if (line > 0)
		snprintf(text, PLACE_TEXT_SIZE, "%s%sline %lld", member, *member ? ", " : "", line);
}

void words_outcomes(char text[OUTCOMES_SIZE], const json_t *outcomes)
{
	static const struct {
		const char *name, *one, *many;
	} kinds[] = {{"done", "done", "done"}, {"unchanged", "unchanged", "unchanged"},
	    {"warning", "warning", "warnings"}, {"error", "error", "errors"},
	    {"skipped", "skipped", "skipped"}};
	*text = '\0';
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char shown[FIGURE_SIZE];
		int64_t count = words_number(outcomes, kinds[i].name);
		if (count <= 0)
			continue;
		figure_number(shown, (uint64_t)count);
		add(text, OUTCOMES_SIZE, "%s%s %s", *text ? ", " : "", shown,
		    count == 1 ? kinds[i].one : kinds[i].many);
	}
}
