# The FILES as one C file, OUT: preset_builtin and preset_builtin_names (preset.h).
# Bytes, for a literal of C may be as long as 4095 of them only.
set(files ${FILES})
list(SORT files)
set(texts "")
set(names "")
set(rows "")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" lines "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${lines}")
  string(MAKE_C_IDENTIFIER ${name} identifier)
  string(APPEND texts "static const char ${identifier}[] = {${bytes}'\\0'};\n")
  string(APPEND names "\"${name}\", ")
  string(APPEND rows "${identifier}, ")
endforeach()
file(WRITE ${OUT} "/* Made by preset_builtin.cmake of etc/presets. */
#include \"enrold/preset.h\"

#include <string.h>

${texts}
static const char *const names[] = {${names}};
static const char *const texts[] = {${rows}};

const char *const *preset_builtin_names(size_t *count)
{
	*count = sizeof names / sizeof *names;
	return names;
}

const char *preset_builtin(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			return texts[i];
	return NULL;
}
")
