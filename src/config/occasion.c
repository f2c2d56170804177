#include "enrold/occasion.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *word;
	bool is_usual;
} occasions[OCCASIONS] = {
    {"errors", true},
    {"held", true},
    {"refused", true},
    {"late", true},
    {"due", false},
    {"recovered", true},
    {"success", false},
};

static size_t occasion_find(const char *word)
{
	size_t i = 0;
	while (i < OCCASIONS && strcmp(occasions[i].word, word) != 0)
		i++;
	return i;
}

bool occasion_is_known(const char *word)
{
	return occasion_find(word) < OCCASIONS;
}

bool policy_tells_of(const struct policy *policy, const char *word)
{
	const struct text_list *on = &policy->notify.on;
	size_t occasion = occasion_find(word);
	if (!on->is_given)
		return occasion < OCCASIONS && occasions[occasion].is_usual;
	for (size_t i = 0; i < on->count; i++)
		if (strcmp(on->items[i], word) == 0)
			return true;
	return false;
}
