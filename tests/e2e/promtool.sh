#!/usr/bin/env bash
# What the daemon writes for Prometheus, etc/alerts.yml and the dashboard's queries, before Prometheus' own eyes.
# promtool.sh SOURCE PROGRAMS
# promtool is taken out of Debian's package prometheus, whose installation would start a server; 77 where
# it is not to be had.
set -euo pipefail
source=$1 programs=$2

fetch() { # DIRECTORY
  local work
  work=$(mktemp -d)
  (
    cd "$work"
    chmod 0755 . # apt gives up its privileges
    apt-get download -qq prometheus && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
  ) >/dev/null 2>"$work/errors" && mv "$work/usr/bin/promtool" "$1/promtool"
  rm -rf "$work"
}

find_promtool() {
  command -v promtool && return
  mkdir -p "$source/build"
  exec 9>"$source/build/promtool.lock" # both builds' tests may want it
  flock 9
  [ -x "$source/build/promtool" ] || fetch "$source/build" || true
  [ -x "$source/build/promtool" ] && echo "$source/build/promtool"
}

promtool=$(find_promtool) || { echo "promtool is not to be had"; exit 77; }

site=$(mktemp -d "${TMPDIR:-/tmp}/enrold-test-promtool-XXXXXX")
trap 'rm -rf "$site"' EXIT
"$source/etc/demo.sh" "$site" "$programs" >/dev/null
echo "metrics_file: $site/enrold.prom" >>"$site/enrold.yaml"
mkdir -p "$site/spool/inbox/hr"
printf 'username,course1\nanna,SAFETY\nnobody,FIRE\n' >"$site/spool/inbox/hr/staff.csv"
printf 'nonsense\n' >"$site/spool/inbox/refused.csv"
"$programs/enrold" --config "$site/enrold.yaml" --once 2>"$site/log" || { cat "$site/log"; exit 1; }
grep -q 'enrold_runs_total{feed="hr",status="done"} 1' "$site/enrold.prom" || { cat "$site/enrold.prom"; exit 1; }
"$promtool" check metrics <"$site/enrold.prom"

"$promtool" check rules "$source/etc/alerts.yml"
tests=("$source/tests/data/alerts_test.yml" "$source/tests/data/alerts_days_test.yml")
"$promtool" test rules "${tests[@]}"
# Each alert is tested.
for alert in $(sed -n 's/^ *- alert: //p' "$source/etc/alerts.yml"); do
  grep -hA2 "alertname: $alert\$" "${tests[@]}" | grep -q exp_alerts ||
    { echo "$alert is tested nowhere"; exit 1; }
done

python3 "$source/tests/unit/dashboard.py" "$source" rules >"$site/queries.yml"
"$promtool" check rules "$site/queries.yml"
