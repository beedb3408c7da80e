from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inpaint.core import Box, Engine, EngineError, MaskError, Photo, fill, fill_pixels, load_engine
from inpaint.core.filling import fill as filling
from inpaint.core.filling.fill_photo import fill_photo
from inpaint.core.filling.mask_sources import BuiltMask
from inpaint.weights import Contract

Maker = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Engine:
    return load_engine(tiny_model, device="cpu", threads=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("box", [(30, 40, 54, 72), (0, 0, 20, 20), (5, 5, 90, 100), (90, 0, 96, 128)])
def test_known_pixels_stay_to_the_bit_and_the_hole_is_filled(
    engine: Engine, picture: Maker, hole: Maker, dtype: type, box: tuple[int, ...]
) -> None:
    image = picture()
    image = {np.uint8: image, np.uint16: image.astype(np.uint16) * 257}.get(dtype, (image / 255).astype(dtype))
    before, mask = image.copy(), hole(96, 128, *box)
    image[mask] = 0
    before[mask] = 0
    filled = fill(image, mask, engine)
    assert filled.dtype == dtype
    assert np.array_equal(filled[~mask], before[~mask])
    assert np.array_equal(image, before)
    assert (filled[mask] > 0).mean() > 0.99


@given(st.data())
@settings(deadline=None, max_examples=25)
def test_known_pixels_stay_whatever_the_mask(engine: Engine, picture: Maker, data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(2, 150), st.integers(2, 260)))
    mask = np.zeros(shape, bool)
    for _ in range(data.draw(st.integers(1, 6))):
        top, left = data.draw(st.integers(0, shape[0] - 1)), data.draw(st.integers(0, shape[1] - 1))
        mask[top : top + data.draw(st.integers(1, 120)), left : left + data.draw(st.integers(1, 120))] = True
    mask[-1, -1] = False
    image = picture(*shape)
    filled = fill(image, mask, engine, feather=data.draw(st.integers(0, 5)))
    assert np.array_equal(filled[~mask], image[~mask])


def test_a_flat_picture_is_filled_flat(engine: Engine, hole: Maker) -> None:
    flat = np.full((400, 800, 3), (30, 130, 230), np.uint8)
    mask = hole(400, 800, 100, 100, 300, 300) | hole(400, 800, 10, 700, 20, 710)
    broken = flat.copy()
    broken[mask] = 255
    done = fill_pixels(broken, mask, engine)
    assert {region.scale < 1 for region in done.regions} == {True, False}
    assert np.abs(done.pixels.astype(int) - flat).max() <= 1


def test_a_photo_keeps_everything_else(engine: Engine, picture: Maker, hole: Maker) -> None:
    alpha = picture()[..., 0] | np.uint8(1)
    photo = Photo(pixels=picture(), alpha=alpha, icc=b"profile", grey=False)
    filled = fill(photo, hole(), engine)
    assert filled.alpha is alpha
    assert filled.icc == b"profile"
    assert np.array_equal(filled.pixels, fill(photo.pixels, hole(), engine))


def test_grow_fills_more_and_feather_blends_inside(engine: Engine, hole: Maker) -> None:
    image = np.full((96, 128, 3), 50, np.uint8)
    image[hole()] = 250
    grown = fill_pixels(image, hole(), engine, grow=6)
    assert grown.mask.sum() > hole().sum()
    soft = fill_pixels(image, hole(), engine, feather=4)
    row = soft.pixels[42, 40:56, 0].astype(int)
    assert np.array_equal(soft.pixels[~hole()], image[~hole()])
    assert (np.diff(row) <= 0).all()  # from nearly the old 250 at the rim to the fill's 50
    assert row[0] == 210
    assert abs(row[4] - 50) <= 1


def test_a_feather_does_not_bring_back_colours_that_nobody_saw(engine: Engine, hole: Maker) -> None:
    image = np.full((96, 128, 3), 180, np.uint8)
    image[hole()] = 0
    for mask in (hole(), hole().astype(np.uint8) * 200):
        filled = fill_pixels(image, mask, engine, feather=4, empty=hole())
        assert np.abs(filled.pixels.astype(int) - 180).max() <= 1


def test_later_regions_see_earlier_fills(engine: Engine) -> None:
    # A wire in pieces: a network that took unfilled parts as known would spread their white.
    image = np.full((120, 900, 3), 40, np.uint8)
    mask = np.zeros((120, 900), bool)
    mask[55:65] = True
    image[mask] = 255
    done = fill_pixels(image, mask, engine)
    assert len(done.regions) > 2
    assert np.abs(done.pixels.astype(int) - 40).max() <= 1


