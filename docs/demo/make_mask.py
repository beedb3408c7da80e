"""Draw `mask.png`: the two slim towers beside the rocket, with the lamps at their feet, by hand-set corners.

Run it from anywhere; it writes beside itself. White = hole.
"""

from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
OVERSAMPLING = 4

# fmt: off
LEFT_TOWER = [
    (195, 117), (208, 117), (209, 188), (207, 230), (207, 300), (207, 352), (222, 372), (229, 400),
    (228, 427), (160, 427), (163, 400), (167, 372), (172, 310), (179, 268), (185, 222), (186, 190),
    (192, 186),
]
RIGHT_TOWER = [
    (442, 117), (454, 117), (457, 186), (464, 190), (465, 224), (471, 258), (477, 320), (484, 372),
    (490, 427), (412, 427), (404, 412), (404, 380), (414, 364), (435, 354), (436, 300), (436, 224),
    (435, 190), (441, 186),
]
# fmt: on
# Centre x, centre y, radius x, radius y of the glow around each lamp.
LAMPS = [(192, 396, 31, 30), (434, 393, 26, 27), (454, 417, 32, 26)]


def main() -> None:
    """Write the mask at the size of `photo.jpg`."""
    with Image.open(HERE / "photo.jpg") as photo:
        size = photo.size
    canvas = Image.new("L", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING), 0)
    pen = ImageDraw.Draw(canvas)
    for corners in (LEFT_TOWER, RIGHT_TOWER):
        pen.polygon([(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in corners], fill=255)
    for x, y, rx, ry in LAMPS:
        box = (x - rx, y - ry, x + rx, y + ry)
        pen.ellipse([side * OVERSAMPLING for side in box], fill=255)
    canvas.resize(size, Image.Resampling.BOX).point(lambda value: 255 if value >= 128 else 0).save(
        HERE / "mask.png", optimize=True
    )


if __name__ == "__main__":
    main()
