/*
 * plan_role: which role a cell names, whether it can be given at a level, and who has it.
 */
#include "pass.h"

#include "enrold/may.h"
#include "enrold/value.h"

static bool can_be_given(const struct role_facts *role, int level)
{
	return level == LEVEL_COURSE   ? role->in_courses
	       : level == LEVEL_SYSTEM ? role->in_system
	                               : role->in_categories;
}

const struct role_facts *role_find(const struct site_facts *site, struct slice cell, int level)
{
	int64_t id = 0;
	bool by_id = value_parse_whole(cell, &id);
	for (size_t i = 0; i < site->roles_count; i++) {
		const struct role_facts *role = &site->roles[i];
		if (by_id ? role->id == id : slice_is(role->shortname, cell))
			return can_be_given(role, level) ? role : NULL;
	}
	return NULL;
}

const struct role_facts *role_by_id(const struct site_facts *site, int64_t id)
{
	for (size_t i = 0; i < site->roles_count; i++)
		if (site->roles[i].id == id)
			return &site->roles[i];
	return NULL;
}

struct slice role_name(const struct site_facts *site, int64_t id)
{
	const struct role_facts *role = role_by_id(site, id);
	return role ? role->shortname : SLICE("?");
}

bool role_is_refused(struct pass *pass, const struct request *request, uint32_t column,
    const struct role_facts *role, int level)
{
	const struct policy_may *may = &pass->batch->policy->may;
	bool in_courses = level == LEVEL_COURSE;
	if (in_courses ? may_give_role(may, role) : may_fits(&may->system_roles, role->shortname))
		return false;
	request_refuse(pass, request, column, in_courses ? "may.roles" : "may.system_roles",
	    arena_print(pass->batch->arena, "This feed may not give or take the role '%.*s' %s",
	        SLICE_ARG(role->shortname),
	        in_courses              ? "in courses"
	        : level == LEVEL_SYSTEM ? "in the whole site"
	                                : "in categories"));
	return true;
}

bool has_role(const struct enrolment_facts *is, int64_t role)
{
	for (uint32_t i = 0; i < is->roles_count; i++)
		if (is->roles[i] == role)
			return true;
	return false;
}

bool has_owned_role(const struct enrolment_facts *is, int64_t role)
{
	for (uint32_t i = 0; i < is->leaving.owned_roles_count; i++)
		if (is->leaving.owned_roles[i] == role)
			return true;
	return false;
}

static const struct role_facts *beyond_among(
    const struct batch *batch, const int64_t *roles, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct role_facts *role = role_by_id(batch->site, roles[i]);
		if (role && !may_give_role(&batch->policy->may, role))
			return role;
	}
	return NULL;
}

const struct role_facts *role_beyond(const struct pass *pass, const struct enrolment_facts *is)
{
	const struct leaving_facts *leaving = &is->leaving;
	const struct role_facts *role = beyond_among(pass->batch, is->roles, is->roles_count);
	return role ? role
	            : beyond_among(pass->batch, leaving->owned_roles, leaving->owned_roles_count);
}

static void role_keep(struct pass *pass, struct enrolment_facts *is)
{
	struct account_facts *person = &pass->batch->people[is->person];
	enrolment_keep(pass, is);
	if (is->level != LEVEL_SYSTEM)
		return;
	fact_keep(pass, person, sizeof *person);
	fact_keep(pass, person->site_roles, person->site_roles_count * sizeof *person->site_roles);
}

void role_assign(struct pass *pass, uint32_t enrolment, int64_t role)
{
	struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	role_keep(pass, is);
	if (!enrolment_add_role(is, role, pass->batch->arena))
		return;
	if (is->level == LEVEL_SYSTEM)
		account_add_site_role(&pass->batch->people[is->person],
		    (struct site_role){.role = role}, pass->batch->arena);
	is->leaving.has_roles = true;
	change_add(pass, (struct change){.kind = CHANGE_ASSIGN_ROLE,
	                     .person = is->person,
	                     .enrolment = enrolment,
	                     .role = role});
}

void role_remove(struct pass *pass, uint32_t enrolment, int64_t role)
{
	struct enrolment_facts *is = &pass->batch->enrolments[enrolment];
	uint32_t kept = 0;
	role_keep(pass, is);
	for (uint32_t i = 0; i < is->roles_count; i++)
		if (is->roles[i] != role)
			is->roles[kept++] = is->roles[i];
	is->roles_count = kept;
	if (is->level == LEVEL_SYSTEM)
		account_drop_site_role(&pass->batch->people[is->person], role);
	change_add(pass, (struct change){.kind = CHANGE_UNASSIGN_ROLE,
	                     .person = is->person,
	                     .enrolment = enrolment,
	                     .role = role});
}
