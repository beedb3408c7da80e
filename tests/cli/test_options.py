from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from inpaint.cli._options import mask_choice
from inpaint.core import Box


def choose(
    mask: str | None = None,
    box: list[str] | None = None,
    color: str | None = None,
    threshold: int | None = None,
    **more: Any,
):
    return mask_choice(mask, False, box, color, 10, threshold, **more)


def test_the_word_alpha_is_no_file() -> None:
    assert (choose("alpha").alpha, choose("alpha").file) == (True, None)
    assert (choose("./alpha").alpha, choose("./alpha").file) == (False, Path("alpha"))
    assert (choose("masks/alpha").alpha, choose("alpha.png").file) == (False, Path("alpha.png"))


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("scan.tif", (Path("scan.tif"), None, None)),
        ("scan.tif#4", (Path("scan.tif"), None, 4)),
        ("my#scan.tif#page=2", (Path("my#scan.tif"), 2, None)),
        ("scan.tif#page=2,1", (Path("scan.tif"), 2, 1)),
        ("#4", (None, None, 4)),
        ("#page=2", (None, 2, None)),
    ],
)
def test_a_mask_may_be_a_channel_or_a_page(words: str, place: tuple) -> None:
    choice = choose(words)
    assert (choice.file, choice.page, choice.channel) == place
    inside = choice.inside(Path("photo.tif"))
    assert inside.file == (place[0] or Path("photo.tif"))


def test_a_file_that_is_called_so_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "scan#4").touch()
    assert choose(str(tmp_path / "scan#4")).file == tmp_path / "scan#4"


@pytest.mark.parametrize("words", ["scan.tif#", "scan.tif#0", "scan.tif#page=0", "scan.tif#infrared", "#ff00ff"])
def test_what_names_no_part_of_a_file_is_refused(words: str) -> None:
    with pytest.raises(typer.BadParameter, match="FILE#4"):
        choose(words)


def test_labels_are_whole_numbers() -> None:
    assert choose("m.png", labels="15, 26001").labels == (15, 26_001)
    for words in ("", "a", "-1", "1.5"):
        with pytest.raises(typer.BadParameter, match="no labels"):
            choose("m.png", labels=words)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mask": "alpha", "labels": "1"}, "give --mask FILE"),
        ({"mask": "m.png", "labels": "1", "soft": True}, "--labels and --soft"),
        ({"mask": "m.png", "threshold": 5, "soft": True}, "--threshold and --soft"),
        ({"mask": "m.png", "at_border": True}, "Give --color"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict, sentence: str) -> None:
    with pytest.raises(typer.BadParameter, match=sentence):
        choose(**options)


def test_a_colour_of_16_bits() -> None:
    assert [round(part * 257) for part in choose(color="#659165910000").color or ()] == [26_001, 26_001, 0]


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
