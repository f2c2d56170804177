/* staff.csv.rows: one number, and nothing that could be read as another. */
#include "../../src/run/row_count.h"

#include <criterion/criterion.h>

static const struct {
	struct slice text;
	bool is_number;
	uint64_t rows;
} cases[] = {
    {{SLICE_INIT("0")}, true, 0}, {{SLICE_INIT("300000\n")}, true, 300000},
    {{SLICE_INIT("\t 12 \r\n\n")}, true, 12},
    {{SLICE_INIT("007")}, true, 7}, /* as programs print into a column */
    {{SLICE_INIT("18446744073709551615")}, true, UINT64_MAX},
    {{SLICE_INIT("18446744073709551616")}, false, 0},
    {{SLICE_INIT("99999999999999999999999")}, false, 0}, {{SLICE_INIT("")}, false, 0},
    {{SLICE_INIT(" \n")}, false, 0}, {{SLICE_INIT("-1")}, false, 0}, {{SLICE_INIT("+1")}, false, 0},
    {{SLICE_INIT("1.0")}, false, 0}, {{SLICE_INIT("1,000")}, false, 0},
    {{SLICE_INIT("1 000")}, false, 0}, {{SLICE_INIT("0x10")}, false, 0},
    {{SLICE_INIT("12 staff.csv")}, false, 0}, /* wc -l, which counts the header, too */
    {{SLICE_INIT("1\n2\n")}, false, 0}, {{SLICE_INIT("1\0")}, false, 0},
    {{SLICE_INIT("\xEF\xBB\xBF"
                 "12")},
        false, 0},
    {{SLICE_INIT("\xD9\xA1")}, false, 0}, /* an Arabic one */
};

Test(row_count, is_one_number_and_nothing_else)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t rows = 0;
		bool is_number = row_count_parse(cases[i].text, &rows);
		cr_expect_eq(is_number, cases[i].is_number, "case %zu", i);
		if (is_number)
			cr_expect_eq(rows, cases[i].rows, "case %zu", i);
	}
}
