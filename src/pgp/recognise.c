/*
 * recognise: by the first bytes. A message's first packet (RFC 4880, 4.2 and 5) has a number of its
 * version or algorithm behind its length, which is a control character that begins no text; by its
 * first byte alone it could be a letter with an accent. Pure.
 */
#include "enrold/pgp.h"

#define ARMOUR "-----BEGIN PGP "
#define MARK "\xef\xbb\xbf"

enum {
	PACKET = 0x80,
	NEW = 0x40,
	OLD_LENGTHS = 0x03,
	ONE_OCTET = 192,
	TWO_OCTETS = 224,
	ALL = 255
};

static struct slice behind(struct slice text, size_t size)
{
	size = size < text.size ? size : text.size;
	return (struct slice){text.bytes + size, text.size - size};
}

static bool begins_armoured(struct slice text)
{
	if (text.size >= strlen(MARK) && memcmp(text.bytes, MARK, strlen(MARK)) == 0)
		text = behind(text, strlen(MARK));
	while (text.size > 0 && text.bytes[0] && strchr(" \t\r\n", text.bytes[0]))
		text = behind(text, 1);
	return text.size >= strlen(ARMOUR) && memcmp(text.bytes, ARMOUR, strlen(ARMOUR)) == 0;
}

/* Bytes of the header: the tag and the length behind it. */
static size_t header_size(unsigned first, unsigned second)
{
	static const size_t old[] = {2, 3, 5, 1};
	if (!(first & NEW))
		return old[first & OLD_LENGTHS];
	if (second < ONE_OCTET)
		return 2;
	return second < TWO_OCTETS ? 3 : second < ALL ? 2 : 6;
}

bool pgp_recognise(struct slice beginning)
{
	/* tag -> what its body may begin with */
	static const char *const bodies[] = {
	    [1] = "\3\6",   /* a session key for somebody's key */
	    [2] = "\3\4\6", /* a signature */
	    [3] = "\4\5\6", /* a session key by a passphrase */
	    [4] = "\3\6",   /* a signature to come */
	    [8] = "\1\2\3", /* compressed */
	    [10] = "P",     /* a marker, "PGP" */
	    [18] = "\1\2",  /* encrypted */
	    [20] = "\1",    /* the same, as some programs have it */
	};
	if (begins_armoured(beginning))
		return true;
	if (beginning.size < 2)
		return false;
	unsigned first = (unsigned char)beginning.bytes[0];
	unsigned tag = first & NEW ? first & (NEW - 1) : (first & (NEW - 1)) >> 2;
	struct slice body =
	    behind(beginning, header_size(first, (unsigned char)beginning.bytes[1]));
	return first & PACKET && tag < sizeof bodies / sizeof *bodies && bodies[tag] &&
	       body.size > 0 && body.bytes[0] && strchr(bodies[tag], body.bytes[0]);
}
