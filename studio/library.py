"""Which photographs the studio may open, and where it may write: one folder, and nothing outside of it."""

import threading
from collections import OrderedDict
from pathlib import Path

from inpaint.core.errors import ImageError, OutputError
from inpaint.core.images.read_write import WRITABLE, filled_name, read_image, write_image
from inpaint.studio.document import Document

READABLE = frozenset({*WRITABLE, ".avif", ".exr", ".heic", ".heif"})
"""Suffixes of the files that are offered."""
LISTED = 2_000
"""Most files that are offered."""
KEPT = 3
"""Photographs without changes that stay open; those with changes stay open until the studio ends."""


class Library:
    """The folder that the studio was started with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._open: OrderedDict[str, Document] = OrderedDict()
        self._own: set[str] = set()
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Return the names of the photographs in the folder."""
        found = (path for path in self.folder.iterdir() if path.suffix.lower() in READABLE and path.is_file())
        return sorted(path.name for path in found if not path.name.startswith("."))[:LISTED]

    def open(self, name: str) -> Document:
        """Return the photograph of this name, read once. Raises `ImageError`."""
        path = self.folder / name
        if Path(name).name != name or path.resolve().parent != self.folder or path.suffix.lower() not in READABLE:
            raise ImageError(f"There is no photograph called {name!r} in the folder of the studio.")
        with self._lock:
            if name not in self._open:
                photo = read_image(path)
                if not photo.pixels.flags.writeable:
                    photo = photo.with_pixels(photo.pixels.copy())
                self._open[name] = Document(path, photo)
            self._open.move_to_end(name)
            self._forget()
            return self._open[name]

    def _forget(self) -> None:
        """Close the photographs without changes that were looked at longest ago."""
        idle = [name for name, document in self._open.items() if not (document.done or document.undone)]
        for name in idle[: max(0, len(self._open) - KEPT)]:
            if name != next(reversed(self._open)):
                del self._open[name]

    def suggested_name(self, document: Document) -> str:
        """Return the name under which the photograph would be saved."""
        return filled_name(document.path)

    def save(self, document: Document, name: str) -> tuple[str, ...]:
        """Write the photograph as it is now into the folder; returns notes on what the format could not keep.

        Replaces only what the studio itself has saved. Raises `OutputError`.
        """
        path = self.folder / name
        if not name or Path(name).name != name or name.startswith(".") or path.resolve().parent != self.folder:
            raise OutputError(f"{name!r} is not a file name; write one without folders, such as photo.filled.png.")
        if name not in self._own and (path.exists() or path.is_symlink()):
            raise OutputError(f"There is a file {name} already, and the studio replaces nothing; choose another name.")
        with document.lock:
            if document.hidden is not None:
                raise OutputError("A fill is being computed; save when it is finished.")
            notes = write_image(document.photo, path)
        self._own.add(name)
        return notes
