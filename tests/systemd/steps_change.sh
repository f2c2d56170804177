# What run.sh does to a system that works: ends the daemon in the middle, and changes the package under it.
# shellcheck shell=bash disable=SC2154  # package, place, root and spool are run.sh's

# ---- ended in the middle ----

big_file() { # FIRST-COURSE NEXT-COURSE: 2000 people in each
  python3 -c 'import sys
print("username,course1")
for c in range(int(sys.argv[1]), int(sys.argv[2])):
    for i in range(2000): print(f"p{i},C{c}")' "$1" "$2"
}

# Its result has grown, and its answer is not out.
is_under_way() {
  [ -n "$(find "$spool/work" -type f -name '*result*' -size +100k -print -quit)" ]
}

is_in_the_middle() { # NAME
  [ -n "$(ls "$spool"/work/*/)" ]
  ! is_answered hr "$1"
}

# Each row answered once, each enrolment made once, the file kept as it was dropped.
big_file_is_done() { # NAME
  local rows
  await is_answered hr "$1"
  rows=$(($(wc -l <"$root/srv/$1") - 1))
  jq -e --argjson rows "$rows" '.status == "done" and .rows == $rows' "$spool/outbox/hr/${1%.csv}".*.summary.json
  [ "$(tail -n +2 "$spool/outbox/hr/${1%.csv}".*.result.csv | cut -d, -f1 | sort -u | wc -l)" = "$rows" ]
  cmp "$root/srv/$1" "$(find "$spool/archive" -name "${1%.csv}.*")"
}

stopped_in_the_middle() {
  big_file 0 30 | drop anne hr big-stop.csv
  await is_under_way
  root_in systemctl stop enrold
  is_unit Result success
  is_in_the_middle big-stop.csv
  root_in systemctl start enrold
  big_file_is_done big-stop.csv
  [ "$(query "SELECT count(DISTINCT userid) FROM mdl_user_enrolments")" = 2000 ]
  [ "$(query "SELECT count(*) FROM mdl_user_enrolments")" = 60000 ]
}

killed_in_the_middle() {
  local restarts
  restarts=$(unit NRestarts)
  big_file 30 60 | drop anne hr big-kill.csv
  await is_under_way
  root_in systemctl kill --signal KILL enrold
  is_in_the_middle big-kill.csv
  await is_unit_now NRestarts $((restarts + 1))
  big_file_is_done big-kill.csv
  [ "$(query "SELECT count(*) FROM mdl_user_enrolments")" = 120000 ]
}

watchdog_bites() {
  local restarts
  mkdir -p "$root/etc/systemd/system/enrold.service.d"
  printf '[Service]\nWatchdogSec=3s\nRestartSec=100ms\n' >"$root/etc/systemd/system/enrold.service.d/test.conf"
  root_in systemctl daemon-reload
  root_in systemctl restart enrold
  restarts=$(unit NRestarts)
  root_in systemctl kill --signal STOP enrold
  printf 'username,course1\np6,C1\n' | drop anne hr frozen.csv
  await is_unit_now NRestarts $((restarts + 1))
  root_in journalctl -q -o cat -u enrold | grep -F 'Watchdog timeout'
  await is_answered hr frozen.csv
}

not_restarted_after_78() {
  local restarts
  cp "$root$settings" "$place/good.yaml"
  echo 'spool: [' >"$root$settings"
  restarts=$(unit NRestarts)
  refused root_in systemctl restart enrold
  is_unit ActiveState failed
  is_unit ExecMainStatus 78
  [ "$(unit NRestarts)" -le "$restarts" ]
  cp "$place/good.yaml" "$root$settings"
  root_in systemctl start enrold
}

verify_holds() {
  root_in enrolctl verify
  "$here/../../etc/verify.sh" "$spool"
}

# ---- the package ----

# The same package under an older version.
older_package() { # OUT
  dpkg-deb -R "$package" "$place/older"
  sed -i 's/^Version: .*/Version: 0.2.0~old/' "$place/older/DEBIAN/control"
  echo '# as it was' >>"$place/older/etc/enrold/enrold-minimal.yaml.example"
  dpkg-deb --root-owner-group -b "$place/older" "$1"
  rm -rf "$place/older"
}

upgraded_from_older_package() {
  local before
  older_package "$root/root/older.deb"
  root_in dpkg -i --force-downgrade /root/older.deb
  before=$(unit MainPID)
  cp "$root$settings" "$place/good.yaml"
  root_in dpkg -i /root/enrold.deb
  [ "$(root_in dpkg-query -W -f '${Version}' enrold)" = "$(dpkg-deb -f "$package" Version)" ]
  is_unit ActiveState active
  [ "$(unit MainPID)" != "$before" ]
  cmp "$root$settings" "$place/good.yaml"
  refused grep 'as it was' "$root/etc/enrold/enrold-minimal.yaml.example"
}

