"""Replay the work of a training step as one CUDA graph.

A step of these networks launches some two thousand kernels. On a quick device that takes the host longer than the
device needs to run them; a graph launches them all at once. What changes from step to step has to be in tensors then:
a number of the host would be the one of the recorded step for ever.
"""

from collections.abc import Callable, Hashable
from typing import Protocol

import torch
from torch import Tensor

from inpaint.core.trainers.batch import Batch

WARM_UP = 3
"""Steps of a kind before it is recorded: meanwhile cuDNN chooses its algorithms and the optimisers make their state."""

Terms = dict[str, Tensor]
Work = Callable[[Batch], Terms]


class Recorder(Protocol):
    """Runs work, and records it for later."""

    def run(self, work: Callable[[], Terms]) -> Terms:
        """Do the work now, in the way that has to precede a recording."""
        ...

    def record(self, work: Callable[[], Terms]) -> Callable[[], Terms]:
        """Return what does the same work on the same tensors again and again; nothing is computed yet.

        Raises `RuntimeError` when the work cannot be recorded.
        """
        ...


class CudaRecorder:
    """Records CUDA graphs (torch.cuda.graph)."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stream = torch.cuda.Stream(device)

    def run(self, work: Callable[[], Terms]) -> Terms:
        """Do the work on the stream of the recording: gradients must not meet on another one."""
        current = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(current)
        with torch.cuda.stream(self.stream):
            terms = work()
        current.wait_stream(self.stream)
        return terms

    def record(self, work: Callable[[], Terms]) -> Callable[[], Terms]:
        """Capture the work; replaying it returns the terms in tensors of their own."""
        graph = torch.cuda.CUDAGraph()
        # Only this thread: the one that pins the next batches may go on meanwhile.
        with torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"):
            terms = work()
            values = torch.stack(list(terms.values()))

        def replay() -> Terms:
            graph.replay()
            return dict(zip(terms, values.clone().unbind(), strict=True))

        return replay


class GraphedSteps:
    """Does the work of steps: the first ones of a kind as they come, later ones by replaying a recording."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.refused: str | None = None
        """Why recording failed; from then on everything is done as it comes."""
        self._kind: Hashable = None
        self._seen = 0
        self._batch: Batch | None = None
        self._replay: Callable[[], Terms] | None = None

    @property
    def recorded(self) -> bool:
        """Whether there is a recording of the present kind of steps."""
        return self._replay is not None

    def forget(self) -> None:
        """Drop the recording, and with it its memory."""
        self._kind, self._seen, self._batch, self._replay = None, 0, None, None

    def __call__(self, kind: Hashable, batch: Batch, work: Work) -> Terms:
        """Do the work of one step.

        kind: everything that decides which operations the work consists of. work: reads what changes within a kind
        from its batch and from other tensors that stay in their places, and asks the device for no number.
        """
        kind = (kind, batch.shapes())
        if kind != self._kind:
            self.forget()
            self._kind = kind
        if self._batch is not None and self._replay is not None:
            self._batch.fill(batch)
            return self._replay()
        self._seen += 1
        if self.refused is not None:
            return work(batch)
        if self._seen <= WARM_UP:
            return self.recorder.run(lambda: work(batch))
        place = batch.copy()
        try:
            replay = self.recorder.record(lambda: work(place))
        except RuntimeError as error:
            self.refused = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            return work(batch)
        self._batch, self._replay = place, replay
        return replay()
