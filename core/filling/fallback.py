"""What is tried when a device fails on a region: a smaller size while memory is short, then the CPU."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from traceback import clear_frames

import numpy as np

from inpaint.core.engines.engine import Engine
from inpaint.core.errors import EngineError, OutOfMemoryError
from inpaint.core.filling.regions import Region
from inpaint.core.memory_errors import is_out_of_memory
from inpaint.weights import Contract

Attempt = Callable[[Engine, Region], np.ndarray]
"""Fills one region on one engine, and raises `EngineError` when that fails."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FallbackResult:
    """A region that was filled in the end."""

    filled: np.ndarray
    """What the attempt returned."""
    region: Region
    """With the scale that worked."""
    engine: Engine
    """That worked; the CPU's is to be used from then on."""
    notes: tuple[str, ...]
    """What the user should know; empty when the first attempt worked."""


def fill_with_fallback(attempt: Attempt, engine: Engine, region: Region) -> FallbackResult:
    """Fill a region at its size; if memory runs out, at half of it and so on; and all of that again on the CPU.

    Any other failure of a GPU goes to the CPU at once. The halving ends at the native size of the model. Raises the
    CPU's first `EngineError` when nothing helps.
    """
    try:
        return _fill_smaller(attempt, engine, region)
    except EngineError as error:
        if engine.device == "cpu":
            raise
        done = _fill_smaller(attempt, engine.on_cpu(), region)
        return replace(done, notes=(f"The rest was filled on the CPU. {error}", *done.notes))


def _fill_smaller(attempt: Attempt, engine: Engine, region: Region) -> FallbackResult:
    """Fill a region on this engine alone, at its size or at a smaller one."""
    try:
        return FallbackResult(filled=_try(attempt, engine, region), region=region, engine=engine, notes=())
    except OutOfMemoryError as error:
        for smaller in shrink(region, engine.contract):
            try:
                filled = _try(attempt, engine, smaller)
            except OutOfMemoryError:
                continue
            height, width = smaller.fed
            note = f"A region was filled at {width} x {height} pixels, with less detail. {error}"
            return FallbackResult(filled=filled, region=smaller, engine=engine, notes=(note,))
        raise


def _try(attempt: Attempt, engine: Engine, region: Region) -> np.ndarray:
    """Make one attempt; memory that is short around the network is an `OutOfMemoryError`, too."""
    try:
        return attempt(engine, region)
    except Exception as error:
        short = is_out_of_memory(error)
        if short or isinstance(error, OutOfMemoryError):
            # Or else the traceback would keep the arrays of this attempt until the next one is through.
            for failed in (error, error.__cause__):
                clear_frames(failed.__traceback__ if failed else None)
        if not short:
            raise
        height, width = region.fed
        raise OutOfMemoryError(
            f"The computer ran out of memory at {width} x {height} pixels; close other programs or fill a smaller copy."
        ) from error


def shrink(region: Region, contract: Contract) -> Iterator[Region]:
    """Yield the region at half of its scale, a quarter, and so on; the last one's longer side is the native size."""
    least = contract.native_size / max(region.window.height, region.window.width)
    scale = region.scale
    while scale > least:
        scale = max(scale / 2, least)
        yield replace(region, scale=scale)
