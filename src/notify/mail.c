#include "mail.h"

#include "enrold/value.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	WIDTH = 76,
	ADDRESS_MAX = MAIL_ADDRESS_SIZE - 1,
	/* Bytes of a text in one encoded word: base64 of them and its frame are 75 at most. */
	ENCODED_MAX = 45,
};

#define KEY_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
#define BOUNDARY "=_enrold_part"

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.bytes[i] < ' ' || (unsigned char)text.bytes[i] > '~')
			return false;
	return true;
}

bool mail_is_address(const char *text)
{
	const char *at = strchr(text, '@');
	size_t length = strlen(text);
	return at && at != text && at[1] && !strchr(at + 1, '@') && length <= ADDRESS_MAX &&
	       is_ascii(slice_of(text)) && !strpbrk(text, " <>()[]\\,;:\"");
}

bool mail_find_address(const char *sender, char address[MAIL_ADDRESS_SIZE])
{
	const char *start = strchr(sender, '<');
	size_t name = start ? (size_t)(start - sender) : 0;
	start = start ? start + 1 : sender;
	size_t length = strcspn(start, ">");
	bool is_closed = strcmp(start + length, start == sender ? "" : ">") == 0;
	snprintf(address, MAIL_ADDRESS_SIZE, "%.*s", (int)(length < MAIL_ADDRESS_SIZE ? length : 0),
	    start);
	return is_closed && is_ascii((struct slice){sender, name}) && mail_is_address(address);
}

static bool is_key(const char *text)
{
	return *text && strspn(text, KEY_LETTERS) == strlen(text);
}

/* ---- base64 ---- */

static void base64_add(struct buffer *out, struct slice bytes)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < bytes.size; i += 3) {
		size_t left = bytes.size - i;
		unsigned group = (unsigned)(unsigned char)bytes.bytes[i] << 16;
		group |= left > 1 ? (unsigned)(unsigned char)bytes.bytes[i + 1] << 8 : 0;
		group |= left > 2 ? (unsigned)(unsigned char)bytes.bytes[i + 2] : 0;
		const char four[4] = {letters[group >> 18], letters[group >> 12 & 63],
		    left > 1 ? letters[group >> 6 & 63] : '=',
		    left > 2 ? letters[group & 63] : '='};
		buffer_add(out, four, sizeof four);
	}
}

/* ---- headers ---- */

/* The beginning of at most `max` bytes that ends between two letters. */
static size_t piece_of(struct slice text, size_t max)
{
	size_t size = text.size < max ? text.size : max;
	while (size > 0 && size < text.size && ((unsigned char)text.bytes[size] & 0xC0) == 0x80)
		size--;
	return size > 0 ? size : text.size < max ? text.size : max;
}

static void encoded_add(struct buffer *out, struct slice text)
{
	const char *fold = "";
	while (text.size > 0) {
		size_t size = piece_of(text, ENCODED_MAX);
		buffer_print(out, "%s=?UTF-8?B?", fold);
		base64_add(out, (struct slice){text.bytes, size});
		buffer_add_text(out, "?=");
		text.bytes += size;
		text.size -= size;
		fold = "\r\n ";
	}
}

/* ASCII folds at blanks; a word that does not fit into a line is encoded, and so is what looks
 * encoded. */
static bool is_foldable(struct slice text)
{
	size_t word = 0;
	for (size_t i = 0; i < text.size; i++) {
		word = text.bytes[i] == ' ' ? 0 : word + 1;
		if (word > WIDTH - 10)
			return false;
	}
	return is_ascii(text) && !memmem(text.bytes, text.size, "=?", 2);
}

static void words_add(struct buffer *out, struct slice text, size_t at)
{
	while (text.size > 0) {
		struct slice word = slice_take(&text, ' ');
		bool has_room = at + 1 + word.size <= WIDTH;
		buffer_add_text(out, has_room ? " " : "\r\n ");
		buffer_add(out, word.bytes, word.size);
		at = (has_room ? at + 1 : 1) + word.size;
	}
}

static void subject_add(struct buffer *out, const struct mail *mail)
{
	struct buffer subject = {0};
	buffer_print(&subject, "[enrold] %s: ", mail->feed);
	buffer_add(&subject, mail->headline.bytes, mail->headline.size);
	buffer_add_text(out, "Subject:");
	if (is_foldable(buffer_slice(&subject))) {
		words_add(out, buffer_slice(&subject), strlen("Subject:"));
	} else {
		buffer_add_text(out, "\r\n ");
		encoded_add(out, buffer_slice(&subject));
	}
	buffer_add_text(out, "\r\n");
	out->failed |= subject.failed;
	buffer_done(&subject);
}

static void to_add(struct buffer *out, const struct mail *mail)
{
	buffer_add_text(out, "To:");
	for (size_t i = 0; i < mail->to_count; i++)
		buffer_print(out, "%s %s", i > 0 ? ",\r\n" : "", mail->to[i]);
	buffer_add_text(out, "\r\n");
}

static void date_add(struct buffer *out, int64_t at_s)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm = {0};
	time_t time = at_s;
	gmtime_r(&time, &tm);
	buffer_print(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday % 7],
	    tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
}

