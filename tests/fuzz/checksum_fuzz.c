/*
 * checksum_fuzz: bytes as what lies beside a file as its checksum; the first line is the file's
 * name. Sums agree only where the text has the digits, and always where sha256sum has written the
 * first line.
 */
#include "fuzz.h"

#include "../../src/run/checksum.h"

#include "enrold/buffer.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static bool has_sum(struct slice text)
{
	for (size_t i = 0; i + strlen(SUM) <= text.size; i++)
		if (strncasecmp(text.bytes + i, SUM, strlen(SUM)) == 0)
			return true;
	return false;
}

/* As sha256sum does it. */
static void line_write(struct buffer *out, struct slice name, char mark)
{
	if (memchr(name.bytes, '\\', name.size))
		buffer_add_char(out, '\\');
	buffer_print(out, SUM " %c", mark);
	for (size_t i = 0; i < name.size; i++) {
		if (name.bytes[i] == '\\')
			buffer_add_char(out, '\\');
		buffer_add_char(out, name.bytes[i]);
	}
	buffer_add_char(out, '\n');
}

static void written_check(struct slice name, struct slice text, char mark)
{
	struct buffer whole = {0};
	line_write(&whole, name, mark);
	buffer_add(&whole, text.bytes, text.size);
	if (checksum_compare(buffer_slice(&whole), name, SUM) != CHECKSUM_AGREES)
		abort();
	buffer_done(&whole);
}

/* Of a file that can be claimed: not empty, without directories and control characters. */
static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.size; i++)
		if (name.bytes[i] == '/' || iscntrl((unsigned char)name.bytes[i]))
			return false;
	return name.size > 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const char *bytes = (const char *)data;
	const char *end = size > 0 ? memchr(bytes, '\n', size) : NULL;
	if (!end)
		return 0;
	struct slice name = {bytes, (size_t)(end - bytes)};
	struct slice text = {end + 1, size - name.size - 1};
	if (!is_name(name))
		return 0;
	if (checksum_compare(text, name, SUM) == CHECKSUM_AGREES && !has_sum(text))
		abort();
	written_check(name, text, ' ');
	written_check(name, text, '*');
	return 0;
}
