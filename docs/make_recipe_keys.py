"""Write the tables of docs/training.md anew: every key of a recipe with its default and its meaning, from the code.

python docs/make_recipe_keys.py
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from inpaint.training.curriculum import Curriculum
from inpaint.training.recipe import Recipe
from inpaint.training.recipe_errors import bare
from inpaint.training.segmenter.train import SegmenterRecipe

DOCUMENT = Path(__file__).with_name("training.md")
BEGIN, END = "<!-- keys, written by docs/make_recipe_keys.py -->", "<!-- end of keys -->"


def tables() -> Iterator[tuple[str, Any]]:
    """Yield the heading of every table that a recipe can have, and what it is read into."""
    yield "At the top of the file", Recipe
    yield "`[[phases]]`, one after the other", _kinds("phases")[0]
    yield "`[curriculum]`, in place of phases", Curriculum
    for name in ("data", "holes", "objectives"):
        yield f"`[{name}.NAME]`", _kinds(name)[0]
    yield "`[composites]`, of a joint model", _kinds("composites")[0]
    for name, key in (("generator", "family"), ("discriminator", "kind")):
        for kind in _kinds(name):
            yield f'`[{name}]` with `{key} = "{_default(kind, key)}"`', kind
    yield "`inpaint train segmenter`, with `--set`", SegmenterRecipe


def render() -> str:
    """Return all tables as Markdown."""
    parts = []
    for heading, kind in tables():
        told = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
        rows = [f"| `{key}` | {default} | {meaning} |" for key, default, meaning in keys(kind)]
        parts += [f"#### {heading}", "", told, "", "| key | default | |", "|---|---|---|", *rows, ""]
    return "\n".join(parts)


def keys(kind: Any) -> Iterator[tuple[str, str, str]]:
    """Yield key, default and meaning of every setting of a table that is no table itself."""
    meanings = docstrings(kind)
    for name, hint in _hints(kind).items():
        if _is_table(hint):
            continue
        choices = list(get_args(bare(hint))) if get_origin(bare(hint)) is Literal else []
        meaning = meanings[name]
        if len(choices) > 1 and not all(f'"{choice}"' in meaning for choice in choices):
            meaning = f"{meaning} One of {', '.join(f'`{json.dumps(choice)}`' for choice in choices)}."
        yield name, _default_text(kind, name), meaning


def docstrings(kind: Any) -> dict[str, str]:
    """Return what the code says under every field, in one line."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base is object or base is BaseModel or not (is_dataclass(base) or issubclass(base, BaseModel)):
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            match field, text:
                case ast.AnnAssign(target=ast.Name(name)), ast.Expr(value=ast.Constant(str(told))):
                    found[name] = " ".join(told.split())
    return found


def _kinds(name: str) -> list[Any]:
    """Return what the tables of this name are read into: one class, or one per family."""
    hint = bare(Recipe.model_fields[name].annotation)
    if get_origin(hint) in (Union, UnionType):
        return [bare(each) for each in get_args(hint)]
    arguments = get_args(hint)
    if not arguments:
        return [hint]
    return [bare(arguments[1] if issubclass(get_origin(hint), Mapping) else arguments[0])]


def _hints(kind: Any) -> dict[str, Any]:
    if issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    return {field.name: get_type_hints(kind)[field.name] for field in fields(kind)}


def _is_table(hint: Any) -> bool:
    hint = bare(hint)
    return is_dataclass(hint) or any(_is_table(each) for each in get_args(hint))


def _default(kind: Any, name: str) -> Any:
    if issubclass(kind, BaseModel):
        field = kind.model_fields[name]
        return MISSING if field.is_required() else field.default
    return next(field.default for field in fields(kind) if field.name == name)


def _default_text(kind: Any, name: str) -> str:
    default = _default(kind, name)
    if default is MISSING:
        return "has to be given"
    return "-" if default is None or default == "" else f"`{json.dumps(default)}`"


def main() -> None:
    """Put the tables between their marks."""
    text = DOCUMENT.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{render()}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
