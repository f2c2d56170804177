#!/usr/bin/env bash
# No function of the tests' libraries is named as one of the house: which of the two a program gets
# would be left to the order in which it is linked.
# apart.sh BUILD
set -euo pipefail
names() { # of all that the libraries below $1 define
  find "$1" -name 'lib*.a' -exec nm --defined-only --extern-only {} + | awk 'NF == 3 { print $3 }' |
    grep -v '^__' | sort -u
}
house=$(names "$1/src")
tests=$(names "$1/tests")
[ -n "$house" ] && [ -n "$tests" ] || { echo "$1: no symbols at all"; exit 1; }
twice=$(comm -12 <(echo "$house") <(echo "$tests"))
[ -z "$twice" ] || { echo "in the house and in the tests:"; echo "$twice"; exit 1; }
