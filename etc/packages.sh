# What enrold is built with, on Debian 12. Sourced by quickstart.sh and tests/run.sh.

build_packages="gcc libc6-dev libcrypt-dev cmake ninja-build pkg-config libuv1-dev libcsv-dev libsqlite3-dev
  libyaml-dev libpq-dev libmariadb-dev libssl-dev libjansson-dev libcurl4-openssl-dev libsystemd-dev libutf8proc-dev uthash-dev
  zlib1g-dev libarchive-dev tzdata"
test_packages="libcriterion-dev python3 sqlite3 mandoc valgrind openssl acl jq gpg gpg-agent gpgconf
  clang-format clang-tidy"
# Without it the suite of etc/moodle is skipped.
php_packages="php-cli"
# Without these the pages that enrold writes are not looked at.
browser_packages="chromium poppler-utils"
# Without them nobody looks at the package and the units, or boots a Debian to install it in.
package_packages="debootstrap dpkg-dev fakeroot file lintian systemd util-linux"
# Servers of the tests' own; a suite whose server is not to be had is skipped.
server_packages="postgresql-15 mariadb-server-core mariadb-client galera-4
  openssh-server"

# Waits for whoever else installs just now, as unattended-upgrades does after a boot.
apt_get() {
  local sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"
}

# The lists have a lock of their own, which apt-get does not wait for.
apt_update() {
  local said tries
  for tries in $(seq 60); do
    said=$(LC_ALL=C apt_get update 2>&1) && return 0
    case $said in
    *"Could not get lock"*) sleep "${APT_PAUSE:-5}" ;;
    *) break ;;
    esac
  done
  echo "$said" >&2
  return 1
}

# Installs what is missing; says nothing when nothing is.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "Installing ${missing[*]}"
  apt_update
  apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null
}
