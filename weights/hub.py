"""What could be fetched from the Hugging Face Hub under a name or reference, and what is here already.

Everything goes through huggingface_hub, so HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, its timeouts and the usual proxy
variables mean here what they mean everywhere.
"""

from dataclasses import dataclass
from pathlib import Path

from inpaint.weights.cache import (
    cached_models,
    choose_file,
    find_cached,
    is_intact,
    name_other_commits,
    recall_exact,
    reference_of,
)
from inpaint.weights.contract import Contract
from inpaint.weights.errors import HubError, ModelError
from inpaint.weights.hub_errors import in_one_sentence
from inpaint.weights.known import KnownModel
from inpaint.weights.locate import known_as
from inpaint.weights.manifest import NOT_STATED, find
from inpaint.weights.onnx_file import LARGEST_FILE, read_contents
from inpaint.weights.reference import Reference, check_file, parse_reference
from inpaint.weights.transfer import patiently

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
    etag: str = ""
    """What the Hub calls the content, its sha256 or git hash; empty where the Hub was not asked."""


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
    listed = {file.rfilename: file for file in info.siblings or []}
    sizes = {name: entry.size or 0 for name, entry in listed.items()}
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
        etag=(lfs.sha256 if (lfs := listed[file].lfs) is not None else listed[file].blob_id) or "",
    )


def check_size(size: int, file: str) -> int:
    """Return `size` in bytes. Raises `ModelError` when no ONNX model is that large."""
    if size > LARGEST_FILE:
        raise ModelError(
            f"{file} is {size / GIB:.1f} GiB, and no ONNX model is larger than 2 GiB; nothing was fetched."
        )
    return size


def cached_offer(wanted: str) -> Offer | None:
    """Return what is on this machine under a name or reference, without asking anybody; None when nothing is.

    Its size is the one that was seen when it was fetched, as far as that is remembered: a file may have lost its end.
    """
    known = find(wanted)
    if known is not None and known.bundled:
        return None
    reference = known.reference if known else parse_reference(wanted)
    path = find_cached(reference) if reference is not None else None
    exact = reference_of(path) if path is not None else None
    if reference is None or path is None or exact is None:
        return None
    known = known or known_as(reference)
    record = recall_exact(exact)
    contract = None if known else contract_in(path)
    licence = known.licence if known else contract.licence if contract else NOT_STATED
    return Offer(
        name=known.name if known else str(reference),
        reference=Reference(repository=reference.repository, revision=reference.revision, file=exact.file),
        commit=exact.revision,
        licence=licence,
        restrictions=known.restrictions if known else "",
        size=record.size if record is not None else path.stat().st_size,
        sha256=known.sha256 if known else "",
    )


def offer_or_cached(wanted: str) -> tuple[Offer, str]:
    """Return what `offer` does, and where the Hub does not answer what was pulled before, with a note that says so.

    Raises what `offer` raises, where nothing is here.
    """
    try:
        return offer(wanted), ""
    except HubError as error:
        here = cached_offer(wanted)
        if here is not None:
            note = f"Commit {here.commit[:8]} is here and is used. Whether there is a newer one is not known. {error}"
            return here, note
        reference = parse_reference(wanted)
        other = name_other_commits(reference) if reference is not None else ""
        raise HubError(f"{str(error).rstrip('.')}{other}" if other else str(error)) from error


def fetched(*, thorough: bool = False) -> list[str]:
    """Name the models in the cache that could be filled with: those of the list, and those that carry a contract.

    Also those that are damaged so much that they no longer show what they were. thorough: look for damage in every file
    that carries no contract, which takes a while where other programs keep large models; otherwise only in those that
    `pull` fetched, and those that are no ONNX any more.
    """
    found = []
    for reference, path in cached_models():
        exact = reference_of(path)
        known = known_as(exact) if exact is not None else None
        if known is None and contract_in(path) is None:
            suspicious = thorough or (exact is not None and recall_exact(exact) is not None)
            if is_intact(path) if suspicious else not looks_damaged(path):
                continue
        found.append(known.name if known is not None else str(reference))
    return found


def looks_damaged(path: Path, sha256: str = "") -> bool:
    """Return whether a file in the cache is no ONNX, and not what it should be; not each damage is seen so quickly."""
    try:
        read_contents(path)
    except ModelError:
        return not is_intact(path, sha256)
    return False


def contract_in(path: Path) -> Contract | None:
    """Return the contract that a file of our making carries."""
    try:
        return Contract.from_metadata(read_contents(path).metadata)
    except ModelError:
        return None
