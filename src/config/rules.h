/*
 * rules: what a text in the configuration may be. Each answers NULL when the text will do, else
 * what is expected instead, as a noun. No rule but rule_argument accepts the empty text, so
 * rule("") says what a key wants; a test goes over the whole table. No rule's answer repeats the
 * text: it may hold a password.
 */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include <stdbool.h>
#include <stddef.h>

const char *rule_path(const char *text);
const char *rule_node(const char *text);
const char *rule_prefix(const char *text);
const char *rule_actor(const char *text);
const char *rule_url(const char *text);
const char *rule_text(const char *text);
const char *rule_date_form(const char *text);
/* May be empty, as an argument of a command may be. */
const char *rule_argument(const char *text);
#define RULE_ARGUMENT_NOUN "a word of at most 4096 bytes"
/* Of names of files: what fnmatch takes. */
const char *rule_file_pattern(const char *text);
const char *rule_marker(const char *text);
const char *rule_sidecar(const char *text);
/* Of this machine: who is in it is asked when it matters. */
const char *rule_group(const char *text);
/* The same of a group that need not be there yet. */
const char *rule_group_name(const char *text);
const char *rule_time(const char *text);
const char *rule_weekday(const char *text);
const char *rule_dates(const char *text);
const char *rule_heading(const char *text);
/* Of a column: what its cells may say. */
const char *rule_word(const char *text);
/* May be empty. */
const char *rule_cell(const char *text);
#define RULE_CELL_NOUN "a cell of at most 255 bytes"
const char *rule_column(const char *text);
const char *rule_default(const char *text);
const char *rule_template(const char *text);
const char *rule_delimiter(const char *text);
const char *rule_encoding(const char *text);
/* Of a private key: where it lies, or what systemd calls it. */
const char *rule_key(const char *text);
/* The same, of whatever else is secret. */
const char *rule_credential(const char *text);
/* Whom and what enrold-notify can reach. */
const char *rule_occasion(const char *text);
const char *rule_address(const char *text);
const char *rule_sender(const char *text);
const char *rule_smtp(const char *text);
const char *rule_webhook(const char *text);
/* As note_is_origin has it. */
const char *rule_origin(const char *text);
/* Of the keys that gpg uses: a folder, or a credential. */
const char *rule_home(const char *text);
const char *rule_fingerprint(const char *text);
/* In place: as gpg has it, without blanks and in capitals. */
void rule_tidy_fingerprint(char *text);
/* Built in, or a site's own: whether there is one is asked when it is loaded. */
const char *rule_preset(const char *text);
/* What stands between the values of a cell, and behind each record. */
const char *rule_separator(const char *text);
const char *rule_record_end(const char *text);
const char *rule_feed_name(const char *text);

/* The host's name, unchecked. false: it has none or a longer one. */
bool rule_host_name(char *text, size_t size);

/* No control characters (may_break: but for tab, CR and LF), no line breaks of Unicode, nothing
 * that YAML cannot hold verbatim. */
bool rule_is_plain(const char *text, bool may_break);
/* May stand in an error message: short, plain, and nothing in it looks like a credential. */
bool rule_is_shown(const char *text);

#endif
