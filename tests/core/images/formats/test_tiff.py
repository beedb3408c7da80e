from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from inpaint.core import ImageError, MaskError, OutputError, fill, load_engine, read_image, write_image
from inpaint.core.filling.mask_sources import MaskChoice, build_mask
from inpaint.core.images.numbers import check_numbers

Maker = Callable[..., np.ndarray]


def page_of(path: Path) -> tifffile.TiffPage:
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        return page


def tags_of(path: Path) -> dict[int, Any]:
    with tifffile.TiffFile(path) as tiff:
        return {tag.code: tag.value for tag in tiff.pages[0].tags}  # type: ignore[union-attr]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("compression", [None, "zlib", "zstd", "lzma", "lzw"])
def test_floats_of_every_length_and_compression(tmp_path: Path, picture: Maker, dtype: type, compression: str) -> None:
    array = (picture(40, 56) / 200 - 0.1).astype(dtype)
    tifffile.imwrite(tmp_path / "in.tif", array, photometric="rgb", compression=compression)
    photo = read_image(tmp_path / "in.tif")
    assert np.array_equal(photo.pixels, array)
    write_image(photo, tmp_path / "out.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), array)
    assert page_of(tmp_path / "out.tif").compression == page_of(tmp_path / "in.tif").compression


def test_lossy_compression_becomes_lossless(tmp_path: Path, picture: Maker) -> None:
    tifffile.imwrite(tmp_path / "in.tif", picture(40, 56), photometric="rgb", compression="jpeg")
    photo = read_image(tmp_path / "in.tif")
    write_image(photo, tmp_path / "out.tif")
    assert page_of(tmp_path / "out.tif").compression == tifffile.COMPRESSION.ADOBE_DEFLATE
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), photo.pixels)


def test_tags_that_do_not_describe_the_storage_survive(tmp_path: Path, picture: Maker) -> None:
    tags: list[tuple[int, int, int | None, Any, bool]] = [
        (270, 2, None, "a title", True),
        (305, 2, None, "Darkroom 3", True),
        (315, 2, None, "somebody", True),
        (33432, 2, None, "2024 somebody", True),
        (33550, 12, 3, (0.5, 0.5, 0.0), True),  # GeoTIFF: size of a pixel
        (33723, 7, 10, b"\x1c\x02\x78\x00\x05hello", True),
    ]
    tifffile.imwrite(
        tmp_path / "in.tif", picture(40, 56), photometric="rgb", metadata=None, software=False, extratags=tags
    )
    write_image(read_image(tmp_path / "in.tif"), tmp_path / "out.tif")
    after, before = tags_of(tmp_path / "out.tif"), tags_of(tmp_path / "in.tif")
    assert {code: after[code] for code, *_ in tags} == {code: before[code] for code, *_ in tags}
    assert list(after) == sorted(after)


def test_white_as_zero_is_turned_over(tmp_path: Path, picture: Maker) -> None:
    array = picture(40, 56)[..., 0].astype(np.uint16) * 200
    tifffile.imwrite(tmp_path / "in.tif", array, photometric="miniswhite")
    photo = read_image(tmp_path / "in.tif")
    assert np.array_equal(photo.pixels[..., 0], 65_535 - array)


def test_a_small_copy_behind_the_picture_is_left_out(tmp_path: Path, picture: Maker) -> None:
    with tifffile.TiffWriter(tmp_path / "in.tif") as writer:
        writer.write(picture(40, 56), photometric="rgb")
        writer.write(picture(20, 28), photometric="rgb", subfiletype=1)
    photo = read_image(tmp_path / "in.tif")
    assert photo.size == (56, 40)
    assert "smaller copy" in photo.notes[0]


