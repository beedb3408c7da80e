"""Fetching a model from the Hub: what is here already first, resumed where it broke off, checked before it is used.

What has arrived is kept beside the blobs of the cache, and the next call goes on from it. A file on Xet storage is
fetched by Xet first; once that has broken off, the next tries go by plain HTTP, which can be resumed.
"""

import io
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from inpaint.weights.cache import (
    cache_folder,
    find_cached,
    is_content,
    is_intact,
    known_hash,
    note_pulled,
    place,
    remove_cached,
    repository_folder,
)
from inpaint.weights.errors import HubError, ModelError, OutputError
from inpaint.weights.hub import Offer, check_size
from inpaint.weights.hub_errors import in_one_sentence
from inpaint.weights.onnx_file import check_onnx
from inpaint.weights.reference import Reference
from inpaint.weights.transfer import Progress, download, patiently

MARGIN = 64 * 1024**2
"""Bytes to leave free on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """A model that is here now."""

    path: Path
    """Its file."""
    fetched: int
    """Bytes that came over the network for it."""
    checked: bool = True
    """Whether its content was compared with a hash; False where there is none to compare with."""
    notes: tuple[str, ...] = ()
    """What the user should know."""


def pull(wanted: Offer, progress: Progress | None = None) -> Pulled:
    """Fetch a model, unless the same is here; its content is checked either way, if anything says what it should be.

    A file of the wrong content never keeps its name, which by plain HTTP it does not even get. One that is found
    damaged is fetched again, and stays until then. A model that is here needs no right to write into the cache. Raises
    `HubError` when the Hub does not give it, `ModelError` when what it gives is not what was promised, `OutputError`
    when there is no room.
    """
    exact = Reference(repository=wanted.reference.repository, revision=wanted.commit, file=wanted.reference.file)
    with in_one_sentence(wanted.reference):
        path = find_cached(exact)
        if path is None:
            return _fetch(wanted, exact, progress)
        etag = wanted.sha256 or known_hash(path) or wanted.etag
        if is_content(path, etag):
            with suppress(OSError):  # it is here, whether that may be written down or not
                note_pulled(path, wanted.reference, wanted.commit, etag)
            return Pulled(path=path, fetched=0, checked=bool(etag))
    return _replace(wanted, exact, progress)


def _replace(wanted: Offer, exact: Reference, progress: Progress | None) -> Pulled:
    """Fetch what is here and damaged; it stays until another can be had."""
    try:
        with in_one_sentence(wanted.reference):
            # Its size may be that of what is left of it.
            pulled = _fetch(replace(wanted, size=0), exact, progress, by_xet=False)
    except HubError as error:
        raise HubError(f"The file of the model {wanted.name} is damaged, and it was not replaced. {error}") from error
    again = "fetched again" if pulled.fetched else "replaced by another copy that was here"
    return replace(pulled, notes=(f"What was here was damaged and has been {again}.", *pulled.notes))


def _fetch(wanted: Offer, exact: Reference, progress: Progress | None, *, by_xet: bool = True) -> Pulled:
    """Fetch what is not here; one process at a time for each content.

    by_xet: whether Xet may be used, which takes whatever file is there for the right one.
    """
    from huggingface_hub.utils import WeakFileLock

    metadata, headers = _metadata(exact)
    etag, size = metadata.etag, check_size(metadata.size or 0, exact.file)
    _check_promise(wanted, etag, size)
    blob = repository_folder(exact.repository) / "blobs" / etag
    part = blob.with_name(f"{etag}.inpaint-part")
    lock = cache_folder() / ".locks" / blob.parents[1].name / f"{etag}.inpaint.lock"
    for folder in (blob.parent, lock.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(lock):
        if blob.is_file() and is_content(blob, wanted.sha256 or etag):
            # The same content under another commit, or from a process that was quicker.
            return Pulled(path=place(blob, wanted.reference, wanted.commit, etag), fetched=0)
        if by_xet and metadata.xet_file_data is not None and not part.exists() and not blob.exists():
            path = _fetch_by_xet(exact, part, progress)
            if path is not None and is_intact(path, wanted.sha256 or etag):
                _check_model(path, wanted, remove_cached)
                note_pulled(path, wanted.reference, wanted.commit, wanted.sha256 or etag)
                return Pulled(path=path, fetched=size)
            if path is not None:
                remove_cached(path)
        notes = []
        before = part.stat().st_size if part.is_file() else 0
        _check_room(blob.parent, size - before)
        download(metadata.location, headers, part, size, progress)
        if not is_content(part, wanted.sha256 or etag):
            notes.append("What came first was damaged, so all of it was fetched again.")
            part.unlink()
            before = 0
            download(metadata.location, headers, part, size, progress)
        if not is_content(part, wanted.sha256 or etag):
            part.unlink()
            raise ModelError(
                f"What the Hub sends for {wanted.name} is not what it should be (its sha256 differs), and was deleted; "
                "try without a proxy if there is one, and tell the owner of the repository."
            )
        fetched = part.stat().st_size - before
        _check_model(part, wanted, lambda path: path.unlink())
        return Pulled(path=place(part, wanted.reference, wanted.commit, etag), fetched=fetched, notes=tuple(notes))


def _metadata(exact: Reference) -> tuple[Any, dict[str, str]]:
    """Ask for etag, size and address of a file; returns them and the headers to fetch it with."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import FileMetadataError
    from huggingface_hub.utils import build_hf_headers

    headers = build_hf_headers(library_name="inpaint")
    url = hf_hub_url(exact.repository, exact.file, revision=exact.revision, endpoint=constants.ENDPOINT)

    metadata = patiently(
        lambda: get_hf_file_metadata(url, headers=dict(headers), timeout=constants.HF_HUB_ETAG_TIMEOUT)
    )
    if metadata.etag is None or metadata.commit_hash is None:
        raise FileMetadataError("no etag or commit")
    if not _same_origin(url, metadata.location):
        headers.pop("authorization", None)  # the token is for the Hub, not for the storage behind it
    return metadata, headers


