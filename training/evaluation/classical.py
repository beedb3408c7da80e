"""Methods that nobody trained: OpenCV's two, scikit-image's biharmonic one, and the patches of two other programs."""

from collections.abc import Callable

import cv2
import numpy as np

from inpaint.training.evaluation import gmic, pypatchmatch
from inpaint.training.evaluation.samples import Sample

RADIUS = 5
"""Neighbourhood of OpenCV's methods in pixels."""


def telea(sample: Sample) -> np.ndarray:
    """Fill by fast marching (Telea 2004)."""
    return _opencv(sample, cv2.INPAINT_TELEA)


def navier_stokes(sample: Sample) -> np.ndarray:
    """Fill by continuing isophotes as a fluid would (Bertalmio et al. 2001)."""
    return _opencv(sample, cv2.INPAINT_NS)


def _opencv(sample: Sample, method: int) -> np.ndarray:
    return cv2.inpaint(sample.picture, sample.hole.astype(np.uint8) * 255, RADIUS, method)


def biharmonic(sample: Sample) -> np.ndarray:
    """Fill with the smoothest surface: the biharmonic equation, solved exactly (Damelin and Hoang 2018)."""
    from skimage.restoration import inpaint_biharmonic

    filled = inpaint_biharmonic(sample.picture / 255.0, sample.hole, channel_axis=-1)
    return sample.keep_known(np.rint(filled * 255).clip(0, 255).astype(np.uint8))


CLASSICAL: dict[str, tuple[Callable[[Sample], np.ndarray], str | Callable[[], str]]] = {
    "telea": (telea, f"OpenCV, fast marching (Telea 2004), radius {RADIUS}"),
    "navier-stokes": (navier_stokes, f"OpenCV, Navier-Stokes (Bertalmio et al. 2001), radius {RADIUS}"),
    "biharmonic": (biharmonic, "scikit-image, biharmonic equation (Damelin and Hoang 2018)"),
    "pypatchmatch": (pypatchmatch.pypatchmatch, pypatchmatch.describe),
    "gmic": (gmic.gmic, gmic.describe),
}
"""By the names of the command line: the function, and what it is, which a program outside has to be asked."""


def describe(name: str) -> str:
    """Say what a classical method is. Raises `InpaintError` when it needs a program that is not there."""
    about = CLASSICAL[name][1]
    return about if isinstance(about, str) else about()
