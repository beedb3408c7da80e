"""What the processes that decode pictures have in common: whom a signal is for, and how an error gets back."""

import signal
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from inpaint.core.errors import InpaintError

Item = TypeVar("Item")


def leave_signals(_: int) -> None:
    """Let Ctrl-C and SIGTERM, which reach the whole group, be the training's alone: it still needs its pictures.

    To be called in each process first, with its number.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def handed_over(make: Callable[[], Item]) -> Item | InpaintError:
    """Return what `make` returns, or the error it raises: torch would raise it with a traceback for its sentence."""
    try:
        return make()
    except InpaintError as error:
        return error


def received(items: Iterable[Item | InpaintError]) -> Iterator[Item]:
    """Yield the items of a loader, and raise an error that was handed over."""
    for item in items:
        if isinstance(item, InpaintError):
            raise item
        yield item
