"""A mask as a picture that `inpaint fill` takes again."""

from pathlib import Path

import numpy as np

from inpaint.core.errors import OutputError
from inpaint.core.images.photo import Photo
from inpaint.core.images.read_write import check_output, write_image

LOSSLESS = (".png", ".tif", ".tiff", ".bmp")


def check_mask_output(path: str | Path) -> None:
    """Raise `OutputError` when it is plain before any work that a mask cannot be written to `path`."""
    if Path(path).suffix.lower() not in LOSSLESS:
        raise OutputError(f"{path}: a mask has to stay exact, so its suffix is one of {', '.join(LOSSLESS)}.")
    check_output(_photo(np.zeros((1, 1), bool)), path)


def save_mask(mask: np.ndarray, path: str | Path) -> None:
    """Write a mask, H x W bool, as a grey picture in which white is hole. Raises `OutputError`."""
    write_image(_photo(mask), path)


def _photo(mask: np.ndarray) -> Photo:
    return Photo(pixels=np.repeat(mask.astype(np.uint8)[..., None] * np.uint8(255), 3, axis=2), grey=True)
