from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from inpaint.cli._options import mask_choice
from inpaint.core import Box


def choose(mask: str | None = None, box: list[str] | None = None, color: str | None = None):
    return mask_choice(mask, False, box, color, 10, None)


def test_the_word_alpha_is_no_file() -> None:
    assert (choose("alpha").alpha, choose("alpha").file) == (True, None)
    assert (choose("./alpha").alpha, choose("./alpha").file) == (False, Path("alpha"))
    assert (choose("masks/alpha").alpha, choose("alpha.png").file) == (False, Path("alpha.png"))


def test_a_box_is_x_y_width_height() -> None:
    assert choose(box=["1,2,3,4", " -5, 6 ,7,8"]).boxes == (Box(2, 1, 4, 3), Box(6, -5, 8, 7))


@pytest.mark.parametrize("words", ["#ff8000", "ff8000", "#F80", "f80", "rgb(255, 128, 0)"])
def test_a_colour_in_all_its_spellings(words: str) -> None:
    red, green, blue = choose(color=words).color or (0, 0, 0)
    assert (red, blue) == (255, 0)
    assert green in (128, 136)


@pytest.mark.parametrize("words", ["rgb(300, 0, 0)", "rgb(0, -1, 0)", "rgb(0, 0, 256)"])
def test_what_no_pixel_can_have_is_no_colour(words: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not a colour"):
        choose(color=words)


@given(st.text() | st.from_regex(r"-?\d{0,30},-?\d+,\d+,-?\d*"))
def test_whatever_the_words_are_a_box_or_a_colour_or_a_usage_error(words: str) -> None:
    try:
        boxes = choose(box=[words]).boxes
    except typer.BadParameter:
        boxes = ()
    assert all(box.width > 0 and box.height > 0 for box in boxes)
    try:
        color = choose(color=words).color
    except typer.BadParameter:
        color = None
    assert color is None or all(0 <= value <= 255 for value in color)
