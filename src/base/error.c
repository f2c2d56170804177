#include "enrold/error.h"

#include "enrold/cut.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* After a printf that may have filled the buffer, and of texts from outside that may have lines: it
 * is one sentence, and goes into JSON. */
static void text_cut(char *text, size_t size)
{
	size_t length = strlen(text);
	if (length + 1 == size)
		text[cut_length((struct slice){text, length}, length - 1)] = '\0';
	for (char *end = text; (end = strpbrk(end, "\r\n\t"));)
		*end = ' ';
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

struct error error_collision(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	struct error error = error_format(ERROR_RETRY, "", format, arguments);
	va_end(arguments);
	error.is_collision = true;
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

/*
 * What errno says about an error: that no waiting mends it, and that it can strike one file alone.
 * Any other passes by itself and is everybody's: ENOSPC, EDQUOT, ENOMEM, EMFILE, EINTR ...
 */
static const struct {
	int number;
	bool is_lasting, is_narrow;
} numbers[] = {
    {EACCES, true, true},
    {EPERM, true, true},
    {ENOENT, true, true},
    {ENOTDIR, true, true},
    {EISDIR, true, true},
    {ELOOP, true, true},
    {ENAMETOOLONG, true, true},
    {EILSEQ, true, true},
    {EEXIST, true, true},
    {EINVAL, true, true},
    {ENXIO, true, true},
    {ENODEV, true, true},
    {EOVERFLOW, true, true},
    {EXDEV, true, true},
    {EROFS, true, false},
    {EAGAIN, false, true}, /* a lease of somebody's on that file */
    {EIO, false, true},
    {EUCLEAN, false, true},
    {EBADMSG, false, true},
};

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
	error.is_stale = saved == ESTALE;
	error.is_full = saved == ENOSPC || saved == EDQUOT;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (numbers[i].number != saved)
			continue;
		error.is_lasting = numbers[i].is_lasting;
		error.is_narrow = numbers[i].is_narrow;
	}
	return error;
}

struct error error_own(struct error error, enum error_owner owner)
{
	if (error.is_narrow)
		error.owner = owner;
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
