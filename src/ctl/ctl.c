#include "ctl.h"

#include "enrold/value.h"

#include <stdio.h>
#include <stdlib.h>

enum ctl_exit ctl_fail(const struct error *error)
{
	struct error shown = *error;
	value_cover_text(shown.text);
	fprintf(stderr, "enrolctl: %s\n", shown.text);
	switch (error->class) {
	case ERROR_NONE: return CTL_OK;
	case ERROR_REJECT: return CTL_NO;
	case ERROR_RETRY: return CTL_TRY_LATER;
	case ERROR_CONFIG: return CTL_CONFIG;
	}
	abort();
}
