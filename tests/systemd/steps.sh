# What run.sh asks of a system on which the package has been installed: started, used, reloaded, ended.
# Every function is a step; it fails with the first command that does, and what it prints is shown then.
# shellcheck shell=bash disable=SC2154  # package, place, root and spool are run.sh's

settings=/etc/enrold/enrold.yaml

# Waits for what will be so. A machine may be slow: two minutes are meant for never.
await() {
  local until=$((SECONDS + 120))
  until "$@"; do
    [ $SECONDS -lt $until ] || { echo "this never came true: $*" && return 1; }
    sleep 0.1
  done
}

# `!` alone would be no reason for a step to fail.
refused() { # COMMAND...
  if "$@"; then
    echo "this was not refused: $*"
    return 1
  fi
}

unit() { # PROPERTY [UNIT]
  root_in systemctl show --property "$1" --value "${2:-enrold.service}"
}

is_unit() { # PROPERTY VALUE [UNIT]
  [ "$(unit "$1" "${3:-}")" = "$2" ] || { echo "$1 is '$(unit "$1" "${3:-}")', not '$2'" && return 1; }
}

is_unit_now() { is_unit "$@" >/dev/null; }

as() { # USER COMMAND...
  local user=$1
  shift
  root_in runuser -u "$user" -- "$@"
}

journal() { root_in journalctl --no-pager --quiet --unit enrold.service "$@"; }

journal_has() { # TEXT [JOURNALCTL-OPTION...]
  local text=$1
  shift
  journal --output cat "$@" | grep -qF -- "$text"
}

settings_write() { # the feeds and what else there is, from standard input
  cat "$root/etc/enrold/enrold-minimal.yaml.example" - >"$root$settings.new"
  root_in mv "$settings.new" "$settings"
}

settings_two_feeds() {
  settings_write <<'END'
feeds:
  hr: { after_run: [/bin/sh, -c, 'echo "after $ENROLD_STATUS"'] }
  lab: {}
END
}

# Root, behind a sudo of that user.
logged_in_as() { # USER COMMAND...
  local id
  id=$(root_in id -u "$1")
  shift
  # shellcheck disable=SC2016  # the inner shell's own
  root_in sh -c 'echo "$0" >/proc/self/loginuid; exec "$@"' "$id" "$@"
}

drop() { # USER FEED NAME, from standard input: whole, by a rename
  cat >"$root/srv/$3"
  as "$1" sh -c 'cd "$1" && cp "/srv/$2" ".$2" && mv ".$2" "$2"' - "/var/lib/enrold/inbox/$2" "$3"
}

is_answered() { # FEED NAME
  compgen -G "$spool/outbox/$1/${2%.csv}.*.summary.json" >/dev/null
}

query() { # SQL
  python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1], timeout=60).execute(sys.argv[2]).fetchone()[0])' "$spool/lms.db" "$1"
}

# ---- installed ----

installed_in_chroot() {
  cp "$package" "$root/root/enrold.deb"
  root_chroot apt-get -qq update || { echo "no network" && exit 77; }
  # What it needs comes first, so that it can be told from what the package itself brings.
  root_chroot apt-get -qq satisfy -y "$(dpkg-deb -f "$package" Depends)"
  root_chroot find / -xdev | sort >"$place/before"
  root_chroot apt-get -qq install -y /root/enrold.deb
  root_chroot dpkg --audit
  [ -z "$(root_chroot dpkg --verify enrold)" ]
}

enabled_with_user_and_folders() {
  local name
  for name in enrold.service enrold.path; do
    [ "$(root_chroot systemctl is-enabled $name)" = enabled ]
  done
  root_chroot getent passwd enrold | grep ':/var/lib/enrold:/usr/sbin/nologin$'
  root_chroot getent group enrold-drop | grep ':enrold$'
  diff <(root_chroot stat -c '%A %U:%G %n' /etc/enrold /etc/credstore /var/lib/enrold /var/lib/enrold/inbox) - <<'END'
drwxr-x--- root:enrold /etc/enrold
drwx------ root:root /etc/credstore
drwxr-x--x enrold:enrold /var/lib/enrold
drwxrws--T enrold:enrold-drop /var/lib/enrold/inbox
END
  [ -e "$root/etc/enrold/enrold.yaml.example" ]
  [ ! -e "$root$settings" ]
}

# ---- started ----

waits_for_settings() {
  root_boot || { tail -n 5 "$root.console" && exit 77; }
  [ -z "$(root_in systemctl --failed --no-legend)" ]
  is_unit ActiveState inactive
  is_unit SubState waiting enrold.path
}

