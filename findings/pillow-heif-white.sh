#!/bin/sh
# pillow-heif 1.8.1 gives the white of a HEIF of 10 bits as 65472 of 65535.
#
# Seen: open_heif(..., convert_hdr_to_8bit=False) says RGB;16 and returns the 10 bits shifted to the left by 6, so white
# is 1023 << 6 = 65472, and who takes the numbers for 16 bits has no white at all. This script fails when that has
# changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow-heif==1.8.1 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io

import numpy as np
import pillow_heif

white = np.full((64, 64, 3), 65_535, np.uint16)
file = io.BytesIO()
picture = pillow_heif.from_bytes("RGB;16", (64, 64), white.tobytes())
picture.save(file, quality=-1, chroma=444, matrix_coefficients=0)
file.seek(0)
back = pillow_heif.open_heif(file, convert_hdr_to_8bit=False)
print("pillow-heif", pillow_heif.__version__, "libheif", pillow_heif.libheif_version())
print(back.mode, "with", back.info["bit_depth"], "bits: white is", np.asarray(back).max())
assert (back.mode, back.info["bit_depth"], int(np.asarray(back).max())) == ("RGB;16", 10, 65_472)
PYTHON
