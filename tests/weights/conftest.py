"""A Hub with one model in it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from inpaint.weights import KnownModel, manifest, pull
from inpaint.weights.hub import offer


@pytest.fixture
def fetch() -> Callable[[str], pull.Pulled]:
    """Ask the Hub for a model and fetch it."""
    return lambda wanted: pull.pull(offer(wanted))


@pytest.fixture
def parts() -> Callable[[Path], list[Path]]:
    """List what is half fetched in a cache."""
    return lambda cache: list(cache.rglob("*.inpaint-part"))


@pytest.fixture
def served(hub, heavy_model):
    """The Hub with `user/repo` in it; its commit."""
    hub.sha = hub.commit("user/repo", {"model.onnx": heavy_model, "README.md": b"# model"}, licence="mit")
    return hub


@pytest.fixture
def pinned(served, heavy_model, monkeypatch):
    """The same as a known model, pinned by revision, size and sha256."""
    known = KnownModel(
        name="pinned",
        repository="user/repo",
        revision=served.sha,
        file="model.onnx",
        size=len(heavy_model),
        sha256=hashlib.sha256(heavy_model).hexdigest(),
        licence="MIT",
    )
    from inpaint.weights import locate

    for module in (manifest, locate):
        monkeypatch.setattr(module, "MODELS", (*manifest.MODELS[:1], known))
    return known
