/*
 * plan_told: what show tells of a run's plan: why it waits, what it would do to how many people in
 * which courses, and what became of it. Without the ledger it is open as long as its card lies in
 * held/.
 */
#include "history.h"

#include "enrold/held.h"
#include "enrold/plan_sheet.h"
#include "enrold/plans.h"

#include <unistd.h>

/* The same that its card says. */
static void reason_set(json_t *object, const struct past_run *run, const struct held_plan *card)
{
	char code[sizeof card->code] = "", reason[sizeof card->reason] = "";
	bool is_held = run->row.state == RUN_HELD || run->row.state == RUN_DISCARDED;
	if (*card->run) {
		memcpy(code, card->code, sizeof code);
		memcpy(reason, card->reason, sizeof reason);
	} else if (is_held) {
		summary_find_refusal(run->row.summary, code, sizeof code, reason, sizeof reason);
	} else {
		summary_find_withheld(run->row.summary, code, sizeof code, reason, sizeof reason);
	}
	json_object_set_new(object, "code", history_text(slice_of(code)));
	json_object_set_new(object, "reason", history_text(slice_of(reason)));
}

static json_t *courses_json(const struct plan_courses *courses)
{
	json_t *list = json_array();
	for (size_t i = 0; i < courses->count; i++)
		json_array_append_new(
		    list, json_pack("{s:o, s:I}", "course", history_text(courses->items[i].name),
		              "people", (json_int_t)courses->items[i].people));
	return list;
}

/* A plan that is gone, or is not the one that was shown, is told nothing of. */
static struct error courses_set(
    json_t *object, struct history *history, const struct past_run *run, struct arena *arena)
{
	struct place place;
	struct plan_courses courses = {0};
	struct slice sha256 = run->row.hashes[ARTEFACT_PLAN];
	place_find(history, run, PLACE_PLAN, &place);
	int file = -1;
	struct error error = OK;
	if (place.is_there && sha256.size > 0)
		error = place_open(history, &place, run->row.sizes.of[ARTEFACT_PLAN], &file);
	if (is_error(&error))
		error = OK; /* it is none that can be read */
	else if (file >= 0)
		error = plan_sheet_count_courses(file, sha256.bytes, arena, &courses);
	bool is_known = file >= 0 && !is_error(&error);
	if (file >= 0)
		close(file);
	if (error.class == ERROR_RETRY)
		return error;
	json_object_set_new(object, "people_losing",
	    is_known ? json_integer((json_int_t)courses.people_losing) : json_null());
	json_object_set_new(object, "courses", courses_json(&courses));
	json_object_set_new(object, "other_courses", json_integer((json_int_t)courses.others));
	return OK;
}

static void ordered_set(json_t *object, const struct history *history, const char *run)
{
	const struct order *order = orders_find(&history->orders, ORDER_RELEASE, run);
	if (!order)
		order = orders_find(&history->orders, ORDER_DECLINE, run);
	json_object_set_new(object, "ordered",
	    order
	        ? json_pack("{s:s, s:o, s:o}", "order", order_kind_name(order->kind), "by",
	              history_text(slice_of(order->by)), "why", history_text(slice_of(order->why)))
	        : json_null());
}

static struct error make(
    struct history *history, const struct past_run *run, struct arena *arena, json_t **made)
{
	struct stored_plan plan = {.state = PLAN_UNKNOWN};
	struct held_plan card;
	const json_t *counts = json_object_get(run->summary, "plan");
	struct error error = held_find(history->root, run->row.run.bytes, &card);
	if (!is_error(&error) && history->lms)
		error = plans_find(lms_db(history->lms), run->row.run, arena, &plan);
	if (is_error(&error) || (plan.state == PLAN_UNKNOWN && !*card.run))
		return error;
	bool is_open = plan.state == PLAN_OPEN || (!history->lms && *card.run);
	const char *state = is_open ? "open" : plan_state_name(plan.state);
	*made = json_pack("{s:s, s:s, s:s, s:b, s:O?, s:O?, s:n}", "kind", "plan", "run",
	    run->row.run.bytes, "state", state, "whole",
	    history->lms ? plan.is_whole : card.is_whole, "rows", json_object_get(counts, "rows"),
	    "people", json_object_get(counts, "people"), "since");
	if (!*made)
		return error_memory("telling of a plan");
	if (*card.run)
		json_object_set_new(*made, "since", history_time_or_null(card.since_s));
	json_object_set_new(*made, "closed_by", history_text_or_null(plan.closed_by));
	json_object_set_new(*made, "why", history_text_or_null(plan.why));
	reason_set(*made, run, &card);
	ordered_set(*made, history, run->row.run.bytes);
	return courses_set(*made, history, run, arena);
}

struct error plan_tell(struct history *history, const struct past_run *run, json_t **plan)
{
	struct arena *arena = arena_create();
	*plan = NULL;
	struct error error =
	    arena ? make(history, run, arena, plan) : error_memory("telling of a plan");
	arena_free(arena);
	if (is_error(&error)) {
		json_decref(*plan);
		*plan = NULL;
	}
	return error;
}
