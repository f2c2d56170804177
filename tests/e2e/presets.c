/*
 * What each system really drops, and what becomes of it. A story is a text that people can read,
 * tests/presets/NAME/story: lines that begin with "$" are what is done, the others what is there
 * afterwards; all of it is compared.
 *
 *     $ feed absence: { action: suspend }     more of the feed than its preset, before anything
 * else $ drop first/users.csv                  a file of that folder, and how its answer reads $
 * zip first sis.zip                     all files of a folder, as one archive of that name $
 * people, $ places                      who has an account; who is in which course
 *
 * A folder with a preset.yaml tells of a preset of a site's own. Of an answer only what is not done
 * or unchanged is listed: line, column, outcome and code.
 */
#include "fatal.h"
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

static const char names[][24] = {"canvas", "oneroster", "blackboard", "flatfile", "sds", "google",
    "entra", "successfactors", "d2l", "clever", "totara", "peoplesoft", "infor", "plusplus",
    "sflearning", "roster", "own"};

enum { NAMES = sizeof names / sizeof *names, NAME_ROOM = 256 };

static const char people[] =
    "SELECT username, idnumber, firstname, lastname, middlename, email, phone1, department,"
    " CASE suspended WHEN 0 THEN 'active' ELSE 'suspended' END || CASE deleted WHEN 0 THEN ''"
    " ELSE ', deleted' END FROM mdl_user WHERE id > 2 AND NOT (username GLOB 'p[0-9]*'"
    " AND idnumber GLOB 'person-*') ORDER BY username";

/* Starts and ends are told where the file has set them: not today, not never. */
static const char places[] =
    "SELECT u.username, c.idnumber,"
    " CASE ue.status WHEN 0 THEN 'active' ELSE 'suspended' END,"
    " (SELECT group_concat(shortname, '+') FROM (SELECT r.shortname FROM mdl_role_assignments ra"
    " JOIN mdl_role r ON r.id = ra.roleid JOIN mdl_context x ON x.id = ra.contextid WHERE"
    " ra.userid = u.id AND x.contextlevel = 50 AND x.instanceid = c.id ORDER BY r.shortname)),"
    " CASE WHEN ue.timestart < 1700000000 THEN 'from ' || ue.timestart ELSE '' END ||"
    " CASE ue.timeend WHEN 0 THEN '' ELSE ' until ' || ue.timeend END"
    " FROM mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = ue.enrolid"
    " JOIN mdl_course c ON c.id = e.courseid JOIN mdl_user u ON u.id = ue.userid"
    " ORDER BY u.username, c.idnumber";

struct story {
	const char *name;
	struct path folder;
	struct rig rig;
	struct buffer told; /* what really happens */
};

static void told_query(struct story *story, const char *sql)
{
	struct buffer rows = rig_query(&story->rig, sql);
	buffer_add(&story->told, rows.bytes, rows.size);
	buffer_done(&rows);
}

/* ---- an answer ---- */

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static bool is_well(const char *outcome)
{
	return strcmp(outcome, "done") == 0 || strcmp(outcome, "unchanged") == 0;
}

static void rows_tell(struct story *story, const struct reply *reply)
{
	static const char *const shown[] = {"line", "column", "outcome", "code"};
	const struct table *result = &reply->result;
	for (size_t row = 1; row < result->rows_count; row++) {
		if (is_well(table_at(result, row, table_column(result, "outcome"))))
			continue;
		for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
			buffer_print(&story->told, "%s%s", i > 0 ? " " : "  line ",
			    table_at(result, row, table_column(result, shown[i])));
		buffer_add_char(&story->told, '\n');
	}
}

static void remarks_tell(struct story *story, const json_t *summary)
{
	size_t i, c;
	json_t *remark, *column;
	json_array_foreach(json_object_get(summary, "remarks"), i, remark)
	{
		buffer_print(&story->told, "  remark %s", member(remark, "code"));
		json_array_foreach(json_object_get(remark, "columns"), c, column) buffer_print(
		    &story->told, "%s %s", c > 0 ? "," : ":", json_string_value(column));
		buffer_add_char(&story->told, '\n');
	}
}

static void answer_tell(struct story *story, const char *name)
{
	struct reply reply;
	reply_open(&reply, &story->rig, name, reply_count(&story->rig, name) - 1);
	buffer_print(&story->told, "%s", reply_status(&reply));
	if (*reply_refusal(&reply))
		buffer_print(&story->told, " %s", reply_refusal(&reply));
	buffer_print(&story->told, ", %d rows\n", (int)reply_number(&reply, NULL, "rows"));
	rows_tell(story, &reply);
	remarks_tell(story, reply.summary);
	reply_close(&reply);
}

/* ---- what is done ---- */

static void drop_bytes(struct story *story, const char *path, const char *name)
{
	struct buffer bytes = files_read(path);
	rig_drop_bytes(&story->rig, name, bytes.bytes, bytes.size);
	buffer_done(&bytes);
	rig_once(&story->rig);
	answer_tell(story, name);
}

