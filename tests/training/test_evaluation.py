import numpy as np
import pytest
import torch

from inpaint.core.errors import RecipeError
from inpaint.training import evaluation


class L1Distance:
    """Stands in for the perceptual distance, whose backbones would have to be downloaded."""

    def __call__(self, one, other):
        return float((one - other).abs().mean())


def test_scores_classical_methods_and_models_alike(photographs, tiny_model):
    names = ["telea", "navier-stokes", str(tiny_model)]
    seen = []
    scores = evaluation.evaluate(names, str(photographs), L1Distance(), size=64, progress=seen.append)
    assert [score.name for score in scores] == names
    assert {score.pictures for score in scores} == {6}
    assert seen == [1, 2, 3, 4, 5, 6]
    for score in scores:
        assert 0 < score.distance < 0.3
        assert 0.3 < score.ssim < 1
        assert 10 < score.psnr < 60
        assert 0 < score.l1_hole < 0.5


def test_a_perfect_fill_scores_perfectly():
    truth = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    holes = np.zeros((64, 64), dtype=bool)
    holes[10:30, 10:30] = True
    distance, ssim, psnr, l1_hole = evaluation._score(truth, truth, holes, L1Distance())
    assert (distance, l1_hole) == (0, 0)
    assert ssim == pytest.approx(1)
    assert psnr == pytest.approx(100)
    wrong = truth.copy()
    wrong[holes] = 255 - wrong[holes]
    assert evaluation._score(wrong, truth, holes, L1Distance())[3] > 0.3


def test_holes_are_the_same_for_everyone_and_of_the_stated_area(photographs):
    once, again = (
        [holes for _, holes in evaluation.pictures_and_holes(str(photographs), size=128, seed=3, limit=None)]
        for _ in range(2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))
    assert all(0.10 <= holes.mean() <= 0.35 for holes in once)


def test_limit(photographs):
    assert evaluation.count_pictures(str(photographs), 2) == 2
    assert evaluation.count_pictures(str(photographs), 99) == 6


def test_a_stream_is_refused():
    with pytest.raises(RecipeError, match="on disk"):
        evaluation.count_pictures("http://127.0.0.1:1/x.tar")


def test_distance_needs_its_weights(tmp_path):
    with pytest.raises(RecipeError, match="vgg19"):
        evaluation.Distance("vgg19", tmp_path)


def test_unit_lengths_are_compared_channel_by_channel():
    class Constant(torch.nn.Module):
        def forward(self, x):
            return [torch.cat([x[:, :1], 1 - x[:, :1]], dim=1)]

        def channel_weights(self):
            return [torch.tensor([1.0, 0.0])]

    measure = evaluation.Distance.__new__(evaluation.Distance)
    measure.features = Constant()
    ones, zeros = torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    assert measure(ones, zeros) == pytest.approx(1.0)
