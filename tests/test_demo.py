"""The demo's photograph, mask and picture."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

DEMO = Path(__file__).resolve().parent.parent / "docs" / "demo"


@pytest.fixture
def picture_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_before_after", DEMO / "make_before_after.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_mask_fits_the_photograph() -> None:
    with Image.open(DEMO / "photo.jpg") as photo, Image.open(DEMO / "mask.png") as mask:
        assert photo.size == mask.size
        values = np.asarray(mask)
    assert set(np.unique(values)) == {0, 255}
    assert 0.02 < (values == 255).mean() < 0.2


def test_before_and_after_stand_side_by_side(picture_maker: ModuleType) -> None:
    photo, filled = Image.new("RGB", (4, 2), "white"), Image.new("RGB", (4, 2), "black")
    mask = Image.new("L", (4, 2), 0)
    mask.putpixel((1, 1), 255)
    sheet = picture_maker.before_after(photo, mask, filled)
    assert sheet.size == (8 + picture_maker.GAP, 2)
    assert sheet.getpixel((0, 0)) == (255, 255, 255)
    assert sheet.getpixel((1, 1))[1] < 255
    assert sheet.getpixel((4 + picture_maker.GAP, 0)) == (0, 0, 0)
    with pytest.raises(ValueError, match="differ in size"):
        picture_maker.before_after(photo, mask, filled.resize((2, 2)))
