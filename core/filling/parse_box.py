"""Places in words: `x,y` and `x,y,width,height`, in pixels from the top left, as people type them."""

from inpaint.core.errors import MaskError
from inpaint.core.filling.regions import Box


def parse_numbers(words: str, *allowed: int) -> tuple[int, ...]:
    """Read whole numbers with commas or spaces between; raises `MaskError` unless there are as many as allowed."""
    try:
        numbers = tuple(int(word) for word in words.replace(",", " ").split())
    except ValueError:
        numbers = ()
    if len(numbers) not in allowed or any(side < 1 for side in numbers[2:]):
        what, shape = ("place", "x,y or x,y,width,height") if 2 in allowed else ("box", "x,y,width,height")
        raise MaskError(f"{words!r} is not a {what}; write {shape} in pixels, as in 40,30,200,100.")
    return numbers


def parse_box(words: str) -> Box:
    """Read `x,y,width,height`; raises `MaskError` for anything else."""
    left, top, width, height = parse_numbers(words, 4)
    return Box(top, left, height, width)
