/*
 * plan_account: the first step of a record, the account: find it, delete it, rename it, make it or
 * change it. What was decided is at once true of the batch's people, so that the next record about
 * the same person goes on from there. Rules: CONTRACT 3, facts 1.4 and 2.
 */
#include "parts.h"

#include "enrold/value.h"

#include <assert.h>

/* One record's step. */
struct step {
	struct pass *pass;
	struct batch *batch;
	const struct header *header;
	const struct policy *policy;
	struct arena *arena;
	struct record *record;
	uint32_t index;
	uint32_t person;
	bool is_new;
	bool has_asked;     /* something about the account, answered or not */
	bool is_dropped;    /* an error that ends the record */
	bool leaves_record; /* Moodle tells of an update although nothing was stored */
	struct account_change change;
	struct buffer before, after;
};

static void step_init(struct step *step, struct pass *pass, uint32_t index)
{
	struct batch *batch = pass->batch;
	*step = (struct step){.pass = pass,
	    .batch = batch,
	    .header = batch->header,
	    .policy = batch->policy,
	    .arena = batch->arena,
	    .record = &batch->records[index],
	    .index = index,
	    .person = INDEX_NONE};
}

static struct account_facts *person_of(const struct step *step)
{
	return &step->batch->people[step->person];
}

static struct slice cell_of(const struct step *step, enum column_id id)
{
	return record_cell(step->record, step->header->single[id]);
}

/* The column to name in an answer: the one given, else the one that says who is meant. */
static uint32_t column_or_key(const struct step *step, uint32_t column)
{
	return column != COLUMN_NONE ? column : step->header->key;
}

static struct outcome *answer(struct step *step, uint32_t column, enum outcome_kind kind,
    enum code code, struct slice target, struct slice message)
{
	struct outcome *outcome = outcome_add(step->pass, step->index, column, kind, code);
	outcome->target = target;
	outcome->message = message;
	return outcome;
}

/* The record ends here. */
static bool drop(struct step *step, uint32_t column, enum code code, struct slice message)
{
	column = column_or_key(step, column);
	answer(step, column, OUTCOME_ERROR, code, record_cell(step->record, column), message);
	step->is_dropped = true;
	return false;
}

/* ---- who it is ---- */

/* Whether the person is still called so: an earlier record of the batch may have changed that. */
static bool key_holds(const struct batch *batch, const struct user_key *key, uint32_t person)
{
	if (person == INDEX_NONE)
		return false;
	const struct account_facts *is = &batch->people[person];
	if (is->is_gone)
		return false;
	switch (key->by) {
	case KEY_USERNAME: return slice_is(is->username, key->text);
	case KEY_EMAIL:
		return slice_is(value_lower(is->details[DETAIL_EMAIL], batch->arena), key->text);
	case KEY_IDNUMBER: break;
	}
	return slice_is(is->details[DETAIL_IDNUMBER], key->text);
}

/* How many are called so, two at most. */
static uint32_t people_of(const struct batch *batch, uint32_t key, uint32_t people[2])
{
	uint32_t count = 0;
	for (uint32_t i = 0; key != INDEX_NONE && i < 2; i++)
		if (key_holds(batch, &batch->keys[key], batch->key_people[key][i]))
			people[count++] = batch->key_people[key][i];
	return count;
}

static uint32_t person_called(const struct batch *batch, uint32_t key)
{
	uint32_t people[2];
	return people_of(batch, key, people) > 0 ? people[0] : INDEX_NONE;
}

/* From now on the person is called so too; a key nobody asked about yet will be answered by the
 * database. */
static void key_learn(struct batch *batch, enum user_key_by by, struct slice text, uint32_t person)
{
	if (text.size == 0)
		return;
	uint32_t key = batch_key(batch, by, text);
	uint32_t *people = batch->key_people[key];
	if (arena_has_failed(batch->arena) || key >= batch->keys_asked)
		return;
	people[key_holds(batch, &batch->keys[key], people[0])] = person;
}

static bool is_free(const struct batch *batch, uint32_t key)
{
	return person_called(batch, key) == INDEX_NONE && !batch->keys[key].is_taken;
}

static bool adds_only(const struct policy *policy)
{
	return policy->upload_type == UPLOAD_ADD || policy->upload_type == UPLOAD_ADD_INCREMENT;
}

/* ---- new names: "user" becomes "user2", "user09" becomes "user10" (facts 2.1) ---- */

static struct slice name_next(struct slice name, struct arena *arena)
{
	size_t stem = name.size;
	while (stem > 0 && name.bytes[stem - 1] >= '0' && name.bytes[stem - 1] <= '9')
		stem--;
	int64_t number = 1;
	struct slice digits = {name.bytes + stem, name.size - stem};
	if (digits.size > 0 && !value_parse_whole(digits, &number))
		stem = name.size; /* more digits than a number has */
	return arena_print(arena, "%.*s%lld", (int)stem, name.bytes, (long long)number + 1);
}

enum { NAMES_AT_ONCE = 8 };

/* The first free name; false: ask the database about more of them first. */
static bool name_find_free(struct batch *batch, uint32_t key, struct slice *name)
{
	while (key < batch->keys_asked && !is_free(batch, key)) {
		*name = name_next(*name, batch->arena);
		key = batch_key(batch, KEY_USERNAME, *name);
		if (arena_has_failed(batch->arena))
			return true;
	}
	if (key < batch->keys_asked)
		return true;
	struct slice more = *name;
	for (int i = 1; i < NAMES_AT_ONCE; i++) {
		more = name_next(more, batch->arena);
		batch_key(batch, KEY_USERNAME, more);
	}
	return false;
}

/* ---- values ---- */

