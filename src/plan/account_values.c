/*
 * account_values: what a cell or a default means for an account, and what is said of it.
 */
#include "account.h"

#include "enrold/detail.h"
#include "enrold/list.h"
#include "enrold/may.h"
#include "enrold/username_template.h"
#include "enrold/value.h"

/* ---- values ---- */

struct slice account_default(const struct policy *policy, struct slice name)
{
	for (size_t i = 0; i + 1 < policy->defaults.count; i += 2)
		if (is_same_letters(slice_of(policy->defaults.items[i]), name))
			return slice_of(policy->defaults.items[i + 1]);
	return (struct slice){NULL, 0};
}

static struct slice default_filled(struct step *step, struct slice template)
{
	uint32_t first = step_detail_column(step, DETAIL_FIRSTNAME);
	uint32_t last = step_detail_column(step, DETAIL_LASTNAME);
	const struct slice *is = step->is_new ? NULL : step_person(step)->details;
	const struct template_names names = {
	    .username = step->is_new ? step->change.username : step_person(step)->username,
	    .firstname = first != COLUMN_NONE || !is ? record_cell(step->record, first)
	                                             : is[DETAIL_FIRSTNAME],
	    .lastname =
	        last != COLUMN_NONE || !is ? record_cell(step->record, last) : is[DETAIL_LASTNAME],
	};
	return template_fill(template, &names, step->arena);
}

/* A default has to be as good as a cell: it can turn out too long once names are filled in. */
static struct slice default_checked(
    struct step *step, const struct column *column, struct slice value)
{
	const char *expected = "";
	struct slice read;
	bool fits =
	    column->characters_max == 0 || value_characters(value) <= column->characters_max;
	if (fits && detail_read(step->batch, column, value, &read, &expected) == DETAIL_GOOD)
		return read;
	step_answer(step, step->header->key, OUTCOME_WARNING, CODE_INVALID_VALUE, value,
	    arena_print(step->arena,
	        "The feed's default of '%s' cannot be stored: correct it in the configuration.",
	        column->name));
	return (struct slice){NULL, 0};
}

/* For a detail without a column in the file. Bytes NULL: it has none. The site's own defaults
 * change an existing account in Moodle alone: they would wipe what people have. */
struct slice account_detail_default(struct step *step, uint32_t detail)
{
	const struct column *column = columns_detail(detail);
	struct slice given = account_default(step->policy, slice_of(column->name));
	if (given.bytes)
		return default_checked(step, column, default_filled(step, given));
	bool counts =
	    step->is_new || (step->policy->compat == COMPAT_MOODLE && !column->detail.is_free);
	return counts ? step->batch->site->details[detail] : (struct slice){NULL, 0};
}

struct slice account_profile_default(struct step *step, const struct profile_field *field)
{
	struct slice name =
	    arena_print(step->arena, "profile_field_%.*s", SLICE_ARG(field->shortname));
	struct slice given = account_default(step->policy, name);
	if (given.bytes)
		return default_filled(step, given);
	bool counts = step->is_new || step->policy->compat == COMPAT_MOODLE;
	if (!counts)
		return (struct slice){NULL, 0};
	return field->kind == PROFILE_DATETIME && field->initial.size == 0 ? SLICE("0")
	                                                                   : field->initial;
}

/* What the answer says of a cell that cannot be stored as it is. */
static void cell_complain(struct step *step, uint32_t column, enum detail_verdict verdict,
    const char *expected, bool is_stored)
{
	struct slice cell = record_cell(step->record, column);
	bool warns = step->policy->invalid_values == INVALID_IGNORE;
	const char *what = !warns                  ? "correct it"
	                   : is_stored             ? "it was stored as Moodle stores it"
	                   : verdict == DETAIL_BAD ? "it was left out"
	                                           : "it was left as it was";
	step_answer(step, column, warns ? OUTCOME_WARNING : OUTCOME_ERROR, CODE_INVALID_VALUE, cell,
	    arena_print(step->arena, "'%.*s' is not %s: %s.",
	        SLICE_ARG(value_brief(cell, VALUE_SHOWN_MAX, step->arena)), expected, what));
}