def _same_origin(one: str, other: str) -> bool:
    from urllib.parse import urlsplit

    a, b = urlsplit(one), urlsplit(other)
    return (a.scheme, a.netloc) == (b.scheme, b.netloc)


def _check_promise(wanted: Offer, etag: str, size: int) -> None:
    """Raise `ModelError` when it is plain before the download that the Hub now has another file."""
    other = (wanted.sha256 and len(etag) == 64 and etag != wanted.sha256) or (wanted.size and wanted.size != size > 0)
    if other:
        raise ModelError(
            f"The Hub holds another file for {wanted.name} than the one this Inpaint knows, so nothing was fetched; "
            "update Inpaint, or choose another model."
        )
    if not all(character.isalnum() or character in "-_." for character in etag) or etag.startswith("."):
        raise HubError("The Hub's answer makes no sense; check HF_ENDPOINT and the proxy.")


def _check_model(path: Path, wanted: Offer, take_away: Callable[[Path], Any]) -> None:
    """Refuse a file that is no model on its own, before it gets its name."""
    try:
        check_onnx(path, one_file=True)
    except ModelError as error:
        take_away(path)
        name = wanted.reference.file
        raise ModelError(str(error).replace(str(path), name).replace(path.name, name)) from error


def _check_room(folder: Path, missing: int) -> None:
    free = shutil.disk_usage(folder).free
    if missing + MARGIN > free:
        raise OutputError(
            f"The model needs {missing / 1e6:.0f} MB, and the disk with {folder} has {free / 1e6:.0f} MB left; make "
            "room, or set HF_HOME to another disk."
        )


def _fetch_by_xet(exact: Reference, part: Path, progress: Progress | None) -> Path | None:
    """Fetch a file on Xet storage by Xet; None when that is not to be had or broke, and plain HTTP has to do.

    The empty `part` says so to the next call, which then goes on by plain HTTP.
    """
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import OfflineModeIsEnabled

    if constants.HF_HUB_DISABLE_XET or find_spec("hf_xet") is None:
        return None
    part.touch()
    try:
        path = hf_hub_download(
            exact.repository,
            exact.file,
            revision=exact.revision,
            library_name="inpaint",
            endpoint=constants.ENDPOINT,
            tqdm_class=_bar(progress),  # pyright: ignore[reportArgumentType]
        )
    except OfflineModeIsEnabled:
        raise
    except Exception:  # hf_xet raises whatever it likes
        return None
    part.unlink(missing_ok=True)
    return Path(path)


def _bar(progress: Progress | None) -> type:
    """Return a tqdm class that draws nothing and tells `progress`."""
    from tqdm.auto import tqdm

    class Bar(tqdm):  # pyright: ignore[reportMissingTypeArgument, reportUntypedBaseClass]
        def __init__(self, *args: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(*args, **{**options, "file": io.StringIO(), "disable": False})

        def update(self, n: float | None = 1) -> bool | None:
            updated = super().update(n)
            if progress is not None:
                progress(int(self.n), int(self.total or 0))
            return updated

    return Bar
