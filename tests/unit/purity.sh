#!/usr/bin/env bash
# The pure layers decide; they open, read, write and ask the time of nothing.
# purity.sh LIBRARY...
set -euo pipefail
forbidden='open|openat|fopen|read|pread|write|pwrite|fread|fwrite|printf|fprintf|puts|stat|fstat|
  rename|unlink|time|clock_gettime|gettimeofday|getenv|socket|fork|pthread_create|
  (uv_|sqlite3_|PQ|mysql_|yaml_|sd_)[a-zA-Z0-9_]*'
pattern="^ +U ($(echo "$forbidden" | tr -d ' \n'))(64)?$"
status=0
for library in "$@"; do
  [ -n "$(nm "$library")" ] || { echo "$library: no symbols at all"; exit 1; }
  if nm -u "$library" | grep -E "$pattern"; then
    echo "$library is not pure"
    status=1
  fi
done
exit $status
