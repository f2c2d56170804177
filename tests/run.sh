#!/usr/bin/env bash
# Installs what is missing, builds build/asan and build/release and runs every test in both, then
# replays the recorded runs of a real Moodle. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
. etc/packages.sh
# shellcheck disable=SC2086  # words on purpose
install_packages $build_packages $test_packages
for package in $server_packages $php_packages; do
  install_packages "$package" || echo "$package cannot be installed: its suites are skipped"
done

passed=0 failed=0 skipped=0
for preset in asan release; do
  cmake --preset "$preset" -DENROLD_TESTS=ON ${CI:+-DENROLD_WERROR=ON} >/dev/null
  cmake --build --preset "$preset" | tail -1
  log=build/$preset/tests.log
  ctest --preset "$preset" | tee "$log" || true
  passed=$((passed + $(grep -cE ' Passed +[0-9.]+ sec' "$log" || true)))
  skipped=$((skipped + $(grep -cE '\*\*\*Skipped' "$log" || true)))
  failed=$((failed + $(grep -E '\*\*\*[A-Z]' "$log" | grep -cv '\*\*\*Skipped' || true)))
done

# The real daemon under load, with ThreadSanitizer watching its threads. Criterion does not start
# under it: the tests are the release build's.
cmake --preset tsan ${CI:+-DENROLD_WERROR=ON} >/dev/null
cmake --build --preset tsan | tail -1
tsan_suite() { # a suite, and what to run it with
  local suite=$1 status=0
  shift
  ENROLD_PROGRAMS=$PWD/build/tsan build/release/patience 180 "$@" "build/release/${suite}_test" --jobs 2 \
    >"build/tsan/$suite.log" 2>&1 || status=$?
  case $status in
  0) passed=$((passed + 1)) && echo "tsan $suite: passed" ;;
  77) skipped=$((skipped + 1)) && echo "tsan $suite: skipped" ;;
  *) failed=$((failed + 1)) && tail -20 "build/tsan/$suite.log" && echo "tsan $suite: FAILED" ;;
  esac
}
for suite in e2e_feeds e2e_database e2e_daemon; do
  tsan_suite "$suite" env
done
tsan_suite cluster env ENROLD_FILES=200 tests/engine/with_server.sh postgresql

# Recorded runs of a real Moodle, where they lie beside the clone: each has to end the same, on every
# engine.
conformance=../shared/conformance/run.py
replay() { # an engine, and what to run it with
  local engine=$1 log=build/conformance-$1.log cases_passed cases_failed
  shift
  build/release/patience 180 "$@" >"$log" 2>&1 || true
  if grep -q '^skipped: ' "$log"; then
    skipped=$((skipped + 1)) && echo "conformance on $engine: skipped"
    return
  fi
  read -r cases_passed _ cases_failed _ <<<"$(tail -1 "$log")"
  echo "conformance on $engine: $(tail -1 "$log") ($log)"
  passed=$((passed + ${cases_passed:-0})) failed=$((failed + ${cases_failed:-1}))
}
if [ -f "$conformance" ]; then
  replay sqlite python3 "$conformance" --bin build/release
  for engine in postgresql mariadb; do
    replay "$engine" tests/engine/with_server.sh "$engine" python3 "$conformance" --bin build/release/through
  done
else
  echo "conformance: skipped, $conformance is not there"
fi

[ "$skipped" -eq 0 ] || echo "$skipped suites were skipped: their server, or PHP, is not installed"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
