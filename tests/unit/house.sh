#!/usr/bin/env bash
# The house stands as src/README.md says: every arrow points down, no two files call each other in a
# circle, no folder is more than a fifth of src, db knows no table of Moodle and lms no engine, and
# comments cite what is in the clone.
# house.sh SOURCE LAYERS; a line of LAYERS is: a layer, its library, the layers it may call.
set -euo pipefail
source=$1 layers=$2 status=0
wrong() {
  echo "$*"
  status=1
}

# Who defines what, as "symbol layer:file", and who calls whom.
symbols=$(mktemp -d)
trap 'rm -rf "$symbols"' EXIT
while read -r layer library _; do
  nm -A -g "$library" | sed -n "s,^[^:]*:\([^:]*\):[0-9a-f ]* \([A-Zu]\) \(.*\),\2 \3 $layer:\1,p"
done <"$layers" >"$symbols/all"
awk '$1 != "U" { print $2, $3 }' "$symbols/all" | sort -k1,1 >"$symbols/defined"
awk '$1 == "U" { print $2, $3 }' "$symbols/all" | sort -k1,1 >"$symbols/wanted"
join "$symbols/wanted" "$symbols/defined" | awk '{ print $2, $3, $1 }' | sort -u >"$symbols/calls"
[ -s "$symbols/calls" ] || wrong "nobody calls anybody"

awk '{ print $1, $2 }' "$symbols/calls" | tsort >/dev/null 2>"$symbols/circles" ||
  wrong "files that call each other in a circle:" "$(cat "$symbols/circles")"

while read -r layer _ uses; do
  while read -r from to symbol; do
    [[ " $layer $uses " == *" ${to%%:*} "* ]] || wrong "$from calls $symbol of $to, no layer of its own"
  done < <(grep "^$layer:" "$symbols/calls" || true)
done <"$layers"

whole=$(cat "$source"/src/*/*.[ch] | wc -l)
for folder in "$source"/src/*/; do
  lines=$(cat "$folder"*.[ch] | wc -l)
  [ $((lines * 5)) -le "$whole" ] || wrong "$folder has $lines of $whole lines"
done

if grep -nE '\{[a-z_]+[a-z_ ]*\}' "$source"/src/db/*.c |
  grep -vE '\{(each|lock|schema|text|end|enrold_[a-z]+|(conflict|same|index_tail|no_index) [^}]*)\}|^[^:]*:[0-9]*: \*'; then
  wrong "src/db knows tables that are not ours"
fi
while read -r layer library _; do
  if [ "$layer" != db ] && nm -u "$library" | grep -E ' U (sqlite3_|PQ|mysql_|mariadb_)'; then
    wrong "$layer knows an engine"
  fi
done <"$layers"

# What comments cite is in the clone. A citation may go on in the next line of its comment.
cd "$source"
find src include tests etc systemd README.md CMakeLists.txt -type f ! -name house.sh \
  ! -path 'tests/data/*' ! -path 'tests/fuzz/seeds/*' -print0 |
  xargs -0 grep -lZI '' | while IFS= read -rd '' file; do
  sed -z 's,\n[ \t]*[*#]* *, ,g' "$file"
  echo
done >"$symbols/text"
if grep -oE '.{30}(\b(CONTRACT|OPERATE)\b|\b[fF]acts [0-9]+(\.[0-9]|[,;:)])|\bpitfalls [0-9]).{10}' "$symbols/text"; then
  wrong "cited, but not in the clone"
fi
for document in $(grep -oE '[A-Za-z0-9_-][A-Za-z0-9_/-]*\.md\b' "$symbols/text" | sort -u); do
  find . -path ./build -prune -o -path "*/$document" -print | grep -q . ||
    wrong "$document is cited, but not in the clone"
done
for section in $(grep -oE 'lms/README [0-9][0-9.]*(([-,]| and) ?[0-9][0-9.]*)*' "$symbols/text" |
  cut -d' ' -f2- | grep -oE '[0-9]+(\.[0-9]+)*' | sort -u); do
  grep -qE "^##+ ${section//./\\.}[. ]" src/lms/README.md ||
    wrong "lms/README $section is cited, but not there"
done
exit $status
