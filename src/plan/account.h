/*
 * account: the step of a record that is about the account itself: find it, delete it, rename it,
 * make it or change it. What was decided is at once true of the batch's people, so that the next
 * record about the same person goes on from there.
 *
 *     plan_account   the record as a whole: which of these it is
 *     account_find   who is called what, new names        account_own   made by an earlier run
 *     account_new    account_update    account_move (delete, rename)
 *     account_values what cells and defaults mean        account_step   what all have in common
 *     interests      tags
 *     account_unique profile fields whose values are one person's only
 *
 * Functions that return bool and take a step: false ends the record, and the answer says why.
 */
#ifndef PLAN_ACCOUNT_H
#define PLAN_ACCOUNT_H

#include "enrold/buffer.h"
#include "enrold/detail.h"

#include "pass.h"

/* One record's step. */
struct step {
	struct pass *pass;
	struct batch *batch;
	const struct header *header;
	const struct policy *policy;
	struct arena *arena;
	struct record *record;
	uint32_t index;
	uint32_t person; /* INDEX_NONE: nobody (yet) */
	bool is_new;
	bool is_own;                               /* made by an earlier run of this very row */
	enum policy_update_details update_details; /* the feed's, but for such rows */
	bool has_asked;     /* something about the account, answered or not */
	bool is_dropped;    /* an error that ends the record */
	bool leaves_record; /* Moodle tells of an update although nothing was stored */
	bool has_kept;      /* a value of the row was kept out */
	struct account_change change;
	struct buffer before, after;
	struct buffer withheld_before, withheld_after; /* of details */
};

/* ---- plan_word.c ---- */

/* A cell of the person's has a word that the feed's values do not know, and it was said. */
bool record_word_is_unknown(struct step *step);

/* ---- account_step.c ---- */

void step_init(struct step *step, struct pass *pass, uint32_t index);
void step_done(struct step *step);
struct account_facts *step_person(const struct step *step);
/* The trimmed cell of a column without a number; empty where there is none. */
struct slice step_cell(const struct step *step, enum column_id id);
struct outcome *step_answer(struct step *step, uint32_t column, enum outcome_kind kind,
    enum code code, struct slice target, struct slice message);
/* An error that ends the record: is_dropped, and always false. COLUMN_NONE: the column that says
 * who is meant. */
bool step_drop(struct step *step, uint32_t column, enum code code, struct slice message);
uint32_t step_column(const struct step *step, uint32_t column);
/* Of a detail; COLUMN_NONE also where the feed's values make the column, and no word of the row
 * gives a cell: a row does not lose what its file has never said. */
uint32_t step_detail_column(const struct step *step, uint32_t detail);
/* The database does not let us do this, and the answer says so. */
bool step_lacks(struct step *step, uint32_t column, enum deed deed);

/* The feed's settings leave the account as it is, whatever this column says. */
void step_keep(struct step *step, uint32_t column, enum remark_code code);

/* before and after: "name=value;name=value", with % ; = and line ends as %3B. */
struct slice step_escape(const struct step *step, struct slice value);
void step_note(const struct step *step, struct buffer *out, const char *name, struct slice value);
void step_note_move(struct step *step, const char *name, struct slice before, struct slice after);

/* Room for the values of step->change; false: no memory. */
bool step_alloc(struct step *step);
struct account_change *step_keep_change(struct step *step);
struct slice step_keep_text(const struct step *step, const struct buffer *text);

/* ---- account_find.c ---- */

/* How many are called so, two at most; and the first of them. */
uint32_t account_find_all(const struct batch *batch, uint32_t key, uint32_t people[2]);
uint32_t account_find(const struct batch *batch, uint32_t key);
/* A deleted account was called so. */
bool account_was_deleted(const struct batch *batch, const struct record *record);
bool account_is_free(const struct batch *batch, uint32_t key);
/* From now on the person has what the change gives, but for names. */
void account_take(const struct batch *batch, uint32_t person, const struct account_change *change);
/* From now on the person is called so too. */
void account_learn(struct batch *batch, enum user_key_by by, struct slice text, uint32_t person);
/* And has what the change gives to unique profile fields. */
void account_learn_profile(
    struct batch *batch, const struct account_change *change, uint32_t person);
/* Counts on from a name that is taken; false: ask the database about more names first. */
bool account_find_free_name(struct batch *batch, uint32_t key, struct slice *name);

/* ---- account_own.c ---- */

/* In a feed that only adds: the account that an earlier run has made of this very row, before
 * something else in it failed; INDEX_NONE: none. */
uint32_t account_find_own(const struct batch *batch, const struct record *record);
/* In a feed that only adds: what failed then left an account made. */
bool record_is_left_over(const struct batch *batch, const struct record *record);
/* The number, else the address, else the names in the row are the person's. */
bool record_is_about(const struct batch *batch, const struct record *record, uint32_t person);
/* The account that a row to be settled will mean; INDEX_NONE: none, or a new one. */
uint32_t account_expected(struct pass *pass, uint32_t index);

/* ---- account_values.c ---- */

/* What the feed's `defaults` say; bytes NULL: nothing. */
struct slice account_default(const struct policy *policy, struct slice name);
struct slice account_detail_default(struct step *step, uint32_t detail);
struct slice account_profile_default(struct step *step, const struct profile_field *field);
/* A verdict put into practice: whether the value is to be stored. */
bool account_accept(
    struct step *step, uint32_t column, enum detail_verdict verdict, const char *expected);
bool account_detail_from_cell(struct step *step, uint32_t detail, struct slice *value);
uint32_t step_profile_column(const struct step *step, uint32_t field);
void account_profile_set(struct step *step, uint32_t field, struct slice data);

bool account_check_auth(struct step *step, struct slice auth, uint32_t column);
bool account_auth_is_external(struct slice auth);
void account_take_password(struct step *step, struct slice password);
/* Tells of a password without effect, because the method keeps its own. */
void account_tell_of_password(struct step *step, struct slice auth);
/* False: the cell asks nothing, or nonsense. */
bool account_read_suspended(struct step *step, bool *truth);
bool account_address_is_taken(struct step *step);

bool account_check_name(struct step *step, struct slice name);
/* True: nobody is called so, but in other letter case somebody is, and it was said. */
bool account_is_resembled(struct step *step, uint32_t column);
bool account_not_found(struct step *step, uint32_t column, struct slice name);
bool account_is_protected(const struct step *step);
bool account_protected(struct step *step);
/* True: the person has a role that keeps the feed from this change, and it was said. */
bool account_outranks(struct step *step, uint32_t column);
/* Who holds a value that only one account can have, if the feed may change their details; else
 * empty, so that nobody learns by guessing who has what. */
struct slice account_holder_name(const struct step *step, uint32_t holder);
bool account_name_is_taken(struct step *step, struct slice name);

/* ---- account_unique.c: unique profile fields, and rows that are dropped for any of them ---- */

/* True: somebody else has the value that the row gives to a unique profile field, and it was said.
 */
bool account_value_is_taken(struct step *step, uint32_t column);
/* False: the row is dropped, as newer Moodles do, and it was said. */
bool account_profiles_are_good(struct step *step);

/* ---- interests.c ---- */

/* The cell of interests, once the account is settled. */
void interests_decide(struct step *step);

/* ---- account_new.c, account_update.c, account_move.c ---- */

bool account_create(struct step *step, struct slice name);
bool account_update(struct step *step);
bool account_delete(struct step *step);
/* By `oldusername`; or for somebody found otherwise, whose row has another user name. */
bool account_rename(struct step *step);
bool account_rename_found(struct step *step);

#endif
