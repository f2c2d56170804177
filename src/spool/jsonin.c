#include "jsonin.h"

/* Where memory is short for a moment jansson may take a good text for a bad one: what is bad is so
 * each time. */
enum { PARSE_TRIES = 8 };

struct error jsonin_load(struct slice text, const char *what, json_t **value)
{
	json_error_t wrong;
	enum json_error_code code = json_error_invalid_syntax;
	*value = NULL;
	for (int i = 0; i < PARSE_TRIES && !*value; i++) {
		*value = json_loadb(text.bytes ? text.bytes : "", text.size, 0, &wrong);
		code = *value ? json_error_invalid_syntax : json_error_code(&wrong);
	}
	return code == json_error_unknown || code == json_error_out_of_memory ? error_memory(what)
	                                                                      : OK;
}
