"""TOML files that people write: recipes and plans, by name or by path, one extending another, changed by settings."""

import math
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from inpaint.core.errors import RecipeError

Folder = Literal["recipes", "plans"]
DEEPEST = 20
"""How many files may extend one another; more can only be a circle."""
SEEDS = 2**32
"""How many seeds there are, from 0 on: numpy's global generator takes no others."""


def shipped(folder: Folder) -> list[str]:
    """Name the files of a kind that come with Inpaint."""
    files = (resources.files("inpaint.training") / folder).iterdir()
    return sorted(entry.name.removesuffix(".toml") for entry in files if entry.name.endswith(".toml"))


def read_table(folder: Folder, name_or_path: str, depth: int = 0) -> dict[str, Any]:
    """Read a recipe or a plan, shipped or from a .toml file, laid over what it extends.

    Raises `RecipeError` for a file that is not there, is no TOML, or extends itself.
    """
    kind = folder.removesuffix("s")
    if depth > DEEPEST:
        raise RecipeError(f"The {kind} {name_or_path} extends itself; remove one of the lines that say `extends`.")
    known = shipped(folder)
    if name_or_path in known:
        text = (resources.files("inpaint.training") / folder / f"{name_or_path}.toml").read_text("utf-8")
    else:
        try:
            text = Path(name_or_path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(
                f"There is no {kind} {name_or_path!r}; give a .toml file or one of: {', '.join(known)}."
            ) from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"The {kind} {name_or_path} is not valid TOML: {error}.") from error
    base = table.pop("extends", None)
    if not isinstance(base, str | None):
        raise RecipeError(f"The {kind} {name_or_path} is not valid: `extends` needs one name in quotes, not {base!r}.")
    return table if base is None else _merge(read_table(folder, base, depth + 1), table)


def _merge(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Lay one table over another: tables are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in change.items():
        both_tables = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both_tables else value
    return merged


def changed_table(folder: Folder, name_or_path: str, settings: list[str] | None = None) -> dict[str, Any]:
    """Read a recipe or a plan as `read_table` does, with single values changed as `change` does."""
    table = read_table(folder, name_or_path)
    for setting in settings or []:
        change(table, setting)
    return table


def check_finite(value: Any, place: str = "") -> None:
    """Raise `RecipeError` for the first number of a table that is inf or nan, which TOML has and no setting can be."""
    if isinstance(value, float) and not math.isfinite(value):
        raise RecipeError(f"{place} is {value}; give a finite number.")
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        check_finite(entry, f"{place}.{key}" if place else str(key))


def change(table: dict[str, Any], setting: str) -> None:
    """Change one value of a table, in place, as `key=value` says: the key dotted, the value as in TOML.

    Raises `RecipeError` when it says something else, or the table has no such place.
    """
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise RecipeError(f"--set needs key=value, such as --set data.default.size=128, and not {setting!r}.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *path, last = key.strip().split(".")
    here: Any = table
    try:
        for part in path:
            here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
        here[int(last) if isinstance(here, list) else last] = value
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise RecipeError(f"--set {setting}: there is no place {key!r}.") from error
