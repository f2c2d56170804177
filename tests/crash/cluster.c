/*
 * Four daemons share a spool and a database server while they are killed, paused for longer than
 * their lease and started again, all the time. In the end each of a thousand files has been done
 * exactly once, and those of each feed in their order. With $ENROLD_TEST_FAILOVER the standby takes
 * over when half of the files are there (with_cluster.sh).
 *
 *     ENROLD_FILES=5000 ENROLD_SEED=7 tests/engine/with_server.sh postgresql \
 *         build/release/cluster_test
 */
#include "law.h"
#include "mirror.h"
#include "moment.h"
#include "program.h"
#include "scale.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { NODES = 4, FEEDS = 4, FILES = SCALE(1000, 200), PEOPLE = 60, COURSES = 5, IN_VAIN_MAX = 30 };

static const char *const feeds[FEEDS] = {"default", "f1", "f2", "f3"};

struct cluster {
	struct rig rig;
	struct path url; /* of the site in SQLite */
	struct mirror mirror;
	struct path configs[NODES];
	struct program programs[NODES];
	bool is_running[NODES], is_paused[NODES];
	int64_t back_at[NODES]; /* when a dead or paused one comes back */
	unsigned int seed;
	long kills, pauses;
};

/* The law takes the order in which runs end for that of what they change. Where daemons at several
 * nodes undo each other's work, a file would be done in shorter transactions, between those of
 * other feeds; so each file is one. */
static void config_write(struct cluster *cluster, int node)
{
	struct buffer yaml = {0};
	cluster->configs[node] = path_of("%s/node%d.yaml", cluster->rig.root.text, node);
	buffer_print(&yaml, "spool: %s\nnode: " RIG_NODE "%d\nsettle: 0\nrescan: 1s\nlease: 2s\n",
	    cluster->rig.directory.text, node);
	buffer_print(&yaml, "lms: { url: \"%s\" }\nfeeds:\n", cluster->mirror.url);
	for (int i = 0; i < FEEDS; i++)
		buffer_print(&yaml, "  %s: { atomic: true }\n", feeds[i]);
	files_write(cluster->configs[node].text, yaml.bytes, yaml.size, 0640);
	buffer_done(&yaml);
}

static void node_start(struct cluster *cluster, int node)
{
	program_start(&cluster->programs[node],
	    ARGV("enrold", "--config", cluster->configs[node].text), NULL);
	cluster->is_running[node] = true;
}

static struct finished node_end(struct cluster *cluster, int node, int signal)
{
	program_signal(&cluster->programs[node], signal);
	cluster->is_running[node] = cluster->is_paused[node] = false;
	return program_finish(&cluster->programs[node]);
}

static void cluster_make(struct cluster *cluster)
{
	*cluster = (struct cluster){
	    .seed = (unsigned int)scale_from_environment("ENROLD_SEED", time(NULL))};
	fprintf(stderr, "cluster: ENROLD_SEED=%u\n", cluster->seed);
	rig_make(&cluster->rig, &(struct rig_options){.people = PEOPLE,
	                            .courses = COURSES,
	                            .feeds = "  default: {}\n  f1: {}\n  f2: {}\n  f3: {}\n"});
	cluster->url = path_of("sqlite:%s", cluster->rig.database.text);
	const struct lms_options options = {
	    .url = cluster->url.text, .prefix = "mdl_", .actor = "admin", .cache = 4 << 20};
	mirror_open(&cluster->mirror, &options);
	mirror_push(&cluster->mirror);
	for (int i = 1; i < FEEDS; i++)
		files_make_directory(rig_path(&cluster->rig, "inbox/%s", feeds[i]).text);
	for (int i = 0; i < NODES; i++)
		config_write(cluster, i);
}

/* Five enrolments; each pair comes again and again, in other files and feeds. */
static void file_drop(struct cluster *cluster, long number)
{
	const char *feed = feeds[number % FEEDS];
	bool is_default = number % FEEDS == 0;
	struct path name =
	    path_of("%s%sfile-%06ld.csv", is_default ? "" : feed, is_default ? "" : "/", number);
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,enrolstatus1\n");
	for (int i = 0; i < 5; i++)
		buffer_print(&text, "p%d,C%d,%d\n", rand_r(&cluster->seed) % PEOPLE + 1,
		    rand_r(&cluster->seed) % COURSES + 1, rand_r(&cluster->seed) % 2);
	rig_drop_bytes(&cluster->rig, name.text, text.bytes, text.size);
	buffer_done(&text);
}

