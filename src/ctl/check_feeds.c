/*
 * Who may drop into each feed and read its answers, as things are: a member of its drop group who
 * is in no other, and each member by name. What they could do is computed (access.h), for nobody
 * can be asked to try.
 */
#include "check.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

enum { MEMBERS_MAX = 200, GROUPS_MAX = 256, NAMES_SIZE = 160, NAMES_SHOWN = 4, WORDS_SIZE = 16 };

/* Who a member of a group is who has no other right: no owner of anything. */
#define NOBODY_ELSE ((uid_t)-2)

struct member {
	char name[64];
	uid_t user;
	gid_t group;
};

struct members {
	struct member list[MEMBERS_MAX];
	size_t count;
};

static void member_add(struct members *members, const struct passwd *user)
{
	for (size_t i = 0; user && i < members->count; i++)
		if (members->list[i].user == user->pw_uid)
			return;
	if (!user || members->count == MEMBERS_MAX)
		return;
	struct member *member = &members->list[members->count++];
	snprintf(member->name, sizeof member->name, "%s", user->pw_name);
	member->user = user->pw_uid;
	member->group = user->pw_gid;
}

/* Those that the group names, and those whose own group it is. */
static void members_find(const char *name, struct members *members)
{
	const struct group *group = getgrnam(name);
	const struct passwd *user;
	if (!group)
		return;
	gid_t gid = group->gr_gid;
	for (char **each = group->gr_mem; *each; each++)
		member_add(members, getpwnam(*each));
	setpwent();
	while ((user = getpwent()))
		if (user->pw_gid == gid)
			member_add(members, user);
	endpwent();
}

static const char *user_of(const struct place_owner *owner)
{
	const struct passwd *user = getpwuid(owner->user);
	return user ? user->pw_name : "enrold";
}

/* ---- what somebody could do ---- */

static size_t place_find(
    const struct places *places, const char *feed, enum place_use use, bool is_preview)
{
	for (size_t i = 0; i < places->count; i++) {
		const struct place *place = &places->list[i];
		const char *slash = strrchr(place->path, '/');
		bool is_this = slash && strcmp(slash, "/preview") == 0;
		if (place->feed && strcmp(place->feed, feed) == 0 && place->use == use &&
		    is_this == is_preview)
			return i;
	}
	return places->count;
}

static bool could(const struct check_spool *spool, const struct person *person, const char *feed,
    enum place_use use, bool is_preview)
{
	unsigned bits = ACCESS_PASS | (use == PLACE_TO_DROP ? ACCESS_WRITE : ACCESS_READ);
	size_t place = place_find(&spool->places, feed, use, is_preview);
	return place < spool->places.count &&
	       places_may(&spool->places, spool->seen, place, person, bits);
}

/* It is another's, and that one's settings do not say that this group has it too. */
static bool is_foreign(
    const struct place *place, const struct place *own, const struct access *seen)
{
	if (place->use == PLACE_TO_PASS)
		return false;
	if (place->use == PLACE_CLOSED)
		return true;
	bool is_shared =
	    place->group == PLACE_ANY_GROUP ? seen->group == own->gid : place->gid == own->gid;
	return strcmp(place->feed, own->feed) != 0 && !is_shared;
}

/* Appends where somebody could read or write who ought not to. */
static void foreign_find(const struct check_spool *spool, const struct person *person,
    const struct place *own, char text[CHECK_TEXT_SIZE])
{
	size_t used = strlen(text);
	for (size_t i = 0; i < spool->places.count; i++) {
		const struct place *place = &spool->places.list[i];
		if (spool->views[i].sight != PLACE_SEEN || !is_foreign(place, own, &spool->seen[i]))
			continue;
		bool reads = places_may(&spool->places, spool->seen, i, person, ACCESS_READ);
		bool writes = places_may(&spool->places, spool->seen, i, person, ACCESS_WRITE);
		if ((reads || writes) && used + PLACE_PATH_SIZE + WORDS_SIZE < CHECK_TEXT_SIZE)
			used += (size_t)snprintf(text + used, CHECK_TEXT_SIZE - used, "%s%s %s",
			    used > 0 ? ", " : "", writes ? "write into" : "read", place->path);
	}
	char files[CHECK_TEXT_SIZE];
	if (check_files_may(spool, person, files) && used + 2 < CHECK_TEXT_SIZE)
		snprintf(text + used, CHECK_TEXT_SIZE - used, "%s%.*s", used > 0 ? ", " : "",
		    (int)(CHECK_TEXT_SIZE - used - 3), files);
}

/* ---- one feed ---- */

