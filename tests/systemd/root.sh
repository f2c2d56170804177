# A bare Debian 12 with a real systemd as process 1, in namespaces of its own: root is needed, and no virtual
# machine. Sourced by run.sh. $root is its file system, and $root.pid holds its process 1.

# As bare as a server is at first; what a package needs it brings itself, through apt.
root_make() {
  local mirror
  mirror=$(awk '/^URIs/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2>/dev/null ||
    awk '/^deb / { print $2; exit }' /etc/apt/sources.list)
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus bookworm "$root" \
    "${mirror:-http://deb.debian.org/debian}" >"$root.log" 2>&1 || return
  mkdir -p "$root/mnt"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  apt-config dump | grep -i 'proxy' >"$root/etc/apt/apt.conf.d/90proxy" || true
  # Nothing is to come by itself while we watch.
  printf 'APT::Sandbox::User "root";\nAPT::Install-Recommends "false";\n' >"$root/etc/apt/apt.conf.d/90test"
}

# A command in it while no systemd runs there, with the machine's network.
root_chroot() {
  unshare --mount --propagation private sh -c '
    root=$1; shift
    mount -t proc proc "$root/proc"; mount -t tmpfs tmpfs "$root/tmp"; mount --bind /dev "$root/dev"
    exec chroot "$root" /usr/bin/env -i DEBIAN_FRONTEND=noninteractive LC_ALL=C \
      PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' _ "$root" "$@"
}

# Where its units' control groups are, which are those of no other root's that is booted at the same time: a
# unit's bounds hold for all that have its control group.
root_group() {
  local mounted
  mounted=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
  echo "$mounted$(sed -n 's/^0:://p' /proc/self/cgroup)/$(echo "${root#/}" | tr / -)"
}

root_boot() {
  local state group
  rm -f "$root.pid"
  group=$(root_group)
  mkdir -p "$group" 2>/dev/null || true
  # shellcheck disable=SC2016  # the inner shell's own
  sh -c '{ echo $$ >"$0/cgroup.procs"; } 2>/dev/null; exec "$@"' "$group" \
    unshare --pid --fork --kill-child --mount --uts --ipc --net --cgroup --propagation private bash -c '
    set -e
    root=$1; mount --bind "$root" "$root"; cd "$root"
    mount -t proc proc proc; mount -t sysfs sysfs sys; mount -t tmpfs tmpfs run; mount -t tmpfs tmpfs tmp
    mount -t tmpfs -o mode=755 tmpfs dev
    for d in null zero full random urandom tty; do touch dev/$d; mount --bind /dev/$d dev/$d; done
    mkdir -p dev/pts dev/shm; mount -t devpts devpts dev/pts -o newinstance,ptmxmode=0666
    ln -s pts/ptmx dev/ptmx; mount -t tmpfs tmpfs dev/shm
    mount -t cgroup2 cgroup2 sys/fs/cgroup; ip link set lo up 2>/dev/null || true
    pivot_root . mnt
    mount --make-rshared / # as on a machine: systemd hands credentials over by a mount
    exec chroot . /usr/bin/env -i container=namespaces PATH=/usr/sbin:/usr/bin:/sbin:/bin \
      /sbin/init --log-target=journal' _ "$root" >"$root.console" 2>&1 </dev/null &
  local parent=$!
  while kill -0 $parent 2>/dev/null; do
    [ -s "$root.pid" ] || pgrep -P $parent >"$root.pid" || true
    if [ -s "$root.pid" ]; then
      state=$(root_in systemctl is-system-running 2>/dev/null || true)
      case $state in running | degraded) return 0 ;; esac
    fi
    sleep 0.1
  done
  return 1
}

# A command in it while systemd runs there.
root_in() {
  nsenter -t "$(cat "$root.pid")" -m -p -u -i -n -C -r -w /usr/bin/env -i SYSTEMD_PAGER= LC_ALL=C \
    SYSTEMD_COLORS=0 DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

root_stop() {
  local first
  [ -s "$root.pid" ] || return 0
  first=$(cat "$root.pid")
  kill -KILL "$first" 2>/dev/null || true # process 1 takes all others with it
  while kill -0 "$first" 2>/dev/null; do sleep 0.1; done # no child of this shell, to be waited for
  rm -f "$root.pid"
  find "$(root_group)" -depth -type d -exec rmdir {} + 2>/dev/null || true
}
