/* staff.csv.sha256: what sha256sum writes, and what people make of it. */
#include "../../src/run/checksum.h"

#include <criterion/criterion.h>

#define SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define LOUD "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
#define OTHER "0000000000000000000000000000000000000000000000000000000000000000"

static const struct {
	const char *name, *text;
	enum checksum expected;
} cases[] = {
    {"a.csv", SUM "  a.csv\n", CHECKSUM_AGREES},
    {"a.csv", SUM " *a.csv\r\n", CHECKSUM_AGREES},
    {"a.csv", LOUD, CHECKSUM_AGREES},
    {"a.csv", SUM "  /tmp/x/a.csv", CHECKSUM_AGREES},
    {"a.csv", OTHER "  a.csv\n", CHECKSUM_DIFFERS},
    {"a.csv", OTHER "  b.csv\n" SUM "  a.csv\n" OTHER "  c.csv\n", CHECKSUM_AGREES},
    {"a.csv", "# of today\n" SUM "  yesterday.csv\n", CHECKSUM_AGREES},
    {"a.csv", SUM "  b.csv\n" SUM "  c.csv\n", CHECKSUM_MISSING},
    {"a.csv", "", CHECKSUM_MISSING},
    {"a.csv", SUM "0  a.csv\n", CHECKSUM_MISSING},
    {" *a.csv", SUM "   *a.csv\n" OTHER "  a.csv\n", CHECKSUM_AGREES},
    {"a.csv", OTHER "  b\n" SUM "\t\n" SUM "     a.csv\n", CHECKSUM_AGREES},
    {"a\\b.csv", "\\" SUM "  a\\\\b.csv\n" OTHER "  c\n", CHECKSUM_AGREES},
    {"a\\b.csv", SUM "  a\\b.csv\n" OTHER "  c\n", CHECKSUM_AGREES},
};

Test(checksum, is_read_as_sha256sum_writes_it)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(
		    checksum_compare(slice_of(cases[i].text), slice_of(cases[i].name), SUM),
		    cases[i].expected, "case %zu", i);
}
