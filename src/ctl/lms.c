/*
 * enrolctl lms ...: making a site and filling it.
 */
#include "check.h"
#include "ctl.h"
#include "findings.h"
#include "owner.h"
#include "sheet.h"

#include "enrold/checkpoints.h"
#include "enrold/note.h"
#include "enrold/secret.h"
#include "enrold/site.h"

#include <assert.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static enum ctl_exit json_print(json_t *object)
{
	int failed = json_dumpf(object, stdout, JSON_COMPACT);
	failed |= putchar('\n') == EOF || fflush(stdout) != 0;
	json_decref(object);
	return failed ? CTL_TRY_LATER : CTL_OK;
}

/* The daemon's user must be able to write what is made here. */
static struct error folder_enter(const char *url)
{
	static const char scheme[] = "sqlite:";
	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return OK;
	const char *path = url + strlen(scheme), *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 0, path);
	return owner_become(folder);
}

static void made_print(bool made, const char *url)
{
	struct buffer shown = {0};
	secret_show_url(url, &shown);
	buffer_add_char(&shown, '\0');
	printf(made ? "A site was made, or brought up to date, in %s.\n"
	            : "There is a site in %s already; nothing changed.\n",
	    shown.failed ? "lms.url" : shown.bytes);
	buffer_done(&shown);
}

enum ctl_exit ctl_lms_init(const struct ctl *ctl)
{
	bool made;
	struct error error = folder_enter(ctl->config->lms.url);
	if (!is_error(&error))
		error = site_init(&ctl->config->lms, &made);
	if (is_error(&error))
		return ctl_fail(&error);
	if (ctl->json)
		return json_print(json_pack("{s:b}", "made", made));
	if (config_is_shared(ctl->config))
		puts(made ? "enrold's own tables were made, or brought up to date; Moodle's are as "
		            "they were."
		          : "enrold's own tables are there already; nothing changed.");
	else
		made_print(made, ctl->config->lms.url);
	return CTL_OK;
}

/* Not of the site, but no other check is run with the daemon's own settings and rights. */
static void checkpoints_check(const struct config *config, struct findings *findings)
{
	static const char about[] = "checkpoints";
	char text[sizeof((struct error *)0)->text + NOTE_ORIGIN_MAX];
	const struct checkpoint_options *options = &config->checkpoints;
	struct note_key *key;
	if (!options->key)
		return;
	if (options->key[0] != '/' && !getenv("CREDENTIALS_DIRECTORY")) {
		snprintf(text, sizeof text,
		    "the key is the credential %s, which only the unit has; enrolctl status "
		    "tells whether it can be read",
		    options->key);
		findings_on(findings, FINDING_NOTE, about, text);
		return;
	}
	struct error error = checkpoints_load_key(options, &key);
	snprintf(text, sizeof text, "%s%s", is_error(&error) ? "" : "they are signed as ",
	    is_error(&error) ? error.text : options->origin);
	findings_on(findings, is_error(&error) ? FINDING_BAD : FINDING_GOOD, about, text);
	note_key_free(key);
}

struct error check_site(const struct config *config, struct findings *findings)
{
	struct error error = site_check(config, findings_on, findings);
	if (!is_error(&error))
		checkpoints_check(config, findings);
	return error;
}

enum ctl_exit ctl_lms_check(const struct ctl *ctl)
{
	struct findings findings;
	struct error error;
	findings_begin(&findings, ctl->json);
	error = check_site(ctl->config, &findings);
	if (is_error(&error)) {
		json_decref(findings.list);
		return ctl_fail(&error);
	}
	return findings_end(&findings);
}

static enum ctl_exit answer_json(
    const struct sheet *sheet, const struct site_answer *answers, const size_t counts[3])
{
	json_t *refused = json_array();
	for (size_t i = 0; i < sheet->count; i++)
		if (answers[i].outcome == SITE_REFUSED)
			json_array_append_new(
			    refused, json_pack("{s:I, s:s}", "line",
			                 (json_int_t)sheet->rows[i].line, "why", answers[i].why));
	return json_print(json_pack("{s:I, s:I, s:o}", "added", (json_int_t)counts[SITE_ADDED],
	    "exist", (json_int_t)counts[SITE_EXISTS], "refused", refused));
}

