#!/usr/bin/env bash
# Installs what is missing, builds build/release and shows the main job: a demo LMS, a running
# daemon, a dropped file, its answer. Everything it makes lies in build/; nothing keeps running.
set -euo pipefail
cd "$(dirname "$0")/.."
. etc/packages.sh

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "1. Building"
# shellcheck disable=SC2086  # words on purpose
install_packages $build_packages
cmake --preset release -DENROLD_TESTS=OFF >/dev/null
cmake --build --preset release | tail -1

demo=$PWD/build/demo
rm -rf "$demo"
say "2. A demo LMS: three courses, four people"
etc/demo.sh "$demo" build/release

say "3. The daemon"
build/release/enrold --config "$demo/enrold.yaml" 2>"$demo/enrold.log" &
daemon=$!
trap 'kill $daemon 2>/dev/null || true' EXIT

await() { # a command that will come true
  for _ in $(seq 200); do
    if "$@"; then return 0; fi
    if ! kill -0 $daemon 2>/dev/null; then break; fi
    sleep 0.05
  done
  echo "This did not come true: $*" >&2
  cat "$demo/enrold.log" >&2
  exit 1
}
answered() { compgen -G "$demo/spool/outbox/hr/*.summary.json" >/dev/null; }

await grep -q '"event":"ready"' "$demo/enrold.log"
echo "enrold runs as process $daemon and watches $demo/spool/inbox"

say "4. HR drops a file into the inbox of feed hr (with two mistakes)"
cat >"$demo/staff.csv" <<EOF
username,course1,role1,course2
anna,SAFETY,,PRIVACY
bela,SAFETY,teacher,
cleo,SAFTEY,,
nobody,FIRE,,
dora,FIRE,,
EOF
cat "$demo/staff.csv"
cp "$demo/staff.csv" "$demo/spool/inbox/hr/staff.csv"
await answered

say "5. The answer, row by row"
cat "$demo"/spool/outbox/hr/*.result.csv
say "   what to correct and drop again"
cat "$demo"/spool/outbox/hr/*.retry.csv

kill -TERM $daemon
wait $daemon
trap - EXIT

say "6. What the log says"
cat "$demo/enrold.log"

say "Where things lie"
cat <<EOF
  settings   $demo/enrold.yaml       (every key: etc/enrold.yaml)
  inbox      $demo/spool/inbox/hr    drop files here
  outbox     $demo/spool/outbox/hr   result, retry file, report and summary of each file
  pages      $demo/spool/outbox/index.html    for a browser: all feeds, each file's report
  archive    $demo/spool/archive     the files that were run, byte for byte
  LMS        $demo/lms.db            e.g. SELECT * FROM mdl_user_enrolments
  manual     man -l src/enrold.8

The daemon has been stopped. Start it again with
  build/release/enrold --config $demo/enrold.yaml
EOF
