#include "enrold/html.h"

#include "enrold/cut.h"
#include "enrold/value.h"

#include "html_style.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <utf8proc.h>

void html_begin(struct buffer *out, struct slice title)
{
	buffer_add_text(out,
	    "<!doctype html>\n"
	    "<html lang=\"en\">\n"
	    "<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n"
	    "<title>");
	html_text(out, title);
	buffer_add_text(out, "</title>\n<style>\n");
	for (size_t i = 0; i < sizeof html_style / sizeof *html_style; i++)
		buffer_add_text(out, html_style[i]);
	buffer_add_text(out, "</style>\n</head>\n<body>\n");
}

void html_end(struct buffer *out)
{
	buffer_add_text(out, "</body>\n</html>\n");
}

/* ---- texts ---- */

static const char *escape_of(utf8proc_int32_t c)
{
	switch (c) {
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '&': return "&amp;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	case '\t':
	case '\n':
	case '\r': return " ";
	default: return NULL;
	}
}

static bool is_control(utf8proc_int32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* Bytes at the start that stand for themselves: nearly always all of them. */
static size_t plain_size(struct slice text)
{
	size_t i = 0;
	while (i < text.size && text.bytes[i] >= 0x20 && text.bytes[i] < 0x7F &&
	       !escape_of(text.bytes[i]))
		i++;
	return i;
}

/* Writes the character with which the text begins, and returns its bytes. */
static size_t character_write(struct buffer *out, struct slice text)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t size =
	    utf8proc_iterate((const utf8proc_uint8_t *)text.bytes, (utf8proc_ssize_t)text.size, &c);
	const char *escape = size > 0 ? escape_of(c) : NULL;
	if (escape)
		buffer_add_text(out, escape);
	else if (size <= 0 || is_control(c))
		buffer_add_text(out, "\xEF\xBF\xBD");
	else if (c >= 0x80 && value_has_no_glyph(c))
		buffer_print(out, "&lt;U+%04X&gt;", (unsigned)c);
	else
		buffer_add(out, text.bytes, (size_t)size);
	return size > 0 ? (size_t)size : 1;
}

void html_text(struct buffer *out, struct slice text)
{
	while (text.size > 0) {
		size_t size = plain_size(text);
		if (size > 0)
			buffer_add(out, text.bytes, size);
		else
			size = character_write(out, text);
		text = (struct slice){text.bytes + size, text.size - size};
	}
}

void html_text_cut(struct buffer *out, struct slice text, size_t most)
{
	size_t size = cut_length(text, most);
	html_text(out, (struct slice){text.bytes, size});
	if (size < text.size)
		buffer_add_text(out, "...");
}

static bool is_plain_in_path(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~/", c));
}

/* The dot in front keeps a name with a colon from being a scheme, and one with slashes from being
 * a host. */
void html_href(struct buffer *out, struct slice path)
{
	buffer_add_text(out, "./");
	for (size_t i = 0; i < path.size; i++) {
		unsigned char c = (unsigned char)path.bytes[i];
		if (is_plain_in_path(c))
			buffer_add_char(out, (char)c);
		else
			buffer_print(out, "%%%02X", c);
	}
}

/* ---- numbers and times ---- */

void html_count(struct buffer *out, uint64_t count)
{
	char digits[24];
	int size = snprintf(digits, sizeof digits, "%" PRIu64, count);
	for (int i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			buffer_add_char(out, ',');
		buffer_add_char(out, digits[i]);
	}
}

void html_time(struct buffer *out, int64_t time_us)
{
	/* Not strftime's: months have English names wherever the daemon runs. */
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm tm;
	if (!gmtime_r(&seconds, &tm)) {
		buffer_add_text(out, "a time that is none");
		return;
	}
	buffer_print(out,
	    "<time datetime=\"%04d-%02d-%02dT%02d:%02d:%02dZ\">%d %s %d %02d:%02d UTC</time>",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min);
}
