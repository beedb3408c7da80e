"""Where in a file a mask is, in words: `scan.tif#4` is its fourth channel, `scan.tif#page=2` its second page."""

import re
from pathlib import Path
from typing import NamedTuple

from inpaint.core.errors import MaskError
from inpaint.weights.paths import is_there

_PARTS = re.compile(r"(?:page=(?P<page>\d+))?,?(?:(?:channel=)?(?P<channel>\d+))?")


class MaskPlace(NamedTuple):
    """A file and what of it is the mask."""

    file: Path | None
    """None for the photograph itself."""
    page: int | None = None
    """Of a TIFF, from 1; None for the one that is the picture."""
    channel: int | None = None
    """From 1; None for the picture as a whole."""


def parse_mask_place(words: str) -> MaskPlace:
    """Read `FILE`, `FILE#4`, `FILE#page=2` or `FILE#page=2,1`; without FILE the photograph itself is meant.

    A file that is really called so is that file. Raises `MaskError` when what follows the # means nothing.
    """
    if "#" not in words or is_there(Path(words)):
        return MaskPlace(Path(words))
    name, _, said = words.rpartition("#")
    found = _PARTS.fullmatch(said)
    page, channel = (
        (int(number) if number else None for number in (found["page"], found["channel"])) if found else (0, 0)
    )
    if not said or page == 0 or channel == 0:
        raise MaskError(
            f"{words} names neither a file nor a part of one; write FILE#4 for its fourth channel or FILE#page=2 for "
            "its second page."
        )
    return MaskPlace(Path(name) if name else None, page, channel)
