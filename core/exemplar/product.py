"""Matrix products of finite numbers, without the warnings that BLAS can leave behind."""

import numpy as np


def product(one: np.ndarray, other: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Return `one @ other`, written into `out` where that is given.

    Colours and descriptions are finite, and so are their products. But BLAS computes a few lanes more than there are
    numbers, on whatever lies there, and numpy then warns of an invalid value that is in no result (numpy/numpy#13173,
    OpenMathLib/OpenBLAS#1924): once in some ten thousand fills.
    """
    with np.errstate(invalid="ignore"):
        return np.matmul(one, other, out=out)