static struct slice escaped(const struct step *step, struct slice value)
{
	bool is_plain = true;
	for (size_t i = 0; i < value.size && is_plain; i++)
		is_plain = !memchr("%;=\r\n", value.bytes[i], 5);
	if (is_plain)
		return value;
	struct buffer text = {0};
	for (size_t i = 0; i < value.size; i++) {
		if (memchr("%;=\r\n", value.bytes[i], 5))
			buffer_print(&text, "%%%02X", (unsigned char)value.bytes[i]);
		else
			buffer_add_char(&text, value.bytes[i]);
	}
	if (text.failed)
		arena_fail(step->arena);
	struct slice copy = arena_copy(step->arena, buffer_slice(&text));
	buffer_done(&text);
	return copy;
}

static void note(const struct step *step, struct buffer *out, const char *name, struct slice value)
{
	struct slice shown = escaped(step, value);
	buffer_print(out, "%s%s=%.*s", out->size > 0 ? ";" : "", name, SLICE_ARG(shown));
}

/* A value that moves from one to another; new accounts tell only what they have. */
static void note_move(struct step *step, const char *name, struct slice before, struct slice after)
{
	if (!step->is_new)
		note(step, &step->before, name, before);
	if (!step->is_new || after.size > 0)
		note(step, &step->after, name, after);
}

static struct slice default_given(const struct policy *policy, struct slice name)
{
	for (size_t i = 0; i + 1 < policy->defaults.count; i += 2)
		if (slice_is(slice_of(policy->defaults.items[i]), name))
			return slice_of(policy->defaults.items[i + 1]);
	return (struct slice){NULL, 0};
}

