/* Who tells of a late feed, and in which words: feeds and an overview of our own. */
#include "../../src/daemon/feed_state.h"
#include "heard.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { DAY_S = 86400, SIX = 6 * 3600 };

/* 2026-11-23 00:00 UTC, a Monday. */
static const int64_t monday = 1795392000;

struct scene {
	struct config_file *file;
	struct spool spool;
	struct feeds *feeds;
	struct overview overview;
	struct arrival arrivals[1];
	struct overview_node nodes[2];
	struct overview_holder holders[1];
	struct buffer told;
	struct news_list news;
};

static struct config_file *config_make(void)
{
	static const char text[] = "spool: /s\nnode: b\nlms: { url: \"sqlite:/l.db\" }\n"
	                           "feeds:\n  hr: { expect: { by: [\"06:00\"], fresh: 2d },"
	                           " notify: { mail: [hr@example.org] } }\n";
	char path[] = "/tmp/enrold-expect-XXXXXX";
	struct config_file *file = NULL;
	int descriptor = mkstemp(path);
	cr_assert_geq(descriptor, 0);
	cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
	close(descriptor);
	struct error error = config_load(path, &file);
	unlink(path);
	cr_assert_not(is_error(&error), "%s", error.text);
	return file;
}

/* hr had a file on Monday at 02:10. */
static void scene_make(struct scene *scene)
{
	setenv("TZ", "UTC", 1);
	tzset();
	*scene = (struct scene){.file = config_make(),
	    .arrivals = {{.feed = "hr",
	        .run = "20261123-021000-000001",
	        .file = "staff.csv",
	        .rows = 7,
	        .accepted_s = monday + 2 * 3600 + 600,
	        .changed_s = monday + 2 * 3600 + 600}},
	    .nodes = {{.name = "b"}, {.name = "a"}}};
	scene->overview = (struct overview){
	    .is_known = true, .is_up = true, .arrived = scene->arrivals, .arrived_count = 1};
	struct error error = feeds_create(config_get(scene->file), &scene->spool, &scene->feeds);
	cr_assert_not(is_error(&error));
	heard_begin(&scene->told);
}

static void scene_remove(struct scene *scene)
{
	feeds_free(scene->feeds);
	config_free(scene->file);
	buffer_done(&scene->told);
	news_done(&scene->news);
}

/* Looks so many seconds after that Monday's midnight; what was told. */
static void expect_told(struct scene *scene, int64_t seconds, const char *told)
{
	scene->overview.arrived_s = monday + seconds;
	scene->told.size = 0;
	feeds_judge(scene->feeds, &scene->overview, monday, &scene->news);
	heard_end();
	buffer_add_char(&scene->told, '\0');
	cr_expect_str_eq(scene->told.bytes, told, "%s", scene->told.bytes);
}

#define LATE                                                                                       \
	"warning feed_late: feed hr is late: no file was accepted since 2026-11-23 02:10, and by " \
	"2026-11-24 06:00 one was expected; "

Test(feed_expect, is_told_once_and_with_what_is_to_be_done)
{
	struct scene scene;
	scene_make(&scene);
	expect_told(&scene, DAY_S + SIX, "");
	expect_told(&scene, DAY_S + SIX + 1, LATE "ask who sends it what has become of it\n");
	expect_told(&scene, DAY_S + SIX + 20, "");
	scene.arrivals[0].refused = 2;
	snprintf(scene.arrivals[0].refused_run, sizeof scene.arrivals[0].refused_run,
	    "20261124-070000-000001");
	expect_told(&scene, 2 * DAY_S + SIX + 1,
	    LATE "one was refused: enrolctl show 20261124-070000-000001 says why\n");
	for (size_t i = 0; i < scene.feeds->count; i++)
		scene.feeds->states[i].is_paused = true;
	expect_told(&scene, 3 * DAY_S + SIX + 1, LATE "the feed is paused: enrolctl resume hr\n");
	scene.arrivals[0].accepted_s = monday + 3 * DAY_S + 8 * 3600;
	scene.arrivals[0].is_repeated = true;
	expect_told(&scene, 3 * DAY_S + 9 * 3600,
	    "info feed_on_time: feed hr was late, and has sent a file now\n"
	    "warning feed_stale: feed hr is stale: all its files since 2026-11-23 02:10 are the "
	    "same, byte for byte; ask who sends it whether what makes them still runs\n");
	scene.arrivals[0].accepted_s += 60;
	scene.arrivals[0].changed_s = scene.arrivals[0].accepted_s;
	scene.arrivals[0].is_repeated = false;
	expect_told(&scene, 3 * DAY_S + 9 * 3600 + 60,
	    "info feed_fresh: feed hr was stale, and has sent something new\n");
	scene_remove(&scene);
}

