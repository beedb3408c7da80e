"""Ctrl-C while a command starts: large packages are imported then, and some of their code catches everything.

The exception that Python makes of Ctrl-C can be swallowed there. So it is remembered, too, and raised again.
"""

import signal
from types import FrameType
from typing import Self


class RememberedInterrupt:
    """Raises `KeyboardInterrupt` on Ctrl-C, and again at every `check` in case nobody heard of it."""

    def __init__(self) -> None:
        self.seen = False

    def __enter__(self) -> Self:
        self.previous = signal.signal(signal.SIGINT, self._remember)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self.previous)

    def check(self) -> None:
        """Raise `KeyboardInterrupt` when there was a Ctrl-C."""
        if self.seen:
            raise KeyboardInterrupt

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.seen = True
        raise KeyboardInterrupt
