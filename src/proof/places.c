#include "proof.h"

#include "enrold/disk.h"
#include "enrold/naming.h"
#include "enrold/summary.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const names[PROOF_FILES] = {[ARTEFACT_RESULT] = "result",
    [ARTEFACT_RETRY] = "retry file",
    [ARTEFACT_PLAN] = "plan",
    [ARTEFACT_REPORT] = "report",
    [PROOF_SUMMARY] = "summary",
    [PROOF_INPUT] = "input"};

const char *proof_file_name(enum proof_file file)
{
	return names[file];
}

static enum spool_folder folder_of(const struct ledger_run *row, enum proof_file file)
{
	if (file != PROOF_INPUT)
		return SPOOL_OUTBOX;
	bool is_put_aside = row->state == RUN_REFUSED || row->state == RUN_DISCARDED;
	return is_put_aside             ? SPOOL_QUARANTINE
	       : row->state == RUN_HELD ? SPOOL_HELD
	                                : SPOOL_ARCHIVE;
}

void proof_path(const struct proof *proof, const struct ledger_run *row, enum proof_file file,
    char path[PROOF_PATH_SIZE])
{
	char suffix[64], name[FILE_NAME_SIZE], folder[SPOOL_PATH_SIZE];
	const struct naming of = {
	    row->name.bytes, row->run.bytes, suffix, .is_input = file == PROOF_INPUT};
	bool is_preview = file != PROOF_INPUT &&
	                  (row->state == RUN_PREVIEWED || summary_is_preview(row->summary));
	snprintf(suffix, sizeof suffix, "%s%s", is_preview ? ".preview" : "",
	    file == PROOF_INPUT     ? ""
	    : file == PROOF_SUMMARY ? ".summary.json"
	                            : artefact_kinds[file].suffix);
	spool_folder(folder_of(row, file), row->feed, row->run.bytes, folder);
	naming_find(proof->spool.root, folder, &of, name);
	snprintf(path, PROOF_PATH_SIZE, "%s/%s", folder, name);
}

uint32_t proof_hash_path(const char *path)
{
	return hashlist_hash_text(slice_of(path)) | 1;
}

bool proof_find_run(const char *name, int64_t *run_us)
{
	bool is_found = false;
	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
		char run[RUN_ID_SIZE + 1];
		int64_t found_us;
		snprintf(run, sizeof run, "%s", dot + 1);
		bool is_whole = strlen(run) == RUN_ID_SIZE && dot[1 + RUN_ID_SIZE] == '.';
		if (!is_whole || !run_id_parse(run, &found_us))
			continue;
		*run_us = found_us;
		is_found = true;
	}
	return is_found;
}

bool proof_is_in_work(const struct proof *proof, const char *run)
{
	bool is = false;
	int work =
	    openat(proof->spool.root, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *nodes = work < 0 ? NULL : disk_list(work);
	for (const struct dirent *node; nodes && !is && (node = readdir(nodes));) {
		char path[PROOF_PATH_SIZE];
		snprintf(path, sizeof path, "%s/%s", node->d_name, run);
		is = *node->d_name != '.' && disk_has(work, path);
	}
	if (nodes)
		closedir(nodes);
	if (work >= 0)
		close(work);
	return is;
}
