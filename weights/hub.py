"""Asking the Hugging Face Hub: what a repository holds, and in one sentence why it did not answer.

Everything goes through huggingface_hub, so HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, its timeouts and the usual proxy
variables mean here what they mean everywhere.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inpaint.weights.cache import cached_models, choose_file, find_cached, reference_of
from inpaint.weights.contract import Contract
from inpaint.weights.errors import HubError, InpaintError, ModelError, OutputError
from inpaint.weights.locate import known_as
from inpaint.weights.manifest import NOT_STATED, KnownModel, find
from inpaint.weights.onnx_file import LARGEST_FILE, read_contents
from inpaint.weights.reference import Reference, check_file, parse_reference
from inpaint.weights.transfer import http_library, patiently

TIMEOUT = 10
"""Seconds to wait for an answer about a repository."""
GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One file that could be fetched, and what is known about it beforehand."""

    name: str
    """What is typed after `--model`."""
    reference: Reference
    """Which file, at which revision it was asked for."""
    commit: str
    """What the revision stands for now."""
    licence: str
    """As its authors state it."""
    restrictions: str = ""
    """What else to know before using it."""
    size: int = 0
    """Bytes; 0 where only the download will tell."""
    sha256: str = ""
    """Of the content as the manifest pins it; empty for models that are not in it."""


def offer(wanted: str) -> Offer:
    """Say what `inpaint weights pull WANTED` would fetch; for a model of the manifest this asks nobody.

    Raises `ModelError` for what cannot be a model, and `HubError` when the Hub must be asked and does not answer.
    """
    known = find(wanted)
    if known is not None and known.bundled:
        raise ModelError(f"The model {known.name} comes with Inpaint; there is nothing to fetch.")
    reference = parse_reference(wanted) if known is None else known.reference
    if reference is None:
        raise ModelError(f"{wanted!r} is neither a known model nor user/repo on the Hub; see: inpaint weights list")
    known = known or known_as(reference)
    here = cached_offer(wanted) if reference.pinned and known is None else None
    if here is not None:
        return here
    return _known_offer(known) if known is not None and known.revision else _ask(reference, known)


def _known_offer(known: KnownModel) -> Offer:
    return Offer(
        name=known.name,
        reference=known.reference,
        commit=known.revision,
        licence=known.licence,
        restrictions=known.restrictions,
        size=known.size,
        sha256=known.sha256,
    )


def _ask(reference: Reference, known: KnownModel | None) -> Offer:
    """Ask the Hub which commit a revision stands for, which files it has, and under what licence."""
    from huggingface_hub import HfApi

    api = HfApi(library_name="inpaint")
    with in_one_sentence(reference):
        info = patiently(
            lambda: api.model_info(
                reference.repository, revision=reference.revision, files_metadata=True, timeout=TIMEOUT
            )
        )
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    file = reference.file or choose_file(list(sizes), reference)
    if not file:
        raise ModelError(f"{reference.repository} holds no .onnx file, so there is nothing in it that Inpaint can run.")
    if file not in sizes:
        raise ModelError(f"{reference.repository} has no file {file!r} at {reference.revision}; look at its page.")
    card = info.card_data
    stated = (card.get("license_name") or card.get("license")) if card is not None else None
    return Offer(
        name=known.name if known else str(reference),
        reference=Reference(repository=reference.repository, revision=reference.revision, file=check_file(file)),
        commit=info.sha or reference.revision,
        licence=known.licence if known else str(stated or NOT_STATED),
        restrictions=known.restrictions if known else "",
        size=check_size(sizes[file], file),
        sha256=known.sha256 if known else "",
    )


def check_size(size: int, file: str) -> int:
    """Return `size` in bytes. Raises `ModelError` when no ONNX model is that large."""
    if size > LARGEST_FILE:
        raise ModelError(
            f"{file} is {size / GIB:.1f} GiB, and no ONNX model is larger than 2 GiB; nothing was fetched."
        )
    return size


def cached_offer(wanted: str) -> Offer | None:
    """Return what is on this machine under a name or reference, without asking anybody; None when nothing is."""
    known = find(wanted)
    if known is not None and known.bundled:
        return None
    reference = known.reference if known else parse_reference(wanted)
    path = find_cached(reference) if reference is not None else None
    if reference is None or path is None:
        return None
    known = known or known_as(reference)
    contract = None if known else _contract_in(path)
    licence = known.licence if known else contract.licence if contract else NOT_STATED
    snapshot = path.parents[len((reference.file or path.name).split("/")) - 1]
    return Offer(
        name=known.name if known else str(reference),
        reference=Reference(
            repository=reference.repository,
            revision=reference.revision,
            file=path.relative_to(snapshot).as_posix(),
        ),
        commit=snapshot.name,
        licence=licence,
        restrictions=known.restrictions if known else "",
        size=path.stat().st_size,
        sha256=known.sha256 if known else "",
    )


