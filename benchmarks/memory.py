"""Peak memory of `inpaint fill` on photographs of 100 megapixels, in multiples of the decoded photograph.

    python benchmarks/memory.py [KIND ...]

Each fill is a process of its own, whose largest resident size is asked of the system. The interpreter, ONNX Runtime and
the model are in it; the line `nothing` shows how much they are, for a photograph of 64 x 64 pixels.
"""

import os
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SIZE = (12_240, 8_160)
FILL = "import sys; sys.argv[0] = 'inpaint'; from inpaint.cli.app import main; main()"
BOXES = ("--box", "20,20,20,20", "--box", "4000,3000,300,300", "--box", "7000,7000,200,200")
SUFFIXES = {"jpeg": ".jpg", "turned jpeg": ".jpg", "png": ".png", "tiff, 16 bits": ".tif", "tiff, floats": ".tif"}


def write_source(kind: str, path: Path) -> int:
    """Write a photograph of 100 megapixels and return the bytes of its pixels."""
    with Image.open(ROOT / "docs" / "demo" / "photo.jpg") as photo:
        pixels = cv2.resize(np.asarray(photo.convert("RGB")), SIZE, interpolation=cv2.INTER_CUBIC)
    if kind.endswith("16 bits"):
        pixels = pixels * np.uint16(257)
        tifffile.imwrite(path, pixels, photometric="rgb", compression="lzw", predictor=True)
    elif kind.endswith("floats"):
        pixels = pixels / np.float32(255)
        tifffile.imwrite(path, pixels, photometric="rgb")
    else:
        exif = Image.Exif()
        exif[0x0112] = 6 if "turned" in kind else 1
        Image.fromarray(pixels).save(path, exif=exif)
    return pixels.nbytes


def peak(source: Path, *options: str) -> int:
    """Return the largest resident size in bytes of one fill."""
    command = [sys.executable, "-c", FILL, "fill", str(source), "--device", "cpu", "--quiet", *options]
    child = os.spawnv(os.P_NOWAIT, command[0], command)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"inpaint fill failed on {source}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Print one line for each kind."""
    wanted = sys.argv[1:] or list(SUFFIXES)
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.png"
        Image.new("RGB", (64, 64)).save(small)
        nothing = peak(small, *BOXES[:2])
        print(f"nothing: {nothing / 1e6:.0f} MB")
        for kind in wanted:
            source = Path(folder) / f"source{SUFFIXES[kind]}"
            decoded = write_source(kind, source)
            for name, more in (("", ()), (", --grow 8 --feather 8", ("--grow", "8", "--feather", "8"))):
                used = peak(source, *BOXES, *more)
                print(
                    f"{kind}{name}: {used / 1e6:.0f} MB, {used / decoded:.2f} x decoded, "
                    f"{(used - nothing) / decoded:.2f} x without what nothing needs"
                )
            source.unlink()


if __name__ == "__main__":
    main()
