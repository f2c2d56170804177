/* Interests are the tags of people: rows of tag and tag_instance as Moodle leaves them. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>

#define AREA                                                                                       \
	"INSERT INTO mdl_tag_area (component, itemtype, enabled, tagcollid) VALUES "               \
	"('core', 'course', 1, 1), ('core', 'user', 1, 3);"

static void real_make(struct rig *rig, const char *more)
{
	rig_make_whole(rig,
	    &(struct rig_options){
	        .feeds = "  default: { upload_type: add_or_update, allow_delete: true }\n"},
	    "INSERT INTO mdl_context (id, contextlevel, instanceid, path, depth) SELECT 1000 + id, "
	    "30, id, '/1/' || (1000 + id), 2 FROM mdl_user WHERE id > 2 AND id NOT IN (SELECT "
	    "instanceid FROM mdl_context WHERE contextlevel = 30)");
	rig_execute(rig, more);
}

static void run_quietly(struct rig *rig, const char *name, const char *text)
{
	struct reply reply;
	reply_to(&reply, rig, name, text);
	cr_expect_eq(reply_number(&reply, "outcomes", "error"), 0, "%s", name);
	reply_close(&reply);
}

static const char tags[] =
    "SELECT userid, tagcollid, name, rawname, isstandard, descriptionformat, "
    "flag, description IS NULL FROM mdl_tag ORDER BY id";
static const char instances[] =
    "SELECT u.username, t.name, i.ordering, i.component, i.itemtype, i.tiuserid, x.contextlevel, "
    "x.instanceid = u.id FROM mdl_tag_instance i JOIN mdl_tag t ON t.id = i.tagid JOIN mdl_user u "
    "ON u.id = i.itemid JOIN mdl_context x ON x.id = i.contextid ORDER BY u.id, i.ordering";
static const char events[] =
    "SELECT action, objecttable FROM mdl_logstore_standard_log WHERE target = 'tag' ORDER BY id";

/* Rows and order as Moodle's uploader left them. */
Test(interests, live_as_in_moodle)
{
	struct rig rig;
	struct reply reply;
	real_make(&rig, AREA);
	reply_to(&reply, &rig, "a.csv", "username,interests\np1,\"maths, Physics ,maths\"\n");
	EXPECT(&reply, {2, "interests", "done", "interests_set"});
	cr_expect_str_eq(
	    reply_cell(&reply, (struct expected){.line = 2, .column = "interests"}, 0, "after"),
	    "interests=maths,physics");
	reply_close(&reply);
	rig_expect(&rig, tags, "2|3|maths|maths|0|0|0|1\n2|3|physics|Physics|0|0|0|1\n");
	rig_expect(&rig, instances, "p1|maths|0|core|user|0|30|1\np1|physics|1|core|user|0|30|1\n");
	rig_expect(
	    &rig, events, "created|tag\ncreated|tag\nadded|tag_instance\nadded|tag_instance\n");
	reply_to(&reply, &rig, "a.csv", "username,interests\np1,\"maths, Physics ,maths\"\n");
	EXPECT(&reply, {2, "interests", "unchanged", "already_interested"});
	reply_close(&reply);
	run_quietly(&rig, "b.csv", "username,interests\np1,Physics\n");
	rig_expect(&rig, tags, "2|3|physics|Physics|0|0|0|1\n");
	rig_expect(&rig, instances, "p1|physics|0|core|user|0|30|1\n");
	run_quietly(&rig, "c.csv", "username,interests\np1,\n");
	rig_expect(&rig, instances, "p1|physics|0|core|user|0|30|1\n");
	rig_expect(&rig, events,
	    "created|tag\ncreated|tag\nadded|tag_instance\nadded|tag_instance\n"
	    "removed|tag_instance\ndeleted|tag\n");
	law_close(&rig);
}

