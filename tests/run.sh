#!/usr/bin/env bash
# Installs what is missing, builds build/asan and build/release and runs every test in both.
# The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."

packages="gcc cmake ninja-build pkg-config libuv1-dev libcsv-dev libsqlite3-dev libyaml-dev
  libssl-dev libjansson-dev libsystemd-dev libutf8proc-dev uthash-dev libcriterion-dev"
missing=$(for p in $packages; do
  dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || echo "$p"
done)
if [ -n "$missing" ]; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq
  # shellcheck disable=SC2086  # words on purpose
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq $missing >/dev/null
fi

passed=0 failed=0
for preset in asan release; do
  cmake --preset "$preset" -DENROLD_WERROR="${CI:+ON}" >/dev/null
  cmake --build --preset "$preset"
  log=build/$preset/tests.log
  ctest --preset "$preset" | tee "$log" || true
  passed=$((passed + $(grep -cE ' Passed +[0-9.]+ sec' "$log" || true)))
  failed=$((failed + $(grep -cE '\*\*\*[A-Z]' "$log" || true)))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
