/*
 * enrolctl submit and preview: a file goes into a feed's inbox, or into that of its previews.
 */
#include "hand_in.h"
#include "terminal.h"

#include <stdio.h>
#include <string.h>

static enum ctl_exit name_refuse(const char *name, const char *why)
{
	fputs("enrolctl: ", stderr);
	terminal_write(stderr, name);
	fprintf(stderr, " would never be taken, for its name: %s. Rename it.\n", why);
	return CTL_NO;
}

/* What it is called there; NULL: as it is. */
static enum ctl_exit as_take(const char *as, struct drop_source *source)
{
	if (!as)
		return CTL_OK;
	if (*as == '\0' || strchr(as, '/') || strlen(as) >= sizeof source->name) {
		fputs("enrolctl: --as takes the name of a file, without folders, of at most 255 "
		      "bytes\n",
		    stderr);
		return CTL_USAGE;
	}
	snprintf(source->name, sizeof source->name, "%s", as);
	return CTL_OK;
}

/* SIDECAR_KINDS: nothing that the feed waits for is missing. */
static enum sidecar_kind missing_find(const struct feed *feed, const struct drop_source *source)
{
	enum sidecar_kind kind = 0;
	while (kind < SIDECAR_KINDS &&
	       (!policy_requires(&feed->policy, kind) || source->beside[kind] >= 0))
		kind++;
	return kind;
}

static enum ctl_exit missing_tell(
    const struct feed *feed, const struct drop_source *source, enum sidecar_kind kind)
{
	fprintf(stderr, "enrolctl: the feed %s takes no file without its %s: put ", feed->name,
	    sidecar_noun(kind));
	terminal_write(stderr, source->name);
	fprintf(stderr, "%s beside it\n", sidecar_ending(kind));
	return CTL_NO;
}

static enum ctl_exit submit(const struct ctl *ctl, bool is_preview)
{
	struct drop_source source;
	struct lane lane = {.is_preview = is_preview};
	const struct feed *feed = hand_in_feed(ctl);
	if (!feed)
		return CTL_USAGE;
	memcpy(lane.feed, feed->name, sizeof lane.feed);
	struct error error = drop_open_source(feed, ctl->arguments[0], &source);
	if (is_error(&error))
		return ctl_fail(&error);
	enum ctl_exit named = as_take(ctl->options[OPTION_AS], &source);
	const char *why = drop_judge(ctl->config, &lane, source.name);
	enum sidecar_kind missing = missing_find(feed, &source);
	enum ctl_exit status = named != CTL_OK           ? named
	                       : why                     ? name_refuse(source.name, why)
	                       : missing < SIDECAR_KINDS ? missing_tell(feed, &source, missing)
	                                                 : hand_in(ctl, &lane, &source, NULL);
	drop_close_source(&source);
	return status;
}

enum ctl_exit ctl_submit(const struct ctl *ctl)
{
	return submit(ctl, false);
}

enum ctl_exit ctl_preview(const struct ctl *ctl)
{
	return submit(ctl, true);
}
