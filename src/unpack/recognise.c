/*
 * recognise: what can be unpacked, by how it begins. A workbook is a ZIP archive that must not be:
 * the reader refuses it, and says how to export it. Pure.
 */
#include "enrold/unpack.h"

#include "enrold/foreign.h"

enum unpack_format unpack_recognise(struct slice beginning)
{
	static const struct {
		struct slice start;
		enum unpack_format format;
	} signs[] = {
	    {{SLICE_INIT("\x1F\x8B\x08")}, UNPACK_GZIP}, {{SLICE_INIT("PK\x03\x04")}, UNPACK_ZIP},
	    {{SLICE_INIT("PK\x05\x06")}, UNPACK_ZIP}, /* an empty one */
	};
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (beginning.size >= signs[i].start.size &&
		    memcmp(beginning.bytes, signs[i].start.bytes, signs[i].start.size) == 0)
			return foreign_is_document(beginning) ? UNPACK_NONE : signs[i].format;
	return UNPACK_NONE;
}
