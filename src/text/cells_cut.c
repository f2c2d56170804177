/*
 * cells_cut: the bytes of the characters that stay (cells_reading.h). Where bytes can be told apart
 * as they are, they are looked at; else each character is decoded by itself, so that it is known
 * which bytes it was.
 */
#include "cells_reading.h"

#include "enrold/csvin.h"
#include "enrold/decode.h"

#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

/* How bytes become characters. */
enum way {
	BY_BYTES, /* what is ASCII stands for itself, and all else for something else */
	BY_UNITS, /* characters have bytes of their own */
	BY_TEXT,  /* neither: what stays becomes UTF-8 */
};

enum { PENDING_MAX = 64, MADE_MAX = 16, HELD_MAX = CSVIN_END_MAX + 1 };

struct cells_cut {
	struct cells_cut_terms terms;
	enum way way;
	bool has_begun; /* what kind of file it is, is known */
	struct decoder *decoder;
	struct buffer *out; /* while a piece is fed */

	char first[DECODE_MARK_MAX]; /* where a mark may stand */
	size_t first_size;
	char pending[PENDING_MAX]; /* BY_UNITS: of a character that is not whole */
	size_t pending_size;
	struct buffer text;      /* what they became */
	struct slice quote, dot; /* in the file's own character set; in: */
	char made[2][MADE_MAX];

	struct cells_reading reading;
	/* Characters that may be the beginning of a record's end, or a backslash within quotes. */
	char held[HELD_MAX];
	size_t held_count, held_sizes[HELD_MAX];
	char held_bytes[HELD_MAX * PENDING_MAX]; /* in the file */
};

struct error cells_cut_create(const struct cells_cut_terms *terms, struct cells_cut **result)
{
	struct cells_cut *cut = calloc(1, sizeof *cut);
	*result = cut;
	if (!cut)
		return error_memory("emptying cells");
	cut->terms = *terms;
	cut->reading = (struct cells_reading){.terms = &cut->terms, .line = 1, .is_leading = true};
	return OK;
}

void cells_cut_free(struct cells_cut *cut)
{
	if (!cut)
		return;
	decode_free(cut->decoder);
	buffer_done(&cut->text);
	free(cut);
}

uint64_t cells_cut_count(const struct cells_cut *cut)
{
	return cut->reading.count;
}

/* ---- what is put in ---- */

static void slice_add(struct cells_cut *cut, struct slice bytes)
{
	buffer_add(cut->out, bytes.bytes, bytes.size);
}

static void wanted_add(struct cells_cut *cut)
{
	if (cut->reading.wants_quotes) {
		slice_add(cut, cut->quote);
		slice_add(cut, cut->quote);
	}
	if (cut->reading.wants_dot)
		slice_add(cut, cut->dot);
	cut->reading.wants_quotes = cut->reading.wants_dot = false;
}

/* A first character brings a mark with it, where the set has one. */
static bool character_make(iconv_t converter, char c, char room[MADE_MAX], struct slice *made)
{
	char *from = &c, *to = room;
	size_t left = 1, space = MADE_MAX;
	if (iconv(converter, &from, &left, &to, &space) == (size_t)-1)
		return false;
	*made = (struct slice){room, MADE_MAX - space};
	return true;
}

static bool characters_make(struct cells_cut *cut, const char *encoding)
{
	struct slice ignored;
	cut->quote = SLICE("\"");
	cut->dot = SLICE(".");
	if (cut->way != BY_UNITS)
		return true;
	iconv_t converter = iconv_open(encoding, "UTF-8");
	if (converter == (iconv_t)-1)
		return false;
	bool is_made = character_make(converter, 'a', cut->made[0], &ignored) &&
	               character_make(converter, '"', cut->made[0], &cut->quote) &&
	               character_make(converter, '.', cut->made[1], &cut->dot);
	iconv_close(converter);
	return is_made;
}

/* ---- characters ---- */

