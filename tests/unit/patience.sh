#!/usr/bin/env bash
# patience ends what does not move and nothing else, whatever the time. usage: patience.sh PATIENCE
set -euo pipefail
patience=$1
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# The script, in a shell of its own, has to end with the status; what was said is in $place/NAME.
expect() { # NAME STATUS SCRIPT
  local status=0
  "$patience" 1 bash -c "$3" >"$place/$1" 2>&1 || status=$?
  [ "$status" = "$2" ] || { echo "$1: ended with $status, not $2" && cat "$place/$1" && exit 1; }
}

quiet() { # NAME SCRIPT
  expect "$1" 124 "$2"
  grep -q 'nothing moved for 1 s' "$place/$1" || { echo "$1: does not say why" && cat "$place/$1" && exit 1; }
}

busy='end=$((SECONDS + 3)); while [ $SECONDS -lt $end ]; do :; done; exit 7'
cases=()
start() {
  "$@" &
  cases+=($!)
}
start quiet sleeps 'sleep 60'
start quiet sleeps_below 'setsid sh -c "sleep 60; true" & wait'
start quiet polls 'while :; do sleep 0.2; done'
start quiet stopped "(while :; do :; done) & kill -STOP \$!; wait"
start expect works 7 "$busy"
start expect works_slowly 7 "renice -n 19 \$\$ >/dev/null; $busy"
start expect works_below 0 "(setsid bash -c '$busy' & wait) || true"
start expect fails 3 'exit 3'
start expect dies 137 'kill -KILL $$'
start expect leaves 0 "setsid sleep 61 & echo \$! >$place/orphan"
for pid in "${cases[@]}"; do wait "$pid"; done
if kill -0 "$(cat "$place/orphan")" 2>/dev/null; then echo "an orphan has outlived its test" && exit 1; fi
grep -q '  [0-9]*  sleep 60' "$place/sleeps"
