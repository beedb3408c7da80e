#!/usr/bin/env bash
# Inside the root: the screenshots of docs/gimp.md, with the demo photograph. tests/gimp/run.sh pictures
set -euo pipefail
export DEMO=1
. /t/inside/screen.sh

wait_for '640.427'
main=$found
sleep 2
xdotool mousemove 1270 790 windowactivate --sync "$main"
keys alt+e Up Up Up Up Up Up
sleep 0.5
import -window root -crop 890x650+0+0 +repage /w/menu.png
keys Escape Escape
keys alt+r h i
wait_for '^Fill Selection$'
xdotool windowmove "$found" 470 180
sleep 1
import -window root -crop 890x625+0+0 +repage /w/dialog.png
xdotool windowactivate --sync "$found"
keys alt+o
wait_gone '^Fill Selection$'
sleep 5
import -window root -crop 890x625+0+0 +repage /w/filled.png
