#!/usr/bin/env bash
# Installs this checkout, not editable, into an environment of its own inside the root: /opt/inpaint, not GIMP's Python.
# What it depends on stays there until pyproject.toml or this file changes. Makes the models of the tests in /opt/models.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
root=${GIMP_ROOT:?say where the root is}

# A copy, because building leaves files behind, and the tree is the user's.
rm -rf "$root/opt/source"
mkdir -p "$root/opt/source"
cd "$top"
cp -r pyproject.toml README.md LICENSE inpaint_photo.py cli core gimp_plugin studio tests training weights "$root/opt/source/"
find "$root/opt/source" -name __pycache__ -prune -exec rm -rf {} +

binds=()
for folder in $(pip config list 2>/dev/null | grep -oE "(file://)?/[^' ]+" | sed 's#^file://##'); do
  [ -d "$folder" ] && binds+=(-b "$folder:$folder") # folders of wheels, if pip's settings name any
done
settings=(-e PIP_CERT=/opt/host-ca.crt -e PIP_DISABLE_PIP_VERSION_CHECK=1 -e PIP_ROOT_USER_ACTION=ignore)
while read -r setting; do settings+=(-e "$setting"); done < <(env | grep -E '^PIP_[A-Z_]+=[^ ]*$' | grep -v '^PIP_CERT=' || true)

GIMP_ROOT=$root "$here/enter.sh" "${binds[@]}" "${settings[@]}" -- sh -ec '
  python=/opt/inpaint/bin/python
  stamp=$(cat /opt/source/pyproject.toml /opt/source/tests/gimp/engine.sh | sha256sum | cut -c1-16)
  if [ "$(cat /opt/inpaint/.stamp 2>/dev/null)" != "$stamp" ]; then
    rm -rf /opt/inpaint
    python3 -m venv /opt/inpaint
    $python -m pip install -q --only-binary=:all: "setuptools>=77" wheel onnx pytest 2>&1 | grep -v "is ignored" || true
    $python -m pip install -q /opt/source 2>&1 | grep -v "is ignored" || true
    echo "$stamp" >/opt/inpaint/.stamp
  fi
  $python -m pip install -q --no-deps --no-build-isolation --no-index --force-reinstall /opt/source
  cd /
  $python -P /opt/source/tests/gimp/inside/models.py /opt/models
  /opt/inpaint/bin/inpaint --version'
