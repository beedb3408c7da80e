"""The record of a batch: one line of JSON for each photograph that was done or failed, appended when it was.

A run that was killed leaves at most one line cut short, which is passed over. Where an output has several lines, the
last one counts. Paths of outputs are relative to the folder of the manifest, so that it can be moved.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from inpaint.core.atomic_files import make_folder
from inpaint.core.batch.find_inputs import Item
from inpaint.core.batch.fingerprints import is_unchanged
from inpaint.core.batch.job import Outcome, Settings
from inpaint.core.batch.results import NAME, listed_results, name_in, read_begun, taken_by_others, write_begun
from inpaint.core.errors import InpaintError, OutputError
from inpaint.weights.paths import is_there


class Manifest:
    """The manifest of the folder `out`, open for adding to it. Used as a context manager."""

    def __init__(self, out: Path) -> None:
        """Open it, and make its folder if need be. Raises `OutputError`, also while another batch has it open."""
        self.path = out / NAME
        """The file."""
        self._begun: set[str] | None = None
        make_folder(out)
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise OutputError(f"{self.path} cannot be written ({error.strerror}); choose another --output.") from error
        if not _lock(self._file):
            os.close(self._file)
            raise OutputError(f"Another batch is writing into {out}; wait for it, or choose another --output.")
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")  # a line cut short must not swallow the next one

    def __enter__(self) -> "Manifest":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error a process elsewhere may yet finish what it has begun.
        if self._begun is not None and kind is None:
            out = self.path.parent
            with suppress(OutputError):  # then the one from before stays, which names these and more
                write_begun(out, {name for name in self._begun if is_there(out / name)})
        os.close(self._file)

    def begin(self, targets: Iterable[Path], *, force: bool = False) -> set[Path]:
        """Take down what is going to be written, and return the targets where a file is that no batch wrote.

        Called once, before the first job. force: let whatever is there be replaced; then no target is returned. Raises
        `OutputError`.
        """
        out = self.path.parent
        listed, begun = listed_results(out), read_begun(out)
        names = {target: name_in(out, target) for target in targets}
        taken = set() if force else taken_by_others(out, names, listed | begun)
        self._begun = (begun | {name for target, name in names.items() if target not in taken}) - listed
        write_begun(out, self._begun)
        return taken

    def add(self, outcome: Outcome) -> None:
        """Add a line, in one write, so that it is there when the process is killed right after."""
        relative = replace(outcome, output=self._relative(Path(outcome.output)))
        line = f"{relative.to_json()}\n".encode("utf-8", "surrogateescape")
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise OutputError(
                f"{self.path} cannot be written: {error.strerror}; make room and use --resume."
            ) from error
        if written < len(line):
            raise OutputError(f"The disk is full, and {self.path} is cut short; make room and use --resume.")
        if self._begun is not None and outcome.status == "done":
            self._begun.discard(relative.output)

    def read(self) -> dict[str, Outcome]:
        """Return the last outcome of each output, by its relative path."""
        last = {}
        with self.path.open(encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                try:
                    outcome = Outcome.from_json(line)
                except (KeyError, TypeError, ValueError):
                    continue  # cut short, or of another version: as if it were not there
                last[outcome.output] = outcome
        return last

    def open_items(self, items: list[Item], settings: Settings, key: str) -> list[Item]:
        """Return the items that are still to be done: all but those that are complete and unchanged.

        Complete is what was done and is still there as it was written. Unchanged is what had the same settings and
        model (`key`), and has the same image and mask, by size and time or, where the time differs, by content.
        """
        before = self.read()

        def is_open(item: Item) -> bool:
            try:
                mask = settings.choice_for(item).file
            except InpaintError:
                return True
            files = {"image": item.image, "output": item.target} | ({} if mask is None else {"mask": mask})
            return not self.is_current(files, key, before)

        return [item for item in items if is_open(item)]

    def is_current(self, files: Mapping[str, Path], key: str, before: Mapping[str, Outcome]) -> bool:
        """Say whether a job is complete and unchanged.

        files: all that it reads and its "output", by their names in the outcome. before: what `read` returned.
        """
        outcome = before.get(self._relative(files["output"]))
        if outcome is None or outcome.status != "done" or outcome.settings != key:
            return False
        return files.keys() == outcome.files.keys() and all(
            is_unchanged(path, outcome.files[name]) for name, path in files.items()
        )

    def _relative(self, target: Path) -> str:
        return name_in(self.path.parent, target)


def _lock(file: int) -> bool:
    """Keep other processes from locking the file until it is closed; say whether it was free."""
    try:
        import fcntl
    except ImportError:  # Windows: two batches into one folder are the user's own doing there
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network drive without locks
        return True
    return True
