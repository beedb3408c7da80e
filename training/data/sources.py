"""Where photographs come from: a folder, WebDataset shards on disk, or shards streamed from URLs.

Files on disk can be read in any order, so that a step's pictures are a pure function of the step. A stream is read
front to back through a shuffle buffer, and resumed by skipping what had been read.
"""

import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple, Protocol

import numpy as np

from inpaint.core.errors import DataError, RecipeError
from inpaint.training.unique_names import distinct_names
from inpaint.weights.paths import is_folder, matching

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
SHUFFLE_BUFFER = 1000


class Source(Protocol):
    """Encoded pictures in random access."""

    def __len__(self) -> int:
        """Count the pictures."""
        ...

    def read(self, index: int) -> bytes:
        """Return one encoded picture."""
        ...

    def place(self, index: int) -> str:
        """Say where one picture is, for people who look for it."""
        ...

    def path(self, index: int) -> PurePath:
        """Return the path of one picture below the folder, or in its shard."""
        ...

    def name(self, index: int) -> str:
        """Name one picture as no other is named: its path below the folder, or in its shard (see `distinct_names`)."""
        ...


class FolderSource:
    """Every picture in a folder and its sub-folders, sorted by path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = picture_files(folder)

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.files)

    def read(self, index: int) -> bytes:
        """Return one encoded picture. Raises `DataError` when it is not there any more."""
        return read_file(self.files[index])

    def place(self, index: int) -> str:
        """Return the path of one picture."""
        return str(self.files[index])

    def path(self, index: int) -> PurePath:
        """Return the path of one picture below the folder."""
        return self.files[index].relative_to(self.folder)

    def name(self, index: int) -> str:
        """Name one picture, with `/` between folders."""
        return self._names[index]

    @cached_property
    def _names(self) -> list[str]:
        return distinct_names([self.path(index) for index in range(len(self))])


class ShardSource:
    """Every picture in some .tar files on disk, found once and then read by offset."""

    def __init__(self, shards: list[Path]) -> None:
        self.entries: list[tuple[Path, int, int]] = []
        self.members: list[str] = []
        for shard in sorted(shards):
            try:
                with tarfile.open(shard, "r:") as tar:
                    for member in tar:
                        if member.isfile() and Path(member.name).suffix.lower() in SUFFIXES:
                            self.entries.append((shard, member.offset_data, member.size))
                            self.members.append(member.name)
            except (OSError, tarfile.TarError) as error:
                raise RecipeError(f"{shard} cannot be read as an uncompressed .tar shard ({error}).") from error

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.entries)

    def read(self, index: int) -> bytes:
        """Return one encoded picture. Raises `DataError` when its shard is not there any more."""
        return read_part(*self.entries[index])

    def place(self, index: int) -> str:
        """Name one picture and its shard."""
        return f"{self.members[index]} in {self.entries[index][0]}"

    def path(self, index: int) -> PurePath:
        """Return the path of one picture in its shard."""
        return PurePosixPath(self.members[index])

    def name(self, index: int) -> str:
        """Name one picture by its key."""
        return self._names[index]

    @cached_property
    def _names(self) -> list[str]:
        return distinct_names([self.path(index) for index in range(len(self))])


def picture_files(folder: Path) -> list[Path]:
    """List the pictures in a folder and its sub-folders, sorted by path; what only has the name of one is none."""
    found, waiting = [], [str(folder)]
    while waiting:
        # What the listing itself says of an entry costs no look at each of a million files.
        with suppress(PermissionError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
                    found.append(Path(entry.path))
    return sorted(found)


def read_file(path: Path) -> bytes:
    """Read a whole file of the data. Raises `DataError` when that cannot be."""
    with _readable(path):
        return path.read_bytes()


def read_part(path: Path, offset: int, size: int) -> bytes:
    """Read so many bytes of a file of the data. Raises `DataError` when that cannot be."""
    with _readable(path), path.open("rb") as file:
        file.seek(offset)
        return file.read(size)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); put it back, or start anew without it."
        ) from error


class Streamed(NamedTuple):
    """One encoded picture of a stream."""

    data: bytes
    place: str
    """Where it is, for people who look for it."""


class StreamSource:
    """Pictures streamed from shard URLs, epoch after epoch, shuffled by a seed."""

    def __init__(self, urls: list[str], seed: int) -> None:
        self.urls = urls
        self.seed = seed

    def __iter__(self) -> Iterator[Streamed]:
        """Yield encoded pictures without end. The same seed gives the same order."""
        epoch = 0
        while True:
            rng = np.random.default_rng((self.seed, epoch))
            buffer: list[Streamed] = []
            count = 0
            for picture in self._epoch([self.urls[index] for index in rng.permutation(len(self.urls))]):
                count += 1
                buffer.append(picture)
                if len(buffer) > SHUFFLE_BUFFER:
                    yield buffer.pop(int(rng.integers(len(buffer))))
            while buffer:
                yield buffer.pop(int(rng.integers(len(buffer))))
            if not count:
                raise RecipeError(f"No pictures in the shards {', '.join(self.urls[:3])}; give .jpg, .png or .webp.")
            epoch += 1

    def once(self) -> Iterator[Streamed]:
        """Yield every encoded picture once, in the order of the shards."""
        yield from self._epoch(self.urls)

    def _epoch(self, urls: list[str]) -> Iterator[Streamed]:
        from webdataset.compat import WebDataset

        try:
            # Every process reads all of them, and takes the samples that are its own.
            for sample in WebDataset(urls, shardshuffle=False, empty_check=False, nodesplitter=None):
                for key, value in sample.items():
                    if isinstance(value, bytes) and f".{key.rsplit('.', 1)[-1].lower()}" in SUFFIXES:
                        yield Streamed(value, f"{sample['__key__']}.{key} in {sample['__url__']}")
        except (OSError, RuntimeError, ValueError, tarfile.TarError) as error:
            raise RecipeError(f"The shards could not be streamed ({error}); check the URL and the network.") from error


def check_location(location: str) -> None:
    """Raise `RecipeError` when nothing is where training pictures are said to be; what is there is not looked at."""
    path = Path(location)
    if "://" not in location and not is_folder(path) and not matching(path.parent, path.name):
        raise RecipeError(f"{location} does not exist; give a folder of photographs, .tar shards or their URL.")


def absolute_location(location: str) -> str:
    """Return a place of training data as it is found from every directory: URLs as they are, paths absolute."""
    return location if "://" in location else str(Path(location).absolute())


def open_source(location: str, seed: int = 0) -> Source | StreamSource:
    """Open training pictures.

    location: a folder of pictures, a folder of .tar shards, one shard, a pattern such as `train-*.tar`, or a URL
    (`https://host/train-{0000..0009}.tar`). Raises `RecipeError` when there are no pictures.
    """
    check_location(location)
    if "://" in location:
        from webdataset.shardlists import expand_urls

        return StreamSource(expand_urls(location), seed)
    path = Path(location)
    if is_folder(path):
        shards = sorted(path.glob("*.tar"))
        source: Source = ShardSource(shards) if shards else FolderSource(path)
    else:
        source = ShardSource(matching(path.parent, path.name))
    if not len(source):
        raise RecipeError(f"No pictures in {location}; put .jpg, .png, .webp or .tif files there.")
    return source
