#!/usr/bin/env bash
# Each event that is logged is a row of the table, and each row of the table is logged somewhere.
# events.sh SOURCE
set -euo pipefail
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/calls" "$work/rows"
# The name is the second argument, perhaps in the next line; the first may be a choice of two levels. Or
# it is a member .event of a row that begins with its name, in a table of that file.
find src -name '*.c' ! -path src/log/log.c -print0 | while IFS= read -rd '' file; do
  tr '\n\t' '  ' <"$file" >"$work/text"
  grep -oE '\blog_event\([^,]*, *[^,]*,' "$work/text" >>"$work/calls" || continue
  grep -qE '\blog_event\([^,]*, *[^,"]*\.event,' "$work/text" || continue
  grep -oE '\[[A-Z_]+\] = \{[^"}]*"[a-z_]+",' "$work/text" >>"$work/rows"
done
grep -vE ', *("[a-z_]+"|[^"]*\.event),$' "$work/calls" && { echo "the name of an event is not written there"; exit 1; }
cat "$work/calls" "$work/rows" | sed -nE 's/.*"([a-z_]+)",$/\1/p' | sort -u >"$work/logged"
sed -nE 's/^    \{"([a-z_]+)", "[0-9a-f]{32}",.*/\1/p' src/log/events.c | sort >"$work/table"
[ -s "$work/logged" ] || { echo "nothing is logged"; exit 1; }
diff "$work/logged" "$work/table" >"$work/diff" && exit 0
sed -n 's/^< \(.*\)/\1 is logged, and no row of src\/log\/events.c/p; s/^> \(.*\)/\1 is a row of src\/log\/events.c, and nobody logs it/p' "$work/diff"
exit 1
