#!/usr/bin/env bash
# The reports of runs of every kind, and the pages of their feeds and of all, made by the real
# programs, in a browser: see pages.py.
# report.sh SOURCE PROGRAMS [PICTURES]
set -euo pipefail
source=$1 programs=$2 pictures=${3-}
command -v chromium >/dev/null || { echo "there is no Chromium"; exit 77; }

site=$(mktemp -d "${TMPDIR:-/tmp}/enrold-test-browser-XXXXXX")
trap 'rm -rf "$site"' EXIT
"$source/etc/demo.sh" "$site" "$programs" >/dev/null
cat >>"$site/enrold.yaml" <<END
  review: { review: true }
  default: {}
  nobody: {}
  leavers: { allow_unenrol: true, limits: { by_cell: { count: 1, share: 0%, most: 1 } } }
END
once() { "$programs/enrold" --config "$site/enrold.yaml" --once 2>"$site/log" || { cat "$site/log"; exit 1; }; }
drop() { mkdir -p "$site/spool/inbox/$(dirname "$1")"; cat >"$site/spool/inbox/$1"; }
run_of() { basename "$site/spool/outbox/$1".*.summary.json .summary.json | sed 's/.*[.]//'; }

printf 'username,course1\nanna,SAFETY\n' | drop hr/fine.csv
printf 'nonsense\n1\n' | drop hr/refused.csv
printf 'username,course1\n' | drop hr/empty.csv
printf 'username,course1\nanna,SAFETY\nnobody,FIRE\n' | drop hr/preview/rehearsed.csv
{ echo 'username,course1,course2'
  for i in $(seq 1200); do echo "anna,SAFTEY,"; echo "user$i,SAFETY,SAFETY-WITH-A-LONG-NAME-$i"; done; } | drop hr/errors.csv
printf 'username,course1,Department\n"<b>bold</b>",SAFETY,x\nanna,"%s<script>",\nanna,\xe2\x80\xaegnol,\n' "$(printf 'x%.0s' {1..300})" | drop 'hr/a very long name of a file that somebody has exported <by hand> on a Friday afternoon.csv'
printf 'username,course1\nanna,SAFETY\n' | drop review/held.csv
printf 'username,course1\nanna,SAFETY\n' | drop "$(printf 'a%.0s' {1..150}).csv"
printf 'username,course1\nanna,FIRE\nbela,FIRE\ncleo,FIRE\n' | drop leavers/all.csv
once
printf 'username,course1,unenrol1\nanna,FIRE,1\nbela,FIRE,1\ncleo,FIRE,1\n' | drop leavers/leave.csv
once
for order in "release review/held" "undo hr/fine"; do
  read -r word file <<<"$order"
  "$programs/enrolctl" --config "$site/enrold.yaml" "$word" "$(run_of "$file")" --why 'Said so on the telephone, and the list was right' --yes >/dev/null
done
once
mkdir "$site/pages"
# hr/index.html as hr.index.html: one name each.
(cd "$site/spool/outbox" && find . -name '*.html' | while IFS= read -r page; do
  name=${page#./}
  cp "$page" "$site/pages/${name//\//.}"
done)
[ -e "$site/pages/index.html" ] && [ -e "$site/pages/default.html" ] && [ -e "$site/pages/nobody.index.html" ]
status=0
python3 "$source/tests/browser/pages.py" "$site/pages" ${pictures:+--pictures "$pictures"} || status=$?
[ -z "$pictures" ] || cp "$site"/pages/*.html "$pictures"
exit $status
