#!/usr/bin/env bash
# install_packages waits for whoever else installs: each apt-get says how long, and an update that finds
# the lists locked is tried again. usage: packages.sh SOURCE
set -euo pipefail
source=$1
stand_ins=$(mktemp -d)
trap 'rm -rf "$stand_ins"' EXIT
cat >"$stand_ins/dpkg-query" <<'EOF'
#!/bin/sh
exit 1
EOF
cat >"$stand_ins/sudo" <<'EOF'
#!/bin/sh
exec "$@"
EOF
cat >"$stand_ins/apt-get" <<EOF
#!/bin/sh
echo "\$@" >>$stand_ins/calls
case "\$*" in *update*) [ "\$(grep -c update $stand_ins/calls)" -gt 2 ] && exit 0 ;; *) exit 0 ;; esac
echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)" >&2
exit 100
EOF
chmod +x "$stand_ins"/*
. "$source/etc/packages.sh"
PATH=$stand_ins:$PATH APT_PAUSE=0 install_packages one two >/dev/null
[ "$(grep -c update "$stand_ins/calls")" = 3 ]
grep -q 'install .*one two' "$stand_ins/calls"
! grep -v 'DPkg::Lock::Timeout=300' "$stand_ins/calls"
