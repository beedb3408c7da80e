#!/usr/bin/env bash
# Inside the root: installs the plug-in as the README says, then drives GIMP without a window.
set -euo pipefail
# With the environment of the engine active, as in a terminal where it was just installed. GIMP itself must not see it.
export PATH=/opt/inpaint/bin:$PATH VIRTUAL_ENV=/opt/inpaint

python_fu() { gimp-console -i -d -f --batch-interpreter=python-fu-eval -b "$1" --quit; }
listening() { grep -c " listens" /w/home/.cache/inpaint/gimp/worker.log; }

inpaint gimp install --no-proof
# A GIMP started from this terminal has no Python plug-ins, and the doctor says so; from any other it has.
gimp-console -i -d -f --batch-interpreter=plug-in-script-fu-eval -b '(gimp-version)' --quit >/w/doctor.log 2>&1 || true
if inpaint doctor >>/w/doctor.log; then echo "the doctor finds nothing wrong"; exit 1; fi
grep -q "the plug-in did not run" /w/doctor.log
inpaint gimp install
inpaint doctor
export PATH=${PATH#/opt/inpaint/bin:}

python_fu "exec(open('/t/inside/headless.py').read(), {'__name__': 'batch'})" >/w/headless.log 2>&1 ||
  { tail -30 /w/headless.log; exit 1; }
gimp-console -i -d -f --batch-interpreter=plug-in-script-fu-eval -b '(load "/t/inside/headless.scm")' --quit \
  >/w/scheme.log 2>&1 || { tail -30 /w/scheme.log; exit 1; }

# The worker outlives GIMP: a second GIMP, and a third, find it. Two that race start one.
before=$(listening)
python_fu "exec(open('/t/inside/one_fill.py').read(), {'__name__': 'batch'})" >/w/again.log 2>&1
[ "$(listening)" = "$before" ] || { echo "a second GIMP started another worker"; exit 1; }
kill -9 "$(python3 -c 'import json; print(json.load(open("/w/home/.cache/inpaint/gimp/worker.json"))["pid"])')"
for racer in 1 2 3; do
  python_fu "exec(open('/t/inside/one_fill.py').read(), {'__name__': 'batch'})" >/w/race-$racer.log 2>&1 &
  racers="${racers:-} $!"
done
for racer in $racers; do wait "$racer"; done
[ "$(listening)" = $((before + 1)) ] || { echo "racing calls started $(($(listening) - before)) workers"; exit 1; }

/opt/inpaint/bin/python -P /t/inside/check.py
