"""Opening picture files with Pillow, where anything may be wrong: one sentence for each thing that is."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from PIL import Image, PngImagePlugin, UnidentifiedImageError

from inpaint.core.errors import ImageError, InpaintError
from inpaint.core.images.formats.png_text_profiles import LONGEST
from inpaint.core.images.memory_need import check_memory
from inpaint.core.install_hints import install_hint

READABLE = ("JPEG", "PNG", "WebP", "TIFF", "BMP", "AVIF", "JPEG XL")
"""The kinds of file that are read."""

_PILLOW_NAMES = {name.upper() for name in READABLE} | {
    "HEIF",
    "MPO",
}  # MPO: a JPEG with more pictures behind it, from phones
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_lock = threading.Lock()
_text_limits: list[tuple[int, int]] = []
"""What they were when each of the open pictures was opened, so that the first are Pillow's own."""


@contextmanager
def open_picture(path: str | Path, error: type[InpaintError]) -> Iterator[Image.Image]:
    """Open the picture at `path` and check its kind, size and number of frames; the block decodes it.

    Whatever is wrong with the file, also inside the block, is raised as one sentence of the class `error`.
    """
    path = Path(path)
    with refusing(path, error), _long_texts(), _open(path, error) as picture:
        if picture.format not in _PILLOW_NAMES:
            raise error(f"{path} is a {picture.format} file; save it as one that Inpaint reads: {', '.join(READABLE)}.")
        # A photograph has three channels in memory, grey or not; a mask has those that it has.
        channels = max(len(picture.getbands()), 3 if issubclass(error, ImageError) else 1)
        check_memory(path, *picture.size, channels * (1 + is_deep(picture)), error)
        if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
            raise error(f"{path} holds several pictures (animation or pages); save the one you mean alone.")
        yield picture


@contextmanager
def refusing(path: Path, error: type[InpaintError]) -> Iterator[None]:
    """Raise whatever goes wrong while the block reads the picture at `path` as one sentence of the class `error`."""
    try:
        if path.is_dir():
            raise error(f"{path} is a folder; name a picture file inside it.")
        if path.is_fifo():
            raise error(f"{path} is a pipe, which gives its content only once; save that as a file first.")
        # Pillow warns on standard error about damaged EXIF and odd TIFF tags, which does not hurt the pixels.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
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
        if isinstance(cause, OSError) and cause.errno is not None:  # not a decoder, but the system
            raise error(f"{path} cannot be read: {cause.strerror}.") from cause
        if "MAX_TEXT" in str(cause):  # Pillow's, see `_long_texts`
            raise error(
                f"{path} holds a text or a profile of a length that only attacks on memory have; "
                "save it without and fill that."
            ) from cause
        raise error(f"{path} is damaged or cut short, and cannot be read; get it again from its source.") from cause


def is_tiff(path: Path) -> bool:
    """Say whether the file starts as a TIFF or BigTIFF does."""
    with path.open("rb") as file:
        return file.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_jxl(path: Path) -> bool:
    """Say whether the file starts as a JPEG XL does, bare or in its container."""
    with path.open("rb") as file:
        head = file.read(12)
    return head.startswith(b"\xff\x0a") or head == b"\0\0\0\x0cJXL \r\n\x87\n"


@contextmanager
def _long_texts() -> Iterator[None]:
    """Let Pillow unpack texts and profiles of a PNG as long as `LONGEST`; it refuses the file beyond 1 MB otherwise.

    Its limits are variables of the process, and what stands behind the pixels is read with these, outside any lock: so
    they are raised while any picture is open.
    """
    limits = PngImagePlugin
    with _lock:
        _text_limits.append((limits.MAX_TEXT_CHUNK, limits.MAX_TEXT_MEMORY))
        limits.MAX_TEXT_CHUNK, limits.MAX_TEXT_MEMORY = LONGEST, 2 * LONGEST
    try:
        yield
    finally:
        with _lock:
            before = _text_limits.pop()
            if not _text_limits:
                limits.MAX_TEXT_CHUNK, limits.MAX_TEXT_MEMORY = before


@contextmanager
def _open(path: Path, error: type[InpaintError]) -> Iterator[Image.Image]:
    """Open `path` without Pillow's own limit, which is a third of a large photograph and a process-wide variable."""
    with _lock:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            picture = Image.open(path)
        except UnidentifiedImageError:
            picture = _open_heif(path, error)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    with picture:
        yield picture


def _open_heif(path: Path, error: type[InpaintError]) -> Image.Image:
    """Open `path` with the extra `heif`, without telling Pillow about it, which would hold for the whole process."""
    if is_jxl(path):
        raise error(f"{path} is a JPEG XL file, which is read as a photograph only; save it as PNG.")
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] != b"ftyp" or head[8:] not in _HEIF_BRANDS:
        raise UnidentifiedImageError
    try:
        plugin = import_module("pillow_heif.as_plugin")
    except ImportError as cause:
        raise error(
            f"{path} is a HEIF file, which needs one more package ({install_hint('heif')}); or save it as PNG."
        ) from cause
    return plugin.HeifImageFile(path)


def is_deep(picture: Image.Image) -> bool:
    """Say whether the file has more than 8 bits per channel.

    Pillow opens some of those as if they had 8; the raw mode that it notes before decoding tells. Not for AVIF, HEIF.
    """
    modes = [picture.mode, *(str(tile[3]) for tile in getattr(picture, "tile", []))]
    # The 16 bits of a BMP are those of a whole pixel.
    return any(mode in ("I", "F") or ";12" in mode or (";16" in mode and "BGR;16" not in mode) for mode in modes)
