#include "tamper.h"

#include "enrold/note.h"

#include "fatal.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tamper_copy(const char *from, const char *to)
{
	struct finished finished = program_expect(0, ARGV("/bin/cp", "-a", from, to));
	finished_done(&finished);
}

void tamper_save(const struct rig *rig, const char *name)
{
	tamper_copy(rig->directory.text, path_of("%s/%s", rig->root.text, name).text);
	files_copy(rig->database.text, path_of("%s/%s.db", rig->root.text, name).text);
}

void tamper_make(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.journal_mode = "delete",
	                  .feeds = "  default: {}\n  hr: { review: true }\n"});
	rig_drop(rig, "first.csv", "username,course1\np1,C1\nnobody,C1\n");
	rig_once(rig);
	rig_drop(rig, "bad.csv", "username;;\n\"p1\n");
	rig_once(rig);
	rig_drop(rig, "preview/look.csv", "username,course1\np2,C1\n");
	rig_once(rig);
	rig_drop(rig, "hr/staff.csv", "username,course1\np3,C1\n");
	rig_once(rig);
	rig_order(rig, "release", "staff.csv");
	rig_once(rig);
	tamper_save(rig, "older");
	rig_drop(rig, "second.csv", "username,course1\np4,C2\n");
	rig_once(rig);
	rig_order(rig, "undo", "second.csv");
	rig_once(rig);
	rig_drop(rig, "last.csv", "username,course1\np5,C2\n");
	rig_once(rig);
	tamper_save(rig, "whole");
	rig_expect(rig,
	    "SELECT group_concat(state) FROM (SELECT state FROM enrold_run ORDER BY number)",
	    "applied,refused,previewed,held,applied,applied,applied,applied\n");
}

void tamper_restore(struct rig *rig)
{
	files_remove(rig->directory.text);
	tamper_copy(path_of("%s/whole", rig->root.text).text, rig->directory.text);
	files_copy(path_of("%s/whole.db", rig->root.text).text, rig->database.text);
}

/* ---- finding files ---- */

struct path tamper_found(
    const struct rig *rig, const char *place, const char *start, const char *end)
{
	struct path found = {""};
	struct listing listing = files_list(rig_path(rig, "%s", place).text);
	for (size_t i = 0; i < listing.count; i++) {
		const char *path = listing.entries[i].path;
		if (text_starts(path_base(path), start) && text_ends(path, end))
			found = rig_path(rig, "%s/%s", place, path);
	}
	listing_done(&listing);
	if (!*found.text)
		fatal("there is no %s*%s in %s", start, end, place);
	return found;
}

struct path tamper_file(const struct rig *rig, const char *name, const char *place, const char *end)
{
	struct path sql = path_of("SELECT max(run) FROM enrold_run WHERE name LIKE '%s%%'", name);
	struct buffer run = rig_query(rig, sql.text);
	struct path tail = path_of(".%.22s%s", run.bytes, end);
	struct path stem = path_of("%.*s", (int)strcspn(name, "."), name);
	buffer_done(&run);
	return tamper_found(rig, place, stem.text, tail.text);
}

void tamper_byte(const char *path, size_t at)
{
	struct buffer text = files_read(path);
	if (at >= text.size)
		fatal("%s has %zu bytes only", path, text.size);
	text.bytes[at] ^= 4;
	files_write(path, text.bytes, text.size, 0640);
	buffer_done(&text);
}

/* ---- chaining anew ---- */

enum { CHAIN_TAIL = 64 + 3 }; /* `"}\n` behind the hash */

static struct path summary_of(const struct rig *rig, int number)
{
	struct path sql = path_of("SELECT run FROM enrold_run WHERE number = %d", number);
	struct buffer run = rig_query(rig, sql.text);
	struct path tail = path_of(".%.22s.", run.bytes);
	struct listing listing = files_list(rig_path(rig, "outbox").text);
	struct path found = {""};
	for (size_t i = 0; i < listing.count; i++)
		if (strstr(listing.entries[i].path, tail.text) &&
		    text_ends(listing.entries[i].path, ".summary.json"))
			found = rig_path(rig, "outbox/%s", listing.entries[i].path);
	listing_done(&listing);
	buffer_done(&run);
	return found;
}

/* The text up to its number, then that, what goes before, and the hash of it all. */
static struct buffer chained(const char *body, size_t size, int number, char chain[HASH_SIZE])
{
	struct buffer hashed = {0}, text = {0};
	buffer_add(&text, body, size);
	buffer_print(&text, ",\"number\":%d,\"previous\":\"%s\"", number, chain);
	buffer_print(&hashed, "%s\n", chain);
	buffer_add(&hashed, text.bytes, text.size);
	files_hash_bytes(hashed.bytes, hashed.size, chain);
	buffer_print(&text, ",\"chain\":\"%s\"}\n", chain);
	buffer_done(&hashed);
	return text;
}

