"""Keeps losses and gradients that are not finite from the weights, without making the host wait for the device."""

from collections import deque

import torch
from torch import Tensor, distributed, nn

from inpaint.core.errors import DivergedError

LAG = 2
"""Steps after which a device that computes ahead of the host is asked. By then the answer has long been on its way."""


def gradient_norm(network: nn.Module) -> Tensor:
    """Return the length of all gradients of a network together, a scalar on its device."""
    return nn.utils.get_total_norm([weight.grad for weight in network.parameters() if weight.grad is not None])


class Guard:
    """Watches losses and gradients; once one is not finite, `broken` is 1, for good and in all processes.

    An optimiser whose `found_inf` is `broken` skips its update on the device itself (what mixed-precision scaling uses
    it for), so that the host can hear of it later.
    """

    def __init__(self, device: torch.device, lag: int | None = None) -> None:
        """lag: steps between an answer and its reading; by default none on the CPU, which has computed it anyway."""
        self.lag = (LAG if device.type == "cuda" else 0) if lag is None else lag
        self.broken = torch.zeros((), device=device)
        self._answers: deque[tuple[Tensor, torch.cuda.Event | None]] = deque()

    def watch(self, loss: Tensor) -> None:
        """Take note of a loss, before anything learns from it."""
        self._note(loss.detach())
        if distributed.is_available() and distributed.is_initialized():
            # The gradients of all processes are about to be averaged, and with them what is wrong with one.
            distributed.all_reduce(self.broken, distributed.ReduceOp.MAX)

    def watch_gradients(self, network: nn.Module) -> None:
        """Take note of a network's gradients, before its optimiser reads them: a finite loss may have others.

        One of which the square overflows is as bad, because Adam squares it. Nobody else is asked: by now every process
        has the average of all gradients, and so the same answer.
        """
        if any(weight.grad is not None for weight in network.parameters()):
            self._note(gradient_norm(network))

    def _note(self, number: Tensor) -> None:
        now = (~torch.isfinite(number)).float()
        self.broken.copy_(torch.maximum(self.broken, now))

    def end_step(self) -> None:
        """Send the answer of this step to the host, and read the one of `lag` steps ago.

        Every process raises the same `DivergedError` after the same step.
        """
        event = None
        if self.broken.is_cuda:
            answer = torch.empty((), pin_memory=True).copy_(self.broken, non_blocking=True)
            event = torch.cuda.Event()
            event.record()
        else:
            answer = self.broken.clone()
        self._answers.append((answer, event))
        if len(self._answers) > self.lag:
            answer, event = self._answers.popleft()
            if event is not None:
                event.synchronize()
            self._judge(answer)

    @property
    def sound(self) -> bool:
        """Whether every loss and gradient so far was finite; waits for the device."""
        return not bool(self.broken)

    def verify(self) -> None:
        """Raise `DivergedError` unless every loss and gradient so far was finite; waits for the device."""
        self._judge(self.broken)

    def _judge(self, answer: Tensor) -> None:
        if bool(answer):
            raise DivergedError(
                "A loss or its gradient is not finite any more; go back to the last checkpoint with --resume and a "
                "lower learning rate."
            )
