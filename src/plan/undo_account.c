/*
 * undo_account: details become what they were; accounts that were made are suspended. Passwords are
 * never given back.
 */
#include "undo.h"

#include "account.h"

#include "enrold/may.h"
#include "enrold/value.h"

/* ---- what is so now ---- */

static struct account_facts *person_of(const struct undoing *undoing)
{
	return &undoing->batch->people[undoing->person];
}

/* Index of the detail; columns_details_count(): it is none. */
static uint32_t detail_called(struct slice name)
{
	uint32_t detail = 0;
	while (detail < columns_details_count() &&
	       !slice_is(slice_of(columns_detail(detail)->name), name))
		detail++;
	return detail;
}

static uint32_t field_called(const struct site_facts *site, struct slice name)
{
	struct slice shortname = columns_profile_name(name);
	uint32_t field = 0;
	while (field < site->profile_fields_count &&
	       (shortname.size == 0 || !slice_is(site->profile_fields[field].shortname, shortname)))
		field++;
	return field;
}

/* What the account has by that name; false: nobody knows, as of passwords. */
static bool value_now(const struct undoing *undoing, struct slice name, struct slice *value)
{
	const struct account_facts *person = person_of(undoing);
	const struct site_facts *site = undoing->batch->site;
	uint32_t detail = detail_called(name), field = field_called(site, name);
	if (slice_is(name, SLICE("username")))
		*value = person->username;
	else if (slice_is(name, SLICE("auth")))
		*value = person->auth;
	else if (slice_is(name, SLICE("suspended")))
		*value = person->is_suspended ? SLICE("1") : SLICE("0");
	else if (detail < columns_details_count())
		*value = person->details[detail];
	else if (field < site->profile_fields_count)
		*value = person->profile[field].bytes ? person->profile[field]
		                                      : site->profile_fields[field].initial;
	else
		return false;
	return true;
}

/* The answer shows the beginning of a long value. */
static bool is_still(const struct undoing *undoing, struct slice *other)
{
	struct slice rest = undoing->row->after, value, now;
	while (described_next(&rest, other, &value, undoing->arena)) {
		if (!value_now(undoing, *other, &now))
			continue;
		if (!slice_is(value_brief(now, VALUE_SHOWN_MAX, undoing->arena), value))
			return false;
	}
	return true;
}

bool undo_account_is_as_left(struct undoing *undoing)
{
	struct slice other;
	if (is_still(undoing, &other))
		return true;
	undo_keep(undoing, arena_print(undoing->arena, "Left as it is: %.*s has changed since.",
	                       SLICE_ARG(other)));
	return false;
}

/* ---- what keeps it from that ---- */

bool undo_account_outranks(struct undoing *undoing)
{
	const struct batch *batch = undoing->batch;
	const struct place_role *has =
	    may_find_rank(&batch->policy->may, batch->site, person_of(undoing));
	if (has)
		undo_refuse(undoing,
		    arena_print(undoing->arena,
		        "The account has the role '%.*s' in a %s, which this feed may not give "
		        "there",
		        SLICE_ARG(role_name(batch->site, has->role)),
		        has->is_in_category ? "category" : "course"),
		    has->is_in_category ? "may.system_roles" : "may.roles");
	return has;
}

static bool has_other(const struct undoing *undoing, uint32_t key)
{
	uint32_t people[2];
	uint32_t count = account_find_all(undoing->batch, key, people);
	for (uint32_t i = 0; i < count; i++)
		if (people[i] != undoing->person)
			return true;
	return false;
}

static bool is_taken(struct undoing *undoing, struct slice name, struct slice value)
{
	struct batch *batch = undoing->batch;
	const struct site_facts *site = batch->site;
	uint32_t field = field_called(site, name);
	bool is_email = slice_is(name, SLICE("email"));
	bool is_unique =
	    field < site->profile_fields_count && site->profile_fields[field].is_unique;
	bool is_other = value.size > 0 &&
	                (is_email ? !site->shares_email &&
	                                has_other(undoing, batch_key(batch, KEY_EMAIL, value))
	                    : is_unique ? has_other(undoing, batch_profile_key(batch, field, value))
	                                : false);
	if (is_other)
		undo_answer(undoing, OUTCOME_ERROR, is_email ? CODE_EMAIL_TAKEN : CODE_VALUE_TAKEN,
		    arena_print(undoing->arena, "Another account has its former %.*s by now.",
		        SLICE_ARG(name)));
	return is_other;
}

