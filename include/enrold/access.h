/*
 * access: who may do what with one file or folder, by its owner, its group, its mode and its access
 * control list. Pure: the rules of acl(5) as a function, so that `enrolctl check` can say what a
 * person could do without having to be that person.
 *
 * The list is read and written as the kernel keeps it (the attribute ACCESS_LIST_NAME of
 * linux/posix_acl_xattr.h): libacl works with paths where we need descriptors of what we have
 * looked at, and would be one more library for four fields.
 */
#ifndef ENROLD_ACCESS_H
#define ENROLD_ACCESS_H

#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ACCESS_LIST_NAME "system.posix_acl_access"
/* That of what is made in a folder. */
#define ACCESS_LIST_OF_NEW_NAME "system.posix_acl_default"

/* As three bits of a mode. */
enum { ACCESS_PASS = 1, ACCESS_WRITE = 2, ACCESS_READ = 4, ACCESS_ALL = 7 };

enum { ACCESS_NAMED_MAX = 64, ACCESS_LIST_MAX = 4 + 8 * (ACCESS_NAMED_MAX + 4) };

/* A user or group beside owner and group. */
struct access_named {
	bool is_group;
	unsigned id;
	unsigned bits;
};

struct access {
	uid_t user;
	gid_t group;
	mode_t mode;         /* 12 bits; where there is a list, its mask takes the group's place */
	unsigned group_bits; /* of the owning group itself, which the mask may narrow */
	struct access_named named[ACCESS_NAMED_MAX]; /* users first, each sorted by id */
	size_t named_count;                          /* 0: there is no list */
};

struct person {
	uid_t user;
	const gid_t *groups;
	size_t groups_count;
};

/* Without a list. */
struct access access_of(uid_t user, gid_t group, mode_t mode);

/* All of `bits` at once. Root may everything. */
bool access_may(const struct access *access, const struct person *person, unsigned bits);

/* What the owning group may, after the mask, as a mode has it. */
mode_t access_effective(const struct access *access);

/* Takes a list over, from the attribute's bytes. False: it is none, or longer than we can keep. */
bool access_parse_list(struct access *access, struct slice bytes);
/* The attribute's bytes; how many. */
size_t access_format_list(const struct access *access, char bytes[ACCESS_LIST_MAX]);

/* The group may at least so much, besides what it may already. False: the list is full. */
bool access_let_group(struct access *access, gid_t group, unsigned bits);
/* What the owning group may; the others keep what they have. */
void access_set_mode(struct access *access, mode_t mode);

#endif
