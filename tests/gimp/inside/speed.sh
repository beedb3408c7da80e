#!/usr/bin/env bash
# Inside the root: how long fills take from the call to the pixels, and where the time goes. benchmarks/gimp.py runs it.
set -euo pipefail
/opt/inpaint/bin/inpaint gimp install --no-proof
gimp-console -i -d -f --batch-interpreter=python-fu-eval \
  -b "exec(open('/t/inside/speed.py').read(), {'__name__': 'batch'})" --quit >/w/speed.log 2>&1 ||
  { tail -30 /w/speed.log; exit 1; }
