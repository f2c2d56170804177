#include "enrold/foreign.h"

#include <string.h>
#include <strings.h>

/* How they begin. */
static const struct {
	struct slice start;
	const char *what;
} kinds[] = {
    {{"PK\x03\x04", 4}, "a workbook (xlsx, ods) or a ZIP archive: export it as CSV"},
    {{"PK\x05\x06", 4}, "an empty ZIP archive: export the table as CSV"},
    {{"\xD0\xCF\x11\xE0", 4}, "a workbook (xls): export it as CSV"},
    {{"\x1F\x8B", 2}, "compressed (gzip): unpack it first"},
    {{"BZh91AY&SY", 10}, "compressed (bzip2): unpack it first"},
    {{"\xFD"
      "7zXZ",
         5},
        "compressed (xz): unpack it first"},
    {{"\x28\xB5\x2F\xFD", 4}, "compressed (zstd): unpack it first"},
    {{"7z\xBC\xAF", 4}, "an archive (7z): unpack it first"},
    {{"Rar!\x1A", 5}, "an archive (rar): unpack it first"},
    {{"-----BEGIN PGP", 14}, "encrypted or signed (PGP): decrypt it first"},
    {{"%PDF-", 5}, "a PDF document: export the table as CSV"},
    {{"{\\rtf", 5}, "a document (RTF): export the table as CSV"},
    {{"<html", 5}, "a web page, perhaps of a login that failed: export the table as CSV"},
    {{"<!DOCTYPE", 9}, "a web page, perhaps of a login that failed: export the table as CSV"},
    {{"<table", 6}, "a web page: export the table as CSV"},
    {{"<?xml", 5}, "an XML document: export the table as CSV"},
};

/* A message as OpenPGP's binary form begins: a packet with a session key, of version 3, or one for
 * a passphrase, of version 4. No text has such bytes there. */
static bool is_encrypted(const unsigned char *bytes, size_t size)
{
	if (size < 4)
		return false;
	switch (bytes[0]) {
	case 0x84: return bytes[2] == 3;
	case 0x85: return bytes[3] == 3;
	case 0xC1: return bytes[2] == 3 || bytes[3] == 3;
	case 0x8C:
	case 0xC3: return bytes[2] == 4;
	default: return false;
	}
}

const char *foreign_find(struct slice beginning)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (beginning.size >= kinds[i].start.size &&
		    strncasecmp(beginning.bytes, kinds[i].start.bytes, kinds[i].start.size) == 0)
			return kinds[i].what;
	return is_encrypted((const unsigned char *)beginning.bytes, beginning.size)
	           ? "encrypted (PGP): decrypt it first"
	           : NULL;
}
