"""Runs inside a GIMP with a window: opens the picture of the test, or with DEMO set the demo photograph, selected."""

import os
import sys

sys.path.insert(0, "/t/inside")
from bench import REPLACE, Gimp, disc, flat, get, load, new_image, np, put

if os.environ.get("DEMO"):
    picture, background = load("/docs/demo/photo.jpg")
    _, mask = load("/docs/demo/mask.png")
    hole = get(mask)[..., :1] > 0.5
    Gimp.Selection.none(picture)
    channel = Gimp.Selection.save(picture)
    put(channel, hole.astype(np.float32), "Y float")
    picture.select_item(REPLACE, channel)
    picture.remove_channel(channel)
    picture.set_selected_layers([background])
    picture.clean_all()
else:
    picture, background = new_image(canvas=(420, 300), size=(420, 300))
    pixels = flat(height=300, width=420)
    pixels[disc(210, 150, 60, 40, 300, 420)] = (1, 0, 0, 1)
    put(background, pixels, "R'G'B'A float")
    picture.select_ellipse(REPLACE, 144, 104, 132, 92)
Gimp.Display.new(picture)
