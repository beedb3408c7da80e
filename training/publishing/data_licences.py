"""An index that says under which licence every training photograph is, and what follows for the model.

A CSV file with one line per photograph. `key` (its name, with or without folder and ending) and `licence` have to be
there; `part` ("train" for those that were trained on), `source`, `commit`, `path`, `author` and `evidence` are shown
where they are.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from inpaint.core.errors import RecipeError
from inpaint.training.data.sources import SUFFIXES, StreamSource, open_source
from inpaint.weights.known import DataClass

FREE = re.compile(
    r"(cc[ -]?by([ -]?sa)?([ -]\d.*)?|cc0.*|cc[ -]?zero.*|public[ -]domain.*|pd|unlicense|mit|0?bsd.*|isc|apache.*"
    r"|cdla[ -]permissive.*|odc[ -]by.*|pddl.*|wtfpl|(a|l)?gpl.*|free art.*|artistic.*)",
    re.IGNORECASE,
)
"""Licences that let anybody use, change and pass on a photograph, also for money. NC and ND are none of them."""
CREDITS = "training-data.csv"
"""What the published copy of the lines is called."""


@dataclass(frozen=True, slots=True)
class DataLicences:
    """The photographs of a training by their licences."""

    rows: tuple[dict[str, str], ...]
    """One line per photograph that was trained on, by column."""
    notes: tuple[str, ...] = ()
    """What the user should know."""
    compared: bool = False
    """Whether the photographs themselves were there, and every one of them has a line."""

    def counts(self, column: str) -> list[tuple[str, int]]:
        """Count the lines by what stands in a column, the most frequent first; empty where nothing stands there."""
        found = Counter(row[column] for row in self.rows if row.get(column))
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))

    @property
    def unfree(self) -> list[str]:
        """Return the licences that are not free."""
        return [licence for licence, _ in self.counts("licence") if FREE.fullmatch(licence.strip()) is None]

    @property
    def data_class(self) -> DataClass:
        """What class of data this is: free only where every photograph is known to be."""
        if self.unfree:
            return "research only"
        return "free" if self.compared else "not known"


def read_data_licences(index: Path, data: str | None) -> DataLicences:
    """Read an index and compare it with the photographs of a training.

    data: where the photographs are, as for `inpaint train`; they need not be there any more, which is noted. Raises
    `RecipeError` for an index that cannot be read, has no licence in a line, or lacks a photograph that is there.
    """
    rows = [row for row in _read(index) if row.get("part", "train") in ("", "train")]
    if not rows:
        raise RecipeError(f"{index} lists no photograph that was trained on.")
    empty = [row["key"] for row in rows if not row["licence"].strip()]
    if empty:
        raise RecipeError(f"{index} gives {len(empty)} photographs no licence, the first of them {empty[0]!r}; add it.")
    names = _names(data)
    if names is None:
        return DataLicences(tuple(rows), ("The photographs are not here any more, so the index was not compared.",))
    lines = {_plain(row["key"]): row for row in rows}
    # By the whole path, or by the name alone where no two have the same one.
    alone = Counter(path.name for path in lines)
    short = {path.name: row for path, row in lines.items() if alone[path.name] == 1}
    found = {name: lines.get(_plain(name)) or short.get(_plain(name).name) for name in names}
    missing = [name for name, row in found.items() if row is None]
    if missing:
        raise RecipeError(
            f"{index} lacks {len(missing)} of the {len(names)} training photographs, the first of them "
            f"{missing[0]!r}; add a line for each."
        )
    return DataLicences(tuple(row for row in found.values() if row is not None), compared=True)


def write_credits(licences: DataLicences, path: Path) -> None:
    """Write the lines of the photographs that were trained on: source, author, licence and evidence of each."""
    columns = list(dict.fromkeys(column for row in licences.rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(licences.rows)


def _read(index: Path) -> Iterable[dict[str, str]]:
    try:
        with index.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = {*(reader.fieldnames or ())}
            if not {"key", "licence"} <= columns:
                raise RecipeError(f"{index} needs a first line with at least the columns key and licence.")
            return [{key: value or "" for key, value in row.items() if key is not None} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecipeError(f"{index} cannot be read as a CSV file ({error}).") from error


def _names(data: str | None) -> list[str] | None:
    """Name the photographs of a training; None where they cannot be looked at."""
    if data is None or "://" in data:
        return None
    try:
        source = open_source(data)
    except RecipeError:
        return None
    return None if isinstance(source, StreamSource) else [source.name(index) for index in range(len(source))]


def _plain(name: str) -> PurePosixPath:
    """Return a name without the ending of a picture."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