static size_t body_size(const struct buffer *text)
{
	const char *number = strstr(text->bytes, ",\"number\":");
	if (!number)
		fatal("a summary without a number: %s", text->bytes);
	return (size_t)(number - text->bytes);
}

static void chain_before(const struct rig *rig, int number, char chain[HASH_SIZE])
{
	memset(chain, '0', HASH_SIZE - 1);
	chain[HASH_SIZE - 1] = '\0';
	if (number <= 1)
		return;
	struct buffer text = files_read(summary_of(rig, number - 1).text);
	memcpy(chain, text.bytes + text.size - CHAIN_TAIL, HASH_SIZE - 1);
	buffer_done(&text);
}

static void ledger_set(struct rig *rig, int number, const struct buffer *text, const char *chain)
{
	char sha256[HASH_SIZE];
	sqlite3 *database = rig_database(rig);
	files_hash_bytes(text->bytes, text->size, sha256);
	char *sql = sqlite3_mprintf(
	    "UPDATE enrold_run SET summary = %Q, summary_sha256 = %Q WHERE number = %d;"
	    "UPDATE enrold_head SET head = %Q",
	    text->bytes, sha256, number, chain);
	if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
		fatal("%s", sqlite3_errmsg(database));
	sqlite3_free(sql);
	sqlite3_close(database);
}

static void head_set(const struct rig *rig, const struct buffer *text, const char *chain)
{
	char sha256[HASH_SIZE];
	struct buffer run = rig_query(rig, "SELECT run FROM enrold_head");
	files_hash_bytes(text->bytes, text->size, sha256);
	struct path line = path_of("%020d %.22s %s %s %020d\n", 99, run.bytes, sha256, chain, 99);
	files_write(rig_path(rig, ".head").text, line.text, strlen(line.text), 0640);
	buffer_done(&run);
}

void tamper_rewrite(struct rig *rig, int number, bool is_all)
{
	static const char is[] = "\"version\":\"0", was[] = "\"version\":\"9";
	char chain[HASH_SIZE];
	int last = (int)rig_number(rig, "SELECT number FROM enrold_head");
	chain_before(rig, number, chain);
	for (; number <= last; number++) {
		struct path path = summary_of(rig, number);
		struct buffer text = files_read(path.text);
		memcpy(strstr(text.bytes, is), was, strlen(was));
		struct buffer anew = chained(text.bytes, body_size(&text), number, chain);
		files_write(path.text, anew.bytes, anew.size, 0640);
		buffer_add_char(&anew, '\0');
		anew.size--;
		if (is_all)
			ledger_set(rig, number, &anew, chain);
		if (is_all && number == last)
			head_set(rig, &anew, chain);
		buffer_done(&anew);
		buffer_done(&text);
	}
}

void tamper_reorder(struct rig *rig, int first, int second)
{
	char chain[HASH_SIZE];
	struct path paths[] = {summary_of(rig, second), summary_of(rig, first)};
	chain_before(rig, first, chain);
	for (int i = 0; i < 2; i++) {
		struct buffer text = files_read(paths[i].text);
		struct buffer anew =
		    chained(text.bytes, body_size(&text), i == 0 ? first : second, chain);
		files_write(paths[i].text, anew.bytes, anew.size, 0640);
		buffer_done(&anew);
		buffer_done(&text);
	}
}

void tamper_prune(struct rig *rig, const char *name)
{
	struct path input = tamper_file(rig, name, "archive", ".csv");
	struct path summary = tamper_file(rig, "last.csv", "outbox", ".summary.json");
	char sha256[HASH_SIZE], chain[HASH_SIZE];
	const char *below = strstr(input.text, "archive/");
	const char *run = strstr(path_base(input.text), ".") + 1;
	struct path list = path_of(
	    "run,kind,bytes,sha256,number,previous,chain,rule,place\n%.22s,input,1,,,,,archive "
	    "1d,%s\n",
	    run, below);
	struct path place = path_of("%.*s/prune-20361127.20361127-101010-101010.csv",
	    (int)(strrchr(input.text, '/') - input.text), input.text);
	files_write(place.text, list.text, strlen(list.text), 0640);
	files_hash_bytes(list.text, strlen(list.text), sha256);
	/* Its summary says that it comes behind the first. */
	chain_before(rig, 2, chain);
	struct path body = path_of(
	    "{\"run\":\"20361127-101010-101010\",\"feed\":\"default\",\"mode\":\"apply\","
	    "\"status\":"
	    "\"done\",\"input\":{\"name\":\"prune-20361127.csv\",\"bytes\":%zu,\"sha256\":\"%s\"},"
	    "\"order\":{\"by\":\"enrold\"}",
	    strlen(list.text), sha256);
	struct buffer anew = chained(body.text, strlen(body.text), 2, chain);
	struct path beside = path_of("%.*s/prune-20361127.20361127-101010-101010.summary.json",
	    (int)(strrchr(summary.text, '/') - summary.text), summary.text);
	files_write(beside.text, anew.bytes, anew.size, 0640);
	buffer_add_char(&anew, '\0');
	anew.size--;
	char *sql = sqlite3_mprintf(
	    "CREATE TEMP TABLE copied AS SELECT * FROM enrold_run WHERE name = 'first.csv';"
	    "UPDATE copied SET run = '20361127-101010-101010', name = 'prune-20361127.csv', number "
	    "= "
	    "2, sha256 = %Q, summary = %Q; INSERT INTO enrold_run SELECT * FROM copied",
	    sha256, anew.bytes);
	rig_execute(rig, sql);
	sqlite3_free(sql);
	files_remove(input.text);
	buffer_done(&anew);
}

