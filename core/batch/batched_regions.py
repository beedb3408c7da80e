"""Regions of the same size from different photographs, filled in one run of the network.

For GPUs, which a single region leaves mostly idle. Whoever has the device takes along what waits with the same shape;
while it runs, the next ones gather. So nobody waits for company, and there is nothing to tune but the most at once.
"""

import threading

import numpy as np

from inpaint.core.engines.engine import Engine
from inpaint.core.errors import EngineError

MOST_PIXELS = 8 * 512 * 512
"""Pixels in one run, at most; a single region may be larger."""


class _Ticket:
    """One region that waits for the device."""

    __slots__ = ("error", "image", "mask", "output")

    def __init__(self, image: np.ndarray, mask: np.ndarray) -> None:
        self.image, self.mask = image, mask
        self.output: np.ndarray | None = None
        self.error: EngineError | MemoryError | None = None

    @property
    def done(self) -> bool:
        return self.output is not None or self.error is not None


class BatchingEngine(Engine):
    """An engine for several threads, which fills regions of the same size together."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.path, engine._session, engine.contract, engine._threads)
        self.notes = engine.notes
        self._waiting: list[_Ticket] = []
        self._list = threading.Lock()
        self._device = threading.Lock()

    def run_tensors(self, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Run the bare graph as `Engine.run_tensors` does, together with what else waits in this shape."""
        ticket = _Ticket(image, mask)
        with self._list:
            self._waiting.append(ticket)
        with self._device:
            if not ticket.done:
                self._run(self._take(ticket))
        if ticket.output is None:
            assert ticket.error is not None
            raise ticket.error
        return ticket.output

    def _take(self, first: _Ticket) -> list[_Ticket]:
        """Take `first` and what else may go with it off the list."""
        shape = first.image.shape
        most = max(1, MOST_PIXELS // (shape[0] * shape[2] * shape[3]))
        with self._list:
            group = [first, *(other for other in self._waiting if other is not first and other.image.shape == shape)]
            group = group[:most]
            self._waiting = [other for other in self._waiting if other not in group]
        return group

    def _run(self, group: list[_Ticket]) -> None:
        """Run a group; when that fails, each alone, so that nobody pays for another's region."""
        try:
            images, masks = (np.concatenate([getattr(ticket, name) for ticket in group]) for name in ("image", "mask"))
            outputs = super().run_tensors(images, masks)
        except (EngineError, MemoryError) as error:
            if len(group) == 1:
                group[0].error = error
                return
            for ticket in group:
                self._run([ticket])
            return
        for ticket, output in zip(group, np.split(outputs, len(group)), strict=True):
            ticket.output = output
