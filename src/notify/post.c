#include "post.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 64 << 10, FILES_MAX = 4, SLOW_BYTES = 10, SLOW_S = 30 };

struct post {
	CURLM *multi;
	struct pace pace;
	struct transfer *first;
	size_t count;
};

/* Its memory is kept until libcurl has let it go. */
struct transfer {
	struct transfer *next;
	CURL *easy;
	struct curl_slist *list; /* recipients or headers */
	void *context;
	bool is_mail;
	char *body;
	size_t size, sent, heard;
	char words[CURL_ERROR_SIZE];
};

static void transfer_free(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->list);
	free(transfer->body);
	free(transfer);
}

struct error post_open(const struct pace *pace, struct post **post)
{
	struct post *made = calloc(1, sizeof *made);
	*post = NULL;
	if (!made || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    !(made->multi = curl_multi_init())) {
		free(made);
		return error_memory("preparing to send");
	}
	made->pace = *pace;
	*post = made;
	return OK;
}

static void transfer_drop(struct post *post, struct transfer *transfer)
{
	struct transfer **link = &post->first;
	while (*link != transfer)
		link = &(*link)->next;
	*link = transfer->next;
	post->count--;
	curl_multi_remove_handle(post->multi, transfer->easy);
	transfer_free(transfer);
}

void post_close(struct post *post)
{
	if (!post)
		return;
	while (post->first)
		transfer_drop(post, post->first);
	curl_multi_cleanup(post->multi);
	curl_global_cleanup();
	free(post);
}

size_t post_count(const struct post *post)
{
	return post->count;
}

/* ---- what libcurl calls ---- */

static size_t on_body_wanted(char *room, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t left = transfer->size - transfer->sent, most = size * count;
	size_t taken = left < most ? left : most;
	memcpy(room, transfer->body + transfer->sent, taken);
	transfer->sent += taken;
	return taken;
}

/* Fewer than there are: the rest is not worth waiting for. */
static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	(void)bytes;
	transfer->heard += size * count;
	return transfer->heard <= ANSWER_MAX ? size * count : 0;
}

/* ---- one of them ---- */

static bool is_loopback(const char *url)
{
	const char *host = strstr(url, "://");
	host = host ? host + 3 : url;
	static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		size_t length = strlen(hosts[i]);
		if (strncmp(host, hosts[i], length) == 0 &&
		    (host[length] == ':' || host[length] == '/' || host[length] == '\0'))
			return true;
	}
	return false;
}

static bool list_add(struct transfer *transfer, const char *text)
{
	struct curl_slist *list = curl_slist_append(transfer->list, text);
	transfer->list = list ? list : transfer->list;
	return list != NULL;
}

/* Options that cannot fail but for memory: the first failure counts. */
#define SET(option, value)                                                                         \
	(code = code == CURLE_OK ? curl_easy_setopt(transfer->easy, option, value) : code)

static CURLcode common_set(const struct post *post, struct transfer *transfer, const char *url)
{
	CURLcode code = CURLE_OK;
	const char *certificates = getenv("SSL_CERT_FILE");
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps,http,https");
	SET(CURLOPT_PRIVATE, transfer);
	SET(CURLOPT_ERRORBUFFER, transfer->words);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L); /* nobody waits for a name server that does not answer */
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)post->pace.connect);
	SET(CURLOPT_TIMEOUT_MS, (long)post->pace.whole);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_WRITEFUNCTION, on_answer);
	SET(CURLOPT_WRITEDATA, transfer);
	SET(CURLOPT_USERAGENT, "enrold-notify/" ENROLD_VERSION);
	if (certificates && *certificates)
		SET(CURLOPT_CAINFO, certificates);
	return code;
}

