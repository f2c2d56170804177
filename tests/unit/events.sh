#!/usr/bin/env bash
# Each event that is logged is a row of the table, and each row of the table is logged somewhere.
# events.sh SOURCE
set -euo pipefail
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The name is the second argument, perhaps in the next line; the first may be a choice of two levels.
find src -name '*.c' ! -path src/log/log.c -print0 | xargs -0 cat | tr '\n\t' '  ' |
  grep -oE '\blog_event\([^,]*, *[^,]*,' >"$work/calls"
grep -vE ', *"[a-z_]+",$' "$work/calls" && { echo "the name of an event is not written there"; exit 1; }
sed -E 's/.*"([a-z_]+)",$/\1/' "$work/calls" | sort -u >"$work/logged"
sed -nE 's/^    \{"([a-z_]+)", "[0-9a-f]{32}",.*/\1/p' src/log/events.c | sort >"$work/table"
[ -s "$work/logged" ] || { echo "nothing is logged"; exit 1; }
diff "$work/logged" "$work/table" >"$work/diff" && exit 0
sed -n 's/^< \(.*\)/\1 is logged, and no row of src\/log\/events.c/p; s/^> \(.*\)/\1 is a row of src\/log\/events.c, and nobody logs it/p' "$work/diff"
exit 1
