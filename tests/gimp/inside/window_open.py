"""Runs inside a GIMP with a window: opens the picture of the test, or with DEMO set the demo photograph, selected."""

import os
import sys

sys.path.insert(0, "/t/inside")
from bench import REPLACE, Gimp, disc, flat, load, new_image, put

if os.environ.get("DEMO"):
    picture, background = load("/docs/demo/photo.jpg")
    hole, _ = load("/docs/demo/mask.png")
    channel = Gimp.Channel.new_from_component(hole, Gimp.ChannelType.RED, "hole")
    picture.select_rectangle(REPLACE, 0, 0, 1, 1)
else:
    picture, background = new_image(canvas=(420, 300), size=(420, 300))
    pixels = flat(height=300, width=420)
    pixels[disc(210, 150, 60, 40, 300, 420)] = (1, 0, 0, 1)
    put(background, pixels, "R'G'B'A float")
    picture.select_ellipse(REPLACE, 144, 104, 132, 92)
Gimp.Display.new(picture)
