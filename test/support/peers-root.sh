#!/usr/bin/env bash
# peers-root.sh ROOT PACKAGE...
# Unpacks Debian packages with everything they depend on into ROOT, from where they run by chroot: the machine's own
# packages stay as they are, and nothing of them is used. No maintainer script runs and nothing is configured.
# ROOT is there whole or not at all: it is made beside itself and put in place at the end. Called by peers.sh.
set -euo pipefail

root="$1"
shift
# What programs do without: documentation and the perl scripts around them.
left_out=(./usr/share/doc ./usr/share/man ./usr/share/locale ./usr/share/perl './usr/lib/*/perl')
new=

main() {
  mkdir -p "$(dirname "$root")"
  exec 9>"$root.lock"
  flock 9
  new="$root.new"
  trap 'rm -rf "$new"' EXIT
  rm -rf "$new"
  mkdir -p "$new/debs/partial"
  download "$@"
  make_root
  local package
  for package in "$new"/debs/*.deb; do unpack "$package"; done
  rm -rf "$new/debs"
  # Exim would be root for every user of this machine; here it is only ever started by root.
  find "$new" -xdev -perm /6000 -type f -exec chmod ug-s {} +
  rm -rf "$root"
  mv "$new" "$root"
}

# With an empty list of installed packages apt finds all that the programs need, down to the C library.
download() {
  apt-get -q -y --no-install-recommends --download-only \
    -o Dir::State::status=/dev/null -o Dir::Cache::archives="$new/debs" \
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root install "$@"
}

make_root() {
  local name
  mkdir -p "$new"/{dev,etc,tmp,usr/bin,usr/sbin,usr/lib,usr/lib64}
  for name in bin sbin lib lib64; do ln -s "usr/$name" "$new/$name"; done
  chmod 755 "$new"
  chmod 1777 "$new/tmp"
  # Where a container may make no devices, an empty file does: nobody reads what is written there.
  mknod -m 666 "$new/dev/null" c 1 3 2>/dev/null || install -m 666 /dev/null "$new/dev/null"
  # Both servers run as Debian's user for mail, which is 8:8 on every machine.
  printf '%s:x:%s:%s::/:/bin/false\n' root 0 0 mail 8 8 cyrus 8 8 Debian-exim 8 8 >"$new/etc/passwd"
  printf '%s:x:%s:\n' root 0 mail 8 Debian-exim 8 >"$new/etc/group"
  printf '%s\n' '127.0.0.1 localhost' >"$new/etc/hosts"
  printf '%s\n' 'smtp 25/tcp' 'lmtp 24/tcp' >"$new/etc/services"
}

unpack() {
  dpkg-deb --fsys-tarfile "$1" |
    tar -x -C "$new" --keep-directory-symlink --no-same-owner "${left_out[@]/#/--exclude=}"
}

main "$@"