/* One of them is killed or paused, for less or for more than a lease. */
static void mishap(struct cluster *cluster, int64_t now_ms)
{
	int node = rand_r(&cluster->seed) % NODES;
	if (!cluster->is_running[node] || cluster->is_paused[node])
		return;
	cluster->back_at[node] = now_ms + rand_r(&cluster->seed) % 5000;
	if (rand_r(&cluster->seed) % 3 == 0) {
		program_signal(&cluster->programs[node], SIGSTOP);
		cluster->is_paused[node] = true;
		cluster->pauses++;
		return;
	}
	struct finished finished = node_end(cluster, node, SIGKILL);
	cr_assert_eq(finished.status, -SIGKILL, "node %d ended by itself, with %d:\n%s", node,
	    finished.status, finished.err.bytes);
	finished_done(&finished);
	cluster->kills++;
}

static void comebacks(struct cluster *cluster, int64_t now_ms)
{
	for (int i = 0; i < NODES; i++) {
		if (now_ms < cluster->back_at[i])
			continue;
		if (cluster->is_paused[i])
			program_signal(&cluster->programs[i], SIGCONT);
		cluster->is_paused[i] = false;
		if (!cluster->is_running[i])
			node_start(cluster, i);
	}
}

static size_t answers(const struct cluster *cluster)
{
	size_t count = 0;
	for (int i = 0; i < FEEDS; i++)
		count += files_count(
		    rig_path(&cluster->rig, "outbox%s%s", i > 0 ? "/" : "", i > 0 ? feeds[i] : "")
		        .text,
		    ".summary.json");
	return count;
}

static void failover(void)
{
	if (!getenv("ENROLD_TEST_FAILOVER"))
		return;
	struct path command = path_of("%s/../failover", getenv("ENROLD_TEST_DIRECTORY"));
	cr_assert_eq(system(command.text), 0, "%s", command.text);
}

/* Mishaps until all is answered; but when nothing has been for many of them, there are no more
 * until something is: a slow machine, too, gets to its end. */
static void live(struct cluster *cluster, long files)
{
	int64_t start = moment_now_ms(), mishap_at = start;
	long dropped = 0, in_vain = 0;
	size_t done = 0;
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (done < (size_t)files) {
		int64_t now_ms = moment_now_ms();
		comebacks(cluster, now_ms);
		if (now_ms >= mishap_at && in_vain < IN_VAIN_MAX) {
			mishap(cluster, now_ms);
			in_vain++;
			mishap_at = now_ms + 300 + rand_r(&cluster->seed) % 700;
		}
		for (int i = 0; i < 2 && dropped < files; i++) {
			if (dropped == files / 2)
				failover();
			file_drop(cluster, dropped++);
		}
		cr_assert(movement_pause(&movement), "%zu of %ld answers: %s", done, files,
		    movement.reason);
		size_t before = done;
		done = answers(cluster);
		in_vain = done > before ? 0 : in_vain;
	}
	fprintf(stderr, "cluster: %ld files, %ld kills, %ld pauses, %lld s\n", files,
	    cluster->kills, cluster->pauses, (long long)(moment_now_ms() - start) / 1000);
}

/* What was under way is put away, and then they stop. */
static void calm_down(struct cluster *cluster)
{
	struct path work = rig_path(&cluster->rig, "work");
	size_t left;
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	do {
		comebacks(cluster, INT64_MAX);
		left = 0;
		for (int i = 0; i < NODES; i++)
			left += files_count(path_of("%s/" RIG_NODE "%d", work.text, i).text, "");
	} while (left > 0 && movement_pause(&movement));
	for (int i = 0; i < NODES; i++) {
		struct finished finished = node_end(cluster, i, SIGTERM);
		/* One that has only just come back dies of it. */
		cr_expect(finished.status == 0 || finished.status == -SIGTERM,
		    "node %d ended with %d:\n%s", i, finished.status, finished.err.bytes);
		finished_done(&finished);
	}
}

static void orders_check(const struct cluster *cluster)
{
	struct buffer rows =
	    rig_query(&cluster->rig, "SELECT feed, name FROM enrold_run ORDER BY feed, run");
	char before[256] = "";
	for (char *line = strtok(rows.bytes, "\n"); line; line = strtok(NULL, "\n")) {
		bool is_same_feed = strcspn(before, "|") == strcspn(line, "|") &&
		                    strncmp(before, line, strcspn(line, "|")) == 0;
		cr_expect(
		    !is_same_feed || strcmp(before, line) < 0, "%s came before %s", before, line);
		snprintf(before, sizeof before, "%s", line);
	}
	buffer_done(&rows);
}

Test(cluster, of_four_daemons_does_each_file_once_whoever_dies)
{
	static struct cluster cluster;
	cluster_make(&cluster);
	for (int i = 0; i < NODES; i++)
		node_start(&cluster, i);
	live(&cluster, scale_from_environment("ENROLD_FILES", FILES));
	calm_down(&cluster);
	mirror_pull(&cluster.mirror);
	mirror_close(&cluster.mirror);
	orders_check(&cluster);
	law_close(&cluster.rig);
}
