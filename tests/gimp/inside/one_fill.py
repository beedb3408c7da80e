"""Runs inside GIMP: one fill that has to work."""

import sys

sys.path.insert(0, "/t/inside")
from bench import REPLACE, fills, new_image, noise, put

picture, background = new_image()
put(background, noise(), "R'G'B'A float")
picture.select_rectangle(REPLACE, 60, 40, 30, 20)
fills(picture, [background])
picture.delete()