/* ---- what people are told ---- */

static void expect_news(struct scene *scene, const char *expected)
{
	struct buffer text = {0};
	for (size_t i = 0; i < scene->news.count; i++) {
		const struct news *news = &scene->news.items[i];
		buffer_print(&text, "%s %lld %s %llu %s\n", news->id,
		    news->since_s ? (long long)(news->since_s - monday) : 0, news->expected,
		    (unsigned long long)news->people, news->day);
	}
	buffer_add_char(&text, '\0');
	cr_expect_str_eq(text.bytes, expected, "%s", text.bytes);
	buffer_done(&text);
	scene->news.count = 0;
}

Test(feed_expect, is_told_to_people_under_a_name_that_a_new_start_gives_again)
{
	struct scene scene;
	static const char late[] = "late-hr-20261124T060000Z 108000 06:00 0 \n";
	scene_make(&scene);
	expect_told(&scene, DAY_S + SIX + 1, LATE "ask who sends it what has become of it\n");
	expect_news(&scene, late);
	memset(&scene.feeds->states[2].told, 0, sizeof scene.feeds->states[2].told);
	expect_told(&scene, DAY_S + SIX + 600, LATE "ask who sends it what has become of it\n");
	expect_news(&scene, late);
	scene.arrivals[0].accepted_s = monday + DAY_S + 8 * 3600;
	expect_told(&scene, DAY_S + 9 * 3600,
	    "info feed_on_time: feed hr was late, and has sent a file now\n");
	expect_news(&scene, "on_time-hr-20261124T080000Z 0  0 \n");
	scene_remove(&scene);
}

Test(feed_expect, tells_people_of_a_stale_feed_and_that_it_is_fresh)
{
	struct scene scene;
	scene_make(&scene);
	scene.arrivals[0].accepted_s = monday + 2 * DAY_S + 3 * 3600;
	scene.arrivals[0].is_repeated = true;
	scene.overview.arrived_s = monday + 2 * DAY_S + 4 * 3600;
	feeds_judge(scene.feeds, &scene.overview, monday, &scene.news);
	expect_news(&scene, "stale-hr-20261123T021000Z 7800  0 \n");
	scene.arrivals[0].accepted_s += 7200;
	scene.arrivals[0].changed_s = scene.arrivals[0].accepted_s;
	scene.arrivals[0].is_repeated = false;
	scene.overview.arrived_s += 7200;
	feeds_judge(scene.feeds, &scene.overview, monday, &scene.news);
	expect_news(&scene, "on_time-hr-20261125T050000Z 0  0 \n");
	scene_remove(&scene);
}

Test(feed_expect, tells_people_once_a_day_who_is_due)
{
	struct scene scene;
	struct absence_standing absent[] = {{.feed = "hr"}};
	scene_make(&scene);
	scene.overview.absent = absent;
	scene.overview.absent_count = 1;
	expect_told(&scene, 3 * 3600, "");
	expect_news(&scene, "");
	absent[0].due_people = 412;
	absent[0].due_s = monday + 3 * DAY_S;
	expect_told(&scene, 4 * 3600, "");
	expect_news(&scene, "due-hr-20261123 0  412 2026-11-26\n");
	expect_told(&scene, 5 * 3600, "");
	expect_news(&scene, "");
	expect_told(&scene, DAY_S, "");
	expect_news(&scene, "due-hr-20261124 0  412 2026-11-26\n");
	scene_remove(&scene);
}

Test(feed_expect, tells_no_people_where_nobody_is_named)
{
	struct scene scene;
	struct absence_standing absent[] = {{.feed = "hr", .due_people = 7, .due_s = monday}};
	scene_make(&scene);
	scene.overview.absent = absent;
	scene.overview.absent_count = 1;
	struct feed *hr = (struct feed *)config_find_feed(config_get(scene.file), "hr");
	hr->policy.notify.mail = (struct text_list){0};
	expect_told(&scene, DAY_S + SIX + 1, LATE "ask who sends it what has become of it\n");
	expect_news(&scene, "");
	scene_remove(&scene);
}

Test(feed_expect, waits_with_so_much_news_and_no_more)
{
	struct news_list list = {0};
	struct news news = news_of_on_time("hr", monday, monday);
	for (int i = 0; i < NEWS_MAX + 1; i++)
		news_add(&list, &news);
	cr_expect_eq(list.count, NEWS_MAX);
	const struct notice notice = news_notice(&list.items[NEWS_MAX - 1], "b");
	cr_expect_str_eq(notice.id, "on_time-hr-20261123T000000Z");
	cr_expect_str_eq(notice.node, "b");
	cr_expect(notice.at_us == monday * 1000000 && !notice.expected && !notice.day);
	news_done(&list);
}