@pytest.mark.parametrize(
    ("options", "change", "words"),
    [
        ({"photometric": "rgb"}, lambda a: np.stack([a, a]), "several pictures"),
        ({"photometric": "separated"}, lambda a: np.dstack([a, a[..., 0]]), "CMYK"),
        ({"photometric": "cielab"}, lambda a: a, "Lab"),
        ({"photometric": "rgb"}, lambda a: a.astype(np.uint32), "32 bits per channel"),
        ({"photometric": "rgb"}, lambda a: a.astype(np.int16), "odd kind"),
        ({"photometric": "rgb", "extrasamples": [2, 0]}, lambda a: np.dstack([a, a[..., :2]]), "5 channels"),
        ({"photometric": "rgb", "extrasamples": ["assocalpha"]}, lambda a: np.dstack([a, a[..., 0]]), "premultiplied"),
        ({"photometric": "miniswhite"}, lambda a: a[..., 0].astype(np.float32) / 255, "white as 0"),
    ],
)
def test_what_a_fill_would_damage_is_refused(
    tmp_path: Path, picture: Maker, options: dict[str, Any], change: Callable, words: str
) -> None:
    tifffile.imwrite(tmp_path / "in.tif", change(picture(40, 56)), metadata=None, **options)
    with pytest.raises(ImageError, match=words):
        read_image(tmp_path / "in.tif")