site_is_the_daemons() {
  local names
  root_in enrolctl --config /etc/enrold/enrold-minimal.yaml.example lms init
  python3 -c 'print("shortname,fullname,category")
for i in range(60): print(f"C{i},Course {i},SCIENCE")' >"$root/srv/courses.csv"
  python3 -c 'print("username,firstname,lastname,email")
for i in range(2000): print(f"p{i},P{i},P,p{i}@example.org")' >"$root/srv/people.csv"
  for names in courses people; do
    root_in enrolctl --config /etc/enrold/enrold-minimal.yaml.example lms \
      add-${names/people/users} /srv/$names.csv
  done
  [ "$(root_in find /var/lib/enrold ! -user enrold)" = "" ]
}

half_written_settings_fail_once() {
  : >"$root$settings"
  await is_unit_now ActiveState failed
  is_unit ExecMainStatus 78
  is_unit NRestarts 0
  journal_has "the configuration is empty"
  await is_unit_now SubState waiting enrold.path
}

starts_when_settings_come() {
  settings_two_feeds
  await is_unit_now ActiveState active
  is_unit SubState running
}

# A path unit of the same kind, made for this, says when the edit has been seen.
stays_stopped() {
  root_in systemctl stop enrold
  root_in systemd-run --quiet --unit witness --path-property PathChanged=$settings \
    --remain-after-exit /bin/true
  settings_two_feeds
  await is_unit_now ActiveState active witness.service
  root_in systemctl stop witness.path witness.service
  [ -z "$(root_in systemctl list-jobs --no-legend)" ]
  is_unit ActiveState inactive
}

starts_at_boot() {
  root_stop
  root_boot
  await is_unit_now ActiveState active
  is_unit ActiveState inactive enrold.path
  [ -z "$(root_in systemctl --failed --no-legend)" ]
}

notify_runs_beside_it() {
  await is_unit_now ActiveState active enrold-notify.service
  [ "$(root_in find /var/lib/enrold/notify -maxdepth 0 -printf '%u %m')" = "enrold 700" ]
  root_in systemctl is-enabled enrold-notify.service
}

# ---- used ----

# As the comments in /usr/lib/tmpfiles.d/enrold.conf say.
groups_make() { # FEED USER
  printf 'g %s -\nm enrold %s\n' "$1" "$1" >"$root/etc/sysusers.d/enrold-$1.conf"
  printf '%s\n' "d /var/lib/enrold/inbox/$1 3770 enrold $1" "d /var/lib/enrold/inbox/$1/preview 3770 enrold $1" \
    "d /var/lib/enrold/outbox/$1 2750 enrold $1" "a+ /var/lib/enrold/inbox - - - - group:$1:--x" \
    "a+ /var/lib/enrold/outbox - - - - group:$1:--x" >"$root/etc/tmpfiles.d/enrold-$1.conf"
  root_in systemd-sysusers
  root_in systemd-tmpfiles --create
  root_in useradd --groups "$1" "$2"
}

two_feeds_are_answered() {
  root_in systemctl stop enrold
  rm -rf "$spool/inbox/hr" "$spool/inbox/lab" "$spool/outbox/hr" "$spool/outbox/lab"
  mkdir -p "$root/etc/sysusers.d" "$root/etc/tmpfiles.d"
  groups_make hr anne
  groups_make lab ben
  root_in systemctl start enrold
  printf 'username,course1\np1,C1\nnobody,C1\n' | drop anne hr staff.csv
  printf 'username,course1\np2,C1\n' | drop ben lab class.csv
  await is_answered hr staff.csv
  await is_answered lab class.csv
  as anne sh -c 'cat /var/lib/enrold/outbox/hr/staff.*.retry.csv' | grep '^nobody,C1'
  refused as ben sh -c 'cat /var/lib/enrold/outbox/hr/staff.*.result.csv'
  refused as ben cp /srv/staff.csv /var/lib/enrold/inbox/hr/
  await eval 'journal -o json EVENT=after_run_says | grep -q "after done"'
  [ "$(query 'SELECT count(*) FROM mdl_user_enrolments')" = 2 ]
}

orders_have_a_name() {
  root_in usermod --append --groups enrold anne
  as anne enrolctl pause hr --why "a look"
  [ "$(journal -o json EVENT=feed_paused | jq -r '.BY')" = anne ]
  logged_in_as anne enrolctl resume hr
  [ "$(journal -o json EVENT=feed_resumed | jq -r '.BY')" = "root (login anne)" ]
}

journal_has_fields() {
  local ids
  journal -o json EVENT=run_done FEED=hr >"$place/entry"
  jq -e '(.RUN | test("^[0-9]{8}-[0-9]{6}-[0-9]{6}$")) and .FILE == "staff.csv" and .PRIORITY == "6"' \
    "$place/entry"
  ids=$(jq -r .MESSAGE_ID "$place/entry")
  zcat "$root/usr/share/man/man8/enrold.8.gz" | grep "run_done Pq $ids"
  [ "$(root_in journalctl -q -o json MESSAGE_ID="$ids" FEED=lab | jq -r .FILE)" = class.csv ]
}

