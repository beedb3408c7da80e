"""Scores of harmonization on composites with known truth, as the literature gives them: PSNR, MSE, fMSE and SSIM.

MSE is over the whole picture, fMSE over the object alone, both on values 0..255 (Cong et al. 2020, DoveNet).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from inpaint.core.objects.harmonizing import harmonize
from inpaint.core.objects.joint import JointEngine
from inpaint.core.objects.reinhard import reinhard
from inpaint.training.data.composites import Composite

Method = Callable[[Composite], np.ndarray]
"""From a composite without a hole to its harmonized picture, H x W x 3 uint8."""


@dataclass(frozen=True, slots=True)
class HarmonizationScore:
    """Means over all composites."""

    name: str
    psnr: float
    """Peak signal-to-noise ratio in dB; the mean of the pictures' own."""
    mse: float
    fmse: float
    ssim: float
    pictures: int


def classical_methods() -> dict[str, Method]:
    """Return what a network has to beat: nothing done, Reinhard's colour transfer, Poisson blending."""
    return {"no change": lambda given: given.composite, "Reinhard": _reinhard, "Poisson": poisson}


def joint_method(engine: JointEngine) -> Method:
    """Return harmonization by a joint model, as `inpaint harmonize` does it."""
    return lambda given: harmonize(given.composite, given.foreground, engine)


def score(name: str, method: Method, composites: Sequence[Composite]) -> HarmonizationScore:
    """Score one method."""
    values = []
    for given in composites:
        result = method(given)
        squared = (result.astype(np.float64) - given.image) ** 2
        mse = squared.mean()
        pair = [torch.from_numpy(x.copy()).permute(2, 0, 1)[None].float() for x in (result, given.image)]
        ssim = structural_similarity_index_measure(pair[0], pair[1], data_range=255.0)
        assert isinstance(ssim, torch.Tensor)
        psnr = 10 * np.log10(255**2 / max(mse, 1e-4))
        values.append((psnr, mse, squared[given.foreground].mean(), float(ssim)))
    psnr, mse, fmse, ssim = (float(value) for value in np.mean(values, axis=0))
    return HarmonizationScore(name, psnr, mse, fmse, ssim, len(composites))


def poisson(given: Composite) -> np.ndarray:
    """Blend the object's gradients into the photograph (Perez et al. 2003, OpenCV's seamlessClone).

    The photograph behind the object is taken from around it, because a composite does not show it. The object's frame
    is widened first: OpenCV moves objects that touch the picture's edge.
    """
    rim = 4
    picture = cv2.copyMakeBorder(given.composite, rim, rim, rim, rim, cv2.BORDER_REPLICATE)
    mask = cv2.copyMakeBorder(given.foreground.astype(np.uint8) * 255, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=0)
    # One pixel wider, so that the border conditions are the photograph's colours and not the object's own.
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    left, top, width, height = cv2.boundingRect(mask)
    behind = cv2.inpaint(picture, mask, 3, cv2.INPAINT_TELEA)
    centre = (left + width // 2, top + height // 2)
    blended = cv2.seamlessClone(picture, behind, mask, centre, cv2.NORMAL_CLONE)[rim:-rim, rim:-rim]
    return np.where(given.foreground[..., None], blended, given.composite)


def _reinhard(given: Composite) -> np.ndarray:
    pixels = given.composite.astype(np.float32) / 255
    moved = reinhard(pixels, given.foreground.astype(np.float32), ~given.foreground)
    return np.rint(moved * 255).astype(np.uint8)
