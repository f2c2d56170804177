# What with_server.sh and with_cluster.sh have in common. Sourced.

# A directory of the tests' own, and in ${as_user[@]} what a command begins with that runs there as somebody
# else: a server does not run as root.
servers_directory() { # postgres|mysql
  directory=$(mktemp -d "${TMPDIR:-/tmp}/enrold-server-XXXXXX")
  chmod 0755 "$directory"
  mkdir -m 0777 "$directory/slots"
  as_user=()
  if [ "$(id -u)" = 0 ]; then
    user=$1
    getent passwd "$user" >/dev/null || user=nobody
    chown "$user" "$directory"
    as_user=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
  fi
}

# So many ports in a row, by the first, of which nobody listens on any; none of those that the kernel
# gives out by itself.
ports_find() { # COUNT
  local port next
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 10000))
    for next in $(seq "$port" $((port + $1 - 1))); do
      if (exec 3<>"/dev/tcp/127.0.0.1/$next") 2>/dev/null; then continue 2; fi
    done
    echo "$port"
    return
  done
  return 1
}

# Until a command succeeds, for as long as the server runs; one that runs and never answers is for
# tests/support/patience.c to end: who asks seldom does not look as if he were at work.
await() { # PLACE COMMAND...
  local place=$1 pause=0.05
  shift
  until "$@"; do
    kill -0 "$(cat "$place/pid")" 2>/dev/null || { tail -n 30 "$place/log" && exit 1; }
    sleep $pause
    case $pause in 0.05) pause=0.1 ;; 0.1) pause=0.2 ;; 0.2) pause=0.4 ;; 0.4) pause=0.8 ;; *) pause=2 ;; esac
  done
}

# Scripts PLACE/start and PLACE/stop of a server: what it is started by, and how it is told to stop.
# PLACE/kill leaves it no time.
server_scripts() { # PLACE SIGNAL COMMAND...
  local place=$1 signal=$2
  shift 2
  cat >"$place/start" <<SCRIPT
#!/bin/sh
cd / && setsid ${*@Q} >>"$place/log" 2>&1 </dev/null &
echo \$! >"$place/pid"
SCRIPT
  cat >"$place/stop" <<SCRIPT
#!/bin/sh
pid=\$(cat "$place/pid" 2>/dev/null) || exit 0
kill -$signal "\$pid" 2>/dev/null
while kill -0 "\$pid" 2>/dev/null; do sleep 0.05; done
SCRIPT
  sed "s/kill -$signal/kill -KILL/" "$place/stop" >"$place/kill"
  chmod +x "$place/start" "$place/stop" "$place/kill"
}
