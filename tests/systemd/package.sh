#!/usr/bin/env bash
# `cmake --install` with DESTDIR puts exactly the files of tests/data/installed_files.txt where they belong,
# and the Debian package has the same; lintian finds neither errors nor warnings in it, whatever the umask.
# package.sh SOURCE BUILD PACKAGE; exit status 77: no lintian.
set -euo pipefail
source=$1 build=$2 package=$3
command -v lintian >/dev/null || { echo "there is no lintian" && exit 77; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# What this build or this source does not have is not missed.
[ -e "$build/enrold-notify" ] || absent='enrold-notify'
[ -e "$source/etc/sshd/enrold-sftp.conf" ] || absent="${absent:+$absent|}enrold-sftp"
grep -vE "${absent:-^\$}" "$source/tests/data/installed_files.txt" >"$place/wanted"

DESTDIR=$place/installed cmake --install "$build" --prefix /usr >/dev/null
find "$place/installed" ! -type d -printf '/%P\n' | LC_ALL=C sort >"$place/has"
diff "$place/wanted" "$place/has"

(cd "$build" && umask 077 && cpack -G DEB >/dev/null)
dpkg-deb --fsys-tarfile "$package" | tar -t | sed -n 's,^\./\(.*[^/]\)$,/\1,p' | LC_ALL=C sort >"$place/has"
diff "$place/wanted" "$place/has"
dpkg-deb --fsys-tarfile "$package" | tar -tv >"$place/modes"
if grep -vE '^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--) root/root ' "$place/modes"; then exit 1; fi
[ "$(grep -c '^-rwx' "$place/modes")" = "$(grep -cE '/bin/|\.sh$' "$place/wanted")" ]

# enrold-notify is wanted by the daemon, which makes it start with the first settings, not by a target.
lintian --allow-root --fail-on error,warning \
  --suppress-tags systemd-service-file-refers-to-unusual-wantedby-target "$package"