def fetched() -> list[str]:
    """Name the models in the cache that could be filled with: those of the list, and those that carry a contract."""
    found = []
    for reference, path in cached_models():
        exact = reference_of(path)
        known = known_as(exact) if exact is not None else None
        if known is not None or _contract_in(path) is not None:
            found.append(known.name if known is not None else str(reference))
    return found


def _contract_in(path: Path) -> Contract | None:
    """Return the contract that a file of our making carries."""
    try:
        return Contract.from_metadata(read_contents(path).metadata)
    except ModelError:
        return None


@contextmanager
def in_one_sentence(reference: Reference) -> Iterator[None]:
    """Turn whatever huggingface_hub raises in the block into one sentence that says what to do."""
    try:
        yield
    except InpaintError:
        raise
    except Exception as error:
        # An upload wraps what happened in its threads.
        cause = error.__cause__ if isinstance(error, RuntimeError) else None
        explained = _explain(cause if isinstance(cause, Exception) else error, reference)
        if explained is None:
            raise
        raise explained from error


def _explain(error: Exception, reference: Reference) -> InpaintError | None:
    """Say what went wrong; None for what is no business of the Hub's."""
    from huggingface_hub import constants, errors

    where, page = reference.repository, f"{constants.ENDPOINT}/{reference.repository}"
    http = http_library()
    login = "log in with `hf auth login`, or set HF_TOKEN"
    if isinstance(error, errors.OfflineModeIsEnabled):
        return HubError(
            f"HF_HUB_OFFLINE is set, so {where} was not fetched; unset it, or install a bundle made on another "
            "machine: inpaint weights install FILE"
        )
    if isinstance(error, errors.GatedRepoError):
        return HubError(f"{where} is gated: accept its terms at {page}, then {login}.")
    if isinstance(error, errors.RepositoryNotFoundError) or _is_hidden(error):
        return HubError(f"The Hub has no repository {where}, or it is private; check the name, or {login}.")
    if isinstance(error, errors.RevisionNotFoundError):
        return HubError(f"{where} has no revision {reference.revision!r}; look at its branches and tags at {page}.")
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return HubError(f"{where} has no file {reference.file!r} at {reference.revision}; look at {page}.")
    if isinstance(error, errors.HFValidationError):
        return ModelError(f"{where!r} is not a name the Hub could have; write it as user/repo.")
    if isinstance(error, errors.HfHubHTTPError):  # which for a 400 is a ValueError too
        return HubError(_explain_status(error.response, where, login))
    if isinstance(error, errors.FileMetadataError | KeyError | TypeError | ValueError):
        return HubError(f"{constants.ENDPOINT} does not answer as the Hub does; check HF_ENDPOINT and the proxy.")
    if isinstance(error, http.ProxyError):
        return HubError("The proxy does not let the Hub through; check HTTPS_PROXY.")
    broken = isinstance(error, http.HTTPError | http.InvalidURL | ConnectionError)
    if broken or (isinstance(error, OSError) and error.errno is None):
        return HubError(
            f"The Hub at {constants.ENDPOINT} cannot be reached or broke off; check the connection and run the same "
            "again: what has arrived is kept."
        )
    if isinstance(error, OSError):
        return _explain_disk(error)
    return None


def _is_hidden(error: Exception) -> bool:
    """Return whether this is how the Hub answers somebody without a token about what is private or not there."""
    response = getattr(error, "response", None)
    return (
        getattr(response, "status_code", None) == 401
        and response is not None
        and "credentials" not in response.headers.get("X-Error-Message", "")
    )


def _explain_status(response: object, where: str, login: str) -> str:
    status, headers = response.status_code, response.headers  # pyright: ignore[reportAttributeAccessIssue]
    if status == 401:
        return f"The Hub does not accept the token that is set here, for {where}; {login}."
    if status == 403:
        return f"The token that is set here has no right to that in {where}; use one that has."
    if status == 429:
        wait = headers.get("Retry-After", "")
        return f"The Hub asks to slow down; try again in {f'{wait} seconds' if wait.isdigit() else 'a few minutes'}."
    if status >= 500:
        return f"The Hub is not working right now (it says {status}); try again later: what has arrived is kept."
    return f"The Hub refuses {where} (it says {status}); look at the repository in a browser."


def _explain_disk(error: OSError) -> InpaintError:
    from huggingface_hub import constants

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(
            f"The disk with {constants.HF_HUB_CACHE} is full; make room, or set HF_HOME to another disk, and run the "
            "same again."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(f"You may not write into {constants.HF_HUB_CACHE}; set HF_HOME to a folder of yours.")
    return OutputError(f"The model could not be stored in {constants.HF_HUB_CACHE}: {error.strerror or error}.")
