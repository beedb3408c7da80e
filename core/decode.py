"""Opening picture files with Pillow, where anything may be wrong: one sentence for each thing that is."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from inpaint.core.errors import InpaintError

READABLE = ("JPEG", "PNG", "WebP", "TIFF", "BMP")
"""The kinds of file that are read."""
MEGAPIXELS = 200
"""Larger pictures are refused: they are attacks on memory more often than photographs."""

_PILLOW_NAMES = {name.upper() for name in READABLE} | {"MPO"}  # MPO: a JPEG with more pictures behind it, from phones
_lock = threading.Lock()


@contextmanager
def open_picture(path: str | Path, error: type[InpaintError]) -> Iterator[Image.Image]:
    """Open the picture at `path` and check its kind, size and number of frames; the block decodes it.

    Whatever is wrong with the file, also inside the block, is raised as one sentence of the class `error`.
    """
    path = Path(path)
    if path.is_dir():
        raise error(f"{path} is a folder; name a picture file inside it.")
    try:
        # Pillow warns on standard error about damaged EXIF and odd TIFF tags, which does not hurt the pixels.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _open(path) as picture:
                if picture.format not in _PILLOW_NAMES:
                    raise error(
                        f"{path} is a {picture.format} file; save it as one that Inpaint reads: {', '.join(READABLE)}."
                    )
                if picture.width * picture.height > MEGAPIXELS * 1_000_000:
                    raise error(
                        f"{path} has {picture.width * picture.height / 1e6:.0f} megapixels, and the most Inpaint "
                        f"reads is {MEGAPIXELS}; make it smaller or cut it into parts."
                    )
                if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
                    raise error(f"{path} holds several pictures (animation or pages); save the one you mean alone.")
                yield picture
    except InpaintError:
        raise
    except FileNotFoundError as cause:
        raise error(f"There is no file {path}; check the path.") from cause
    except PermissionError as cause:
        raise error(f"You may not read {path}; change its permissions.") from cause
    except UnidentifiedImageError as cause:
        raise error(f"{path} is not a picture that Inpaint reads ({', '.join(READABLE)}).") from cause
    except MemoryError as cause:
        raise error(f"{path} does not fit into memory; make it smaller.") from cause
    except Exception as cause:  # a damaged file makes decoders raise whatever they like
        raise error(f"{path} is damaged or cut short, and cannot be read; get it again from its source.") from cause


@contextmanager
def _open(path: Path) -> Iterator[Image.Image]:
    """Open `path` without Pillow's own limit, which is a third of a large photograph and a process-wide variable."""
    with _lock:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            picture = Image.open(path)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    with picture:
        yield picture


def is_deep(picture: Image.Image) -> bool:
    """Say whether the file has more than 8 bits per channel.

    Pillow opens some of those as if they had 8; the raw mode that it notes before decoding tells.
    """
    modes = [picture.mode, *(str(tile[3]) for tile in getattr(picture, "tile", []))]
    return any(mode in ("I", "F") or ";16" in mode or ";12" in mode for mode in modes)