# ---- reloaded ----

reload_takes_good_settings() {
  settings_write <<'END'
feeds:
  hr: { columns: { Person: username } }
  lab: {}
END
  root_in systemctl reload enrold
  printf 'Person,course1\np3,C1\n' | drop anne hr mapped.csv
  await is_answered hr mapped.csv
  [ "$(query 'SELECT count(*) FROM mdl_user_enrolments')" = 3 ]
}

reload_refuses_bad_settings() {
  cp "$root$settings" "$place/good.yaml"
  settings_write <<'END'
feeds: { hr: { no_such_key: 1 } }
END
  refused root_in systemctl reload enrold
  root_in systemctl status enrold --no-pager --lines 20 | grep no_such_key
  is_unit ActiveState active
  printf 'Person,course1\np4,C1\n' | drop anne hr mapped-still.csv
  await is_answered hr mapped-still.csv
  root_in enrolctl status 2>&1 | grep 'other settings than those on the disk.*no_such_key'
  root_in enrolctl runs | grep mapped-still.csv
  cp "$place/good.yaml" "$root$settings"
  root_in systemctl reload enrold
}

# Who may look over the socket need not be able to read the settings.
looks_and_steers_nothing() {
  root_in groupadd look
  root_in useradd --groups look carl
  settings_write <<'END'
socket_read: look
feeds: { hr: {}, lab: {} }
END
  root_in systemctl restart enrold
  refused as carl cat /etc/enrold/enrold.yaml
  as carl enrolctl status | grep 'running since'
  refused as carl enrolctl pause hr --why curious
  refused as ben enrolctl status
}

credential_signs() {
  settings_write <<'END'
checkpoints: { key: checkpoints.key, every: 1, to: [/usr/bin/logger, -t, witness] }
feeds: { hr: {}, lab: {} }
END
  root_in enrolctl key make /etc/credstore/enrold.checkpoints.key >"$place/public"
  chown 0:0 "$root/etc/credstore/enrold.checkpoints.key"
  root_in systemctl restart enrold
  printf 'username,course1\np5,C1\n' | drop anne hr signed.csv
  await compgen -G "$spool/outbox/checkpoints/*" >/dev/null
  await eval 'root_in journalctl -q -o cat -t witness | grep -q "^enrold/"'
  refused as anne cat /run/credentials/enrold.service/checkpoints.key
  refused as enrold cat /etc/credstore/enrold.checkpoints.key
}

# The unit hides from the daemon who has logged in: two pairs of eyes are two all the same.
not_released_by_who_dropped() {
  local run
  cp "$root$settings" "$place/good.yaml"
  settings_write <<'END'
feeds:
  hr: { review: true, approvers: hr }
  lab: {}
END
  root_in systemctl reload enrold
  printf 'username,course1\np8,C1\n' | drop anne hr eyes.csv
  await is_answered hr eyes.csv
  run=$(basename "$spool"/outbox/hr/eyes.*.summary.json .summary.json)
  run=${run#eyes.}
  refused as anne enrolctl release "$run" --why seen
  refused logged_in_as anne enrolctl release "$run" --why seen
  logged_in_as ben enrolctl release "$run" --why seen
  [ "$(journal -o json EVENT=plan_released | jq -r '.BY')" = "root (login ben)" ]
  await released "$run"
  cp "$place/good.yaml" "$root$settings"
  root_in systemctl reload enrold
}

released() { # RUN
  root_in enrolctl show "$1" | grep -q 'was released'
}

# A server that nobody is behind: what the kernel answers tells whether the unit gets as far as that.
network_by_drop_in() {
  cp "$root$settings" "$place/good.yaml"
  printf 'spool: /var/lib/enrold/tcp\nlms: { url: "postgresql://enrold@127.0.0.1:9/moodle?sslmode=disable" }\n' \
    >"$root$settings"
  root_in systemctl restart --no-block enrold
  await journal_has "Address family not supported"
  refused journal_has "Connection refused"
  root_in install -D -m 0644 /usr/share/enrold/systemd/enrold-network.conf \
    /etc/systemd/system/enrold.service.d/enrold-network.conf
  root_in systemctl daemon-reload
  root_in systemctl restart --no-block enrold
  await journal_has "Connection refused"
  root_in rm /etc/systemd/system/enrold.service.d/enrold-network.conf
  rm -rf "$spool/tcp"
  cp "$place/good.yaml" "$root$settings"
  root_in systemctl daemon-reload
  root_in systemctl restart enrold
}