/* ---- what it gets back ---- */

struct giving {
	struct account_change change;
	struct buffer before, after;
	bool asks_rank;    /* it says how somebody logs in */
	struct slice left; /* what cannot be given back; empty: nothing */
};

static void left_note(struct undoing *undoing, struct giving *giving, struct slice name)
{
	giving->left = giving->left.size == 0 ? name
	                                      : arena_print(undoing->arena, "%.*s, %.*s",
	                                            SLICE_ARG(giving->left), SLICE_ARG(name));
}

static void note(
    const struct undoing *undoing, struct buffer *out, struct slice name, struct slice value)
{
	struct slice shown =
	    described_escape(value_brief(value, VALUE_SHOWN_MAX, undoing->arena), undoing->arena);
	buffer_print(
	    out, "%s%.*s=%.*s", out->size > 0 ? ";" : "", SLICE_ARG(name), SLICE_ARG(shown));
}

static bool giving_init(struct undoing *undoing, struct giving *giving)
{
	size_t fields = undoing->batch->site->profile_fields_count;
	*giving = (struct giving){.left = SLICE("")};
	giving->change.values =
	    arena_alloc(undoing->arena, columns_details_count() * sizeof *giving->change.values);
	giving->change.profile =
	    arena_alloc(undoing->arena, (fields + 1) * sizeof *giving->change.profile);
	return giving->change.values && giving->change.profile;
}

/* A method that keeps passwords itself has cost the account the one that it had. */
static void auth_give(struct undoing *undoing, struct giving *giving, struct slice auth)
{
	bool was_lost = account_auth_is_external(person_of(undoing)->auth);
	giving->change.auth = auth;
	giving->change.ends_sessions |= slice_is(auth, SLICE("nologin"));
	if (account_auth_is_external(auth)) {
		giving->change.stored = SLICE("not cached");
		giving->change.generate = giving->change.force = -1;
	} else if (was_lost) {
		left_note(undoing, giving, SLICE("password"));
	}
}

static void profile_give(
    struct giving *giving, const struct profile_field *field, struct slice value)
{
	giving->change.profile[giving->change.profile_count++] = (struct profile_value){
	    .field = field->id, .data = value, .is_unique = field->is_unique};
}

static void value_give(
    struct undoing *undoing, struct giving *giving, struct slice name, struct slice value)
{
	const struct site_facts *site = undoing->batch->site;
	uint32_t detail = detail_called(name), field = field_called(site, name);
	bool says_who = detail == DETAIL_EMAIL || detail == DETAIL_IDNUMBER;
	if (slice_is(name, SLICE("auth"))) {
		auth_give(undoing, giving, value);
		giving->asks_rank = true;
	} else if (slice_is(name, SLICE("suspended"))) {
		giving->change.sets_suspended = true;
		giving->change.is_suspended = slice_is(value, SLICE("1"));
		giving->change.ends_sessions |= giving->change.is_suspended;
		giving->asks_rank = true;
	} else if (detail < columns_details_count()) {
		giving->change.details |= UINT64_C(1) << detail;
		giving->change.values[detail] = value;
		giving->asks_rank |= says_who;
	} else {
		profile_give(giving, &site->profile_fields[field], value);
	}
}

/* False: it was said. */
static bool values_give(struct undoing *undoing, struct giving *giving)
{
	struct slice rest = undoing->row->before, name, value, now;
	while (described_next(&rest, &name, &value, undoing->arena)) {
		if (!value_now(undoing, name, &now) || undo_is_cut(value)) {
			left_note(undoing, giving, name);
			continue;
		}
		if (is_taken(undoing, name, value))
			return false;
		note(undoing, &giving->before, name, now);
		note(undoing, &giving->after, name, value);
		value_give(undoing, giving, name, value);
	}
	/* A password that was set has no former one beside it. */
	if (described_find(undoing->row->after, "password", undoing->arena, &value))
		left_note(undoing, giving, SLICE("password"));
	return true;
}

