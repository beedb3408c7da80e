#!/bin/sh
# imagecodecs 2026.3.6 writes JPEG XL that is not lossless with distance=0 or level=100, and calls 16 bits linear light.
#
# Seen: with lossless=True (or nothing) pixels come back to the bit; with distance=0 or level=100 those of a picture of
# noise are off by up to 3 of 255. uint8 is described as sRGB, uint16 and floats as linear, and no argument changes that:
# a photograph of 16 bits is shown far too bright by whoever believes it. pillow-jxl-plugin reads the description.
# This script fails when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  imagecodecs==2026.3.6 numpy==2.4.6 pillow==13.0.0 pillow-jxl-plugin==1.3.8
"$folder/venv/bin/python" - <<'PYTHON'
import io

import imagecodecs
import numpy as np
import pillow_jxl  # noqa: F401
from PIL import Image, ImageCms

noise = np.random.default_rng(0).integers(0, 255, (16, 24, 3)).astype(np.uint8)


def off(**options):
    back = imagecodecs.jpegxl_decode(imagecodecs.jpegxl_encode(noise, **options))
    return int(np.abs(back.astype(int) - noise).max())


def described(array):
    picture = Image.open(io.BytesIO(imagecodecs.jpegxl_encode(array, lossless=True)))
    return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))).strip()


print("imagecodecs", imagecodecs.__version__, "libjxl", imagecodecs.jpegxl_version())
largest = {name: off(**options) for name, options in (
    ("lossless=True", {"lossless": True}), ("nothing", {}), ("distance=0", {"distance": 0}), ("level=100", {"level": 100})
)}
print("largest difference:", largest)
assert largest["lossless=True"] == largest["nothing"] == 0
assert largest["distance=0"] > 0 and largest["level=100"] > 0
colours = described(noise), described(noise.astype(np.uint16) * 257)
print("described as:", colours)
assert colours == ("sRGB", "RGB_D65_SRG_Rel_Lin")
PYTHON
