#include "enrold/decode.h"

static const char mark[] = "\xEF\xBB\xBF";
enum { MARK_SIZE = sizeof mark - 1 };

/* No mark after all: what looked like the start of one is data. */
static struct error mark_give_back(struct decoder *decoder, struct csvin *csvin)
{
	decoder->begun = true;
	return csvin_feed(csvin, mark, decoder->marks);
}

struct error decode_feed(
    struct decoder *decoder, struct csvin *csvin, const char *bytes, size_t size)
{
	for (; !decoder->begun && size > 0; bytes++, size--) {
		if (*bytes != mark[decoder->marks]) {
			struct error error = mark_give_back(decoder, csvin);
			if (is_error(&error))
				return error;
			break;
		}
		decoder->begun = ++decoder->marks == MARK_SIZE;
	}
	return csvin_feed(csvin, bytes, size);
}

struct error decode_finish(struct decoder *decoder, struct csvin *csvin)
{
	struct error error = decoder->begun ? OK : mark_give_back(decoder, csvin);
	return is_error(&error) ? error : csvin_finish(csvin);
}
