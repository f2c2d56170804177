/* Whatever a text holds, the page shows it and does not become it. */
#include "enrold/html.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void expect(struct buffer *out, const char *wanted)
{
	buffer_add_char(out, '\0');
	cr_assert_not(out->failed);
	cr_expect_str_eq(out->bytes, wanted);
	buffer_done(out);
}

static const struct {
	const char *name;
	struct slice text;
	const char *shown;
} texts[] = {
    {"nothing", {SLICE_INIT("")}, ""},
    {"a plain name", {SLICE_INIT("Anna Müller")}, "Anna Müller"},
    {"a tag", {SLICE_INIT("<script>alert(1)</script>")}, "&lt;script&gt;alert(1)&lt;/script&gt;"},
    {"quotes that would end an attribute", {SLICE_INIT("\" onload='x'")},
        "&quot; onload=&#39;x&#39;"},
    {"what is escaped already", {SLICE_INIT("&lt;")}, "&amp;lt;"},
    {"a direction that turns", {SLICE_INIT("exe\xE2\x80\xAEvsc.")}, "exe&lt;U+202E&gt;vsc."},
    {"a blank without a width",
        {SLICE_INIT("a\xE2\x80\x8B"
                    "b")},
        "a&lt;U+200B&gt;b"},
    {"a tag character beyond the first plane", {SLICE_INIT("\xF3\xA0\x80\xA1")}, "&lt;U+E0021&gt;"},
    {"a NUL", {SLICE_INIT("a\0b")},
        "a\xEF\xBF\xBD"
        "b"},
    {"an escape sequence", {SLICE_INIT("\x1B[31m")}, "\xEF\xBF\xBD[31m"},
    {"a control of the second kind", {SLICE_INIT("\xC2\x9B")}, "\xEF\xBF\xBD"},
    {"line ends", {SLICE_INIT("a\r\n\tb")}, "a   b"},
    {"bytes that are no UTF-8", {SLICE_INIT("M\xFCller")}, "M\xEF\xBF\xBDller"},
    {"half a letter", {SLICE_INIT("M\xC3")}, "M\xEF\xBF\xBD"},
    {"a < that is written too long", {SLICE_INIT("\xC0\xBC")}, "\xEF\xBF\xBD\xEF\xBF\xBD"},
};

Test(html, shows_a_text_as_what_it_is)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct buffer out = {0};
		html_text(&out, texts[i].text);
		buffer_add_char(&out, '\0');
		cr_expect_str_eq(out.bytes, texts[i].shown, "%s", texts[i].name);
		buffer_done(&out);
	}
}

Test(html, shows_a_megabyte_of_tags)
{
	enum { SIZE = 1 << 20 };
	struct buffer out = {0};
	char *text = malloc(SIZE);
	cr_assert(text);
	memset(text, '<', SIZE);
	html_text(&out, (struct slice){text, SIZE});
	cr_expect_eq(out.size, (size_t)SIZE * 4);
	cr_expect_not(memchr(out.bytes, '<', out.size));
	buffer_done(&out);
	free(text);
}

Test(html, cuts_between_letters_and_says_so)
{
	struct buffer out = {0};
	html_text_cut(&out, SLICE("\xC3\xA4\xC3\xB6\xC3\xBC"), 5);
	expect(&out, "\xC3\xA4\xC3\xB6...");
	html_text_cut(&out, SLICE("<abc>"), 5);
	expect(&out, "&lt;abc&gt;");
}

Test(html, links_name_files_and_never_a_scheme_or_a_host)
{
	struct buffer out = {0};
	html_href(&out, SLICE("hr/staff.result.csv"));
	expect(&out, "./hr/staff.result.csv");
	html_href(&out, SLICE("javascript:alert(1)"));
	expect(&out, "./javascript%3Aalert%281%29");
	html_href(&out, SLICE("//evil.example/a b?\"<#%\xC3\xA4"));
	expect(&out, ".///evil.example/a%20b%3F%22%3C%23%25%C3%A4");
}

Test(html, numbers_have_commas_and_times_are_utc)
{
	struct buffer out = {0};
	html_count(&out, 0);
	expect(&out, "0");
	html_count(&out, 999);
	expect(&out, "999");
	html_count(&out, 1000000);
	expect(&out, "1,000,000");
	html_count(&out, UINT64_MAX);
	expect(&out, "18,446,744,073,709,551,615");
	html_time(&out, 1795658581999999);
	expect(&out, "<time datetime=\"2026-11-26T02:03:01Z\">26 Nov 2026 02:03 UTC</time>");
	html_time(&out, INT64_MAX);
	cr_expect(out.size > 0);
	buffer_done(&out);
}

Test(html, a_page_loads_nothing_and_ends_what_it_begins)
{
	struct buffer out = {0};
	html_begin(&out, SLICE("</title><script>"));
	html_end(&out);
	buffer_add_char(&out, '\0');
	cr_assert_not(out.failed);
	cr_expect(strstr(out.bytes, "<title>&lt;/title&gt;&lt;script&gt;</title>"));
	cr_expect(strstr(out.bytes, "content=\"default-src 'none'; style-src 'unsafe-inline'"));
	cr_expect_not(strstr(out.bytes, "<script"));
	cr_expect_not(strstr(out.bytes, "://"));
	cr_expect_not(strstr(out.bytes, "@import"));
	cr_expect_not(strstr(out.bytes, "url("));
	cr_expect(strstr(out.bytes, "</body>\n</html>\n"));
	buffer_done(&out);
}
