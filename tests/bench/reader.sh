#!/bin/sh
# What reading costs: instructions for each row, up to what it asks for, by settings. Of two sizes
# of file, so that what is done once for a file is not counted.
#     tests/bench/reader.sh [build/release]
set -eu
program=${1:-build/release}/reader_cost

count() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
		sed -n 's/.*Collected : //p'
}

for way in plain columns values ends slash; do
	few=$(count 2000 $way)
	many=$(count 12000 $way)
	echo "$way $(((many - few) / 10000))"
done
