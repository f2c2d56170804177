/*
 * checksum_fuzz: bytes as what lies beside a file: as its checksum, the first line being the file's
 * name, and as its row count. Sums agree only where the text has the digits, and always where
 * sha256sum has written the first line. A count is the number that is printed as these digits.
 */
#include "fuzz.h"

#include "../../src/run/checksum.h"
#include "../../src/run/row_count.h"

#include "enrold/buffer.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
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

static void count_check(struct slice text)
{
	uint64_t rows;
	char digits[32];
	if (!row_count_parse(text, &rows))
		return;
	size_t first = 0, end = text.size;
	while (first < end && isspace((unsigned char)text.bytes[first]))
		first++;
	while (first + 1 < end && text.bytes[first] == '0')
		first++; /* but the last */
	while (end > first && isspace((unsigned char)text.bytes[end - 1]))
		end--;
	if (first > 0 && first == end && text.bytes[first - 1] == '0')
		first--; /* "0 " */
	size_t size = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, rows);
	if (size != end - first || memcmp(digits, text.bytes + first, size) != 0)
		abort();
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
	count_check((struct slice){bytes, size});
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
