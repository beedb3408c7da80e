from dataclasses import replace

import numpy as np
import pytest
import torch

from inpaint.core.errors import RecipeError
from inpaint.core.trainers import Phase, Schedule
from inpaint.training.data import composite_batches
from inpaint.training.data.batches import BatchPlan, to_batch
from inpaint.training.data.composite_batches import (
    CompositeDataset,
    choose_composites,
    draw,
    load_composites,
    to_composite_batch,
)
from inpaint.training.data.composites import CompositeConfig, make_composite
from inpaint.training.data.crops import CropConfig
from inpaint.training.data.segments import Segmented
from inpaint.training.evaluation.harmonization_scores import classical_methods, score

CROPS = CropConfig(size=64, batch=3)


class Pictures:
    """Four pictures with two objects each."""

    def __init__(self, picture):
        self.picture = picture

    def __len__(self):
        return 4

    def read(self, index):
        labels = np.zeros((120, 150), int)
        labels[30:80, 40:70] = 1
        labels[60:100, 90:130] = 2
        return Segmented(self.picture(120, 150, index), labels)


@pytest.fixture(scope="session")
def pictures(picture):
    return Pictures(picture)


@pytest.mark.parametrize("seed", range(8))
def test_outside_the_box_it_is_the_photograph(pictures, seed):
    made = draw(pictures, seed % 4, CompositeConfig(), CROPS, (0, seed))
    assert made.image.shape == made.composite.shape == (64, 64, 3)
    assert not (made.hole & made.foreground).any()
    outside = ~(made.hole | made.foreground)
    assert outside.any()
    np.testing.assert_array_equal(made.composite[outside], made.image[outside])
    rows, columns = np.nonzero(~outside)
    box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert not outside[box].any()  # hole and object together are the box
    assert made.foreground.any()


def test_object_and_box_are_strange(pictures):
    made = draw(pictures, 0, CompositeConfig(), CROPS, (0, 1))
    for region in (made.hole, made.foreground):
        assert np.abs(made.composite[region].astype(int) - made.image[region]).mean() > 2


