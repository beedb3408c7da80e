"""Nearest-neighbour fields: for every patch of the hole the known patch that is most like it.

Small fields are searched exhaustively with matrix products. Large ones start from the field of the next smaller scale
and are improved by randomised search (Barnes et al., PatchMatch, SIGGRAPH 2009), all patches at once: each tries the
shifts of its neighbours and random places around its own match.
"""

import cv2
import numpy as np

from inpaint.core.exemplar.product import product
from inpaint.core.exemplar.together import together

USES = 7
"""Side in pixels of the neighbourhood in which the uses of a source are counted."""
BLOCK = 1_000_000
"""Distances computed at once in an exhaustive search; more do not fit into a processor's cache."""


class Field:
    """Matches of N target patches among the sources of one level.

    Centres are flat indices into a canvas of H x W pixels; `sources` H·W x D and `targets` N x D are descriptions whose
    squared distance is the cost of a match.
    """

    def __init__(self, usable: np.ndarray, centres: np.ndarray, rng: np.random.Generator) -> None:
        self.shape = usable.shape
        self.centres = centres
        """N flat indices of the target patches."""
        self.usable = usable.ravel()
        """H·W bool: which pixels are centres of wholly known patches."""
        self.places = np.flatnonzero(self.usable)
        self.match = rng.choice(self.places, len(centres))
        """N flat indices of the matches."""
        self.cost = np.full(len(centres), np.inf, np.float32)
        self.penalty = np.zeros(usable.size, np.float32)
        """H·W float32: what it costs more to match a source that is in use already."""
        self.rng = rng
        self.number = np.full(usable.size, -1, np.int32)
        """Canvas index to target number, -1 for none."""
        self.number[centres] = np.arange(len(centres), dtype=np.int32)

    def shifts(self) -> np.ndarray:
        """Return N x 2 int32: rows and columns from the centres to the matches."""
        width = self.shape[1]
        there, here = np.divmod(self.match, width), np.divmod(self.centres, width)
        return np.stack([there[0] - here[0], there[1] - here[1]], axis=-1).astype(np.int32)

    def measure(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Compute the costs of the present matches anew."""
        self.cost = self._costs(sources, self.match, targets)

    def discourage(self, strength: float) -> None:
        """Make sources dearer whose surroundings are copied more than once, against repetition.

        Kaspar et al., Self Tuning Texture Optimization (Eurographics 2015), section 4.3, with a penalty that is carried
        over half from round to round, because all patches choose at once.
        """
        height, width = self.shape
        uses = np.bincount(self.match, minlength=height * width).astype(np.float32).reshape(height, width)
        uses = cv2.blur(uses, (USES, USES)).ravel()
        fair = max(1.0, len(self.match) / len(self.places))
        spread = max(float(np.percentile(self.cost, 75)), 1e-7)
        self.penalty = self.penalty / 2 + np.maximum(uses / np.float32(fair) - 1, 0) * np.float32(strength * spread)

    def exhaust(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Find the best match of every target."""
        there = sources[self.places]
        half = (np.einsum("md,md->m", there, there) + self.penalty[self.places]) / 2
        # Half the cost of a source is one more number of its description, so that one matrix product does all.
        there = np.vstack([there.T, -half])
        here = np.column_stack([targets, np.ones(len(targets), np.float32)])
        step = max(1, BLOCK // len(self.places))

        def choose(start: int) -> None:
            scores = product(here[start : start + step], there)
            self.match[start : start + step] = self.places[scores.argmax(axis=1)]

        together(choose, range(0, len(here), step))
        self.measure(sources, targets)

    def search(self, sources: np.ndarray, targets: np.ndarray, reach: int, steps: tuple[int, ...] = (1, 3)) -> None:
        """Improve the matches once: by the shifts of neighbours `steps` away, and at random within `reach` pixels."""
        height, width = self.shape
        for step in steps:
            for dy, dx in ((0, -step), (-step, 0), (0, step), (step, 0)):
                away = dy * width + dx
                neighbour = self.number.take(self.centres + away, mode="clip")
                candidate = self.match[neighbour] - away
                self._try(candidate, neighbour >= 0, sources, targets)
        while reach >= 1:
            rows, columns = np.divmod(self.match, width)
            rows = rows + self.rng.integers(-reach, reach + 1, len(rows))
            columns = columns + self.rng.integers(-reach, reach + 1, len(columns))
            inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
            self._try(rows * width + columns, inside, sources, targets)
            reach //= 3

    def _try(self, candidate: np.ndarray, allowed: np.ndarray, sources: np.ndarray, targets: np.ndarray) -> None:
        allowed = allowed & (candidate != self.match)
        allowed &= self.usable.take(candidate, mode="clip") & (candidate >= 0) & (candidate < len(self.usable))
        who = np.flatnonzero(allowed)
        if not len(who):
            return
        there = candidate[who]
        cost = self._costs(sources, there, targets[who])
        better = cost < self.cost[who]
        who = who[better]
        self.match[who], self.cost[who] = there[better], cost[better]

    def _costs(self, sources: np.ndarray, match: np.ndarray, targets: np.ndarray) -> np.ndarray:
        difference = sources.take(match, axis=0)
        difference -= targets
        return np.einsum("nd,nd->n", difference, difference) + self.penalty[match]