static deed_set deeds_of(const struct account_change *change)
{
	return DEED_BIT(DEED_UPDATE_ACCOUNT) |
	       (change->ends_sessions ? DEED_BIT(DEED_END_SESSIONS) : 0) |
	       (change->profile_count > 0 ? DEED_BIT(DEED_SET_PROFILE) : 0) |
	       (change->generate != 0 ? DEED_BIT(DEED_SET_PREFERENCE) : 0);
}

static void person_move(const struct undoing *undoing, const struct account_change *change)
{
	struct batch *batch = undoing->batch;
	account_take(batch, undoing->person, change);
	if (change->details & (UINT64_C(1) << DETAIL_EMAIL))
		account_learn(batch, KEY_EMAIL, change->values[DETAIL_EMAIL], undoing->person);
}

static struct slice text_of(const struct undoing *undoing, const struct buffer *text)
{
	if (text->failed)
		arena_fail(undoing->arena);
	return arena_copy(undoing->arena, buffer_slice(text));
}

static bool is_given(const struct account_change *change)
{
	return change->details != 0 || change->profile_count > 0 || change->auth.size > 0 ||
	       change->sets_suspended;
}

static void change_write(struct undoing *undoing, struct giving *giving, struct slice message)
{
	struct account_change *kept = arena_alloc(undoing->arena, sizeof *kept);
	if (!kept)
		return;
	*kept = giving->change;
	change_add(undoing->pass,
	    (struct change){
	        .kind = CHANGE_UPDATE_ACCOUNT, .person = undoing->person, .account = kept});
	person_move(undoing, kept);
	undo_done(
	    undoing, text_of(undoing, &giving->before), text_of(undoing, &giving->after), message);
}

static void values_decide(struct undoing *undoing, struct giving *giving)
{
	if (!values_give(undoing, giving) || (giving->asks_rank && undo_account_outranks(undoing)))
		return;
	if (is_given(&giving->change)) {
		if (undo_lacks(undoing, deeds_of(&giving->change)))
			return;
		change_write(undoing, giving, SLICE("Taken back: the account is as before."));
	}
	if (giving->left.size > 0)
		undo_never(undoing,
		    arena_print(undoing->arena,
		        "Not given back: %.*s, of which the answer does not have the former value.",
		        SLICE_ARG(giving->left)));
}

static void listing_note(struct undoing *undoing, enum undo_listing listing)
{
	undoing->row->listing = listing;
	undoing->row->user = person_of(undoing)->id;
	undoing->row->listed = 0;
}

void undo_account(struct undoing *undoing)
{
	struct giving giving;
	if (!undo_account_is_as_left(undoing) || !giving_init(undoing, &giving))
		return;
	values_decide(undoing, &giving);
	if (giving.change.sets_suspended)
		listing_note(undoing, UNDO_LISTING_IS_KEPT);
	buffer_done(&giving.before);
	buffer_done(&giving.after);
}

/* Deleting it would take what it has got since. */
void undo_new_account(struct undoing *undoing)
{
	struct giving giving;
	if (!undo_account_is_as_left(undoing) || !giving_init(undoing, &giving) ||
	    undo_account_outranks(undoing))
		return;
	if (person_of(undoing)->is_suspended) {
		undo_answer(undoing, OUTCOME_UNCHANGED, CODE_UNDONE,
		    SLICE("The account stays, suspended as it is."));
		return;
	}
	value_give(undoing, &giving, SLICE("suspended"), SLICE("1"));
	note(undoing, &giving.before, SLICE("suspended"), SLICE("0"));
	note(undoing, &giving.after, SLICE("suspended"), SLICE("1"));
	if (!undo_lacks(undoing, deeds_of(&giving.change))) {
		change_write(
		    undoing, &giving, SLICE("Taken back: the account is suspended, and stays."));
		listing_note(undoing, UNDO_LISTING_GOES);
	}
	buffer_done(&giving.before);
	buffer_done(&giving.after);
}
