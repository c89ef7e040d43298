#!/usr/bin/env bash
# Installs the real mail programs that the tests use as peers (`npm run peers`): Dovecot, Postfix and clients.
# As root on Debian or Ubuntu it installs what is missing and starts no service. Anywhere else it names what the
# tests will skip. With CI=true a missing peer is an error.
# Peers that apt refuses beside those (Cyrus, Exim) are unpacked by peers-root.sh into a root of their own, which
# POSTKEY_PEERS_ROOT names.
set -euo pipefail

here="$(dirname "${BASH_SOURCE[0]}")"
table="$here/peers.txt"
root="${POSTKEY_PEERS_ROOT:-/var/cache/postkey-peers}"
policy=/usr/sbin/policy-rc.d
log=
policy_written=

main() {
  local missing apart packages
  missing="$(missing_peers)"
  local before="$missing"
  if [ -n "$missing" ] && can_install; then
    log="$(mktemp)"
    trap clean_up EXIT
    apt_get update || echo "apt-get update failed; trying with the lists that are there" >&2
    apart="$(apart_peers)"
    packages="$(columns "$(grep -vxF "$apart" <<<"$missing")" 2)"
    if [ -n "$packages" ]; then install_packages $packages; fi
    if grep -qxF "$apart" <<<"$missing"; then unpack_packages $(columns "$apart" 2); fi
    missing="$(missing_peers)"
  fi
  report "$before" "$missing"
  [ -n "$missing" ] || return 0
  hint
  if [ "${CI:-}" = true ]; then
    echo "missing: $(echo $missing)" >&2
    return 1
  fi
}

rows() { grep -v -e '^#' -e '^$' "$table" | sed "s| ROOT/| $root/|; s|,ROOT/|,$root/|g"; }

# Those that live in the root of their own.
apart_peers() { rows | awk -v root="$root/" 'index($3, root) == 1 { print $1 }'; }

missing_peers() {
  local name _ proofs proof
  rows | while read -r name _ proofs; do
    for proof in ${proofs//,/ }; do
      if [ ! -e "$proof" ]; then echo "$name"; break; fi
    done
  done
}

# Column number $2 of the rows named in $1, commas turned into spaces.
columns() {
  local name
  for name in $1; do
    rows | awk -v name="$name" -v column="$2" '$1 == name { gsub(",", " ", $column); print $column }'
  done
}

can_install() { [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null; }

# Installs all packages at once; if apt refuses, one by one, so that one unknown name does not cost the rest.
# --no-remove: a machine that has Exim or Cyrus keeps it, and the peer counts as not available.
install_packages() {
  forbid_services
  export DEBIAN_FRONTEND=noninteractive
  echo "installing: $*"
  # Postfix asks what kind of site this is. The tests bring their own configuration, so the machine's stays local.
  if command -v debconf-set-selections >/dev/null; then
    echo 'postfix postfix/main_mailer_type select Local only' | debconf-set-selections
  fi
  if ! apt_get install "$@"; then
    local package
    for package in "$@"; do apt_get install "$package" || show_failure "$package"; done
  fi
}

# All of them together: one root holds every such peer, and is made anew when one is missing.
unpack_packages() {
  echo "unpacking into $root: $*"
  bash "$here/peers-root.sh" "$root" "$@" >"$log" 2>&1 </dev/null || show_failure "$*"
}

apt_get() {
  local verb="$1"
  shift
  local options=(-q -y -o DPkg::Lock::Timeout=300)
  if [ "$verb" = install ]; then options+=(--no-remove --no-install-recommends); fi
  apt-get "${options[@]}" "$verb" "$@" >"$log" 2>&1 </dev/null
}

show_failure() {
  echo "$1 failed:" >&2
  tail -n 5 "$log" | sed 's/^/  /' >&2
}

# Debian asks this file before it starts a service. The one that is already there is the machine's own and stays.
forbid_services() {
  if [ -e "$policy" ]; then return 0; fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  policy_written=yes
  chmod 755 "$policy"
}

clean_up() {
  if [ -n "$policy_written" ]; then rm -f "$policy"; fi
  rm -f "$log"
}

report() {
  local name _
  rows | while read -r name _; do
    if grep -qx -- "$name" <<<"$2"; then echo "$name: not available"
    elif grep -qx -- "$name" <<<"$1"; then echo "$name: installed"
    else echo "$name: present"; fi
  done
}

hint() {
  if can_install; then
    echo 'apt could not install these peers; tests that need them will be skipped.'
  elif [ -e /etc/debian_version ]; then
    echo 'Tests that need the missing peers will be skipped. As root, npm run peers installs them.'
  else
    echo 'Tests that need the missing peers will be skipped: they can be installed on Debian and Ubuntu only.'
  fi
}

main
