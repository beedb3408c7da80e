"""A model that is here: checked against what was seen before, kept until another is had, found when refs have moved."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from inpaint.weights import HubError, ModelError, cache, pull_records, resolve
from inpaint.weights.hub import cached_offer, fetched, offer, offer_or_cached
from inpaint.weights.reference import parse_reference

pytestmark = pytest.mark.usefixtures("waits")


@pytest.fixture
def no_links(monkeypatch):
    """A cache without symbolic links, as on Windows without its developer mode."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", True, raising=False)


@pytest.fixture
def offline(monkeypatch):
    """Call it to be offline from there on."""
    from huggingface_hub import constants

    return lambda on=True: monkeypatch.setattr(constants, "HF_HUB_OFFLINE", on)


def zeroed(content: bytes) -> bytes:
    """Return a model with zeros in its middle, where it can still be parsed."""
    middle = len(content) // 2
    return content[:middle] + bytes(30_000) + content[middle + 30_000 :]


@pytest.mark.usefixtures("no_links")
def test_without_links_damage_is_seen_by_the_sha256_of_the_first_download(served, heavy_model, fetch, offline):
    path = fetch("user/repo").path
    assert not path.is_symlink()
    assert fetch("user/repo").checked
    path.write_bytes(zeroed(heavy_model))
    offline()
    with pytest.raises(ModelError, match="damaged; fetch it again"):
        resolve("user/repo")
    assert "user/repo" in fetched()
    offline(False)
    pulled = fetch("user/repo")
    assert "was damaged" in pulled.notes[0]
    assert resolve("user/repo").read_bytes() == heavy_model


@pytest.mark.usefixtures("no_links")
def test_a_copy_that_another_program_left_is_checked_by_what_the_hub_says(served, heavy_model, fetch, offline):
    from huggingface_hub import hf_hub_download

    path = Path(hf_hub_download("user/repo", "model.onnx", endpoint=served.url))
    path.write_bytes(zeroed(heavy_model))
    assert fetch("user/repo").fetched == len(heavy_model)
    assert path.read_bytes() == heavy_model
    path.write_bytes(zeroed(heavy_model))  # now it is remembered
    with pytest.raises(ModelError, match="damaged"):
        resolve("user/repo")


@pytest.mark.parametrize("wanted", ["user/repo", "user/repo@COMMIT", "pinned"])
@pytest.mark.parametrize("recorded", [True, False])
def test_a_model_that_lost_its_end_is_fetched_again_at_once(
    pinned, served, heavy_model, cache, fetch, wanted, recorded
):
    wanted = wanted.replace("COMMIT", served.sha)
    path = fetch(wanted).path
    if not recorded:  # as a version before these records left it
        import shutil

        shutil.rmtree(next(cache.glob("models--*")) / pull_records.FOLDER)
    path.resolve().write_bytes(heavy_model[:300_000])
    pulled = fetch(wanted)
    assert pulled.notes == ("What was here was damaged and has been fetched again.",)
    assert path.read_bytes() == heavy_model


@pytest.mark.parametrize("links", [True, False])
def test_a_damaged_model_stays_until_another_is_had(served, heavy_model, monkeypatch, fetch, offline, links):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", not links, raising=False)
    path = fetch("user/repo").path
    damaged = zeroed(heavy_model)
    for file in {path, path.resolve(), *(path.parents[2] / "blobs").iterdir()}:
        file.write_bytes(damaged)
    offline()
    for wanted in ("user/repo", f"user/repo@{served.sha}"):
        with pytest.raises(HubError, match=r"is damaged, and it was not replaced.*HF_HUB_OFFLINE is set"):
            pull_or_keep(wanted)
    offline(False)
    served.get_status = [(403, {})]
    with pytest.raises(HubError, match="is damaged, and it was not replaced"):
        fetch("user/repo")
    served.wrong = [damaged, damaged]
    with pytest.raises(ModelError, match="sha256 differs"):
        fetch("user/repo")
    assert path.read_bytes() == damaged
    assert fetch("user/repo").fetched
    assert path.read_bytes() == heavy_model


def pull_or_keep(wanted: str):
    from inpaint.weights.pull import pull

    return pull(offer_or_cached(wanted)[0])


def test_damage_to_a_file_of_xet_is_repaired_too(served, heavy_model, fetch):
    path = fetch("user/repo").path
    served.claims_xet = True
    path.resolve().write_bytes(zeroed(heavy_model))
    assert fetch("user/repo").fetched == len(heavy_model)
    assert path.read_bytes() == heavy_model


@pytest.mark.parametrize("wanted", ["user/repo", "user/repo@v1", "user/repo@COMMIT", "pinned"])
def test_what_is_here_needs_no_right_to_write(pinned, served, heavy_model, monkeypatch, fetch, wanted):
    wanted = wanted.replace("COMMIT", served.sha)
    served.repositories["user/repo"].refs["v1"] = served.sha
    fetch("user/repo")  # so under v1 there is something to write down

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for name in ("mkdir", "write_text", "write_bytes", "touch", "unlink"):
        monkeypatch.setattr(Path, name, refuse)
    for name in ("replace", "unlink", "mkdir"):
        monkeypatch.setattr(os, name, refuse)
    pulled = fetch(wanted)
    assert (pulled.fetched, pulled.checked) == (0, True)


