"""Patches as short vectors: their principal components, so that comparing two costs a few products."""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.core.exemplar.product import product
from inpaint.core.exemplar.together import together

RADIUS = 3
"""Patches are 7 x 7 pixels."""
SIDE = 2 * RADIUS + 1
COMPONENTS = 24
"""Numbers that a patch of 147 is reduced to."""
SAMPLES = 4096
"""Patches that the principal components are computed from."""
ITERATIONS = 5
"""Of the search for the principal components."""
CHUNK = 1024
"""Patches that are unrolled at once; more do not fit into a processor's cache."""


def window() -> np.ndarray:
    """Return SIDE x SIDE float32 weights that sum to 1: the middle of a patch counts more than its rim."""
    line = cv2.getGaussianKernel(SIDE, RADIUS * 0.75, cv2.CV_32F)
    return line @ line.T


@dataclass(frozen=True, slots=True)
class Basis:
    """How patches of one picture are described."""

    mean: np.ndarray
    """SIDE² · 3 float32."""
    components: np.ndarray
    """SIDE² · 3 x COMPONENTS float32, with the weights of `window` in them."""

    @classmethod
    def of(cls, image: np.ndarray, centres: np.ndarray, rng: np.random.Generator) -> "Basis":
        """Return the basis that tells the patches of `image` (H x W x 3) around `centres` (flat indices) apart."""
        if len(centres) > SAMPLES:
            centres = rng.choice(centres, SAMPLES, replace=False)
        root = np.sqrt(np.repeat(window().ravel(), image.shape[2]) / image.shape[2])
        rows = unroll(image, centres)
        mean = rows.mean(axis=0)
        rows = (rows - mean) * root
        covariance = product(rows.T, rows)
        # Any basis of the space of the first components will do, and orthogonal iteration finds it in a fraction of the
        # time of a decomposition (Golub and Van Loan, Matrix Computations, section 8.2.4).
        best = rng.standard_normal((len(root), COMPONENTS), np.float32)
        for _ in range(ITERATIONS):
            best = np.linalg.qr(product(covariance, best))[0]
        return cls(mean, np.ascontiguousarray(best * root[:, None], np.float32))

    def describe(self, image: np.ndarray, centres: np.ndarray) -> np.ndarray:
        """Return N x COMPONENTS float32 of the patches around N flat indices.

        Squared distances of rows are, up to what the basis leaves out, mean squared differences of colours under the
        weights of `window`.
        """
        offset = product(self.mean, self.components)
        rows = np.empty((len(centres), self.components.shape[1]), np.float32)

        def fold(start: int) -> None:
            part = slice(start, start + CHUNK)
            product(unroll(image, centres[part]), self.components, out=rows[part])

        together(fold, range(0, len(centres), CHUNK))
        rows -= offset
        return rows


def unroll(image: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return N x SIDE² · C: the patches of `image` (H x W x C) around N flat indices, all of them inside it."""
    height, width, channels = image.shape
    flat = image.reshape(height * width, channels)
    strips = np.lib.stride_tricks.sliding_window_view(flat.reshape(-1), SIDE * channels)
    rows, columns = np.divmod(centres, width)
    result = np.empty((len(centres), SIDE, SIDE * channels), image.dtype)
    first = (columns - RADIUS) * channels
    for number in range(SIDE):
        result[:, number] = strips[(rows + (number - RADIUS)) * (width * channels) + first]
    return result.reshape(len(centres), -1)