def test_the_object_takes_the_guides_colours(picture):
    labels = np.zeros((100, 100), int)
    labels[30:70, 30:70] = 1
    dark = np.full((100, 100, 3), 40, np.uint8) + (picture(100, 100) // 16)
    made = make_composite(
        Segmented(picture(100, 100, 3), labels), dark, CompositeConfig(), CROPS, np.random.default_rng(0)
    )
    assert made.composite[made.foreground].mean() < 65
    weak = make_composite(
        Segmented(picture(100, 100, 3), labels), dark, CompositeConfig(strength=(0, 0)), CROPS, np.random.default_rng(0)
    )
    change = np.abs(weak.composite[weak.foreground].astype(int) - weak.image[weak.foreground])
    assert np.median(change) <= 1


def test_without_a_hole_only_the_object_changes(pictures):
    made = draw(pictures, 2, CompositeConfig(hole=0.0), CROPS, (0, 3))
    assert not made.hole.any()
    np.testing.assert_array_equal(made.composite[~made.foreground], made.image[~made.foreground])


def test_the_seed_decides_everything(pictures):
    first, second, other = (draw(pictures, 1, CompositeConfig(), CROPS, seed) for seed in ((0, 5), (0, 5), (0, 6)))
    for name in ("image", "composite", "hole", "foreground"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert (first.composite != other.composite).any()


def test_batches_depend_on_the_step_alone(pictures):
    schedule = Schedule([Phase(name="only", steps=5)])
    plan = BatchPlan(crops={"default": CROPS}, holes={}, schedule=schedule, seed=0)
    data = CompositeDataset(pictures, CompositeConfig(), plan)
    late, _ = data[3]
    again, _ = CompositeDataset(pictures, CompositeConfig(), plan)[3]
    assert all(torch.equal(a, b) for a, b in zip(late, again, strict=True))
    batch = to_composite_batch(late)
    assert batch.image.shape == batch.composite.shape == (3, 3, 64, 64)
    assert batch.mask.shape == batch.foreground.shape == (3, 1, 64, 64)
    assert batch.image.min() >= -1
    assert batch.image.max() <= 1
    assert set(batch.foreground.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("workers", [0, 1])
def test_composites_travel_as_bytes_and_become_floats_on_the_device(pictures, monkeypatch, workers):
    """The device that takes everything and holds nothing stands in for a GPU."""
    travelled = []
    monkeypatch.setattr(
        composite_batches, "to_batch", lambda *given: travelled.append([x.dtype for x in given[:2]]) or to_batch(*given)
    )
    schedule = Schedule([Phase(name="only", steps=5)])
    plan = BatchPlan(crops={"default": CROPS}, holes={}, schedule=schedule, seed=0, device=torch.device("meta"))
    batches = list(load_composites(pictures, CompositeConfig(), plan, start=3, workers=workers))
    assert travelled == [[torch.uint8, torch.bool]] * 4
    for batch in batches:
        assert {x.device.type for x in (batch.image, batch.mask, batch.composite, batch.foreground)} == {"meta"}


def test_fixed_composites_are_fixed(pictures):
    first, second = (choose_composites(pictures, CompositeConfig(), CROPS, 7, 3) for _ in range(2))
    assert torch.equal(first.composite, second.composite)
    assert len(first.image) == 3


def test_a_picture_without_an_object_is_named(picture):
    nothing = Segmented(picture(80, 80), np.zeros((80, 80), int), "beach.webp")
    with pytest.raises(RecipeError, match=r"beach\.webp has no object"):
        make_composite(nothing, picture(80, 80, 1), CompositeConfig(), CROPS, np.random.default_rng(0))


@pytest.mark.parametrize("seed", range(6))
def test_the_background_is_never_the_object(picture, seed):
    labels = np.zeros((100, 100), int)
    labels[40:60, 40:60] = 5  # 1 to 4 are not there
    segmented = Segmented(picture(100, 100), labels)
    config, rng = CompositeConfig(area=(0.0, 1.0)), np.random.default_rng(seed)
    made = make_composite(segmented, picture(100, 100, 1), config, CROPS, rng)
    assert made.foreground.any()
    assert not made.foreground[0].any()


@pytest.mark.parametrize("seed", range(4))
def test_a_crop_between_the_parts_of_an_object_moves_to_one(picture, seed):
    labels = np.zeros((64, 400), int)
    labels[20:40, :10] = labels[20:40, -10:] = 1
    made = make_composite(
        Segmented(picture(64, 400), labels), picture(80, 80), CompositeConfig(), CROPS, np.random.default_rng(seed)
    )
    assert 0 < made.foreground.mean() < 0.1


@pytest.mark.parametrize(
    "change", [{"strength": (1.0, 0.5)}, {"room": (0.5, 2.0)}, {"hole": 2.0}, {"hold_back": 1}, {"exposure": -0.5}]
)
def test_impossible_settings(change):
    with pytest.raises(RecipeError, match="composites"):
        replace(CompositeConfig(), **change)


def test_scores_know_what_is_better(pictures):
    composites = [draw(pictures, n, CompositeConfig(hole=0.0), CROPS, (1, n)) for n in range(4)]
    nothing = score("nothing", lambda given: given.composite, composites)
    perfect = score("perfect", lambda given: given.image, composites)
    half = score("half", lambda given: (given.composite // 2 + given.image // 2).astype(np.uint8), composites)
    assert perfect.fmse == perfect.mse == 0
    assert nothing.fmse > half.fmse > 0
    assert nothing.fmse > nothing.mse
    assert nothing.ssim < half.ssim < perfect.ssim + 1e-6
    assert nothing.psnr < half.psnr < perfect.psnr


def test_classical_methods_change_the_object_alone(pictures):
    given = draw(pictures, 0, CompositeConfig(hole=0.0), CROPS, (2, 0))
    for method in classical_methods().values():
        result = method(given)
        assert result.dtype == np.uint8
        np.testing.assert_array_equal(result[~given.foreground], given.composite[~given.foreground])
