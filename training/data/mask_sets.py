"""Mask sets: holes drawn once from a seed, frozen to a folder, and proved by hash to be the same ones later.

masks/masks.json      kind, seed, size, area limits; per mask its file, its share of hole and its hash; one hash of all
      000000.png ...  white = hole

A folder of masks from elsewhere is a mask set, too: it only lacks the record.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image

from inpaint.core.atomic_files import atomic_write
from inpaint.core.errors import MaskError, OutputError, RecipeError
from inpaint.core.filling.mask_file import read_mask
from inpaint.core.filling.mask_sources import SUFFIXES
from inpaint.training.data.holes import HoleConfig, draw_holes
from inpaint.training.data.object_shapes import Shapes
from inpaint.weights.paths import is_file, is_there, matching

Kind = Literal["mixed", "rectangles", "strokes", "centre", "objects"]
KINDS: tuple[str, ...] = get_args(Kind)
AREA = (0.10, 0.35)
"""Share of hole of a mask unless somebody asks for another."""
RECORD = "masks.json"
ROUNDS = 50
"""How often a mask is drawn anew, by a policy that itself tries twenty times, before an area counts as impossible."""


@dataclass(frozen=True, slots=True)
class FrozenMask:
    """One mask of a set."""

    file: str
    """Name of its picture in the folder of the set; masks from elsewhere may lie in sub-folders."""
    area: float
    """Share of the picture that is hole."""
    sha256: str
    """Of its pixels (`digest`), so that another PNG encoder does not count as another mask."""


@dataclass(frozen=True, slots=True)
class MaskSet:
    """Masks on disk, in their order."""

    folder: Path
    kind: str
    """How they were drawn; "files" for a folder without a record."""
    seed: int | None
    area: tuple[float, float] | None
    """The limits they were drawn within; None for the centre, which has none, and for a folder without a record."""
    masks: tuple[FrozenMask, ...]
    sha256: str
    """Of all masks in their order."""

    def __len__(self) -> int:
        """Count the masks."""
        return len(self.masks)

    def read(self, index: int) -> np.ndarray:
        """Return one mask: H x W bool, True = hole. Raises `MaskError` when it is not the one that was frozen."""
        frozen = self.masks[index]
        mask = _read(self.folder / frozen.file)
        if digest(mask) != frozen.sha256:
            raise MaskError(f"{self.folder / frozen.file} is not the mask that was frozen; freeze the set again.")
        return mask


def draw_mask(
    kind: Kind, size: int, rng: np.random.Generator, *, area: tuple[float, float] = AREA, shapes: Shapes | None = None
) -> np.ndarray:
    """Draw one hole: size x size bool, True = hole. The same generator state gives the same mask.

    - `kind`: "rectangles" (one or two, paper 000 section 4.1), "strokes", "mixed" (each half of the time), "centre"
      (a square of a quarter of the picture, section 4.2) or "objects" (segments of `shapes`);
    - `area`: smallest and largest share of hole; "centre" has its own.

    Raises `RecipeError` when the kind cannot give such an area.
    """
    if kind == "centre":
        mask = np.zeros((size, size), dtype=bool)
        mask[size // 4 : size - size // 4, size // 4 : size - size // 4] = True
        return mask
    if not 0 < area[0] < area[1] < 1:
        raise RecipeError("The area needs two shares between 0 and 1, the smaller first, such as 0.05 0.40.")
    if kind == "objects":
        if shapes is None:
            raise RecipeError("Object-shaped masks need label maps to take the shapes from: give --shapes DIR.")
        return shapes.draw(size, area, rng)
    share = {"rectangles": 0.0, "strokes": 1.0, "mixed": 0.5}[kind]
    policy = HoleConfig(strokes=share, area=area)
    for _ in range(ROUNDS):
        mask = draw_holes(policy, size, rng)
        if area[0] <= mask.mean() <= area[1]:
            return mask
    raise RecipeError(f"{kind.capitalize()} hardly ever cover {area[0]:.0%} to {area[1]:.0%}; ask for a wider area.")


def freeze(
    folder: Path,
    count: int,
    *,
    kind: Kind = "mixed",
    size: int = 256,
    seed: int = 0,
    area: tuple[float, float] = AREA,
    shapes: str | None = None,
    again: bool = False,
) -> MaskSet:
    """Draw masks and write them to a folder that must not hold any yet. Mask n depends on the seed and n alone.

    - `shapes`: label maps for "objects", a folder or .tar shards;
    - `again`: the folder may hold masks that were drawn just like this, however many.

    Raises `OutputError`, `RecipeError`.
    """
    there = {path.name for path in matching(folder, "*.png")}
    full = OutputError(f"{folder} holds masks already; give another folder, or delete them first.")
    if (is_there(folder / RECORD) or there) and not again:
        raise full
    drawn_from = Shapes(shapes) if shapes is not None and kind == "objects" else None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be made ({error.strerror}).") from error
    masks = []
    for index in range(count):
        mask = draw_mask(kind, size, np.random.default_rng((seed, index)), area=area, shapes=drawn_from)
        name = f"{index:06d}.png"
        if name in there and not np.array_equal(_read(folder / name), mask):
            raise full
        with atomic_write(folder / name) as file:
            Image.fromarray(mask).save(file, "PNG")
        masks.append(FrozenMask(name, round(float(mask.mean()), 6), digest(mask)))
    record: dict[str, Any] = {"format": "inpaint-masks", "version": 1, "kind": kind, "seed": seed, "size": [size, size]}
    if kind != "centre":
        record["area"] = list(area)
    if drawn_from is not None:
        record["shapes"] = Path(shapes or "").name
    record |= {"sha256": digest_all(masks), "masks": [asdict(mask) for mask in masks]}
    # Last, because it is what makes the folder a frozen set.
    with atomic_write(folder / RECORD) as file:
        file.write(json.dumps(record, indent=1).encode() + b"\n")
    return MaskSet(folder, kind, seed, _limits(record), tuple(masks), record["sha256"])


def open_mask_set(folder: Path) -> MaskSet:
    """Open a frozen set, or a folder of masks from elsewhere with its sub-folders (white = hole), sorted by path.

    Raises `MaskError` when there are none, or when they are not what the record says.
    """
    record_file = folder / RECORD
    if is_there(record_file):
        try:
            record = json.loads(record_file.read_text("utf-8"))
            masks = tuple(FrozenMask(m["file"], float(m["area"]), m["sha256"]) for m in record["masks"])
            frozen = MaskSet(folder, record["kind"], record["seed"], _limits(record), masks, record["sha256"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise MaskError(f"{record_file} is damaged; freeze the masks again.") from error
        if any(Path(mask.file).name != mask.file for mask in masks):
            raise MaskError(f"{record_file} names files outside its folder; freeze the masks again.")
        if not masks or digest_all(masks) != frozen.sha256:
            raise MaskError(f"{record_file} has been changed by hand; freeze the masks again.")
        return frozen
    files = _mask_files(folder)
    if not files:
        raise MaskError(f"No masks in {folder}; make some with: inpaint masks rectangles -o {folder}.")
    masks = []
    for path in files:
        mask = _read(path)
        masks.append(FrozenMask(path.relative_to(folder).as_posix(), float(mask.mean()), digest(mask)))
    return MaskSet(folder, "files", None, None, tuple(masks), digest_all(masks))


def _mask_files(folder: Path) -> list[Path]:
    """List the pictures in a folder and its sub-folders that can be masks, without hidden ones."""
    files = (path for path in matching(folder, "**/*") if path.suffix.lower() in SUFFIXES and is_file(path))
    return [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def _limits(record: dict[str, Any]) -> tuple[float, float] | None:
    if "area" not in record:
        return None
    low, high = record["area"]
    return float(low), float(high)


def digest(mask: np.ndarray) -> str:
    """Hash the pixels of a mask (H x W bool)."""
    height, width = mask.shape
    return hashlib.sha256(f"{height} x {width}\n".encode() + np.packbits(mask).tobytes()).hexdigest()


def digest_all(masks: Sequence[FrozenMask]) -> str:
    """Hash a whole set: its masks' hashes in their order."""
    return hashlib.sha256("".join(f"{mask.sha256}\n" for mask in masks).encode()).hexdigest()


def read_hard(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """Read a mask for a picture of `size` (width, height), or any, as H x W bool: half a hole or more is one."""
    levels, _ = read_mask(path, size)
    return levels if levels.dtype == np.bool_ else levels >= 128


def _read(path: Path) -> np.ndarray:
    mask = read_hard(path)
    if not mask.any() or mask.all():
        raise MaskError(f"{path} is {'all' if mask.any() else 'without a'} hole; white must mark a part of it.")
    return mask