upgrade_leaves_stopped() {
  root_in systemctl stop enrold
  root_in systemctl disable enrold
  root_in dpkg -i --force-downgrade /root/older.deb
  root_in dpkg -i /root/enrold.deb
  is_unit ActiveState inactive
  refused root_in systemctl is-enabled enrold.service
  refused root_in systemctl is-enabled enrold.path
  root_in systemctl enable --now enrold
  is_unit ActiveState active
}

removed() {
  root_in apt-get -qq remove -y enrold
  [ -z "$(root_in pgrep -x enrold)" ]
  [ -e "$root$settings" ]
  [ -e "$spool/lms.db" ]
  [ ! -e "$root/usr/bin/enrold" ]
  [ -z "$(root_in systemctl --failed --no-legend)" ]
}

installed_again() {
  root_in dpkg -i /root/enrold.deb
  is_unit ActiveState active
  cmp "$root$settings" "$place/good.yaml"
  [ ! -e "$root/run/enrold-installed" ]
}

spool_list() { find "$spool" ! -name '*.db-*' -printf '%P %M %u:%g\n' | sort; }

# What is there now and was not before the installation; useradd keeps copies of what it changes.
left_over() {
  root_in find / -xdev | sort | comm -13 "$place/before" - |
    grep -vE '^/(proc|sys|dev|run|tmp|srv|root|var/(tmp|cache|log)|var/lib/(enrold|dpkg|apt|systemd))(/|$)' |
    grep -vE '^/etc/sub[gu]id-$' || true
}

purged() {
  local said
  spool_list >"$place/spool"
  said=$(root_in apt-get -qq purge -y enrold)
  grep -F 'rm -r /var/lib/enrold' <<<"$said"
  spool_list | diff "$place/spool" -
  root_in getent passwd enrold
  root_in getent group enrold-drop
  rm -f "$root"/etc/sysusers.d/enrold-{hr,lab}.conf "$root"/etc/tmpfiles.d/enrold-{hr,lab}.conf
  rmdir "$root/etc/sysusers.d"
  left_over | tee "$place/left"
  [ ! -s "$place/left" ]
  [ -z "$(root_in find /etc /usr /run /var/lib/systemd /var/lib/dpkg/info -name '*enrold*')" ]
}

# ---- 0.1 ----

# Its tables: a database that 0.1 has made has these, and no others of ours.
tables_of_0_1() {
  python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
kept = {"enrold_run": "run state feed name node sha256 bytes policy started_us today records result_bytes "
        "retry_bytes counts summary summary_sha256 result_sha256 retry_sha256",
        "enrold_head": "id head run", "enrold_lock": "id", "enrold_node": "node slot token beat",
        "enrold_feed": "feed node", "enrold_version": "version"}
tables = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = \"table\"")]
for table in [name for name in tables if name.startswith("enrold_")]:
    if table not in kept:
        db.execute(f"DROP TABLE {table}")
        continue
    for column in [row[1] for row in db.execute(f"PRAGMA table_info({table})")]:
        if column not in kept[table].split():
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
db.execute("UPDATE enrold_version SET version = 1")
db.commit()' "$spool/lms.db"
}

by_hand_install() {
  dpkg-deb -x "$package" "$place/by-hand"
  cp "$place/by-hand/usr/bin/enrold" "$place/by-hand/usr/bin/enrolctl" "$root/usr/local/bin/"
  rm -rf "$place/by-hand"
  mkdir -p "$root/etc/enrold"
  cp "$place/good.yaml" "$root$settings"
  cat >"$root/etc/systemd/system/enrold.service" <<'END'
[Service]
Type=notify
ExecStart=/usr/local/bin/enrold --config /etc/enrold/enrold.yaml
Restart=on-failure
RestartPreventExitStatus=78
User=enrold
StateDirectory=enrold
RuntimeDirectory=enrold
[Install]
WantedBy=multi-user.target
END
  sed -i '/^checkpoints/d' "$root$settings"
  root_in systemctl daemon-reload
  root_in systemctl enable --now enrold
}

upgraded_from_by_hand() {
  local said advice
  by_hand_install
  is_unit ActiveState active
  root_in systemctl stop enrold
  tables_of_0_1
  said=$(root_in dpkg -i /root/enrold.deb 2>&1)
  echo "$said"
  # What it says is what helps.
  advice=$(sed -n 's/^  \(rm .*\)/\1/p' <<<"$said")
  root_in sh -c "$advice"
  is_unit ActiveState active
  is_unit FragmentPath /lib/systemd/system/enrold.service
  printf 'username,course1\np7,C1\n' | drop anne hr after.csv
  await is_answered hr after.csv
  root_in systemctl is-enabled enrold.service enrold.path
}

purged_again() {
  root_in dpkg --purge enrold
  is_answered hr after.csv
  [ -e "$spool/lms.db" ]
  [ ! -e "$root/etc/enrold" ]
}
