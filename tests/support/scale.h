/*
 * scale: how much work a test asks of this build. Sanitizers cost a factor of 5 to 20, and what
 * they look for shows in a small file as well as in a large one.
 */
#ifndef SUPPORT_SCALE_H
#define SUPPORT_SCALE_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SCALE_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SCALE_SANITIZED 1
#endif

#if defined(__OPTIMIZE__) && !defined(SCALE_SANITIZED)
#define SCALE(full, small) (full)
#else
#define SCALE(full, small) (small)
#endif

/* The value of environment variable `name` when it is a positive number, else `usual`. */
long scale_from_environment(const char *name, long usual);

#endif
