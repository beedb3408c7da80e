import pickle
from unittest import mock

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.linalg import sqrtm, svdvals
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torchmetrics.image.fid import FrechetInceptionDistance

from inpaint.core.errors import RecipeError
from inpaint.training.evaluation import inception
from inpaint.training.evaluation.inception import Crowd, Inception, frechet, inception_score, load_weights

MODULE = "torch_fidelity.feature_extractor_inceptionv3"


@pytest.fixture(scope="module")
def state():
    """The state of an Inception network that nobody trained."""
    torch.manual_seed(0)
    with (
        mock.patch(f"{MODULE}.load_state_dict_from_url"),
        mock.patch.object(FeatureExtractorInceptionV3, "load_state_dict"),
    ):
        return FeatureExtractorInceptionV3("inception-v3-compat", ["2048"]).state_dict()


class Small:
    """A network of twelve features and five classes, small enough to check by hand."""

    def __init__(self):
        random = torch.Generator().manual_seed(0)
        self.features = torch.randn(48, 12, generator=random)
        self.classes = torch.randn(12, 5, generator=random)

    def __call__(self, pictures):
        assert pictures.dtype == torch.uint8
        pooled = torch.nn.functional.adaptive_avg_pool2d(pictures.float() / 255, 4).flatten(1)
        features = torch.tanh(pooled @ self.features)
        return features, features @ self.classes


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    low = rng.integers(0, 256, (40, 4, 4, 3), dtype=np.uint8)
    return np.kron(low, np.ones((1, 8, 8, 1), np.uint8))


def test_fid_is_the_frechet_distance_that_scipy_finds(pictures):
    network = Small()
    crowd = Crowd(network)
    fills = [np.clip(picture.astype(int) // 2 + 20, 0, 255).astype(np.uint8) for picture in pictures]
    for truth, fill in zip(pictures, fills, strict=True):
        crowd.add(truth, {"dark": fill, "same": truth})
    one, other = (network(torch.from_numpy(np.stack(x)).permute(0, 3, 1, 2))[0].numpy() for x in (pictures, fills))
    covariances = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    root = sqrtm(covariances[0] @ covariances[1]).real
    expected = ((one.mean(0) - other.mean(0)) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert expected > 0.1
    assert crowd.fid("dark") == pytest.approx(expected, rel=1e-3)
    assert crowd.fid("same") == pytest.approx(0, abs=1e-4)


def test_the_inception_score_is_that_of_its_definition(pictures):
    network = Small()
    crowd = Crowd(network)
    for picture in pictures[:10]:
        crowd.add(picture, {"a": picture})
    with mock.patch.object(inception, "SPLITS", 1):
        value, error = crowd.inception_score("a")
    logits = network(torch.from_numpy(pictures[:10]).permute(0, 3, 1, 2))[1].double().numpy()
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = np.exp((p * (np.log(p) - np.log(p.mean(axis=0)))).sum(axis=1).mean())
    assert value == pytest.approx(expected, rel=1e-4)
    assert np.isnan(error)


def test_the_score_is_the_same_every_time_and_leaves_the_generator_alone():
    logits = torch.randn(25, 6, generator=torch.Generator().manual_seed(0))
    before = torch.get_rng_state()
    assert inception_score(logits) == inception_score(logits)
    assert torch.equal(torch.get_rng_state(), before)
    value, error = inception_score(logits)
    with pytest.warns(UserWarning, match="buffer"):
        metric = inception.InceptionScore(feature=inception._Given(6), splits=10)
    metric.update(logits)
    torch.manual_seed(0)
    wanted, spread = metric.compute()
    assert value == pytest.approx(float(wanted))
    assert error == pytest.approx(float(spread) / 10**0.5)


def test_fewer_pictures_than_features_give_the_distance_of_the_full_matrices():
    random = torch.Generator().manual_seed(0)
    one, other = torch.rand(7, 40, generator=random), torch.rand(9, 40, generator=random) ** 2
    metric = FrechetInceptionDistance(feature=inception._Given(40))
    metric.update(one, real=True)
    metric.update(other, real=False)
    assert frechet(one, other) == pytest.approx(float(metric.compute()), rel=1e-3)


def test_one_picture_has_no_fid():
    assert np.isnan(frechet(torch.zeros(1, 4), torch.zeros(1, 4)))


@pytest.mark.slow
def test_the_real_network_runs_from_a_local_file(state, tmp_path, pictures):
    """Its FID against a computation without covariances: the trace of the root is a sum of singular values."""
    save_file(state, tmp_path / "inception-random.safetensors")
    crowd = Crowd(Inception(tmp_path))
    for picture in pictures[:3]:
        crowd.add(picture, {"a": 255 - picture})
    one = torch.cat(crowd.truths).double().numpy()
    other = torch.cat([features for features, _ in crowd.fills["a"]]).double().numpy()
    assert one.shape == (3, 2048)
    centred = [(x - x.mean(0)) / np.sqrt(2) for x in (one, other)]
    root = svdvals(centred[0] @ centred[1].T).sum()
    expected = ((one.mean(0) - other.mean(0)) ** 2).sum() + sum((x**2).sum() for x in centred) - 2 * root
    assert crowd.fid("a") == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert 1 <= crowd.inception_score("a")[0] < 1008


def test_the_original_file_is_read_without_its_pickles(state, tmp_path):
    torch.save(state, tmp_path / "weights-inception-2015-12-05-6726825d.pth")
    assert load_weights(tmp_path).keys() == state.keys()


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


@pytest.mark.parametrize("content", [pickle.dumps(Evil()), b"", b"nonsense", pickle.dumps([1, 2])])
def test_a_pickle_is_not_executed(tmp_path, content):
    (tmp_path / "inception.pth").write_bytes(content)
    with pytest.raises(RecipeError, match="no plain weights"):
        load_weights(tmp_path)


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(RecipeError, match="leave fid and is out"):
        load_weights(tmp_path)


def test_weights_of_another_network_are_refused(tmp_path):
    save_file({"fc.bias": torch.zeros(3)}, tmp_path / "inception.safetensors")
    with pytest.raises(RecipeError, match="another network"):
        Inception(tmp_path)


def test_the_download_is_checked_and_kept(tmp_path, monkeypatch):
    """The real way through torch.hub, from an address of this machine."""
    file = tmp_path / "weights.pth"
    torch.save({"a": torch.ones(2)}, file)
    import hashlib

    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    named = file.rename(tmp_path / f"weights-{digest}.pth")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(inception, "URL_INCEPTION_V3", named.as_uri())
    assert load_weights(None)["a"].tolist() == [1, 1]
    named.rename(file)
    assert load_weights(None)["a"].tolist() == [1, 1]
    wrong = file.rename(tmp_path / "weights-00000000.pth")
    monkeypatch.setattr(inception, "URL_INCEPTION_V3", wrong.as_uri())
    with pytest.raises(RecipeError, match="go online once"):
        load_weights(None)
