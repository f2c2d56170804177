/* L3: the chain over all summaries, from 64 zeros to the ledger's head, in the order of commit. */
#include "fatal.h"
#include "law_parts.h"

#include <stdlib.h>

static int previous_compare(const void *a, const void *b)
{
	const struct law_run *x = *(struct law_run *const *)a, *y = *(struct law_run *const *)b;
	return strcmp(law_member(x->json, "previous"), law_member(y->json, "previous"));
}

static struct law_run **links_sorted(struct law *law, size_t *count)
{
	struct law_run **links = calloc(law->runs_count + 1, sizeof(struct law_run *));
	if (!links)
		fatal("out of memory");
	*count = 0;
	for (size_t i = 0; i < law->runs_count; i++)
		if (law->runs[i].json)
			links[(*count)++] = &law->runs[i];
	if (*count > 1)
		qsort(links, *count, sizeof *links, previous_compare);
	return links;
}

static struct law_run *link_after(struct law_run **links, size_t count, const char *previous)
{
	for (size_t low = 0, high = count; low < high;) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(law_member(links[middle]->json, "previous"), previous);
		if (order == 0)
			return links[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* sha256 of the previous hash, a newline, and the summary's bytes before its last member. */
static void link_check(struct law *law, const struct law_run *run, const char *previous)
{
	const char *end = NULL;
	for (const char *at = run->summary; (at = strstr(at, ",\"chain\"")); at++)
		end = at;
	char hash[HASH_SIZE] = "";
	struct buffer bytes = {0};
	buffer_print(&bytes, "%s\n", previous);
	if (end) {
		buffer_add(&bytes, run->summary, (size_t)(end - run->summary));
		files_hash_bytes(bytes.bytes, bytes.size, hash);
	}
	buffer_done(&bytes);
	if (strcmp(hash, law_member(run->json, "chain")) != 0)
		law_break(law, "L3: the chain is broken at run %s: it says %s, but is %s", run->run,
		    law_member(run->json, "chain"), hash);
}

static void last_run_check(struct law *law, const char *last, const char *run)
{
	struct buffer head = rig_query(law->rig, "SELECT head, run FROM enrold_head");
	struct path expected = path_of("%s|%s\n", last, run);
	bool is_fresh = *run == '\0' && (head.size == 0 || text_starts(head.bytes, last));
	if (!is_fresh && strcmp(head.bytes, expected.text) != 0)
		law_break(law, "L3: the ledger's head is %s, the chain ends in %s", head.bytes,
		    expected.text);
	buffer_done(&head);
}

void law_check_chain(struct law *law)
{
	size_t count, length = 0;
	struct law_run **links = links_sorted(law, &count);
	const char *previous = "0000000000000000000000000000000000000000000000000000000000000000";
	const char *last = "";
	struct law_run *run;
	while (length < count && (run = link_after(links, count, previous)) && run->commit == 0) {
		run->commit = ++length;
		if (json_integer_value(json_object_get(run->json, "number")) !=
		    (json_int_t)run->commit)
			law_break(law, "L3: run %s says that it is another than number %zu",
			    run->run, run->commit);
		link_check(law, run, previous);
		previous = law_member(run->json, "chain");
		last = run->run;
	}
	if (length != count)
		law_break(law, "L3: the chain has %zu links for %zu summaries; it ends at run '%s'",
		    length, count, last);
	last_run_check(law, previous, last);
	free(links);
}
