"""What an ONNX model that inpaints and harmonizes at once expects and returns, carried inside the file itself.

It lies under the same key as `Contract`, with the task "joint", so that neither kind is taken for the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from inpaint.weights.errors import ModelError
from inpaint.weights.onnx_metadata import CONTRACT_VERSION, check, from_metadata, to_metadata

TASK = "joint"


@dataclass(frozen=True, slots=True, kw_only=True)
class JointContract:
    """One joint model's promises. Tensors are NCHW float32, colours RGB in -1..1; hole and object = 1 in their masks.

    Both outputs equal the input wherever there is neither hole nor object, and are both defined everywhere else.
    """

    name: str
    """Short name, as typed after `--model`."""
    task: str = TASK
    """What the model does."""
    image_input: str = "image"
    """Name of the input of shape N x 3 x H x W: the composite."""
    mask_input: str = "mask"
    """Name of the input of shape N x 1 x H x W, 1 = hole around the object."""
    foreground_input: str = "foreground"
    """Name of the input of shape N x 1 x H x W, 1 = object; overlaps with no hole."""
    inpainted_output: str = "inpainted"
    """Name of the output of shape N x 3 x H x W whose hole is filled."""
    harmonized_output: str = "harmonized"
    """Name of the output of shape N x 3 x H x W whose object has the colours of the picture."""
    stride: int = 32
    """H and W must be multiples of this."""
    native_size: int = 256
    """Side in pixels of the square crops the model was trained on."""
    precision: str = "fp32"
    """Arithmetic inside the graph, "fp32" or "fp16"; inputs and outputs are float32 in both."""
    licence: str = "Apache-2.0"
    """Licence of the weights (SPDX identifier or one sentence)."""
    description: str = ""
    """One line on where the weights come from."""
    version: int = CONTRACT_VERSION
    """Version of this record."""

    def __post_init__(self) -> None:
        check(self, TASK, "harmonizes")
        if self.stride < 1 or self.native_size < self.stride:
            raise ModelError(f"The contract of the model {self.name!r} has impossible sizes; export it again.")

    def to_metadata(self) -> dict[str, str]:
        """Return the entry to add to the ONNX file's metadata."""
        return to_metadata(self)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "JointContract":
        """Read the contract out of an ONNX file's metadata; raises `ModelError` when there is none that fits."""
        return from_metadata(cls, metadata)
