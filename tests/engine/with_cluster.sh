#!/usr/bin/env bash
# Runs a command while several servers that are one run, each on a socket and a port of 127.0.0.1:
#
#     with_cluster.sh galera|pair COMMAND...
#
# galera: MariaDB's, three nodes, each of which takes writes. pair: a PostgreSQL server and its standby.
# The command finds the first server by $ENROLD_TEST_URL and the rest as with_server.sh says; the sockets
# of all are in $ENROLD_TEST_SOCKETS, their ports in $ENROLD_TEST_PORTS. Server N (1 is the first) is
# stopped, started and killed by $ENROLD_TEST_DIRECTORY/../N/stop, start and kill. The pair is synchronous;
# ../failover kills the first and makes the standby take writes, and the URL names both.
# Ends with the command's status, with 77 (skipped) where a package is not installed.
set -euo pipefail
# shellcheck source=tests/engine/servers.sh
. "$(dirname "$0")/servers.sh"
kind=$1
shift
directory=

finish() {
  if [ -z "$directory" ]; then return; fi
  for place in "$directory"/[0-9]; do
    if [ -x "$place/kill" ]; then "$place/kill"; fi
  done
  rm -rf "$directory"
}
trap finish EXIT

make_place() { # N
  mkdir -m 0777 "$directory/$1" "$directory/$1/tmp"
  [ ${#as_user[@]} = 0 ] || chown "$user" "$directory/$1" "$directory/$1/tmp"
}

# What MariaDB calls to send all data to a node that joins: nothing is sent, for all begin with the same. Its
# own scripts would take rsync and the whole of mariadb-server.
galera_transfer() {
  mkdir "$directory/bin"
  cat >"$directory/bin/wsrep_sst_same" <<SCRIPT
#!/bin/sh
while [ \$# -gt 0 ]; do
  case \$1 in
  --role) role=\$2 ;;
  --address) address=\$2 ;;
  --gtid) position=\$2 ;;
  --mysqld-args) break ;;
  esac
  shift
done
sent=$directory/slots/sent-\${address##*:}
if [ "\$role" = donor ]; then
  echo "\$position" >"\$sent.part"
  mv "\$sent.part" "\$sent"
  echo "done \$position"
else
  echo "ready \$address"
  until [ -e "\$sent" ]; do sleep 0.05; done
  cat "\$sent"
  rm "\$sent"
fi
SCRIPT
  chmod 0755 "$directory/bin" "$directory/bin/wsrep_sst_same"
  export PATH=$directory/bin:$PATH
}

galera_scripts() { # N
  local place=$directory/$1 group=$((port + 10 * $1)) first=
  if [ "$1" = 1 ]; then first=--wsrep-new-cluster; fi
  # shellcheck disable=SC2206  # words on purpose
  local options=(--no-defaults --datadir="$place/data" --tmpdir="$place/tmp" --socket="$place/socket" --pid-file="$place/server.pid"
    --port=$((port + $1)) --bind-address=127.0.0.1 --skip-name-resolve --max-connections=200
    --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync --binlog-format=ROW --innodb-autoinc-lock-mode=2
    --wsrep-on=ON --wsrep-provider="$provider" --wsrep-cluster-name=enrold --wsrep-node-name="n$1"
    --wsrep-node-address=127.0.0.1:$group --wsrep-sst-method=same --wsrep-sst-receive-address=127.0.0.1:$((group + 2)) --wsrep-slave-threads=2
    --wsrep-cluster-address="gcomm://127.0.0.1:$((port + 10)),127.0.0.1:$((port + 20)),127.0.0.1:$((port + 30))"
    --wsrep-provider-options="gmcast.listen_addr=tcp://127.0.0.1:$group;ist.recv_addr=127.0.0.1:$((group + 1));gcache.size=64M"
    $first ${ENROLD_TEST_SERVER_OPTIONS:-})
  server_scripts "$place" TERM "${as_user[@]}" mariadbd "${options[@]}"
}

galera_is_ready() { # N
  [ "$(mariadb --no-defaults -N -S "$directory/$1/socket" -u root -e "SHOW STATUS LIKE 'wsrep_ready'" 2>/dev/null | cut -f 2)" = ON ]
}

