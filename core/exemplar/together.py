"""Pieces of work beside each other, on all cores."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

WORKERS = min(8, os.cpu_count() or 1)
"""Threads; more than a few only wait for memory."""


def together(work: Callable[[int], None], starts: range) -> None:
    """Call `work` with every start; most of it should be numpy's, which lets other threads run.

    Matrix products belong in here rather than on the threads of numpy's BLAS, which meet after every product: on a
    machine with other work to do they then mostly wait for each other. Inpaint's programs therefore leave BLAS one.
    """
    if len(starts) < 2:
        for start in starts:
            work(start)
        return
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(work, starts):
            pass