static enum ctl_exit answer_print(const struct ctl *ctl, const char *what,
    const struct sheet *sheet, const struct site_answer *answers)
{
	size_t counts[3] = {0};
	assert(answers);
	for (size_t i = 0; i < sheet->count; i++)
		counts[answers[i].outcome]++;
	enum ctl_exit status = counts[SITE_REFUSED] > 0 ? CTL_NO : CTL_OK;
	if (ctl->json) {
		enum ctl_exit printed = answer_json(sheet, answers, counts);
		return printed == CTL_OK ? status : printed;
	}
	for (size_t i = 0; i < sheet->count; i++)
		if (answers[i].outcome == SITE_REFUSED)
			fprintf(stderr, "enrolctl: %s:%llu: %s\n", ctl->arguments[0],
			    (unsigned long long)sheet->rows[i].line, answers[i].why);
	printf("%zu %s added, %zu there already, %zu refused\n", counts[SITE_ADDED], what,
	    counts[SITE_EXISTS], counts[SITE_REFUSED]);
	return status;
}

/* Turns the sheet's rows into the site's, and adds them. */
typedef struct error add_rows(const struct lms_options *options, struct arena *arena,
    const struct sheet *sheet, struct site_answer *answers);

static struct error courses_add(const struct lms_options *options, struct arena *arena,
    const struct sheet *sheet, struct site_answer *answers)
{
	struct course_row *rows = arena_alloc(arena, (sheet->count + 1) * sizeof *rows);
	for (size_t i = 0; rows && i < sheet->count; i++) {
		const struct slice *cells = sheet->rows[i].cells;
		rows[i] = (struct course_row){
		    sheet->rows[i].line, cells[0], cells[1], cells[2], cells[3]};
	}
	return rows ? site_add_courses(options, rows, sheet->count, answers)
	            : error_memory("adding courses");
}

static struct error users_add(const struct lms_options *options, struct arena *arena,
    const struct sheet *sheet, struct site_answer *answers)
{
	struct user_row *rows = arena_alloc(arena, (sheet->count + 1) * sizeof *rows);
	for (size_t i = 0; rows && i < sheet->count; i++) {
		const struct slice *cells = sheet->rows[i].cells;
		rows[i] = (struct user_row){
		    sheet->rows[i].line, cells[0], cells[1], cells[2], cells[3], cells[4]};
	}
	return rows ? site_add_users(options, rows, sheet->count, answers)
	            : error_memory("adding users");
}

static enum ctl_exit add(
    const struct ctl *ctl, const char *what, const char *const *names, add_rows *add_all)
{
	struct sheet sheet = {.count = 0};
	struct site_answer *answers = NULL;
	struct arena *arena = arena_create();
	struct error error = arena ? sheet_load(ctl->arguments[0], names, arena, &sheet)
	                           : error_memory("reading the rows");
	if (!is_error(&error)) {
		answers = arena_alloc(arena, (sheet.count + 1) * sizeof *answers);
		error = answers ? add_all(&ctl->config->lms, arena, &sheet, answers)
		                : error_memory("reading the rows");
	}
	enum ctl_exit status =
	    is_error(&error) ? ctl_fail(&error) : answer_print(ctl, what, &sheet, answers);
	arena_free(arena);
	return status;
}

enum ctl_exit ctl_lms_add_courses(const struct ctl *ctl)
{
	static const char *const names[] = {"shortname", "fullname", "category", "idnumber", NULL};
	return add(ctl, "courses", names, courses_add);
}

enum ctl_exit ctl_lms_add_users(const struct ctl *ctl)
{
	static const char *const names[] = {
	    "username", "firstname", "lastname", "email", "idnumber", NULL};
	return add(ctl, "users", names, users_add);
}