/* One of a drop group by itself. False: something is wrong. */
static bool anybody_check(const struct check_spool *spool, const struct feed *feed,
    const struct place *own, struct findings *findings)
{
	const struct person anybody = {NOBODY_ELSE, &own->gid, 1};
	const char *group = feed->policy.drop_group;
	char about[FEED_NAME_MAX + 8], more[CHECK_TEXT_SIZE] = "";
	snprintf(about, sizeof about, "feed %s", feed->name);
	bool drops = could(spool, &anybody, feed->name, PLACE_TO_DROP, false) &&
	             could(spool, &anybody, feed->name, PLACE_TO_DROP, true);
	bool reads = could(spool, &anybody, feed->name, PLACE_TO_READ, false);
	foreign_find(spool, &anybody, own, more);
	if (!drops || !reads)
		findings_add(findings, FINDING_BAD, about,
		    "the group %s cannot %s: see the lines of its folders, and of those above them",
		    group, drops ? "read its answers" : "drop files");
	if (*more)
		findings_add(
		    findings, FINDING_BAD, about, "the group %s could also %s", group, more);
	return drops && reads && !*more;
}

/* A member may be more than a member; what is another feed's may be theirs on purpose. */
static bool member_check(
    const struct check_spool *spool, const struct member *member, char text[CHECK_TEXT_SIZE])
{
	gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;
	if (getgrouplist(member->name, member->group, groups, &count) < 0)
		count = GROUPS_MAX;
	const struct person person = {member->user, groups, (size_t)count};
	text[0] = '\0';
	for (size_t i = 0; i < spool->places.count; i++)
		if (spool->places.list[i].use == PLACE_CLOSED &&
		    spool->views[i].sight == PLACE_SEEN &&
		    places_may(&spool->places, spool->seen, i, &person, ACCESS_READ)) {
			snprintf(text, CHECK_TEXT_SIZE, "read %s", spool->places.list[i].path);
			return false;
		}
	return !check_files_may(spool, &person, text);
}

/* "anna, ben and 3 more" */
static size_t members_show(
    const struct check_spool *spool, const struct members *members, char names[NAMES_SIZE])
{
	size_t others = 0, used = 0;
	names[0] = '\0';
	for (size_t i = 0; i < members->count; i++) {
		if (members->list[i].user == spool->owner.user || members->list[i].user == 0)
			continue;
		if (others++ < NAMES_SHOWN)
			used += (size_t)snprintf(names + used, NAMES_SIZE - used, "%s%.32s",
			    used > 0 ? ", " : "", members->list[i].name);
	}
	if (others > NAMES_SHOWN)
		snprintf(names + used, NAMES_SIZE - used, " and %zu more", others - NAMES_SHOWN);
	return others;
}

static bool daemon_check(const struct check_spool *spool, const struct feed *feed, gid_t group,
    const struct members *members, struct findings *findings)
{
	char about[FEED_NAME_MAX + 8];
	const char *name = feed->policy.drop_group, *user = user_of(&spool->owner);
	bool is_in = spool->owner.user == 0 || spool->owner.group == group;
	snprintf(about, sizeof about, "feed %s", feed->name);
	for (size_t i = 0; i < members->count && !is_in; i++)
		is_in = members->list[i].user == spool->owner.user;
	if (!is_in) {
		findings_add(findings, FINDING_BAD, about,
		    "the user %s is not in the group %s, and cannot read what that drops: usermod "
		    "-aG %s %s, then systemctl restart enrold",
		    user, name, name, user);
		return false;
	}
	if (spool->owner.user == 0 || check_daemon_has_group(spool->daemon, group) != 0)
		return true;
	findings_add(findings, FINDING_BAD, about,
	    "the daemon was started before its user was in the group %s: systemctl restart enrold",
	    name);
	return false;
}

static bool members_check(const struct check_spool *spool, const struct feed *feed,
    const struct members *members, struct findings *findings)
{
	char about[FEED_NAME_MAX + 8], text[CHECK_TEXT_SIZE];
	bool is_good = true;
	snprintf(about, sizeof about, "feed %s", feed->name);
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->list[i];
		if (member->user == 0 || member->user == spool->owner.user ||
		    member_check(spool, member, text))
			continue;
		findings_add(findings, FINDING_BAD, about,
		    "%s, who is in the group %s, could also %s, by another group: who drops files "
		    "should be in no other group of enrold's",
		    member->name, feed->policy.drop_group, text);
		is_good = false;
	}
	return is_good;
}