static void character_give(struct cells_cut *cut, struct slice bytes, bool stays)
{
	wanted_add(cut);
	if (stays)
		slice_add(cut, bytes);
}

static size_t held_size(const struct cells_cut *cut, size_t count)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += cut->held_sizes[i];
	return size;
}

static void held_clear(struct cells_cut *cut, size_t count)
{
	size_t size = held_size(cut, count), all = held_size(cut, cut->held_count);
	cut->held_count -= count;
	memmove(cut->held, cut->held + count, cut->held_count);
	memmove(
	    cut->held_sizes, cut->held_sizes + count, cut->held_count * sizeof *cut->held_sizes);
	memmove(cut->held_bytes, cut->held_bytes + size, all - size);
}

/* The first one is nothing but itself. */
static void held_give(struct cells_cut *cut)
{
	struct slice bytes = {cut->held_bytes, cut->held_sizes[0]};
	character_give(cut, bytes, cells_take(&cut->reading, cut->held[0]));
	held_clear(cut, 1);
}

static void held_flush(struct cells_cut *cut)
{
	while (cut->held_count > 0)
		held_give(cut);
}

static bool is_escaping(const struct cells_cut *cut)
{
	return cut->terms.is_backslashed && cut->held[0] == '\\' && cut->reading.state == QUOTED;
}

static bool is_of_end(const struct cells_cut *cut)
{
	return cut->terms.record_end && cut->reading.state != QUOTED &&
	       !cells_are_ahead(&cut->reading) &&
	       memcmp(cut->held, cut->terms.record_end, cut->held_count) == 0;
}

static void held_add(struct cells_cut *cut, char c, struct slice bytes)
{
	memcpy(cut->held_bytes + held_size(cut, cut->held_count), bytes.bytes, bytes.size);
	cut->held[cut->held_count] = c;
	cut->held_sizes[cut->held_count++] = bytes.size;
}

static struct slice held_slice(const struct cells_cut *cut)
{
	return (struct slice){cut->held_bytes, held_size(cut, cut->held_count)};
}

/* As csvin holds bytes. */
static void shaped_take(struct cells_cut *cut, char c, struct slice bytes)
{
	bool is_escaped = cut->held_count == 1 && is_escaping(cut) && (c == '"' || c == '\\');
	if (c == '\n' || c == '\r' || (cut->held_count > 0 && is_escaping(cut) && !is_escaped))
		held_flush(cut);
	held_add(cut, c, bytes);
	if (is_escaped) {
		character_give(cut, held_slice(cut), cells_take_data(&cut->reading));
		held_clear(cut, 2);
	}
	while (cut->held_count > 0 && !is_escaping(cut) && !is_of_end(cut))
		held_give(cut);
	if (cut->terms.record_end && !is_escaping(cut) &&
	    cut->held_count == strlen(cut->terms.record_end)) {
		cells_record_end(&cut->reading);
		character_give(cut, held_slice(cut), true);
		held_clear(cut, cut->held_count);
	}
}

static bool is_shaped(const struct cells_cut *cut)
{
	return cut->terms.record_end || cut->terms.is_backslashed;
}

/* ---- pieces ---- */

static void shaped_bytes_take(struct cells_cut *cut, struct slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		shaped_take(cut, bytes.bytes[i], (struct slice){bytes.bytes + i, 1});
}

static void bytes_take(struct cells_cut *cut, struct slice bytes)
{
	size_t kept = 0;
	for (size_t i = 0; i < bytes.size; i++) {
		bool stays = cells_take(&cut->reading, bytes.bytes[i]);
		if (stays && !cut->reading.wants_quotes && !cut->reading.wants_dot)
			continue;
		buffer_add(cut->out, bytes.bytes + kept, i - kept);
		wanted_add(cut);
		kept = stays ? i : i + 1;
	}
	buffer_add(cut->out, bytes.bytes + kept, bytes.size - kept);
}

static void text_take(struct cells_cut *cut, struct slice bytes)
{
	if (is_shaped(cut))
		shaped_bytes_take(cut, bytes);
	else
		bytes_take(cut, bytes);
}