def test_a_look_by_another_program_does_not_take_a_model_away(served, heavy_model, fetch, offline):
    from huggingface_hub import hf_hub_download

    old = fetch("user/repo").path
    served.commit("user/repo", {"model.onnx": heavy_model + b"\x0a\x00", "README.md": b"# newer"})
    hf_hub_download("user/repo", "README.md", endpoint=served.url)  # moves refs/main
    offline()
    assert resolve("user/repo") == old
    assert fetched() == ["user/repo"]
    here, note = offer_or_cached("user/repo")
    assert here.commit == served.sha
    assert note.startswith(f"Commit {served.sha[:8]} is here and is used.")
    assert pull_or_keep("user/repo").path == old


def test_a_look_for_a_newer_one_that_broke_off_does_not_take_a_model_away(served, heavy_model, fetch, offline):
    from huggingface_hub import constants

    old = fetch("user/repo").path
    new = served.commit("user/repo", {"model.onnx": heavy_model + b"\x0a\x00"})
    (old.parents[2] / "refs" / "main").write_text(new)  # as huggingface_hub 2.4 does before the first byte
    served.get_status = [(403, {})]
    with pytest.raises(HubError):
        fetch("user/repo")
    assert resolve("user/repo") == old
    assert constants.HF_HUB_OFFLINE is False
    newer = fetch("user/repo").path
    assert newer.parent.name == new
    assert resolve("user/repo") == newer
    assert sorted(fetched()) == sorted(["user/repo", f"user/repo@{served.sha}"])


def test_a_commit_that_is_here_is_named_where_nothing_is_remembered(served, heavy_model, cache, offline):
    from huggingface_hub import hf_hub_download

    hf_hub_download("user/repo", "model.onnx", endpoint=served.url)
    served.commit("user/repo", {"model.onnx": heavy_model + b"\x0a\x00", "README.md": b"# newer"})
    hf_hub_download("user/repo", "README.md", endpoint=served.url)
    with pytest.raises(ModelError, match=f"it is here at another commit: --model user/repo@{served.sha}"):
        resolve("user/repo")
    offline()
    with pytest.raises(HubError, match=f"it is here at another commit: --model user/repo@{served.sha}"):
        offer_or_cached("user/repo")
    assert resolve(f"user/repo@{served.sha}").is_file()


def test_two_files_of_one_branch_may_be_of_different_commits(hub, heavy_model, fetch):
    hub.commit("user/two", {"a.onnx": heavy_model, "b.onnx": heavy_model})
    first = fetch("user/two:a.onnx").path
    hub.commit("user/two", {"a.onnx": heavy_model + b"\x0a\x00", "b.onnx": heavy_model + b"\x0a\x00"})
    second = fetch("user/two:b.onnx").path
    assert first.parent != second.parent
    assert (resolve("user/two:a.onnx"), resolve("user/two:b.onnx")) == (first, second)
    assert sorted(fetched()) == ["user/two:a.onnx", "user/two:b.onnx"]


def test_what_is_removed_is_forgotten(served, fetch):
    path = fetch("user/repo").path
    served.commit("user/repo", {"model.onnx": path.read_bytes(), "new.txt": b""})
    fetch("user/repo")
    cache.remove_cached(path)
    assert pull_records.recall(path.parents[2], served.sha, "model.onnx") is None
    assert cached_offer("user/repo").commit != served.sha
    cache.remove_cached(resolve("user/repo"))
    assert cached_offer("user/repo") is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"commit": "x"}', '{"commit": "../..", "sha256": "", "size": 1}', "\udc80"]
)
def test_a_record_that_cannot_be_read_is_none(served, fetch, text):
    path = fetch("user/repo").path
    for file in (path.parents[2] / pull_records.FOLDER).rglob("*.json"):
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert resolve("user/repo") == path  # by refs/main, as huggingface_hub would
    assert fetch("user/repo").checked
    assert pull_records.recall(path.parents[2], "main", "model.onnx").commit == served.sha


def test_a_branch_with_slashes_is_remembered(served, fetch):
    served.repositories["user/repo"].refs["refs/pr/3"] = served.sha
    reference = parse_reference("user/repo@refs/pr/3")
    repository = cache.repository_folder("user/repo")
    record = pull_records.PullRecord(commit=served.sha, sha256="0" * 64, size=1)
    pull_records.remember(repository, reference.revision, "model.onnx", record)
    assert pull_records.revisions(repository) == ["refs/pr/3"]
    assert pull_records.recall(repository, "refs/pr/3", "model.onnx") == record
    assert replace(record, size=2) != record
    assert offer("user/repo").commit == served.sha
