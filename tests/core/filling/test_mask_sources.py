from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint.core import Box, MaskChoice, MaskError, Photo, build_mask, find_mask

Maker = Callable[..., np.ndarray]
MAGENTA = (255, 0, 255)


@pytest.fixture
def photo(picture: Maker) -> Photo:
    """A photograph of 128 x 96 pixels without a trace of magenta."""
    return Photo(pixels=picture().clip(20, 235))


@pytest.fixture
def file(tmp_path: Path, hole: Maker) -> Path:
    Image.fromarray(hole()).save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


def test_a_file_is_the_hole_and_can_be_inverted(photo: Photo, file: Path, hole: Maker) -> None:
    built = build_mask(photo, MaskChoice(file=file))
    assert (built.opaque, built.notes) == (False, ())
    assert np.array_equal(built.levels, hole())
    built = build_mask(photo, MaskChoice(file=file, invert=True))
    assert np.array_equal(built.levels, ~hole())
    assert "--invert" in built.notes[0]


def test_boxes_are_cut_off_at_the_edges_and_join_the_file(photo: Photo, file: Path, hole: Maker) -> None:
    boxes = (Box(top=-5, left=100, height=10, width=200), Box(top=90, left=3, height=6, width=4))
    wanted = np.zeros((96, 128), bool)
    wanted[:5, 100:] = wanted[90:96, 3:7] = True
    assert np.array_equal(build_mask(photo, MaskChoice(boxes=boxes)).levels, wanted)
    assert np.array_equal(build_mask(photo, MaskChoice(boxes=boxes, file=file)).levels, wanted | hole())
    inverted = build_mask(photo, MaskChoice(boxes=boxes, file=file, invert=True))
    assert np.array_equal(inverted.levels, wanted | ~hole())


@pytest.mark.parametrize("box", [Box(0, 128, 5, 5), Box(96, 0, 5, 5), Box(-5, 0, 5, 5), Box(0, -9, 5, 5)])
def test_a_box_beside_the_image_is_refused(photo: Photo, box: Box) -> None:
    with pytest.raises(MaskError, match="128 x 96"):
        build_mask(photo, MaskChoice(boxes=(box,)))


def test_a_soft_file_and_a_hard_box_keep_the_stronger(photo: Photo, tmp_path: Path) -> None:
    ramp = np.tile(np.arange(128, dtype=np.uint8) * 2, (96, 1))
    ramp[0, 0] = 255
    Image.fromarray(ramp).save(tmp_path / "soft.png")
    built = build_mask(photo, MaskChoice(file=tmp_path / "soft.png", boxes=(Box(10, 20, 5, 5),)))
    wanted = ramp.copy()
    wanted[10:15, 20:25] = 255
    assert np.array_equal(built.levels, wanted)
    hard = build_mask(photo, MaskChoice(file=tmp_path / "soft.png", threshold=100))
    assert np.array_equal(hard.levels, ramp >= 100)


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65_535), (np.float32, 1)])
def test_transparency_is_a_soft_hole(photo: Photo, dtype: type, white: float) -> None:
    alpha = np.full((96, 128), white, dtype)
    alpha[10:20] = 0
    built = build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True))
    assert built.opaque
    assert np.array_equal(built.levels, alpha == 0)
    alpha[20:25] = white * 0.8 if dtype == np.float32 else white // 5 * 4
    built = build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True))
    assert np.unique(built.levels[20:25]).tolist() == [51]
    assert (built.levels[25:] == 0).all()
    inverted = build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True, invert=True))
    assert np.array_equal(inverted.levels, 255 - built.levels)
    hard = build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True, threshold=128))
    assert np.array_equal(hard.levels, alpha == 0)


def test_barely_transparent_in_many_bits_is_still_hole(photo: Photo) -> None:
    alpha = np.full((96, 128), 65_535, np.uint16)
    alpha[3, 4] = 65_534
    assert np.argwhere(build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True)).levels).tolist() == [[3, 4]]


def test_without_transparency_alpha_is_refused(photo: Photo) -> None:
    with pytest.raises(MaskError, match="no transparency"):
        build_mask(photo, MaskChoice(alpha=True))
    with pytest.raises(MaskError, match="no transparency"):
        build_mask(replace(photo, alpha=np.full((96, 128), 255, np.uint8)), MaskChoice(alpha=True))


