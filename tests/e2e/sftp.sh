#!/usr/bin/env bash
# What etc/sshd/enrold-sftp.conf promises, with a real sshd and sftp: in a mount namespace with users
# of its own, and no port, for sftp talks to `sshd -i` through a pipe.
# sftp.sh SOURCE PROGRAMS; needs root. Skipped: 77.
set -euo pipefail
source=$1 programs=$2
[ "$(id -u)" = 0 ] || { echo "only root can have users of its own"; exit 77; }
command -v sftp >/dev/null && [ -x /usr/sbin/sshd ] || { echo "no openssh here"; exit 77; }
if [ "${3-}" != inside ]; then
  unshare -m true 2>/dev/null || { echo "no mounts of one's own here"; exit 77; }
  exec unshare -m "$0" "$source" "$programs" inside
fi
die() {
  echo "$*"
  exit 1
}

# All of it is below /srv, which is this namespace's: as sshd wants it, root's all the way up.
mount -t tmpfs -o mode=0755 none /srv
spool=/srv/spool etc=/srv/etc
mkdir -p "$etc/keys" /srv/enrold/hr/in /srv/enrold/hr/out
cp /etc/passwd /etc/group "$etc"
cat >>"$etc/passwd" <<'END'
enrold:*:61100:61100::/:/bin/false
hr-sftp:*:61101:61103::/:/usr/sbin/nologin
END
cat >>"$etc/group" <<'END'
enrold:x:61100:
hr:x:61103:enrold
pay:x:61104:enrold
END
mount --bind "$etc/passwd" /etc/passwd
mount --bind "$etc/group" /etc/group
cp "$programs/enrold" /srv/daemon
chmod 755 /srv/daemon

# The spool, as the example says.
install -d -o enrold -g enrold -m 0751 "$spool"
cat >/srv/enrold.yaml <<END
spool: $spool
settle: 0
lms: { url: "sqlite:$spool/lms.db" }
feeds:
  hr: { drop_group: hr }
  pay: { drop_group: pay }
END
chmod 644 /srv/enrold.yaml
export ASAN_OPTIONS=detect_leaks=0
enrolctl() {
  "$programs/enrolctl" --config /srv/enrold.yaml "$@"
}
daemon() {
  setpriv --reuid=61100 --regid=61100 --init-groups /srv/daemon --config /srv/enrold.yaml --once \
    2>/srv/log || die "the daemon failed: $(cat /srv/log)"
}
enrolctl lms init >/dev/null
enrolctl check --fix >/srv/checked || die "the check finds: $(grep BAD /srv/checked)"
sed -n "s,^#fstab ,,p" "$source/etc/sshd/enrold-sftp.conf" | sed "s,/var/lib/enrold/,$spool/," >"$etc/fstab"
[ "$(wc -l <"$etc/fstab")" = 2 ] || die "the example has no lines for fstab"
mount --fstab "$etc/fstab" --all

# sshd with the example and nothing that it does not need; keys are where the example has them, but
# in the namespace's folder.
ssh-keygen -q -t ed25519 -N '' -f "$etc/host"
ssh-keygen -q -t ed25519 -N '' -f "$etc/hr"
cp "$etc/hr.pub" "$etc/keys/hr-sftp"
{
  printf 'HostKey %s/host\nUsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n' "$etc"
  sed "s,/etc/ssh/enrold/,$etc/keys/," "$source/etc/sshd/enrold-sftp.conf"
} >"$etc/sshd.conf"
mkdir -p /run/sshd
/usr/sbin/sshd -t -f "$etc/sshd.conf" || die "sshd does not take the example"

# sftp WORD...: a batch, a line each; its status is that of the first line that failed.
ssh_options=(-i "$etc/hr" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes
  -o LogLevel=ERROR -o "ProxyCommand=/usr/sbin/sshd -i -e -f $etc/sshd.conf 2>>/srv/sshd.log")
batch() {
  printf '%s\n' "$@" | sftp -q -b - "${ssh_options[@]}" hr-sftp@nowhere >/srv/said 2>&1
}
may() {
  batch "$@" || die "not let: $*: $(cat /srv/said; tail -5 /srv/sshd.log)"
}
may_not() {
  ! batch "$@" || die "let: $*: $(cat /srv/said)"
}

# A file is put, renamed, run, and its answer read, the retry file too.
printf 'username,course1\nnobody,NONE\n' >/srv/staff.csv
may 'put /srv/staff.csv in/staff.csv.part' 'rename in/staff.csv.part in/staff.csv'
[ "$(stat -c '%a %G' "$spool/inbox/hr/staff.csv")" = '640 hr' ] || die "mode: $(ls -l "$spool/inbox/hr")"
may 'put /srv/staff.csv in/preview/staff.csv'
daemon
may 'ls -1 out'
for end in result.csv retry.csv summary.json preview.result.csv; do
  name=$(cd "$spool/outbox/hr" && ls | grep -E "^staff\.[0-9-]+\.$end\$") || die "no $end: $(ls "$spool/outbox/hr")"
  rm -f "/srv/got"
  may "get out/$name /srv/got"
  cmp -s /srv/got "$spool/outbox/hr/$name" || die "$name is another"
done
grep -q nobody <(cat "$spool"/outbox/hr/staff.*.retry.csv) || die "the retry file has no row"

# And nothing else.
may_not 'put /srv/staff.csv out/x.csv'
may_not 'put /srv/staff.csv x.csv'
may_not "rm out/$name"
may_not 'ls /etc'
may_not 'ls ../pay'
may_not 'cd /srv'
may_not "ls $spool/archive"
may 'put /srv/staff.csv in/mine.part' 'ln -s /etc/passwd in/link.csv'
may_not 'get in/link.csv /srv/link'
ssh "${ssh_options[@]}" hr-sftp@nowhere id >/srv/said 2>&1 </dev/null && grep uid= /srv/said && die "a shell"
daemon
grep -q '"file_left"' /srv/log || die "a link was taken: $(cat /srv/log)"
# What the same user may by itself, without sshd.
as_hr() {
  setpriv --reuid=61101 --regid=61103 --clear-groups "$@" >/dev/null 2>&1
}
for place in archive work quarantine held orders inbox outbox inbox/pay outbox/pay; do
  ! as_hr ls "$spool/$place" || die "hr may list $place"
done
! as_hr cat "$spool/lms.db" || die "hr may read the database"
rm -f "$spool/inbox/hr/link.csv"
enrolctl check >/srv/checked || die "the check finds: $(grep BAD /srv/checked)"
