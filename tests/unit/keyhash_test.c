/* SipHash-1-3, and that a file cannot know where its names will be. */
#include "enrold/keyhash.h"

#include <criterion/criterion.h>
#include <string.h>

/* As CPython 3.11 computes it: _imp.source_hash(0x0706050403020100, bytes(range(size))). */
Test(keyhash, is_siphash_1_3_as_others_compute_it)
{
	static const uint64_t key[2] = {UINT64_C(0x0706050403020100), 0};
	static const struct {
		size_t size;
		uint64_t hash;
	} cases[] = {
	    {0, UINT64_C(0xF46D3BFE2EA281DC)},
	    {1, UINT64_C(0x5BB2C195FE70A449)},
	    {7, UINT64_C(0x3DD20BC6123B60E0)},
	    {8, UINT64_C(0x5124317F8CFC24CB)},
	    {9, UINT64_C(0x9D1F9DBB9125D122)},
	    {63, UINT64_C(0x9C56DBE0649233F3)},
	};
	unsigned char bytes[64];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(keyhash_with(key, bytes, cases[i].size), cases[i].hash, "%zu bytes",
		    cases[i].size);
}

Test(keyhash, has_a_key_of_its_own_that_is_the_same_all_the_while)
{
	static const uint64_t none[2] = {0, 0};
	cr_expect_neq(keyhash("payroll", 7), keyhash_with(none, "payroll", 7));
	cr_expect_eq(keyhash("payroll", 7), keyhash("payroll", 7));
	cr_expect_neq(keyhash("payroll", 7), keyhash("payrolk", 7));
}
