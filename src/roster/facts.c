#include "enrold/facts.h"

bool enrolment_add_role(struct enrolment_facts *is, int64_t role, struct arena *arena)
{
	uint32_t place = is->roles_count;
	while (place > 0 && is->roles[place - 1] > role)
		place--;
	if (place > 0 && is->roles[place - 1] == role)
		return true;
	int64_t *roles =
	    arena_grow(arena, is->roles, is->roles_count, is->roles_count + 1, sizeof *roles);
	if (!roles)
		return false;
	memmove(roles + place + 1, roles + place, (is->roles_count - place) * sizeof *roles);
	roles[place] = role;
	is->roles = roles;
	is->roles_count++;
	return true;
}

int zone_compare(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	size_t size = x->size < y->size ? x->size : y->size;
	int order = memcmp(x->bytes, y->bytes, size);
	return order != 0 ? order : (x->size > y->size) - (x->size < y->size);
}

bool account_add_site_role(struct account_facts *person, struct site_role role, struct arena *arena)
{
	uint32_t count = person->site_roles_count;
	struct site_role *roles =
	    arena_grow(arena, person->site_roles, count, count + 1, sizeof *roles);
	if (!roles)
		return false;
	roles[count] = role;
	person->site_roles = roles;
	person->site_roles_count++;
	return true;
}

bool account_add_place_role(
    struct account_facts *person, struct place_role role, struct arena *arena)
{
	uint32_t count = person->place_roles_count;
	for (uint32_t i = 0; i < count; i++)
		if (person->place_roles[i].role == role.role &&
		    person->place_roles[i].is_in_category == role.is_in_category)
			return true;
	struct place_role *roles =
	    arena_grow(arena, person->place_roles, count, count + 1, sizeof *roles);
	if (!roles)
		return false;
	roles[count] = role;
	person->place_roles = roles;
	person->place_roles_count++;
	return true;
}

void account_drop_site_role(struct account_facts *person, int64_t role)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < person->site_roles_count; i++)
		if (person->site_roles[i].role != role || person->site_roles[i].is_foreign)
			person->site_roles[kept++] = person->site_roles[i];
	person->site_roles_count = kept;
}
