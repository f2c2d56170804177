#!/bin/sh
# The units are such as systemd takes them, and start nothing that a bare Debian may lack.
# usage: units.sh SOURCE; exit status 77: there is no systemd-analyze.
set -eu
source=$1
command -v systemd-analyze >/dev/null || exit 77
units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT
# What is not installed here is taken to be there.
for unit in "$source"/systemd/*.service "$source"/systemd/*.path; do
  sed -e 's,^\(Exec[A-Za-z]*\)=/usr/bin/[a-z]*,\1=/bin/true,' "$unit" >"$units/${unit##*/}"
done
said=$(systemd-analyze verify --man=no "$units"/*.service "$units"/*.path 2>&1) || {
  echo "$said"
  exit 1
}
[ -z "$said" ] || { echo "$said" && exit 1; }
if grep -h '^Exec' "$source"/systemd/*.service | grep -vE '=/usr/bin/(enrold|enrolctl|php) |=/bin/sh '; then
  echo "starts a program that not every system has"
  exit 1
fi
