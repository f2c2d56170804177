#!/usr/bin/env bash
# The units are such as systemd takes them, let enrold do no more than it must, and start nothing that a
# bare Debian may lack. units.sh SOURCE; exit status 77: there is no systemd-analyze.
set -euo pipefail
source=$1
command -v systemd-analyze >/dev/null || { echo "there is no systemd-analyze" && exit 77; }
units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT

# What is not installed here is taken to be there.
mkdir "$units/enrold.service.d"
for unit in "$source"/systemd/*.service "$source"/systemd/*.path; do
  sed -e 's,^\(Exec[A-Za-z]*\)=/usr/bin/[a-z-]*,\1=/bin/true,' "$unit" >"$units/${unit##*/}"
done

verify() {
  local said
  said=$(systemd-analyze verify --man=no "$units"/*.service "$units"/*.path 2>&1) || true
  [ -z "$said" ] || { echo "$said" && return 1; }
}

# How much a unit leaves open to what runs in it, from 0 to 10, by systemd's own account.
exposure() { # UNIT MOST
  local found
  found=$(systemd-analyze security --offline=true --no-pager "$units/$1" |
    sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p')
  echo "$1: $found, and may have $2"
  awk -v found="$found" -v most="$2" 'BEGIN { exit !(found != "" && found + 0 <= most + 0) }'
}

verify
exposure enrold.service 0.4
exposure enrold-notify.service 1.1
cp "$source/systemd/enrold-network.conf" "$units/enrold.service.d/"
verify
exposure enrold.service 1.1

if grep -h '^Exec' "$source"/systemd/*.service |
  grep -vE '=/usr/bin/(enrold|enrolctl|enrold-notify|php) |=/bin/(sleep|systemctl) '; then
  echo "starts a program that not every system has"
  exit 1
fi
