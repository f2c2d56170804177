/* Small files of one feed that wait together share a transaction, and nothing else shows of it. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { FILES = 60 };

/* How often the database was written to: its own count, where no log stands before it. */
static uint32_t transactions(const struct rig *rig)
{
	unsigned char bytes[4] = {0};
	FILE *file = fopen(rig->database.text, "rb");
	cr_assert(file && fseek(file, 24, SEEK_SET) == 0 && fread(bytes, 4, 1, file) == 1);
	fclose(file);
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static struct path name_of(int i)
{
	return path_of("f%02d.csv", i);
}

static void make(struct rig *rig, const char *feeds)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds, .journal_mode = "delete"});
	rig_once(rig); /* makes the folders */
}

/* Each undoes what the one before it has done: out of turn it would find nothing to do. */
Test(together, each_file_sees_what_those_before_it_did_and_has_an_answer_of_its_own)
{
	struct rig rig;
	struct reply reply;
	make(&rig, NULL);
	for (int i = 0; i < FILES; i++) {
		struct path text =
		    path_of("username,course1,enrolstatus1\np1,C1,%d\nnobody%d,C1,\n", i % 2, i);
		rig_drop(&rig, name_of(i).text, text.text);
	}
	uint32_t before = transactions(&rig);
	rig_once(&rig);
	cr_expect_lt(
	    transactions(&rig) - before, FILES / 2, "%u transactions", transactions(&rig) - before);
	for (int i = 0; i < FILES; i++) {
		reply_open(&reply, &rig, name_of(i).text, 0);
		EXPECT(&reply, {2, "course1", "done", i == 0 ? "enrolled" : "enrolment_updated"},
		    {3, "username", "error", "user_not_found"});
		cr_expect(strstr(reply_cell(&reply, (struct expected){.line = 3}, 0, "message"),
		    path_of("nobody%d", i).text));
		reply_close(&reply);
	}
	law_close(&rig);
}

Test(together, what_cannot_go_with_the_others_goes_by_itself_in_its_turn)
{
	static const char *const texts[] = {
	    "username,course1\np1,C1\n",
	    "username,curse1\np1,C1\n",
	    "username,course1,enrolstatus1\np1,C1,1\n",
	    "username,firstname,lastname,email,password\nnew,N,B,n@x.example,Secret.1\n",
	    "username,course1\nnew,C1\n",
	    "username,course1,enrolstatus1\nnew,C1,1\n",
	};
	struct rig rig;
	struct reply reply;
	make(&rig, "  default: { upload_type: add_or_update }\n");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		rig_drop(&rig, name_of((int)i).text, texts[i]);
	rig_once(&rig);
	static const char *const codes[] = {"enrolled", NULL, "enrolment_updated",
	    "account_created", "enrolled", "enrolment_updated"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		reply_open(&reply, &rig, name_of((int)i).text, 0);
		if (codes[i])
			cr_expect_eq(
			    reply_lines(&reply, (struct expected){2, NULL, "done", codes[i]}), 1,
			    "%s", codes[i]);
		else
			cr_expect_str_eq(reply_refusal(&reply), "header_unknown_column");
		reply_close(&reply);
	}
	law_close(&rig);
}

Test(together, those_behind_a_file_that_waits_for_a_person_stay_in_the_inbox)
{
	struct rig rig;
	make(&rig, "  default: { review: true }\n");
	for (int i = 0; i < 4; i++)
		rig_drop(&rig, name_of(i).text, "username,course1\np1,C1\n");
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, name_of(0).text), 1);
	for (int i = 1; i < 4; i++) {
		cr_expect_eq(reply_count(&rig, name_of(i).text), 0);
		cr_expect(files_exist(rig_inbox(&rig, name_of(i).text).text));
	}
	law_close(&rig);
}
