"""Fetching over connections, storages and disks that break: it goes on, and nothing wrong is ever used."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from inpaint.weights import HubError, ModelError, pull, resolve, transfer
from inpaint.weights.cache import find_cached
from inpaint.weights.hub import offer
from inpaint.weights.reference import parse_reference

pytestmark = pytest.mark.usefixtures("waits")


def test_a_connection_cut_twice_goes_on_where_it_was(served, heavy_model, fetch):
    served.cut = [400_000, 300_000]
    assert fetch("user/repo").path.read_bytes() == heavy_model
    first, second, third = (request.range for request in served.downloads())
    assert first == ""
    assert (second, third) == ("bytes=262144-", "bytes=524288-")


def test_what_one_call_left_the_next_one_goes_on_from(served, heavy_model, cache, fetch, parts):
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


def test_a_killed_process_leaves_what_the_next_one_goes_on_from(served, heavy_model, cache, fetch, parts):
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


def test_silence_is_a_break_and_not_for_ever(served, heavy_model, monkeypatch, fetch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.5)
    served.stall = [5.0]
    assert fetch("user/repo").path.read_bytes() == heavy_model
    assert len(served.downloads()) == 2


def test_a_storage_that_knows_no_ranges_sends_everything_again(served, heavy_model, fetch):
    served.cut, served.ignore_range = [400_000], True
    assert fetch("user/repo").path.read_bytes() == heavy_model


def test_a_damaged_beginning_is_noticed_and_fetched_again(served, heavy_model, cache, fetch, parts):
    served.cut = [600_000] + [0] * transfer.TRIES
    with pytest.raises(HubError):
        fetch("user/repo")
    (part,) = parts(cache)
    part.write_bytes(bytes(part.stat().st_size))
    pulled = fetch("user/repo")
    assert pulled.path.read_bytes() == heavy_model
    assert pulled.fetched == len(heavy_model)
    assert "damaged" in pulled.notes[0]


def test_a_wrong_hash_once_is_repaired_and_twice_is_refused(served, heavy_model, cache, fetch, parts):
    wrong = heavy_model[:-1] + b"!"
    served.wrong = [wrong]
    assert fetch("user/repo").path.read_bytes() == heavy_model
    served.commit("user/two", {"model.onnx": heavy_model + b"\x0a\x00"})
    served.wrong = [wrong + b"12", wrong + b"12"]
    with pytest.raises(ModelError, match="sha256 differs"):
        fetch("user/two")
    assert find_cached(parse_reference("user/two")) is None
    assert parts(cache) == []


def test_the_manifest_is_right_and_the_hub_is_not(pinned, served, heavy_model, monkeypatch, fetch):
    """A rewritten repository is noticed before a byte of it is fetched."""
    served.repositories["user/repo"].commits[served.sha]["model.onnx"] = heavy_model[:-1] + b"?"
    with pytest.raises(ModelError, match="another file for pinned"):
        fetch("pinned")
    assert served.downloads() == []


def test_a_file_damaged_on_disk_is_never_used_and_fetched_again(pinned, served, heavy_model, fetch):
    path = fetch("pinned").path
    path.resolve().write_bytes(heavy_model[:-1] + b"x")
    for wanted in ("pinned", "user/repo@" + served.sha):
        with pytest.raises(ModelError, match="damaged; fetch it again: inpaint weights pull"):
            resolve(wanted)
    pulled = fetch("pinned")
    assert pulled.fetched == len(heavy_model)
    assert "damaged" in pulled.notes[0]
    assert resolve("pinned").read_bytes() == heavy_model


@pytest.mark.parametrize("claimed", [100_000, None])
def test_more_than_was_said_is_not_stored(served, heavy_model, monkeypatch, cache, claimed, parts):
    if claimed:
        served.claimed_size = claimed
    else:
        monkeypatch.setattr(transfer, "LARGEST_FILE", 500_000)
        monkeypatch.setattr(pull, "check_size", lambda size, file: 0)  # as if the Hub had not said
    with pytest.raises(HubError, match="more than it said"):
        pull.pull(replace(offer("user/repo"), size=0))
    assert sum(part.stat().st_size for part in parts(cache)) == 0


def test_xet_that_does_not_work_falls_back_to_plain_http(served, heavy_model, fetch):
    served.claims_xet = True
    assert fetch("user/repo").path.read_bytes() == heavy_model
    assert any("xet-read-token" in request.path for request in served.requests)
    assert len(served.downloads()) == 1


def test_xet_once_broken_goes_on_by_plain_http(served, heavy_model, cache, fetch):
    served.claims_xet = True
    served.cut = [600_000] + [0] * transfer.TRIES
    with pytest.raises(HubError):
        fetch("user/repo")
    served.requests.clear()
    assert fetch("user/repo").path.read_bytes() == heavy_model
    assert not any("xet-read-token" in request.path for request in served.requests)
