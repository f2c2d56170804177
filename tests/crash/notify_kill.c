/*
 * notify_kill: enrold-notify, killed at the N-th call that changes a file, or with that call
 * failing, for every N there is. After the next run everybody has got everything, nothing waits,
 * what is different has different keys, and only one message can have come twice: the one that was
 * under way.
 */
#include "fatal.h"
#include "tracer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NOTICES = 2, RECIPIENTS = 2, MESSAGES = NOTICES * RECIPIENTS, TAKEN_MAX = 16 };

/* ---- a mail server ---- */

struct taken {
	char to[64], key[128], text[8192];
};

struct mailbox {
	int listener;
	unsigned short port;
	pthread_t thread;
	pthread_mutex_t mutex;
	struct taken taken[TAKEN_MAX];
	size_t count;
};

static void say(FILE *peer, const char *line)
{
	fprintf(peer, "%s\r\n", line);
	fflush(peer);
}

static void text_take(FILE *lines, struct taken *taken)
{
	char line[1024];
	size_t size = 0;
	while (fgets(line, sizeof line, lines) && strcmp(line, ".\r\n") != 0) {
		sscanf(line, "Message-ID: <%127[^>]>", taken->key);
		size += (size_t)snprintf(taken->text + size, sizeof taken->text - size, "%s", line);
		if (size >= sizeof taken->text)
			fatal("a mail is larger than expected");
	}
}

static void mail_keep(struct mailbox *mailbox, const struct taken *taken)
{
	pthread_mutex_lock(&mailbox->mutex);
	if (mailbox->count == TAKEN_MAX)
		fatal("more mails than there can be");
	mailbox->taken[mailbox->count++] = *taken;
	pthread_mutex_unlock(&mailbox->mutex);
}

static void talk(struct mailbox *mailbox, int peer)
{
	char line[1024];
	struct taken taken = {0};
	FILE *in = fdopen(peer, "r"), *out = fdopen(dup(peer), "w");
	say(out, "220 here");
	while (fgets(line, sizeof line, in)) {
		sscanf(line, "RCPT TO:<%63[^>]>", taken.to);
		if (strncmp(line, "DATA", 4) == 0) {
			say(out, "354 go on");
			text_take(in, &taken);
			mail_keep(mailbox, &taken);
		}
		say(out, "250 ok");
	}
	fclose(in);
	fclose(out);
}

static void *serve(void *context)
{
	struct mailbox *mailbox = context;
	for (int peer; (peer = accept(mailbox->listener, NULL, NULL)) >= 0;)
		talk(mailbox, peer);
	return NULL;
}

static void mailbox_open(struct mailbox *mailbox)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	*mailbox = (struct mailbox){.mutex = PTHREAD_MUTEX_INITIALIZER};
	mailbox->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(mailbox->listener, (struct sockaddr *)&address, size) != 0 ||
	    listen(mailbox->listener, 16) != 0 ||
	    getsockname(mailbox->listener, (struct sockaddr *)&address, &size) != 0)
		fatal("no mail server can be had here");
	mailbox->port = ntohs(address.sin_port);
	pthread_create(&mailbox->thread, NULL, serve, mailbox);
}

static void mailbox_close(struct mailbox *mailbox)
{
	shutdown(mailbox->listener, SHUT_RDWR);
	pthread_join(mailbox->thread, NULL);
	close(mailbox->listener);
}

/* ---- a round ---- */

static void notice_write(const struct path *root, int number, const char *code)
{
	char text[512];
	struct path path =
	    path_of("%s/spool/notify/queue/20261126-060000-00000%d.json", root->text, number);
	int size = snprintf(text, sizeof text,
	    "{\"v\":1,\"kind\":\"run\",\"id\":\"20261126-060000-00000%d\",\"feed\":\"hr\","
	    "\"at_us\":%d000000,\"run\":\"20261126-060000-00000%d\",\"file\":\"a.csv\","
	    "\"mode\":\"apply\",\"status\":\"refused\",\"code\":\"%s\",\"outcomes\":{},"
	    "\"causes\":[]}",
	    number, 1700000000 + number, number, code);
	files_write(path.text, text, (size_t)size, 0644);
}

