"""Make `texture.jpg` from three photographs of scikit-image: python make_texture.py .../skimage/data"""

import sys
from pathlib import Path

import cv2
import numpy as np

from inpaint.core import fill, load_engine

HOLES = {
    "gravel.png": lambda mask: cv2.ellipse(mask, (256, 256), (95, 80), 0, 0, 360, 255, -1),
    "brick.png": lambda mask: cv2.ellipse(mask, (256, 256), (95, 80), 0, 0, 360, 255, -1),
    "coffee.png": lambda mask: cv2.ellipse(mask, (505, 75), (75, 60), 0, 0, 360, 255, -1),
}
"""Photograph -> what paints its hole."""
SIDE = 340


def row(path: Path) -> np.ndarray:
    """Return hole, network alone, and with texture side by side, cut to the hole and its surroundings."""
    picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    levels = np.zeros(picture.shape[:2], np.uint8)
    HOLES[path.name](levels)
    hole = levels > 0
    engine = load_engine("default", device="cpu")
    marked = picture.copy()
    marked[hole] = 255
    rows, columns = np.nonzero(hole)
    top = int(np.clip(rows.mean() - SIDE / 2, 0, hole.shape[0] - SIDE))
    left = int(np.clip(columns.mean() - SIDE / 2, 0, hole.shape[1] - SIDE))
    parts = [marked, *(fill(picture, hole, engine, detail=detail) for detail in ("network", "auto"))]
    return np.hstack([part[top : top + SIDE, left : left + SIDE] for part in parts])


def main() -> None:
    """Write `texture.jpg` beside this script."""
    sheet = np.vstack([row(Path(sys.argv[1]) / name) for name in HOLES])
    target = Path(__file__).with_name("texture.jpg")
    cv2.imwrite(str(target), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
