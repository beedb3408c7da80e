"""Make `before-after.jpg` for the README: the photograph with its hole tinted beside the filled photograph.

`make picture` fills the photograph and runs this: `python docs/demo/make_before_after.py FILLED`.
"""

import sys
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
TINT = (255, 40, 90)
STRENGTH = 0.55
GAP = 8


def before_after(photo: Image.Image, mask: Image.Image, filled: Image.Image) -> Image.Image:
    """Return the two pictures next to each other; all three are of one size, white in the mask = hole."""
    if not photo.size == mask.size == filled.size:
        raise ValueError(f"Photo {photo.size}, mask {mask.size} and result {filled.size} differ in size.")
    before = photo.convert("RGB")
    tint = Image.blend(before, Image.new("RGB", before.size, TINT), STRENGTH)
    sheet = Image.new("RGB", (2 * before.width + GAP, before.height), "white")
    sheet.paste(Image.composite(tint, before, mask.convert("L")), (0, 0))
    sheet.paste(filled.convert("RGB"), (before.width + GAP, 0))
    return sheet


def main() -> None:
    """Read the demo's photo and mask, and the filled picture named on the command line."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python docs/demo/make_before_after.py FILLED")
    with (
        Image.open(HERE / "photo.jpg") as photo,
        Image.open(HERE / "mask.png") as mask,
        Image.open(sys.argv[1]) as filled,
    ):
        sheet = before_after(photo, mask, filled)
        profile = photo.info.get("icc_profile")
    sheet.save(HERE / "before-after.jpg", quality=90, optimize=True, icc_profile=profile)


if __name__ == "__main__":
    main()
