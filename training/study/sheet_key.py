"""The key of blind sheets: which method stands under which letter, for each photograph."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import ascii_uppercase

import numpy as np

from inpaint.core.atomic_files import atomic_write
from inpaint.core.errors import InpaintError

FORMAT = "inpaint-sheets-key"
MOST = 8
"""Methods in a sheet: more do not fit, and nobody ranks more at once."""


@dataclass(frozen=True, slots=True)
class SheetKey:
    """What turns letters into methods. Whoever has it is no longer blind."""

    study: str
    """Name of the folder of sheets."""
    seed: int
    methods: tuple[str, ...]
    photographs: dict[str, dict[str, str]]
    """By the name of each photograph the method of each letter, which differs from photograph to photograph."""

    @classmethod
    def new(cls, study: str, seed: int, methods: Sequence[str], names: Sequence[str]) -> "SheetKey":
        """Give every photograph its letters; they depend on the seed, its name and the order of the methods alone.

        Raises `InpaintError` when there are fewer than two methods or more than `MOST`.
        """
        if not 2 <= len(methods) <= MOST:
            raise InpaintError(f"A blind sheet compares 2 to {MOST} methods, and there are {len(methods)}; choose.")
        return cls(study, seed, tuple(methods), {name: _letters(seed, name, methods) for name in names})

    def write(self, path: Path) -> None:
        """Write the key. Raises `OutputError`."""
        with atomic_write(path) as file:
            file.write(json.dumps({"format": FORMAT, "version": 1, **asdict(self)}, indent=2).encode() + b"\n")

    @classmethod
    def read(cls, path: Path) -> "SheetKey":
        """Read a key. Raises `InpaintError` when it is none."""
        try:
            record = json.loads(path.read_text("utf-8"))
            if record["format"] != FORMAT:
                raise ValueError(record["format"])
            key = cls(record["study"], record["seed"], tuple(record["methods"]), record["photographs"])
            if any(sorted(letters.values()) != sorted(key.methods) for letters in key.photographs.values()):
                raise ValueError("not every photograph has every method")
        except FileNotFoundError as error:
            raise InpaintError(f"There is no file {path}; give the key that was written with the sheets.") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InpaintError(f"{path} is not the key of blind sheets; give the file written with them.") from error
        return key


def _letters(seed: int, name: str, methods: Sequence[str]) -> dict[str, str]:
    order = np.random.default_rng((seed, zlib.crc32(name.encode()))).permutation(len(methods))
    return {letter: methods[int(number)] for letter, number in zip(ascii_uppercase, order, strict=False)}