/* The verdict put into practice: true when *value is to be stored. */
bool account_accept(
    struct step *step, uint32_t column, enum detail_verdict verdict, const char *expected)
{
	bool ignores = step->policy->invalid_values == INVALID_IGNORE;
	bool is_stored = verdict == DETAIL_GOOD || (verdict == DETAIL_CHANGED && ignores);
	if (verdict == DETAIL_CHANGED || verdict == DETAIL_BAD)
		cell_complain(step, column, verdict, expected, is_stored);
	return is_stored;
}

/* The file's value of a detail; false: it has none that counts. */
bool account_detail_from_cell(struct step *step, uint32_t detail, struct slice *value)
{
	uint32_t column = step_detail_column(step, detail);
	const char *expected = "";
	enum detail_verdict verdict = detail_read(step->batch, columns_detail(detail),
	    record_cell(step->record, column), value, &expected);
	return account_accept(step, column, verdict, expected);
}

void account_profile_set(struct step *step, uint32_t field, struct slice data)
{
	const struct profile_field *is = &step->batch->site->profile_fields[field];
	step->change.profile[step->change.profile_count++] =
	    (struct profile_value){is->id, data, is->is_unique};
}

/* ---- authentication and passwords ---- */

/* Methods of Moodle 4.5 itself; a site's own are known by being enabled. */
static bool auth_exists(const struct site_facts *site, struct slice auth)
{
	return list_has(SLICE("manual,nologin,email,ldap,cas,db,lti,mnet,none,oauth2,shibboleth,"
	                      "webservice"),
	           auth) ||
	       list_has(site->auths, auth);
}

static bool auth_is_enabled(const struct site_facts *site, struct slice auth)
{
	return list_has(SLICE("manual,nologin"), auth) || list_has(site->auths, auth);
}

/* Passwords are kept elsewhere (lms/README 2.4). */
bool account_auth_is_external(struct slice auth)
{
	return list_has(SLICE("ldap,cas,mnet,oauth2,shibboleth,webservice"), auth);
}

/* False: no such method, and it was said. */
bool account_check_auth(struct step *step, struct slice auth, uint32_t column)
{
	const struct site_facts *site = step->batch->site;
	column = step_column(step, column);
	if (!auth_exists(site, auth)) {
		step_answer(step, column, OUTCOME_ERROR, CODE_INVALID_VALUE, auth,
		    arena_print(step->arena,
		        "'%.*s' is no authentication method: use one such as manual or nologin.",
		        SLICE_ARG(auth)));
		return false;
	}
	if (!auth_is_enabled(site, auth))
		step_answer(step, column, OUTCOME_WARNING, CODE_AUTH_NOT_ENABLED, auth,
		    arena_print(step->arena,
		        "Authentication by '%.*s' is not enabled: nobody can log in with it until "
		        "it is.",
		        SLICE_ARG(auth)));
	return true;
}

/* A password that the file gives, with what must become of it at the next login. */
void account_take_password(struct step *step, struct slice password)
{
	bool is_weak = password_is_weak(&step->batch->site->password, password);
	enum policy_force_change force = step->policy->force_password_change;
	bool forces = force == FORCE_ALL || (force == FORCE_WEAK && is_weak);
	step->change.password = password;
	step->change.stored = step->record->hash;
	step->change.force = forces ? 1 : step->is_new ? 0 : -1;
	step->change.generate = step->is_new ? 0 : -1;
	step_note(step, &step->after, "password", SLICE("(set)"));
	if (!is_weak)
		return;
	step_answer(step, step->header->single[COLUMN_PASSWORD], OUTCOME_WARNING,
	    CODE_WEAK_PASSWORD, SLICE("(set)"),
	    forces ? SLICE("Weaker than the site's policy: it must be changed at the next login.")
	           : SLICE("Weaker than the site's policy: give a stronger one."));
}
void account_tell_of_password(struct step *step, struct slice auth)
{
	step_answer(step, step->header->single[COLUMN_PASSWORD], OUTCOME_WARNING, CODE_NO_EFFECT,
	    SLICE("(given)"),
	    arena_print(step->arena,
	        "The password has no effect: '%.*s' keeps passwords of its own.", SLICE_ARG(auth)));
}