case $kind in
galera)
  provider=/usr/lib/galera/libgalera_smm.so
  command -v mariadbd >/dev/null || { echo "skipped: MariaDB is not installed"; exit 77; }
  [ -f "$provider" ] || { echo "skipped: galera-4 is not installed"; exit 77; }
  servers_directory mysql
  port=$(ports_find 40)
  galera_transfer
  for node in 1 2 3; do
    make_place $node
    galera_scripts $node
  done
  "${as_user[@]}" mariadb-install-db --no-defaults --datadir="$directory/1/data" --tmpdir="$directory/1/tmp" \
    --auth-root-authentication-method=normal --skip-test-db >"$directory/init.log" 2>&1 || { cat "$directory/init.log"; exit 1; }
  # A cluster of one, so that its data know where in the cluster's history they stand.
  "$directory/1/start"
  await "$directory/1" galera_is_ready 1
  "$directory/1/stop"
  for node in 2 3; do cp -a "$directory/1/data" "$directory/$node/"; done
  for node in 1 2 3; do
    "$directory/$node/start"
    await "$directory/$node" galera_is_ready $node
  done
  export ENROLD_TEST_SOCKETS="$directory/1/socket $directory/2/socket $directory/3/socket"
  export ENROLD_TEST_PORTS="$((port + 1)) $((port + 2)) $((port + 3))"
  export ENROLD_TEST_CLIENT="mariadb --no-defaults --socket=$directory/1/socket -u root"
  export ENROLD_TEST_URL="mariadb://root@localhost/%s?socket=$directory/1/socket"
  export ENROLD_TEST_SOCKET=$directory/1/socket ENROLD_TEST_DAEMON_URL_PATTERN="mariadb://root@localhost/%s?socket="
  ;;
pair)
  bin=${ENROLD_TEST_POSTGRESQL:-$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1 || true)}
  [ -x "$bin/initdb" ] || { echo "skipped: PostgreSQL is not installed"; exit 77; }
  servers_directory postgres
  port=$(ports_find 2)
  make_place 1
  make_place 2
  for node in 1 2; do
    server_scripts "$directory/$node" INT "${as_user[@]}" "$bin/postgres" -D "$directory/$node/data" -k "$directory" \
      -p $((port + node - 1)) -c listen_addresses= -c max_connections=200 -c fsync=off -c hot_standby=on
    sed -i 's/kill -KILL/kill -QUIT/' "$directory/$node/kill"
  done
  (cd / && "${as_user[@]}" "$bin/initdb" -D "$directory/1/data" -U admin -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
    >"$directory/init.log" 2>&1) || { cat "$directory/init.log"; exit 1; }
  "$directory/1/start"
  await "$directory/1" pg_isready -q -h "$directory" -p "$port"
  (cd / && "${as_user[@]}" "$bin/pg_basebackup" -h "$directory" -p "$port" -U admin -D "$directory/2/data" -R -X stream \
    -c fast --no-sync)
  "$directory/2/start"
  await "$directory/2" pg_isready -q -h "$directory" -p $((port + 1))
  export ENROLD_TEST_CLIENT="psql -X -q -v ON_ERROR_STOP=1 -h $directory -p $port -U admin -d"
  for setting in "synchronous_commit = remote_apply" "synchronous_standby_names = '*'"; do
    $ENROLD_TEST_CLIENT postgres -c "ALTER SYSTEM SET $setting"
  done
  $ENROLD_TEST_CLIENT postgres -c "SELECT pg_reload_conf()" >/dev/null
  cat >"$directory/failover" <<SCRIPT
#!/bin/sh
"$directory/1/kill"
cd /
# One that has only just been started is no standby yet.
until ${as_user[*]@Q} "$bin/pg_ctl" -D "$directory/2/data" promote -w >/dev/null 2>&1; do
  kill -0 "\$(cat "$directory/2/pid")" || exit 1
  sleep 0.2
done
SCRIPT
  chmod +x "$directory/failover"
  export ENROLD_TEST_PORTS="$port $((port + 1))"
  export ENROLD_TEST_URL="postgresql://admin@/%s?host=$directory,$directory&port=$port,$((port + 1))"
  ;;
esac
export ENROLD_TEST_DIRECTORY=$directory/slots
status=0
"$@" || status=$?
exit "$status"
