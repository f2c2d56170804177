#include "page.h"

#include <ctype.h>

enum { DEEP = 32, NAME_MAX_ = 16 };

struct page {
	const char *bytes;
	size_t size, at;
	char open[DEEP][NAME_MAX_];
	size_t depth;
};

static const char *const tags[] = {"html", "head", "title", "style", "body", "main", "header",
    "footer", "nav", "section", "h1", "h2", "h3", "p", "span", "b", "strong", "i", "a", "code",
    "ul", "ol", "li", "dl", "dt", "dd", "details", "summary", "table", "caption", "thead", "tbody",
    "tr", "th", "td", "div", "time", "br", "meta"};
static const char *const attributes[] = {"lang", "charset", "http-equiv", "content", "name",
    "class", "style", "href", "scope", "datetime", "open", "aria-hidden", "aria-label", "role",
    "data-th", "id", "title"};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}
#define IS_ONE_OF(name, names) is_one_of((name), (names), sizeof(names) / sizeof *(names))

static char next(const struct page *page)
{
	return page->at < page->size ? page->bytes[page->at] : '\0';
}

static bool begins(const struct page *page, const char *text)
{
	size_t size = strlen(text);
	return page->size - page->at >= size && memcmp(page->bytes + page->at, text, size) == 0;
}

static void name_take(struct page *page, char name[NAME_MAX_])
{
	size_t size = 0;
	while ((isalnum((unsigned char)next(page)) || next(page) == '-') && size + 1 < NAME_MAX_)
		name[size++] = page->bytes[page->at++];
	name[size] = '\0';
}

static bool is_void(const char *name)
{
	return strcmp(name, "br") == 0 || strcmp(name, "meta") == 0;
}

static const char *entity_check(struct page *page)
{
	static const char *const known[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;", "&middot;"};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (begins(page, known[i])) {
			page->at += strlen(known[i]);
			return NULL;
		}
	return "an & that is none of ours";
}

static const char *value_check(struct page *page, const char *name)
{
	if (strcmp(name, "href") == 0 && !begins(page, "./") && !begins(page, "../") &&
	    next(page) != '#')
		return "a link that leads away";
	while (page->at < page->size && next(page) != '"') {
		const char *wrong = next(page) == '&' ? entity_check(page) : NULL;
		if (wrong || next(page) == '<' || next(page) == '>')
			return wrong ? wrong : "a tag inside an attribute";
		page->at += next(page) != '"' && next(page) != '&';
	}
	return page->at++ < page->size ? NULL : "an attribute without an end";
}

static const char *attributes_check(struct page *page)
{
	const char *wrong = NULL;
	while (!wrong && next(page) == ' ') {
		char name[NAME_MAX_];
		page->at++;
		name_take(page, name);
		if (!IS_ONE_OF(name, attributes))
			return "an attribute that no page of ours has";
		if (!begins(page, "=\"")) {
			wrong = strcmp(name, "open") == 0 ? NULL : "an attribute without quotes";
			continue;
		}
		page->at += 2;
		wrong = value_check(page, name);
	}
	if (!wrong && next(page) != '>')
		return "a tag without an end";
	page->at++;
	return wrong;
}

static const char *tag_close(struct page *page)
{
	char name[NAME_MAX_];
	page->at++;
	name_take(page, name);
	if (page->depth == 0 || strcmp(page->open[page->depth - 1], name) != 0)
		return "a tag is closed that is not open";
	page->depth--;
	return next(page) == '>' && page->at++ ? NULL : "a closing tag with more in it";
}

static const char *tag_check(struct page *page)
{
	char name[NAME_MAX_];
	page->at++;
	if (next(page) == '/')
		return tag_close(page);
	name_take(page, name);
	if (!IS_ONE_OF(name, tags))
		return "a tag that no page of ours has";
	const char *wrong = attributes_check(page);
	if (wrong || is_void(name))
		return wrong;
	if (page->depth == DEEP)
		return "too deep";
	strcpy(page->open[page->depth++], name);
	if (strcmp(name, "style") != 0)
		return NULL;
	while (page->at < page->size && next(page) != '<')
		page->at++;
	return NULL;
}

static const char *rest_check(struct page *page)
{
	const char *wrong = NULL;
	while (!wrong && page->at < page->size) {
		char c = next(page);
		if (c == '<')
			wrong = tag_check(page);
		else if (c == '&')
			wrong = entity_check(page);
		else if (c == '>' || ((unsigned char)c < ' ' && c != '\n') || c == 0x7F)
			wrong = "something unescaped";
		else
			page->at++;
	}
	return wrong ? wrong : page->depth > 0 ? "a tag that is not closed" : NULL;
}

const char *page_check(struct slice text, size_t *at)
{
	static const char doctype[] = "<!doctype html>\n";
	struct page page = {.bytes = text.bytes, .size = text.size, .at = strlen(doctype)};
	*at = 0;
	if (text.size < page.at || memcmp(text.bytes, doctype, page.at) != 0)
		return "no doctype";
	const char *wrong = rest_check(&page);
	*at = page.at;
	return wrong;
}
