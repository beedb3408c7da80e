# Sourced: starts GIMP in a window on a screen of its own, with the picture of window_open.py, and drives it by keys.
export GDK_BACKEND=x11
[ -d /w/gimp/plug-ins/inpaint-fill ] || /opt/inpaint/bin/inpaint gimp install

# No welcome dialog: it opens on the first start of a version and takes the keys.
version=$(gimp-console --version | grep -oE '3\.[0-9]+\.[0-9]+' | head -1)
printf '(config-version "%s")\n(show-welcome-dialog no)\n(check-updates no)\n' "$version" >/w/gimp/gimprc

# The first free number: another run of these tests may have a screen, too, and all see its socket.
rm -f /w/display
Xvfb -displayfd 6 -screen 0 1280x800x24 -nolisten tcp -noreset 6>/w/display >/w/xvfb.log 2>&1 &
for _ in $(seq 100); do [ -s /w/display ] && break; sleep 0.1; done
export DISPLAY=:$(cat /w/display)
openbox >/w/openbox.log 2>&1 & # without a window manager the focus does not work
for _ in $(seq 50); do xprop -root _NET_SUPPORTED 2>/dev/null | grep -q _NET_ACTIVE_WINDOW && break; sleep 0.1; done
dbus-run-session -- gimp -n --no-splash --batch-interpreter=python-fu-eval \
  -b "exec(open('/t/inside/window_open.py').read())" >/w/window.log 2>&1 &

shot() { import -window root "/w/shot-$1.png"; }
fail() { shot failed; echo "window: $1"; tail -5 /w/window.log; exit 1; }
wait_for() {
  for _ in $(seq 900); do
    found=$(xdotool search --onlyvisible --name "$1" 2>/dev/null | tail -1) || true
    [ -n "$found" ] && return 0
    sleep 0.2
  done
  fail "no window called $1"
}
wait_gone() {
  for _ in $(seq 900); do
    xdotool search --onlyvisible --name "$1" >/dev/null 2>&1 || return 0
    sleep 0.2
  done
  fail "the window $1 stays"
}
keys() { for key in "$@"; do xdotool key "$key"; sleep 0.7; done; }
