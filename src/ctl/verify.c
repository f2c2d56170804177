/*
 * enrolctl verify: whether anybody has touched what was answered, and what of it is proven.
 */
#include "ctl.h"
#include "figure.h"
#include "owner.h"
#include "when.h"

#include "enrold/jsonout.h"
#include "enrold/value.h"
#include "enrold/verify.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- what is asked ---- */

enum { FILE_MAX = NOTE_SIZE_MAX };

static struct error file_load(const char *name, struct buffer *text)
{
	char chunk[4096];
	size_t size;
	bool is_input = strcmp(name, "-") == 0;
	FILE *file = is_input ? stdin : fopen(name, "re");
	if (!file)
		return error_at_start(error_errno("cannot open %s", name));
	while (text->size <= FILE_MAX && (size = fread(chunk, 1, sizeof chunk, file)) > 0)
		buffer_add(text, chunk, size);
	struct error error = ferror(file)            ? error_errno("cannot read %s", name)
	                     : text->failed          ? error_memory("reading a file")
	                     : text->size > FILE_MAX ? error_config("%s is too long", name)
	                     : text->size == 0       ? error_config("%s is empty", name)
	                                             : OK;
	if (!is_input)
		fclose(file);
	return error;
}

struct asked {
	struct verify_terms terms;
	struct buffer note;
	struct note_key *key;
	char head[HASH_TEXT_SIZE + 1];
};

static struct error files_take(const struct ctl *ctl, struct asked *asked)
{
	struct buffer text = {0};
	const char *note = ctl->options[OPTION_CHECKPOINT], *key = ctl->options[OPTION_KEY];
	struct error error = note ? file_load(note, &asked->note) : OK;
	if (note && !is_error(&error)) {
		asked->terms.checkpoint = buffer_slice(&asked->note);
		asked->terms.checkpoint_name = strcmp(note, "-") == 0 ? "standard input" : note;
	}
	if (!is_error(&error) && key)
		error = file_load(key, &text);
	if (!is_error(&error) && key)
		error = error_wrap(note_key_parse(buffer_slice(&text), &asked->key), "%s", key);
	asked->terms.key = asked->key;
	buffer_done(&text);
	return error;
}

/* False: it has been said why. */
static bool head_take(const char *text, struct asked *asked)
{
	if (!text)
		return true;
	size_t size = strlen(text);
	for (size_t i = 0; i < size && i < HASH_TEXT_SIZE; i++)
		asked->head[i] = (char)tolower((unsigned char)text[i]);
	asked->terms.head = asked->head;
	if (size == HASH_TEXT_SIZE && strspn(asked->head, "0123456789abcdef") == HASH_TEXT_SIZE)
		return true;
	fprintf(stderr, "enrolctl: --head takes the hash of a chain, %d hexadecimal digits\n",
	    HASH_TEXT_SIZE);
	return false;
}

static bool since_take(const char *text, struct asked *asked)
{
	if (!text || when_parse(text, (int64_t)time(NULL), &asked->terms.since_us))
		return true;
	fprintf(stderr, "enrolctl: that is no time: give a date like 2026-11-26 or \"2026-11-26 "
	                "02:00\", today, yesterday, or how long ago: 24h, 7d\n");
	return false;
}

/* ---- what came of it ---- */

static bool is_good(enum verify_known known, uint64_t from)
{
	return known == VERIFY_NOT_ASKED || (known == VERIFY_ONCE && from == 1);
}

static bool is_untouched(const struct verify_answer *answer)
{
	return answer->faults == 0 && is_good(answer->head_known, answer->head_from) &&
	       is_good(answer->checkpoint_known, answer->checkpoint_from);
}

/* ---- as JSON ---- */

static bool json_print(json_t *object)
{
	bool is_whole = object && json_dumpf(object, stdout, JSON_COMPACT) == 0;
	json_decref(object);
	return putchar('\n') != EOF && is_whole;
}

static json_t *known_json(enum verify_known known, uint64_t from, uint64_t number, const char *run)
{
	static const char *const words[] = {"", "never", "once", "on a fork"};
	if (known == VERIFY_NOT_ASKED)
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:s}", "known", words[known], "from", (json_int_t)from,
	    "number", (json_int_t)number, "run", run);
}

static bool tell_json(const struct verify_answer *answer)
{
	bool is_told = json_print(
	    json_pack("{s:s, s:I}", "head", answer->head, "number", (json_int_t)answer->number));
	for (size_t i = 0; i < answer->count; i++) {
		const struct verify_finding *found = &answer->findings[i];
		is_told &=
		    json_print(json_pack("{s:s, s:b, s:I, s:s, s:s, s:s}", "word", found->word,
		        "fault", verify_is_fault(found->fault), "number", (json_int_t)found->number,
		        "run", found->run, "file", found->path, "what", found->what));
	}
	return is_told &
	       json_print(json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "untouched",
	           is_untouched(answer), "faults", (json_int_t)answer->faults, "runs",
	           (json_int_t)answer->runs, "files", (json_int_t)answer->files, "bytes",
	           (json_int_t)answer->bytes, "pruned", (json_int_t)answer->pruned, "checkpoints",
	           (json_int_t)answer->notes, "asked_head",
	           known_json(answer->head_known, answer->head_from, answer->head_number,
	               answer->head_run),
	           "asked_checkpoint",
	           known_json(answer->checkpoint_known, answer->checkpoint_from,
	               answer->checkpoint_number, answer->checkpoint_run)));
}

