#!/usr/bin/env bash
# Runs one command inside the Debian root that root.sh made, in its own mount and process namespace.
#
#   enter.sh [-r ROOT] [-b FOLDER:FOLDER-IN-THE-ROOT]... [-e NAME=VALUE]... -- COMMAND [ARGUMENT]...
#
# The mounts vanish with the command, so that nobody can delete a root with the machine's /dev mounted in it, and the
# kernel kills every process left behind (Xvfb, Inpaint's worker, a plug-in that hangs).
set -euo pipefail
root=${GIMP_ROOT:?say where the root is}
binds=() environment=()
while getopts r:b:e: option; do
  case $option in
    r) root=$OPTARG ;;
    b) binds+=("$OPTARG") ;;
    e) environment+=("$OPTARG") ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ "${1:-}" = -- ] && shift
[ -x "$root/bin/sh" ] || { echo "there is no root at $root; tests/gimp/root.sh makes it" >&2; exit 2; }

export NS_ROOT=$root NS_BINDS="${binds[*]:-}" NS_ENVIRONMENT="${environment[*]:-}"
exec unshare --mount --pid --fork --kill-child --propagation private /bin/bash -c '
  set -e
  mount -t proc proc "$NS_ROOT/proc"
  mount --rbind /dev "$NS_ROOT/dev"                  # GIMP passes tiles through /dev/shm
  mount -t tmpfs -o mode=1777 tmpfs "$NS_ROOT/tmp"
  # The network and pip settings of this machine, bound and not copied, so that they never go stale in a kept root. The
  # certificates go elsewhere: on their own place the package ca-certificates could not replace them.
  bind() { [ -e "$1" ] || return 0; [ -e "$2" ] || : >"$2"; mount --bind "$(readlink -f "$1")" "$2"; }
  bind /etc/resolv.conf "$NS_ROOT/etc/resolv.conf"
  bind /etc/hosts "$NS_ROOT/etc/hosts"
  bind /etc/pip.conf "$NS_ROOT/etc/pip.conf"
  bind /etc/ssl/certs/ca-certificates.crt "$NS_ROOT/opt/host-ca.crt"
  for pair in $NS_BINDS; do
    mkdir -p "$NS_ROOT${pair#*:}"
    mount --rbind "${pair%%:*}" "$NS_ROOT${pair#*:}"
  done
  set +e
  # Not exec: this bash stays process 1 of the namespace and reaps orphans.
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
    NO_AT_BRIDGE=1 GSETTINGS_BACKEND=memory $NS_ENVIRONMENT chroot "$NS_ROOT" "$@"
  exit $?
' enter "$@"
