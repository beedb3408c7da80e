"""Options that several commands share, and what their words mean."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from inpaint.core.filling.mask_sources import MaskChoice
    from inpaint.core.filling.regions import Box


class Device(StrEnum):
    """Where the networks run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Detail(StrEnum):
    """Where the fine detail of a fill comes from."""

    AUTO = "auto"
    NETWORK = "network"
    TEXTURE = "texture"


DeviceOption = Annotated[Device, typer.Option("--device", help="auto uses an NVIDIA GPU if there is a working one.")]
Threads = Annotated[
    int | None,
    typer.Option(min=1, max=1024, help="Number of CPU threads. Default: one per physical core.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a sentence.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors.")]
DetailOption = Annotated[
    Detail,
    typer.Option(
        "--detail",
        help="How to fill. network: the network's fill as it is. texture: texture copied from around the hole. auto: "
        "the same, but one of the fills to choose from may start from the network's.",
    ),
]


class MaskKind(StrEnum):
    """How masks are drawn; the same words as `inpaint.training.data.mask_sets.KINDS`."""

    MIXED = "mixed"
    RECTANGLES = "rectangles"
    STROKES = "strokes"
    CENTRE = "centre"
    OBJECTS = "objects"


class MaskFitWord(StrEnum):
    """How a mask of another size fits; the same words as `inpaint.core.filling.mask_fit.FITS`."""

    EXACT = "exact"
    SCALE = "scale"
    TOP_LEFT = "top-left"
    TOP = "top"
    TOP_RIGHT = "top-right"
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM = "bottom"
    BOTTOM_RIGHT = "bottom-right"


class Format(StrEnum):
    """What a picture is written as; the values are suffixes."""

    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"
    BMP = "bmp"
    JPEG = "jpg"
    JXL = "jxl"


def complete_model(typed: str) -> list[str]:
    """Return the names of models that begin so; files are completed by nobody, because a name comes first."""
    from inpaint.weights import MODELS

    names = [name for model in MODELS if model.task == "inpaint" for name in (model.name, *model.aliases)]
    return sorted(name for name in names if name.startswith(typed))


def complete_known(typed: str) -> list[str]:
    """Return the names of all models, whatever they do, that begin so."""
    from inpaint.weights import MODELS

    return sorted(model.name for model in MODELS if model.name.startswith(typed))


Model = Annotated[
    str,
    typer.Option(
        help="A name from `inpaint weights list`, user/repo once it is pulled, or an .onnx file.",
        autocompletion=complete_model,
    ),
]

HOLE = "Where the hole is"
"""Heading in `--help` over the options below."""

PHOTO: dict[str, Any] = {"readable": False, "show_default": False}
"""Of every picture that is read: the reader says what is wrong with it, with its own exit code."""

Mask = Annotated[
    str | None,  # a Path would make ./alpha the word alpha
    typer.Option(
        "--mask",
        "-m",
        metavar="FILE[#PART]|alpha",
        help="A picture of the same size: white is filled, black is kept, a grey edge blends in. FILE#4 is its fourth "
        "channel, FILE#page=2 its second page; without FILE, those of the photograph. Or the word alpha: fills the "
        "transparent parts of the photograph and makes them opaque.",
        show_default=False,
        rich_help_panel=HOLE,
    ),
]
Boxes = Annotated[
    list[str] | None,
    typer.Option(
        "--box",
        metavar="X,Y,W,H",
        help="Fill this rectangle, in pixels from the top left. Can be repeated, and combined with a mask.",
        show_default=False,
        rich_help_panel=HOLE,
    ),
]
Color = Annotated[
    str | None,
    typer.Option(
        metavar="#RRGGBB",
        help="Fill every pixel that has this colour in the mask, or in the photograph if there is no mask.",
        show_default=False,
        rich_help_panel=HOLE,
    ),
]
Tolerance = Annotated[
    int,
    typer.Option(min=0, max=255, help="Largest difference from --color, per channel.", rich_help_panel=HOLE),
]
Invert = Annotated[bool, typer.Option("--invert", help="Invert the mask: black is filled.", rich_help_panel=HOLE)]
Threshold = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=255,
        help="Fill where the mask is at least this bright, with a hard edge.",
        show_default=False,
        rich_help_panel=HOLE,
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        metavar="N,N...",
        help="The mask is a label map: fill only these numbers. Default: all but 0.",
        show_default=False,
        rich_help_panel=HOLE,
    ),
]
Soft = Annotated[
    bool,
    typer.Option(
        "--soft",
        help="Use the greys of the mask as they are: they say how much of the fill shows.",
        rich_help_panel=HOLE,
    ),
]
MaskFit = Annotated[
    MaskFitWord,
    typer.Option(
        "--mask-fit",
        help="A mask of another size: refuse it, scale it, or place it there in its own size.",
        rich_help_panel=HOLE,
    ),
]
AtBorder = Annotated[
    bool,
    typer.Option("--at-border", help="With --color: only areas at the border of the picture.", rich_help_panel=HOLE),
]
Tile = Annotated[
    bool,
    typer.Option(
        "--tile", help="The picture is a repeating texture: left continues at right, top at bottom. So does the fill."
    ),
]
Grow = Annotated[
    int,
    typer.Option(min=0, metavar="PX", help="Enlarge the hole by this much on all sides.", rich_help_panel=HOLE),
]
Feather = Annotated[
    int,
    typer.Option(min=0, metavar="PX", help="Soften the edge of the fill, inside the hole.", rich_help_panel=HOLE),
]

