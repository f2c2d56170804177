/* moment: the monotonic clock, for deadlines that only a failing test reaches. */
#ifndef SUPPORT_MOMENT_H
#define SUPPORT_MOMENT_H

#include <stdint.h>
#include <time.h>

static inline int64_t moment_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t moment_now_ms(void)
{
	return moment_now_us() / 1000;
}

/* For poll(): 0 when the time is over. */
static inline int moment_left_ms(int64_t until_ms)
{
	int64_t left = until_ms - moment_now_ms();
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

#endif
