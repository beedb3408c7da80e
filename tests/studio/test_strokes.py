"""What was drawn becomes the mask that it looks like."""

import numpy as np
import pytest

from inpaint.core import Box, MaskError
from inpaint.studio.strokes import Piece, draw_mask


def draw(*strokes, size=(40, 30), pieces=None):
    return draw_mask(strokes, size, pieces or {})


def test_a_dot_is_a_disc():
    rows, columns = np.mgrid[0:30, 0:40]
    # Pixel centres are at halves on the page.
    distance = np.hypot(columns + 0.5 - 20, rows + 0.5 - 15)
    mask = draw({"kind": "brush", "radius": 8, "points": [[20, 15]]})
    assert mask.dtype == np.bool_
    assert mask[distance < 7].all()
    assert not mask[distance > 9].any()


def test_a_path_is_as_wide_as_its_dots():
    mask = draw({"kind": "brush", "radius": 4, "points": [[8, 15], [32, 15]]})
    height = mask.sum(axis=0)[8:32]
    assert (np.abs(height - 8) <= 1).all()
    assert not mask[:, :3].any()
    assert not mask[:, 37:].any()


def test_the_eraser_takes_away_and_later_strokes_count_more():
    box = {"kind": "box", "box": [5, 5, 20, 20]}
    dot = {"kind": "brush", "radius": 3, "points": [[15, 15]]}
    assert not draw(box, {**dot, "erase": True})[15, 15]
    assert draw({**dot, "erase": True}, box)[15, 15]


def test_boxes_end_at_the_edges():
    assert draw({"kind": "box", "box": [-5, -5, 10, 10]}).sum() == 25
    assert draw({"kind": "box", "box": [35, 25, 100, 100]}).sum() == 25
    assert draw({"kind": "box", "box": [-20, -20, 10, 10]}).sum() == 0


def test_a_lasso_is_filled():
    mask = draw({"kind": "lasso", "points": [[10, 5], [30, 5], [30, 25], [10, 25]]})
    assert abs(int(mask.sum()) - 400) <= 50
    assert mask[15, 20]


def test_found_objects_by_number():
    piece = Piece(Box(top=3, left=4, height=2, width=2), np.array([[True, False], [True, True]]))
    mask = draw({"kind": "object", "id": 7}, pieces={7: piece})
    assert mask.sum() == 3
    assert not mask[3, 5]


@pytest.mark.parametrize(
    "stroke",
    [
        {},
        {"kind": "cloud"},
        {"kind": "brush", "radius": 0, "points": [[1, 1]]},
        {"kind": "brush", "radius": float("nan"), "points": [[1, 1]]},
        {"kind": "brush", "radius": 3, "points": []},
        {"kind": "brush", "radius": 3, "points": [[1, float("inf")]]},
        {"kind": "lasso", "points": [[1]]},
        {"kind": "box", "box": [1, 2, 3]},
        {"kind": "box", "box": [1, 2, 3, float("nan")]},
        {"kind": "object", "id": 1},
        "brush",
    ],
    ids=str,
)
def test_strokes_that_cannot_be_read(stroke):
    with pytest.raises(MaskError):
        draw(stroke)


def test_too_many_points():
    with pytest.raises(MaskError, match="too many"):
        draw({"kind": "brush", "radius": 1, "points": [[1, 1]] * 200_001})