/* ---- for eyes ---- */

/* Paths are chosen by who drops files; a terminal shows no trick of them. */
static void covered_print(const char *before, const char *text)
{
	char *shown = strdup(text);
	if (shown)
		value_cover_text(shown);
	printf("%s%s", before, shown ? shown : "(no memory)");
	free(shown);
}

static void finding_tell(const struct verify_finding *found)
{
	printf("%s", found->word);
	if (*found->run)
		printf("  run %s", found->run);
	if (found->number > 0)
		printf("  (number %" PRIu64 ")", found->number);
	if (*found->path)
		covered_print("  ", found->path);
	else if (!*found->run)
		printf("  the chain");
	covered_print(": ", found->what);
	putchar('\n');
}

static void first_tell(const struct verify_answer *answer)
{
	const struct verify_finding *first = &answer->findings[0];
	printf("Somebody has touched what was answered");
	if (first->number > 0)
		printf(", first at%s run number %" PRIu64, answer->is_vague ? " or before" : "",
		    first->number);
	printf(": ");
	if (*first->run)
		printf("of run %s ", first->run);
	if (*first->path)
		covered_print("", first->path);
	else
		printf("%s", *first->run ? "the ledger's record" : "the chain has something");
	printf("%s %s: ", *first->path || *first->run ? " is" : "", first->word);
	covered_print("", first->what);
	puts(answer->is_vague || first->number == 0 ? "." : ". What comes before it is as it was.");
}

static void known_tell(
    const char *what, enum verify_known known, uint64_t from, uint64_t number, const char *run)
{
	if (known == VERIFY_ONCE && number > 0) {
		printf("%s is that of this chain: it ended so with number %" PRIu64 ", run %s",
		    what, number, run);
		if (from > number)
			printf("; of what comes before it, it proves nothing");
		else if (from > 1)
			printf("; it proves nothing of what comes before number %" PRIu64, from);
		puts(".");
	}
	if (known == VERIFY_ON_FORK)
		printf("%s is that of a chain that somebody has gone on without, after the "
		       "database was put back: it ended so with number %" PRIu64 ", run %s.\n",
		    what, number, run);
	if (known == VERIFY_NEVER)
		printf("%s was never that of this chain.\n", what);
}

static void proven_tell(const struct verify_answer *answer)
{
	char runs[FIGURE_SIZE], files[FIGURE_SIZE], bytes[FIGURE_SIZE];
	figure_number(runs, answer->runs);
	figure_number(files, answer->files);
	figure_bytes(bytes, answer->bytes);
	printf("%s runs, %s files, %s; the chain ends with number %" PRIu64 ", head %s.\n", runs,
	    files, bytes, answer->number, answer->head);
	if (!is_untouched(answer))
		return;
	puts(answer->checkpoint_known == VERIFY_ONCE || answer->head_known == VERIFY_ONCE
	         ? "Up to what was asked for this proves that nobody has changed anything since "
	           "that left this machine; behind it, that outbox, archive and ledger agree."
	         : "Without a witness this proves that outbox, archive and ledger agree, so that "
	           "nobody has changed one without the others; a head or a checkpoint that has "
	           "left this machine (--head, --checkpoint) proves that nobody has changed them "
	           "all.");
}

static bool tell(const struct verify_answer *answer)
{
	if (answer->faults > 0)
		first_tell(answer);
	else
		puts(is_untouched(answer)
		         ? "Nobody has touched what was answered."
		         : "Outbox, archive and ledger agree, but what was asked for does not "
		           "prove them.");
	for (size_t i = 0; i < answer->count; i++)
		finding_tell(&answer->findings[i]);
	known_tell("The head that was asked for", answer->head_known, answer->head_from,
	    answer->head_number, answer->head_run);
	known_tell("The checkpoint", answer->checkpoint_known, answer->checkpoint_from,
	    answer->checkpoint_number, answer->checkpoint_run);
	proven_tell(answer);
	return true;
}

/* ---- the command ---- */

static enum ctl_exit fail(const struct error *error)
{
	enum ctl_exit status = ctl_fail(error);
	if (error->class == ERROR_RETRY)
		fputs("enrolctl: without the database, verify.sh SPOOL checks the outbox alone\n",
		    stderr);
	return status;
}

enum ctl_exit ctl_verify(const struct ctl *ctl)
{
	struct asked asked = {.terms = {.since_us = 0}};
	struct verify_answer answer;
	bool is_told = false, is_clean = false;
	if (!head_take(ctl->options[OPTION_HEAD], &asked) ||
	    !since_take(ctl->options[OPTION_SINCE], &asked))
		return CTL_USAGE;
	struct arena *arena = arena_create();
	struct error error = arena ? files_take(ctl, &asked) : error_memory("verifying");
	if (!is_error(&error))
		error = owner_become(ctl->config->spool);
	if (!is_error(&error))
		error = verify(ctl->config, &asked.terms, arena, &answer);
	if (!is_error(&error)) {
		is_told = ctl->json ? tell_json(&answer) : tell(&answer);
		is_clean = is_untouched(&answer);
	}
	note_key_free(asked.key);
	buffer_done(&asked.note);
	arena_free(arena);
	if (is_error(&error))
		return fail(&error);
	if (!is_told || fflush(stdout) != 0)
		return CTL_TRY_LATER;
	return is_clean ? CTL_OK : CTL_NO;
}
