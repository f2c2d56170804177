/*
 * limits_outlook: whether a file could trip a limit at all. Whoever cannot say no has to count, and
 * counting costs as much as doing it: so columns that nothing is done with, and what the feed's
 * settings rule out, do not count, and neither do files of a few rows. In doubt the answer is yes.
 */
#include "enrold/limits.h"

#include "enrold/absence.h"

/* ---- accounts that exist ---- */

static bool column_is_idle(const struct header_column *column)
{
	return column->idle != IDLE_NOT || column->is_of_new;
}

static bool detail_is_limited(uint32_t detail)
{
	return detail == DETAIL_EMAIL || detail == DETAIL_IDNUMBER;
}

static bool column_moves_accounts(
    const struct header_column *column, const struct policy *policy, bool is_key)
{
	if (column_is_idle(column))
		return false;
	switch ((int)column->id) {
	case COLUMN_SUSPENDED: return policy->allow_suspend;
	case COLUMN_DELETED: return policy->allow_delete;
	case COLUMN_OLDUSERNAME: return policy->allow_rename;
	case COLUMN_USERNAME: return policy->allow_rename && !is_key;
	case COLUMN_AUTH:
	case COLUMN_PASSWORD: return true;
	case COLUMN_DETAIL: return detail_is_limited(column->index) && !is_key;
	default: return false;
	}
}

/* With these update_details the account gets them where the file has no such column. */
static bool defaults_move_accounts(const struct policy *policy)
{
	static const char *const names[] = {"email", "idnumber", "auth"};
	bool is_taken = policy->update_details == DETAILS_FILE_AND_DEFAULTS ||
	                policy->update_details == DETAILS_FILL;
	for (size_t i = 0; is_taken && i + 1 < policy->defaults.count; i += 2)
		for (size_t n = 0; n < sizeof names / sizeof *names; n++)
			if (is_same_letters(
			        slice_of(policy->defaults.items[i]), slice_of(names[n])))
				return true;
	return false;
}

/* A retry file goes on with accounts that were made, whatever the feed does to others. */
static bool is_of_retry(const struct header *header)
{
	return header->single[COLUMN_ERROR_LINE] != COLUMN_NONE;
}

static bool could_move_accounts(const struct policy *policy, const struct header *header)
{
	bool could = defaults_move_accounts(policy);
	if ((policy_adds_only(policy) && !is_of_retry(header)) || header->is_of_groups)
		return false;
	for (size_t i = 0; i < header->columns_count && !could; i++)
		could = column_moves_accounts(&header->columns[i], policy, i == header->key);
	return could;
}

/* ---- what cells take away ---- */

static bool column_takes(const struct header_column *column, const struct policy *policy)
{
	const struct policy_may *may = &policy->may;
	if (column->idle != IDLE_NOT)
		return false;
	switch ((int)column->id) {
	case COLUMN_UNENROL:
	case COLUMN_ROLE:
	case COLUMN_GROUP: return policy->allow_unenrol;
	case COLUMN_COHORT: return policy->allow_unenrol && may->cohorts.count > 0;
	case COLUMN_CATEGORYROLE: return policy->allow_unenrol && may->system_roles.count > 0;
	case COLUMN_SYSROLE: return may->system_roles.count > 0;
	case COLUMN_ENROLSTATUS:
	case COLUMN_ENROLTIMESTART:
	case COLUMN_ENROLPERIOD:
	case COLUMN_ENROLTIMEEND: return true;
	default: return false;
	}
}

static bool could_take(const struct policy *policy, const struct header *header)
{
	bool could = false;
	for (size_t i = 0; i < header->columns_count && !could && !header->is_of_groups; i++)
		could = column_takes(&header->columns[i], policy);
	return could;
}

/* ---- the whole ---- */

static bool could_make(
    const struct policy *policy, const struct header *header, const struct limits_outlook *outlook)
{
	return policy->upload_type != UPLOAD_UPDATE && !header->is_of_groups && outlook->has_last &&
	       limit_trips(&policy->limits.created, outlook->strangers, outlook->people_of_last);
}

/* Each row could be somebody of whom the limit speaks. */
bool limits_need_rehearsal(
    const struct policy *policy, const struct header *header, const struct limits_outlook *outlook)
{
	const struct policy_limits *limits = &policy->limits;
	uint64_t rows = outlook->rows;
	return policy->review || limit_trips(&limits->errors, rows, rows) ||
	       could_make(policy, header, outlook) ||
	       (limit_trips(&limits->accounts, rows, 0) && could_move_accounts(policy, header)) ||
	       (limit_trips(&limits->by_cell, rows, 0) && could_take(policy, header));
}