static void list_file(struct buffer *list, const char *run, const char *kind, struct path path,
    const char *of_summary)
{
	char sha256[HASH_SIZE];
	struct buffer text = files_read(path.text);
	const char *below = strstr(path.text, "archive/");
	files_hash_bytes(text.bytes, text.size, sha256);
	buffer_print(list, "%s,%s,%zu,%s,%s,archive 1d,%s\n", run, kind, text.size, sha256,
	    of_summary, below ? below : strstr(path.text, "outbox/"));
	buffer_done(&text);
	files_remove(path.text);
}

static struct buffer bridge_list(const struct rig *rig, const char *name, int number)
{
	char previous[HASH_SIZE], chain[HASH_SIZE];
	struct buffer list = {0};
	struct path summary = tamper_file(rig, name, "outbox", ".summary.json");
	struct path run = path_of("%.22s", strstr(path_base(summary.text), ".") + 1);
	chain_before(rig, number, previous);
	chain_before(rig, number + 1, chain);
	buffer_add_text(&list, "run,kind,bytes,sha256,number,previous,chain,rule,place\n");
	list_file(&list, run.text, "input", tamper_file(rig, name, "archive", ".csv"), ",,");
	list_file(&list, run.text, "result", tamper_file(rig, name, "outbox", ".result.csv"), ",,");
	list_file(
	    &list, run.text, "report", tamper_file(rig, name, "outbox", ".report.html"), ",,");
	list_file(
	    &list, run.text, "summary", summary, path_of("%d,%s,%s", number, previous, chain).text);
	return list;
}

/* A run at the end of the chain, of that list, which lies beside what was archived last. */
static struct path record_make(struct rig *rig, const struct buffer *list)
{
	char sha256[HASH_SIZE], policy_sha256[HASH_SIZE], chain[HASH_SIZE];
	int last = (int)rig_number(rig, "SELECT number FROM enrold_head");
	struct buffer policy =
	    rig_query(rig, "SELECT policy FROM enrold_run WHERE name = 'last.csv'");
	struct path place = tamper_file(rig, "last.csv", "archive", ".csv");
	struct path run = path_of("%.16s999999", strstr(path_base(place.text), ".") + 1);
	struct path list_place = path_of("%.*s/prune-20361127.%s.csv",
	    (int)(strrchr(place.text, '/') - place.text), place.text, run.text);
	files_write(list_place.text, list->bytes, list->size, 0640);
	files_hash_bytes(list->bytes, list->size, sha256);
	files_hash_bytes(policy.bytes, policy.size - 1, policy_sha256);
	chain_before(rig, last + 1, chain);
	struct path body = path_of("{\"run\":\"%s\",\"feed\":\"default\",\"status\":\"done\","
	                           "\"policy_sha256\":\"%s\",\"input\":{\"name\":"
	                           "\"prune-20361127.csv\",\"bytes\":%zu,\"sha256\":\"%s\"},"
	                           "\"files\":[],\"order\":{\"by\":\"enrold\"}",
	    run.text, policy_sha256, list->size, sha256);
	struct buffer text = chained(body.text, strlen(body.text), last + 1, chain);
	struct path summary = rig_path(rig, "outbox/prune-20361127.%s.summary.json", run.text);
	files_write(summary.text, text.bytes, text.size, 0640);
	buffer_add_char(&text, '\0');
	text.size--;
	char *sql = sqlite3_mprintf(
	    "CREATE TEMP TABLE copied AS SELECT * FROM enrold_run WHERE name = 'last.csv';"
	    "UPDATE copied SET run = %Q, name = 'prune-20361127.csv', number = %d, bytes = %d,"
	    " sha256 = %Q, result_sha256 = '', retry_sha256 = '', report_sha256 = '';"
	    "INSERT INTO enrold_run SELECT * FROM copied;"
	    "UPDATE enrold_head SET run = %Q, number = %d",
	    run.text, last + 1, (int)list->size, sha256, run.text, last + 1);
	rig_execute(rig, sql);
	sqlite3_free(sql);
	ledger_set(rig, last + 1, &text, chain);
	head_set(rig, &text, chain);
	buffer_done(&text);
	buffer_done(&policy);
	return run;
}

