#include "ctl.h"

#include "enrold/protocol.h"
#include "enrold/value.h"

#include <stdio.h>

enum ctl_exit ctl_fail(const struct error *error)
{
	struct error shown = *error;
	value_cover_text(shown.text);
	fprintf(stderr, "enrolctl: %s\n", shown.text);
	return (enum ctl_exit)protocol_exit(error);
}
