"""Read every picture of the data before a training, and name those that are not usable."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from torch.utils.data import DataLoader, Dataset

from inpaint.core.errors import DataError
from inpaint.training.data.loader_processes import leave_signals
from inpaint.training.data.segments import SegmentSource

CHUNK = 16
"""Pictures that a process reads before it says what it has found."""


@dataclass(frozen=True, slots=True)
class Check:
    """Some data of one kind."""

    what: str
    """For people: "pictures"."""
    read: Callable[[int], Any]
    """Reads one of them; raises `DataError` when it is not usable."""
    count: int | None
    """How many there are; None for a stream, where `read` is not called."""
    stream: Iterable[Callable[[], Any]] = ()
    """Reads the pictures of a stream, one each."""

    @classmethod
    def of_stream(cls, what: str, reads: Iterable[Callable[[], Any]]) -> Self:
        """Check what can only be read front to back."""
        return cls(what, _unread, None, reads)

    @classmethod
    def of_segments(cls, source: SegmentSource) -> Self:
        """Check photographs together with their label maps, each of which needs an object."""
        return cls("pictures", _Areas(source), len(source))

    def sentences(self, workers: int) -> Iterator[str | None]:
        """Yield for each of them the sentence that says what is wrong with it, or None.

        workers: how many processes read; 0 = this one.
        """
        if self.count is None:
            yield from (_sentence(read) for read in self.stream)
            return
        loader = DataLoader(
            _Sentences(self), batch_size=CHUNK, num_workers=workers, collate_fn=list, worker_init_fn=leave_signals
        )
        for found in loader:
            yield from found


class _Sentences(Dataset):
    def __init__(self, check: Check) -> None:
        self.check = check

    def __len__(self) -> int:
        return self.check.count or 0

    def __getitem__(self, index: int) -> str | None:
        return _sentence(lambda: self.check.read(index))


@dataclass(frozen=True, slots=True)
class _Areas:
    source: SegmentSource

    def __call__(self, index: int) -> Any:
        return self.source.read(index).areas()


def _sentence(read: Callable[[], Any]) -> str | None:
    try:
        read()
    except DataError as error:
        return str(error)
    return None


def _unread(index: int) -> None:
    raise IndexError(index)
