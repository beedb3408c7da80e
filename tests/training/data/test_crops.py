"""What becomes of pictures that are deep, damaged or gone."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint.core.errors import ImageError, RecipeError
from inpaint.training.data.crops import decode, read_picture
from inpaint.training.data.object_shapes import Shapes
from inpaint.training.data.segments import open_segments
from inpaint.training.data.sources import open_source
from inpaint.training.evaluation.fillers import FilledFolder
from inpaint.training.evaluation.samples import Photographs, Sample

RAMP = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (64, 1))
EIGHT = np.tile(np.arange(256, dtype=np.uint8), (64, 1))


def tiff(array, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def jpeg():
    buffer = io.BytesIO()
    Image.fromarray(EIGHT).save(buffer, "JPEG")
    return buffer.getvalue()


DEEP = {
    "png": imagecodecs.png_encode(RAMP),
    "tiff": tiff(RAMP),
    "big-endian": tiff(RAMP, byteorder=">"),
    "floats": tiff((RAMP / 65535).astype(np.float32)),
    "float16": tiff((RAMP / 65535).astype(np.float16)),
    "float64": tiff(RAMP / 65535),
    "white is zero": tiff(65535 - RAMP, photometric="miniswhite"),
    "by channel": tiff(np.stack([RAMP] * 3), photometric="rgb", planarconfig="separate"),
    "floats in colour": tiff(np.dstack([RAMP / 65535] * 3).astype(np.float32), photometric="rgb"),
}


@pytest.mark.parametrize("kind", DEEP)
def test_grey_of_many_bits_keeps_its_brightness(kind):
    pixels = np.asarray(decode(DEEP[kind]))
    assert pixels.shape == (64, 256, 3)
    assert np.array_equal(pixels, np.repeat(EIGHT[..., None], 3, axis=2))


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        (tiff(RAMP.astype(np.int32)), "integers"),
        (tiff(np.full((8, 8), 300, np.float32)), "white is 1.0"),
        (tiff(np.full((8, 8), np.nan, np.float32)), "NaN"),
    ],
    ids=["integers", "bright", "nan"],
)
def test_numbers_that_do_not_say_what_white_is_are_refused(encoded, message):
    with pytest.raises(RecipeError, match=rf"^here\.tif .*{message}"):
        decode(encoded, "here.tif")


def test_fills_of_many_bits_are_judged_as_they_look(tmp_path):
    (tmp_path / "a.png").write_bytes(DEEP["png"])
    filled = FilledFolder(tmp_path, ["a"])(Sample("a", np.zeros((64, 256, 3), np.uint8), np.ones((64, 256), bool)))
    assert np.array_equal(filled[..., 0], EIGHT)
    (tmp_path / "a.png").write_bytes(tiff(RAMP.astype(np.int32)))
    with pytest.raises(ImageError, match=r"a\.png"):
        FilledFolder(tmp_path, ["a"])(Sample("a", np.zeros((64, 256, 3), np.uint8), np.ones((64, 256), bool)))


def test_only_files_are_pictures(tmp_path):
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(RecipeError, match="No pictures"):
        open_source(str(tmp_path))
    (tmp_path / "a.jpg").write_bytes(jpeg())
    assert len(open_source(str(tmp_path))) == 1


def test_a_picture_that_is_deleted_meanwhile_is_named(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg())
    photographs = Photographs(str(tmp_path))
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(RecipeError, match=r"a\.jpg cannot be read \(No such file"):
        photographs.read(0)


@pytest.mark.parametrize("content", [b"", b"no picture", jpeg()[:300]])
def test_a_damaged_picture_is_named(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(RecipeError, match=r"a\.jpg cannot be decoded") as caught:
        read_picture(open_source(str(tmp_path)), 0)
    assert "BytesIO" not in str(caught.value)


@pytest.mark.parametrize("error", [struct.error("short"), TypeError("odd"), IndexError(), ValueError("far\ntoo far")])
def test_whatever_a_decoder_raises_is_one_sentence(monkeypatch, error):
    """Damaged EXIF makes Pillow raise the first two."""

    def fail(_):
        raise error

    monkeypatch.setattr("PIL.ImageOps.exif_transpose", fail)
    with pytest.raises(RecipeError, match=r"^here\.jpg cannot be decoded \(.+\); remove it") as caught:
        decode(jpeg(), "here.jpg")
    assert "\n" not in str(caught.value)


def test_too_little_memory_is_not_called_damage(monkeypatch):
    def fail(_):
        raise MemoryError

    monkeypatch.setattr("PIL.ImageOps.exif_transpose", fail)
    with pytest.raises(RecipeError, match="memory"):
        decode(jpeg(), "here.jpg")


@pytest.mark.parametrize("broken", ["images/a.jpg", "masks/a.png"])
def test_segmented_pictures_that_are_damaged_or_gone_are_named(tmp_path, broken):
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(jpeg())
    Image.fromarray((EIGHT > 100).astype(np.uint8)).save(tmp_path / "masks" / "a.png")
    source = open_segments(str(tmp_path))
    assert source.read(0).pixels.shape == (64, 256, 3)
    (tmp_path / broken).write_bytes(b"no picture")
    with pytest.raises(RecipeError, match=f"{broken} cannot be decoded"):
        source.read(0)
    (tmp_path / broken).unlink()
    with pytest.raises(RecipeError, match=f"{broken} cannot be read"):
        source.read(0)


def test_a_damaged_label_map_of_shapes_is_named(shapes, tmp_path):
    (tmp_path / "a.png").write_bytes((shapes / "0.png").read_bytes()[:60])
    with pytest.raises(RecipeError, match=r"a\.png cannot be decoded"):
        Shapes(str(tmp_path)).draw(64, (0.05, 0.4), np.random.default_rng(0))
