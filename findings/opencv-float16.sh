#!/bin/sh
# OpenCV 5.0.0.93 saves float16 pictures as black and returns True.
#
# Seen: cv2.imwrite of H x W x 3 float16, all 0.5, as TIFF, PNG, JPEG, WebP or BMP returns True, with a warning on
# standard error; the file has 8 bits and every pixel is 0, because 0.5 is made a whole number without scaling. The
# wheel has no OpenEXR, also with OPENCV_IO_ENABLE_OPENEXR=1. This script fails when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless==5.0.0.93 numpy==2.4.6
OPENCV_IO_ENABLE_OPENEXR=1 "$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import cv2
import numpy as np

print("OpenCV", cv2.__version__)
for suffix in (".tif", ".png", ".jpg", ".webp", ".bmp"):
    path = f"{sys.argv[1]}/out{suffix}"
    said = cv2.imwrite(path, np.full((8, 8, 3), 0.5, np.float16))
    back = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    print(suffix, "returned", said, "and holds", back.dtype, back.min(), "to", back.max())
    assert said and back.dtype == np.uint8 and back.max() == 0
print("writes OpenEXR:", cv2.haveImageWriter("out.exr"))
assert not cv2.haveImageWriter("out.exr")
PYTHON
