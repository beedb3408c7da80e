"""Make the two pictures of docs/compose.md from photographs in the public domain.

    python docs/compose/make_pictures.py astronaut.png

The file is scikit-image's `skimage.data.astronaut()`; the other photograph is that of the demo.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.core import Box, compose, load_engine, load_joint, load_segmenter, remove

HERE = Path(__file__).parent
HEIGHT = 320


def beside(*pictures: np.ndarray) -> Image.Image:
    """Put pictures side by side, all of one height."""
    scaled = [
        Image.fromarray(picture).resize((round(picture.shape[1] * HEIGHT / picture.shape[0]), HEIGHT))
        for picture in pictures
    ]
    return Image.fromarray(np.concatenate([np.asarray(picture) for picture in scaled], axis=1))


def main() -> None:
    """Write both."""
    astronaut = np.asarray(Image.open(sys.argv[1]).convert("RGB"))
    rocket = np.asarray(Image.open(HERE.parent / "demo" / "photo.jpg").convert("RGB"))
    joint, segmenter = load_joint(device="cpu"), load_segmenter()
    done = compose(
        rocket, astronaut, Box(170, 330, 257, 214), object_box=Box(2, 20, 510, 425), engine=joint, segmenter=segmenter
    )
    beside(astronaut, done.pixels).save(HERE / "compose.jpg", quality=88)
    clear = remove(rocket, [Box(118, 170, 300, 46)], load_engine(device="cpu"), segmenter)
    beside(rocket, clear.pixels).save(HERE / "remove.jpg", quality=88)


if __name__ == "__main__":
    main()
