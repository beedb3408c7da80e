"""Options that several commands share."""

from enum import StrEnum


class Device(StrEnum):
    """Where the networks run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class MaskKind(StrEnum):
    """How masks are drawn; the same words as `inpaint.training.masksets.KINDS`."""

    MIXED = "mixed"
    RECTANGLES = "rectangles"
    STROKES = "strokes"
    CENTRE = "centre"
    OBJECTS = "objects"