def test_premultiplied_but_opaque_is_fine(tmp_path: Path, picture: Maker) -> None:
    array = np.dstack([picture(40, 56), np.full((40, 56), 255, np.uint8)])
    tifffile.imwrite(tmp_path / "in.tif", array, photometric="rgb", extrasamples=["assocalpha"])
    write_image(read_image(tmp_path / "in.tif"), tmp_path / "out.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), array)
    assert page_of(tmp_path / "out.tif").extrasamples == (1,)


@pytest.mark.parametrize(("unit", "wanted"), [("NONE", None), ("INCH", (300, 150)), ("CENTIMETER", (762, 381))])
def test_the_unit_of_the_resolution(tmp_path: Path, picture: Maker, unit: str, wanted: tuple | None) -> None:
    tifffile.imwrite(
        tmp_path / "in.tif", picture(40, 56), photometric="rgb", resolution=(300, 150), resolutionunit=unit
    )
    assert read_image(tmp_path / "in.tif").dpi == wanted


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp"])
def test_floats_go_into_tiff_alone(tmp_path: Path, picture: Maker, suffix: str) -> None:
    tifffile.imwrite(tmp_path / "in.tif", picture(40, 56) / np.float32(255), photometric="rgb")
    with pytest.raises(OutputError, match=r"\.tif"):
        write_image(read_image(tmp_path / "in.tif"), tmp_path / f"out{suffix}")


def test_a_tiff_in_another_format_keeps_no_settings_that_do_not_fit(tmp_path: Path, picture: Maker) -> None:
    tifffile.imwrite(
        tmp_path / "in.tif", picture(40, 56), photometric="rgb", compression="lzw", predictor=True, tile=(16, 16)
    )
    photo = read_image(tmp_path / "in.tif")
    for suffix in (".png", ".webp", ".bmp"):
        write_image(photo, tmp_path / f"out{suffix}")
        assert np.array_equal(read_image(tmp_path / f"out{suffix}").pixels, photo.pixels)


@pytest.mark.parametrize(("bigtiff", "byteorder"), [(False, "<"), (False, ">"), (True, "<")])
def test_tags_and_exif_of_a_tiff_with_long_offsets_survive(
    tmp_path: Path, picture: Maker, bigtiff: bool, byteorder: str
) -> None:
    tags = [(271, 2, None, "Maker", True), (315, 2, None, "somebody", True)]
    tifffile.imwrite(
        tmp_path / "in.tif",
        picture(40, 56),
        photometric="rgb",
        metadata=None,
        software=False,
        bigtiff=bigtiff,
        byteorder=byteorder,
        tile=(16, 16),
        extratags=tags,
    )
    photo = read_image(tmp_path / "in.tif")
    assert photo.notes == ()
    write_image(photo, tmp_path / "out.tif")
    after = tags_of(tmp_path / "out.tif")
    assert (after[271], after[315]) == ("Maker", "somebody")


def write_extra(path: Path, colours: np.ndarray, extra: np.ndarray) -> None:
    """Write a TIFF with one more channel, of which the file does not say what it is."""
    kind = "rgb" if colours.ndim == 3 else "minisblack"
    array = np.dstack([colours, extra])
    tifffile.imwrite(path, array, photometric=kind, planarconfig="contig", extrasamples=["unspecified"], metadata=None)


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_channel_of_unknown_meaning_is_no_transparency_and_comes_back(
    tmp_path: Path, picture: Maker, dtype: type, grey: bool
) -> None:
    colours = picture(40, 56) / np.float32(255) if dtype == np.float32 else picture(40, 56).astype(dtype)
    colours = colours[..., 0] if grey else colours
    selection = np.zeros((40, 56), dtype)
    selection[5:9, 7:20] = colours[5:9, 7:20] if grey else colours[5:9, 7:20, 1]
    write_extra(tmp_path / "in.tif", colours, selection)
    photo = read_image(tmp_path / "in.tif")
    assert photo.alpha is None
    assert photo.empty is None
    assert np.array_equal(photo.extra, selection)
    with pytest.raises(MaskError, match="no transparency"):
        build_mask(photo, MaskChoice(alpha=True))
    write_image(photo.with_pixels(photo.pixels, opaque=np.ones((40, 56), bool)), tmp_path / "out.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), np.dstack([colours, selection]))
    assert page_of(tmp_path / "out.tif").extrasamples == (0,)


def test_a_channel_of_unknown_meaning_hides_nothing_from_a_fill(
    tmp_path: Path, picture: Maker, hole: Maker, tiny_model: Path
) -> None:
    write_extra(tmp_path / "in.tif", picture(), np.zeros((96, 128), np.uint8))
    photo, engine = read_image(tmp_path / "in.tif"), load_engine(tiny_model, "cpu", 1)
    filled = fill(photo, hole(), engine)
    assert np.array_equal(filled.pixels, fill(photo.pixels, hole(), engine))
    assert filled.extra is not None
    assert not filled.extra.any()


@pytest.mark.parametrize("suffix", [".png", ".webp", ".jpg", ".bmp"])
def test_other_formats_leave_a_channel_of_unknown_meaning_out_and_say_so(
    tmp_path: Path, picture: Maker, suffix: str
) -> None:
    write_extra(tmp_path / "in.tif", picture(40, 56), np.zeros((40, 56), np.uint8))
    notes = write_image(read_image(tmp_path / "in.tif"), tmp_path / f"out{suffix}")
    assert any("extra channel" in note for note in notes)
    assert read_image(tmp_path / f"out{suffix}").alpha is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_few_values_that_are_no_numbers_are_told(tmp_path: Path, bad: float) -> None:
    pixels = np.full((6, 8, 3), 3, np.float32)
    pixels[2, 5, 1] = bad
    tifffile.imwrite(tmp_path / "in.tif", pixels, photometric="rgb")
    photo = read_image(tmp_path / "in.tif")
    (note,) = photo.notes
    assert "column 5 of row 2" in note
    assert np.array_equal(photo.pixels, pixels, equal_nan=True)
    with pytest.raises(ImageError, match="column 5 of row 2"):
        check_numbers(photo.pixels, "in.tif")
    pixels[..., 0] = bad
    tifffile.imwrite(tmp_path / "in.tif", pixels, photometric="rgb")
    with pytest.raises(ImageError, match="nothing but NaN"):
        read_image(tmp_path / "in.tif")


def test_transparency_must_be_a_number(tmp_path: Path) -> None:
    pixels = np.full((6, 8, 4), 0.5, np.float32)
    pixels[1, 2, 3] = np.nan
    tifffile.imwrite(tmp_path / "in.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    with pytest.raises(ImageError, match="NaN"):
        read_image(tmp_path / "in.tif")


def test_white_that_is_elsewhere_is_told_where_it_matters() -> None:
    with pytest.raises(ImageError, match="around 200"):
        check_numbers(np.full((6, 8, 3), 200, np.float32), "in.tif")
