"""Label maps as programs write them."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint.core.errors import RecipeError
from inpaint.training.data.label_maps import read_labels

NUMBERS = np.zeros((12, 16), np.int32)
NUMBERS[1:5, 1:6], NUMBERS[6:11, 8:14] = 1, 16
RIM = np.zeros((12, 16), bool)
RIM[5, 1:6] = RIM[6:11, 7] = True
COLOURS = {0: (0, 0, 0), 1: (128, 0, 0), 16: (0, 64, 0), 255: (224, 224, 192)}


def encoded(picture, **options):
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", **options)
    return buffer.getvalue()


def in_colour(with_rim):
    array = np.zeros((*NUMBERS.shape, 3), np.uint8)
    numbers = np.where(RIM, 255, NUMBERS) if with_rim else NUMBERS
    for number, colour in COLOURS.items():
        array[numbers == number] = colour
    return encoded(Image.fromarray(array))


def by_palette():
    picture = Image.fromarray(np.where(RIM, 255, NUMBERS).astype(np.uint8))
    picture.putpalette([part for number in range(256) for part in COLOURS.get(number, (9, 9, 9))])
    return encoded(picture)


@pytest.mark.parametrize("with_rim", [False, True])
def test_each_colour_is_an_object_and_the_rim_is_none(with_rim):
    labels = read_labels(in_colour(with_rim), "a.png")
    assert np.unique(labels).tolist() == [0, 1, 2]
    assert np.array_equal(labels > 0, NUMBERS > 0)
    assert len(np.unique(labels[NUMBERS == 16])) == 1


def test_palettes_and_greys_keep_their_numbers():
    assert np.array_equal(read_labels(by_palette(), "a.png"), NUMBERS)
    grey = np.where(RIM, 255, NUMBERS).astype(np.uint8)
    assert np.array_equal(read_labels(encoded(Image.fromarray(grey)), "a.png"), NUMBERS)
    deep = (NUMBERS * 1000).astype(np.uint16)
    assert np.array_equal(read_labels(encoded(Image.fromarray(deep)), "a.png"), NUMBERS * 1000)


def test_white_on_black_is_an_object_and_no_rim():
    mask = (NUMBERS > 0).astype(np.uint8) * 255
    assert np.array_equal(read_labels(encoded(Image.fromarray(mask)), "a.png") > 0, NUMBERS > 0)
    assert np.array_equal(read_labels(encoded(Image.fromarray(mask > 0)), "a.png"), NUMBERS > 0)


def test_what_is_no_label_map_is_refused():
    photograph = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    with pytest.raises(RecipeError, match=r"a\.png has 6\d\d\d colours"):
        read_labels(encoded(Image.fromarray(photograph)), "a.png")
    jpeg = io.BytesIO()
    Image.fromarray(photograph).save(jpeg, "JPEG")
    with pytest.raises(RecipeError, match="lossy"):
        read_labels(jpeg.getvalue(), "a.png")
    floats = io.BytesIO()
    tifffile.imwrite(floats, np.full((4, 4), 0.5, np.float32))
    with pytest.raises(RecipeError, match="fractions"):
        read_labels(floats.getvalue(), "a.png")
