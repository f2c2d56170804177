/*
 * setting: one value of one key, between text and field. What is read and printed depends on the
 * key's kind alone; nothing here knows a key by name.
 *
 * Errors are of class CONFIG, "expected <what>, found <what>", without key and place: the caller
 * wraps them. What was found is left out where the key is secret or the text looks like it is.
 */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/policy.h"

#include "keys.h"

/* Sets the key's field in `base`, the struct of its section. Texts are copied into the arena. */
struct error setting_parse(
    const struct config_key *key, const char *text, struct arena *arena, void *base) MUST_CHECK;
/* From now on the key's list is given, though there be no item. */
void setting_begin_list(const struct config_key *key, void *base);
/* Appends an item to the key's list. */
struct error setting_add(
    const struct config_key *key, const char *text, struct arena *arena, void *base) MUST_CHECK;
/* The list of a KEY_LIST or KEY_PAIRS, the text of a KEY_TEXT: NULL when it is absent. */
const struct text_list *setting_list(const struct config_key *key, const void *base);
bool setting_is_absent(const struct config_key *key, const void *base);
/* CONFIG: the item just added says again, or otherwise, what an earlier one of a map has said;
 * names are the same in any letter case. Of files only: what was accepted once and stored with a
 * run is not judged again. */
struct error setting_check_item(const struct config_key *key, const void *base) MUST_CHECK;
/* CONFIG: fewer items than the key wants, or a name without a value. */
struct error setting_check_list(const struct config_key *key, const void *base) MUST_CHECK;
/* The error for what is no text at all: `found` is "nothing", "a list", ... */
struct error setting_refuse(const struct config_key *key, const char *found);
/* The key's field of one struct into another of that kind; texts stay where they are. */
void setting_copy(const struct config_key *key, const void *from, void *to);
/* Appends the value as setting_parse reads it, without any quoting. */
void setting_format(const struct config_key *key, const void *base, struct buffer *out);

/*
 * The keys of one section, and of those in it, that were not given get their defaults; a feed's
 * compat, which stands first, chooses them. CONFIG: a key without a default is missing.
 */
struct error setting_fill_defaults(enum key_section section, const struct keys_given *given,
    struct arena *arena, void *base) MUST_CHECK;

#endif
