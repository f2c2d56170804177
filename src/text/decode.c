#include "enrold/decode.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <strings.h>

/* Longer marks first: UTF-32LE's begins with UTF-16LE's. */
static const struct {
	const char *bytes;
	size_t size;
	const char *encoding;
} marks[] = {
    {"\xFF\xFE\0\0", 4, "UTF-32LE"},
    {"\0\0\xFE\xFF", 4, "UTF-32BE"},
    {"\xEF\xBB\xBF", 3, "UTF-8"},
    {"\xFF\xFE", 2, "UTF-16LE"},
    {"\xFE\xFF", 2, "UTF-16BE"},
};

enum { MARKS = sizeof marks / sizeof *marks, TEXT_SIZE = 32 << 10, REST_MAX = 16 };

struct decoder {
	const char *encoding;
	decode_on_text *on_text;
	void *context;
	bool begun; /* past the place where a mark may stand */
	bool is_utf8;
	iconv_t converter;   /* (iconv_t)-1: none */
	size_t unit;         /* bytes of the smallest character, to be passed over when bad */
	char rest[REST_MAX]; /* the mark's place; later the start of a character */
	size_t rest_size;
	char text[TEXT_SIZE];
};

bool decode_is_utf8(const char *encoding)
{
	return !encoding || strcasecmp(encoding, "UTF-8") == 0 || strcasecmp(encoding, "UTF8") == 0;
}

size_t decode_unit(const char *encoding)
{
	if (decode_is_utf8(encoding))
		return 1;
	if (strncasecmp(encoding, "UTF-16", 6) == 0 || strncasecmp(encoding, "UCS-2", 5) == 0)
		return 2;
	bool is_wide =
	    strncasecmp(encoding, "UTF-32", 6) == 0 || strncasecmp(encoding, "UCS-4", 5) == 0;
	return is_wide ? 4 : 1;
}

const char *decode_find_mark(struct slice first, size_t *size)
{
	for (size_t i = 0; i < MARKS; i++) {
		*size = marks[i].size;
		if (first.size >= *size && memcmp(first.bytes, marks[i].bytes, *size) == 0)
			return marks[i].encoding;
	}
	*size = 0;
	return NULL;
}

static struct error converter_open(struct decoder *decoder)
{
	decoder->is_utf8 = decode_is_utf8(decoder->encoding);
	if (decoder->is_utf8)
		return OK;
	decoder->converter = iconv_open("UTF-8", decoder->encoding);
	decoder->unit = decode_unit(decoder->encoding);
	return decoder->converter != (iconv_t)-1
	           ? OK
	           : error_config("the character set %s is not known here", decoder->encoding);
}

struct error decode_create(
    const char *encoding, decode_on_text *on_text, void *context, struct decoder **result)
{
	struct decoder *decoder = calloc(1, sizeof *decoder);
	*result = decoder;
	if (!decoder)
		return error_memory("opening the input");
	*decoder = (struct decoder){
	    .encoding = encoding, .on_text = on_text, .context = context, .converter = (iconv_t)-1};
	return OK;
}

void decode_free(struct decoder *decoder)
{
	if (decoder && decoder->converter != (iconv_t)-1)
		iconv_close(decoder->converter);
	free(decoder);
}

static struct error text_pass(struct decoder *decoder, const char *bytes, size_t size)
{
	return size > 0 ? decoder->on_text(decoder->context, (struct slice){bytes, size}) : OK;
}

static struct error bad_pass(struct decoder *decoder)
{
	iconv(decoder->converter, NULL, NULL, NULL, NULL);
	return text_pass(decoder, "\xFF", 1);
}

/* Takes as many whole characters as there are; the start of the next one stays. */
static struct error convert(struct decoder *decoder, char **from, size_t *left)
{
	while (*left > 0) {
		char *to = decoder->text;
		size_t room = sizeof decoder->text;
		size_t done = iconv(decoder->converter, from, left, &to, &room);
		int reason = errno;
		struct error error = text_pass(decoder, decoder->text, sizeof decoder->text - room);
		if (is_error(&error) || done != (size_t)-1)
			return error;
		if (reason == EINVAL && *left < REST_MAX)
			return OK; /* else: no character is that long */
		if (reason == E2BIG)
			continue;
		error = bad_pass(decoder);
		if (is_error(&error))
			return error;
		size_t step = *left < decoder->unit ? *left : decoder->unit;
		*from += step;
		*left -= step;
	}
	return OK;
}

/* First what was left over, filled up byte by byte until it is a character. */
static struct error bytes_convert(struct decoder *decoder, const char *bytes, size_t size)
{
	while (decoder->rest_size > 0 && size > 0) {
		decoder->rest[decoder->rest_size++] = *bytes++;
		size--;
		char *from = decoder->rest;
		size_t left = decoder->rest_size;
		struct error error = convert(decoder, &from, &left);
		if (is_error(&error))
			return error;
		memmove(decoder->rest, from, left);
		decoder->rest_size = left;
	}
	char *from = (char *)bytes;
	struct error error = convert(decoder, &from, &size);
	if (is_error(&error))
		return error;
	memcpy(decoder->rest + decoder->rest_size, from, size);
	decoder->rest_size += size;
	return OK;
}

static struct error pass(struct decoder *decoder, const char *bytes, size_t size)
{
	return decoder->is_utf8 ? text_pass(decoder, bytes, size)
	                        : bytes_convert(decoder, bytes, size);
}

/* The first bytes are all there, or the file has no more. */
static struct error begin(struct decoder *decoder)
{
	char first[DECODE_MARK_MAX];
	size_t size = decoder->rest_size, taken;
	memcpy(first, decoder->rest, size);
	decoder->begun = true;
	decoder->rest_size = 0;
	const char *marked = decode_find_mark((struct slice){first, size}, &taken);
	if (marked)
		decoder->encoding = marked;
	struct error error = converter_open(decoder);
	return is_error(&error) ? error : pass(decoder, first + taken, size - taken);
}

struct error decode_feed(struct decoder *decoder, const char *bytes, size_t size)
{
	while (!decoder->begun && size > 0) {
		decoder->rest[decoder->rest_size++] = *bytes++;
		size--;
		if (decoder->rest_size == DECODE_MARK_MAX) {
			struct error error = begin(decoder);
			if (is_error(&error))
				return error;
		}
	}
	return size > 0 ? pass(decoder, bytes, size) : OK;
}

/* A letter that iconv has kept back, because a sign that belongs to it might have followed. */
static struct error kept_pass(struct decoder *decoder)
{
	char *to = decoder->text;
	size_t room = sizeof decoder->text;
	if (decoder->is_utf8)
		return OK;
	iconv(decoder->converter, NULL, NULL, &to, &room);
	return text_pass(decoder, decoder->text, sizeof decoder->text - room);
}

/* The start of a character whose end is missing; what stands behind its first byte may be others.
 */
static struct error rest_pass(struct decoder *decoder)
{
	struct error error = bad_pass(decoder);
	size_t step = decoder->rest_size < decoder->unit ? decoder->rest_size : decoder->unit;
	char *from = decoder->rest + step;
	size_t left = decoder->rest_size - step;
	if (!is_error(&error))
		error = convert(decoder, &from, &left);
	memmove(decoder->rest, from, left);
	decoder->rest_size = left;
	return error;
}

struct error decode_finish(struct decoder *decoder)
{
	struct error error = decoder->begun ? OK : begin(decoder);
	while (decoder->rest_size > 0 && !is_error(&error))
		error = rest_pass(decoder);
	return is_error(&error) ? error : kept_pass(decoder);
}
