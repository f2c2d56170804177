/*
 * enrolctl preset list, show, check: what there is for systems whose files are known, and whether
 * a preset of the site's own is well made.
 */
#include "ctl.h"
#include "meant.h"
#include "preset_tell.h"
#include "terminal.h"

#include "enrold/preset.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum ctl_exit printed(void)
{
	return fflush(stdout) == 0 ? CTL_OK : CTL_TRY_LATER;
}

static enum ctl_exit json_print(json_t *value)
{
	bool is_good =
	    value && json_dumpf(value, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF;
	json_decref(value);
	return is_good ? printed() : CTL_TRY_LATER;
}

static const char *name_at(const void *nothing, size_t index)
{
	size_t count;
	const char *const *names = preset_builtin_names(&count);
	(void)nothing;
	return index < count ? names[index] : NULL;
}

/* ---- list ---- */

static json_t *one_json(const struct preset *preset)
{
	return json_pack("{s:s, s:s}", "name", preset->name, "about", preset->about);
}

enum ctl_exit ctl_preset_list(const struct ctl *ctl)
{
	struct arena *arena = arena_create();
	struct error error = arena ? OK : error_memory("listing presets");
	json_t *list = json_array();
	const char *name;
	for (size_t i = 0; !is_error(&error) && (name = name_at(NULL, i)); i++) {
		const struct preset *preset;
		error = preset_load(name, arena, &preset);
		if (!is_error(&error) && ctl->json)
			json_array_append_new(list, one_json(preset));
		else if (!is_error(&error))
			printf("%-16s %s\n", preset->name, preset->about);
		if (arena)
			arena_reset(arena);
	}
	arena_free(arena);
	if (!is_error(&error) && ctl->json)
		return json_print(list);
	json_decref(list);
	return is_error(&error) ? ctl_fail(&error) : printed();
}

/* ---- show ---- */

enum ctl_exit ctl_preset_show(const struct ctl *ctl)
{
	const char *name = ctl->arguments[0], *text = preset_builtin(name);
	if (!text) {
		meant_tell("preset", name, name_at, NULL, "; enrolctl preset list names them");
		return CTL_NO;
	}
	if (ctl->json)
		return json_print(json_pack("{s:s, s:s}", "name", name, "text", text));
	fputs(text, stdout);
	return printed();
}

/* ---- check ---- */

enum ctl_exit ctl_preset_check(const struct ctl *ctl)
{
	char path[PATH_MAX];
	const struct preset *preset;
	struct arena *arena = arena_create();
	struct error error = arena ? OK : error_memory("reading a preset");
	/* A feed names it by its whole path, whoever looks at it need not. */
	if (!is_error(&error) && !realpath(ctl->arguments[0], path))
		error = error_config("cannot read %s: %s", ctl->arguments[0], strerror(errno));
	if (!is_error(&error))
		error = preset_load(path, arena, &preset);
	enum ctl_exit status;
	if (is_error(&error)) {
		status = ctl_fail(&error);
	} else if (ctl->json) {
		status = json_print(preset_json(preset));
	} else {
		preset_tell(preset);
		fputs("\nIt is well made. In the feed:\n    preset: ", stdout);
		terminal_write(stdout, path);
		fputs("\n", stdout);
		preset_advise(preset, NULL, 0, "    ");
		status = printed();
	}
	arena_free(arena);
	return status;
}
