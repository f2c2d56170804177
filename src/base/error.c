#include "enrold/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts at the end of the buffer, never inside a UTF-8 sequence: the text goes into JSON. */
static void text_cut(char *text, size_t size)
{
	size_t length = strlen(text);
	if (length + 1 < size)
		return;
	while (length > 0 && ((unsigned char)text[length - 1] & 0xC0) == 0x80)
		length--;
	if (length > 0 && (unsigned char)text[length - 1] >= 0xC0)
		length--;
	text[length] = '\0';
}

static struct error PRINTF_LIKE(3, 0)
    error_format(enum error_class class, const char *code, const char *format, va_list arguments)
{
	struct error error = {.class = class, .code = code};
	vsnprintf(error.text, sizeof error.text, format, arguments);
	text_cut(error.text, sizeof error.text);
	return error;
}

struct error error_retry(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	struct error error = error_format(ERROR_RETRY, "", format, arguments);
	va_end(arguments);
	return error;
}

struct error error_config(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	struct error error = error_format(ERROR_CONFIG, "", format, arguments);
	va_end(arguments);
	return error;
}

struct error error_reject(const char *code, uint64_t line, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	struct error error = error_format(ERROR_REJECT, code, format, arguments);
	va_end(arguments);
	error.line = line;
	return error;
}

/* What somebody has to do something about. A full disk, too many open files, a disk that cannot be
 * read just now pass by themselves, or while the daemon waits. */
static bool is_lasting(int code)
{
	static const int lasting[] = {EACCES, EPERM, EROFS, ENOENT, ENOTDIR, EISDIR, ELOOP,
	    ENAMETOOLONG, EEXIST, EXDEV, EINVAL};
	for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++)
		if (lasting[i] == code)
			return true;
	return false;
}

struct error error_errno(const char *format, ...)
{
	int saved = errno;
	va_list arguments;
	va_start(arguments, format);
	struct error error = error_format(ERROR_RETRY, "", format, arguments);
	va_end(arguments);
	size_t length = strlen(error.text);
	char words[96];
	snprintf(error.text + length, sizeof error.text - length, ": %s",
	    strerror_r(saved, words, sizeof words));
	text_cut(error.text, sizeof error.text);
	error.is_lasting = is_lasting(saved);
	return error;
}

struct error error_at_start(struct error error)
{
	if (error.class == ERROR_RETRY && error.is_lasting)
		error.class = ERROR_CONFIG;
	return error;
}

struct error error_memory(const char *what)
{
	return error_retry("out of memory while %s", what);
}

struct error error_wrap(struct error inner, const char *format, ...)
{
	struct error error = inner;
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(error.text, sizeof error.text, format, arguments);
	va_end(arguments);
	if (length >= 0 && (size_t)length + 3 < sizeof error.text) {
		int room = (int)sizeof error.text - length;
		snprintf(error.text + length, (size_t)room, ": %.*s", room - 3, inner.text);
	}
	text_cut(error.text, sizeof error.text);
	return error;
}
