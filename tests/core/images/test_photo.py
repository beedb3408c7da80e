from collections.abc import Callable

import numpy as np
import pytest

from inpaint.core import Photo
from inpaint.core.images.photo import joined, parted

Maker = Callable[..., np.ndarray]
DTYPES = pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])


@DTYPES
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_parts_join_again(dtype: type, channels: int) -> None:
    array = (np.random.default_rng(0).random((8, 9, channels)) * (1 if dtype(0.5) else 255)).astype(dtype)
    array = array[..., 0] if channels == 1 else array
    pixels, alpha, grey = parted(array)
    assert pixels.shape == (8, 9, 3)
    assert (alpha is not None, grey) == (channels in (2, 4), channels <= 2)
    assert np.array_equal(joined(Photo(pixels=pixels, alpha=alpha, grey=grey), grey=True, alpha=True), array)


@DTYPES
def test_a_coloured_fill_in_a_grey_photograph_becomes_its_brightness(dtype: type) -> None:
    pixels = np.full((2, 2, 3), 1, dtype)
    pixels[0, 0] = (200, 100, 50)
    grey = joined(Photo(pixels=pixels, grey=True), grey=True, alpha=True)
    assert grey.dtype == dtype
    assert grey[0, 0] == pytest.approx(124.2, abs=0.5)
    assert (grey.ravel()[1:] == 1).all()


def test_formats_without_grey_or_transparency(picture: Maker) -> None:
    photo = Photo(pixels=picture(), alpha=picture()[..., 0], grey=True)
    assert joined(photo, grey=False, alpha=False) is photo.pixels
    assert joined(photo, grey=False, alpha=True).shape == (96, 128, 4)
