#include "scale.h"

#include <stdlib.h>

long scale_from_environment(const char *name, long usual)
{
	const char *text = getenv(name);
	long value = text ? strtol(text, NULL, 10) : 0;
	return value > 0 ? value : usual;
}
