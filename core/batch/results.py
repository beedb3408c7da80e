"""What batches wrote into a folder of results, so that a result is told from somebody's photograph.

The manifest lists what is finished. A run that is killed can have written a result that it did not come to list. For
that, the names of all that a run is to write lie in a hidden file beside the manifest while it lasts. Names are paths
relative to the folder.
"""

import json
import os
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Set
from contextlib import suppress
from pathlib import Path

from inpaint.core.atomic_files import atomic_write
from inpaint.weights.paths import is_there

NAME = "manifest.jsonl"
"""The manifest."""
BEGUN = ".manifest.begun"
"""The hidden file: a list in JSON."""


def name_in(out: Path, target: Path) -> str:
    """Return the name that a file has in the manifest of the folder `out`."""
    return Path(os.path.relpath(target, out)).as_posix()


def earlier_results(out: Path) -> set[str]:
    """Return the names of all that batches wrote into the folder `out`, or may have written when they were killed."""
    return listed_results(out) | read_begun(out)


def taken_by_others(out: Path, names: Mapping[Path, str], earlier: Set[str]) -> set[Path]:
    """Return the targets, given with their names, at which there is a file that is none of the `earlier` results.

    A file system may find a result under another name than it was written with: A.png for a.png, or an accent that is a
    letter of its own.
    """
    others = {target for target, name in names.items() if name not in earlier and is_there(target)}
    if not others:
        return others
    alike = defaultdict(list)
    for name in earlier:
        alike[_folded(name)].append(out / name)
    return {
        target
        for target in others
        if not any(is_there(result) and result.samefile(target) for result in alike[_folded(names[target])])
    }


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def listed_results(out: Path) -> set[str]:
    """Return the names of all that was ever done by the manifest of the folder `out`.

    Lines of other versions count, and so does what failed later, because a failure leaves the result in place.
    """
    listed = set()
    with suppress(OSError), (out / NAME).open(encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            with suppress(ValueError):  # a line cut short
                match json.loads(line):
                    case {"status": "done", "output": str(name)}:
                        listed.add(name)
    return listed


def read_begun(out: Path) -> set[str]:
    """Return what runs that did not come to their end may have written without listing it."""
    with suppress(OSError, ValueError):
        names = json.loads((out / BEGUN).read_text(encoding="utf-8"))
        if isinstance(names, list):
            return {name for name in names if isinstance(name, str)}
    return set()


def write_begun(out: Path, names: Set[str]) -> None:
    """Keep these names instead of those before; without any there is no file. Raises `OutputError`."""
    if names:
        with atomic_write(out / BEGUN) as file:
            file.write(json.dumps(sorted(names)).encode())
    else:
        with suppress(OSError):
            (out / BEGUN).unlink(missing_ok=True)
