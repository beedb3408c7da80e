"""Which mask belongs to which photograph: by name as in `inpaint batch`, and by order only where no name fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from inpaint.core.errors import MaskError
from inpaint.core.filling.mask_sources import is_flat, masks_of
from inpaint.training.data.mask_sets import MaskSet
from inpaint.training.unique_names import file_stem


@dataclass(frozen=True, slots=True)
class Pairing:
    """The mask of every photograph."""

    numbers: tuple[int, ...]
    """Position in the mask set, one for each photograph."""
    note: str | None = None
    """What the user should know about it."""


def pair(names: Sequence[str], files: Sequence[PurePath], masks: MaskSet) -> Pairing:
    """Say which mask belongs to each photograph.

    - A frozen set has no names to go by: mask n is for photograph n.
    - Masks from elsewhere go by name: in the same sub-folder, or in a folder without any, `dog.png` or `dog_mask.png`
      and so on for `dog.jpg`; and as `--keep-fills` calls them.
    - If none of them is called like any photograph, they are taken in the order of their names, and the note says so.

    names, files: what the photographs are called, and where they are below their folder. Raises `MaskError` when there
    are too few masks, some photographs have one of their name and others not, or one has several.
    """
    if masks.kind != "files":
        return Pairing(_in_order(names, masks))
    where = {(masks.folder / mask.file): number for number, mask in enumerate(masks.masks)}
    flat = is_flat(masks.folder)
    found: list[int | None] = []
    for name, file in zip(names, files, strict=True):
        folder = masks.folder if flat else masks.folder / file.parent
        own = masks_of(f"{file_stem(name)}.png", masks.folder) or masks_of(file.name, folder)
        if len(own) > 1:
            raise MaskError(
                f"{masks.folder} holds more than one mask for {file}: {own[0].name} and {own[1].name}; keep one."
            )
        found.append(where.get(own[0]) if own else None)
    if None not in found:
        return Pairing(tuple(number for number in found if number is not None))
    if any(number is not None for number in found):
        missing = files[found.index(None)]
        raise MaskError(
            f"No mask for {missing} is in {masks.folder}, where others have theirs; call it "
            f"{missing.with_suffix('.png')}, or take the photograph away."
        )
    numbers = _in_order(names, masks)
    shown = ", ".join(f"{masks.masks[n].file} for {file}" for n, file in zip(numbers[:2], files[:2], strict=True))
    return Pairing(
        numbers,
        f"No mask in {masks.folder} is called like a photograph, so they are taken in the order of their names: "
        f"{shown} and so on. If that is wrong, call them like the photographs.",
    )


def _in_order(names: Sequence[str], masks: MaskSet) -> tuple[int, ...]:
    if len(masks) < len(names):
        raise MaskError(
            f"There are {len(names)} photographs and only {len(masks)} masks in {masks.folder}; "
            f"freeze more, or use --limit {len(masks)}."
        )
    return tuple(range(len(names)))
