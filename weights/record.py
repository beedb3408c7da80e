"""Reading and writing the one JSON object in which an ONNX file carries its contract, whatever its task."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from inpaint.weights.contract import CONTRACT_VERSION, METADATA_KEY
from inpaint.weights.errors import ModelError

Record = TypeVar("Record")


def to_metadata(contract: Any) -> dict[str, str]:
    """Return the entry to add to an ONNX file's metadata, from a contract that is a dataclass."""
    return {METADATA_KEY: json.dumps(asdict(contract), sort_keys=True)}


def from_metadata(kind: type[Record], metadata: Mapping[str, str]) -> Record:
    """Read a contract of one kind out of an ONNX file's metadata. Raises `ModelError` when there is none that fits."""
    if METADATA_KEY not in metadata:
        raise ModelError("This ONNX file carries no Inpaint contract; use a file made by `inpaint export`.")
    try:
        record = json.loads(metadata[METADATA_KEY])
        known = {field.name for field in fields(kind)}  # pyright: ignore[reportArgumentType]
        # A contract without a task of its own is an inpainting one.
        return kind(**{"task": "inpaint"} | {key: value for key, value in record.items() if key in known})
    except (AttributeError, TypeError, ValueError) as error:
        raise ModelError("The Inpaint contract in this ONNX file is damaged; export the model again.") from error


def check_version(name: str, version: int) -> None:
    """Raise `ModelError` for a contract of another version."""
    if version != CONTRACT_VERSION:
        raise ModelError(
            f"The model {name!r} has contract version {version}, and this Inpaint reads version {CONTRACT_VERSION}; "
            "install the Inpaint it was exported with, or export it again."
        )
