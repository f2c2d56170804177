/* php_words: the words and numbers that dates are made of. */
#include "php_parts.h"

#include <string.h>
#include <strings.h>

void php_blanks_pass(struct reading *reading)
{
	while (reading->rest.size > 0 && strchr(" \t,", reading->rest.bytes[0])) {
		reading->rest.bytes++;
		reading->rest.size--;
	}
}

void php_pass(struct reading *reading, size_t size)
{
	reading->rest.bytes += size;
	reading->rest.size -= size;
}

size_t php_letters_count(struct slice text)
{
	size_t count = 0;
	while (count < text.size && ((text.bytes[count] | 0x20) >= 'a') &&
	       ((text.bytes[count] | 0x20) <= 'z'))
		count++;
	return count;
}

size_t php_digits_count(struct slice text)
{
	size_t count = 0;
	while (count < text.size && text.bytes[count] >= '0' && text.bytes[count] <= '9')
		count++;
	return count;
}

/* The word that begins the text is one of these, or of its first three letters where it may be. */
int php_word_find(struct slice text, const char *const *words, int count, bool may_be_short)
{
	size_t size = php_letters_count(text);
	for (int i = 0; i < count; i++) {
		size_t whole = strlen(words[i]);
		bool is_whole = size == whole && strncasecmp(text.bytes, words[i], whole) == 0;
		bool is_short = may_be_short && size == 3 && whole > 3 &&
		                strncasecmp(text.bytes, words[i], 3) == 0;
		if (is_whole || is_short)
			return i;
	}
	return -1;
}

bool php_word_take(struct reading *reading, const char *word)
{
	if (php_word_find(reading->rest, &word, 1, false) < 0)
		return false;
	php_pass(reading, strlen(word));
	return true;
}

/* So many digits, and then none. */
bool php_number_take(struct reading *reading, size_t least, size_t most, int *number)
{
	size_t count = php_digits_count(reading->rest);
	if (count < least || count > most)
		return false;
	*number = 0;
	for (size_t i = 0; i < count; i++)
		*number = *number * 10 + (reading->rest.bytes[i] - '0');
	php_pass(reading, count);
	return true;
}

bool php_char_take(struct reading *reading, const char *of, char *taken)
{
	if (reading->rest.size == 0 || !reading->rest.bytes[0] ||
	    !strchr(of, reading->rest.bytes[0]))
		return false;
	*taken = reading->rest.bytes[0];
	php_pass(reading, 1);
	return true;
}
