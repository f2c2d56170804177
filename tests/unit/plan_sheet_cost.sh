#!/usr/bin/env bash
# A plan costs as much for each row, however many there are: instructions are counted, by valgrind,
# because a machine's time is nobody's measure.
# plan_sheet_cost.sh VALGRIND PROGRAM
set -euo pipefail
valgrind=$1 program=$2 few=5000 times=4 status=0

cost() { # SHAPE ROWS
  "$valgrind" --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=plan_sheet_make \
    "$program" "$1" "$2" 2>&1 >/dev/null | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

for shape in courses one_course one_record one_number absent others; do
  small=$(cost $shape $few)
  large=$(cost $shape $((few * times)))
  [ "${small:-0}" -gt $((few * 100)) ] || { echo "$shape: valgrind counts nothing"; exit 1; }
  echo "$shape: $((small / few)) instructions a row, $((large / few / times)) of $times times as many"
  # A quarter more for what is sorted.
  [ "$large" -le $((small * times * 5 / 4)) ] || { echo "$shape: that is not linear"; status=1; }
done
exit $status
