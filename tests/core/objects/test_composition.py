from dataclasses import replace
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from inpaint.core import (
    Box,
    Composition,
    ImageError,
    InpaintError,
    MaskError,
    compose_file,
    load_joint,
    read_compositions,
)
from inpaint.core.objects.composition import parse_box, parse_numbers


@pytest.fixture
def files(tmp_path: Path, picture, apple) -> Path:
    Image.fromarray(picture(200, 260)).save(tmp_path / "background.png")
    Image.fromarray(apple[0]).save(tmp_path / "apple.png")
    Image.fromarray(apple[1]).save(tmp_path / "mask.png")
    cut = np.dstack([apple[0], apple[1].astype(np.uint8) * 255])
    Image.fromarray(cut).save(tmp_path / "cut.png")
    return tmp_path


def table(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_table_is_carried_out(files: Path, tiny_joint) -> None:
    path = table(
        files,
        "background,object,object_box,at,output,around,strength",
        'background.png,apple.png,"32,20,56,56","50,60",one.png,,',
        "background.png, apple.png, 32 20 56 56, 50 60 84 84, two.png, inpaint, 0.5",
    )
    first, second = read_compositions(path)
    assert first.object_box == second.object_box == Box(20, 32, 56, 56)
    assert (first.at, second.at) == ((50, 60), (50, 60, 84, 84))
    assert (second.around, second.strength) == ("inpaint", 0.5)
    engine = load_joint(tiny_joint, "cpu", 1)
    for composition, side in ((first, 56), (second, 84)):
        outcome = compose_file(composition, engine)
        assert outcome.composed.box == Box(60, 50, side, side)
        written = np.asarray(Image.open(composition.output))
        np.testing.assert_array_equal(written, outcome.photo.pixels)
        background = np.asarray(Image.open(files / "background.png"))
        np.testing.assert_array_equal(written[~outcome.composed.mask], background[~outcome.composed.mask])


def cut_out_by(files: Path, kind: str) -> Composition:
    """Put the apple into the background; kind: whether a mask or transparency says where it is."""
    return Composition(
        background=files / "background.png",
        object=files / ("apple.png" if kind == "mask" else "cut.png"),
        object_mask=files / "mask.png" if kind == "mask" else None,
        at=(50, 60),
        output=files / "out.png",
    )


@pytest.mark.parametrize("kind", ["mask", "transparency"])
def test_a_mask_or_transparency_is_enough(files: Path, apple, kind: str) -> None:
    composition = cut_out_by(files, kind)
    outcome = compose_file(composition, None)
    assert outcome.composed.box == Box(60, 50, 51, 51)
    assert abs(outcome.composed.alpha.sum() - apple[1].sum()) < 40


def test_without_a_place_for_the_object_nothing_is_written(files: Path) -> None:
    composition = Composition(
        background=files / "background.png", object=files / "apple.png", at=(0, 0), output=files / "out.png"
    )
    with pytest.raises(MaskError, match="Say where the object is"):
        compose_file(composition, None)
    with pytest.raises(ImageError):
        compose_file(
            Composition(background=files / "no.png", object=files / "apple.png", at=(0, 0), output=files / "out.png"),
            None,
        )
    assert not (files / "out.png").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (",apple.png,,1 2,o.png,,", "lacks background"),
        ("background.png,apple.png,1 2 3,1 2,o.png,,", "Line 2 .* is not a box"),
        ("background.png,apple.png,,1 2,o.png,sky,", "keep or inpaint"),
        ("background.png,apple.png,,1 2,o.png,,7", "between 0 and 1"),
        ("background.png,apple.png,,1 2,no/o.png,,", "does not exist"),
    ],
)
def test_a_wrong_line_is_named(files: Path, line: str, message: str) -> None:
    path = table(files, "background,object,object_box,at,output,around,strength", line)
    with pytest.raises(InpaintError, match=message):
        read_compositions(path)


def test_a_wrong_line_has_its_number_after_an_empty_one(files: Path) -> None:
    path = table(files, "background,object,at,output", "a.png,b.png,1 2,c.png", "", ",b.png,1 2,d.png")
    with pytest.raises(InpaintError, match="Line 4 "):
        read_compositions(path)
    path = table(files, "background,object,at,output", "", *["a.png,b.png,1 2,c.png"] * 2)
    with pytest.raises(InpaintError, match=r"Line 4 .* an earlier line has the output"):
        read_compositions(path)


