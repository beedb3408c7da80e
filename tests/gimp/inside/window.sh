#!/usr/bin/env bash
# Inside the root: GIMP in a window under Xvfb, driven by keys: menu, dialog, fill, undo, cancel, error box.
# Screenshots: /w/shot-*.png
set -euo pipefail
. /t/inside/screen.sh

# How many pixels of a screenshot have exactly this colour.
count() { convert "/w/shot-$1.png" -fill black +opaque "$2" -fill white -opaque "$2" -format '%[fx:int(mean*w*h+.5)]' info:; }
# Takes the screenshot NAME again and again until it shows "some" or "none" of a colour.
expect() {
  local name=$1 amount=$2 colour=${3:-#f00} pixels
  for _ in $(seq 120); do
    shot "$name"
    pixels=$(count "$name" "$colour")
    if [ "$amount" = some ] && [ "$pixels" -gt 3000 ]; then break; fi
    if [ "$amount" = none ] && [ "$pixels" -lt 100 ]; then break; fi
    sleep 0.5
  done
  echo "window: $pixels pixels of $colour in shot-$name"
  case $amount in
    some) [ "$pixels" -gt 3000 ] || fail "there is no $colour in shot-$name" ;;
    none) [ "$pixels" -lt 100 ] || fail "there is still $colour in shot-$name" ;;
  esac
}
calls() { grep -c "fill $1" /w/home/.cache/inpaint/gimp/worker.log || true; }

wait_for '420.300' # the title of the image's window
main=$found
sleep 2
xdotool mousemove 1270 790 windowactivate --sync "$main"
expect 1-image some

keys alt+e
shot 2-edit-menu
keys Escape alt+r h
shot 3-enhance-menu
keys i
wait_for '^Fill Selection$'
sleep 1
shot 4-dialog
keys alt+o
wait_gone '^Fill Selection$'
expect 5-filled none

xdotool windowactivate --sync "$main"
keys ctrl+z
expect 6-undone some
keys ctrl+y
sleep 1
keys ctrl+z
sleep 1

# Again, without a dialog.
keys ctrl+f
expect 7-again none
keys ctrl+z
expect 8-undone-again some

# Cancel in the middle: with a model that takes long in the place of the default one.
model=$(ls /opt/inpaint/lib/python3*/site-packages/inpaint/weights/bundled/btgmi-default-int8.onnx) # what "default" is on a CPU
cp "$model" /tmp/model.onnx
cp /opt/models/slow.onnx "$model"
begun=$(calls begins)
keys ctrl+f
for _ in $(seq 100); do [ "$(calls begins)" -gt "$begun" ] && break; sleep 0.1; done
sleep 1
shot 9-working
xdotool mousemove 607 602 click 1 # the button Cancel beside the progress bar
sleep 1.5
shot 10-cancelled
cp /tmp/model.onnx "$model"
[ "$(calls begins)" -gt "$begun" ] || fail "the slow fill did not begin"
expect 10-cancelled some
for _ in $(seq 300); do [ "$(calls cancelled)" -gt 0 ] && break; sleep 0.2; done
[ "$(calls cancelled)" -gt 0 ] || fail "the engine did not notice that the caller is gone"
keys ctrl+f
expect 11-after-cancel none
keys ctrl+z
expect 12-undone-after-cancel some

# The user goes on working: nothing is selected any more when the fill of "This layer" arrives, and it goes where it was
# asked for all the same. Blue is the picture around the hole, which GIMP would make black.
cp /opt/models/seconds.onnx "$model"
begun=$(calls begins)
keys alt+r h i
wait_for '^Fill Selection$'
sleep 1
keys alt+p End
shot 17-this-layer
keys alt+o
wait_gone '^Fill Selection$'
for _ in $(seq 300); do [ "$(calls begins)" -gt "$begun" ] && break; sleep 0.1; done
done_before=$(calls done)
xdotool windowactivate --sync "$main" key ctrl+shift+a
shot 18-nothing-selected
[ "$(calls done)" = "$done_before" ] || echo "window: the fill was done before the selection was taken away"
cp /tmp/model.onnx "$model"
expect 19-filled-meanwhile none
expect 19-filled-meanwhile some '#3366cc'
keys ctrl+z
expect 20-undone-meanwhile some
keys ctrl+z # the selection is back
sleep 1

# An object from a file: a green disc, in the place of the red ellipse.
convert -size 80x80 xc:none -fill '#00ff00' -draw 'circle 40,40 40,4' /w/guide.png
keys alt+r h c
wait_for '^Composite Object$'
dialog=$found
keys alt+i space
wait_for 'Select a File'
sleep 1
xdotool type --delay 60 /w/guide.png
sleep 1
keys Return
wait_gone 'Select a File'
xdotool windowactivate --sync "$dialog"
sleep 0.5
keys alt+g # its own colours
shot 13-composite-dialog
keys alt+o
wait_gone '^Composite Object$'
expect 14-composite some '#0f0'
xdotool windowactivate --sync "$main"
keys ctrl+z
expect 15-composite-undone none '#0f0'

# Nothing selected: a sentence in GIMP's own box.
keys ctrl+shift+a ctrl+f
wait_for 'GIMP Message'
sleep 0.5
shot 16-error
xdotool windowactivate --sync "$found" key Escape
wait_gone 'GIMP Message'

# The image is closed in the middle of a fill: the engine stops, and no more than one box says so.
cp /opt/models/slow.onnx "$model"
xdotool windowactivate --sync "$main"
keys ctrl+z # the selection is back
begun=$(calls begins)
cancelled=$(calls cancelled)
keys alt+r h i
wait_for '^Fill Selection$'
sleep 1
keys alt+o
wait_gone '^Fill Selection$'
for _ in $(seq 300); do [ "$(calls begins)" -gt "$begun" ] && break; sleep 0.1; done
[ "$(calls begins)" -gt "$begun" ] || fail "the fill of the image that is to be closed did not begin"
xdotool windowactivate --sync "$main"
keys ctrl+w
shot 21-close
keys alt+d # Discard Changes
for _ in $(seq 300); do [ "$(calls cancelled)" -gt "$cancelled" ] && break; sleep 0.2; done
sleep 2
shot 22-closed
cp /tmp/model.onnx "$model"
[ "$(calls cancelled)" -gt "$cancelled" ] || fail "the engine works on for an image that is closed"
boxes=$(xdotool search --onlyvisible --name 'GIMP Message' 2>/dev/null | wc -l)
[ "$boxes" -le 1 ] || fail "$boxes boxes about an image that is closed"
echo "gimp: the window test passed; screenshots are in the results"