void tamper_bridge(struct rig *rig, const char *name)
{
	struct path number = path_of("SELECT number FROM enrold_run WHERE name = '%s'", name);
	struct buffer list = bridge_list(rig, name, (int)rig_number(rig, number.text));
	struct path run = record_make(rig, &list);
	rig_execute(
	    rig, path_of("UPDATE enrold_run SET summary = '', counts = '', input_pruned = '%s',"
	                 " answer_pruned = '%s' WHERE name = '%s'",
	             run.text, run.text, name)
	             .text);
	buffer_done(&list);
}

struct path tamper_head(const struct rig *rig)
{
	struct buffer head = rig_query(rig, "SELECT head FROM enrold_head");
	struct path text = path_of("%.64s", head.bytes);
	buffer_done(&head);
	return text;
}

/* ---- witnesses ---- */

void tamper_note_make(const struct rig *rig, struct tamper_note *made)
{
	static int count;
	struct note_key *key;
	struct buffer text = {0}, public = {0};
	struct note note = {.origin = "example.org/enrold",
	    .number = (uint64_t)rig_number(rig, "SELECT number FROM enrold_head")};
	memcpy(note.head, tamper_head(rig).text, HASH_TEXT_SIZE);
	struct error error = note_key_make(&key);
	if (!is_error(&error))
		error = note_sign(&note, key, &text);
	if (!is_error(&error))
		error = note_key_format_public(key, note.origin, &public);
	if (is_error(&error))
		fatal("%s", error.text);
	count++;
	made->note = path_of("%s/note%d", rig->root.text, count);
	made->key = path_of("%s/key%d.pub", rig->root.text, count);
	files_write(made->note.text, text.bytes, text.size, 0644);
	files_write(made->key.text, public.bytes, public.size, 0644);
	buffer_done(&text);
	buffer_done(&public);
	note_key_free(key);
}

/* ---- whether it is found out ---- */

static bool has_line(const char *text, const char *word, const char *path)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		size_t size = strcspn(line, "\n");
		struct path whole =
		    path_of("%.*s", (int)(size < PATH_SIZE ? size : PATH_SIZE - 1), line);
		const char *behind = whole.text + strlen(word);
		bool is_word = text_starts(whole.text, word) &&
		               (*behind == ' ' || *behind == ':') && behind[1] == ' ';
		if (is_word && strstr(whole.text, path))
			return true;
	}
	return false;
}

static bool has_any(const char *text)
{
	static const char *const words[] = {"altered", "missing", "added", "reordered",
	    "cut off at the end", "missing in the ledger"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (has_line(text, words[i], ""))
			return true;
	return false;
}

static void expect(const struct finished *finished, const char *by, const char *what,
    const char *word, const char *path)
{
	int status = word ? 1 : 0;
	cr_expect_eq(finished->status, status, "%s of %s ends with %d:\n%s%s", by, what,
	    finished->status, finished->out.bytes, finished->err.bytes);
	cr_expect(word ? has_line(finished->out.bytes, word, path) : !has_any(finished->out.bytes),
	    "%s of %s does not say '%s' of '%s':\n%s", by, what, word ? word : "nothing", path,
	    finished->out.bytes);
	cr_expect_eq(finished->err.size, 0, "%s of %s: %s", by, what, finished->err.bytes);
}

void tamper_expect(const struct rig *rig, const char *what, const char *word, const char *path)
{
	struct finished finished =
	    program_run(ARGV("enrolctl", "--config", rig->config.text, "verify"));
	expect(&finished, "verify", what, word, path);
	finished_done(&finished);
}

struct finished tamper_script(const struct rig *rig, const struct tamper_note *note)
{
	static const char script[] = SOURCE_DIR "/etc/verify.sh";
	const char *spool = rig->directory.text;
	return note ? program_run(ARGV(script, spool, note->note.text, note->key.text))
	            : program_run(ARGV(script, spool));
}

void tamper_expect_script(
    const struct rig *rig, const char *what, const char *word, const char *path)
{
	struct finished finished = tamper_script(rig, NULL);
	expect(&finished, "verify.sh", what, word, path);
	finished_done(&finished);
}

void tamper_expect_noted(const struct rig *rig, const struct tamper_note *note, const char *word)
{
	struct finished finished = tamper_script(rig, note);
	expect(&finished, "verify.sh", "a witness", word, "");
	finished_done(&finished);
}
