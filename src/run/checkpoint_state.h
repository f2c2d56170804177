/* checkpoint_state: what the parts of checkpoints.h share. Nobody else includes it. */
#ifndef RUN_CHECKPOINT_STATE_H
#define RUN_CHECKPOINT_STATE_H

#include "enrold/checkpoints.h"
#include "enrold/names.h"

#define CHECKPOINTS "checkpoints"
#define CHECKPOINT_GIVEN ".given"
#define CHECKPOINT_GIVING ".giving" /* whoever gives has it locked */

void checkpoint_name(uint64_t number, char name[FILE_NAME_SIZE]);
/* Of those with a larger number, in their order. For the caller to free. RETRY. */
struct error checkpoints_list(
    int directory, uint64_t behind, uint64_t **items, size_t *count) MUST_CHECK;
/* What a kill has left of the making of notes and keys, which nobody may be at on that node. */
void checkpoints_tidy(int directory, const char *node);
/* number 0: none of those that there are is to be given; has: false: the command is new here. */
struct error checkpoint_read_given(int directory, uint64_t *number, bool *has) MUST_CHECK;
struct error checkpoint_write_given(int directory, const char *node, uint64_t number) MUST_CHECK;
/* Whether the note of that name tells of this head. */
struct error checkpoint_is_of(
    int directory, const char *name, const char *head, bool *is_of) MUST_CHECK;
/* Of a chain that went on otherwise once the database had been put back: it gets another name. */
struct error checkpoint_evade(int directory, const char *name) MUST_CHECK;
/* Under that name at once or not at all. may_replace: of what may change. */
struct error checkpoint_put(int directory, const char *node, const char *name, struct slice text,
    bool may_replace) MUST_CHECK;

#endif
