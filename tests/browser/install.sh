#!/usr/bin/env bash
# Debian's Chromium, for the tests in this folder. As root on Debian; does nothing where one is there already.
set -euo pipefail
command -v chromium >/dev/null && exit 0
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