Test(interests, are_shared_and_made_once)
{
	struct rig rig;
	real_make(&rig,
	    AREA "INSERT INTO mdl_tag (id, userid, tagcollid, name, rawname, isstandard) VALUES "
	         "(50, 2, 3, 'chess', 'Chess', 1), (51, 2, 1, 'skiing', 'Skiing', 0);");
	run_quietly(&rig, "a.csv",
	    "username,firstname,lastname,email,interests\np1,,,,\"chess,skiing\"\n"
	    "p2,,,,\"skiing,CHESS\"\nnew1,N,One,n1@x.example,\"skiing,go\"\n");
	rig_expect(&rig, "SELECT tagcollid, name, rawname, isstandard FROM mdl_tag ORDER BY id",
	    "3|chess|Chess|1\n1|skiing|Skiing|0\n3|skiing|skiing|0\n3|go|go|0\n");
	rig_expect(&rig, instances,
	    "p1|chess|0|core|user|0|30|1\np1|skiing|1|core|user|0|30|1\n"
	    "p2|skiing|0|core|user|0|30|1\np2|chess|1|core|user|0|30|1\n"
	    "new1|skiing|0|core|user|0|30|1\nnew1|go|1|core|user|0|30|1\n");
	/* A standard tag stays when nobody has it. */
	run_quietly(&rig, "b.csv", "username,interests\np1,go\np2,go\nnew1,go\n");
	rig_expect(&rig, "SELECT name FROM mdl_tag ORDER BY id", "chess\nskiing\ngo\n");
	law_close(&rig);
}

Test(interests, of_one_person_follow_one_row_after_the_other)
{
	struct rig rig;
	real_make(&rig, AREA);
	run_quietly(
	    &rig, "a.csv", "username,interests\np1,\"a,b,c\"\np2,b\np1,\"c,a\"\np1,\"a,d\"\n");
	rig_expect(&rig, "SELECT name FROM mdl_tag ORDER BY name", "a\nb\nd\n");
	rig_expect(&rig, instances,
	    "p1|a|0|core|user|0|30|1\np1|d|1|core|user|0|30|1\np2|b|0|core|user|0|30|1\n");
	law_close(&rig);
}

/* The first row takes the tag away from the last who has it, and so the tag goes. */
Test(interests, come_back_by_a_later_row_of_the_same_file)
{
	struct rig rig;
	real_make(&rig, AREA);
	run_quietly(&rig, "a.csv", "username,interests\np1,\"go,chess\"\n");
	run_quietly(&rig, "b.csv", "username,interests\np1,chess\np1,\"go,chess\"\n");
	rig_expect(&rig, instances, "p1|go|0|core|user|0|30|1\np1|chess|1|core|user|0|30|1\n");
	law_close(&rig);
}

Test(interests, go_with_the_person)
{
	struct rig rig;
	real_make(&rig, AREA);
	run_quietly(&rig, "a.csv", "username,interests\np1,\"a,b\"\np2,b\n");
	run_quietly(&rig, "b.csv", "username,deleted\np1,1\n");
	rig_expect(&rig, "SELECT name FROM mdl_tag", "b\n");
	rig_expect(&rig, "SELECT count(*) FROM mdl_tag_instance", "1\n");
	rig_remove(&rig);
}

Test(interests, are_left_out_where_the_site_has_none)
{
	static const char *const without[] = {AREA
	    "UPDATE mdl_tag_area SET enabled = 0 WHERE itemtype = 'user'",
	    AREA "INSERT INTO mdl_config (name, value) VALUES ('usetags', '0')",
	    "DROP TABLE mdl_tag_instance"};
	for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
		struct rig rig;
		struct reply reply;
		real_make(&rig, without[i]);
		reply_to(&reply, &rig, "a.csv", "username,interests\np1,maths\n");
		EXPECT(&reply, {2, "interests", "warning", "not_on_this_site"});
		reply_close(&reply);
		law_close(&rig);
	}
}

/* Older than tag areas, or one that was never filled in. */
Test(interests, have_a_collection_where_no_area_says_which)
{
	struct rig rig;
	real_make(&rig, "");
	run_quietly(&rig, "a.csv", "username,interests\np1,maths\n");
	rig_expect(&rig, "SELECT tagcollid, name FROM mdl_tag", "1|maths\n");
	law_close(&rig);
}