static void headers_add(struct buffer *out, const struct mail *mail)
{
	date_add(out, mail->at_s);
	bool is_named = strchr(mail->from, '<') != NULL;
	buffer_print(out, is_named ? "From: %s\r\n" : "From: enrold <%s>\r\n", mail->from);
	to_add(out, mail);
	subject_add(out, mail);
	buffer_print(out, "Message-ID: <%s@%s>\r\n", mail->key, mail->node);
	if (*mail->thread)
		buffer_print(out, "In-Reply-To: <%s@%s>\r\nReferences: <%s@%s>\r\n", mail->thread,
		    mail->node, mail->thread, mail->node);
	buffer_print(out, "List-Id: <%s.enrold.%s>\r\n", mail->feed, mail->node);
	buffer_print(out, "X-Enrold-Feed: %s\r\n", mail->feed);
	buffer_add_text(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
}

/* ---- the text ---- */

/* One byte of quoted-printable; *at: of the line. */
static void quoted_byte_add(struct buffer *out, unsigned char byte, bool is_last, size_t *at)
{
	bool is_plain = byte >= ' ' && byte <= '~' && byte != '=' && !(byte == ' ' && is_last);
	if (*at + (is_plain ? 1 : 3) > WIDTH - 1) {
		buffer_add_text(out, "=\r\n");
		*at = 0;
	}
	if (is_plain)
		buffer_add_char(out, (char)byte);
	else
		buffer_print(out, "=%02X", byte);
	*at += is_plain ? 1 : 3;
}

static void quoted_line_add(struct buffer *out, struct slice line)
{
	size_t at = 0;
	for (size_t i = 0; i < line.size; i++)
		quoted_byte_add(out, (unsigned char)line.bytes[i], i + 1 == line.size, &at);
	buffer_add_text(out, "\r\n");
}

/* A paragraph becomes lines; what begins with a blank is a path or a command, and stays whole. */
static void lines_wrap(struct slice text, struct buffer *out)
{
	while (text.size > 0) {
		struct slice line = slice_take(&text, '\n');
		size_t at = 0;
		bool is_fixed = line.size > 0 && line.bytes[0] == ' ';
		while (!is_fixed && line.size > 0) {
			struct slice word = slice_take(&line, ' ');
			bool has_room = at == 0 || at + 1 + word.size <= WIDTH;
			buffer_add_text(out, at == 0 ? "" : has_room ? " " : "\n");
			buffer_add(out, word.bytes, word.size);
			at = (has_room && at > 0 ? at + 1 : 0) + word.size;
		}
		if (is_fixed)
			buffer_add(out, line.bytes, line.size);
		buffer_add_char(out, '\n');
	}
}

static bool is_seven_bit(struct slice text)
{
	while (text.size > 0) {
		struct slice line = slice_take(&text, '\n');
		if (!is_ascii(line) || line.size > WIDTH + 2)
			return false;
	}
	return true;
}

static void text_add(struct buffer *out, struct slice text)
{
	struct buffer lines = {0};
	lines_wrap(text, &lines);
	bool is_plain = is_seven_bit(buffer_slice(&lines));
	buffer_print(out,
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    is_plain ? "7bit" : "quoted-printable");
	struct slice rest = buffer_slice(&lines);
	while (rest.size > 0) {
		struct slice line = slice_take(&rest, '\n');
		if (!is_plain) {
			quoted_line_add(out, line);
			continue;
		}
		buffer_add(out, line.bytes, line.size);
		buffer_add_text(out, "\r\n");
	}
	out->failed |= lines.failed;
	buffer_done(&lines);
}

/* ---- what is attached ---- */

/* The name as RFC 2231 has it: any bytes. */
static void name_add(struct buffer *out, const char *name)
{
	buffer_add_text(out, "filename*=UTF-8''");
	for (; *name; name++) {
		if (strchr(KEY_LETTERS, *name))
			buffer_add_char(out, *name);
		else
			buffer_print(out, "%%%02X", (unsigned)(unsigned char)*name);
	}
}

static void attached_add(struct buffer *out, const struct mail *mail)
{
	struct slice rest = mail->attached;
	buffer_add_text(out, "\r\n--" BOUNDARY "\r\nContent-Type: text/csv; charset=utf-8\r\n"
	                     "Content-Transfer-Encoding: base64\r\n"
	                     "Content-Disposition: attachment;\r\n ");
	name_add(out, mail->attached_name);
	buffer_add_text(out, "\r\n\r\n");
	while (rest.size > 0) {
		size_t size = rest.size < 57 ? rest.size : 57;
		base64_add(out, (struct slice){rest.bytes, size});
		buffer_add_text(out, "\r\n");
		rest.bytes += size;
		rest.size -= size;
	}
	buffer_add_text(out, "--" BOUNDARY "--\r\n");
}

bool mail_format(const struct mail *mail, struct buffer *out)
{
	char from[MAIL_ADDRESS_SIZE];
	bool is_good = mail_find_address(mail->from, from) && mail->to_count > 0 &&
	               is_key(mail->key) && is_key(mail->node) && is_key(mail->feed) &&
	               (!*mail->thread || is_key(mail->thread));
	for (size_t i = 0; i < mail->to_count; i++)
		is_good = is_good && mail_is_address(mail->to[i]);
	if (!is_good)
		return false;
	headers_add(out, mail);
	if (mail->attached_name)
		buffer_add_text(out, "Content-Type: multipart/mixed; boundary=\"" BOUNDARY
		                     "\"\r\n\r\n--" BOUNDARY "\r\n");
	text_add(out, mail->text);
	if (mail->attached_name)
		attached_add(out, mail);
	return true;
}
