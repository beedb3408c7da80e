"""Every kind of file that is kept: written by one library, filled, and judged by another (libvips)."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from inpaint.core import Box, Engine, MaskChoice, build_mask, fill_pixels, load_engine, read_image, write_image

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREY = SRGB[:16] + b"GRAY" + SRGB[20:]
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="%d" title="caf\xc3\xa9"/></x:xmpmeta>'
WHITE: dict[Any, float] = {np.uint8: 255, np.uint16: 65_535, np.float32: 1.0}
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.rot90(np.fliplr(a), 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(np.fliplr(a), -1),
    8: lambda a: np.rot90(a, 1),
}
"""What a viewer does to show a file with this orientation."""


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Engine:
    return load_engine(str(tiny_model), "cpu", 1)


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9C9B] = orientation, "Maker", b"t\0i\0"
    exif.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def profile_of(array: np.ndarray) -> bytes:
    return SRGB if array.ndim == 3 and array.shape[2] > 2 else GREY


def write_source(path: Path, array: np.ndarray, orientation: int, described: bool, options: dict[str, Any]) -> None:
    """Write `array` to `path`, with everything a photograph may say about itself if `described`."""
    if path.suffix == ".tif":
        extra: dict[str, Any] = {"extratags": [(0x0112, 3, 1, orientation, True)]}
        if described:
            extra["extratags"] += [(271, 2, None, "Maker", True), (700, 1, None, XMP % orientation, True)]
            extra |= {"iccprofile": profile_of(array), "resolution": (300, 150), "resolutionunit": "INCH"}
        channels = array.shape[2] if array.ndim == 3 else 1
        if channels in (2, 4):
            extra["extrasamples"] = ["unassalpha"]
        data = np.moveaxis(array, -1, 0) if options.get("planarconfig") == "separate" else array
        kind = "rgb" if channels > 2 else "minisblack"
        tifffile.imwrite(path, data, photometric=kind, metadata=None, **extra, **options)
        return
    exif = exif_of(orientation)
    said: dict[str, Any] = {"exif": exif}
    if described:
        said |= {"icc_profile": profile_of(array), "dpi": (300, 150)}
        if path.suffix == ".png":
            info = PngImagePlugin.PngInfo()
            info.add_text("Title", "a title")
            info.add_itxt("XML:com.adobe.xmp", (XMP % orientation).decode())
            said["pnginfo"] = info
        else:
            said["xmp"] = XMP % orientation
    if array.dtype == np.uint8:
        Image.fromarray(array).save(path, **said, **options)
        return
    # Pillow writes no PNG of 16 bits: it writes what is said, and libvips the pixels.
    Image.fromarray((array >> 8).astype(np.uint8)).save(path, **said)
    picture = pyvips.Image.new_from_array(array, interpretation="grey16" if array.ndim == 2 else "rgb16")
    if array.ndim == 3 and array.shape[2] == 2:
        picture = picture.copy(interpretation="grey16")
    frame, pixels = path.read_bytes(), picture.pngsave_buffer(bitdepth=16, **options)
    chunk = pixels.index(b"IDAT") - 4
    path.write_bytes(pixels[:33] + frame[33 : frame.index(b"IDAT") - 4] + pixels[chunk:])


def judge(path: Path) -> np.ndarray:
    """Return the pixels of `path` as libvips reads them."""
    array = pyvips.Image.new_from_file(str(path), fail_on="warning").numpy()
    return array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array


def array_of(dtype: Any, channels: int, height: int, width: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = (height, width) if channels == 1 else (height, width, channels)
    array = rng.random(shape) * WHITE[dtype]
    if dtype == np.float32:
        array = array * 1.5 - 0.2  # beyond black and white
        if channels in (2, 4):
            array[..., -1] = array[..., -1].clip(0, 1)
    return array.astype(dtype)


TIFF_OPTIONS = st.fixed_dictionaries(
    {"compression": st.sampled_from([None, "lzw", "zlib", "packbits"])},
    optional={"predictor": st.just(True), "tile": st.just((16, 32)), "byteorder": st.sampled_from("<>")},
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from([".png", ".tif", ".webp"]),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    channels=st.integers(1, 4),
    orientation=st.integers(1, 8),
    described=st.booleans(),
    options=TIFF_OPTIONS,
    planar=st.booleans(),
    size=st.tuples(st.integers(33, 90), st.integers(33, 90)),
    seed=st.integers(0, 2**32 - 1),
)
def test_size_mode_depth_description_and_known_pixels_survive(
    engine: Engine,
    suffix: str,
    dtype: Any,
    channels: int,
    orientation: int,
    described: bool,
    options: dict[str, Any],
    planar: bool,
    size: tuple[int, int],
    seed: int,
) -> None:
    if suffix == ".webp":
        dtype, options = np.uint8, {"lossless": True, "exact": True}
        channels = max(channels, 3)
    elif suffix == ".png":
        dtype, options = (np.uint8 if dtype == np.float32 else dtype), {}
    elif options["compression"] in (None, "packbits"):
        options.pop("predictor", None)
    if suffix == ".tif" and planar and channels > 1:
        options["planarconfig"] = "separate"
    array = array_of(dtype, channels, *size, seed)
    wanted = TURNS[orientation](array)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / f"in{suffix}", Path(folder) / f"out{suffix}"
        write_source(source, array, orientation, described, options)
        before = source.read_bytes()
        photo = read_image(source)
        mask = build_mask(photo, MaskChoice(boxes=(Box(8, 8, 16, 12),)))
        filled = fill_pixels(photo.pixels, mask.levels, engine)
        assert write_image(photo.with_pixels(filled.pixels), target) == ()
        assert source.read_bytes() == before
        after = judge(target)
        assert after.shape == wanted.shape
        assert after.dtype == wanted.dtype
        known = ~mask.levels
        assert np.array_equal(after[known], wanted[known])
        colours = slice(None) if channels in (1, 3) else slice(-1)
        if channels in (2, 4):
            assert np.array_equal(after[..., -1], wanted[..., -1])
        hole = (after[~known], wanted[~known])
        assert not np.array_equal(*(part[..., colours] if part.ndim == 2 else part for part in hole))
        check_description(target, orientation, described, options)


def check_description(target: Path, orientation: int, described: bool, options: dict[str, Any]) -> None:
    """Check what the result says about itself, as libvips and tifffile read it."""
    picture = pyvips.Image.new_from_file(str(target))
    fields = picture.get_fields()
    assert "orientation" not in fields or picture.get("orientation") == 1
    if described:
        assert picture.get("icc-profile-data") == (SRGB if picture.bands > 2 else GREY)
        assert picture.get("xmp-data").rstrip(b"\0") == XMP % 1
        if target.suffix != ".webp":  # which has no resolution
            across, down = (150, 300) if orientation >= 5 else (300, 150)
            assert picture.xres * 25.4 == pytest.approx(across, rel=1e-3)
            assert picture.yres * 25.4 == pytest.approx(down, rel=1e-3)
        if target.suffix == ".png":
            assert "a title" in [picture.get(name) for name in fields if name.startswith("png-comment")]
    if target.suffix == ".tif":
        with tifffile.TiffFile(target) as tiff:
            page = tiff.pages[0]
            assert isinstance(page, tifffile.TiffPage)
            names = {None: "NONE", "lzw": "LZW", "zlib": "ADOBE_DEFLATE", "packbits": "PACKBITS"}
            assert page.compression.name == names[options["compression"]]
            assert page.is_tiled == ("tile" in options)
            assert (page.predictor > 1) == ("predictor" in options)
            assert not described or page.tags[271].value == "Maker"
    else:
        with Image.open(target) as back:
            back.load()
            exif = back.getexif()
            assert exif[0x010F] == "Maker"
            assert exif.get_ifd(0x8769)[0x9003] == "2024:01:02 03:04:05"
            assert exif.get_ifd(0x8825)[1] == "N"
