"""What an ONNX model that finds the object in a box expects and returns, carried inside the file itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from inpaint.weights.errors import ModelError
from inpaint.weights.onnx_metadata import CONTRACT_VERSION, check, from_metadata, to_metadata

TASK = "cutout"


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoutContract:
    """One segmenter's promises. The picture is a square with the box in its middle (`inpaint.core.objects.box_crop`).

    Inputs: `image`, N x 3 x side x side float32 RGB in -1..1; and `box`, N x 1 x side x side, 1 inside the box, or
    N x 4 with its left, top, right and bottom in pixels of the square. Output `mask`: N x 1 x h x w float32 in 0..1.
    """

    name: str
    """Short name."""
    task: str = TASK
    """What the model does."""
    side: int = 128
    """Side of the square in pixels."""
    share: float = 0.7
    """How much of the side the longer side of the box takes."""
    box: Literal["mask", "corners"] = "mask"
    """How the box is given."""
    covers: Literal["square", "box"] = "square"
    """What the output shows: the whole square, or the box alone."""
    licence: str = "Apache-2.0"
    """Licence of the weights (SPDX identifier or one sentence)."""
    description: str = ""
    """One line on where the weights come from."""
    version: int = CONTRACT_VERSION
    """Version of this record."""

    def __post_init__(self) -> None:
        check(self, TASK, "cuts out")
        if self.side < 32 or not 0.2 <= self.share <= 1:
            raise ModelError(f"The contract of the model {self.name!r} has impossible sizes; export it again.")

    def to_metadata(self) -> dict[str, str]:
        """Return the entry to add to the ONNX file's metadata."""
        return to_metadata(self)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "CutoutContract":
        """Read the contract out of an ONNX file's metadata; raises `ModelError` when there is none that fits."""
        return from_metadata(cls, metadata)
