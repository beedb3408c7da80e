from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inpaint.core.errors import InpaintError
from inpaint.gimp_plugin.jobs import all_jobs

HEIGHT, WIDTH = 96, 128
BOX = (40, 30, 72, 54)
"""Left, top, right and bottom of what is selected."""


def fill(picture: Callable, model: Path, selection: np.ndarray, **settings: object) -> tuple[dict, list[bytes]]:
    """Run the worker's job `fill` on a picture of 8 bits."""
    pixels = picture(HEIGHT, WIDTH) / np.float32(255)
    request = {
        "width": WIDTH,
        "height": HEIGHT,
        "selected": list(BOX),
        "model": str(model),
        "device": "cpu",
        "detail": "network",
        **settings,
    }
    return all_jobs()["fill"](request, [pixels.tobytes(), selection.tobytes()], lambda done, total: None)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_strength_comes_back_as_the_selection_went(picture: Callable, tiny_model: Path, kind: type) -> None:
    white = 1 if kind is np.float32 else np.iinfo(kind).max
    selection = np.full((24, 32), white, kind)
    selection[0, :] = kind(white / 4)
    answer, (rgba, strength) = fill(picture, tiny_model, selection)
    assert answer["box"] == [30, 40, 24, 32]
    assert len(rgba) == 24 * 32 * 16
    assert np.array_equal(np.frombuffer(strength, kind).reshape(24, 32), selection)


def test_a_part_alone_is_filled(picture: Callable, tiny_model: Path) -> None:
    answer, _ = fill(picture, tiny_model, np.full((24, 32), 255, np.uint8), part=[40, 30, 60, 54])
    assert answer["box"] == [30, 40, 24, 20]


def test_another_number_of_pixels_is_said(picture: Callable, tiny_model: Path) -> None:
    with pytest.raises(InpaintError, match="other pixels than it announced"):
        fill(picture, tiny_model, np.full((23, 32), 255, np.uint8))
