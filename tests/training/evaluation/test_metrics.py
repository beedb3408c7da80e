import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from inpaint.core.errors import InpaintError
from inpaint.training.evaluation import metrics
from inpaint.training.evaluation.metrics import GROUPS, METRICS, Judge, columns, parse_groups
from inpaint.training.evaluation.samples import Sample

ALL = ("l1", "l2", "psnr", "ssim", "lpips")


@pytest.fixture
def noisy(sample, picture):
    """The sample's picture with another one's pixels in the hole."""
    other = picture(seed=5)
    return np.where(sample.hole[..., None], other, sample.picture)


def test_known_values(sample):
    """A hole of 24 x 32 of 96 x 128 pixels, wrong by 51/255 = 0.2 in one of three colours."""
    truth = np.full_like(sample.picture, 100)
    filled = truth.copy()
    filled[sample.hole, 0] = 151
    row = Judge(("l1", "l2", "psnr")).score(Sample("x", truth, sample.hole), {"a": filled})["a"]
    share = 24 * 32 / (96 * 128)
    assert row["l1_hole"] == pytest.approx(0.2 / 3)
    assert row["l1"] == pytest.approx(0.2 / 3 * share)
    assert row["l1_sum"] == pytest.approx(0.2 / 3 * 24 * 32)
    assert row["l2_hole"] == pytest.approx(0.04 / 3)
    assert row["l2"] == pytest.approx(0.04 / 3 * share)
    assert row["l2_sum"] == pytest.approx(0.04 / 3 * 24 * 32)
    assert row["psnr_hole"] == pytest.approx(10 * np.log10(3 / 0.04))
    assert row["psnr"] == pytest.approx(10 * np.log10(3 / 0.04 / share))


def test_psnr_and_ssim_are_those_of_scikit_image(sample, noisy):
    row = Judge(("psnr", "ssim")).score(sample, {"a": noisy})["a"]
    assert row["psnr"] == pytest.approx(peak_signal_noise_ratio(sample.picture, noisy))
    kwargs = {"channel_axis": -1, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    _, image = structural_similarity(sample.picture, noisy, full=True, **kwargs)
    # scikit-image's own mean leaves out the border that the window does not fit into; torchmetrics' does not.
    assert row["ssim"] == pytest.approx(image.mean(), abs=2e-3)
    assert row["ssim_hole"] == pytest.approx(image.mean(axis=2)[sample.hole].mean(), abs=2e-3)


def test_the_map_of_ssim_lies_over_the_picture(sample):
    """A difference in a corner of the hole lowers the map there, and not elsewhere."""
    truth = gaussian_filter(sample.picture, (2, 2, 0))
    filled = truth.copy()
    filled[32:36, 42:46] = 0
    hole = np.zeros_like(sample.hole)
    hole[24:44, 34:54] = True
    inside = Judge(("ssim",)).score(Sample("x", truth, hole), {"a": filled})["a"]["ssim_hole"]
    far = np.zeros_like(hole)
    far[60:80, 80:100] = True
    outside = Judge(("ssim",)).score(Sample("x", truth, far), {"a": filled})["a"]["ssim_hole"]
    assert inside < 0.9
    assert outside == pytest.approx(1, abs=1e-5)


def test_a_perfect_fill_scores_perfectly(sample, l1_distance):
    row = Judge(ALL, l1_distance).score(sample, {"a": sample.picture})["a"]
    assert set(row) == {key for group in ALL for key in GROUPS[group]}
    for key, value in row.items():
        perfect = {"psnr": 100, "ssim": 1}.get(key.split("_")[0], 0)
        assert value == pytest.approx(perfect, abs=1e-5), key


def test_the_truth_is_looked_at_once_per_picture(sample, noisy, l1_distance):
    judge = Judge(("lpips",), l1_distance)
    judge.score(sample, {"a": noisy, "b": sample.picture, "c": noisy})
    assert l1_distance.looked == ["truth", "fill", "fill", "fill"]


def test_only_what_is_asked_for_is_measured(sample, noisy):
    assert set(Judge(("psnr",)).score(sample, {"a": noisy})["a"]) == {"psnr", "psnr_hole"}
    with pytest.raises(ValueError, match="distance"):
        Judge(("lpips",))


def test_groups_are_read_in_any_order():
    assert parse_groups("ssim, L1") == ("l1", "ssim")
    assert parse_groups("all") == tuple(GROUPS)
    for wrong in ("l3", "", "ssim,nonsense"):
        with pytest.raises(InpaintError, match="choose from crispness, frechet, l1"):
            parse_groups(wrong)


def test_every_group_has_columns_in_table_order():
    keys = [metric.key for metric in columns(GROUPS)]
    assert keys == list(METRICS)
    assert sorted(keys) == sorted(key for group in GROUPS.values() for key in group)


def test_what_is_not_lpips_is_not_called_so():
    titles = {
        name: columns(["lpips"], name)[0].title
        for name in (None, "LPIPS (AlexNet)", "LPIPS (SqueezeNet), uncalibrated", "VGG-19 distance")
    }
    assert list(titles.values()) == ["LPIPS", "LPIPS", "perceptual", "perceptual"]


def test_pixels_become_numbers_between_0_and_1(sample):
    tensor = metrics.to_tensor(sample.picture)
    assert tensor.shape == (1, 3, 96, 128)
    assert torch.equal((tensor[0].permute(1, 2, 0) * 255).round().byte(), torch.from_numpy(sample.picture))
