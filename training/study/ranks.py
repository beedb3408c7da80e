"""Ranks of blind sheets as judges write them down: CSV files with a row for each photograph.

    photograph,judge,order,kept
    001,anna,B > A=D > C,B A
    002,anna,C > B > D > A,

`order` has the letters from the best to the worst, with = between those that are alike. Instead of it there may be
several columns, which are read from left to right, or a column for each letter with its place (1 = best). `kept` has
the letters that the judge would keep without retouching. Without `judge` the file is named after its judge.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from inpaint.core.errors import InpaintError
from inpaint.training.study.ranking import Ranking, shared_places
from inpaint.training.study.sheet_key import SheetKey
from inpaint.training.unique_names import file_stem


def read_ranks(files: Iterable[Path], key: SheetKey) -> list[Ranking]:
    """Read the ranks that judges wrote down, and undo the blinding.

    Raises `InpaintError` for a file that cannot be read, a photograph or letter that has no place in these sheets or
    stands there twice, and a photograph that a judge ranks twice; the sentence names file and line.
    """
    names = {file_stem(name): name for name in key.photographs}
    found: dict[tuple[str, str], Ranking] = {}
    for path in files:
        for line, row in _rows(path):
            where = f"{path}, line {line}"
            name = names.get(file_stem(row.pop("photograph", "")).removesuffix(".png"))
            if name is None:
                raise InpaintError(f"{where}: no sheet has this name; the column photograph needs that of a sheet.")
            judge = row.pop("judge", "") or path.stem
            asked = "kept" in row
            kept = {letter.upper() for letter in re.findall(r"[^\s,;=>]+", row.pop("kept", ""))}
            letters = key.photographs[name]
            places = _places(row, set(letters))
            if places is None or not kept <= set(letters):
                raise InpaintError(
                    f"{where}: each of {', '.join(letters)} has to stand there once, from the best to the worst, such "
                    f"as {' > '.join(letters)} (= between two that are alike), and kept may have no other letters."
                )
            if (name, judge) in found:
                raise InpaintError(f"{where}: {judge} has ranked {name} before; leave one of the two out.")
            ranks = {letters[letter]: place for letter, place in places.items()}
            chosen = frozenset(letters[letter] for letter in kept) if asked else None
            found[name, judge] = Ranking(judge, name, ranks, chosen)
    return list(found.values())


def read_groups(path: Path, key: SheetKey) -> dict[str, set[str]]:
    """Read a CSV with the columns photograph and group; return the photographs of each group that have a sheet.

    Raises `InpaintError` when it cannot be read or names none of them.
    """
    names = {file_stem(name): name for name in key.photographs}
    groups: dict[str, set[str]] = {}
    for line, row in _rows(path):
        if not row.get("group"):
            raise InpaintError(f"{path}, line {line}: there is no group; the columns are photograph and group.")
        name = names.get(file_stem(row["photograph"]))
        if name is not None:
            groups.setdefault(row["group"], set()).add(name)
    if not groups:
        raise InpaintError(f"{path} names no photograph of these sheets; check its column photograph.")
    return dict(sorted(groups.items()))


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV file that say anything, by the names of its columns, each with its line."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey="more", restval="", skipinitialspace=True)
            rows = [(reader.line_num, row) for row in reader]
            header = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    except FileNotFoundError as error:
        raise InpaintError(f"There is no file {path}; check the path.") from error
    except (OSError, ValueError, csv.Error) as error:
        raise InpaintError(f"{path} cannot be read as CSV ({error}); save it as CSV with commas, in UTF-8.") from error
    if "photograph" not in header:
        raise InpaintError(
            f"{path} has no column photograph; its first line names the columns, such as photograph,order."
        )
    found = []
    for line, row in rows:
        if "more" in row:
            raise InpaintError(f"{path}, line {line}: there are more cells than columns; put the letters in quotes.")
        cells = {name.strip().lower(): (text or "").strip() for name, text in row.items() if name is not None}
        if any(cells.values()):
            found.append((line, cells))
    return found


def _places(row: Mapping[str, str], letters: set[str]) -> dict[str, float] | None:
    """Return the place of each letter; None when not every letter stands there just once."""
    by_letter = {name.upper(): text for name, text in row.items() if name.upper() in letters}
    if by_letter:
        try:
            given = {letter: float(text.replace(",", ".")) for letter, text in by_letter.items()}
        except ValueError:
            return None
        finite = all(0 < place < float("inf") for place in given.values())
        return shared_places(given) if finite and set(given) == letters else None
    text = re.sub(r"\s*=\s*", "=", " > ".join(cell for cell in row.values() if cell))
    given = {}
    for place, alike in enumerate(re.findall(r"[^\s,;>]+", text)):
        for letter in alike.upper().split("="):
            if letter not in letters or letter in given:
                return None
            given[letter] = float(place)
    return shared_places(given) if set(given) == letters else None
