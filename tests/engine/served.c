#include "served.h"

#include "fatal.h"
#include "law.h"

#include <stdlib.h>
#include <string.h>

bool served_by_postgresql(void)
{
	return strncmp(getenv("ENROLD_TEST_URL"), "postgresql", 10) == 0;
}

void served_make(struct served *site, const struct rig_options *options)
{
	rig_make(&site->rig, options);
	site->settings = options->settings ? options->settings : "";
	site->sqlite_url = path_of("sqlite:%s", site->rig.database.text);
	const struct lms_options lms = {
	    .url = site->sqlite_url.text, .prefix = "mdl_", .actor = "admin", .cache = 4 << 20};
	mirror_open(&site->mirror, &lms);
	mirror_push(&site->mirror);
}

void served_close(struct served *site)
{
	mirror_pull(&site->mirror);
	mirror_close(&site->mirror);
	law_close(&site->rig);
}

struct path served_config(const struct served *site, const char *url)
{
	struct path config = path_of("%s/server.yaml", site->rig.root.text);
	struct buffer yaml = {0};
	buffer_print(&yaml,
	    "spool: %s\nnode: " RIG_NODE "\nsettle: 0\n%slms: { url: \"%s\" }\n"
	    "feeds:\n  default: { upload_type: add_or_update, update_details: file, allow_delete: "
	    "true, allow_rename: true, allow_unenrol: true, removal: unenrol, " RIG_MAY_ALL " }\n",
	    site->rig.directory.text, site->settings, url);
	files_write(config.text, yaml.bytes, yaml.size, 0640);
	buffer_done(&yaml);
	return config;
}

void served_shell(const char *command)
{
	int status = system(command);
	if (status != 0)
		fatal("%s: %d", command, status);
}

void served_execute(const struct served *site, const char *sql)
{
	struct path file = path_of("%s/statements.sql", site->rig.root.text);
	files_write(file.text, sql, strlen(sql), 0600);
	served_shell(path_of(
	    "%s %s <%s >/dev/null", getenv("ENROLD_TEST_CLIENT"), site->mirror.database, file.text)
	                 .text);
}
