"""Models in one file, and what a file made by somebody else may not do."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inpaint.weights import ModelError, resolve
from inpaint.weights.bundle import INDEX, install_bundle, write_bundle
from inpaint.weights.hub import offer
from inpaint.weights.pull import pull
from inpaint.weights.reference import parse_reference


@pytest.fixture
def bundle(hub: Any, heavy_model: bytes, tmp_path: Path) -> Path:
    """A bundle of `user/repo` and `user/two:deep/b.onnx@v1`, made on a machine whose cache is then emptied."""
    import shutil

    hub.commit("user/repo", {"model.onnx": heavy_model})
    hub.commit("user/two", {"deep/b.onnx": heavy_model}, ref="v1")
    wanted = ["user/repo", "user/two@v1:deep/b.onnx"]
    for name in wanted:
        pull(offer(name))
    path = tmp_path / "models.tar"
    with path.open("wb") as file:
        assert [model.name for model in write_bundle(file, wanted)] == wanted
    from inpaint.weights.cache import cache_folder

    shutil.rmtree(cache_folder())
    hub.requests.clear()
    return path


def rewrite(path: Path, change: Callable[[dict[str, Any]], None], **more: bytes) -> None:
    """Change the index of a bundle, and add members."""
    with tarfile.open(path) as tar:
        members = [(member, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]
    index = json.loads(members[0][1])
    change(index)
    content = json.dumps(index).encode()
    members[0][0].size = len(content)
    members[0] = (members[0][0], content)
    with tarfile.open(path, "w") as tar:
        for member, data in members:
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for name, data in more.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def refuse(path: Path, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence) as raised:
        install_bundle(path)
    assert "\n" not in str(raised.value)


def nothing_outside(cache: Path, tmp_path: Path) -> bool:
    allowed = {cache, tmp_path / "models.tar"}
    return all(path.is_relative_to(cache.parent) or path in allowed for path in tmp_path.rglob("*"))


def test_it_works_on_a_machine_without_internet(
    bundle: Path, hub: Any, heavy_model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants, hf_hub_download

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="has not been fetched"):
        resolve("user/repo")
    assert [model.name for model in install_bundle(bundle)] == ["user/repo", "user/two@v1:deep/b.onnx"]
    assert resolve("user/repo").read_bytes() == heavy_model
    assert resolve("user/two@v1:deep/b.onnx").read_bytes() == heavy_model
    assert hf_hub_download("user/repo", "model.onnx") == str(resolve("user/repo"))
    assert hub.requests == []
    install_bundle(bundle)  # again is fine


def test_the_same_models_give_the_same_bundle(hub: Any, heavy_model: bytes) -> None:
    hub.commit("user/repo", {"model.onnx": heavy_model})
    pull(offer("user/repo"))
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        write_bundle(file, ["user/repo"])
    assert files[0].getvalue() == files[1].getvalue()
    assert len(files[0].getvalue()) < len(heavy_model) + 20_000


@pytest.mark.parametrize("wanted", ["default", "user/none", "lama", "nobody"])
def test_only_fetched_models_can_be_packed(cache: Path, wanted: str) -> None:
    with pytest.raises(ModelError):
        write_bundle(io.BytesIO(), [wanted])


def test_a_damaged_model_is_not_packed_and_not_installed(bundle: Path, cache: Path, heavy_model: bytes) -> None:
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)
    refuse(bundle, "is damaged; get the bundle again")
    assert list(cache.rglob("*.onnx")) == []
    assert list(cache.rglob("*.inpaint-install")) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("file", "../../../../evil.onnx"),
        ("file", "/elsewhere/evil.onnx"),
        ("file", "evil.sh"),
        ("repository", "../evil"),
        ("repository", "user/../../evil"),
        ("repository", "user"),
        ("revision", "../../evil"),
        ("revision", ""),
        ("revision", "..\\..\\..\\..\\evil"),
        ("revision", "C:evil"),
        ("revision", "C:\\evil"),
        ("revision", "a b"),
        ("revision", "main\n"),
        ("revision", None),
        ("commit", "../../../evil"),
        ("commit", "main"),
        ("etag", "../../evil"),
        ("etag", "x" * 64),
        ("sha256", "ab"),
        ("size", -1),
        ("size", 3 * 1024**3),
        ("size", "many"),
        ("name", None),
    ],
)
def test_no_path_escapes(bundle: Path, cache: Path, tmp_path: Path, field: str, value: object) -> None:
    rewrite(bundle, lambda index: index["models"][0].update({field: value}))
    if field == "name":
        install_bundle(bundle)  # only ever printed
    else:
        refuse(bundle, ".")
    assert nothing_outside(cache, tmp_path)


@pytest.mark.parametrize("name", ["../evil", "/elsewhere/evil", "blobs/../../evil", "blobs/" + "0" * 64])
def test_a_member_that_does_not_belong_there_is_refused(bundle: Path, cache: Path, tmp_path: Path, name: str) -> None:
    rewrite(bundle, lambda index: None, **{name: b"evil"})
    refuse(bundle, "does not belong there")
    assert nothing_outside(cache, tmp_path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_refused(bundle: Path, cache: Path, tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(bundle) as tar:
        index = tar.extractfile(INDEX).read()  # type: ignore[union-attr]
        blob = tar.getmembers()[1].name
    with tarfile.open(bundle, "w") as tar:
        member = tarfile.TarInfo(INDEX)
        member.size = len(index)
        tar.addfile(member, io.BytesIO(index))
        member = tarfile.TarInfo(blob)
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    refuse(bundle, "does not belong there")
    assert nothing_outside(cache, tmp_path)


@pytest.mark.parametrize("keep", [0, 100, 700, 5000, -20_000])
def test_a_cut_off_bundle_is_refused(bundle: Path, keep: int) -> None:
    bundle.write_bytes(bundle.read_bytes()[:keep])
    refuse(bundle, "not a bundle|cut off|ends before|damaged")


def test_what_is_no_bundle_is_refused(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "x.tar"
    refuse(path, "no file")
    refuse(tmp_path, "not a bundle")
    (tmp_path / "file").write_bytes(b"")
    refuse(tmp_path / "file" / "bundle.tar", "cannot be read: Not a directory")
    path.write_bytes(b"no tar at all")
    refuse(path, "not a bundle")
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo("something"), io.BytesIO(b""))
    refuse(path, "not a bundle")


@pytest.mark.parametrize("index", [b"[]", b"{}", b'{"version": 1, "models": [3]}', b"\xff", b'{"version": 9}'])
def test_an_index_that_makes_no_sense_is_refused(tmp_path: Path, cache: Path, index: bytes) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo(INDEX)
        member.size = len(index)
        tar.addfile(member, io.BytesIO(index))
    refuse(path, "not a bundle|newer Inpaint")


def test_a_bundle_cannot_pass_another_file_off_as_a_known_model(bundle: Path, cache: Path) -> None:
    from inpaint.weights.manifest import find

    lama = find("lama")
    assert lama is not None

    def pretend(index: dict[str, Any]) -> None:
        record = {"repository": lama.repository, "revision": lama.revision, "commit": lama.revision, "file": lama.file}
        index["models"][0].update(record)

    rewrite(bundle, pretend)
    refuse(bundle, "another file for lama")


def test_what_is_no_model_is_not_installed(bundle: Path, cache: Path) -> None:
    content = b"\x80\x04 a pickle"
    sha256 = hashlib.sha256(content).hexdigest()
    with tarfile.open(bundle) as tar:
        index = json.loads(tar.extractfile(INDEX).read())  # type: ignore[union-attr]
    index["models"] = [index["models"][0] | {"sha256": sha256, "etag": sha256, "size": len(content)}]
    with tarfile.open(bundle, "w") as tar:
        for name, data in ((INDEX, json.dumps(index).encode()), (f"blobs/{sha256}", content)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    refuse(bundle, r"model.onnx is not an ONNX model")
    assert parse_reference("user/repo") is not None
    with pytest.raises(ModelError, match="has not been fetched"):
        resolve("user/repo")
