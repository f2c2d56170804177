# What enrold is built with, on Debian 12. Sourced by quickstart.sh and tests/run.sh.

build_packages="gcc libc6-dev libcrypt-dev cmake ninja-build pkg-config libuv1-dev libcsv-dev libsqlite3-dev
  libyaml-dev libpq-dev libmariadb-dev libssl-dev libjansson-dev libsystemd-dev libutf8proc-dev uthash-dev tzdata"
test_packages="libcriterion-dev python3 mandoc valgrind openssl acl"
# Servers of the tests' own; a suite whose server is not to be had is skipped.
server_packages="postgresql-15 mariadb-server-core mariadb-client galera-4"

# Installs what is missing; says nothing when nothing is.
install_packages() {
  local missing=() package sudo=
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "Installing ${missing[*]}"
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}
