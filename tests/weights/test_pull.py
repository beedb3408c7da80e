"""Fetching from a Hub on this machine, with everything that goes wrong on the way."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from inpaint.weights import HubError, ModelError, manifest, pull, resolve, transfer
from inpaint.weights.cache import find_cached
from inpaint.weights.errors import OutputError
from inpaint.weights.hub import offer
from inpaint.weights.reference import parse_reference

pytestmark = pytest.mark.usefixtures("waits")


def fetch(wanted: str):
    return pull.pull(offer(wanted))


def parts(cache: Path) -> list[Path]:
    return list(cache.rglob("*.inpaint-part"))


@pytest.fixture
def served(hub, heavy_model):
    """The Hub with `user/repo` in it; its commit."""
    hub.sha = hub.commit("user/repo", {"model.onnx": heavy_model, "README.md": b"# model"}, licence="mit")
    return hub


@pytest.fixture
def pinned(served, heavy_model, monkeypatch):
    """The same as a known model, pinned by revision, size and sha256."""
    known = manifest.KnownModel(
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


def test_a_repository_in_our_layout_needs_no_entry(served, heavy_model, cache):
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


def test_huggingface_hub_finds_what_was_put_there_and_the_other_way_round(served, heavy_model):
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


def test_the_warm_path_asks_nobody(pinned, served):
    fetch("pinned")
    served.requests.clear()
    assert fetch("pinned").fetched == 0
    assert resolve("pinned") == resolve(f"user/repo@{served.sha}:model.onnx")
    assert served.requests == []


def test_a_branch_that_moved_is_fetched_and_the_old_commit_stays(served, heavy_model):
    old = fetch("user/repo").path
    new = served.commit("user/repo", {"model.onnx": heavy_model + b""[:0], "extra.txt": b"new"})
    pulled = fetch("user/repo")
    assert pulled.fetched == 0  # the same content: nothing to transfer
    assert pulled.path.parent.name == new
    assert old.is_file()
    assert resolve("user/repo") == pulled.path


def test_a_connection_cut_twice_goes_on_where_it_was(served, heavy_model):
    served.cut = [400_000, 300_000]
    assert fetch("user/repo").path.read_bytes() == heavy_model
    first, second, third = (request.range for request in served.downloads())
    assert first == ""
    assert (second, third) == ("bytes=262144-", "bytes=524288-")


def test_what_one_call_left_the_next_one_goes_on_from(served, heavy_model, cache):
    served.cut = [600_000] + [0] * transfer.TRIES
    with pytest.raises(HubError, match="what has arrived is kept"):
        fetch("user/repo")
    assert [part.stat().st_size for part in parts(cache)] == [524288]
    assert find_cached(parse_reference("user/repo")) is None
    served.requests.clear()
    pulled = fetch("user/repo")
    assert pulled.path.read_bytes() == heavy_model
    assert pulled.fetched == len(heavy_model) - 524288
    assert [request.range for request in served.downloads()] == ["bytes=524288-"]


def test_a_killed_process_leaves_what_the_next_one_goes_on_from(served, heavy_model, cache):
    served.stall = [30.0]
    script = "from inpaint.weights.hub import offer; from inpaint.weights.pull import pull; pull(offer('user/repo'))"
    process = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"HF_HUB_DOWNLOAD_TIMEOUT": "60"})
    deadline = time.monotonic() + 60
    while not any(part.stat().st_size for part in parts(cache)) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (part,) = parts(cache)
    left = part.stat().st_size
    assert 0 < left < len(heavy_model)
    served.requests.clear()
    assert fetch("user/repo").path.read_bytes() == heavy_model
    assert [request.range for request in served.downloads()] == [f"bytes={left}-"]


def test_silence_is_a_break_and_not_for_ever(served, heavy_model, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.5)
    served.stall = [5.0]
    assert fetch("user/repo").path.read_bytes() == heavy_model
    assert len(served.downloads()) == 2


def test_a_storage_that_knows_no_ranges_sends_everything_again(served, heavy_model):
    served.cut, served.ignore_range = [400_000], True
    assert fetch("user/repo").path.read_bytes() == heavy_model


def test_a_damaged_beginning_is_noticed_and_fetched_again(served, heavy_model, cache):
    served.cut = [600_000] + [0] * transfer.TRIES
    with pytest.raises(HubError):
        fetch("user/repo")
    (part,) = parts(cache)
    part.write_bytes(bytes(part.stat().st_size))
    pulled = fetch("user/repo")
    assert pulled.path.read_bytes() == heavy_model
    assert pulled.fetched == len(heavy_model)
    assert "damaged" in pulled.notes[0]


def test_a_wrong_hash_once_is_repaired_and_twice_is_refused(served, heavy_model, cache):
    wrong = heavy_model[:-1] + b"!"
    served.wrong = [wrong]
    assert fetch("user/repo").path.read_bytes() == heavy_model
    served.commit("user/two", {"model.onnx": heavy_model + b"\x0a\x00"})
    served.wrong = [wrong + b"12", wrong + b"12"]
    with pytest.raises(ModelError, match="sha256 differs"):
        fetch("user/two")
    assert find_cached(parse_reference("user/two")) is None
    assert parts(cache) == []


def test_the_manifest_is_right_and_the_hub_is_not(pinned, served, heavy_model, monkeypatch):
    """A rewritten repository is noticed before a byte of it is fetched."""
    served.repositories["user/repo"].commits[served.sha]["model.onnx"] = heavy_model[:-1] + b"?"
    with pytest.raises(ModelError, match="another file for pinned"):
        fetch("pinned")
    assert served.downloads() == []


def test_a_file_damaged_on_disk_is_never_used_and_fetched_again(pinned, served, heavy_model):
    path = fetch("pinned").path
    path.resolve().write_bytes(heavy_model[:-1] + b"x")
    for wanted in ("pinned", "user/repo@" + served.sha):
        with pytest.raises(ModelError, match="damaged; fetch it again: inpaint weights pull"):
            resolve(wanted)
    pulled = fetch("pinned")
    assert pulled.fetched == len(heavy_model)
    assert "damaged" in pulled.notes[0]
    assert resolve("pinned").read_bytes() == heavy_model


def test_a_busy_hub_is_asked_again(served, heavy_model, waits):
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
def test_a_hub_that_does_not_give_is_one_sentence(served, cache, fault, sentence):
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
def test_what_is_not_to_be_had_is_one_sentence(served, heavy_model, wanted, settings, sentence):
    served.commit("user/repo", {"model.onnx": heavy_model}, **settings)
    with pytest.raises(HubError, match=sentence) as raised:
        fetch(wanted)
    assert "\n" not in str(raised.value)


def test_a_token_opens_a_gated_model_and_is_never_sent_to_the_storage(served, heavy_model, monkeypatch):
    served.commit("user/repo", {"model.onnx": heavy_model}, gated=True)
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    assert fetch("user/repo").fetched
    assert {request.token for request in served.downloads()} == {""}
    assert "hf_good" in {request.token for request in served.requests if request.method == "HEAD"}
    monkeypatch.setenv("HF_TOKEN", "hf_bad")
    with pytest.raises(HubError, match="does not accept the token"):
        fetch("user/repo@main:model.onnx")


def test_offline_is_said_and_what_is_here_works(pinned, served, monkeypatch):
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


def test_a_full_disk_is_told_before_and_during(served, monkeypatch):
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
def test_a_disk_that_fails_meanwhile_is_one_sentence(served, monkeypatch, number, sentence):
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(transfer, "_receive", fail)
    with pytest.raises(OutputError, match=sentence) as raised:
        fetch("user/repo")
    assert raised.value.exit_code == 6


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_is_not_ours_is_one_sentence(served, cache):
    cache.mkdir(parents=True)
    cache.chmod(0o500)
    with pytest.raises(OutputError, match="may not write"):
        fetch("user/repo")
    cache.chmod(0o700)


def test_what_is_too_large_is_not_fetched(served):
    served.claimed_size = 3 * 1024**3
    with pytest.raises(ModelError, match=r"3.0 GiB"):
        fetch("user/repo")
    assert served.downloads() == []


@pytest.mark.parametrize("claimed", [100_000, None])
def test_more_than_was_said_is_not_stored(served, heavy_model, monkeypatch, cache, claimed):
    if claimed:
        served.claimed_size = claimed
    else:
        monkeypatch.setattr(transfer, "LARGEST_FILE", 500_000)
        monkeypatch.setattr(pull, "check_size", lambda size, file: 0)  # as if the Hub had not said
    with pytest.raises(HubError, match="more than it said"):
        pull.pull(replace(offer("user/repo"), size=0))
    assert sum(part.stat().st_size for part in parts(cache)) == 0


def test_a_repository_with_several_models_asks_which(hub, heavy_model):
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
def test_a_file_that_is_no_model_gets_no_name(hub, cache, content):
    hub.commit("user/evil", {"model.onnx": content})
    with pytest.raises(ModelError, match=r"model.onnx is not an ONNX model"):
        fetch("user/evil")
    assert find_cached(parse_reference("user/evil")) is None
    assert parts(cache) == []


def test_xet_that_does_not_work_falls_back_to_plain_http(served, heavy_model):
    served.claims_xet = True
    assert fetch("user/repo").path.read_bytes() == heavy_model
    assert any("xet-read-token" in request.path for request in served.requests)
    assert len(served.downloads()) == 1


def test_xet_once_broken_goes_on_by_plain_http(served, heavy_model, cache):
    served.claims_xet = True
    served.cut = [600_000] + [0] * transfer.TRIES
    with pytest.raises(HubError):
        fetch("user/repo")
    served.requests.clear()
    assert fetch("user/repo").path.read_bytes() == heavy_model
    assert not any("xet-read-token" in request.path for request in served.requests)


def test_without_links_a_copy_is_checked_by_the_manifest(pinned, served, heavy_model, monkeypatch):
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


def test_a_known_model_without_sha256_is_held_to_what_the_hub_says(pinned, served, heavy_model, monkeypatch):
    from inpaint.weights import locate

    loose = replace(pinned, name="loose", sha256="", size=0)
    for module in (manifest, locate):
        monkeypatch.setattr(module, "MODELS", (loose,))
    path = fetch("loose").path
    path.resolve().write_bytes(b"x" * len(heavy_model))
    with pytest.raises(ModelError, match="damaged"):
        resolve("loose")
