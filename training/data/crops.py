"""From an encoded picture to a training crop: decode, resize, random crop, random flip (paper 000, section 4.1)."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from inpaint.core.errors import DataError, InpaintError, RecipeError
from inpaint.core.images.rgb8 import decode_rgb8
from inpaint.training.data.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class CropConfig:
    """How a photograph becomes a square crop."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic when a recipe is validated

    size: int = 256
    """Side of the crop in pixels."""
    zoom: tuple[float, float] = (1.0, 1.25)
    """The short side is first resized to this many crop sides, drawn anew each time; never enlarged beyond 1."""
    flip: bool = True
    """Mirror half of the crops."""
    batch: int = 8
    """Pictures per step and device."""

    def __post_init__(self) -> None:
        if self.size % 32 or self.size < 32:
            raise RecipeError("data.*.size must be a multiple of 32, because the networks halve it five times.")
        if not 1 <= self.zoom[0] <= self.zoom[1]:
            raise RecipeError("data.*.zoom needs two factors of at least 1, the smaller first.")
        if self.batch < 1:
            raise RecipeError("data.*.batch must be at least 1.")


def read_picture(source: Source, index: int) -> Image.Image:
    """Decode one picture of a source, upright and RGB. Raises `DataError`, which says where it is."""
    return decode(source.read(index), source.place(index))


def decode(encoded: bytes, name: str = "A picture") -> Image.Image:
    """Decode a picture, upright and RGB. Raises `DataError` when it is not one, with the name that it is given."""
    with refusing(name):
        return decode_rgb8(encoded, name, DataError)


@contextmanager
def refusing(name: str) -> Iterator[None]:
    """Raise whatever a damaged picture makes its decoder raise as one sentence that names it."""
    try:
        # Pillow warns about damaged EXIF and odd TIFF tags, which does not hurt the pixels.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InpaintError:
        raise
    except MemoryError as error:
        raise DataError(f"{name} does not fit into memory; make it smaller.") from error
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, UnidentifiedImageError):  # it tells an address in memory
            reason = "it is no picture of a known kind"
        raise DataError(f"{name} cannot be decoded ({reason}); remove it from the data.") from error


def random_crop(picture: Image.Image, config: CropConfig, rng: np.random.Generator) -> np.ndarray:
    """Return a size x size x 3 uint8 crop."""
    short = min(picture.size)
    wanted = config.size * rng.uniform(*config.zoom)
    # Enlarging would teach the network blur: only a picture smaller than the crop is enlarged, to the crop.
    scale = max(min(wanted, short), config.size) / short
    width, height = (max(config.size, round(side * scale)) for side in picture.size)
    left, top = rng.integers(0, width - config.size + 1), rng.integers(0, height - config.size + 1)
    # Resize only the part that is kept.
    across, along = picture.width / width, picture.height / height
    box = (
        left * across,
        top * along,
        min((left + config.size) * across, picture.width),
        min((top + config.size) * along, picture.height),
    )
    crop = picture.resize((config.size, config.size), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)
    pixels = np.asarray(crop)
    return pixels[:, ::-1] if config.flip and rng.random() < 0.5 else pixels


def centre_crop(picture: Image.Image, size: int) -> np.ndarray:
    """Return the central size x size x 3 uint8 crop of a picture resized to that short side: what validation uses."""
    return np.asarray(ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC))