def test_a_long_table_is_read_at_once(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every output is compared with those before it, but not one by one."""
    compared = []
    equal = Path.__eq__
    monkeypatch.setattr(Path, "__eq__", lambda path, other: compared.append(1) or equal(path, other))
    rows = [f"a.png,b.png,1 2,{number}.png" for number in range(200)]
    assert len(read_compositions(table(files, "background,object,at,output", *rows), files)) == 200
    assert len(compared) < 400


def test_strange_columns_and_empty_tables(files: Path) -> None:
    with pytest.raises(InpaintError, match="'colour'"):
        read_compositions(table(files, "background,object,at,output,colour", "a,b,1 2,c.png,red"))
    with pytest.raises(InpaintError, match="no line"):
        read_compositions(table(files, "background,object,at,output"))
    with pytest.raises(InpaintError, match="There is no table"):
        read_compositions(files / "nothing.csv")
    (files / "table.csv").write_bytes(b"\x89PNG")
    with pytest.raises(InpaintError, match="not a table in UTF-8"):
        read_compositions(files / "table.csv")


def test_boxes_in_words() -> None:
    assert parse_box("40,30,200,100") == Box(30, 40, 100, 200)
    assert parse_numbers("40 30", 2, 4) == (40, 30)
    for words in ("1,2,3", "a,b,c,d", "1,2,0,5", ""):
        with pytest.raises(MaskError, match="in pixels"):
            parse_numbers(words, 2, 4)


@pytest.mark.parametrize("kind", ["mask", "transparency"])
def test_without_an_object_nothing_is_written(files: Path, apple, kind: str) -> None:
    nothing = np.zeros_like(apple[1], np.uint8)
    Image.fromarray(nothing).save(files / "mask.png")
    Image.fromarray(np.dstack([apple[0], nothing])).save(files / "cut.png")
    composition = cut_out_by(files, kind)
    with pytest.raises(MaskError, match="There is no object in the mask"):
        compose_file(composition, None)
    assert not (files / "out.png").exists()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_a_grey_profile_does_not_get_into_a_picture_in_colour(files: Path, picture, suffix: str) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = b"GRAY"
    Image.fromarray(picture(200, 260)[..., 0]).save(files / f"grey{suffix}", icc_profile=bytes(profile))
    composition = Composition(
        background=files / f"grey{suffix}", object=files / "cut.png", at=(50, 60), output=files / f"out{suffix}"
    )
    outcome = compose_file(composition, None)
    assert any("grey colour profile was left out" in note for note in outcome.notes)
    with Image.open(files / f"out{suffix}") as after:
        assert after.mode == "RGB"
        assert "icc_profile" not in after.info


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_transparent_photograph_stays_so_around_the_object(files: Path, picture, apple, dtype: type) -> None:
    """Its hidden colours are black and would show as a dark rim."""
    white = np.iinfo(dtype).max
    alpha = np.zeros((200, 260), dtype)
    alpha[:, :20] = picture(200, 20)[..., 0]
    colours = np.where(alpha[..., None] > 0, picture(200, 260), 0).astype(dtype)
    (files / "layer.png").write_bytes(imagecodecs.png_encode(np.dstack([colours, alpha])))
    soft = cv2.GaussianBlur(apple[1].astype(np.float32), (0, 0), 2)
    Image.fromarray(np.rint(soft * 255).astype(np.uint8)).save(files / "mask.png")
    composition = Composition(
        background=files / "layer.png",
        object=files / "apple.png",
        object_mask=files / "mask.png",
        at=(50, 60),
        output=files / "out.png",
        strength=0.0,
    )
    composed = compose_file(composition, None).composed
    written = imagecodecs.png_decode((files / "out.png").read_bytes())
    assert written.dtype == dtype
    np.testing.assert_array_equal(written[~composed.mask], np.dstack([colours, alpha])[~composed.mask])
    np.testing.assert_allclose(written[composed.mask][:, 3] / white, composed.alpha[composed.mask], atol=0.003)
    rim = composed.mask & (composed.alpha < 0.5)
    assert rim.sum() > 100
    assert written[rim][:, 0].min() / white > 150 / 255  # the apple's red is 190


def test_a_channel_of_unknown_meaning_stays_as_it_was_under_an_object(files: Path, picture) -> None:
    array = np.dstack([picture(200, 260), np.zeros((200, 260), np.uint8)])
    tifffile.imwrite(files / "layer.tif", array, photometric="rgb", extrasamples=["unspecified"])
    composition = Composition(
        background=files / "layer.tif", object=files / "cut.png", at=(50, 60), output=files / "out.tif"
    )
    mask = compose_file(composition, None).composed.mask
    written = tifffile.imread(files / "out.tif")
    assert not written[..., 3].any()
    np.testing.assert_array_equal(written[~mask], array[~mask])
    with pytest.raises(MaskError, match="where the object is"):
        compose_file(replace(composition, background=files / "cut.png", object=files / "layer.tif"), None)


@pytest.mark.parametrize(("profile", "noted"), [("sRGB", False), ("LAB", True)])
def test_a_profile_of_srgb_is_none_of_its_own(files: Path, profile: str, noted: bool) -> None:
    """The background has no profile, and so has the colours of sRGB."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile(profile)).tobytes()
    with Image.open(files / "apple.png") as picture:
        picture.save(files / "profiled.png", icc_profile=icc)
    row = "background.png,profiled.png,mask.png,5 6,out.png"
    composition = read_compositions(table(files, "background,object,object_mask,at,output", row))[0]
    assert any("colour profile" in note for note in compose_file(composition, None).notes) == noted


def test_an_object_in_another_profile_keeps_its_colours(files: Path) -> None:
    """An orange of Adobe RGB is pasted into a photograph in sRGB as the same orange, and not as its numbers."""
    adobe = imagecodecs.cms_profile("adobergb")
    orange = np.zeros((40, 40, 4), np.uint8)
    orange[...] = (162, 115, 60, 0)
    orange[10:30, 10:30, 3] = 255
    Image.fromarray(orange).save(files / "orange.png", icc_profile=adobe)
    row = "background.png,orange.png,20 20,out.png,0"
    composition = read_compositions(table(files, "background,object,at,output,strength", row))[0]
    outcome = compose_file(composition, None)
    assert not any("profile" in note for note in outcome.notes)
    box = outcome.composed.box
    centre = outcome.composed.pixels[box.top + box.height // 2, box.left + box.width // 2]
    np.testing.assert_allclose(centre.astype(int), [178, 115, 51], atol=4)