/* ---- suspended ---- */

/* What the cell asks; false: nothing. */
bool account_read_suspended(struct step *step, bool *truth)
{
	uint32_t column = step->header->single[COLUMN_SUSPENDED];
	struct slice cell = record_cell(step->record, column);
	if (cell.size == 0)
		return false;
	step->has_asked = true;
	if (truth_read(cell, truth))
		return true;
	/* Moodle would suspend whoever has anything but 0 here: nothing is guessed instead. */
	step_answer(step, column, OUTCOME_ERROR, CODE_INVALID_VALUE, cell,
	    arena_print(step->arena, "'%.*s' is not 0 or 1: correct it.", SLICE_ARG(cell)));
	return false;
}
/* ---- the address belongs to one account ---- */

static uint32_t address_holder(struct step *step)
{
	uint32_t people[2];
	uint32_t count = account_find_all(step->batch, step->record->email_key, people);
	for (uint32_t i = 0; i < count; i++)
		if (people[i] != step->person)
			return people[i];
	return INDEX_NONE;
}

/* True: somebody else has it, and it was said. */
bool account_address_is_taken(struct step *step)
{
	uint32_t holder = step->batch->site->shares_email ? INDEX_NONE : address_holder(step);
	if (holder == INDEX_NONE)
		return false;
	uint32_t column = step_detail_column(step, DETAIL_EMAIL);
	struct slice name = account_holder_name(step, holder);
	step_answer(step, column, OUTCOME_ERROR, CODE_EMAIL_TAKEN,
	    record_cell(step->record, column),
	    name.size == 0
	        ? SLICE("The address is that of another account: give each account its own.")
	        : arena_print(step->arena,
	              "The address is that of account '%.*s': give each account its own.",
	              SLICE_ARG(name)));
	return true;
}
/* ---- names ---- */

/* The name as Moodle would have it is the name itself. */
static bool name_is_good(const struct step *step, struct slice name)
{
	bool extended = step->batch->site->extended_usernames;
	struct slice clean = value_clean_username(name, extended, step->arena);
	uint32_t stray;
	return name.size > 0 && slice_is(clean, name) && !value_find_stray(name, &stray);
}

bool account_check_name(struct step *step, struct slice name)
{
	uint32_t column = step->header->single[COLUMN_USERNAME];
	if (name.size == 0)
		return step_drop(step, column, CODE_USERNAME_MISSING,
		    SLICE("A new account needs a user name: fill it in."));
	if (!name_is_good(step, name))
		return step_drop(step, column, CODE_INVALID_VALUE,
		    arena_print(step->arena,
		        "'%.*s' cannot be a user name: use lower-case letters, digits and - . _ @ "
		        "only.",
		        SLICE_ARG(name)));
	if (value_characters(name) > USERNAME_MAX)
		return step_drop(step, column, CODE_VALUE_TOO_LONG,
		    arena_print(step->arena,
		        "The user name would have more than %d characters: shorten it.",
		        USERNAME_MAX));
	return true;
}