Test(feed_expect, is_not_judged_while_nobody_knows_what_has_come)
{
	struct scene scene;
	scene_make(&scene);
	scene.overview.is_up = false;
	expect_told(&scene, DAY_S + SIX + 1, "");
	scene.overview.is_up = true;
	feeds_judge(scene.feeds, &(struct overview){.is_up = true}, monday, &scene.news);
	expect_told(&scene, DAY_S + SIX + 2, LATE "ask who sends it what has become of it\n");
	scene_remove(&scene);
}

/* What another daemon has told is known by the one that has the feed after it. */
Test(feed_expect, is_told_by_one_daemon_of_several)
{
	struct scene scene;
	scene_make(&scene);
	scene.overview.nodes = scene.nodes;
	scene.overview.nodes_count = 2;
	expect_told(&scene, DAY_S + SIX + 1, ""); /* a is the first */
	scene.holders[0] = (struct overview_holder){"hr", "b"};
	scene.overview.holders = scene.holders;
	scene.overview.holders_count = 1;
	expect_told(&scene, DAY_S + SIX + 20, "");
	expect_told(&scene, 2 * DAY_S + SIX + 1, LATE "ask who sends it what has become of it\n");
	snprintf(scene.holders[0].node, sizeof scene.holders[0].node, "a");
	expect_told(&scene, 3 * DAY_S + SIX + 1, "");
	scene_remove(&scene);
}

Test(feed_expect, is_not_told_again_under_new_settings)
{
	struct scene scene;
	struct feeds *before;
	scene_make(&scene);
	expect_told(&scene, DAY_S + SIX + 1, LATE "ask who sends it what has become of it\n");
	before = scene.feeds;
	struct error error = feeds_create(config_get(scene.file), &scene.spool, &scene.feeds);
	cr_assert_not(is_error(&error));
	feeds_inherit(scene.feeds, before);
	feeds_free(before);
	expect_told(&scene, DAY_S + SIX + 20, "");
	scene_remove(&scene);
}

static void expect_json(json_t *json, const char *expected)
{
	char *text = json_dumps(json, JSON_COMPACT);
	cr_expect_str_eq(text, expected, "%s", text);
	free(text);
	json_decref(json);
}

Test(feed_expect, is_in_the_status)
{
	struct scene scene;
	scene_make(&scene);
	struct feed_state *hr = &scene.feeds->states[2];
	cr_assert_str_eq(hr->lane.feed, "hr");
	json_t *feed = json_object(), *needs = json_array();
	feed_expect_status(hr, &scene.overview, feed, needs);
	expect_json(feed,
	    "{\"accepted\":{\"run\":\"20261123-021000-000001\",\"file\":\"staff.csv\","
	    "\"rows\":7,\"finished\":\"2026-11-23T02:10:00Z\",\"same_since\":null},"
	    "\"refused\":{\"files\":0,\"newest\":\"\"},\"due\":null,\"late\":null,"
	    "\"stale\":null}");
	expect_json(needs, "[]");
	expect_told(&scene, 2 * DAY_S + SIX + 1, LATE "ask who sends it what has become of it\n");
	feed = json_object();
	needs = json_array();
	feed_expect_status(hr, &scene.overview, feed, needs);
	expect_json(json_incref(json_object_get(feed, "late")),
	    "{\"since\":\"2026-11-24T06:00:00Z\",\"missed\":\"2026-11-25T06:00:00Z\"}");
	expect_json(json_pack("[O]", json_object_get(feed, "due")), "[\"2026-11-26T06:00:00Z\"]");
	cr_expect_eq(json_array_size(needs), 1);
	json_decref(feed);
	json_decref(needs);
	scene_remove(&scene);
}

/* In the metrics as in the status. */
Test(feed_expect, tells_no_more_of_refused_files_that_somebody_has_discarded)
{
	struct scene scene;
	scene_make(&scene);
	struct feed_state *hr = &scene.feeds->states[2];
	struct order discard = {.kind = ORDER_DISCARD, .subject = "20261124-070000-000001"};
	struct metrics_now_feed now = metrics_feed_unknown("hr");
	scene.overview.arrived_s = monday + DAY_S;
	scene.arrivals[0].refused = 2;
	snprintf(scene.arrivals[0].refused_run, sizeof scene.arrivals[0].refused_run,
	    "20261124-070000-000001");
	feed_expect_tell(hr, &scene.overview, &now);
	cr_expect_eq(now.refused, 2);
	scene.feeds->orders = (struct orders){.items = &discard, .count = 1};
	feed_expect_tell(hr, &scene.overview, &now);
	cr_expect_eq(now.refused, 0);
	scene.feeds->orders = (struct orders){0};
	scene_remove(&scene);
}
