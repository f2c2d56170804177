#include "enrold/access.h"

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdint.h>
#include <string.h>

enum { GROUP_SHIFT = 3, USER_SHIFT = 6, GROUP_MASK = 0070 };

struct access access_of(uid_t user, gid_t group, mode_t mode)
{
	return (struct access){.user = user,
	    .group = group,
	    .mode = mode & 07777,
	    .group_bits = mode >> GROUP_SHIFT & ACCESS_ALL};
}

/* ---- who may ---- */

static bool is_in(const struct person *person, gid_t group)
{
	for (size_t i = 0; i < person->groups_count; i++)
		if (person->groups[i] == group)
			return true;
	return false;
}

/* What a list gives to others than the owner goes no further. */
static unsigned mask_of(const struct access *access)
{
	return access->mode >> GROUP_SHIFT & ACCESS_ALL;
}

/* As acl(5): one entry alone has to give all that is asked for; whoever is in a group that is
 * named, and gets too little there, is not one of the others. */
static bool groups_may(
    const struct access *access, const struct person *person, unsigned bits, bool *is_named)
{
	unsigned mask = mask_of(access);
	bool may = false;
	*is_named = is_in(person, access->group);
	if (*is_named)
		may = (access->group_bits & mask & bits) == bits;
	for (size_t i = 0; i < access->named_count; i++) {
		const struct access_named *named = &access->named[i];
		if (!named->is_group || !is_in(person, named->id))
			continue;
		*is_named = true;
		may |= (named->bits & mask & bits) == bits;
	}
	return may;
}

bool access_may(const struct access *access, const struct person *person, unsigned bits)
{
	bool is_named;
	if (person->user == 0)
		return true;
	if (person->user == access->user)
		return (access->mode >> USER_SHIFT & bits) == bits;
	for (size_t i = 0; i < access->named_count; i++)
		if (!access->named[i].is_group && access->named[i].id == person->user)
			return (access->named[i].bits & mask_of(access) & bits) == bits;
	bool may = groups_may(access, person, bits, &is_named);
	return is_named ? may : (access->mode & bits) == bits;
}

mode_t access_effective(const struct access *access)
{
	mode_t group = access->group_bits & mask_of(access);
	return (access->mode & ~(mode_t)GROUP_MASK) | group << GROUP_SHIFT;
}

/* ---- the kernel's form ---- */

static bool entry_take(struct access *access, const struct posix_acl_xattr_entry *entry)
{
	unsigned bits = le16toh(entry->e_perm) & ACCESS_ALL;
	switch (le16toh(entry->e_tag)) {
	case ACL_GROUP_OBJ: access->group_bits = bits; return true;
	case ACL_USER:
	case ACL_GROUP:
		if (access->named_count == ACCESS_NAMED_MAX)
			return false;
		access->named[access->named_count++] = (struct access_named){
		    le16toh(entry->e_tag) == ACL_GROUP, le32toh(entry->e_id), bits};
		return true;
	case ACL_USER_OBJ:
	case ACL_MASK:
	case ACL_OTHER: return true; /* these are in the mode, too */
	default: return false;
	}
}

bool access_parse_list(struct access *access, struct slice bytes)
{
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entry;
	if (bytes.size < sizeof header || (bytes.size - sizeof header) % sizeof entry != 0)
		return false;
	memcpy(&header, bytes.bytes, sizeof header);
	if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION)
		return false;
	access->named_count = 0;
	for (size_t at = sizeof header; at < bytes.size; at += sizeof entry) {
		memcpy(&entry, bytes.bytes + at, sizeof entry);
		if (!entry_take(access, &entry))
			return false;
	}
	return true;
}

static size_t entry_put(char *bytes, unsigned tag, unsigned bits, uint32_t id)
{
	struct posix_acl_xattr_entry entry = {
	    htole16((uint16_t)tag), htole16((uint16_t)bits), htole32(id)};
	memcpy(bytes, &entry, sizeof entry);
	return sizeof entry;
}

static size_t named_put(const struct access *access, bool is_group, char *bytes)
{
	size_t used = 0;
	for (size_t i = 0; i < access->named_count; i++)
		if (access->named[i].is_group == is_group)
			used += entry_put(bytes + used, is_group ? ACL_GROUP : ACL_USER,
			    access->named[i].bits, access->named[i].id);
	return used;
}

/* In the order that the kernel asks for. */
size_t access_format_list(const struct access *access, char bytes[ACCESS_LIST_MAX])
{
	struct posix_acl_xattr_header header = {htole32(POSIX_ACL_XATTR_VERSION)};
	uint32_t none = (uint32_t)ACL_UNDEFINED_ID;
	size_t used = sizeof header;
	memcpy(bytes, &header, sizeof header);
	used +=
	    entry_put(bytes + used, ACL_USER_OBJ, access->mode >> USER_SHIFT & ACCESS_ALL, none);
	used += named_put(access, false, bytes + used);
	used += entry_put(bytes + used, ACL_GROUP_OBJ, access->group_bits, none);
	used += named_put(access, true, bytes + used);
	used += entry_put(bytes + used, ACL_MASK, mask_of(access), none);
	used += entry_put(bytes + used, ACL_OTHER, access->mode & ACCESS_ALL, none);
	return used;
}

/* ---- changing ---- */

/* No narrower than what anybody named has been given. */
static void mask_widen(struct access *access)
{
	unsigned mask = access->group_bits;
	for (size_t i = 0; i < access->named_count; i++)
		mask |= access->named[i].bits;
	access->mode = (access->mode & ~(mode_t)GROUP_MASK) | (mode_t)mask << GROUP_SHIFT;
}

bool access_let_group(struct access *access, gid_t group, unsigned bits)
{
	size_t at = 0;
	while (at < access->named_count &&
	       (!access->named[at].is_group || access->named[at].id < group))
		at++;
	bool is_there = at < access->named_count && access->named[at].id == group;
	if (!is_there) {
		if (access->named_count == ACCESS_NAMED_MAX)
			return false;
		memmove(access->named + at + 1, access->named + at,
		    (access->named_count - at) * sizeof *access->named);
		access->named[at] = (struct access_named){.is_group = true, .id = group};
		access->named_count++;
	}
	access->named[at].bits |= bits;
	mask_widen(access);
	return true;
}

void access_set_mode(struct access *access, mode_t mode)
{
	access->mode = mode & 07777;
	access->group_bits = mode >> GROUP_SHIFT & ACCESS_ALL;
	mask_widen(access);
}
