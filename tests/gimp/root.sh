#!/usr/bin/env bash
# Makes a Debian root with a real GIMP 3, because the machine's own Debian may have only 2.10. Keeps a finished one.
#
#   GIMP_ROOT    where (run.sh gives it)
#   GIMP_SUITE   trixie for GIMP 3.0 (default), forky for 3.2
#
# Needs root, and apt for debootstrap and for the address of the archive, which is read from its settings.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${GIMP_ROOT:?say where the root is to be}
suite=${GIMP_SUITE:-trixie}

packages="gimp gir1.2-gimp-3.0 python3-gi python3-gi-cairo python3-numpy python3-venv fonts-dejavu-core
  xvfb xauth xdotool x11-utils imagemagick openbox dbus adwaita-icon-theme"
packages=$(echo $packages)
stamp="$suite $(echo "$packages" | sha256sum | cut -c1-12)"

archive() {
  apt-get indextargets --format '$(SITE) $(CODENAME) $(CREATED_BY)' |
    awk -v name="$(. /etc/os-release; echo "$VERSION_CODENAME")" '$3 == "Packages" && $2 == name {print $1; exit}'
}
nameless() { sed -E 's#https?://[^/ ]+#ARCHIVE#g'; } # logs without the archive's name

if [ "$(cat "$root/.ready" 2>/dev/null)" = "$stamp" ]; then
  echo "gimp: $root is ready ($suite)"
  exit 0
fi
if [ -d "$root" ]; then
  grep -q " $root/" /proc/mounts && { echo "gimp: something is mounted below $root" >&2; exit 1; }
  rm -rf --one-file-system "$root"
fi
mkdir -p "$root"
address=$(archive)
[ -n "$address" ] || { apt-get update -qq; address=$(archive); }
[ -n "$address" ] || { echo "gimp: apt knows no Debian archive" >&2; exit 1; }
command -v debootstrap >/dev/null || {
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 debootstrap >/dev/null
}
# An older debootstrap has no script for a newer Debian; sid's does for any.
script=/usr/share/debootstrap/scripts/$suite
[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
debootstrap --variant=minbase "$suite" "$root" "$address" "$script" 2>&1 | nameless >"$root.debootstrap.log" ||
  { tail -5 "$root.debootstrap.log" >&2; exit 1; }

printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
cat >"$root/etc/apt/apt.conf.d/90test" <<'X'
APT::Install-Recommends "false";
APT::Install-Suggests "false";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
DPkg::Options:: "--force-unsafe-io";
X
cat >"$root/etc/dpkg/dpkg.cfg.d/90test" <<'X'
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/icons/*/cursors/*
X
"$here/enter.sh" -r "$root" -e DEBIAN_FRONTEND=noninteractive -- \
  sh -c "apt-get update -qq && apt-get install -y -qq $packages && apt-get clean && rm -rf /var/lib/apt/lists/*" 2>&1 |
  nameless >"$root.install.log" || { tail -5 "$root.install.log" >&2; exit 1; }
rm -f "$root/var/log/bootstrap.log"
: >"$root/etc/apt/sources.list" # the archive's name does not stay in a kept root
"$here/enter.sh" -r "$root" -- gimp-console --version
echo "$stamp" >"$root/.ready"
