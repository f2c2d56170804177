#!/usr/bin/env bash
# The package in a bare Debian 12 under a real systemd: installed, started, used, stopped, killed, upgraded,
# removed, purged. Says in TAP what holds. A step takes the system as the one before has left it.
# run.sh BUILD; exit status 77: not root, no debootstrap or network, or no namespaces here.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
. "$here/root.sh"
. "$here/steps.sh"
. "$here/steps_change.sh"

skip() {
  echo "1..0 # SKIP $*"
  exit 77
}
[ "$(id -u)" = 0 ] || skip "needs root"
for program in debootstrap dpkg-shlibdeps fakeroot jq python3 unshare nsenter; do
  command -v $program >/dev/null || skip "$program is not installed"
done
unshare --pid --fork --mount --uts --ipc --net --cgroup true 2>/dev/null || skip "no namespaces here"

place=$(mktemp -d "${TMPDIR:-/tmp}/enrold-systemd-XXXXXX")
chmod 0755 "$place"
root=$place/root spool=$place/root/var/lib/enrold
trap 'root_stop; rm -rf "$place"' EXIT
(cd "$build" && cpack -G DEB -B "$place/packed") >"$place/said" 2>&1 || { cat "$place/said" && exit 1; }
package=$(echo "$place"/packed/*.deb)
root_make || {
  tail -n 3 "$root.log"
  skip "debootstrap cannot make a Debian here"
}

count=0
step() { # SENTENCE FUNCTION...
  local sentence=$1 status
  shift
  count=$((count + 1))
  (set -e; "$@") >"$place/said" 2>&1 </dev/null
  status=$?
  [ $status -ne 77 ] || skip "$(tail -n 1 "$place/said")"
  if [ $status -eq 0 ]; then
    echo "ok $count - $sentence"
    return
  fi
  echo "not ok $count - $sentence"
  sed 's/^/# /' "$place/said"
  [ ! -s "$root.pid" ] || root_in journalctl --no-pager -n 40 | sed 's/^/# /'
  exit 1
}

step "apt installs the package where no systemd runs" installed_in_chroot
step "it is enabled, its user and folders are there, and nobody else's may look" enabled_with_user_and_folders
step "booted without settings it waits for them, and nothing has failed" waits_for_settings
step "enrolctl as root makes a site that is the daemon's" site_is_the_daemons
step "empty settings end it with 78, once, and say why" half_written_settings_fail_once
step "whole settings, moved into their place, start it by themselves" starts_when_settings_come
step "stopped it stays stopped, whoever edits the settings" stays_stopped
step "it starts at boot, and what looked for settings does not" starts_at_boot
[ ! -e "$build/enrold-notify" ] ||
  step "enrold-notify runs beside it, and works off what the daemon queues" notify_runs_beside_it
step "two groups drop into two feeds, read their own answers and no others" two_feeds_are_answered
step "what somebody orders is on record with his name" orders_have_a_name
step "the journal has fields, a MESSAGE_ID of the manual and a priority" journal_has_fields
step "reload takes good settings" reload_takes_good_settings
step "reload of bad ones fails, says why, and the old stay in force" reload_refuses_bad_settings
step "who may look over the socket sees the status, and steers nothing" looks_and_steers_nothing
step "a credential signs checkpoints, a command gets them, nobody else can read it" credential_signs
step "who dropped a file cannot release it by becoming root" not_released_by_who_dropped
step "a server over TCP is reached with the drop-in, and not without it" network_by_drop_in
step "stopped in the middle of a file it goes on behind what it had done" stopped_in_the_middle
step "killed in the middle of a file it comes again and goes on" killed_in_the_middle
step "frozen it is ended by its watchdog, comes again and answers" watchdog_bites
step "settings that cannot be end it with 78, and it is not started again" not_restarted_after_78
step "nobody has touched what was answered" verify_holds
step "an upgrade of the package keeps the settings and restarts what runs" upgraded_from_older_package
step "an upgrade starts nothing that somebody has stopped or disabled" upgrade_leaves_stopped
step "removing stops it and leaves settings and spool" removed
step "installed again it runs again, with the settings that it had" installed_again
step "purging leaves the spool, its user and groups, and nothing else" purged
step "0.1, installed by hand, is upgraded: the package says what goes before it" upgraded_from_by_hand
step "purged again, by name of the package alone, the record is still there" purged_again
echo "1..$count"