def test_opaque_pixels_are_put_into_the_result(photo: Photo, hole: Maker) -> None:
    alpha = np.zeros((96, 128), np.uint16)
    result = replace(photo, alpha=alpha).with_pixels(photo.pixels, opaque=hole())
    assert result.alpha is not None
    assert np.array_equal(result.alpha, hole() * np.uint16(65_535))
    assert not alpha.any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_colour_of_the_image_within_the_tolerance(photo: Photo, hole: Maker, dtype: type) -> None:
    pixels = photo.pixels.copy()
    pixels[hole()] = MAGENTA
    pixels[31, 41], pixels[32, 42] = (247, 8, 247), (246, 9, 255)
    deep = replace(
        photo, pixels=pixels.astype(dtype) * dtype({np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[dtype])
    )
    for tolerance, missing in ((0, {(31, 41), (32, 42)}), (8, {(32, 42)}), (9, set())):
        wanted = hole()
        for at in missing:
            wanted[at] = False
        built = build_mask(deep, MaskChoice(color=MAGENTA, tolerance=tolerance))
        assert np.array_equal(built.levels, wanted)


def test_a_colour_is_looked_for_in_the_mask_file(photo: Photo, tmp_path: Path, hole: Maker, picture: Maker) -> None:
    painted = picture(seed=3).clip(20, 235)
    painted[hole()] = MAGENTA
    Image.fromarray(painted).save(tmp_path / "painted.png")
    choice = MaskChoice(file=tmp_path / "painted.png", color=MAGENTA)
    assert np.array_equal(build_mask(photo, choice).levels, hole())
    assert np.array_equal(build_mask(photo, replace(choice, invert=True)).levels, ~hole())
    Image.fromarray(painted[:50]).save(tmp_path / "painted.png")
    with pytest.raises(MaskError, match="128 x 50 pixels and the picture 128 x 96"):
        build_mask(photo, choice)


def test_a_colour_that_is_nowhere_is_said(photo: Photo, file: Path) -> None:
    with pytest.raises(MaskError, match=r"of the image .* #ff00ff.*tolerance"):
        build_mask(photo, MaskChoice(color=MAGENTA))
    with pytest.raises(MaskError, match=r"of mask\.png"):
        build_mask(photo, MaskChoice(color=MAGENTA, file=file))


def test_nothing_chosen_and_nothing_to_invert(photo: Photo) -> None:
    with pytest.raises(MaskError, match="--mask, --box or --color"):
        build_mask(photo, MaskChoice())
    with pytest.raises(MaskError, match="no mask to invert"):
        build_mask(photo, MaskChoice(boxes=(Box(0, 0, 5, 5),), invert=True))


@pytest.mark.parametrize("name", ["dog.png", "dog.PNG", "dog_mask.tif", "dog-mask.webp", "dog.mask.bmp", "dog.jpg"])
def test_a_mask_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    for other in ("cat.png", "dog2.png", "dog.txt", name):
        (tmp_path / name).write_bytes(b"")
        (tmp_path / other).write_bytes(b"")
    assert find_mask("photos/dog.jpg", tmp_path) == tmp_path / name


def test_no_mask_two_masks_no_folder(tmp_path: Path) -> None:
    with pytest.raises(MaskError, match=r"No mask for dog\.jpg .*dog\.png"):
        find_mask("dog.jpg", tmp_path)
    (tmp_path / "dog.png").write_bytes(b"")
    (tmp_path / "dog_mask.png").write_bytes(b"")
    with pytest.raises(MaskError, match=r"more than one mask .*dog\.png and dog_mask\.png"):
        find_mask("dog.jpg", tmp_path)
    with pytest.raises(MaskError, match="No mask for"):
        find_mask("d" * 251 + ".jpg", tmp_path)  # whose masks' names no file can have
    with pytest.raises(MaskError, match="no folder"):
        find_mask("dog.jpg", tmp_path / "no")


def test_a_folder_that_may_not_be_seen_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # root may see everything
    with pytest.raises(MaskError, match="You may not read what is in the folder"):
        find_mask("dog.jpg", tmp_path)

    def locked(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "stat", locked)
    with pytest.raises(MaskError, match="no folder"):
        find_mask("dog.jpg", tmp_path)


def test_a_colour_in_a_jpeg_may_leave_a_rim(photo: Photo) -> None:
    photo.pixels[10:20, 10:20] = MAGENTA
    assert build_mask(photo, MaskChoice(color=MAGENTA)).notes == ()
    notes = build_mask(replace(photo, jpeg={}), MaskChoice(color=MAGENTA)).notes
    assert "--grow 4" in " ".join(notes)