static struct slice default_filled(struct step *step, struct slice template)
{
	uint32_t first = step->header->details[DETAIL_FIRSTNAME];
	uint32_t last = step->header->details[DETAIL_LASTNAME];
	const struct slice *is = step->is_new ? NULL : person_of(step)->details;
	const struct template_names names = {
	    .username = step->is_new ? step->change.username : person_of(step)->username,
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
	answer(step, step->header->key, OUTCOME_WARNING, CODE_INVALID_VALUE, value,
	    arena_print(step->arena,
	        "The feed's default of '%s' cannot be stored: correct it in the configuration.",
	        column->name));
	return (struct slice){NULL, 0};
}

/* Of a detail that the file has no column for. Bytes NULL: it has none. Where an account is only
 * changed, the site's own defaults count in Moodle alone: they would wipe what people have. */
static struct slice detail_default(struct step *step, uint32_t detail)
{
	const struct column *column = columns_detail(detail);
	struct slice given = default_given(step->policy, slice_of(column->name));
	if (given.bytes)
		return default_checked(step, column, default_filled(step, given));
	bool counts =
	    step->is_new || (step->policy->compat == COMPAT_MOODLE && !column->detail.is_free);
	return counts ? step->batch->site->details[detail] : (struct slice){NULL, 0};
}

static struct slice profile_default(struct step *step, const struct profile_field *field)
{
	struct slice name =
	    arena_print(step->arena, "profile_field_%.*s", SLICE_ARG(field->shortname));
	struct slice given = default_given(step->policy, name);
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
	answer(step, column, warns ? OUTCOME_WARNING : OUTCOME_ERROR, CODE_INVALID_VALUE, cell,
	    arena_print(step->arena, "'%.*s' is not %s: %s.", SLICE_ARG(cell), expected, what));
}

/* The verdict put into practice: true when *value is to be stored. */
static bool verdict_accept(
    struct step *step, uint32_t column, enum detail_verdict verdict, const char *expected)
{
	bool ignores = step->policy->invalid_values == INVALID_IGNORE;
	bool is_stored = verdict == DETAIL_GOOD || (verdict == DETAIL_CHANGED && ignores);
	if (verdict == DETAIL_CHANGED || verdict == DETAIL_BAD)
		cell_complain(step, column, verdict, expected, is_stored);
	return is_stored;
}

/* The file's value of a detail; false: it has none that counts. */
static bool detail_from_cell(struct step *step, uint32_t detail, struct slice *value)
{
	uint32_t column = step->header->details[detail];
	const char *expected = "";
	enum detail_verdict verdict = detail_read(step->batch, columns_detail(detail),
	    record_cell(step->record, column), value, &expected);
	return verdict_accept(step, column, verdict, expected);
}

static uint32_t profile_column(const struct step *step, uint32_t field)
{
	for (uint32_t i = 0; i < step->header->columns_count; i++)
		if (step->header->columns[i].id == COLUMN_PROFILE &&
		    step->header->columns[i].index == field)
			return i;
	return COLUMN_NONE;
}

static void detail_set(struct step *step, uint32_t detail, struct slice value)
{
	step->change.details |= UINT64_C(1) << detail;
	step->change.values[detail] = value;
}

static void profile_set(struct step *step, uint32_t field, struct slice data)
{
	const struct site_facts *site = step->batch->site;
	step->change.profile[step->change.profile_count++] =
	    (struct profile_value){site->profile_fields[field].id, data};
}

static bool change_alloc(struct step *step)
{
	size_t fields = step->batch->site->profile_fields_count;
	step->change.values =
	    arena_alloc(step->arena, columns_details_count() * sizeof *step->change.values);
	step->change.profile =
	    arena_alloc(step->arena, (fields + 1) * sizeof *step->change.profile);
	return step->change.values && step->change.profile;
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

/* Passwords are kept elsewhere (facts 2.4). */
static bool auth_is_external(struct slice auth)
{
	return list_has(SLICE("ldap,cas,mnet,oauth2,shibboleth,webservice"), auth);
}

/* False: no such method, and it was said. */
static bool auth_check(struct step *step, struct slice auth, uint32_t column)
{
	const struct site_facts *site = step->batch->site;
	column = column_or_key(step, column);
	if (!auth_exists(site, auth)) {
		answer(step, column, OUTCOME_ERROR, CODE_INVALID_VALUE, auth,
		    arena_print(step->arena,
		        "'%.*s' is no authentication method: use one such as manual or nologin.",
		        SLICE_ARG(auth)));
		return false;
	}
	if (!auth_is_enabled(site, auth))
		answer(step, column, OUTCOME_WARNING, CODE_AUTH_NOT_ENABLED, auth,
		    arena_print(step->arena,
		        "Authentication by '%.*s' is not enabled: nobody can log in with it until "
		        "it is.",
		        SLICE_ARG(auth)));
	return true;
}

/* A password that the file gives, with what must become of it at the next login. */
static void password_take(struct step *step, struct slice password)
{
	bool is_weak = password_is_weak(&step->batch->site->password, password);
	enum policy_force_change force = step->policy->force_password_change;
	bool forces = force == FORCE_ALL || (force == FORCE_WEAK && is_weak);
	step->change.password = password;
	step->change.force = forces ? 1 : step->is_new ? 0 : -1;
	step->change.generate = step->is_new ? 0 : -1;
	note(step, &step->after, "password", SLICE("(set)"));
	if (!is_weak)
		return;
	answer(step, step->header->single[COLUMN_PASSWORD], OUTCOME_WARNING, CODE_WEAK_PASSWORD,
	    SLICE("(set)"),
	    forces ? SLICE("Weaker than the site's policy: it must be changed at the next login.")
	           : SLICE("Weaker than the site's policy: give a stronger one."));
}

/* ---- suspended ---- */

/* What the cell asks; false: nothing. */
static bool suspended_read(struct step *step, bool *truth)
{
	uint32_t column = step->header->single[COLUMN_SUSPENDED];
	struct slice cell = record_cell(step->record, column);
	if (cell.size == 0)
		return false;
	step->has_asked = true;
	if (truth_read(cell, truth))
		return true;
	/* Moodle would suspend whoever has anything but 0 here: nothing is guessed instead. */
	answer(step, column, OUTCOME_ERROR, CODE_INVALID_VALUE, cell,
	    arena_print(step->arena, "'%.*s' is not 0 or 1: correct it.", SLICE_ARG(cell)));
	return false;
}

/* ---- the address belongs to one account ---- */

static uint32_t address_holder(struct step *step)
{
	uint32_t people[2];
	uint32_t count = people_of(step->batch, step->record->email_key, people);
	for (uint32_t i = 0; i < count; i++)
		if (people[i] != step->person)
			return people[i];
	return INDEX_NONE;
}

/* True: somebody else has it, and it was said. */
static bool address_is_taken(struct step *step)
{
	uint32_t holder = step->batch->site->shares_email ? INDEX_NONE : address_holder(step);
	if (holder == INDEX_NONE)
		return false;
	uint32_t column = step->header->details[DETAIL_EMAIL];
	answer(step, column, OUTCOME_ERROR, CODE_EMAIL_TAKEN, record_cell(step->record, column),
	    arena_print(step->arena,
	        "The address is that of account '%.*s': give each account its own.",
	        SLICE_ARG(step->batch->people[holder].username)));
	return true;
}

/* ---- a new account ---- */

/* The name as Moodle would have it is the name itself. */
static bool name_is_good(const struct step *step, struct slice name)
{
	bool extended = step->batch->site->extended_usernames;
	struct slice clean = value_clean_username(name, extended, step->arena);
	return name.size > 0 && slice_is(clean, name);
}

static bool name_check(struct step *step, struct slice name)
{
	uint32_t column = step->header->single[COLUMN_USERNAME];
	if (name.size == 0)
		return drop(step, column, CODE_USERNAME_MISSING,
		    SLICE("A new account needs a user name: fill it in."));
	if (!name_is_good(step, name))
		return drop(step, column, CODE_INVALID_VALUE,
		    arena_print(step->arena,
		        "'%.*s' cannot be a user name: use lower-case letters, digits and - . _ @ "
		        "only.",
		        SLICE_ARG(name)));
	if (value_characters(name) > columns_all(&(size_t){0})->characters_max)
		return drop(step, column, CODE_VALUE_TOO_LONG,
		    SLICE("The user name would have more than 100 characters: shorten it."));
	return true;
}

/* Names may be empty where Moodle lets them be: in files that also update, with such a column. */
static bool may_be_empty(const struct step *step, uint32_t detail)
{
	return detail != DETAIL_EMAIL && step->policy->compat == COMPAT_MOODLE &&
	       step->policy->upload_type == UPLOAD_ADD_OR_UPDATE &&
	       step->header->details[detail] != COLUMN_NONE;
}

static bool detail_new(struct step *step, uint32_t detail)
{
	const struct column *column = columns_detail(detail);
	uint32_t place = step->header->details[detail];
	bool required = column->detail.is_required;
	struct slice value = {NULL, 0}, cell = record_cell(step->record, place);
	size_t outcomes = step->pass->outcomes_count;
	bool is_given = place != COLUMN_NONE && (!required || cell.size > 0) &&
	                detail_from_cell(step, detail, &value);
	bool has_failed = step->pass->outcomes_count > outcomes && !is_given;
	if (required && has_failed && step->policy->invalid_values == INVALID_REJECT) {
		step->is_dropped = true;
		return false;
	}
	if (!is_given)
		value = detail_default(step, detail);
	if (required && value.size == 0 && !may_be_empty(step, detail))
		return drop(step, place, CODE_DETAIL_MISSING,
		    arena_print(step->arena, "A new account needs the column '%s': fill it in.",
		        column->name));
	step->change.values[detail] = value;
	if (is_given || default_given(step->policy, slice_of(column->name)).bytes)
		note_move(step, column->name, SLICE(""), value);
	return true;
}

static bool details_new(struct step *step)
{
	for (uint32_t d = 0; d < columns_details_count(); d++)
		if (!detail_new(step, d))
			return false;
	step->change.details = UINT64_MAX;
	return true;
}

static void profile_new(struct step *step)
{
	const struct site_facts *site = step->batch->site;
	for (uint32_t f = 0; f < site->profile_fields_count; f++) {
		const struct profile_field *field = &site->profile_fields[f];
		uint32_t column = profile_column(step, f);
		const char *expected = "";
		struct slice value;
		bool is_given = false;
		if (column != COLUMN_NONE) {
			enum detail_verdict verdict = profile_read(step->batch, field,
			    record_cell(step->record, column), &value, &expected);
			is_given = verdict_accept(step, column, verdict, expected);
		}
		if (!is_given)
			value = profile_default(step, field);
		profile_set(step, f, value);
		if (is_given)
			note_move(step,
			    arena_print(
			        step->arena, "profile_field_%.*s", SLICE_ARG(field->shortname))
			        .bytes,
			    SLICE(""), value);
	}
}

static bool password_new(struct step *step)
{
	struct slice password = cell_of(step, COLUMN_PASSWORD);
	if (auth_is_external(step->change.auth)) {
		step->change.stored = SLICE("not cached");
	} else if (password.size > 0) {
		password_take(step, password);
	} else if (step->policy->new_password == PASSWORD_GENERATE) {
		/* Moodle's own task makes the password and mails it (facts 2.4). */
		step->change.stored = SLICE("to be generated");
		step->change.generate = 1;
	} else {
		return drop(step, step->header->single[COLUMN_PASSWORD], CODE_PASSWORD_MISSING,
		    SLICE("A new account needs a password here: fill in the column 'password' or "
		          "set new_password: generate."));
	}
	return true;
}

static bool auth_new(struct step *step)
{
	uint32_t column = step->header->single[COLUMN_AUTH];
	struct slice auth = record_cell(step->record, column);
	if (auth.size == 0) {
		struct slice given = default_given(step->policy, SLICE("auth"));
		auth = given.bytes ? given : SLICE("manual");
	}
	step->change.auth = auth;
	step->is_dropped = !auth_check(step, auth, column);
	if (!step->is_dropped)
		note_move(step, "auth", SLICE(""), auth);
	return !step->is_dropped;
}

/* The plan's own picture of an account that is not there yet. */
static bool person_make(struct step *step)
{
	struct batch *batch = step->batch;
	const struct account_change *change = &step->change;
	size_t fields = batch->site->profile_fields_count;
	step->person = batch_add_person(batch, change->username);
	struct slice *profile = arena_alloc(step->arena, (fields + 1) * sizeof *profile);
	if (!profile || arena_has_failed(step->arena))
		return false;
	for (uint32_t f = 0; f < fields; f++)
		profile[f] = change->profile[f].data;
	struct account_facts *person = person_of(step);
	person->auth = change->auth;
	person->is_suspended = change->is_suspended;
	person->details = change->values;
	person->profile = profile;
	key_learn(batch, KEY_USERNAME, change->username, step->person);
	key_learn(batch, KEY_EMAIL, change->values[DETAIL_EMAIL], step->person);
	key_learn(batch, KEY_IDNUMBER, change->values[DETAIL_IDNUMBER], step->person);
	return true;
}

static struct account_change *change_keep(struct step *step)
{
	struct account_change *kept = arena_alloc(step->arena, sizeof *kept);
	if (kept)
		*kept = step->change;
	return kept;
}

static struct slice text_keep(const struct step *step, const struct buffer *text)
{
	if (text->failed)
		arena_fail(step->arena);
	return arena_copy(step->arena, buffer_slice(text));
}

static bool create(struct step *step, struct slice name)
{
	bool is_suspended = false;
	step->is_new = true;
	step->change.username = name;
	step->change.sets_suspended = true;
	note(step, &step->after, "username", name);
	if (!change_alloc(step) || !name_check(step, name) || !auth_new(step) || !details_new(step))
		return false;
	if (address_is_taken(step)) {
		step->is_dropped = true;
		return false;
	}
	if (!password_new(step))
		return false;
	profile_new(step);
	if (suspended_read(step, &is_suspended) && is_suspended) {
		step->change.is_suspended = true;
		note_move(step, "suspended", SLICE(""), SLICE("1"));
	}
	if (!person_make(step))
		return false;
	change_add(step->pass, (struct change){.kind = CHANGE_CREATE_ACCOUNT,
	                           .person = step->person,
	                           .account = change_keep(step)});
	struct outcome *outcome = answer(step, step->header->key, OUTCOME_DONE,
	    CODE_ACCOUNT_CREATED, name, SLICE("The account was made."));
	outcome->after = text_keep(step, &step->after);
	return true;
}

/* ---- an account that exists ---- */

/* One detail's new value; false: it stays. */
static bool detail_moved(struct step *step, uint32_t detail, struct slice *value)
{
	const struct column *column = columns_detail(detail);
	struct slice is = person_of(step)->details[detail];
	uint32_t place = step->header->details[detail];
	enum policy_update_details mode = step->policy->update_details;
	bool is_moodle = step->policy->compat == COMPAT_MOODLE;
	if (mode == DETAILS_FILL && is.size > 0)
		return false;
	if (place == COLUMN_NONE && mode == DETAILS_FILE)
		return false;
	bool is_empty = place != COLUMN_NONE && record_cell(step->record, place).size == 0;
	if (is_empty && column->detail.is_required && !is_moodle) {
		/* An export with a hole in it must not take a person's name away. */
		return false;
	}
	bool is_given = place != COLUMN_NONE && !(is_empty && mode == DETAILS_FILL) &&
	                detail_from_cell(step, detail, value);
	if (!is_given && place != COLUMN_NONE && mode != DETAILS_FILL)
		return false;
	if (!is_given)
		*value = detail_default(step, detail);
	return value->bytes && !slice_is(*value, is);
}

/* Moodle lets nobody change an address in nothing but its letter case (facts 2.6). */
static bool is_same_address(const struct step *step, struct slice a, struct slice b)
{
	return step->policy->compat == COMPAT_MOODLE &&
	       slice_is(value_lower(a, step->arena), value_lower(b, step->arena));
}

static void detail_update(struct step *step, uint32_t detail)
{
	struct account_facts *person = person_of(step);
	struct slice value = SLICE("");
	if (!detail_moved(step, detail, &value))
		return;
	if (detail == DETAIL_EMAIL) {
		if (is_same_address(step, value, person->details[detail]))
			return;
		if (step->header->details[detail] != COLUMN_NONE && address_is_taken(step)) {
			step->is_dropped = step->policy->invalid_values == INVALID_IGNORE;
			return;
		}
	}
	note_move(step, columns_detail(detail)->name, person->details[detail], value);
	detail_set(step, detail, value);
}

static void profile_update(struct step *step, uint32_t f)
{
	const struct profile_field *field = &step->batch->site->profile_fields[f];
	struct slice is = person_of(step)->profile[f], value = {NULL, 0};
	enum policy_update_details mode = step->policy->update_details;
	uint32_t column = profile_column(step, f);
	const char *expected = "";
	if (mode == DETAILS_FILL && is.size > 0)
		return;
	if (column != COLUMN_NONE) {
		enum detail_verdict verdict = profile_read(
		    step->batch, field, record_cell(step->record, column), &value, &expected);
		bool is_kept = !verdict_accept(step, column, verdict, expected);
		step->leaves_record |=
		    is_kept && step->policy->compat == COMPAT_MOODLE && verdict == DETAIL_BAD;
		if (is_kept)
			return;
	} else if (mode != DETAILS_FILE) {
		value = profile_default(step, field);
	}
	if (!value.bytes || slice_is(value, is.bytes ? is : field->initial))
		return;
	struct slice name =
	    arena_print(step->arena, "profile_field_%.*s", SLICE_ARG(field->shortname));
	note_move(step, name.bytes, is, value);
	profile_set(step, f, value);
}

static void auth_update(struct step *step)
{
	enum policy_update_details mode = step->policy->update_details;
	struct account_facts *person = person_of(step);
	uint32_t column = step->header->single[COLUMN_AUTH];
	struct slice auth = record_cell(step->record, column);
	bool takes_defaults = mode == DETAILS_FILE_AND_DEFAULTS;
	if (mode != DETAILS_FILE && !takes_defaults)
		return;
	if (column == COLUMN_NONE && takes_defaults) {
		struct slice given = default_given(step->policy, SLICE("auth"));
		bool is_moodle = step->policy->compat == COMPAT_MOODLE;
		auth = given.bytes ? given : is_moodle ? SLICE("manual") : SLICE("");
	}
	step->has_asked |= auth.size > 0;
	if (auth.size == 0 || slice_is(auth, person->auth))
		return;
	if (!auth_check(step, auth, column)) {
		step->is_dropped = step->policy->invalid_values == INVALID_IGNORE;
		return;
	}
	note_move(step, "auth", person->auth, auth);
	step->change.auth = auth;
	step->change.ends_sessions |= slice_is(auth, SLICE("nologin"));
	if (auth_is_external(auth)) {
		step->change.stored = SLICE("not cached");
		step->change.generate = step->change.force = -1;
	}
}

static void password_update(struct step *step)
{
	enum policy_update_details mode = step->policy->update_details;
	struct slice auth = step->change.auth.size > 0 ? step->change.auth : person_of(step)->auth;
	struct slice password = cell_of(step, COLUMN_PASSWORD);
	bool may = step->policy->update_password &&
	           (mode == DETAILS_FILE || mode == DETAILS_FILE_AND_DEFAULTS);
	if (may && password.size > 0 && !auth_is_external(auth)) {
		step->has_asked = true;
		password_take(step, password);
	}
}

static void suspended_update(struct step *step)
{
	bool truth = false;
	if (!suspended_read(step, &truth) || truth == person_of(step)->is_suspended)
		return;
	uint32_t column = step->header->single[COLUMN_SUSPENDED];
	if (!step->policy->allow_suspend) {
		answer(step, column, OUTCOME_ERROR, CODE_NOT_ALLOWED,
		    record_cell(step->record, column),
		    SLICE("This feed may not suspend or activate accounts: set allow_suspend, or "
		          "leave "
		          "the cell empty."));
		return;
	}
	note_move(
	    step, "suspended", truth ? SLICE("0") : SLICE("1"), truth ? SLICE("1") : SLICE("0"));
	step->change.sets_suspended = true;
	step->change.is_suspended = truth;
	step->change.ends_sessions |= truth;
}

static bool details_are_asked(const struct step *step)
{
	const struct header *header = step->header;
	if (step->policy->update_details == DETAILS_NONE)
		return false;
	for (size_t i = 0; i < header->columns_count; i++)
		if (i != header->key && (header->columns[i].id == COLUMN_DETAIL ||
		                            header->columns[i].id == COLUMN_PROFILE))
			return true;
	return step->policy->defaults.count > 0 && step->policy->update_details != DETAILS_FILE;
}

static void details_update(struct step *step)
{
	if (step->policy->update_details == DETAILS_NONE)
		return;
	step->has_asked |= details_are_asked(step);
	for (uint32_t d = 0; d < columns_details_count() && !step->is_dropped; d++)
		detail_update(step, d);
	for (uint32_t f = 0; f < step->batch->site->profile_fields_count; f++)
		profile_update(step, f);
}

/* The plan's own picture follows. */
static void person_move(struct step *step)
{
	struct batch *batch = step->batch;
	struct account_facts *person = person_of(step);
	const struct account_change *change = &step->change;
	for (uint32_t d = 0; d < columns_details_count(); d++)
		if (change->details & (UINT64_C(1) << d))
			person->details[d] = change->values[d];
	for (uint32_t p = 0; p < change->profile_count; p++)
		for (uint32_t f = 0; f < batch->site->profile_fields_count; f++)
			if (batch->site->profile_fields[f].id == change->profile[p].field)
				person->profile[f] = change->profile[p].data;
	if (change->auth.size > 0)
		person->auth = change->auth;
	if (change->sets_suspended)
		person->is_suspended = change->is_suspended;
	key_learn(batch, KEY_EMAIL, change->values[DETAIL_EMAIL], step->person);
	key_learn(batch, KEY_IDNUMBER, change->values[DETAIL_IDNUMBER], step->person);
}

static bool is_moved(const struct account_change *change)
{
	return change->details != 0 || change->profile_count > 0 || change->auth.size > 0 ||
	       change->sets_suspended || change->password.size > 0;
}

static enum code code_of_update(const struct account_change *change)
{
	bool only = change->details == 0 && change->profile_count == 0 && change->auth.size == 0 &&
	            change->password.size == 0;
	if (!only)
		return CODE_ACCOUNT_UPDATED;
	return change->is_suspended ? CODE_ACCOUNT_SUSPENDED : CODE_ACCOUNT_ACTIVATED;
}

static struct slice message_of_update(enum code code)
{
	return code == CODE_ACCOUNT_SUSPENDED   ? SLICE("The account was suspended.")
	       : code == CODE_ACCOUNT_ACTIVATED ? SLICE("The account was activated.")
	                                        : SLICE("The account was changed.");
}

/* "suspended" when that is all a row asks; else the person. */
static uint32_t column_of_update(const struct step *step, enum code code)
{
	return code == CODE_ACCOUNT_UPDATED ? step->header->key
	                                    : step->header->single[COLUMN_SUSPENDED];
}

static bool update(struct step *step)
{
	size_t outcomes = step->pass->outcomes_count;
	if (!step->batch->asks_accounts)
		return true;
	if (!change_alloc(step))
		return false;
	suspended_update(step);
	auth_update(step);
	if (!step->is_dropped)
		details_update(step);
	if (step->is_dropped)
		return false;
	password_update(step);
	bool is_done = is_moved(&step->change);
	if (is_done || step->leaves_record)
		change_add(step->pass, (struct change){.kind = CHANGE_UPDATE_ACCOUNT,
		                           .person = step->person,
		                           .account = change_keep(step)});
	if (is_done) {
		enum code code = code_of_update(&step->change);
		person_move(step);
		struct outcome *outcome = answer(step, column_of_update(step, code), OUTCOME_DONE,
		    code, person_of(step)->username, message_of_update(code));
		outcome->before = text_keep(step, &step->before);
		outcome->after = text_keep(step, &step->after);
	} else if (step->has_asked && step->pass->outcomes_count == outcomes) {
		answer(step, step->header->key, OUTCOME_UNCHANGED, CODE_ACCOUNT_UNCHANGED,
		    person_of(step)->username, SLICE("The account was so already."));
	}
	return true;
}

/* ---- delete and rename ---- */

static bool not_found(struct step *step, uint32_t column, struct slice name)
{
	return drop(step, column, CODE_USER_NOT_FOUND,
	    arena_print(step->arena,
	        "No account '%.*s': correct the user name, or create the account first.",
	        SLICE_ARG(name)));
}

static bool protected(struct step *step)
{
	return drop(step, COLUMN_NONE, CODE_PROTECTED_ACCOUNT,
	    SLICE("Site administrators and the guest account are never touched: remove the row."));
}

static bool delete (struct step *step)
{
	uint32_t column = step->header->single[COLUMN_DELETED];
	if (!step->policy->allow_delete || adds_only(step->policy))
		return drop(step, column, CODE_NOT_ALLOWED,
		    SLICE(
		        "This feed may not delete accounts: set allow_delete, or remove the row."));
	if (step->person == INDEX_NONE)
		return not_found(step, COLUMN_NONE, record_cell(step->record, step->header->key));
	if (person_of(step)->is_protected)
		return protected(step);
	change_add(
	    step->pass, (struct change){.kind = CHANGE_DELETE_ACCOUNT, .person = step->person});
	struct outcome *outcome = answer(step, column, OUTCOME_DONE, CODE_ACCOUNT_DELETED,
	    person_of(step)->username, SLICE("The account was deleted."));
	note(step, &step->before, "username", person_of(step)->username);
	note(step, &step->before, "email", person_of(step)->details[DETAIL_EMAIL]);
	note(step, &step->before, "idnumber", person_of(step)->details[DETAIL_IDNUMBER]);
	outcome->before = text_keep(step, &step->before);
	person_of(step)->is_gone = true;
	return false;
}

static void rename_add(struct step *step, uint32_t column, struct slice name)
{
	struct account_facts *person = person_of(step);
	struct account_change *change = arena_alloc(step->arena, sizeof *change);
	if (!change)
		return;
	change->username = name;
	change_add(step->pass,
	    (struct change){
	        .kind = CHANGE_RENAME_ACCOUNT, .person = step->person, .account = change});
	struct outcome *outcome = answer(step, column, OUTCOME_DONE, CODE_ACCOUNT_RENAMED, name,
	    SLICE("The account was renamed."));
	outcome->before =
	    arena_print(step->arena, "username=%.*s", SLICE_ARG(escaped(step, person->username)));
	outcome->after = arena_print(step->arena, "username=%.*s", SLICE_ARG(escaped(step, name)));
	person->username = name;
	key_learn(step->batch, KEY_USERNAME, name, step->person);
}

static bool name_is_taken(struct step *step, struct slice name)
{
	return drop(step, step->header->single[COLUMN_USERNAME], CODE_USERNAME_TAKEN,
	    arena_print(step->arena, "There is another account '%.*s': choose another name.",
	        SLICE_ARG(name)));
}

/* Moodle, told to take names as they are, gives an account whatever name the file has (facts 2.9).
 */
static bool may_be_any_name(const struct step *step)
{
	return step->policy->compat == COMPAT_MOODLE &&
	       step->policy->usernames == USERNAMES_EXACT && step->record->name.size > 0;
}

/* `oldusername`: the row is about the account of that name, and gives it the one in `username`. */
static bool rename(struct step *step)
{
	uint32_t column = step->header->single[COLUMN_OLDUSERNAME];
	uint32_t name_key =
	    step->record->name_key != INDEX_NONE ? step->record->name_key : step->record->key;
	uint32_t old = person_called(step->batch, step->record->old_key);
	uint32_t other = person_called(step->batch, name_key);
	if (!step->policy->allow_rename || adds_only(step->policy))
		return drop(step, column, CODE_NOT_ALLOWED,
		    SLICE(
		        "This feed may not rename accounts: set allow_rename, or remove the row."));
	if (old == INDEX_NONE && other != INDEX_NONE && step->policy->compat == COMPAT_NONE) {
		step->person = other;
		answer(step, column, OUTCOME_UNCHANGED, CODE_ALREADY_RENAMED,
		    step->batch->people[other].username,
		    SLICE("The account has the new name already."));
		return true;
	}
	if (!is_free(step->batch, name_key))
		return old == other && old != INDEX_NONE ? (step->person = old, true)
		                                         : name_is_taken(step, step->record->name);
	if (old == INDEX_NONE)
		return not_found(step, column, record_cell(step->record, column));
	step->person = old;
	if (person_of(step)->is_protected)
		return protected(step);
	if (!may_be_any_name(step) && !name_check(step, step->record->name))
		return false;
	rename_add(step, column, step->record->name);
	return true;
}

/* Found by address or number, with another user name in the row (facts 2.10). */
static bool rename_found(struct step *step)
{
	struct slice name = step->record->name;
	bool asks = step->header->key != step->header->single[COLUMN_USERNAME] && name.size > 0 &&
	            step->person != INDEX_NONE && step->policy->allow_rename &&
	            !slice_is(name, person_of(step)->username);
	if (!asks)
		return true;
	if (person_of(step)->is_protected)
		return protected(step);
	if (!is_free(step->batch, step->record->name_key))
		return name_is_taken(step, name);
	if (!may_be_any_name(step) && !name_check(step, name))
		return false;
	rename_add(step, step->header->single[COLUMN_USERNAME], name);
	return true;
}

/* ---- the record as a whole ---- */

static struct slice fault_message(const struct step *step)
{
	static const char *const messages[CODES] = {
	    [CODE_BROKEN_QUOTES] =
	        "Text follows a closing quote: double every quote inside a quoted value.",
	    [CODE_NOT_UTF8] =
	        "The value has bytes that cannot be decoded: save the file as UTF-8, or "
	        "name its character set in the feed's csv.encoding.",
	    [CODE_CONTROL_CHARACTER] = "The value has a NUL or control character: remove it.",
	    [CODE_VALUE_TOO_LONG] = "A value of the row, or the row itself, is longer than "
	                            "max_field allows: shorten it.",
	};
	const struct record *record = step->record;
	if (record->fault == CODE_WRONG_FIELD_COUNT)
		return arena_print(step->arena,
		    "The row has %u fields and the header %zu: add or remove fields.",
		    record->cells_count, step->header->columns_count);
	if (record->fault == CODE_VALUE_TOO_LONG && record->fault_column != COLUMN_NONE)
		return arena_print(step->arena,
		    "The value is longer than the %u characters of this column: shorten it.",
		    step->header->columns[record->fault_column].characters_max);
	return slice_of(messages[record->fault]);
}

static bool key_missing(struct step *step)
{
	const struct header *header = step->header;
	uint32_t column = header->key;
	bool by_name = column == header->single[COLUMN_USERNAME];
	if (record_cell(step->record, column).size > 0)
		return drop(step, column, CODE_USERNAME_MISSING,
		    SLICE(
		        "Nothing is left of the user name: it has no character that is allowed."));
	return drop(step, column, CODE_USERNAME_MISSING,
	    by_name ? SLICE("The row names nobody: fill in the user name.")
	            : arena_print(step->arena, "The row names nobody: fill in the column '%.*s'.",
	                  SLICE_ARG(header->columns[column].name)));
}

/* Accounts that come from another site over MNet are that site's. */
static bool is_remote(const struct step *step)
{
	int64_t host;
	struct slice cell = cell_of(step, COLUMN_HOST);
	return cell.size > 0 && !(value_parse_whole(cell, &host) &&
	                            (host == 0 || host == step->batch->site->local_host));
}

static bool two_of_them(struct step *step, const uint32_t people[2])
{
	const struct account_facts *all = step->batch->people;
	return drop(step, COLUMN_NONE, CODE_ACCOUNT_AMBIGUOUS,
	    arena_print(step->arena,
	        "Accounts '%.*s' and '%.*s' both have this %.*s: give each its own, or use user "
	        "names.",
	        SLICE_ARG(all[people[0]].username), SLICE_ARG(all[people[1]].username),
	        SLICE_ARG(step->header->columns[step->header->key].name)));
}

bool record_is_whole(struct pass *pass, uint32_t index)
{
	struct step step;
	step_init(&step, pass, index);
	if (step.record->has_fault)
		answer(&step, step.record->fault_column, OUTCOME_ERROR, step.record->fault,
		    SLICE(""), fault_message(&step));
	return !step.record->has_fault;
}

/* Faults that show before anybody is looked for; false: one was found. */
static bool record_check(struct step *step)
{
	struct record *record = step->record;
	if (!record_is_whole(step->pass, step->index)) {
		step->is_dropped = true;
		return false;
	}
	if (record->key == INDEX_NONE && step->header->key == COLUMN_NONE)
		record->key = record->name_key; /* by the feed's template */
	if (record->key == INDEX_NONE)
		return key_missing(step);
	if (is_remote(step))
		return drop(step, step->header->single[COLUMN_HOST], CODE_REMOTE_ACCOUNT,
		    SLICE("Accounts of other hosts are that host's: remove the row."));
	return true;
}

/* True: the row deletes. */
static bool deleted_read(struct step *step)
{
	bool truth = false;
	uint32_t column = step->header->single[COLUMN_DELETED];
	struct slice cell = record_cell(step->record, column);
	if (cell.size > 0 && !truth_read(cell, &truth))
		return drop(step, column, CODE_INVALID_VALUE,
		    arena_print(step->arena, "'%.*s' is not 0 or 1: correct it.", SLICE_ARG(cell)));
	return truth;
}

static bool make_new(struct step *step)
{
	struct slice name = step->record->name;
	uint32_t name_key =
	    step->record->name_key != INDEX_NONE ? step->record->name_key : step->record->key;
	if (step->policy->upload_type == UPLOAD_ADD_INCREMENT)
		(void)name_find_free(step->batch, name_key, &name);
	else if (name.size > 0 && !is_free(step->batch, name_key))
		return name_is_taken(step, name);
	step->person = INDEX_NONE;
	return create(step, name);
}

static bool settle(struct step *step)
{
	uint32_t people[2];
	if (!record_check(step))
		return false;
	uint32_t count = people_of(step->batch, step->record->key, people);
	if (count > 1)
		return two_of_them(step, people);
	step->person = count > 0 ? people[0] : INDEX_NONE;
	bool deletes = deleted_read(step);
	if (step->is_dropped)
		return false;
	if (deletes)
		return delete (step);
	bool renames = step->record->old_key != INDEX_NONE;
	if (renames ? !rename(step) : !rename_found(step))
		return false;
	enum policy_upload_type type = step->policy->upload_type;
	bool exists = step->person != INDEX_NONE;
	if (exists && person_of(step)->is_protected && type != UPLOAD_ADD_INCREMENT)
		return protected(step);
	if (exists && type == UPLOAD_ADD) {
		answer(step, step->header->key, OUTCOME_SKIPPED, CODE_ACCOUNT_EXISTS,
		    step->record->name, SLICE("The account exists: this feed only adds new ones."));
		return false;
	}
	if (type == UPLOAD_ADD_INCREMENT || (!exists && type != UPLOAD_UPDATE))
		return make_new(step);
	if (!exists)
		return not_found(step, COLUMN_NONE,
		    step->header->key == step->header->single[COLUMN_USERNAME]
		        ? step->record->name
		        : record_cell(step->record, step->header->key));
	return update(step);
}

static void interests_answer(struct step *step)
{
	uint32_t column = step->header->single[COLUMN_INTERESTS];
	struct slice cell = record_cell(step->record, column);
	if (cell.size > 0)
		answer(step, column, OUTCOME_WARNING, CODE_NOT_ON_THIS_SITE, cell,
		    SLICE("Interests are tags, which enrold does not write here: set them in the "
		          "LMS."));
}

bool account_settle(struct pass *pass, uint32_t index)
{
	struct step step;
	step_init(&step, pass, index);
	bool goes_on = settle(&step);
	step.record->person = step.person;
	if (goes_on)
		interests_answer(&step);
	buffer_done(&step.before);
	buffer_done(&step.after);
	return goes_on;
}

/* A person who is deleted must not have changes that are still to be written. */
static bool delete_is_ready(struct step *step)
{
	bool truth = false;
	uint32_t person = person_called(step->batch, step->record->key);
	if (person == INDEX_NONE || !truth_read(cell_of(step, COLUMN_DELETED), &truth) || !truth)
		return true;
	return !step->batch->people[person].is_touched;
}

uint32_t account_expected(struct pass *pass, uint32_t index)
{
	const struct batch *batch = pass->batch;
	const struct record *record = &batch->records[index];
	if (record->has_fault || batch->policy->upload_type == UPLOAD_ADD_INCREMENT)
		return INDEX_NONE;
	uint32_t old = person_called(batch, record->old_key);
	return old != INDEX_NONE ? old : person_called(batch, record->key);
}

bool account_is_ready(struct pass *pass, uint32_t index)
{
	struct step step;
	step_init(&step, pass, index);
	const struct record *record = step.record;
	uint32_t key = record->name_key != INDEX_NONE ? record->name_key : record->key;
	if (record->has_fault || !step.batch->asks_accounts || key == INDEX_NONE)
		return true;
	struct slice name = record->name;
	if (step.policy->upload_type == UPLOAD_ADD_INCREMENT &&
	    !name_find_free(step.batch, key, &name))
		return false;
	return delete_is_ready(&step);
}
