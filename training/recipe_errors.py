"""What is wrong with a recipe or a plan, in one sentence: where, and for a key that does not exist, which ones do."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Tag, ValidationError

UNKNOWN = "extra_forbidden", "unexpected_keyword_argument"
"""How pydantic calls a key that a model, or a dataclass, does not have."""


def first_error(error: ValidationError, kind: type, what: str, *others: str) -> str:
    """Return the first thing that is wrong, without a full stop.

    kind: what should have been read. what: how the whole is called. others: keys that it may have besides its fields.
    """
    first = error.errors()[0]
    location = first["loc"]
    message = first["msg"]
    if first["type"] in UNKNOWN:
        known = keys(kind, location[:-1])
        message = f"there is no such key, choose one of {', '.join([*known, *(others if len(location) == 1 else ())])}"
    return f"{_place(location) or what}: {message}"


def keys(kind: Any, location: tuple[int | str, ...]) -> list[str]:
    """Name the keys of a table, by its place in what should be a `kind`; for a union, the place has the tag."""
    for part in location:
        kind = _inside(bare(kind), part)
    kind = bare(kind)
    return [*kind.model_fields] if issubclass(kind, BaseModel) else [*get_type_hints(kind)]


def _inside(kind: Any, part: int | str) -> Any:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_fields[str(part)].annotation
    if is_dataclass(kind):
        return get_type_hints(kind, include_extras=True)[str(part)]
    arguments = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return next(each for each in arguments if Tag(str(part)) in getattr(each, "__metadata__", ()))
    # Of a dict the values, of a tuple the items, which are all of one kind in a recipe.
    return arguments[1] if issubclass(get_origin(kind) or object, Mapping) else arguments[0]


def bare(kind: Any) -> Any:
    """Return a type without its notes (`Annotated`) and without "or None"."""
    if get_origin(kind) is Annotated:
        return bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        some = [each for each in get_args(kind) if each is not type(None)]
        return bare(some[0]) if len(some) == 1 else kind
    return kind


def _place(location: tuple[int | str, ...]) -> str:
    """Name a place as it is written in the file: without the tag by which pydantic chose a table's dataclass."""
    if location[:1] in (("generator",), ("discriminator",)):
        location = location[:1] + location[2:]
    return ".".join(str(part) for part in location)
