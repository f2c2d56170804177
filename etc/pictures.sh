#!/usr/bin/env bash
# Makes the pictures of README anew: the report of a run of the demo, and its status. Needs a release
# build, and chromium and python3. The pages are real: what enrold wrote, and what enrolctl said.
set -euo pipefail
cd "$(dirname "$0")/.."
programs=$PWD/build/release
pictures=$PWD/etc/pictures
work=$(mktemp -d /tmp/XXX)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; rm -rf "$work"' EXIT

demo=$work
etc/demo.sh "$demo" "$programs" >/dev/null
cat >>"$demo/enrold.yaml" <<EOF
  excel: { marker: .done }
  leavers: { limits: { by_cell: { count: 0, share: 0%, most: 3 } }, allow_unenrol: true }
EOF
enrolctl() { "$programs/enrolctl" --config "$demo/enrold.yaml" "$@"; }
people() { seq -f 'p%05.0f' "$1"; }
{
  echo username,firstname,lastname,email
  people 20000 | awk '{ print $1 ",Pat,Person,"$1"@example.org" }'
} | enrolctl lms add-users - >/dev/null

picture() { # PAGE NAME WIDTH HEIGHT
  chromium --headless --no-sandbox --hide-scrollbars --force-device-scale-factor=1 \
    --screenshot="$pictures/$2.png" --window-size="$3,$4" "file://$1" >/dev/null 2>&1
}

: >"$work/log"
"$programs/enrold" --config "$demo/enrold.yaml" 2>"$work/log" &
daemon=$!
until grep -q '"event":"ready"' "$work/log"; do sleep 0.1; done

# A nightly file with the mistakes that nightly files have.
{
  echo username,course1,role1,course2
  people 300 | awk '{ print $1 ",SAFETY," (NR % 60 ? "" : "teachr") "," (NR % 40 ? "PRIVACY" : "") }'
  printf '%s\n' anna,SAFTEY,,PRIVACY cleo,SAFTEY,, nobody,FIRE,, no.one,FIRE,,
} >"$work/staff.csv"
enrolctl submit "$work/staff.csv" --feed hr --wait >/dev/null || true
picture "$(echo "$demo"/spool/outbox/hr/staff.*.report.html)" report 1000 1180

# A leavers' file that takes away more than it may, a file without its marker, and one that runs.
{ echo username,course1,unenrol1 && people 12 | awk '{ print $1 ",SAFETY,1" }'; } >"$work/nov.csv"
enrolctl submit "$work/nov.csv" --feed leavers --wait >/dev/null || true
cp "$work/staff.csv" "$demo/spool/inbox/excel/staff.csv"
status_await() { # PATTERN
  for _ in $(seq 600); do
    status=$(script -qec "stty cols 124; NO_COLOR=1 '$programs/enrolctl' --config '$demo/enrold.yaml' status" \
      /dev/null | tr -d '\r')
    case $status in *$1*) return ;; esac
    sleep 0.05
  done
  echo "$status" >&2
  return 1
}
status_await ' ! leavers'
{ echo username,course1,course2,course3 && people 20000 | awk '{ print $1 ",SAFETY,PRIVACY,FIRE" }'; } >"$work/big.csv"
cp "$work/big.csv" "$demo/spool/inbox/hr/big.csv"
status_await ' s left'
python3 - "$status" "$work/status.html" <<'EOF'
import html, sys
page = ('<!doctype html><meta charset="utf-8"><style>body{margin:0;background:#16181d;color:#e3e5ea}'
        'pre{margin:0;padding:18px 22px;width:124ch;white-space:pre-wrap;word-break:break-all;font:14px/1.5 "DejaVu Sans Mono",monospace}b{color:#8fd18f}</style><pre>'
        '<b>$ enrolctl status</b>\n%s</pre>')
open(sys.argv[2], 'w').write(page % html.escape(sys.argv[1]))
EOF
picture "$work/status.html" status 1100 290
