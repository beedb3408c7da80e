"""Reading, filling and writing photographs: the half of Inpaint that needs no torch.

Names are imported when they are first used, so that `import inpaint.core` costs nothing.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inpaint.core.engines.engine import Engine, load_engine
    from inpaint.core.errors import (
        DivergedError,
        EngineError,
        HubError,
        ImageError,
        InpaintError,
        MaskError,
        ModelError,
        OutOfMemoryError,
        OutputError,
        RecipeError,
    )
    from inpaint.core.filling.fill import Filled, fill, fill_pixels
    from inpaint.core.filling.mask import check_mask, grow
    from inpaint.core.filling.mask_file import read_mask
    from inpaint.core.filling.mask_sources import BuiltMask, MaskChoice, build_mask, find_mask
    from inpaint.core.filling.regions import Box, Region, plan
    from inpaint.core.filling.texture import Sampling
    from inpaint.core.images.photo import Photo
    from inpaint.core.images.read_write import filled_name, read_image, write_image
    from inpaint.core.objects.composing import Composed, compose
    from inpaint.core.objects.composition import Composition, compose_file, read_compositions
    from inpaint.core.objects.cutout import cut_out
    from inpaint.core.objects.harmonizing import harmonize
    from inpaint.core.objects.joint import JointEngine, load_joint
    from inpaint.core.objects.removing import remove
    from inpaint.core.objects.segmenting import SegmenterEngine, load_segmenter

__all__ = [
    "Box",
    "BuiltMask",
    "Composed",
    "Composition",
    "DivergedError",
    "Engine",
    "EngineError",
    "Filled",
    "HubError",
    "ImageError",
    "InpaintError",
    "JointEngine",
    "MaskChoice",
    "MaskError",
    "ModelError",
    "OutOfMemoryError",
    "OutputError",
    "Photo",
    "RecipeError",
    "Region",
    "Sampling",
    "SegmenterEngine",
    "build_mask",
    "check_mask",
    "compose",
    "compose_file",
    "cut_out",
    "fill",
    "fill_pixels",
    "filled_name",
    "find_mask",
    "grow",
    "harmonize",
    "load_engine",
    "load_joint",
    "load_segmenter",
    "plan",
    "read_compositions",
    "read_image",
    "read_mask",
    "remove",
    "write_image",
]

_HOMES = {
    "engines.engine": ("Engine", "load_engine"),
    "errors": tuple(name for name in __all__ if name.endswith("Error")),
    "filling.fill": ("Filled", "fill", "fill_pixels"),
    "images.read_write": ("filled_name", "read_image", "write_image"),
    "filling.mask": ("check_mask", "grow"),
    "filling.mask_file": ("read_mask",),
    "filling.mask_sources": ("BuiltMask", "MaskChoice", "build_mask", "find_mask"),
    "objects.composing": ("Composed", "compose"),
    "objects.composition": ("Composition", "compose_file", "read_compositions"),
    "objects.cutout": ("cut_out",),
    "objects.harmonizing": ("harmonize",),
    "objects.joint": ("JointEngine", "load_joint"),
    "objects.removing": ("remove",),
    "objects.segmenting": ("SegmenterEngine", "load_segmenter"),
    "images.photo": ("Photo",),
    "filling.regions": ("Box", "Region", "plan"),
    "filling.texture": ("Sampling",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

if getattr(sys.modules.get("inpaint"), "__file__", None) is not None:  # a namespace has none
    import warnings

    from inpaint.core.release import name_clash

    warnings.warn(name_clash(), stacklevel=2)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
