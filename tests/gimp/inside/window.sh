#!/usr/bin/env bash
# Inside the root: GIMP in a window under Xvfb, driven by keys: menu, dialog, fill, undo, cancel, error box.
# Screenshots: /w/shot-*.png
set -euo pipefail
. /t/inside/screen.sh

red() { convert "/w/shot-$1.png" -fill black +opaque '#f00' -fill white -opaque '#f00' -format '%[fx:int(mean*w*h+.5)]' info:; }
expect_red() {
  local count
  count=$(red "$1")
  echo "window: $count red pixels in shot-$1"
  case $2 in
    some) [ "$count" -gt 3000 ] || fail "the red ellipse is gone in shot-$1" ;;
    none) [ "$count" -lt 100 ] || fail "the red ellipse is still there in shot-$1" ;;
  esac
}
calls() { grep -c "fill $1" /w/home/.cache/inpaint/gimp/worker.log || true; }

wait_for '420.300' # the title of the image's window
main=$found
sleep 2
xdotool mousemove 1270 790 windowactivate --sync "$main"
sleep 0.5
shot 1-image
expect_red 1-image some

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
sleep 4
shot 5-filled
expect_red 5-filled none

xdotool windowactivate --sync "$main"
keys ctrl+z
sleep 1
shot 6-undone
expect_red 6-undone some
keys ctrl+y
sleep 1
keys ctrl+z
sleep 1

# Again, without a dialog.
keys ctrl+f
sleep 3
shot 7-again
expect_red 7-again none
keys ctrl+z
sleep 1
shot 8-undone-again
expect_red 8-undone-again some

# Cancel in the middle: with a model that takes long in the place of the default one.
model=$(ls /opt/inpaint/lib/python3*/site-packages/inpaint/weights/bundled/*.onnx)
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
expect_red 10-cancelled some
for _ in $(seq 300); do [ "$(calls cancelled)" -gt 0 ] && break; sleep 0.2; done
[ "$(calls cancelled)" -gt 0 ] || fail "the engine did not notice that the caller is gone"
keys ctrl+f
sleep 4
shot 11-after-cancel
expect_red 11-after-cancel none
keys ctrl+z
sleep 1
shot 12-undone-after-cancel
expect_red 12-undone-after-cancel some

# Nothing selected: a sentence in GIMP's own box.
keys ctrl+shift+a ctrl+f
wait_for 'GIMP Message'
sleep 0.5
shot 13-error
echo "gimp: the window test passed; screenshots are in the results"
