"""Which photographs a batch is about, and what their results are called."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TextIO

from inpaint.core.batch.results import earlier_results
from inpaint.core.errors import ImageError, OutputError
from inpaint.weights.paths import is_folder, is_there

SUFFIXES = frozenset(
    (
        *(".avif", ".bmp", ".exr", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".jxl", ".mpo", ".png", ".tif"),
        *(".tiff", ".webp"),
    )
)
"""Files in a folder that are taken for photographs, in lower case. A file given by name may be called anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One photograph to fill."""

    image: Path
    """Where it is, as an absolute path."""
    folder: PurePath
    """The folders between what was asked for and the photograph, such as `2024/may`; its mask has the same."""
    target: Path
    """The file to write, as an absolute path."""


def collect(
    sources: Sequence[Path],
    out: Path,
    suffix: Callable[[Path], str],
    skip: Sequence[Path] = (),
    listed: Sequence[Path] = (),
) -> list[Item]:
    """Return every photograph in `sources`, which are files and folders, with its target in the folder `out`.

    - A folder is searched with all below it, in order of names; hidden files, other kinds of file, and `out` and `skip`
      (folders and files) are passed over, under whatever path. Results keep the folders they had below it, and when
      there is more than one source also its own name.
    - A file goes right into `out`. One of `listed` keeps the folders of its path where that is relative, and one that
      is not there is left to its job, which will tell it with the other failures.
    - What an earlier batch wrote into `out` is passed over in folders, wherever it lies.
    - The result has the photograph's stem and the suffix that `suffix` gives for it. Where two results would have one
      name, as those of a.jpg and a.png, or a result that of a photograph, they keep the old suffix as well: a.jpg.png
      and a.png.png.

    Raises `ImageError` when there is no such source, a folder cannot be listed, or no photograph is in any, and
    `OutputError` when two results would have one name all the same, or a result would replace its photograph.
    """
    real = _Real()
    results = {real(_absolute(out) / name) for name in earlier_results(_absolute(out))}
    passed = {real(_absolute(path)) for path in (out, *skip)} | results
    found: dict[Path, PurePath] = {}
    by_list = set(listed)
    for source in (*sources, *listed):
        root = _absolute(source)
        if is_folder(root):
            top = PurePath(root.name) if len(sources) + len(listed) > 1 else PurePath()
            for image in _walk(root, passed, real):
                found.setdefault(image, top / image.parent.relative_to(root))
        elif source in by_list:
            found.setdefault(root, PurePath() if source.is_absolute() or ".." in source.parts else source.parent)
        elif is_there(root):
            found.setdefault(root, PurePath())
        else:
            raise ImageError(f"There is no file or folder {source}; check the path.")
    if not found:
        named = ", ".join(map(str, sources)) or "the list"
        only = " beside results of an earlier batch" if results else ""
        raise ImageError(f"No photographs are in {named}{only}; name folders that hold some, or the files themselves.")
    return _named(found, _absolute(out), suffix, real)


def read_list(file: TextIO) -> list[Path]:
    """Return the paths in a file with one on each line. Empty lines and those that start with # are passed over."""
    lines = (line.rstrip("\r\n") for line in file)
    return [Path(line) for line in lines if line.strip() and not line.startswith("#")]


def _walk(root: Path, passed: set[Path], real: "_Real") -> Iterator[Path]:
    """Yield the photographs below `root`, sorted. Links to folders are not followed, because they can go in circles."""
    for folder, folders, files in os.walk(root, onerror=_refuse):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and real(here / name) not in passed)
        for name in sorted(files):
            path = here / name
            if not name.startswith(".") and path.suffix.lower() in SUFFIXES and real(path) not in passed:
                yield path


def _refuse(error: OSError) -> None:
    raise ImageError(f"The folder {error.filename} cannot be listed: {error.strerror}; change its permissions.")


def _named(found: dict[Path, PurePath], out: Path, suffix: Callable[[Path], str], real: "_Real") -> list[Item]:
    """Give every photograph its target."""
    short = {image: out / folder / f"{image.stem}{suffix(image)}" for image, folder in found.items()}
    originals = set(map(real, found))
    twice = {*_shared(short.items()), *(image for image, target in short.items() if real(target) in originals)}
    targets = {
        image: target.with_name(f"{image.name}{suffix(image)}") if image in twice else target
        for image, target in short.items()
    }
    for image in _shared(targets.items()):
        raise OutputError(f"{image} and another photograph would both become {targets[image]}; rename one of them.")
    for image, target in targets.items():
        if real(target) in originals:
            raise OutputError(f"The result of {image} would replace {target}; choose another folder with --output.")
    return [Item(image=image, folder=folder, target=targets[image]) for image, folder in found.items()]


def _shared(pairs: Iterable[tuple[Path, Path]]) -> list[Path]:
    """Return the photographs whose target another one has too; some file systems do not tell a.png from A.png."""
    owners = defaultdict(list)
    for image, target in pairs:
        owners[str(target).casefold()].append(image)
    return [image for images in owners.values() if len(images) > 1 for image in images]


def _absolute(path: Path) -> Path:
    """Return the path from the root, with links left as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute() leaves .. in it


class _Real:
    """Follows all links in a path, by which one file is told from another; each folder is looked up once."""

    def __init__(self) -> None:
        self._folders: dict[Path, Path] = {}

    def __call__(self, path: Path) -> Path:
        """Return the path without links."""
        if path.is_symlink() or path.parent == path:
            return Path(os.path.realpath(path))
        if path.parent not in self._folders:
            self._folders[path.parent] = Path(os.path.realpath(path.parent))
        return self._folders[path.parent] / path.name
