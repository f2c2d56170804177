#!/usr/bin/env bash
# Runs a command while a server of its own runs, on a socket in a directory of its own:
#
#     with_server.sh postgresql|mariadb COMMAND...
#
# $ENROLD_TEST_POSTGRESQL is the directory of another PostgreSQL's programs than Debian's.
# The command finds it by $ENROLD_TEST_URL (with %s for the database) and $ENROLD_TEST_DIRECTORY. It may
# stop it and start it again: $ENROLD_TEST_DIRECTORY/../stop and /../start.
# With $ENROLD_TEST_TLS=1 it also listens on the ports $ENROLD_TEST_PORT of 127.0.0.1 and 127.0.0.2, by
# TLS if asked, and writes down in $ENROLD_TEST_CONNECTIONS who has been let in or sent away. In
# $ENROLD_TEST_TLS are ca.pem, whose certificate for localhost and 127.0.0.1 the server has, and other-ca.pem.
# Ends with the command's status, with 77 (skipped) where the server's package is not installed.
set -euo pipefail
# shellcheck source=tests/engine/servers.sh
. "$(dirname "$0")/servers.sh"
engine=$1
shift
servers_directory "$([ "$engine" = postgresql ] && echo postgres || echo mysql)"

finish() {
  if [ -x "$directory/stop" ]; then "$directory/stop"; fi
  rm -rf "$directory"
}
trap finish EXIT

# openssl says much, and only once that matters.
certificate() { # NAME SUBJECT OPTION...
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout "$tls/$1.key" \
    -out "$tls/$1.pem" -subj "/CN=$2" "${@:3}" >>"$tls/openssl.log" 2>&1 || { cat "$tls/openssl.log"; exit 1; }
}

tls=
if [ "${ENROLD_TEST_TLS:-}" = 1 ]; then
  command -v openssl >/dev/null || { echo "skipped: openssl is not installed"; exit 77; }
  tls=$directory/tls
  mkdir -m 0755 "$tls"
  certificate ca "A test's CA"
  certificate other-ca "Another CA"
  certificate server localhost -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -addext basicConstraints=critical,CA:FALSE \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1
  [ ${#as_user[@]} = 0 ] || chown "$user" "$tls" "$tls/server.key"
  export ENROLD_TEST_TLS=$tls ENROLD_TEST_PORT
  ENROLD_TEST_PORT=$(ports_find 1)
fi

case $engine in
postgresql)
  bin=${ENROLD_TEST_POSTGRESQL:-$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1 || true)}
  [ -x "$bin/initdb" ] || { echo "skipped: PostgreSQL is not installed"; exit 77; }
  (cd / && "${as_user[@]}" "$bin/initdb" -D "$directory/data" -U admin -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$directory/init.log" 2>&1) ||
    { cat "$directory/init.log"; exit 1; }
  stop_signal=INT
  # shellcheck disable=SC2206  # words on purpose
  command=("${as_user[@]}" "$bin/postgres" -D "$directory/data" -k "$directory" -c listen_addresses= -c max_connections=200
    -c fsync="${ENROLD_TEST_FSYNC:-off}" ${ENROLD_TEST_SERVER_OPTIONS:-})
  socket=$directory/.s.PGSQL.5432
  if [ "$tls" ]; then
    export PGPORT=$ENROLD_TEST_PORT # of the socket, too
    socket=$directory/.s.PGSQL.$PGPORT
    printf '%s\n' 'local all all trust' 'hostssl all all 127.0.0.0/8 scram-sha-256' >"$directory/data/pg_hba.conf"
    command+=(-p "$PGPORT" -c listen_addresses=127.0.0.1,127.0.0.2 -c ssl=on -c ssl_cert_file="$tls/server.pem"
      -c ssl_key_file="$tls/server.key" -c log_connections=on)
    export ENROLD_TEST_CONNECTIONS=$directory/log
  fi
  ready() { pg_isready -q -h "$directory"; }
  export ENROLD_TEST_CLIENT="psql -X -q -v ON_ERROR_STOP=1 -h $directory -U admin -d"
  export ENROLD_TEST_URL="postgresql://admin@/%s?host=$directory"
  export ENROLD_TEST_SOCKET=$socket ENROLD_TEST_DAEMON_URL_PATTERN="postgresql://admin@/%s?host="
  ;;
mariadb)
  command -v mariadbd >/dev/null || { echo "skipped: MariaDB is not installed"; exit 77; }
  # A folder for temporary tables of its own: a server that starts clears away those of all others.
  mkdir -m 0777 "$directory/tmp"
  "${as_user[@]}" mariadb-install-db --no-defaults --datadir="$directory/data" --tmpdir="$directory/tmp" --auth-root-authentication-method=normal \
    --skip-test-db >"$directory/init.log" 2>&1 || { cat "$directory/init.log"; exit 1; }
  flush=$([ "${ENROLD_TEST_FSYNC:-off}" = on ] && echo "--innodb-flush-log-at-trx-commit=1" || echo "--innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync")
  stop_signal=TERM
  # shellcheck disable=SC2206  # words on purpose
  command=("${as_user[@]}" mariadbd --no-defaults --datadir="$directory/data" --socket="$directory/socket" --skip-name-resolve
    --tmpdir="$directory/tmp" --pid-file="$directory/server.pid" --max-connections=200 $flush ${ENROLD_TEST_SERVER_OPTIONS:-})
  if [ "$tls" ]; then
    command+=(--bind-address=127.0.0.1,127.0.0.2 --port="$ENROLD_TEST_PORT" --ssl-ca="$tls/ca.pem" --ssl-cert="$tls/server.pem"
      --ssl-key="$tls/server.key" --general-log --general-log-file="$tls/connections")
    export ENROLD_TEST_CONNECTIONS=$tls/connections
  else
    command+=(--skip-networking)
  fi
  ready() { mariadb-admin --no-defaults --socket="$directory/socket" -u root ping >/dev/null 2>&1; }
  export ENROLD_TEST_CLIENT="mariadb --no-defaults --socket=$directory/socket -u root"
  export ENROLD_TEST_URL="mariadb://root@localhost/%s?socket=$directory/socket"
  export ENROLD_TEST_SOCKET=$directory/socket ENROLD_TEST_DAEMON_URL_PATTERN="mariadb://root@localhost/%s?socket="
  ;;
esac

server_scripts "$directory" "$stop_signal" "${command[@]}"
"$directory/start"
await "$directory" ready
export ENROLD_TEST_DIRECTORY=$directory/slots
status=0
"$@" || status=$?
exit "$status"