TEXTURE = "Where the fill comes from"
"""Panel in the help."""

Seed = Annotated[
    int,
    typer.Option(
        min=0, max=2**31 - 1, help="Random seed. Each number gives a different fill.", rich_help_panel=TEXTURE
    ),
]
CopyFrom = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="MASK",
        help="A mask: texture is copied only from where it is white.",
        show_default=False,
        rich_help_panel=TEXTURE,
    ),
]
NotFrom = Annotated[
    Path | None,
    typer.Option(
        "--not-from",
        metavar="MASK",
        help="A mask: no texture is copied from where it is white.",
        show_default=False,
        rich_help_panel=TEXTURE,
    ),
]


def mask_choice(
    mask: str | None,
    invert: bool,
    box: list[str] | None,
    color: str | None,
    tolerance: int,
    threshold: int | None,
    *,
    labels: str | None = None,
    soft: bool = False,
    fit: MaskFitWord = MaskFitWord.EXACT,
    at_border: bool = False,
) -> "MaskChoice":
    """Return what the options above say. Raises `typer.BadParameter` for words that mean nothing.

    mask: as it was typed: alpha is a word, and ./alpha a file or folder.
    """
    if mask is None and not box and color is None:
        raise typer.BadParameter("Give --mask, --box or --color: nothing says where the hole is.")
    if at_border and color is None:
        raise typer.BadParameter("Give --color, too: --at-border says which of its areas are meant.")
    if labels is not None and (mask in (None, "alpha") or color is not None):
        raise typer.BadParameter("--labels are numbers in a mask file; give --mask FILE, and no --color.")
    ways = ["--labels"] * (labels is not None) + ["--threshold"] * (threshold is not None) + ["--soft"] * soft
    if len(ways) > 1:
        raise typer.BadParameter(f"{' and '.join(ways)} say different things about the mask; give one of them.")
    from inpaint.core.errors import MaskError
    from inpaint.core.filling.mask_place import MaskPlace, parse_mask_place
    from inpaint.core.filling.mask_sources import MaskChoice

    alpha = mask == "alpha"
    try:
        place = MaskPlace(None) if mask is None or alpha else parse_mask_place(mask)
    except MaskError as error:
        raise typer.BadParameter(str(error), param_hint="--mask") from error
    return MaskChoice(
        file=place.file,
        page=place.page,
        channel=place.channel,
        fit=fit.value,
        labels=() if labels is None else _labels(labels),
        soft=soft,
        alpha=alpha,
        boxes=tuple(read_box(words) for words in box or ()),
        color=None if color is None else _color(color),
        at_border=at_border,
        tolerance=tolerance,
        invert=invert,
        threshold=threshold,
    )


def _labels(words: str) -> tuple[int, ...]:
    """Read `15,26001`."""
    try:
        labels = tuple(int(word) for word in words.replace(",", " ").split())
    except ValueError:
        labels = ()
    if not labels or min(labels) < 0:
        raise typer.BadParameter(
            f"{words!r} are no labels; write whole numbers, as in 15,26001.", param_hint="--labels"
        )
    return labels


def read_box(words: str) -> "Box":
    """Read `x,y,width,height`. Raises `typer.BadParameter` for anything else."""
    from inpaint.core.filling.regions import Box

    left, top, width, height = read_numbers(words, 4)
    return Box(top=top, left=left, height=height, width=width)


def read_numbers(words: str, *allowed: int) -> tuple[int, ...]:
    """Read a place of so many numbers. Raises `typer.BadParameter` for anything else."""
    from inpaint.core.errors import MaskError
    from inpaint.core.filling.parse_box import parse_numbers

    try:
        return parse_numbers(words, *allowed)
    except MaskError as error:
        raise typer.BadParameter(str(error)) from error


def _color(words: str) -> tuple[float, float, float]:
    """Read `#rrggbb`, with or without the hash, a colour's name in CSS, or `#rrrrggggbbbb` of 16 bits."""
    from PIL import ImageColor

    digits = words.removeprefix("#")
    if len(digits) == 12 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
        red, green, blue = (int(digits[start : start + 4], 16) / 257 for start in (0, 4, 8))
        return red, green, blue
    for word in (words, f"#{words}"):
        try:
            red, green, blue, *_ = ImageColor.getrgb(word)
        except ValueError:
            continue
        if max(red, green, blue) <= 255 and min(red, green, blue) >= 0:
            return red, green, blue
    raise typer.BadParameter(f"{words!r} is not a colour; write it as '#ff00ff' or magenta.")
