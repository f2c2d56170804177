#include "enrold/may.h"

#include "enrold/value.h"

#include <fnmatch.h>

/* Four bytes for each of the 255 characters that a short name or an idnumber can have. */
enum { NAME_BYTES_MAX = 4 * 255 };

const char *const may_archetypes[] = {"student", "teacher", "editingteacher", NULL};

bool may_is_all(const struct text_list *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (strcmp(patterns->items[i], "*") == 0)
			return true;
	return false;
}

bool may_fits(const struct text_list *patterns, struct slice name)
{
	char text[NAME_BYTES_MAX + 1];
	if (may_is_all(patterns))
		return true;
	if (name.size == 0 || name.size > NAME_BYTES_MAX || memchr(name.bytes, '\0', name.size))
		return false;
	memcpy(text, name.bytes, name.size);
	text[name.size] = '\0';
	for (size_t i = 0; i < patterns->count; i++)
		/* A name with brackets may also be given as it is. */
		if (strcmp(patterns->items[i], text) == 0 ||
		    fnmatch(patterns->items[i], text, 0) == 0)
			return true;
	return false;
}

bool may_asks_surroundings(const struct policy_may *may)
{
	return !may_is_all(&may->courses) || !may_is_all(&may->categories);
}

bool may_give_role(const struct policy_may *may, const struct role_facts *role)
{
	if (may->roles.is_given)
		return may_fits(&may->roles, role->shortname);
	for (size_t i = 0; may_archetypes[i]; i++)
		if (slice_is(role->archetype, slice_of(may_archetypes[i])))
			return true;
	return false;
}

/* ---- places ---- */

static bool stands_within(const struct policy_may *may, const struct surroundings *stands)
{
	if (may_is_all(&may->categories))
		return true;
	for (uint32_t i = 0; i < stands->categories_count; i++)
		if (may_fits(&may->categories, stands->categories[i]))
			return true;
	return false;
}

/*
 * A name that does not fit is refused unseen. One that fits is judged by the course's category: a
 * course of a foreign category and one that is absent (or there twice) are refused alike, or one
 * department's feed could try out the names of another's. Where the file calls a course otherwise
 * than the patterns do, even the name has to be looked up, so that one answer is left for all.
 */
const char *may_refuse_course(
    const struct policy *policy, const struct course_key *key, const struct course_facts *course)
{
	const struct policy_may *may = &policy->may;
	bool is_name = key->by == policy->course_by;
	struct slice name = policy->course_by == COURSE_BY_SHORTNAME ? course->stands.shortname
	                                                             : course->stands.idnumber;
	if (is_name && !may_fits(&may->courses, key->text))
		return "may.courses";
	bool is_within =
	    course->matches == 1
	        ? (is_name || may_fits(&may->courses, name)) && stands_within(may, &course->stands)
	        : (is_name || may_is_all(&may->courses)) && may_is_all(&may->categories);
	if (is_within)
		return NULL;
	return is_name ? "may.categories" : "may.courses and may.categories";
}

const char *may_refuse_category(const struct policy_may *may, const struct category_facts *category)
{
	bool is_within = may_fits(&may->categories, category->idnumber) ||
	                 (category->matches == 1 && stands_within(may, &category->stands));
	return is_within ? NULL : "may.categories";
}

/* The idnumber counts, also for a cohort named by id. */
const char *may_refuse_cohort(const struct policy_may *may, const struct cohort_facts *cohort)
{
	struct slice idnumber = value_is_integer(cohort->text) ? cohort->idnumber : cohort->text;
	return may_fits(&may->cohorts, idnumber) ? NULL : "may.cohorts";
}

/* ---- people ---- */

static const struct role_facts *role_of(const struct site_facts *site, int64_t id)
{
	for (size_t i = 0; i < site->roles_count; i++)
		if (site->roles[i].id == id)
			return &site->roles[i];
	return NULL;
}

int64_t may_find_protection(
    const struct policy_may *may, const struct site_facts *site, const struct account_facts *person)
{
	for (uint32_t i = 0; i < person->site_roles_count; i++) {
		const struct role_facts *role = role_of(site, person->site_roles[i].role);
		if (!may_fits(&may->unprotected, role ? role->shortname : SLICE("")))
			return person->site_roles[i].role;
	}
	return 0;
}

int64_t may_find_protection_from_leaving(
    const struct policy_may *may, const struct site_facts *site, const struct account_facts *person)
{
	for (uint32_t i = 0; i < person->site_roles_count; i++) {
		const struct role_facts *role = role_of(site, person->site_roles[i].role);
		struct slice name = role ? role->shortname : SLICE("");
		if (!may_fits(&may->unprotected, name) && !may_fits(&may->system_roles, name))
			return person->site_roles[i].role;
	}
	return 0;
}

/* Nobody can say it of a role without an archetype. */
static bool may_edit(const struct role_facts *role)
{
	static const char *const others[] = {
	    "student", "teacher", "guest", "user", "frontpage", NULL};
	for (size_t i = 0; others[i]; i++)
		if (slice_is(role->archetype, slice_of(others[i])))
			return false;
	return true;
}

static bool outranks(
    const struct policy_may *may, const struct role_facts *role, bool is_in_category)
{
	if (may_fits(&may->unprotected, role->shortname))
		return false;
	if (is_in_category)
		return !may_fits(&may->system_roles, role->shortname);
	return may_edit(role) && !may_give_role(may, role);
}

const struct place_role *may_find_rank(
    const struct policy_may *may, const struct site_facts *site, const struct account_facts *person)
{
	static const struct role_facts unknown = {0};
	for (uint32_t i = 0; i < person->place_roles_count; i++) {
		const struct place_role *has = &person->place_roles[i];
		const struct role_facts *role = role_of(site, has->role);
		if (outranks(may, role ? role : &unknown, has->is_in_category))
			return has;
	}
	return NULL;
}
