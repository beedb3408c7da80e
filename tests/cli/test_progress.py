"""What a person sees while a model trains, in windows of different width; and a Ctrl-C that comes early."""

import io
import signal
from contextlib import suppress

import pytest
from rich.console import Console

from inpaint.cli._interrupts import RememberedInterrupt
from inpaint.cli._progress import Stoppable, TwoLines

LOSSES = "  ".join(f"{name} 0.123" for name in ("discriminator", "adversarial", "l1_hole", "ppl", "ssim", "vgg"))
CELL = "12/24 context-encoder-rising-adversarial-seed0, stage 3"


def line(width, description):
    out = io.StringIO()
    console = Console(width=width, file=out, force_terminal=True, color_system=None)
    progress = TwoLines(console)
    task = progress.add_task(description, total=200000, rate=1234.5, losses=LOSSES)
    progress.update(task, completed=100000)
    for renderable in progress.get_renderables():
        console.print(renderable)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("description", ["stage 1", CELL])
def test_step_bar_and_time_left_are_there_at_every_width(width, description):
    first, losses = line(width, description)
    assert len(first.rstrip()) <= width
    assert "100000/200000" in first
    assert "━━━━━━━" in first
    assert "1234.5 images/s" in first
    assert "--:--" in first or "0:00" in first
    assert first.startswith(description[:14])
    assert losses.startswith("discriminator 0.123")
    assert len(losses) <= width


def test_a_swallowed_ctrl_c_is_raised_again():
    before = signal.getsignal(signal.SIGINT)
    with RememberedInterrupt() as interrupt:
        interrupt.check()
        with suppress(BaseException):  # what some packages do while they are imported
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()
    assert signal.getsignal(signal.SIGINT) is before


def test_before_the_first_step_ctrl_c_ends_at_once_and_later_it_saves():
    progress = Stoppable(TwoLines(Console(file=io.StringIO())))
    with progress:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        # Were that swallowed, the training would still stop.
        assert progress.interrupted
    later = Stoppable(TwoLines(Console(file=io.StringIO())))
    with later:
        later.begun = True
        signal.raise_signal(signal.SIGINT)
        assert later.interrupted
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
