#!/usr/bin/env bash
# `ctest -L e2e` runs all tests of that folder and no others: each test has its folder's label, and no
# label has another one in it, for ctest takes them for regular expressions.
# usage: labels.sh BUILD
set -euo pipefail
build=$1
folders="unit engine e2e crash sim fuzz systemd"
others="postgresql mariadb servers"

count() { # CTEST-OPTION...
  ctest --test-dir "$build" -N "$@" | sed -n 's/^Total Tests: //p'
}

for label in $folders; do
  loose=$(count -L "$label")
  [ "$loose" = "$(count -L "^$label\$")" ] || { echo "-L $label runs more than it says" && exit 1; }
done
[ "$(count -LE "^(${folders// /|})\$")" = 0 ] || { echo "a test lacks its folder's label" && exit 1; }
[ "$(count)" -gt 0 ] || { echo "no test at all" && exit 1; }
for label in $(ctest --test-dir "$build" --print-labels | sed -n 's/^  //p'); do
  case " $folders $others " in
  *" $label "*) ;;
  *) echo "nobody knows the label $label" && exit 1 ;;
  esac
done
