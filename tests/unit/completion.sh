#!/usr/bin/env bash
# The completions know each command of enrolctl with its options, and no other; that for bash is tried.
# completion.sh ENROLCTL SOURCE
set -euo pipefail
PATH="$(dirname "$(realpath "$1")"):$PATH"
source=$2 status=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
wrong() {
  echo "$*"
  status=1
}

# As the completions write it: "submit FILE --feed --wait".
enrolctl --help | awk '
  /^  [a-z]/ { if (row) print row; sub(/^  /, ""); sub(/  .*/, ""); row = $0; gsub(/[][]/, "", row) }
  /^ *\[--/ { for (i = 1; i <= NF; i++) if (sub(/^\[--/, "--", $i)) { sub(/]/, "", $i); row = row " " $i } }
  /^$/ && row { print row; row = "" }' >"$folder/help"
[ "$(wc -l <"$folder/help")" -gt 5 ] || wrong "no commands in --help"
for file in enrolctl.bash _enrolctl; do
  sed -n "/^_enrolctl_commands='/,/^'/p" "$source/etc/completion/$file" | sed '1d;$d' >"$folder/$file"
  diff "$folder/help" "$folder/$file" || wrong "etc/completion/$file has other commands than --help"
done

mkdir -p "$folder/spool/outbox/hr" "$folder/files"
touch "$folder/files/staff.csv" "$folder/spool/outbox/hr/staff.20261126-021003-118204.summary.json" \
  "$folder/spool/outbox/a.20261126-021004-118204.preview.summary.json"
cat >"$folder/e.yaml" <<END
spool: $folder/spool
lms: { url: "sqlite:$folder/lms.db" }
feeds: { hr: {}, leavers: {} }
END

# The words before the cursor, split as readline does; what comes back, in one line.
completed() {
  bash -c 'cd "$1" && . "$2" && shift 2 && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _enrolctl &&
    echo "${COMPREPLY[*]}"' _ "$folder/files" "$source/etc/completion/enrolctl.bash" "$@" 2>&1
}
expect() { # WANTED WORDS...
  local wanted=$1 found
  shift
  found=$(completed "$@")
  [ "$found" = "$wanted" ] || wrong "$* -> '$found', not '$wanted'"
}
config=(enrolctl --config "$folder/e.yaml")
expect 'retry resume release reload reconcile' enrolctl re
expect 'init check add-courses add-users' enrolctl lms ''
expect 'accept' enrolctl reconcile ''
expect 'staff.csv' enrolctl submit st
expect 'staff.csv' enrolctl lms add-users ''
expect '--feed' enrolctl submit staff.csv --f
expect '--config --json --feed --wait --as' enrolctl submit staff.csv --feed hr --
expect '--config --json --version --help' enrolctl --
expect 'default hr leavers' "${config[@]}" submit --feed ''
expect 'leavers' "${config[@]}" submit --feed = le
expect 'hr' "${config[@]}" pause h
expect 'last 20261126-021004-118204 20261126-021003-118204' "${config[@]}" retry ''
expect '' "${config[@]}" stop ''
expect '' enrolctl --config "$folder/none.yaml" pause ''
expect '' enrolctl nonsense ''
expect 'refused' enrolctl runs --status re
expect 'last 20261126-021004-118204 20261126-021003-118204' "${config[@]}" show ''
expect '' enrolctl pause hr --why ''
expect '' enrolctl explain anna ''
exit $status
