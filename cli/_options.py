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
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
DetailOption = Annotated[
    Detail,
    typer.Option(
        "--detail",
        help="What the hole is filled with: network with the network's fill as it is, texture with copies from around "
        "it, auto with the better one of several such copies, which may follow the network.",
    ),
]


class MaskKind(StrEnum):
    """How masks are drawn; the same words as `inpaint.training.data.mask_sets.KINDS`."""

    MIXED = "mixed"
    RECTANGLES = "rectangles"
    STROKES = "strokes"
    CENTRE = "centre"
    OBJECTS = "objects"


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
        metavar="FILE|alpha",
        help="A picture of the same size: white is filled, black is kept, grey is a soft seam. Or the word alpha: what "
        "is transparent is filled, and opaque then.",
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
        help="Fill every pixel of this colour: in the mask if one is given, otherwise in the photograph.",
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
        help="Mask values of at least this are hole, all others are not: no soft edge.",
        show_default=False,
        rich_help_panel=HOLE,
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
        min=0, max=2**31 - 1, help="Another number gives another fill, the same one the same.", rich_help_panel=TEXTURE
    ),
]
CopyFrom = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="MASK",
        help="A mask: only what is white in it is copied into the hole.",
        show_default=False,
        rich_help_panel=TEXTURE,
    ),
]
NotFrom = Annotated[
    Path | None,
    typer.Option(
        "--not-from",
        metavar="MASK",
        help="A mask: nothing that is white in it is copied into the hole.",
        show_default=False,
        rich_help_panel=TEXTURE,
    ),
]


def mask_choice(
    mask: str | None, invert: bool, box: list[str] | None, color: str | None, tolerance: int, threshold: int | None
) -> "MaskChoice":
    """Return what the options above say. Raises `typer.BadParameter` for words that mean nothing.

    mask: as it was typed: alpha is a word, and ./alpha a file or folder.
    """
    if mask is None and not box and color is None:
        raise typer.BadParameter("Give --mask, --box or --color: nothing says where the hole is.")
    from inpaint.core.filling.mask_sources import MaskChoice

    alpha = mask == "alpha"
    return MaskChoice(
        file=None if mask is None or alpha else Path(mask),
        alpha=alpha,
        boxes=tuple(read_box(words) for words in box or ()),
        color=None if color is None else _color(color),
        tolerance=tolerance,
        invert=invert,
        threshold=threshold,
    )


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


def _color(words: str) -> tuple[int, int, int]:
    """Read `#rrggbb`, with or without the hash, or a colour's name in CSS."""
    from PIL import ImageColor

    for word in (words, f"#{words}"):
        try:
            red, green, blue, *_ = ImageColor.getrgb(word)
        except ValueError:
            continue
        if max(red, green, blue) <= 255 and min(red, green, blue) >= 0:
            return red, green, blue
    raise typer.BadParameter(f"{words!r} is not a colour; write it as '#ff00ff' or magenta.")
