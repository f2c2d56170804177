/* Whom rows name, and where: absence goes by it. */
#include "world.h"

#include "enrold/approval.h"

#include <criterion/criterion.h>

#define ROW "username,course1\n"
#define MAKING "username,firstname,lastname,email,course1\n"

static const struct mention_case {
	const char *what, *policy, *text, *mentions;
} cases[] = {
    {"who is enrolled is listed, and the enrolment is new", "", ROW "alice,SAFETY\n",
        "2 listed alice SAFETY+\n"},
    {"who was there already is listed as well", "", ROW "heidi,SAFETY\n",
        "2 listed heidi SAFETY\n"},
    {"suspended or expired there, too", "", ROW "ivan,SAFETY\njudy,SAFETY\n",
        "2 listed ivan SAFETY\n3 listed judy SAFETY\n"},
    {"twice in a file is new twice", "", ROW "alice,SAFETY\nalice,SAFETY\n",
        "2 listed alice SAFETY+\n3 listed alice SAFETY+\n"},
    {"two courses of a row", "", "username,course1,course2\nalice,SAFETY,ETHICS\n",
        "2 listed alice SAFETY+\n2 listed alice ETHICS+\n"},
    {"a row without a course is about the person", "", ROW "alice,\n", "2 person alice -\n"},
    {"who is taken out is not listed there", "allow_unenrol=true",
        "username,course1,unenrol1\nheidi,SAFETY,1\nalice,SAFETY,1\nheidi,SAFETY,0\n",
        "2 person heidi -\n3 person alice -\n4 listed heidi SAFETY\n"},
    {"a course that nobody has: present, wherever that is", "", ROW "heidi,NOPE\n",
        "2 present heidi -\n"},
    {"a bad cell beside a good course: listed and present", "",
        "username,course1,role1\nheidi,SAFETY,nonsense\nalice,SAFETY,nonsense\n",
        "2 listed heidi SAFETY\n2 present heidi -\n3 present alice -\n"},
    {"a course out of reach", "may.courses=ETHICS", ROW "heidi,SAFETY\n",
        "2 listed heidi SAFETY\n2 present heidi -\n"},
    {"whom no feed touches is present", "", ROW "admin,SAFETY\nmona,SAFETY\n",
        "2 present admin -\n3 present mona -\n"},
    {"nobody knows whom it means: a line for each course", "",
        "username,course1,course2\nnobody,SAFETY,ETHICS\n,SAFETY,\n",
        "2 unknown - SAFETY\n2 unknown - ETHICS\n3 unknown - SAFETY\n"},
    {"and one for none", "", ROW "nobody,\n", "2 unknown - -\n"},
    {"an account that is made is new, and so is its enrolment", "upload_type=add_or_update",
        MAKING "newbie,New,Bie,n@corp.example,SAFETY\n",
        "2 listed newbie SAFETY+\n2 person newbie -+\n"},
    {"an account that cannot be made is unknown", "upload_type=add_or_update",
        MAKING "newbie,,Bie,n@corp.example,SAFETY\n", "2 unknown - SAFETY\n"},
    {"who is renamed is who they were", "allow_rename=true",
        "username,oldusername,course1\nheide,heidi,SAFETY\n", "2 listed heide SAFETY\n"},
    {"a group file mentions nobody", "", "groupname,coursename\nRed,SAFETY\n", ""},
};

Test(mention, says_who_is_where)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world world;
		world_init(&world, cases[i].policy);
		world_run(&world, cases[i].text);
		cr_expect_str_eq(world_mentions(&world), cases[i].mentions, "%s:\n%s",
		    cases[i].what, world_mentions(&world));
		world_done(&world);
	}
}

Test(mention, lists_nobody_whom_absence_took_out_and_who_is_not_back)
{
	static const struct approval nothing = {.is_of_withheld = false};
	static const struct {
		const char *text, *mentions;
		const struct approval *approval;
	} absent[] = {
	    {ROW "ivan,SAFETY\n", "2 listed ivan SAFETY\n", NULL},
	    {ROW "ivan,SAFETY\n", "2 present ivan -\n", &nothing},
	    {"username,course1,role1\nivan,SAFETY,nonsense\n", "2 present ivan -\n", NULL},
	    {"username,course1,role1,enrolstatus1\nivan,SAFETY,nonsense,0\n", "2 present ivan -\n",
	        NULL},
	    {"username,course1,enrolstatus1\nivan,SAFETY,1\n", "2 listed ivan SAFETY\n", NULL},
	};
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
		struct world world;
		world_init(&world, "");
		world.has_absent = true;
		world.approval = absent[i].approval;
		world_run(&world, absent[i].text);
		cr_expect_str_eq(world_mentions(&world), absent[i].mentions, "%zu: %s:\n%s", i,
		    absent[i].text, world_mentions(&world));
		world_done(&world);
	}
}

/* What the caller has set holds for the whole file, of which a batch is a part. */
Test(mention, is_asked_for_in_the_next_batch_as_well)
{
	struct world world;
	const struct approval approval = {.is_of_withheld = true};
	world_init(&world, "");
	world_run(&world, ROW);
	world.batch.asks_mentions = world.batch.has_aftercare = world.batch.is_preview = true;
	world.batch.now = 5;
	world.batch.feed = SLICE("hr");
	world.batch.withholds = 1U << LIMITED_BY_CELL;
	world.batch.approval = &approval;
	batch_reset(&world.batch);
	cr_expect(world.batch.asks_mentions && world.batch.has_aftercare);
	cr_expect(world.batch.is_preview && world.batch.now == 5);
	cr_expect(slice_is(world.batch.feed, SLICE("hr")));
	cr_expect(world.batch.withholds == 1U << LIMITED_BY_CELL);
	cr_expect(world.batch.approval == &approval);
	world_done(&world);
}
