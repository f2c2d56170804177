#include "fate.h"

#include <errno.h>
#include <stdlib.h>

struct fate fate;

int fate_draw(int n)
{
	return rand_r(&fate.seed) % n;
}

int fate_step(void)
{
	static const int errors[] = {EIO, ENOSPC, EMFILE, ENOMEM, EACCES, EROFS, EINTR};
	if (fate.is_paused)
		return 0;
	fate.steps++;
	fate.monotonic_us += 50;
	fate.now_us += 50;
	if (fate.death != DEATH_NONE && fate.dies_in-- <= 0) {
		fate.deaths++;
		longjmp(*fate.grave, 1);
	}
	if (fate.faults == 0 || fate_draw(1000) >= fate.faults)
		return 0;
	fate.failed++;
	return errors[fate_draw(sizeof errors / sizeof *errors)];
}
