"""Models in one file, for machines that never see a network.

A bundle is an uncompressed tar: `inpaint-models.json`, which says what is in it, and then one `blobs/SHA256` per model.
Installing reads it from front to back, writes nothing under a name that stands in the file, and gives a model its place
in the cache only after its content has been checked.
"""

import hashlib
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO

from inpaint.weights.cache import CHUNK, digest, is_content, place, repository_folder
from inpaint.weights.errors import ModelError
from inpaint.weights.hub import cached_offer
from inpaint.weights.hub_errors import in_one_sentence
from inpaint.weights.locate import known_as, resolve
from inpaint.weights.manifest import find
from inpaint.weights.onnx_file import LARGEST_FILE, check_onnx
from inpaint.weights.reference import COMMIT, Reference, check_file, check_revision, parse_reference

INDEX = "inpaint-models.json"
LARGEST_INDEX = 1 << 20
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """One model inside a bundle."""

    name: str
    """What is typed after `--model`."""
    reference: Reference
    """Where it is from, at the revision it was asked for."""
    commit: str
    """What that revision stood for."""
    etag: str
    """What the Hub calls its content."""
    sha256: str
    size: int
    licence: str


def write_bundle(file: BinaryIO, wanted: list[str]) -> list[Bundled]:
    """Write models that are on this machine into `file`. Raises `ModelError` for one that is not, or is damaged."""
    packed = [(_pack(name), resolve(name)) for name in wanted]
    index = {"version": VERSION, "models": [_to_record(model) for model, _ in packed]}
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        content = json.dumps(index, indent=2).encode()
        _add(tar, INDEX, len(content), BytesIO(content))
        for sha256, (model, path) in {model.sha256: (model, path) for model, path in packed}.items():
            with path.open("rb") as source:
                _add(tar, f"blobs/{sha256}", model.size, source)
    return [model for model, _ in packed]


def _pack(name: str) -> Bundled:
    known = find(name)
    if known is not None and known.bundled:
        raise ModelError(f"The model {name} comes with Inpaint, also on the other machine; leave it out.")
    path = resolve(name)  # checks the content
    here = cached_offer(name)
    if here is None:
        raise ModelError(f"{name} is a file of yours and not a model of the Hub; copy it to the other machine.")
    return Bundled(
        name=here.name,
        reference=here.reference,
        commit=here.commit,
        etag=path.resolve().name if path.is_symlink() else digest(path),
        sha256=digest(path),
        size=here.size,
        licence=here.licence,
    )


def _add(tar: tarfile.TarFile, name: str, size: int, source: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)  # no owner, no time: the same models give the same bundle
    member.size = size
    tar.addfile(member, source)


def _to_record(model: Bundled) -> dict[str, Any]:
    return {
        "name": model.name,
        "repository": model.reference.repository,
        "revision": model.reference.revision,
        "file": model.reference.file,
        "commit": model.commit,
        "etag": model.etag,
        "sha256": model.sha256,
        "size": model.size,
        "licence": model.licence,
    }


def install_bundle(path: Path) -> list[Bundled]:
    """Put every model of a bundle into the cache; returns them.

    Raises `ModelError` when it is not a bundle, or something in it is not what it says; models before that one stay.
    """
    with _reading(path) as tar:
        models = _read_index(tar)
        waiting = {model.sha256 for model in models}
        while (member := tar.next()) is not None:
            sha256 = member.name.removeprefix("blobs/")
            mine = [model for model in models if model.sha256 == sha256]
            source = tar.extractfile(member) if member.isreg() and sha256 in waiting else None
            if source is None or member.name != f"blobs/{sha256}" or any(model.size != member.size for model in mine):
                raise ModelError(f"{path} holds {member.name!r}, which does not belong there; get it again.")
            _install(source, mine, path)
            waiting.discard(sha256)
    if waiting:
        raise ModelError(f"{path} ends before its last model; get it again.")
    return models


@contextmanager
def _reading(path: Path) -> Iterator[tarfile.TarFile]:
    refusal = ModelError(f"{path} is not a bundle of models, or is cut off; make one with: inpaint weights bundle")
    try:
        tar = tarfile.open(path, mode="r:")  # noqa: SIM115 - closed below, where other errors mean other things
    except FileNotFoundError as error:
        raise ModelError(f"There is no file {path}; check the path.") from error
    except (tarfile.TarError, IsADirectoryError, EOFError) as error:
        raise refusal from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}; check the path and its permissions.") from error
    try:
        with tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise refusal from error


def _read_index(tar: tarfile.TarFile) -> list[Bundled]:
    """Read and check the first file of a bundle."""
    refusal = ModelError(f"{tar.name} is not a bundle of models; make one with: inpaint weights bundle")
    member = tar.next()
    source = tar.extractfile(member) if member is not None and member.isreg() else None
    if member is None or source is None or member.name != INDEX or member.size > LARGEST_INDEX:
        raise refusal
    try:
        index = json.loads(source.read())
        if index["version"] != VERSION:
            raise ModelError(f"{tar.name} was made by a newer Inpaint; update this one.")
        return [_from_record(record) for record in index["models"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refusal from error


def _from_record(record: dict[str, Any]) -> Bundled:
    """Read one entry. Raises `ModelError` or `ValueError` for anything that could lead outside the cache."""
    parsed = parse_reference(record["repository"])
    digits = set(str(record["sha256"]) + str(record["etag"])) <= set("0123456789abcdef")
    if (
        parsed is None
        or parsed.file
        or not digits
        or len(record["sha256"]) != 64
        or len(record["etag"]) not in (40, 64)
    ):
        raise ValueError("not a model")
    if COMMIT.fullmatch(record["commit"]) is None or not 0 < int(record["size"]) <= LARGEST_FILE:
        raise ValueError("not a commit, or not a size")
    revision = check_revision(record["revision"])
    reference = Reference(repository=parsed.repository, revision=revision, file=check_file(record["file"]))
    known = known_as(Reference(repository=parsed.repository, revision=record["commit"], file=reference.file))
    if known is not None and known.sha256 not in ("", record["sha256"]):
        raise ModelError(
            f"The bundle holds another file for {known.name} than the one this Inpaint knows; get it again."
        )
    return Bundled(
        name=str(record["name"]),
        reference=reference,
        commit=record["commit"],
        etag=record["etag"],
        sha256=record["sha256"],
        size=int(record["size"]),
        licence=str(record["licence"]),
    )


def _install(source: IO[bytes], models: list[Bundled], bundle: Path) -> None:
    """Copy one content into the cache, check it there, and give it the place of every model that has it."""
    for model in models:
        with in_one_sentence(model.reference):
            source.seek(0)
            blobs = repository_folder(model.reference.repository) / "blobs"
            blobs.mkdir(parents=True, exist_ok=True)
            temporary = blobs / f"{model.etag}.inpaint-install"
            try:
                state = hashlib.sha256()
                with temporary.open("wb") as file:
                    while chunk := source.read(CHUNK):
                        state.update(chunk)
                        file.write(chunk)
                if state.hexdigest() != model.sha256 or not is_content(temporary, model.etag):
                    raise ModelError(f"The model {model.name} in {bundle} is damaged; get the bundle again.")
                try:
                    check_onnx(temporary, one_file=True)
                except ModelError as error:
                    raise ModelError(str(error).replace(temporary.name, model.reference.file)) from error
                place(temporary, model.reference, model.commit, model.etag)
            finally:
                temporary.unlink(missing_ok=True)
