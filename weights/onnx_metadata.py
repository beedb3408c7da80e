"""Reading and writing the one JSON object in which an ONNX file carries its contract, whatever its task."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from math import isfinite
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin

from inpaint.weights.errors import ModelError

METADATA_KEY = "inpaint.contract"
CONTRACT_VERSION = 1

Record = TypeVar("Record")


def to_metadata(contract: Any) -> dict[str, str]:
    """Return the entry to add to an ONNX file's metadata, from a contract that is a dataclass."""
    return {METADATA_KEY: json.dumps(asdict(contract), sort_keys=True)}


def from_metadata(kind: type[Record], metadata: Mapping[str, str]) -> Record:
    """Read a contract of one kind out of an ONNX file's metadata.

    Raises `ModelError` when there is none, or one that this version does not understand.
    """
    if METADATA_KEY not in metadata:
        raise ModelError("This ONNX file carries no Inpaint contract; use a file made by `inpaint export`.")
    try:
        record = json.loads(metadata[METADATA_KEY])
        known = {field.name for field in fields(kind)}  # pyright: ignore[reportArgumentType]
        # JSON has lists for the pairs.
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in record.items()}
        # A contract without a task of its own is an inpainting one.
        return kind(**{"task": "inpaint"} | {key: value for key, value in values.items() if key in known})
    except (AttributeError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise ModelError("The Inpaint contract in this ONNX file is damaged; export the model again.") from error


def check(contract: Any, task: str, purpose: str) -> None:
    """Raise `ModelError` for a contract of another version or task, and for fields that hold what they cannot hold.

    That is asked here, because a size of 64.5 pixels or a colour order in lower case would fail far from its cause.

    - `purpose`: what models of the task do, as in "choose one that inpaints".
    """
    name = contract.name
    if contract.version != CONTRACT_VERSION:
        raise ModelError(
            f"The model {name!r} has contract version {contract.version}, and this Inpaint reads version "
            f"{CONTRACT_VERSION}; install the Inpaint it was exported with, or export it again."
        )
    if contract.task != task:
        raise ModelError(f"The model {name!r} is for the task {contract.task!r}; choose one that {purpose}.")
    for field in fields(contract):
        value = getattr(contract, field.name)
        if not _fits(value, field.type):
            raise ModelError(
                f"The contract of the model {name!r} says {field.name} = {value!r}, which this Inpaint does not "
                "understand; update it, or export the model again."
            )


def _fits(value: object, kind: Any) -> bool:
    """Tell whether a value is of the type that a field is declared with; where a float may be, a whole number may."""
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if isinstance(kind, type) and get_origin(kind) is None:
        return type(value) is kind
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        return isinstance(value, tuple | list) and len(value) == len(parts) and all(map(_fits, value, parts))
    return any(_fits(value, NoneType if one is None else one) for one in get_args(kind))  # one or the other
