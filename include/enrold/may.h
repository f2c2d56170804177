/*
 * may: what a feed can reach at all, whoever drops the file and whatever the file asks: courses,
 * roles, cohorts, and the accounts that a role in the whole site protects from it.
 *
 * Judged in the plan, of facts, before anything is decided. A course that a feed may not reach is
 * answered like one that is not there, as far as the one can be taken for the other: whoever may
 * drop files learns nothing of the rest of the site by trying names (plan_course.c).
 */
#ifndef ENROLD_MAY_H
#define ENROLD_MAY_H

#include "enrold/facts.h"
#include "enrold/policy.h"

/* "*" is among them, which also fits what has no name: judging needs no look-up. */
bool may_is_all(const struct text_list *patterns);
/* One of the patterns, as of a shell, fits the name, letter case included. */
bool may_fits(const struct text_list *patterns, struct slice name);

/* Whether the surroundings of courses and categories have to be known. */
bool may_asks_surroundings(const struct policy_may *may);
/* Whether the role may be given in courses. */
bool may_give_role(const struct policy_may *may, const struct role_facts *role);
/* Archetypes of the roles that a feed may give when it does not say; ends with NULL. */
extern const char *const may_archetypes[];

/* The setting that keeps the feed from it, such as "may.courses"; NULL: none does. */
const char *may_refuse_course(
    const struct policy *policy, const struct course_key *key, const struct course_facts *course);
const char *may_refuse_category(
    const struct policy_may *may, const struct category_facts *category);
const char *may_refuse_cohort(const struct policy_may *may, const struct cohort_facts *cohort);

/* The first role in the site that protects the person from the feed; 0: none does. */
int64_t may_find_protection(const struct policy_may *may, const struct site_facts *site,
    const struct account_facts *person);

/* The same where nothing but taking away is asked: a role that the feed itself may give and take is
 * no reason to keep it from that. */
int64_t may_find_protection_from_leaving(const struct policy_may *may,
    const struct site_facts *site, const struct account_facts *person);

/* The first role in a category or course that keeps the feed from changing how its holder logs in;
 * NULL: none does. */
const struct place_role *may_find_rank(const struct policy_may *may, const struct site_facts *site,
    const struct account_facts *person);

#endif
