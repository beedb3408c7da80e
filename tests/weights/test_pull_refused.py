"""What a Hub does not give, and what there is no room or no right for: one sentence each."""

import errno
import os

import pytest

from inpaint.weights import HubError, ModelError, pull, resolve, transfer
from inpaint.weights.cache import find_cached
from inpaint.weights.errors import OutputError
from inpaint.weights.hub import offer
from inpaint.weights.reference import parse_reference

pytestmark = pytest.mark.usefixtures("waits")


def test_a_busy_hub_is_asked_again(served, heavy_model, waits, fetch):
    served.api_status = [(429, {"Retry-After": "3"})]
    served.head_status = [(503, {}), (503, {})]
    served.get_status = [(503, {}), (429, {"Retry-After": "2"})]
    assert fetch("user/repo").path.read_bytes() == heavy_model
    assert waits[0] == 3
    assert waits[-1] == 2
    assert len(waits) == 5


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"api_status": [(503, {})] * 9}, "not working right now .it says 503"),
        ({"api_status": [(429, {"Retry-After": "900"})]}, "slow down; try again in 900 seconds"),
        ({"api_status": [(429, {})] * 9}, "slow down; try again in a few minutes"),
        ({"head_status": [(500, {})] * 9}, "not working right now"),
        ({"get_status": [(503, {})] * 9}, "not working right now"),
        ({"get_status": [(403, {})]}, "has no right to that in user/repo"),
        ({"get_status": [(404, {})]}, "refuses user/repo .it says 404"),
        ({"head_status": [(200, {"Content-Length": "0"})]}, "does not answer as the Hub does"),
        ({"api_status": [(200, {})]}, "does not answer as the Hub does"),
        ({"cut": [0] * 9}, "cannot be reached or broke off"),
    ],
)
def test_a_hub_that_does_not_give_is_one_sentence(served, cache, fault, sentence, fetch):
    for name, value in fault.items():
        setattr(served, name, value)
    with pytest.raises(HubError, match=sentence) as raised:
        fetch("user/repo")
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 10
    assert find_cached(parse_reference("user/repo")) is None


@pytest.mark.parametrize(
    ("wanted", "settings", "sentence"),
    [
        ("nobody/nothing", {}, "no repository nobody/nothing, or it is private"),
        ("user/repo", {"private": True}, "or it is private; check the name, or log in with `hf auth login`"),
        ("user/repo", {"gated": True}, "is gated: accept its terms at http"),
        ("user/repo@other", {}, "no revision 'other'"),
    ],
)
def test_what_is_not_to_be_had_is_one_sentence(served, heavy_model, wanted, settings, sentence, fetch):
    served.commit("user/repo", {"model.onnx": heavy_model}, **settings)
    with pytest.raises(HubError, match=sentence) as raised:
        fetch(wanted)
    assert "\n" not in str(raised.value)


def test_offline_is_said_and_what_is_here_works(pinned, served, monkeypatch, fetch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        fetch("pinned")
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        offer("user/repo")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    fetch("pinned")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert fetch("pinned").fetched == 0


def test_no_server_at_all_is_one_sentence(cache, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError, match="cannot be reached"):
        offer("user/repo")


def test_a_full_disk_is_told_before_and_during(served, monkeypatch, fetch):
    usage = pull.shutil.disk_usage
    monkeypatch.setattr(pull.shutil, "disk_usage", lambda path: usage(path)._replace(free=1000))
    with pytest.raises(OutputError, match=r"needs 1 MB, and the disk .* has 0 MB left"):
        fetch("user/repo")
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "is full; make room, or set HF_HOME"),
        (errno.EROFS, "may not write into .*; set HF_HOME to a folder of yours"),
        (errno.EIO, "could not be stored"),
    ],
)
def test_a_disk_that_fails_meanwhile_is_one_sentence(served, monkeypatch, number, sentence, fetch):
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(transfer, "_receive", fail)
    with pytest.raises(OutputError, match=sentence) as raised:
        fetch("user/repo")
    assert raised.value.exit_code == 6


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_is_not_ours_is_one_sentence(served, cache, fetch):
    cache.mkdir(parents=True)
    cache.chmod(0o500)
    with pytest.raises(OutputError, match="may not write"):
        fetch("user/repo")
    cache.chmod(0o700)


def test_what_is_too_large_is_not_fetched(served, fetch):
    served.claimed_size = 3 * 1024**3
    with pytest.raises(ModelError, match=r"3.0 GiB"):
        fetch("user/repo")
    assert served.downloads() == []


def test_a_repository_with_several_models_asks_which(hub, heavy_model, fetch):
    hub.commit("user/many", {"a.onnx": heavy_model, "deep/b.onnx": heavy_model, "x.bin": b"no"})
    with pytest.raises(ModelError, match=r"several models; name one, such as user/many:a.onnx"):
        offer("user/many")
    pulled = fetch("user/many:deep/b.onnx")
    assert pulled.path.parts[-2:] == ("deep", "b.onnx")
    assert resolve("user/many:deep/b.onnx") == pulled.path
    with pytest.raises(ModelError, match=r"has no file 'c.onnx'"):
        offer("user/many:c.onnx")
    hub.commit("user/none", {"x.safetensors": b"no"})
    with pytest.raises(ModelError, match=r"no .onnx file"):
        offer("user/none")


@pytest.mark.parametrize("content", [b"MZ" + bytes(300_000), b"<html>not found</html>", b"\x80\x04\x95 pickle"])
def test_a_file_that_is_no_model_gets_no_name(hub, cache, content, fetch, parts):
    hub.commit("user/evil", {"model.onnx": content})
    with pytest.raises(ModelError, match=r"model.onnx is not an ONNX model"):
        fetch("user/evil")
    assert find_cached(parse_reference("user/evil")) is None
    assert parts(cache) == []