bool account_is_resembled(struct step *step, uint32_t column)
{
	const struct header *header = step->header;
	bool is_old = column != COLUMN_NONE && column == header->single[COLUMN_OLDUSERNAME];
	uint32_t key = is_old ? step->record->old_key : step->record->key;
	struct slice is = key == INDEX_NONE ? SLICE("") : step->batch->keys[key].resembled;
	if (is.size == 0)
		return false;
	bool is_new = step->policy->upload_type != UPLOAD_UPDATE && !is_old &&
	              header->key == header->single[COLUMN_USERNAME];
	step_drop(step, column, is_new ? CODE_USERNAME_TAKEN : CODE_USER_NOT_FOUND,
	    arena_print(step->arena,
	        "No account has this %.*s to the letter; one has '%.*s': write it so, or correct "
	        "it in the LMS.",
	        SLICE_ARG(header->columns[step_column(step, column)].name), SLICE_ARG(is)));
	return true;
}

bool account_not_found(struct step *step, uint32_t column, struct slice name)
{
	const struct header *header = step->header;
	if (account_is_resembled(step, column))
		return false;
	bool by_name = column != COLUMN_NONE || header->key == header->single[COLUMN_USERNAME];
	return step_drop(step, column, CODE_USER_NOT_FOUND,
	    by_name
	        ? arena_print(step->arena,
	              "No account '%.*s': correct the user name, or create the account first.",
	              SLICE_ARG(name))
	        : arena_print(step->arena,
	              "No account has the %.*s '%.*s': correct it, or create the account first.",
	              SLICE_ARG(header->columns[header->key].name), SLICE_ARG(name)));
}

static int64_t protection_of(const struct step *step, uint32_t person)
{
	return may_find_protection(
	    &step->policy->may, step->batch->site, &step->batch->people[person]);
}

static bool is_protected(const struct step *step, uint32_t person)
{
	return step->batch->people[person].is_protected || protection_of(step, person) != 0;
}

bool account_is_protected(const struct step *step)
{
	return is_protected(step, step->person);
}

struct slice account_holder_name(const struct step *step, uint32_t holder)
{
	const struct policy *policy = step->policy;
	bool updates =
	    policy->upload_type == UPLOAD_UPDATE || policy->upload_type == UPLOAD_ADD_OR_UPDATE;
	if (!updates || policy->update_details == DETAILS_NONE || is_protected(step, holder))
		return SLICE("");
	return step->batch->people[holder].username;
}

bool account_protected(struct step *step)
{
	if (step_person(step)->is_protected)
		return step_drop(step, COLUMN_NONE, CODE_PROTECTED_ACCOUNT,
		    SLICE("Site administrators and the guest account are never touched: remove the "
		          "row."));
	return step_drop(step, COLUMN_NONE, CODE_PROTECTED_ACCOUNT,
	    arena_print(step->arena,
	        "The account has the role '%.*s' in the whole site, which protects it: remove the "
	        "row, or name the role in the feed's may.unprotected.",
	        SLICE_ARG(role_name(step->batch->site, protection_of(step, step->person)))));
}

bool account_outranks(struct step *step, uint32_t column)
{
	const struct site_facts *site = step->batch->site;
	const struct place_role *has = may_find_rank(&step->policy->may, site, step_person(step));
	if (!has)
		return false;
	column = step_column(step, column);
	step_answer(step, column, OUTCOME_ERROR, CODE_NOT_ALLOWED,
	    record_cell(step->record, column),
	    arena_print(step->arena,
	        "The account has the role '%.*s' in a %s, which this feed may not give there (%s): "
	        "leave that to the LMS, or name the role there or in the feed's may.unprotected.",
	        SLICE_ARG(role_name(site, has->role)), has->is_in_category ? "category" : "course",
	        has->is_in_category ? "may.system_roles" : "may.roles"));
	return true;
}

bool account_name_is_taken(struct step *step, struct slice name)
{
	return step_drop(step, step->header->single[COLUMN_USERNAME], CODE_USERNAME_TAKEN,
	    arena_print(step->arena, "There is another account '%.*s': choose another name.",
	        SLICE_ARG(name)));
}
