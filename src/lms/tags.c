/*
 * tags: whether people have tags on this site, which their profiles call interests, and what they
 * are; and that a deleted account has none (lms/README 5.6, 5.7).
 */
#include "work.h"

static bool has_tables(const struct lms *lms)
{
	return rights_has_table(&lms->rights, "tag") &&
	       rights_has_table(&lms->rights, "tag_instance");
}

/* Without an area of its own a site has one collection, the first. */
void tags_load(struct lms *lms, bool are_wanted)
{
	lms->tag_collection = 1;
	lms->site.has_tags = are_wanted && has_tables(lms);
	if (!lms->site.has_tags || !rights_may_read(&lms->rights, "tag_area"))
		return;
	struct db_rows rows = db_select(lms_db(lms),
	    "SELECT enabled, tagcollid FROM {tag_area} WHERE component = 'core' AND itemtype = "
	    "'user'",
	    DB_NONE);
	if (db_next(&rows)) {
		lms->site.has_tags = db_column_int(&rows, 0) != 0;
		lms->tag_collection = db_column_int(&rows, 1);
	}
	db_rows_close(&rows);
}

static void interest_add(struct account_facts *person, struct slice name, struct arena *arena)
{
	uint32_t count = person->interests_count;
	struct slice *names = arena_grow(arena, person->interests, count, count + 1, sizeof *names);
	if (!names)
		return;
	names[count] = arena_copy(arena, name);
	person->interests = names;
	person->interests_count++;
}

struct error lms_load_interests(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena)
{
	arena_reset(lms->scratch);
	if (!lms_may(lms, DEED_SET_INTERESTS))
		return OK;
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (people[i].id > 0)
			db_question(&questions, i, DB_VALUES(db_int(people[i].id)));
	struct db_rows rows = db_ask(lms_db(lms), tags_of_people, &questions);
	while (db_next(&rows))
		interest_add(&people[rows.tag], db_column_text(&rows, TAG_NAME), arena);
	return arena_has_failed(arena) ? error_memory("looking up interests")
	                               : db_error(lms_db(lms));
}

void tags_leave(struct work *work, const struct departure *who, size_t count)
{
	struct lost_tags lost = {.count = 0};
	struct db_questions questions = db_questions_begin(work->arena);
	if (!has_tables(work->lms))
		return;
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i, DB_VALUES(db_int(who[i].user)));
	struct db_rows rows = db_ask(work->lms->db, tags_of_people, &questions);
	while (db_next(&rows))
		tag_lose(work, &lost, &rows, who[rows.tag].change, who[rows.tag].user);
	for (size_t i = 0; i < count; i++)
		db_run(work->lms->db,
		    "DELETE FROM {tag_instance} WHERE itemid = ? AND itemtype = 'user' AND "
		    "component "
		    "= 'core'",
		    DB_VALUES(db_int(who[i].user)));
	lost_tags_clear(work, &lost);
}
