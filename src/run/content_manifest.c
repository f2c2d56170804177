/*
 * content_manifest: whether somebody who is not in the files has left. The feed's settings say what
 * its full files take away; a kind of file may be a delta (`meaning`), or say of itself in the
 * archive's manifest what it is. Where that is not clear nobody goes: of courses when the files
 * that name courses are not all there and whole, of the site when those of people are not.
 */
#include "making.h"

#include <stdio.h>
#include <strings.h>

static void absence_end(struct policy *policy, bool has_courses, bool has_people)
{
	if (!has_courses)
		policy->absence.action = ABSENCE_IGNORE;
	if (!has_people)
		policy->absence.accounts = ABSENT_ACCOUNTS_IGNORE;
}

void meaning_temper(struct making *making)
{
	bool is_full = making->policy->meaning == MEANING_FULL;
	if (!making->is_settled)
		absence_end(making->policy, is_full, is_full);
}

/* ---- an archive's ---- */

static bool is_course(const char *column)
{
	return strncasecmp(column, "course", strlen("course")) == 0;
}

static bool has_course(const struct text_list *columns, size_t first, size_t step)
{
	for (size_t i = first; i < columns->count; i += step)
		if (is_course(columns->items[i]))
			return true;
	return false;
}

/* Its rows say who is in which course; else they are about people. */
static bool names_courses(const struct preset_kind *kind)
{
	const struct policy *policy = &kind->policy;
	return policy->course || has_course(&policy->columns, 1, 2) ||
	       has_course(&policy->values, 2, 4) || has_course(&policy->set, 0, 2) ||
	       has_course(&policy->defaults, 0, 2) || has_course(&policy->positions, 0, 1) ||
	       has_course(&kind->has, 0, 1);
}

/* The preset knows no files about people alone. */
static bool is_one_for_all(const struct preset *preset)
{
	for (size_t i = 0; i < preset->kinds_count; i++)
		if (!preset->kinds[i].unused && !names_courses(&preset->kinds[i]))
			return false;
	return true;
}

static struct error is_bulk(
    struct making *making, const struct members *members, const struct preset_kind *kind, bool *is)
{
	enum manifest_says says = MANIFEST_SILENT;
	*is = kind->policy.meaning == MEANING_FULL;
	if (kind->policy.meaning != MEANING_MANIFEST || !members->manifest.bytes)
		return OK;
	struct error error =
	    manifest_read(members->manifest, slice_of(kind->name), making->arena, &says);
	*is = says == MANIFEST_BULK;
	return error;
}

static void remark(struct making *making, const struct policy *before)
{
	struct remarks *remarks = &making->content->remarks;
	bool is_less = before->absence.action != making->policy->absence.action ||
	               before->absence.accounts != making->policy->absence.accounts;
	if (is_less)
		remark_add(remarks, REMARK_NOT_A_FULL_FILE, NULL,
		    SLICE("The archive removes nobody of whom it does not say, with all files "
		          "that are about it and as a whole (bulk), that it is all."));
}

struct error meaning_temper_archive(struct making *making, const struct members *members)
{
	const struct policy before = making->preset->composed;
	/* Of files about courses, and about people: there are some, and all are whole. */
	bool is_there[2] = {false, false}, is_whole[2] = {true, true};
	struct error error = OK;
	for (size_t i = 0; i < members->count && !is_error(&error); i++) {
		const struct preset_kind *kind = members->items[i].kind;
		bool is, of = names_courses(kind);
		error = is_bulk(making, members, kind, &is);
		is_there[of] = true;
		is_whole[of] &= is;
	}
	if (is_error(&error) || making->is_settled)
		return error;
	*making->policy = before;
	/* Where the same file is about both, it is those of courses that have to be whole. */
	bool has_courses = is_there[true] && is_whole[true];
	bool has_people =
	    is_there[false] ? is_whole[false] : has_courses && is_one_for_all(making->preset);
	absence_end(making->policy, has_courses, has_people);
	remark(making, &before);
	return OK;
}
