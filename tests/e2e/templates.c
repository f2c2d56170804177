/* The files to start from, etc/templates, do what they show. */
#include "answer.h"
#include "law.h"
#include "program.h"

#include <criterion/criterion.h>

TestSuite(templates, .timeout = 120);

static const struct template
{
	const char *name;
	const char *code; /* how often this */
	json_int_t count;
}
templates[] = {
    {"create.csv", "account_created", 2},
    {"enrol.csv", "enrolled", 3},
    {"groups.csv", "group_created", 2},
    {"group-members.csv", "group_joined", 2},
    {"segments.csv", "cohort_created", 3},
    {"roles.csv", "role_assigned", 2},
    {"suspend.csv", "account_suspended", 1},
    {"rename.csv", "account_renamed", 1},
    {"delete.csv", "account_deleted", 1},
};

Test(templates, do_what_they_show_one_after_the_other)
{
	struct spool spool;
	spool_make(
	    &spool, &(struct spool_options){.feeds = "  default: { upload_type: add_or_update,"
	                                             " allow_rename: true, allow_delete: true,"
	                                             " " SPOOL_MAY_ALL " }\n"});
	spool_execute(&spool, "UPDATE mdl_course SET shortname = 'SAFETY' WHERE shortname = 'C1';"
	                      "UPDATE mdl_course SET shortname = 'GDPR' WHERE shortname = 'C2';"
	                      "UPDATE mdl_course_categories SET idnumber = 'COMPLIANCE'");
	for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
		const struct template *template = &templates[i];
		struct answer answer;
		char path[256];
		snprintf(path, sizeof path, SOURCE_DIR "/etc/templates/%s", template->name);
		struct buffer text = files_read(path);
		spool_drop_bytes(&spool, template->name, text.bytes, text.size);
		buffer_done(&text);
		spool_once(&spool);
		answer_open(&answer, &spool, template->name, 0);
		cr_expect_eq(answer_number(&answer, "codes", template->code), template->count, "%s",
		    template->name);
		cr_expect_eq(answer_number(&answer, "outcomes", "error"), 0, "%s", template->name);
		answer_close(&answer);
	}
	law_close(&spool);
}
