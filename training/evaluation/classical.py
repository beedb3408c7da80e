"""Methods that nobody trained: OpenCV's two, scikit-image's biharmonic one, and G'MIC's patches."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from inpaint.core.errors import InpaintError
from inpaint.training.evaluation.samples import Sample

RADIUS = 5
"""Neighbourhood of OpenCV's methods in pixels."""
GMIC_SECONDS = 600
"""Longest time for one picture."""


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
    return keep_known(np.rint(filled * 255).clip(0, 255).astype(np.uint8), sample)


def gmic(sample: Sample) -> np.ndarray:
    """Fill with patches copied from elsewhere in the picture: G'MIC's `inpaint_matchpatch`, if it is installed."""
    check_installed("gmic")
    with tempfile.TemporaryDirectory() as folder:
        given, mask, output = (Path(folder) / name for name in ("given.png", "mask.png", "output.png"))
        blanked = sample.picture.copy()
        blanked[sample.hole] = 0  # what it must not see
        Image.fromarray(blanked).save(given)
        Image.fromarray(sample.hole.astype(np.uint8) * 255).save(mask)
        # Quiet; fill image 0 under mask 1; write image 0.
        command = ["gmic", "-v", "-1", given, mask, "-inpaint_matchpatch[0]", "[1]", "-output[0]", output]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=GMIC_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise InpaintError(
                f"gmic took more than {GMIC_SECONDS} seconds for {sample.name}; use smaller pictures."
            ) from error
        if done.returncode or not output.exists():
            reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
            raise InpaintError(f"gmic failed on {sample.name} ({reason}); try it on its own.")
        filled = np.asarray(Image.open(output).convert("RGB"))
    return keep_known(filled, sample)


def keep_known(filled: np.ndarray, sample: Sample) -> np.ndarray:
    """Return a fill with the known pixels exactly as they were given."""
    return np.where(sample.hole[..., None], filled, sample.picture)


CLASSICAL = {
    "telea": (telea, f"OpenCV, fast marching (Telea 2004), radius {RADIUS}"),
    "navier-stokes": (navier_stokes, f"OpenCV, Navier-Stokes (Bertalmio et al. 2001), radius {RADIUS}"),
    "biharmonic": (biharmonic, "scikit-image, biharmonic equation (Damelin and Hoang 2018)"),
    "gmic": (gmic, "G'MIC, inpaint_matchpatch with its defaults"),
}
"""By the names of the command line: the function, and what it is."""


def check_installed(name: str) -> None:
    """Raise `InpaintError` when a classical method needs a program that is not there."""
    if name == "gmic" and shutil.which("gmic") is None:
        raise InpaintError("The program gmic is not installed; on Debian or Ubuntu: apt install gmic.")
