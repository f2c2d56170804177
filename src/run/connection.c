#include "run_state.h"

#include "enrold/last_run.h"

/* After trouble the next attempt starts with a new connection: nothing of the old one is believed.
 */
void runner_disconnect(struct runner *runner)
{
	lms_close(runner->lms);
	runner->lms = NULL;
}

/* What was there the last time may have been replaced by a backup. A connection that a proxy, or a
 * server's own limit, has closed while nobody needed it is nothing to warn of. */
struct error runner_connect(struct runner *runner)
{
	if (!runner->lms && runner->shared->opened)
		runner->lms = atomic_exchange(runner->shared->opened, NULL);
	if (runner->lms && lms_is_alive(runner->lms))
		return OK;
	runner_disconnect(runner);
	struct error error = lms_open(&runner->shared->config->lms, &runner->lms);
	if (!is_error(&error))
		error = last_run_check(runner->shared->spool, runner->lms);
	if (is_error(&error))
		runner_disconnect(runner);
	return error;
}
