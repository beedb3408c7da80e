"""Fetching from a Hub on this machine: what is fetched, what is not fetched again, and where it is then."""

from dataclasses import replace
from pathlib import Path

import pytest

from inpaint.weights import HubError, ModelError, manifest, pull, resolve
from inpaint.weights.hub import offer

pytestmark = pytest.mark.usefixtures("waits")


def test_a_repository_in_our_layout_needs_no_entry(served, heavy_model, cache, parts):
    offered = offer("user/repo")
    assert (offered.licence, offered.size, offered.reference.file) == ("mit", len(heavy_model), "model.onnx")
    seen = []
    pulled = pull.pull(offered, lambda here, total: seen.append((here, total)))
    assert pulled.fetched == len(heavy_model)
    assert seen[-1] == (len(heavy_model), len(heavy_model))
    assert len(seen) > 2
    assert pulled.path.read_bytes() == heavy_model
    assert resolve("user/repo") == resolve(f"user/repo@{served.sha}:model.onnx") == pulled.path
    assert parts(cache) == []


def test_huggingface_hub_finds_what_was_put_there_and_the_other_way_round(served, heavy_model, fetch):
    from huggingface_hub import constants, hf_hub_download, scan_cache_dir, try_to_load_from_cache

    pulled = fetch("user/repo")
    assert try_to_load_from_cache("user/repo", "model.onnx") == str(pulled.path)
    assert hf_hub_download("user/repo", "model.onnx", endpoint=served.url) == str(pulled.path)
    assert len(served.downloads()) == 1
    assert scan_cache_dir(constants.HF_HUB_CACHE).size_on_disk == len(heavy_model)
    served.commit("other/one", {"model.onnx": heavy_model})
    theirs = hf_hub_download("other/one", "model.onnx", endpoint=served.url)
    assert resolve("other/one") == Path(theirs)
    assert fetch("other/one").fetched == 0


def test_the_warm_path_asks_nobody(pinned, served, fetch):
    fetch("pinned")
    served.requests.clear()
    assert fetch("pinned").fetched == 0
    assert resolve("pinned") == resolve(f"user/repo@{served.sha}:model.onnx")
    assert served.requests == []


def test_a_branch_that_moved_is_fetched_and_the_old_commit_stays(served, heavy_model, fetch):
    old = fetch("user/repo").path
    new = served.commit("user/repo", {"model.onnx": heavy_model + b""[:0], "extra.txt": b"new"})
    pulled = fetch("user/repo")
    assert pulled.fetched == 0  # the same content: nothing to transfer
    assert pulled.path.parent.name == new
    assert old.is_file()
    assert resolve("user/repo") == pulled.path


def test_a_token_opens_a_gated_model_and_is_never_sent_to_the_storage(served, heavy_model, monkeypatch, fetch):
    served.commit("user/repo", {"model.onnx": heavy_model}, gated=True)
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    assert fetch("user/repo").fetched
    assert {request.token for request in served.downloads()} == {""}
    assert "hf_good" in {request.token for request in served.requests if request.method == "HEAD"}
    monkeypatch.setenv("HF_TOKEN", "hf_bad")
    with pytest.raises(HubError, match="does not accept the token"):
        fetch("user/repo@main:model.onnx")


def test_without_links_a_copy_is_checked_by_the_manifest(pinned, served, heavy_model, monkeypatch, fetch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", True, raising=False)
    path = fetch("pinned").path
    assert not path.is_symlink()
    assert resolve("pinned") == path
    path.write_bytes(b"broken")
    with pytest.raises(ModelError, match="damaged"):
        resolve("pinned")


def test_the_bundled_model_is_not_fetched(cache):
    with pytest.raises(ModelError, match="comes with Inpaint"):
        offer("default")
    with pytest.raises(ModelError, match="neither a known model nor user/repo"):
        offer("something")


def test_a_known_model_without_sha256_is_held_to_what_the_hub_says(pinned, served, heavy_model, monkeypatch, fetch):
    from inpaint.weights import locate

    loose = replace(pinned, name="loose", sha256="", size=0)
    for module in (manifest, locate):
        monkeypatch.setattr(module, "MODELS", (loose,))
    path = fetch("loose").path
    path.resolve().write_bytes(b"x" * len(heavy_model))
    with pytest.raises(ModelError, match="damaged"):
        resolve("loose")