def test_progress_is_told(engine: Engine, picture: Maker) -> None:
    mask = np.zeros((100, 600), bool)
    mask[40:50, 20:30] = mask[40:50, 500:510] = True
    told = []
    for detail in ("network", "texture"):
        fill(picture(100, 600), mask, engine, detail=detail, progress=lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_bad_masks_and_arrays(engine: Engine, picture: Maker, hole: Maker) -> None:
    with pytest.raises(MaskError, match="empty"):
        fill(picture(), np.zeros((96, 128), bool), engine)
    with pytest.raises(MaskError, match="whole"):
        fill(picture(), hole(), engine, grow=200)
    assert "--invert" in fill_pixels(picture(), ~hole(), engine).notes[0]
    for image, mask, options in (
        (picture(), hole(96, 100), {}),
        (picture(), hole().astype(np.uint8), {}),
        (picture()[..., 0], hole(), {}),
        (picture().astype(np.int64), hole(), {}),
        (picture(), hole(), {"grow": -1}),
        (picture(), hole(), {"feather": -1}),
    ):
        with pytest.raises(ValueError, match=r"must|negative"):
            fill(image, mask, engine, **options)


class FailingGpu:
    """An engine on a GPU that runs out of memory after `good` calls."""

    device = "cuda"

    def __init__(self, engine: Engine, good: int) -> None:
        self.engine, self.good, self.contract = engine, good, engine.contract

    def on_cpu(self) -> Engine:
        return self.engine

    def run(self, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        self.good -= 1
        if self.good < 0:
            raise EngineError("The CUDA ran out of memory.")
        return self.engine.run(image, mask)


@pytest.mark.parametrize("good", [0, 1])
def test_a_gpu_that_gives_up_is_replaced_by_the_cpu(engine: Engine, picture: Maker, good: int) -> None:
    mask = np.zeros((100, 900), bool)
    mask[40:50, 20:30] = mask[40:50, 450:460] = mask[40:50, 800:810] = True
    image = picture(100, 900)
    done = fill_pixels(image, mask, FailingGpu(engine, good), grow=1)  # type: ignore[arg-type]
    assert done.engine is engine
    assert len(done.notes) == 1
    assert "on the CPU" in done.notes[0]
    assert np.array_equal(done.pixels, fill(image, mask, engine, grow=1))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_soft_mask_blends(engine: Engine, picture: Maker, hole: Maker, dtype: type) -> None:
    step = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[dtype]
    image = picture().astype(dtype) * dtype(step)
    levels = hole().astype(np.uint8) * 255
    levels[30:54, 40:44] = 51
    soft = fill(image, levels, engine).astype(float)
    hard = fill(image, hole(), engine).astype(float)
    share = (levels / 255)[..., None]
    assert np.abs(soft - (share * hard + (1 - share) * image)).max() <= (0.51 if step >= 1 else 1e-6)
    assert np.array_equal(soft[~hole()], image.astype(float)[~hole()])
    feathered = fill(image, levels, engine, feather=3).astype(float)
    assert np.abs(feathered - image)[levels == 51].mean() < np.abs(soft - image)[levels == 51].mean()


def test_in_place_is_the_same_without_a_copy(engine: Engine, picture: Maker, hole: Maker) -> None:
    image = picture()
    wanted = fill(image, hole(), engine)
    done = fill_pixels(image, hole(), engine, in_place=True)
    assert done.pixels is image
    assert np.array_equal(image, wanted)


def test_floats_beyond_white_far_away_change_nothing_and_are_kept(engine: Engine, picture: Maker, hole: Maker) -> None:
    bright = picture(240, 128).astype(np.float32) / 255
    mask = hole(240, 128, 150, 40, 174, 72)
    bright[0] = 40
    bright[1] = -3
    after = fill(bright, mask, engine)
    assert np.array_equal(after[~mask], bright[~mask])
    assert np.array_equal(after, np.where(mask[..., None], fill(bright.clip(0, 1), mask, engine), bright))


class CountingEngine:
    """An engine for 256 pixels that fills grey and counts how often and how much it is asked."""

    device = "cpu"
    contract = Contract(name="counting", native_size=256, native_hole=128)

    def __init__(self) -> None:
        self.runs, self.pixels = 0, 0

    def run(self, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        self.runs += 1
        self.pixels += mask.size
        return np.where(mask[..., None], np.float32(0.5), image)


def test_a_hundred_scratches_take_few_runs_of_the_network() -> None:
    rng, mask = np.random.default_rng(0), np.zeros((1200, 1600), np.uint8)
    for _ in range(100):
        start, way = rng.uniform(0, 1, 2) * (1600, 1200), rng.uniform(-150, 150, 2)
        cv2.line(mask, start.astype(int).tolist(), (start + way).astype(int).tolist(), 255, 3)
    engine = CountingEngine()
    image = np.full((1200, 1600, 3), 90, np.uint8)
    done = fill_pixels(image, mask > 0, engine, detail="network")  # type: ignore[arg-type]
    assert engine.runs == len(done.regions) <= 30
    assert engine.pixels < 100 * 256**2
    assert (done.pixels[mask > 0] == 128).all()


def test_scratches_keep_the_grain(hole: Maker) -> None:
    image = np.random.default_rng(0).normal(128, 20, (300, 300, 3)).clip(0, 255).astype(np.uint8)
    mask = np.zeros((300, 300), np.uint8)
    cv2.line(mask, (20, 30), (270, 250), 255, 3)
    mask[200, 50] = mask[100:103, 220:224] = 255
    done = fill_pixels(image, mask > 0, CountingEngine())  # type: ignore[arg-type]
    filled = done.pixels[mask > 0].astype(float)
    assert filled.std() > 0.85 * image[mask == 0].std()
    assert abs(filled.mean() - 128) < 4


@given(data=st.data())
def test_a_feather_is_the_same_in_every_cut_of_the_mask(data: st.DataObject) -> None:
    mask = data.draw(arrays(bool, (20, 24)).filter(lambda mask: not mask.all()))
    feather = data.draw(st.integers(1, 6))
    top, left = data.draw(st.integers(0, 19)), data.draw(st.integers(0, 23))
    box = Box(top, left, data.draw(st.integers(1, 20 - top)), data.draw(st.integers(1, 24 - left)))
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    wanted = np.minimum(distance / np.float32(feather + 1), 1)[box.slices]
    share = filling._share(mask, box, feather)
    assert np.allclose(share, wanted, atol=1e-6)
    soft = mask * np.uint8(100)
    assert np.allclose(filling._share(soft, box, feather), wanted * (100 / 255), atol=1e-6)
    assert filling._share(mask, box, 0) is None


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_floats_of_other_lengths_are_filled(engine: Engine, hole: Maker, dtype: type) -> None:
    flat = np.full((400, 800, 3), (0.1, 0.5, 0.9), dtype)
    mask = hole(400, 800, 100, 100, 300, 300) | hole(400, 800, 10, 700, 20, 710)
    flat[mask] = 1
    done = fill_pixels(flat, mask, engine, feather=2, grow=3)
    assert done.pixels.dtype == dtype
    assert {region.scale < 1 for region in done.regions} == {True, False}
    assert np.array_equal(done.pixels[~done.mask], flat[~done.mask])
    assert np.allclose(done.pixels[mask], (0.1, 0.5, 0.9), atol=5e-3)


def test_what_nobody_sees_is_not_looked_at(engine: Engine, picture: Maker, hole: Maker) -> None:
    alpha = np.full((96, 128), 255, np.uint8)
    alpha[:, 60:] = 0
    pixels = picture()
    seen = []
    for hidden in (0, 255):
        pixels[:, 60:] = hidden
        photo = Photo(pixels=pixels.copy(), alpha=alpha)
        filled = fill(photo, hole(), engine).pixels
        assert np.array_equal(filled[~hole()], pixels[~hole()])
        seen.append(filled[hole()])
    assert np.array_equal(*seen)
    assert Photo(pixels=pixels, alpha=alpha + np.uint8(1)).empty is not None
    assert Photo(pixels=pixels, alpha=alpha | np.uint8(1)).empty is None
    with pytest.raises(MaskError, match="transparent"):
        fill(Photo(pixels=pixels, alpha=np.uint8(255) * hole()), hole(), engine)


@pytest.mark.parametrize("shift", [(0, 0), (48, 0), (0, 64), (48, 64)])
def test_the_hole_of_a_texture_goes_across_its_borders(engine: Engine, hole: Maker, shift: tuple[int, int]) -> None:
    across = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    texture = np.repeat(np.tile(np.rint(127 + 100 * np.sin(across)), (96, 1))[..., None], 3, 2).astype(np.uint8)
    mask = np.roll(hole(), shift, axis=(0, 1))
    filled = fill_photo(Photo(pixels=texture.copy()), BuiltMask(levels=mask, opaque=False), engine, tile=True)
    whole = fill_photo(Photo(pixels=texture.copy()), BuiltMask(levels=mask, opaque=False), engine)
    assert np.array_equal(filled.photo.pixels[~mask], texture[~mask])
    assert filled.notes == ()
    # Wherever the texture is cut, the fill is the same.
    wanted = fill_photo(
        Photo(pixels=np.roll(texture, (-shift[0], -shift[1]), axis=(0, 1))),
        BuiltMask(levels=hole(), opaque=False),
        engine,
        tile=True,
    )
    assert np.array_equal(filled.photo.pixels, np.roll(wanted.photo.pixels, shift, axis=(0, 1)))
    error = [np.abs(done.photo.pixels[mask].astype(int) - texture[mask]).mean() for done in (filled, whole)]
    assert error[0] <= error[1] + 1


def test_a_hole_all_the_way_round_a_texture_is_noted(engine: Engine, picture: Maker) -> None:
    mask = np.zeros((96, 128), bool)
    mask[40:50] = True
    filled = fill_photo(Photo(pixels=picture()), BuiltMask(levels=mask, opaque=False), engine, tile=True)
    assert "all the way round" in filled.notes[-1]


def test_models_of_other_people_keep_what_they_fill(tiny_model, picture, monkeypatch):
    from inpaint.core import Sampling

    image, mask = picture(96, 128), np.zeros((96, 128), bool)
    mask[30:60, 40:80] = True
    engine = load_engine(tiny_model, "cpu", 1)
    alone = fill(image, mask, engine, detail="network")
    assert (fill(image, mask, engine) != alone).any()
    monkeypatch.setattr(filling, "_paints_detail", lambda engine: True)
    np.testing.assert_array_equal(fill(image, mask, engine), alone)
    assert (fill(image, mask, engine, sampling=Sampling(seed=1)) != alone).any()
