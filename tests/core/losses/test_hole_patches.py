import numpy as np
import pytest
import torch

from inpaint.core.losses import CroppedPerceptualLoss, ObjectiveConfig
from inpaint.core.losses.hole_patches import MOST, SMALLEST, hole_patches


def mask(*holes, size=(128, 128)):
    array = np.zeros(size, np.float32)
    for top, left, bottom, right in holes:
        array[top:bottom, left:right] = 1
    return array


def corners(patches):
    return [(rows.start, columns.start, rows.stop, columns.stop) for rows, columns in patches]


def test_a_rectangle_is_its_own_patch_and_a_sixteenth_of_the_side_wider():
    hole = mask((30, 40, 70, 90))
    assert corners(hole_patches(hole)) == [(30, 40, 70, 90)]
    assert corners(hole_patches(hole, 1 / 16)) == [(22, 32, 78, 98)]


def test_two_holes_are_two_patches_and_two_that_touch_are_one():
    assert corners(hole_patches(mask((0, 0, 40, 40), (60, 70, 110, 120)))) == [(0, 0, 40, 40), (60, 70, 110, 120)]
    assert corners(hole_patches(mask((0, 0, 40, 40), (40, 40, 90, 100)))) == [(0, 0, 90, 100)]


def test_patches_stay_inside_the_image_and_are_large_enough():
    assert corners(hole_patches(mask((0, 120, 2, 128)), 1 / 16)) == [(0, 96, 32, 128)]
    assert corners(hole_patches(mask((60, 60, 62, 62)))) == [(45, 45, 45 + SMALLEST, 45 + SMALLEST)]
    assert corners(hole_patches(mask((3, 3, 9, 9), size=(16, 48)))) == [(0, 0, 16, 32)]


def test_many_specks_are_one_patch():
    specks = [(10 * n, 10 * n, 10 * n + 2, 10 * n + 2) for n in range(1, MOST + 2)]
    assert corners(hole_patches(mask(*specks))) == [(10, 10, 52, 52)]
    assert hole_patches(mask()) == []


class Features:
    """Stands for a backbone of two layers: the pixels, and their means over 2 x 2."""

    def __init__(self):
        self.seen = []

    def activations(self, image):
        self.seen.append(tuple(image.shape))
        return [image + 2, torch.nn.functional.avg_pool2d(image + 2, 2)]

    def __call__(self, image):
        from inpaint.core.losses.backbones import unit_length

        return [unit_length(layer) for layer in self.activations(image)]

    def channel_weights(self):
        return [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, 0.5, 0.5])]


def test_the_network_sees_the_patches_and_nothing_else():
    features = Features()
    loss = CroppedPerceptualLoss(features)
    torch.manual_seed(0)
    target = torch.rand(1, 3, 128, 128)
    output, holes = target.flip(3), torch.from_numpy(mask((30, 40, 70, 90)))[None, None]
    value = loss(output, target, holes)
    assert set(features.seen) == {(1, 3, 40, 50), (1, 3, 56, 66)}
    # By hand: equation 2 for the two patches.
    expected = 0.0
    for rows, columns in ((slice(30, 70), slice(40, 90)), (slice(22, 78), slice(32, 98))):
        a, b = Features()(output[..., rows, columns]), Features()(target[..., rows, columns])
        for left, right, weight in zip(a, b, Features().channel_weights(), strict=True):
            expected += ((left - right).square() * weight.view(1, 3, 1, 1)).sum(1).mean().item()
    assert value.item() == pytest.approx(expected, rel=1e-5)


def test_pictures_and_the_holes_of_a_picture_count_alike():
    loss = CroppedPerceptualLoss(Features())
    torch.manual_seed(0)
    target = torch.rand(2, 3, 128, 128)
    output = target.flip(2)
    first, second = (0, 0, 40, 40), (60, 70, 110, 120)

    def value(*masks):
        holes = torch.from_numpy(np.stack(masks))[:, None]
        return loss(output[: len(masks)], target[: len(masks)], holes).item()

    one, other, both = value(mask(first)), value(mask(second)), value(mask(first, second))
    assert both == pytest.approx((one + other) / 2, rel=1e-5)
    assert value(mask(first), mask()) == pytest.approx(one / 2, rel=1e-5)
    assert value(mask()) == 0


def test_only_the_two_ways_exist():
    from inpaint.core.errors import RecipeError

    with pytest.raises(RecipeError, match='choose "masked" or "cropped"'):
        ObjectiveConfig(patches="round")
