#!/usr/bin/env bash
# The plug-in in a real GIMP 3: without a window, and in a window under Xvfb. Results and screenshots: $GIMP_RESULTS.
#
#   GIMP_SUITE    trixie for GIMP 3.0 (default), forky for 3.2
#   GIMP_CACHE    folder that keeps the Debian root between runs (default ~/.cache/inpaint-gimp)
#   GIMP_RESULTS  folder for what the tests leave (default $GIMP_CACHE/results-$GIMP_SUITE)
#
# Needs to be root on Debian or Ubuntu: debootstrap, unshare and apt. The first run downloads about 300 MB.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export GIMP_SUITE=${GIMP_SUITE:-trixie}
cache=${GIMP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/inpaint-gimp}
results=${GIMP_RESULTS:-$cache/results-$GIMP_SUITE}
export GIMP_ROOT=$cache/$GIMP_SUITE
steps=${*:-headless window}

[ "$(id -u)" = 0 ] || { echo "gimp: making a Debian root needs root" >&2; exit 77; }
command -v apt-get >/dev/null && command -v unshare >/dev/null || { echo "gimp: needs apt and unshare" >&2; exit 77; }
mkdir -p "$cache"
exec 8>"$cache/$GIMP_SUITE.lock" # two runs with one root take turns
flock --nonblock 8 || { echo "gimp: waiting for another run with $GIMP_ROOT"; flock 8; }
timeout 1200 "$here/root.sh"
timeout 1200 "$here/engine.sh"
rm -rf "$results"
mkdir -p "$results/home"

# One call: HOME and all that GIMP writes lie in the results. Every call ends the worker of the one before.
inside() {
  timeout "${LIMIT:-1200}" "$here/enter.sh" -b "$results:/w" -b "$here:/t" -b "$here/../../docs:/docs" -e HOME=/w/home \
    -e GIMP3_DIRECTORY=/w/gimp -e "QUICK=${QUICK:-}" -e "ONLY=${ONLY:-}" -e "REPEATS=${REPEATS:-}" -- "$@"
}
for step in $steps; do
  inside bash "/t/inside/$step.sh"
done
