"""A photograph in memory: its pixels, and everything else of its file that must survive a fill."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inpaint.core.images.pixels import white_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """A decoded photograph, upright, and what else its file said."""

    pixels: np.ndarray
    """H x W x 3 RGB, uint8, uint16 or floating point; the three channels are equal when `grey`.

    White is the largest integer, or 1.0; floats may lie outside [0, 1], or be no finite numbers.
    """
    alpha: np.ndarray | None = None
    """H x W of the same dtype, 0 = transparent, white = opaque; None when the file has none."""
    extra: np.ndarray | None = None
    """H x W of the same dtype: a channel of a TIFF without `alpha` that does not say what it is, such as a saved
    selection; only carried along."""
    grey: bool = False
    """Written with one channel where the format has such files."""
    icc: bytes | None = None
    """Colour profile of `pixels`."""
    exif: bytes | None = None
    """EXIF without the orientation, which is applied, and without the thumbnail, which would show the old picture."""
    xmp: bytes | None = None
    """XMP packet; the orientation in it is 1 as well."""
    dpi: tuple[float, float] | None = None
    """Pixels per inch, horizontal and vertical."""
    iptc: bytes = b""
    """Captions of the JPEG it was read from, in Photoshop's image resources; those of others are in `png` or `exif`."""
    comment: bytes = b""
    """Comment of the JPEG it was read from, in whatever encoding."""
    jpeg: dict[str, Any] | None = None
    """Quantization tables, chroma subsampling and progression of that JPEG, as Pillow's `save` takes them."""
    png: tuple[tuple[bytes, bytes], ...] = ()
    """Type and data of the chunks of the PNG it was read from that have no field here: text, gamma, colour space."""
    tiff: dict[str, Any] | None = None
    """Compression, tiles and more of the TIFF it was read from, as tifffile's `imwrite` takes them."""
    notes: tuple[str, ...] = ()
    """What the user should know about the reading."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def empty(self) -> np.ndarray | None:
        """H x W bool, where the colours mean nothing because they are wholly transparent; None if that is nowhere."""
        if self.alpha is None:
            return None
        empty = self.alpha <= 0
        return empty if empty.any() else None

    def in_colour(self) -> "Photo":
        """Return the same photograph, written with three channels; a profile for grey goes with a note."""
        icc, notes = self.icc, self.notes
        if icc and icc[16:20] == b"GRAY":
            icc, notes = None, (*notes, "The grey colour profile was left out, because the result has colours.")
        return replace(self, grey=False, icc=icc, notes=notes)

    def with_pixels(self, pixels: np.ndarray, opaque: np.ndarray | None = None) -> "Photo":
        """Return the same photograph with other pixels, of the same shape and dtype.

        - `opaque`: H x W bool, where its transparency ends, too.
        """
        if pixels.shape != self.pixels.shape or pixels.dtype != self.pixels.dtype:
            raise ValueError(f"wanted {self.pixels.shape} {self.pixels.dtype}, got {pixels.shape} {pixels.dtype}")
        alpha = self.alpha
        if alpha is not None and opaque is not None:
            alpha = alpha.copy()
            alpha[opaque] = white_of(alpha.dtype)
        return replace(self, pixels=pixels, alpha=alpha)


def joined(photo: Photo, *, grey: bool, alpha: bool, extra: bool = False) -> np.ndarray:
    """Return the channels that a file holds: H x W, or H x W x 2 to 4.

    - `grey`: the format has files with one channel;
    - `alpha`: the format has files with transparency;
    - `extra`: the format has files with a channel that does not say what it is.
    """
    colours = _brightness(photo.pixels) if grey and photo.grey else photo.pixels
    if alpha and photo.alpha is not None:
        return np.dstack([colours, photo.alpha])
    return np.dstack([colours, photo.extra]) if extra and photo.extra is not None else colours


def parted(array: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, bool]:
    """Return RGB pixels, alpha or None, and whether it is grey, of what a file holds: H x W, or H x W x 1 to 4."""
    if array.ndim == 2:
        array = array[..., None]
    channels = array.shape[2]
    alpha = np.ascontiguousarray(array[..., -1]) if channels in (2, 4) else None
    if channels <= 2:
        return np.repeat(array[..., :1], 3, axis=2), alpha, True
    return np.ascontiguousarray(array[..., :3]), alpha, False


def _brightness(pixels: np.ndarray) -> np.ndarray:
    """Return H x W: the value itself where the channels are equal, to the bit, and luma of ITU-R BT.601 elsewhere."""
    grey = np.ascontiguousarray(pixels[..., 0])
    coloured = (pixels[..., 1] != grey) | (pixels[..., 2] != grey)
    luma = pixels[coloured].astype(np.float64) @ (0.299, 0.587, 0.114)
    grey[coloured] = np.rint(luma) if grey.dtype.kind == "u" else luma
    return grey