static void pending_take(struct cells_cut *cut, struct slice text, size_t size)
{
	struct slice bytes = {cut->pending, size};
	if (is_shaped(cut)) { /* the bytes go with the last one: none is alone in what is held */
		for (size_t i = 0; i < text.size; i++)
			shaped_take(cut, text.bytes[i], i + 1 < text.size ? SLICE("") : bytes);
	} else {
		bool stays = true;
		for (size_t i = 0; i < text.size; i++)
			stays = cells_take(&cut->reading, text.bytes[i]);
		character_give(cut, bytes, stays);
	}
	cut->pending_size -= size;
	memmove(cut->pending, cut->pending + size, cut->pending_size);
}

/* In ASCII, or what cannot be decoded: it has as many bytes as the smallest. */
static bool is_single(char c)
{
	return (c & 0x80) == 0 || c == '\xFF';
}

static bool is_first(char c)
{
	return is_single(c) || (c & 0xC0) == 0xC0;
}

struct characters {
	size_t single, other;
};

static struct characters characters_count(struct slice text)
{
	struct characters count = {0};
	for (size_t i = 0; i < text.size; i++) {
		count.single += is_single(text.bytes[i]);
		count.other += is_first(text.bytes[i]) && !is_single(text.bytes[i]);
	}
	return count;
}

/*
 * The bytes that have come since the last text became this one. It is several characters when the
 * first bytes turn out late to be no character's, or iconv has kept a letter back: then each has
 * its share. What is left over is the beginning of the next.
 */
static void units_take(struct cells_cut *cut)
{
	size_t unit = decode_unit(cut->terms.encoding);
	struct slice text = buffer_slice(&cut->text);
	struct characters left = characters_count(text);
	for (size_t at = 0, end; at < text.size; at = end) {
		for (end = at + 1; end < text.size && !is_first(text.bytes[end]);)
			end++;
		size_t needed = left.single * unit, has = cut->pending_size, size = 0;
		if (!is_single(text.bytes[at])) {
			assert(left.other > 0);
			size = has > needed ? (has - needed) / left.other-- : 0;
		} else if (left.single-- * unit <= has) {
			size = unit;
		}
		pending_take(cut, (struct slice){text.bytes + at, end - at}, size);
	}
	buffer_clear(&cut->text);
}

static struct error on_text(void *context, struct slice text)
{
	struct cells_cut *cut = context;
	if (cut->way == BY_TEXT)
		text_take(cut, text);
	else
		buffer_add(&cut->text, text.bytes, text.size);
	return cut->text.failed ? error_memory("emptying cells") : OK;
}

/* ---- which way ---- */

/* What a byte becomes that stands alone. */
struct alone {
	bool is_whole; /* it is a character, or no one's */
	char text[MADE_MAX];
	size_t size;
};

static struct alone byte_try(iconv_t converter, char byte, bool flushes)
{
	struct alone alone = {.is_whole = true};
	char *from = &byte, *to = alone.text;
	size_t left = 1, space = sizeof alone.text;
	iconv(converter, NULL, NULL, NULL, NULL);
	if (iconv(converter, &from, &left, &to, &space) == (size_t)-1)
		alone.is_whole = errno == EILSEQ && (byte & 0x80);
	else if (flushes)
		iconv(converter, NULL, NULL, &to, &space);
	alone.size = sizeof alone.text - space;
	iconv(converter, NULL, NULL, NULL, NULL);
	return alone;
}

static bool is_by_bytes(iconv_t converter)
{
	for (int byte = 0; byte < 256; byte++) {
		struct alone alone = byte_try(converter, (char)byte, true);
		bool is_itself = alone.size == 1 && alone.text[0] == (char)byte;
		bool is_other = alone.size == 0 || (alone.text[0] & 0x80);
		if (!alone.is_whole || (byte < 0x80 ? !is_itself : !is_other))
			return false;
	}
	return true;
}

