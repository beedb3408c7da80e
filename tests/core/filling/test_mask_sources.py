from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inpaint.core import Box, MaskChoice, MaskError, Photo, build_mask, find_mask
from inpaint.core.filling.mask_fit import Fit

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
def test_what_is_not_opaque_is_hole(photo: Photo, dtype: type, white: float) -> None:
    alpha = np.full((96, 128), white, dtype)
    alpha[10:20] = 0
    built = build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True))
    assert built.opaque
    assert np.array_equal(built.levels, alpha == 0)
    alpha[20:25] = white * 0.8 if dtype == np.float32 else white // 5 * 4
    built = build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True))
    assert np.array_equal(built.levels, alpha < white)
    assert "640 partly transparent pixels were filled wholly" in built.notes[0]
    soft = build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True, soft=True))
    assert np.unique(soft.levels[20:25]).tolist() == [51]
    assert (soft.levels[25:] == 0).all()
    inverted = build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True, invert=True, soft=True))
    assert np.array_equal(inverted.levels, 255 - soft.levels)
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


def test_what_a_soft_eraser_left_is_wholly_hole(photo: Photo) -> None:
    line = np.full((96, 128), 255, np.uint8)
    cv2.line(line, (20, 20), (100, 70), 0, 1)
    away = cv2.distanceTransform(line, cv2.DIST_L2, 5)
    alpha = (np.clip((away - 2) / 4, 0, 1) * 230 + 25).round().astype(np.uint8)
    built = build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True))
    assert np.array_equal(built.levels, alpha < 255)
    assert "--soft" in built.notes[0]


def test_nearly_opaque_is_no_hole(photo: Photo) -> None:
    alpha = np.random.default_rng(0).integers(253, 256, (96, 128)).astype(np.uint8)
    alpha[30:60, 40:80] = 0
    built = build_mask(replace(photo, alpha=alpha), MaskChoice(alpha=True))
    assert np.array_equal(built.levels, alpha == 0)
    assert "opacity from 253 of 255" in built.notes[0]


def instances() -> np.ndarray:
    numbers = np.zeros((96, 128), np.uint16)
    numbers[10:40, 10:50], numbers[50:80, 60:110] = 24_005, 26_001
    return numbers


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_labels_and_colours_tell_numbers_of_16_bits_apart(photo: Photo, tmp_path: Path, suffix: str) -> None:
    file, numbers = tmp_path / f"ids{suffix}", instances()
    Image.fromarray(numbers).save(file)
    built = build_mask(photo, MaskChoice(file=file))
    assert np.array_equal(built.levels, numbers > 0)
    assert "--labels 26001" in built.notes[0]
    assert np.array_equal(build_mask(photo, MaskChoice(file=file, labels=(26_001,))).levels, numbers == 26_001)
    with pytest.raises(MaskError, match="no pixel with the label 7; it has 0, 24005 and 26001"):
        build_mask(photo, MaskChoice(file=file, labels=(7,)))
    merged = build_mask(photo, MaskChoice(file=file, color=(101, 101, 101)))
    assert "--labels 26001" in merged.notes[0]
    for color in ((101, 101, 101), (26_001 / 257,) * 3):
        apart = build_mask(photo, MaskChoice(file=file, color=color, tolerance=0))
        assert np.array_equal(apart.levels, numbers == 26_001)
        assert apart.notes == ()


def test_a_label_map_without_background_asks_which(photo: Photo, tmp_path: Path) -> None:
    Image.fromarray((np.arange(128, dtype=np.uint8) // 32 + 7)[None].repeat(96, 0)).save(tmp_path / "m.png")
    with pytest.raises(MaskError, match=r"7, 8, 9 and 10.*--labels 10"):
        build_mask(photo, MaskChoice(file=tmp_path / "m.png"))


def test_only_what_touches_the_border_has_the_colour(photo: Photo) -> None:
    photo.pixels[:10, :30] = MAGENTA
    photo.pixels[40:50, 40:50] = MAGENTA
    built = build_mask(photo, MaskChoice(color=MAGENTA, at_border=True))
    wanted = np.zeros((96, 128), bool)
    wanted[:10, :30] = True
    assert np.array_equal(built.levels, wanted)
    photo.pixels[:10, :30] = 0
    with pytest.raises(MaskError, match="--at-border"):
        build_mask(photo, MaskChoice(color=MAGENTA, at_border=True))


@pytest.mark.parametrize(
    ("fit", "rows", "columns"),
    [
        ("top-left", (0, 20), (0, 30)),
        ("bottom-right", (76, 96), (98, 128)),
        ("center", (38, 58), (49, 79)),
        ("top", (0, 20), (49, 79)),
        ("left", (38, 58), (0, 30)),
        ("scale", (0, 96), (0, 128)),
    ],
)
def test_one_mask_fits_pictures_of_other_sizes(
    photo: Photo, tmp_path: Path, fit: Fit, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[:, :15] = 255
    Image.fromarray(mask).save(tmp_path / "logo.png")
    choice = MaskChoice(file=tmp_path / "logo.png", fit=fit)
    wanted = np.zeros((96, 128), bool)
    wanted[rows[0] : rows[1], columns[0] : sum(columns) // 2] = True
    assert np.array_equal(build_mask(photo, choice).levels, wanted)
    with pytest.raises(MaskError, match="--mask-fit scale"):
        build_mask(photo, replace(choice, fit="exact"))


def test_a_large_mask_is_cut_off_and_thin_lines_survive_scaling(photo: Photo, tmp_path: Path) -> None:
    mask = np.zeros((400, 500), np.uint8)
    mask[:, 400:401] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    scaled = build_mask(photo, MaskChoice(file=tmp_path / "m.png", fit="scale")).levels
    assert scaled.any(axis=1).all()
    laid = build_mask(photo, MaskChoice(file=tmp_path / "m.png", fit="bottom-right")).levels
    assert np.flatnonzero(laid[0]).tolist() == [128 - 100]