static struct path round_make(const struct mailbox *mailbox)
{
	const char *temporary = getenv("TMPDIR");
	struct path root = path_of("%s/enrold-notify-XXXXXX", temporary ? temporary : "/tmp");
	char text[512];
	if (!mkdtemp(root.text))
		fatal("no directory can be made");
	files_make_directory(path_of("%s/spool/notify/queue", root.text).text);
	int size = snprintf(text, sizeof text,
	    "spool: %s/spool\nnode: n\nlms: { url: \"sqlite:/x\" }\n"
	    "mail: { smtp: \"smtp://127.0.0.1:%d\", from: e@example.org }\n"
	    "feeds: { hr: { notify: { mail: [a@example.org, b@example.org] } } }\n",
	    root.text, mailbox->port);
	files_write(path_of("%s/enrold.yaml", root.text).text, text, (size_t)size, 0600);
	notice_write(&root, 1, "not_text");
	notice_write(&root, 2, "empty_file");
	return root;
}

static size_t times(const struct mailbox *mailbox, const char *key, const char *to)
{
	size_t count = 0;
	for (size_t i = 0; i < mailbox->count; i++)
		count += strcmp(mailbox->taken[i].key, key) == 0 &&
		         strcmp(mailbox->taken[i].to, to) == 0;
	return count;
}

static void all_got(const struct mailbox *mailbox, long at)
{
	static const char *const keys[] = {
	    "20261126-060000-000001.refused@n", "20261126-060000-000002.refused@n"};
	static const char *const people[] = {"a@example.org", "b@example.org"};
	for (size_t i = 0; i < NOTICES; i++)
		for (size_t j = 0; j < RECIPIENTS; j++) {
			size_t count = times(mailbox, keys[i], people[j]);
			cr_expect(count >= 1 && count <= 2, "%s to %s %zu times, killed at %ld",
			    keys[i], people[j], count, at);
		}
	for (size_t i = 0; i < mailbox->count; i++)
		for (size_t j = 0; j < i; j++)
			cr_expect((strcmp(mailbox->taken[i].key, mailbox->taken[j].key) == 0) ==
			              (strcmp(strstr(mailbox->taken[i].text, "From"),
			                   strstr(mailbox->taken[j].text, "From")) == 0),
			    "one key, one message, killed at %ld", at);
	/* At most two can be under way at the same time. */
	cr_expect_leq(mailbox->count, MESSAGES + 2, "killed at %ld", at);
}

struct mishap {
	long at, calls;
	struct verdict verdict;
};

static struct verdict at_call(void *context, const struct call *call)
{
	struct mishap *mishap = context;
	mishap->calls = call->number;
	return call->number == mishap->at ? mishap->verdict : (struct verdict){0};
}

/* False: the program came to its end before there was such a call. */
static bool round_play(long at, struct verdict verdict)
{
	struct mishap mishap = {.at = at, .verdict = verdict};
	struct mailbox mailbox;
	mailbox_open(&mailbox);
	struct path root = round_make(&mailbox), config = path_of("%s/enrold.yaml", root.text);
	const struct tracer tracer = {.below = root.text, .on_call = at_call, .context = &mishap};
	struct finished killed =
	    tracer_run(&tracer, ARGV("enrold-notify", "--config", config.text, "--once"));
	struct finished again =
	    program_expect(0, ARGV("enrold-notify", "--config", config.text, "--once"));
	mailbox_close(&mailbox);
	all_got(&mailbox, at);
	cr_expect_eq(files_count(path_of("%s/spool/notify/queue", root.text).text, ""), 0);
	cr_expect_eq(files_count(path_of("%s/spool/notify/out", root.text).text, ""), 0);
	cr_expect_eq(
	    files_count(path_of("%s/spool/notify/sent", root.text).text, ".json"), MESSAGES);
	cr_expect(killed.status == 0 || killed.status == 75 || killed.status == 78 ||
	          (killed.status == -SIGKILL && verdict.kind == VERDICT_KILL));
	finished_done(&killed);
	finished_done(&again);
	files_remove(root.text);
	return mishap.calls >= at;
}

static void sweep(struct verdict verdict)
{
	long at = 1;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	while (round_play(at, verdict))
		at++;
	fprintf(stderr, "notify_kill: %ld calls\n", at - 1);
	cr_expect_gt(at, 40);
}

Test(notify_kill, at_every_call)
{
	sweep((struct verdict){.kind = VERDICT_KILL});
}

Test(notify_kill, with_every_call_failing)
{
	sweep((struct verdict){.kind = VERDICT_FAIL, .error = EIO});
}
