#include "settings.h"

#include "rule.h"

#include "enrold/log.h"
#include "enrold/occasion.h"
#include "enrold/value.h"

#include <string.h>

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static struct stat file_look(const char *path)
{
	struct stat seen;
	return stat(path, &seen) == 0 ? seen : (struct stat){0};
}

struct error settings_open(struct settings *settings, const char *path)
{
	*settings = (struct settings){.path = path, .seen = file_look(path)};
	struct error error = config_load(path, &settings->file);
	if (is_error(&error)) {
		value_cover_text(error.text);
		settings->file = NULL;
	} else {
		log_set_level(config_get(settings->file)->log_level);
	}
	return error;
}

bool settings_look(struct settings *settings)
{
	struct stat seen = file_look(settings->path);
	if (is_same(&seen, &settings->seen))
		return false;
	struct settings next;
	struct error error = settings_open(&next, settings->path);
	settings->seen = next.seen;
	if (!is_error(&error) &&
	    strcmp(config_get(next.file)->spool, config_get(settings->file)->spool) != 0)
		error = error_config("another spool needs a new start of enrold-notify");
	if (is_error(&error)) {
		config_free(next.file);
		log_event(LOG_ERROR, "notify_settings", json_pack("{s:s}", "file", settings->path),
		    "the new settings are wrong, the old ones stay in force: %s", error.text);
		return false;
	}
	config_free(settings->file);
	settings->file = next.file;
	log_event(LOG_INFO, "notify_settings", json_pack("{s:s}", "file", settings->path),
	    "new settings are in force");
	return true;
}

void settings_close(struct settings *settings)
{
	config_free(settings->file);
	settings->file = NULL;
}

const struct config *settings_get(const struct settings *settings)
{
	return config_get(settings->file);
}

const struct feed *settings_find(const struct settings *settings, const char *feed)
{
	const struct feed *found = config_find_feed(settings_get(settings), feed);
	return found && policy_tells(&found->policy) ? found : NULL;
}

unsigned settings_wanted(const struct feed *feed)
{
	unsigned bits = 0;
	for (enum tell tell = 0; tell < TELLS; tell++)
		if (policy_tells_of(&feed->policy, tell_name(tell)))
			bits |= TELL_BIT(tell);
	return bits;
}

bool settings_has(const struct feed *feed, const char *to)
{
	const struct policy_notify *notify = &feed->policy.notify;
	for (size_t i = 0; to && i < notify->mail.count; i++)
		if (strcmp(notify->mail.items[i], to) == 0)
			return true;
	return !to && notify->webhook;
}
