"""What is inside an ONNX file, read without running anything of it: no operator, no library, no second file.

ONNX is protobuf, and this reads the few fields that decide whether a file is safe to hand to ONNX Runtime. The package
`onnx` would do, but it is not part of a base install, and it loads the whole file. Field numbers are those of
onnx.proto, where they may never change.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from inpaint.weights.errors import ModelError

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operator sets that are built into ONNX Runtime. Any other one would need a library of somebody's."""
LARGEST_FILE = 2 * 1024**3
"""Bytes; what protobuf, and so ONNX, can hold in one file."""
DEEPEST = 32
"""Sub-graphs inside sub-graphs; real models have two."""

# Which fields lead from one message to the next, as (message, field number) -> message.
_CHILDREN = {
    ("model", 7): "graph",
    ("model", 8): "opset",
    ("model", 14): "metadata",
    ("model", 20): "training",
    ("model", 25): "function",
    ("training", 1): "graph",
    ("training", 2): "graph",
    ("graph", 1): "node",
    ("graph", 5): "tensor",
    ("graph", 15): "sparse",
    ("node", 5): "attribute",
    ("attribute", 5): "tensor",
    ("attribute", 6): "graph",
    ("attribute", 10): "tensor",
    ("attribute", 11): "graph",
    ("attribute", 22): "sparse",
    ("attribute", 23): "sparse",
    ("sparse", 1): "tensor",
    ("sparse", 2): "tensor",
    ("tensor", 13): "external",
    ("function", 7): "node",
    ("function", 9): "opset",
    ("function", 11): "attribute",
}
_DOMAIN_FIELD = {"opset": 1, "node": 7, "function": 10}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(slots=True)
class Contents:
    """What a file would make ONNX Runtime reach for."""

    domains: set[str] = field(default_factory=set)
    """Operator sets."""
    external: set[str] = field(default_factory=set)
    """Other files that hold its weights, as written in it."""
    metadata: dict[str, str] = field(default_factory=dict)
    """What its maker wrote beside the graph; the contract is there."""


def check_onnx(path: Path, *, one_file: bool = False) -> None:
    """Raise `ModelError` unless `path` is an ONNX file that needs nothing but itself and ONNX Runtime.

    Weights in a second file are accepted only below the folder of `path`, and with `one_file` not at all.
    """
    contents = read_contents(path)
    foreign = sorted(contents.domains - DOMAINS)
    if foreign:
        raise ModelError(
            f"{path.name} uses operators of {foreign[0]!r}, which need code that is not part of ONNX Runtime; "
            "choose a model without custom operators."
        )
    if one_file and contents.external:
        raise ModelError(f"{path.name} keeps its weights in a second file; only models in one file can be fetched.")
    folder = path.parent.resolve()
    for location in contents.external:
        outside = (
            not location
            or PurePosixPath(location).is_absolute()
            or PureWindowsPath(location).anchor != ""
            or ".." in PureWindowsPath(location).parts
            or not (folder / location).resolve().is_relative_to(folder)
        )
        if outside:
            raise ModelError(f"{path.name} wants to read {location!r} outside its own folder, which no model may.")


def read_contents(path: Path) -> Contents:
    """Read the operator sets and external files of an ONNX file. Raises `ModelError` when it is not one."""
    refusal = ModelError(f"{path} is not an ONNX model that ONNX Runtime can run; check the file.")
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise ModelError(f"{path} is larger than 2 GiB, which no ONNX model is; check the path.")
        if size == 0:
            raise refusal
        contents = Contents()
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            graphs = _walk(data, 0, size, "model", contents, 0)
    except (OSError, IndexError, UnicodeDecodeError, _DamagedError) as error:
        raise refusal from error
    if not graphs:
        raise refusal
    return contents


class _DamagedError(Exception):
    """These bytes are not protobuf."""


def _walk(data: mmap.mmap, start: int, end: int, message: str, contents: Contents, depth: int) -> int:
    """Collect from one message and everything below it; returns how many graphs were in it."""
    if depth > DEEPEST:
        raise _DamagedError
    graphs = 0
    key = value = ""
    for number, kind, first, last in _fields(data, start, end):
        if kind != _BYTES:
            continue
        child = _CHILDREN.get((message, number))
        if child is not None:
            graphs += child == "graph"
            _walk(data, first, last, child, contents, depth + 1)
        elif number == _DOMAIN_FIELD.get(message):
            contents.domains.add(data[first:last].decode())
        elif message in ("external", "metadata") and number in (1, 2):
            text = data[first:last].decode()
            key, value = (text, value) if number == 1 else (key, text)
    if message == "external" and key == "location":
        contents.external.add(value)
    if message == "metadata":
        contents.metadata[key] = value
    return graphs


def _fields(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield number, wire type, first byte and end of every field of a message."""
    at = start
    while at < end:
        tag, at = _varint(data, at, end)
        if tag >> 32:  # more than a tag can have, which other readers drop to see another field here
            raise _DamagedError
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            _, last = _varint(data, at, end)
        elif kind == _BYTES:
            length, at = _varint(data, at, end)
            last = at + length
        elif kind in (_FIXED64, _FIXED32):
            last = at + (8 if kind == _FIXED64 else 4)
        else:
            raise _DamagedError
        if number == 0 or last > end:
            raise _DamagedError
        yield number, kind, at, last
        at = last


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    """Read a number of 7 bits per byte; returns it and where it ends."""
    value = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise _DamagedError
