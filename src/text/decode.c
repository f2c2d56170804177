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

enum { MARKS = sizeof marks / sizeof *marks, MARK_MAX = 4, TEXT_SIZE = 32 << 10, REST_MAX = 16 };

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

static bool is_utf8(const char *encoding)
{
	return !encoding || strcasecmp(encoding, "UTF-8") == 0 || strcasecmp(encoding, "UTF8") == 0;
}

static struct error converter_open(struct decoder *decoder)
{
	decoder->is_utf8 = is_utf8(decoder->encoding);
	if (decoder->is_utf8)
		return OK;
	decoder->converter = iconv_open("UTF-8", decoder->encoding);
	decoder->unit = strncasecmp(decoder->encoding, "UTF-16", 6) == 0 ||
	                        strncasecmp(decoder->encoding, "UCS-2", 5) == 0
	                    ? 2
	                : strncasecmp(decoder->encoding, "UTF-32", 6) == 0 ||
	                        strncasecmp(decoder->encoding, "UCS-4", 5) == 0
	                    ? 4
	                    : 1;
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
	char first[MARK_MAX];
	size_t size = decoder->rest_size, taken = 0;
	memcpy(first, decoder->rest, size);
	decoder->begun = true;
	decoder->rest_size = 0;
	for (size_t i = 0; i < MARKS && taken == 0; i++) {
		if (size >= marks[i].size && memcmp(first, marks[i].bytes, marks[i].size) == 0) {
			taken = marks[i].size;
			decoder->encoding = marks[i].encoding;
		}
	}
	struct error error = converter_open(decoder);
	return is_error(&error) ? error : pass(decoder, first + taken, size - taken);
}

struct error decode_feed(struct decoder *decoder, const char *bytes, size_t size)
{
	while (!decoder->begun && size > 0) {
		decoder->rest[decoder->rest_size++] = *bytes++;
		size--;
		if (decoder->rest_size == MARK_MAX) {
			struct error error = begin(decoder);
			if (is_error(&error))
				return error;
		}
	}
	return size > 0 ? pass(decoder, bytes, size) : OK;
}

struct error decode_finish(struct decoder *decoder)
{
	struct error error = decoder->begun ? OK : begin(decoder);
	if (is_error(&error) || decoder->rest_size == 0)
		return error;
	return bad_pass(decoder); /* the file ends in the middle of a character */
}
