/*
 * survey: what is learnt of a file's rows before anything is done with them: whether it can be read
 * at all, how many there are, and how many people they are about. It is fed the bytes that the
 * reader will be given later; what is wrong with them is remembered, and told at the end.
 */
#ifndef RUN_SURVEY_H
#define RUN_SURVEY_H

#include "people.h"
#include "run_state.h"

#include "enrold/reader.h"

struct survey {
	struct run *run;
	struct reader reader;
	struct people people;
	struct error verdict; /* the first REJECT: what follows is not read any more */
};

/* Under the run's policy. RETRY: no memory. */
struct error survey_begin(struct survey *survey, struct run *run) MUST_CHECK;
/* A REJECT stays in the verdict. */
struct error survey_feed(struct survey *survey, const char *bytes, size_t size) MUST_CHECK;
struct error survey_finish(struct survey *survey) MUST_CHECK;
/* What was counted becomes the run's; of a text of so many bytes. */
struct error survey_keep(struct survey *survey, uint64_t bytes) MUST_CHECK;
/* What could be withheld of it. REJECT: the verdict, or no_final_newline. */
struct error survey_judge(const struct survey *survey) MUST_CHECK;
void survey_done(struct survey *survey); /* zero-initialised: nothing */

/* All of it, of what was made. It may be stopped. */
struct error survey_content(struct run *run) MUST_CHECK;

#endif
