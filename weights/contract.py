"""What an ONNX inpainting model expects and returns, carried inside the file itself.

The contract is one JSON object under the key `inpaint.contract` of the ONNX metadata. Export writes it, the engine
reads it, and nothing about a model's polarity, range or size is ever guessed. Models of other people carry none; theirs
stand in the manifest, and use the fields from `least_size` on, which an export of ours leaves as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from inpaint.weights.errors import ModelError
from inpaint.weights.onnx_metadata import CONTRACT_VERSION, check, from_metadata, to_metadata

RIM = 4
"""Pixels around the hole that a graph with `known` = "near" may change: a 3 x 3 dilation and a 5 x 5 blur reach 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One model's promises. Tensors are NCHW; unless a field says otherwise float32, RGB, and hole = 1 in the mask.

    The graph itself blanks the hole of its input and returns the known pixels of its input unchanged, so that a
    caller may pass any colours under the hole.
    """

    name: str
    """Short name, as typed after `--model`."""
    task: str = "inpaint"
    """What the model does; the only task of version 1."""
    image_input: str = "image"
    """Name of the input of shape N x 3 x H x W."""
    mask_input: str = "mask"
    """Name of the input of shape N x 1 x H x W, holding 0 (known) and 1 (hole)."""
    output: str = "output"
    """Name of the output of shape N x 3 x H x W; empty for whatever the only output is called."""
    image_range: tuple[float, float] = (-1.0, 1.0)
    """Black and white in `image_input`, and in `output` unless `output_range` says otherwise."""
    stride: int = 8
    """H and W must be multiples of this."""
    native_size: int = 256
    """Side in pixels of the square crops the model was trained on."""
    native_hole: int = 128
    """Side in pixels of the largest hole the model was trained to fill; larger ones are filled at a reduced scale."""
    precision: str = "fp32"
    """Arithmetic inside the graph, "fp32", "fp16" or "int8"; inputs and output have the type `dtype` in all of them."""
    licence: str = "Apache-2.0"
    """Licence of the weights (SPDX identifier or one sentence)."""
    description: str = ""
    """One line on where the weights come from."""
    version: int = CONTRACT_VERSION
    """Version of this record."""
    least_size: int = 64
    """Least height and width the network is fed; smaller pictures are padded."""
    fixed_size: bool = False
    """Takes pictures of `native_size` x `native_size` only."""
    largest_batch: int = 0
    """Most pictures in one call; 0: any number."""
    dtype: Literal["float32", "float16", "uint8"] = "float32"
    """Of the inputs and the output."""
    output_range: tuple[float, float] | None = None
    """Black and white in `output`, where they differ from `image_range`."""
    mask_values: tuple[float, float] = (0.0, 1.0)
    """What stands for known and for hole in `mask_input`."""
    under_hole: float | None = None
    """What the caller puts under the hole, 0 = black to 1 = white; None: anything, because the graph blanks it."""
    colours: Literal["RGB", "BGR"] = "RGB"
    """Order of the channels of `image_input` and `output`."""
    known: Literal["exact", "near", "free"] = "exact"
    """Known pixels of the output are those of the input: all of them; all but a rim of `RIM` pixels around the hole,
    which the graph blends; or none, because the graph returns what it predicts for them."""

    def __post_init__(self) -> None:
        check(self, "inpaint", "inpaints")
        if self.stride < 1 or self.native_size < self.stride or self.native_hole < 1:
            raise ModelError(f"The contract of the model {self.name!r} has impossible sizes; export it again.")
        if self.least_size < 1 or self.largest_batch < 0 or (self.fixed_size and self.native_size % self.stride):
            raise ModelError(f"The contract of the model {self.name!r} has impossible sizes; export it again.")
        ranges = [self.image_range, self.output_range or self.image_range]
        if any(low >= high for low, high in ranges) or self.mask_values[0] == self.mask_values[1]:
            raise ModelError(f"The contract of the model {self.name!r} has an empty value range; export it again.")

    def in_words(self) -> str:
        """Say in one line what the graph takes and returns."""
        low, high = self.image_range
        returns = f"{self.output_range[0]:g}..{self.output_range[1]:g}" if self.output_range else "the same"
        size = f"{self.native_size} x {self.native_size} only" if self.fixed_size else f"multiples of {self.stride}"
        return (
            f"takes {self.dtype} {self.colours} {low:g}..{high:g} and a mask with {self.mask_values[1]:g} = hole; "
            f"returns {returns}; computes in {self.precision}; {size}; made for {self.native_size} px, holes beyond "
            f"{self.native_hole} px are filled at a smaller scale"
        )

    def to_metadata(self) -> dict[str, str]:
        """Return the entry to add to the ONNX file's metadata."""
        return to_metadata(self)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Contract":
        """Read the contract out of an ONNX file's metadata; raises `ModelError` when there is none that fits."""
        return from_metadata(cls, metadata)
