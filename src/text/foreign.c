#include "enrold/foreign.h"

#include <string.h>
#include <strings.h>

/* How they begin. */
static const struct {
	struct slice start;
	const char *what;
} kinds[] = {
    {{SLICE_INIT("PK\x03\x04")}, "a ZIP archive: drop it as it is, or unpack it first"},
    {{SLICE_INIT("PK\x05\x06")}, "an empty ZIP archive: export the table as CSV"},
    {{SLICE_INIT("\xD0\xCF\x11\xE0")},
        "a workbook (xls): open it, save it as 'CSV UTF-8', and drop that"},
    {{SLICE_INIT("\x1F\x8B")}, "compressed (gzip): unpack it first"},
    {{SLICE_INIT("BZh91AY&SY")}, "compressed (bzip2): unpack it first"},
    {{SLICE_INIT("\xFD"
                 "7zXZ")},
        "compressed (xz): unpack it first"},
    {{SLICE_INIT("\x28\xB5\x2F\xFD")}, "compressed (zstd): unpack it first"},
    {{SLICE_INIT("7z\xBC\xAF")}, "an archive (7z): unpack it first"},
    {{SLICE_INIT("Rar!\x1A")}, "an archive (rar): unpack it first"},
    {{SLICE_INIT("-----BEGIN PGP")}, "encrypted or signed (PGP): decrypt it first"},
    {{SLICE_INIT("%PDF-")}, "a PDF document: export the table as CSV"},
    {{SLICE_INIT("{\\rtf")}, "a document (RTF): export the table as CSV"},
    {{SLICE_INIT("<html")}, "a web page, perhaps of a login that failed: export the table as CSV"},
    {{SLICE_INIT("<!DOCTYPE")},
        "a web page, perhaps of a login that failed: export the table as CSV"},
    {{SLICE_INIT("<table")}, "a web page: export the table as CSV"},
    {{SLICE_INIT("<?xml")}, "an XML document: export the table as CSV"},
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

bool foreign_is_document_part(struct slice name)
{
	static const struct slice parts[] = {
	    {SLICE_INIT("[Content_Types].xml")}, {SLICE_INIT("_rels/.rels")},
	    {SLICE_INIT("xl/workbook.xml")},
	    {SLICE_INIT("mimetype")}, /* OpenDocument: always the first */
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (slice_is(name, parts[i]))
			return true;
	return false;
}

/* Where a ZIP archive's first head has the length of the name, and the name. */
enum { ZIP_LENGTH_AT = 26, ZIP_NAME_AT = 30 };

bool foreign_is_document(struct slice beginning)
{
	const unsigned char *bytes = (const unsigned char *)beginning.bytes;
	if (beginning.size < ZIP_NAME_AT || memcmp(bytes, "PK\x03\x04", 4) != 0)
		return false;
	size_t size = bytes[ZIP_LENGTH_AT] + 256U * bytes[ZIP_LENGTH_AT + 1];
	return size <= beginning.size - ZIP_NAME_AT &&
	       foreign_is_document_part((struct slice){beginning.bytes + ZIP_NAME_AT, size});
}

const char *foreign_find(struct slice beginning)
{
	if (foreign_is_document(beginning))
		return FOREIGN_DOCUMENT;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (beginning.size >= kinds[i].start.size &&
		    strncasecmp(beginning.bytes, kinds[i].start.bytes, kinds[i].start.size) == 0)
			return kinds[i].what;
	return is_encrypted((const unsigned char *)beginning.bytes, beginning.size)
	           ? "encrypted (PGP): decrypt it first"
	           : NULL;
}