static bool answers_check(const struct check_spool *spool, const struct feed *feed,
    const struct place *outbox, struct findings *findings)
{
	char about[FEED_NAME_MAX + 8];
	long count = place_count_unread(spool->config, outbox, &spool->owner);
	snprintf(about, sizeof about, "feed %s", feed->name);
	if (count > 0)
		findings_add(findings, FINDING_BAD, about,
		    "%ld answer%s in %s cannot be read by the group %s: `sudo enrolctl check "
		    "--fix` gives them to it",
		    count, count == 1 ? "" : "s", outbox->path, feed->policy.drop_group);
	return count <= 0;
}

/* Something of the feed's cannot be seen: then nothing can be said of it. */
static bool is_hidden(const struct check_spool *spool, const char *feed)
{
	for (size_t i = 0; i < spool->places.count; i++) {
		const struct place *place = &spool->places.list[i];
		bool is_its = !place->feed || strcmp(place->feed, feed) == 0;
		if (is_its && spool->views[i].sight == PLACE_HIDDEN)
			return true;
	}
	return false;
}

static void named_check(
    const struct check_spool *spool, const struct feed *feed, struct findings *findings)
{
	char about[FEED_NAME_MAX + 8], names[NAMES_SIZE];
	const char *name = feed->policy.drop_group;
	struct members members = {.count = 0};
	size_t at = place_find(&spool->places, feed->name, PLACE_TO_READ, false);
	const struct place *outbox = &spool->places.list[at];
	snprintf(about, sizeof about, "feed %s", feed->name);
	if (outbox->group == PLACE_UNKNOWN_GROUP) {
		findings_add(findings, FINDING_BAD, about,
		    "there is no group %s: groupadd --system %s && usermod -aG %s %s, usermod -aG "
		    "%s for who drops files, systemctl restart enrold, then `sudo enrolctl check "
		    "--fix`",
		    name, name, name, user_of(&spool->owner), name);
		return;
	}
	if (spool->owner.user != 0 && outbox->gid == spool->owner.group) {
		findings_add(findings, FINDING_BAD, about,
		    "%s is the daemon's own group, whose members may steer it and read what all "
		    "feeds drop: groupadd --system %s-drop, usermod -aG %s-drop for %s and for who "
		    "drops files, name that as drop_group, systemctl restart enrold, then `sudo "
		    "enrolctl check --fix`",
		    name, feed->name, feed->name, user_of(&spool->owner));
		return;
	}
	members_find(name, &members);
	bool is_good = daemon_check(spool, feed, outbox->gid, &members, findings);
	if (!is_hidden(spool, feed->name)) {
		is_good &= anybody_check(spool, feed, outbox, findings);
		is_good &= members_check(spool, feed, &members, findings);
		is_good &= answers_check(spool, feed, outbox, findings);
	}
	size_t others = members_show(spool, &members, names);
	if (others == 0)
		findings_add(findings, FINDING_NOTE, about,
		    "nobody but the daemon is in the group %s: usermod -aG %s for who drops files",
		    name, name);
	else if (is_good)
		findings_add(findings, FINDING_GOOD, about,
		    "who is in the group %s may drop files and read the answers, and nothing "
		    "else: %s",
		    name, names);
}

/* Nobody has said who drops: then it is told who may. */
static void unnamed_check(
    const struct check_spool *spool, const struct feed *feed, struct findings *findings)
{
	char about[FEED_NAME_MAX + 8];
	size_t at = place_find(&spool->places, feed->name, PLACE_TO_DROP, false);
	const struct access *seen = &spool->seen[at];
	snprintf(about, sizeof about, "feed %s", feed->name);
	if (spool->views[at].sight != PLACE_SEEN)
		return;
	const struct person member = {NOBODY_ELSE, &seen->group, 1};
	const struct group *group = getgrgid(seen->group);
	const char *name = group ? group->gr_name : "without a name";
	/* As the package makes the folder of the feed default. */
	bool is_packaged = strcmp(name, "enrold-drop") == 0;
	if (seen->group != spool->owner.group && access_may(seen, &member, ACCESS_WRITE))
		findings_add(findings, is_packaged ? FINDING_GOOD : FINDING_NOTE, about,
		    "who is in the group %s may drop files, by the mode of %s%s", name,
		    spool->places.list[at].path,
		    is_packaged ? "; drop_group would keep it so"
		                : ", though no drop_group says so: name the group there, or take "
		                  "the folders of inbox and outbox from it with chgrp");
	else
		findings_add(findings, FINDING_GOOD, about,
		    "only %s and root can drop files: drop_group lets others",
		    user_of(&spool->owner));
}

void check_feeds(const struct check_spool *spool, struct findings *findings)
{
	for (size_t i = 0; i < spool->config->feeds_count; i++) {
		const struct feed *feed = &spool->config->feeds[i];
		if (feed->policy.drop_group)
			named_check(spool, feed, findings);
		else
			unnamed_check(spool, feed, findings);
	}
}