/* None of its bytes changes what others mean. */
static bool is_by_units(iconv_t converter)
{
	for (int byte = 0; byte < 0x80; byte++) {
		struct alone alone = byte_try(converter, (char)byte, false);
		if (!alone.is_whole || alone.size == 0)
			return false;
	}
	return true;
}

static enum way way_of(const char *encoding)
{
	if (decode_is_utf8(encoding))
		return BY_BYTES;
	if (decode_unit(encoding) > 1)
		return BY_UNITS;
	iconv_t converter = iconv_open("UTF-8", encoding);
	if (converter == (iconv_t)-1)
		return BY_TEXT; /* the decoder says so */
	enum way way = is_by_bytes(converter)   ? BY_BYTES
	               : is_by_units(converter) ? BY_UNITS
	                                        : BY_TEXT;
	iconv_close(converter);
	return way;
}

static struct error pass(struct cells_cut *cut, const char *bytes, size_t size)
{
	struct error error = OK;
	if (cut->way == BY_BYTES)
		text_take(cut, (struct slice){bytes, size});
	else if (cut->way == BY_TEXT)
		return decode_feed(cut->decoder, bytes, size);
	for (size_t i = 0; i < size && cut->way == BY_UNITS && !is_error(&error); i++) {
		if (cut->pending_size == PENDING_MAX) /* no character is that long */
			pending_take(cut, SLICE("\xFF"), 1);
		cut->pending[cut->pending_size++] = bytes[i];
		error = decode_feed(cut->decoder, bytes + i, 1);
		units_take(cut);
	}
	return error;
}

static struct error way_find(struct cells_cut *cut)
{
	cut->way = way_of(cut->terms.encoding);
	if (!characters_make(cut, cut->terms.encoding))
		cut->way = BY_TEXT;
	if (cut->way == BY_TEXT) {
		characters_make(cut, NULL);
		buffer_add(cut->out, CELLS_MARK, CELLS_MARK_SIZE);
	}
	if (cut->way == BY_BYTES)
		return OK;
	return decode_create(cut->terms.encoding, on_text, cut, &cut->decoder);
}

/* The first bytes are all there, or the file has no more. */
static struct error begin(struct cells_cut *cut)
{
	size_t size;
	const char *marked = decode_find_mark((struct slice){cut->first, cut->first_size}, &size);
	if (marked)
		cut->terms.encoding = marked;
	cut->has_begun = true;
	struct error error = way_find(cut);
	if (!is_error(&error) && cut->way == BY_UNITS) { /* the mark is no character's */
		buffer_add(cut->out, cut->first, size);
		error = decode_feed(cut->decoder, cut->first, size);
	} else {
		size = 0;
	}
	return is_error(&error) ? error : pass(cut, cut->first + size, cut->first_size - size);
}

struct error cells_cut_feed(
    struct cells_cut *cut, const char *bytes, size_t size, struct buffer *out)
{
	struct error error = OK;
	cut->out = out;
	while (!cut->has_begun && size > 0 && !is_error(&error)) {
		cut->first[cut->first_size++] = *bytes++;
		size--;
		if (cut->first_size == DECODE_MARK_MAX)
			error = begin(cut);
	}
	if (!is_error(&error) && size > 0)
		error = pass(cut, bytes, size);
	return out->failed ? error_memory("emptying cells") : error;
}

struct error cells_cut_finish(struct cells_cut *cut, struct buffer *out)
{
	cut->out = out;
	struct error error = cut->has_begun ? OK : begin(cut);
	if (!is_error(&error) && cut->way != BY_BYTES)
		error = decode_finish(cut->decoder);
	if (!is_error(&error)) {
		units_take(cut);
		if (cut->pending_size > 0) /* nobody's */
			pending_take(cut, SLICE("\xFF"), cut->pending_size);
		held_flush(cut);
		cells_record_end(&cut->reading);
		wanted_add(cut);
	}
	return out->failed ? error_memory("emptying cells") : error;
}