static void drop(struct story *story, const char *below)
{
	drop_bytes(story, path_of("%s/%s", story->folder.text, below).text, path_base(below));
}

/* Its files lie flat in the archive, as systems make it. */
static void zip(struct story *story, const char *words)
{
	char folder[NAME_ROOM], name[NAME_ROOM];
	if (sscanf(words, "%255s %255s", folder, name) != 2)
		fatal("zip FOLDER NAME, not %s", words);
	struct path archive = path_of("%s/made.zip", story->rig.root.text);
	files_remove(archive.text);
	struct path command = path_of("cd '%s/%s' && exec python3 -m zipfile -c '%s' *",
	    story->folder.text, folder, archive.text);
	finished_done(
	    &(struct finished[]){program_expect(0, ARGV("/bin/sh", "-c", command.text))}[0]);
	drop_bytes(story, archive.text, name);
}

static void again(struct story *story, const char *name)
{
	struct reply reply;
	reply_open(&reply, &story->rig, name, reply_count(&story->rig, name) - 1);
	rig_drop_bytes(&story->rig, "again.csv", reply.retry.bytes, reply.retry.size);
	reply_close(&reply);
	rig_once(&story->rig);
	answer_tell(story, "again.csv");
}

static void command_do(struct story *story, const char *line)
{
	if (text_starts(line, "drop "))
		drop(story, line + strlen("drop "));
	else if (text_starts(line, "zip "))
		zip(story, line + strlen("zip "));
	else if (text_starts(line, "again "))
		again(story, line + strlen("again "));
	else if (strcmp(line, "people") == 0)
		told_query(story, people);
	else if (strcmp(line, "places") == 0)
		told_query(story, places);
	else if (text_starts(line, "passwords "))
		story->rig.passwords = line + strlen("passwords ");
	else if (!text_starts(line, "feed "))
		fatal("%s: what is \"$ %s\"?", story->name, line);
}

/* ---- a story ---- */

/* MATH-101 and ART-200 are what all of them call two of the site's courses, by whose idnumbers they
 * are found; the law looks for them by what the answer calls them, as a short name. */
static void site_make(struct story *story, const char *more)
{
	struct path own = path_of("%s/preset.yaml", story->folder.text);
	struct path feeds = path_of("  default: { preset: %s%s%s }\n",
	    files_exist(own.text) ? own.text : story->name, *more ? ", " : "", more);
	rig_make(&story->rig, &(struct rig_options){.feeds = feeds.text});
	rig_execute(&story->rig, "UPDATE mdl_course SET idnumber = 'MATH-101', shortname = "
	                         "'MATH-101' WHERE shortname = 'C1';"
	                         "UPDATE mdl_course SET idnumber = 'ART-200', shortname = "
	                         "'ART-200' WHERE shortname = 'C2'");
}

static void story_do(struct story *story, char *text)
{
	char *rest = NULL;
	char *feed = strstr(text, "$ feed ");
	struct path more =
	    path_of("%.*s", feed ? (int)strcspn(feed + 7, "\n") : 0, feed ? feed + 7 : "");
	site_make(story, more.text);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '#' || text_starts(line, "$ "))
			buffer_print(&story->told, "%s\n", line);
		if (text_starts(line, "$ "))
			command_do(story, line + 2);
	}
}

/* Lines without anything stand where people want them. */
static void blank_lines_drop(struct buffer *text)
{
	size_t to = 0;
	for (size_t i = 0; i < text->size; i++)
		if (text->bytes[i] != '\n' || (to > 0 && text->bytes[to - 1] != '\n'))
			text->bytes[to++] = text->bytes[i];
	text->size = to;
	text->bytes[to] = '\0';
}

ParameterizedTestParameters(presets, do_with_what_is_dropped_what_their_story_says)
{
	return cr_make_param_array(const char[24], names, NAMES);
}

ParameterizedTest(const char *name, presets, do_with_what_is_dropped_what_their_story_says)
{
	struct story story = {
	    .name = name, .folder = path_of(SOURCE_DIR "/tests/presets/%s", name)};
	struct buffer wanted = files_read(path_of("%s/story", story.folder.text).text);
	struct buffer text = files_read(path_of("%s/story", story.folder.text).text);
	blank_lines_drop(&wanted);
	story_do(&story, text.bytes);
	buffer_add_char(&story.told, '\0');
	if (strcmp(story.told.bytes, wanted.bytes) != 0) {
		struct path told = path_of("%s/story", story.rig.root.text);
		files_write(told.text, story.told.bytes, story.told.size - 1, 0644);
		fatal("%s: what happened is in %s:\n%s", name, told.text, story.told.bytes);
	}
	buffer_done(&story.told);
	buffer_done(&wanted);
	buffer_done(&text);
	law_close(&story.rig);
}
