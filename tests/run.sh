#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test with AddressSanitizer, on the disk, and again for
# release, in memory; the daemon with ThreadSanitizer; clang-format and clang-tidy; the recorded runs of a
# real Moodle. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
. etc/packages.sh
# shellcheck disable=SC2086  # words on purpose
install_packages $build_packages $test_packages
for package in $server_packages $php_packages $browser_packages $package_packages; do
  install_packages "$package" || echo "$package cannot be installed: its suites are skipped"
done

passed=0 failed=0 skipped=0

# ---- both builds ----

build() { # PRESET
  cmake --preset "$1" -DENROLD_TESTS=ON ${CI:+-DENROLD_WERROR=ON} >/dev/null
  cmake --build --preset "$1" | tail -1
}

test_all() { # PRESET
  local log=build/$1/tests.log
  ctest --preset "$1" | tee "$log" || true
  passed=$((passed + $(grep -cE ' Passed +[0-9.]+ sec' "$log" || true)))
  skipped=$((skipped + $(grep -cE '\*\*\*Skipped' "$log" || true)))
  failed=$((failed + $(grep -E '\*\*\*[A-Z]' "$log" | grep -cv '\*\*\*Skipped' || true)))
}

# From here on tests make their files in memory, where there is enough of it, and wait for no disk. What
# a failed test has left stays for a look.
memory_use() {
  local gigabytes
  gigabytes=$(df --output=avail --block-size=1G /dev/shm 2>/dev/null | tail -1)
  [ "${gigabytes:-0}" -ge 4 ] || return 0
  TMPDIR=$(mktemp -d /dev/shm/enrold-ci-XXXXXX)
  export TMPDIR
  chmod 0755 "$TMPDIR" # servers are somebody else's
  trap 'if [ "$failed" = 0 ]; then rm -rf "$TMPDIR"; else rmdir "$TMPDIR" 2>/dev/null || true; fi' EXIT
}

build asan
test_all asan
memory_use
build release
test_all release

# ---- beside each other: each has a log, which is printed when it fails ----

declare -A jobs

begin() { # NAME COMMAND...
  local name=$1
  shift
  build/release/patience 300 "$@" >"build/$name.log" 2>&1 &
  jobs[$name]=$!
}

end() { # NAME...
  local name status
  for name in "$@"; do
    status=0
    wait "${jobs[$name]}" || status=$?
    case $status in
    0) passed=$((passed + 1)) && echo "$name: passed" ;;
    77) skipped=$((skipped + 1)) && echo "$name: skipped" ;;
    *) failed=$((failed + 1)) && tail -n 100 "build/$name.log" && echo "$name: FAILED" ;;
    esac
  done
}

begin clang-format find include src tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} +
begin clang-tidy run-clang-tidy -quiet -p build/release -j 2 "^$PWD/src/.*\.c\$"
end clang-format clang-tidy

# The real daemon under load, with ThreadSanitizer watching its threads. Criterion does not start
# under it: the tests are the release build's.
build tsan
daemon_suites="e2e_feeds e2e_database e2e_daemon e2e_control_crowd"
for suite in $daemon_suites; do
  begin "tsan-$suite" env ENROLD_PROGRAMS="$PWD/build/tsan" "build/release/${suite}_test" --jobs 2
done
begin tsan-cluster env ENROLD_PROGRAMS="$PWD/build/tsan" ENROLD_FILES=200 \
  tests/engine/with_server.sh postgresql build/release/cluster_test --jobs 2
# shellcheck disable=SC2086  # words on purpose
end ${daemon_suites//e2e/tsan-e2e} tsan-cluster

# Recorded runs of a real Moodle, where they lie beside the clone: each has to end the same, on every
# engine.
conformance=../shared/conformance/run.py

cases_end() { # CASES ENGINE: each case counts
  local log=build/$1-$2.log cases_passed cases_failed
  wait "${jobs[$1-$2]}" || true
  if grep -q '^skipped: ' "$log"; then
    skipped=$((skipped + 1)) && echo "$1 on $2: skipped"
    return
  fi
  read -r cases_passed _ cases_failed _ <<<"$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -1)"
  echo "$1 on $2: ${cases_passed:-0} passed, ${cases_failed:-1} failed ($log)"
  passed=$((passed + ${cases_passed:-0})) failed=$((failed + ${cases_failed:-1}))
}

cases_run() { # CASES ARGUMENT...
  local cases=$1 engine
  shift
  begin "$cases-sqlite" python3 "$conformance" "$@" --bin build/release
  for engine in postgresql mariadb; do
    begin "$cases-$engine" \
      tests/engine/with_server.sh "$engine" python3 "$conformance" "$@" --bin build/release/through
  done
  for engine in sqlite postgresql mariadb; do cases_end "$cases" "$engine"; done
}

if [ -f "$conformance" ]; then
  cases_run conformance
  cases_run removal --cases "${conformance%/*}/removal-cases.json"
else
  echo "conformance: skipped, $conformance is not there"
fi

[ "$skipped" -eq 0 ] || echo "$skipped suites were skipped: their server, PHP, lintian or debootstrap is not installed"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
