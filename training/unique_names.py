"""Names under which no two things can be mistaken for one another: of photographs, of methods, of their files."""

from collections import Counter
from collections.abc import Container, Sequence
from itertools import chain, count
from pathlib import PurePath


def file_stem(name: str) -> str:
    """Turn the name of a photograph into one that a file can have."""
    return name.replace("/", "-")


def free_name(taken: Container[str], *wanted: str) -> str:
    """Return the first of some names that is not taken; if all are, the last one with a number behind it."""
    numbered = (f"{wanted[-1]} ({number})" for number in count(2))
    return next(name for name in chain(wanted, numbered) if name not in taken)


def distinct_names(paths: Sequence[PurePath]) -> list[str]:
    """Name pictures by their paths without the suffix; those keep it that would share a name, or a file, without it.

    `x` for `x.png`, and `x.png` and `x.bmp` where both are there. What is still the same is numbered, in order.
    """
    short = [path.with_suffix("").as_posix() for path in paths]
    often = Counter(map(file_stem, short))
    taken = {stem for stem, times in often.items() if times == 1}
    names = []
    for path, name in zip(paths, short, strict=True):
        if often[file_stem(name)] > 1:
            name = path.as_posix()
            stem = free_name(taken, file_stem(name))
            taken.add(stem)
            name += stem.removeprefix(file_stem(name))
        names.append(name)
    return names