static CURLcode mail_set(struct transfer *transfer, const struct parcel *parcel)
{
	CURLcode code = list_add(transfer, parcel->to) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
	SET(CURLOPT_MAIL_FROM, parcel->from);
	SET(CURLOPT_MAIL_RCPT, transfer->list);
	SET(CURLOPT_USE_SSL, (long)(is_loopback(parcel->url) ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	SET(CURLOPT_UPLOAD, 1L);
	SET(CURLOPT_READFUNCTION, on_body_wanted);
	SET(CURLOPT_READDATA, transfer);
	if (parcel->user) {
		SET(CURLOPT_USERNAME, parcel->user);
		SET(CURLOPT_PASSWORD, parcel->password);
	}
	return code;
}

static CURLcode webhook_set(struct transfer *transfer, const struct parcel *parcel)
{
	CURLcode code = CURLE_OK;
	for (const char *const *header = parcel->headers; *header; header++)
		if (!list_add(transfer, *header))
			code = CURLE_OUT_OF_MEMORY;
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_HTTPHEADER, transfer->list);
	SET(CURLOPT_POSTFIELDSIZE, (long)transfer->size);
	SET(CURLOPT_POSTFIELDS, transfer->body);
	return code;
}

static struct transfer *transfer_make(const struct parcel *parcel)
{
	struct transfer *transfer = calloc(1, sizeof *transfer);
	if (!transfer)
		return NULL;
	transfer->easy = curl_easy_init();
	transfer->body = malloc(parcel->body.size + 1);
	if (!transfer->easy || !transfer->body) {
		transfer_free(transfer);
		return NULL;
	}
	memcpy(transfer->body, parcel->body.bytes, parcel->body.size);
	transfer->body[parcel->body.size] = '\0';
	transfer->size = parcel->body.size;
	transfer->context = parcel->context;
	transfer->is_mail = parcel->to != NULL;
	return transfer;
}

struct error post_start(struct post *post, const struct parcel *parcel)
{
	struct transfer *transfer = transfer_make(parcel);
	if (!transfer)
		return error_memory("sending a message");
	CURLcode code = common_set(post, transfer, parcel->url);
	if (code == CURLE_OK)
		code =
		    transfer->is_mail ? mail_set(transfer, parcel) : webhook_set(transfer, parcel);
	if (code == CURLE_OK && curl_multi_add_handle(post->multi, transfer->easy) != CURLM_OK)
		code = CURLE_OUT_OF_MEMORY;
	if (code != CURLE_OK) {
		transfer_free(transfer);
		return error_retry("libcurl cannot send: %s", curl_easy_strerror(code));
	}
	transfer->next = post->first;
	post->first = transfer;
	post->count++;
	return OK;
}

/* ---- all of them ---- */

void post_wait(struct post *post, struct pollfd *files, size_t count, int timeout_ms)
{
	struct curl_waitfd waited[FILES_MAX] = {0};
	int running;
	for (size_t i = 0; i < count && i < FILES_MAX; i++)
		waited[i] = (struct curl_waitfd){files[i].fd, CURL_WAIT_POLLIN, 0};
	curl_multi_perform(post->multi, &running);
	bool has_ended = (size_t)running < post->count;
	curl_multi_poll(post->multi, waited, (unsigned)count, has_ended ? 0 : timeout_ms, NULL);
	for (size_t i = 0; i < count && i < FILES_MAX; i++)
		files[i].revents = waited[i].revents ? POLLIN : 0;
	curl_multi_perform(post->multi, &running);
}

static void reason_make(
    const struct transfer *transfer, CURLcode code, long status, struct receipt *receipt)
{
	const char *words = *transfer->words ? transfer->words : curl_easy_strerror(code);
	if (status > 0 && (!transfer->is_mail || transfer->sent == transfer->size))
		snprintf(receipt->reason, sizeof receipt->reason, "the answer is %s %ld",
		    transfer->is_mail ? "SMTP" : "HTTP", status);
	else
		snprintf(receipt->reason, sizeof receipt->reason, "%.199s", words);
}

static void receipt_make(const struct transfer *transfer, CURLcode code, struct receipt *receipt)
{
	long status = 0;
	curl_off_t wait_s = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &wait_s);
	bool is_whole = transfer->sent == transfer->size;
	*receipt = (struct receipt){.context = transfer->context,
	    .fate = transfer->is_mail
	                ? fate_of_mail(code == CURLE_OK, status, transfer->words, is_whole)
	                : fate_of_webhook(status),
	    .retry_after_ms = (wait_s < 86400 ? wait_s : 86400) * 1000};
	reason_make(transfer, code, status, receipt);
}

bool post_take(struct post *post, struct receipt *receipt)
{
	int left;
	const CURLMsg *message;
	while ((message = curl_multi_info_read(post->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		struct transfer *transfer = NULL;
		CURLcode code = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		receipt_make(transfer, code, receipt);
		transfer_drop(post, transfer);
		return true;
	}
	return false;
}
