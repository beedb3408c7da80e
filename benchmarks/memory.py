"""Peak memory of `inpaint fill` on large photographs, in multiples of the decoded photograph.

    python benchmarks/memory.py [--megapixels 100] [KIND ...]

Each fill is a process of its own, whose largest resident size is asked of the system. The interpreter, ONNX Runtime and
the model are in it; the line `nothing` shows how much they are, for a photograph of 64 x 64 pixels.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import tifffile
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FILL = "import sys; sys.argv[0] = 'inpaint'; from inpaint.cli.app import main; main()"
BOXES = ("--box", "20,20,20,20", "--box", "4000,3000,300,300", "--box", "7000,7000,200,200")
SUFFIXES = {
    "jpeg": ".jpg",
    "turned jpeg": ".jpg",
    "png": ".png",
    "png, 16 bits": ".png",
    "tiff, 16 bits": ".tif",
    "tiff, floats": ".tif",
    "jxl": ".jxl",
}


def write_source(kind: str, path: Path, megapixels: float) -> int:
    """Write a photograph of this size and return the bytes of its pixels."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    with Image.open(ROOT / "docs" / "demo" / "photo.jpg") as photo:
        pixels = cv2.resize(np.asarray(photo.convert("RGB")), (height * 3 // 2, height), interpolation=cv2.INTER_CUBIC)
    if kind == "jxl":
        path.write_bytes(imagecodecs.jpegxl_encode(pixels, lossless=True, effort=1))
    elif kind == "png, 16 bits":
        pixels = pixels * np.uint16(257)
        path.write_bytes(imagecodecs.png_encode(pixels, level=1))
    elif kind.endswith("16 bits"):
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=100)
    parser.add_argument("kinds", nargs="*", choices=[*SUFFIXES, []], default=list(SUFFIXES))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.png"
        Image.new("RGB", (64, 64)).save(small)
        nothing = peak(small, *BOXES[:2])
        print(f"nothing: {nothing / 1e6:.0f} MB")
        for kind in given.kinds:
            source = Path(folder) / f"source{SUFFIXES[kind]}"
            decoded = write_source(kind, source, given.megapixels)
            for name, more in (("", ()), (", --grow 8 --feather 8", ("--grow", "8", "--feather", "8"))):
                used = peak(source, *BOXES, *more)
                print(
                    f"{kind}{name}: {used / 1e6:.0f} MB, {used / decoded:.2f} x decoded, "
                    f"{(used - nothing) / decoded:.2f} x without what nothing needs"
                )
            source.unlink()


if __name__ == "__main__":
    main()
