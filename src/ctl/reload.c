/* enrolctl reload: the settings are read anew; it answers when they are in force, or says why they
 * are not. */
#include "ask.h"

#include <stdio.h>

enum ctl_exit ctl_reload(const struct ctl *ctl)
{
	json_t *answer;
	enum ctl_exit status = ask(ctl, json_pack("{s:s}", "command", "reload"), &answer);
	json_decref(answer);
	if (status == CTL_NO_DAEMON)
		fprintf(stderr, "enrolctl: no daemon runs: it reads its settings when it starts\n");
	if (status == CTL_OK)
		puts(ctl->json ? "{\"done\":\"reload\"}" : "The settings are in force.");
	return status;
}
