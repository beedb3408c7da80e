"""One scale of a window: the estimate in its hole, and what its patches are compared by besides their colours."""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.core.exemplar.membrane import span
from inpaint.core.exemplar.patches import RADIUS, SIDE
from inpaint.core.exemplar.pyramid import Picture

GUIDE_BLUR = 2.0
"""Standard deviation in pixels of what is kept of the network's fill in the guide."""
GUIDE_WEIGHT = 0.5
"""Of the guide's colours, where those of the whole patch weigh 1."""
ENERGY_BLUR = 4.0
"""Standard deviation in pixels of the neighbourhood whose liveliness is measured."""
ENERGY_WEIGHT = 0.5
"""Of the liveliness in each direction."""


@dataclass(slots=True)
class Scale:
    """A window with a margin of RADIUS pixels, so that every patch around a pixel of the window is inside."""

    image: np.ndarray
    """H x W x 3 float32: the photograph and the estimate in the hole, reflected in the margin."""
    hole: np.ndarray
    """H x W bool, the margin left out."""
    guide: np.ndarray
    """H x W x 5 float32, weighted: blurred colours of the photograph and the first fill, and the liveliness of the
    texture, which is interpolated into the hole. Without it a soft estimate finds the softest patches."""
    depth: np.ndarray
    """H x W float32: distance to the rim inside the hole, 0 outside."""
    centres: np.ndarray
    """Flat indices of the patches that touch the hole."""
    usable: np.ndarray
    """H x W bool: centres of wholly known patches."""

    @classmethod
    def of(cls, picture: Picture) -> "Scale":
        """Make a scale from a window filled by the network."""
        image = with_margin(picture.image)
        inner, outer = np.pad(picture.hole, RADIUS), np.pad(picture.unknown, RADIUS)
        margin = np.pad(np.zeros(picture.hole.shape, bool), RADIUS, constant_values=True)
        colours = cv2.GaussianBlur(image, (0, 0), GUIDE_BLUR) * np.float32(np.sqrt(GUIDE_WEIGHT / 3))
        energy = liveliness(image, outer) * np.float32(np.sqrt(ENERGY_WEIGHT))
        return cls(
            image=image,
            hole=inner,
            guide=np.concatenate([colours, energy], axis=-1),
            depth=cv2.distanceTransform(inner.view(np.uint8), cv2.DIST_L2, 3),
            centres=np.flatnonzero(_spread(inner, SIDE) & ~margin),
            usable=~_spread(outer | margin, SIDE),
        )


def with_margin(image: np.ndarray) -> np.ndarray:
    """Return an image reflected by RADIUS pixels on all sides."""
    return cv2.copyMakeBorder(image, RADIUS, RADIUS, RADIUS, RADIUS, cv2.BORDER_REFLECT_101)


def liveliness(image: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Return H x W x 2 float32: root mean square slope across and down nearby, interpolated where it is unknown.

    The idea of Newson et al., Video Inpainting of Complex Scenes (SIAM J. Imaging Sciences 2014), section 3.2.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    slopes = np.stack([cv2.Sobel(grey, -1, *axis, scale=0.25) ** 2 for axis in ((1, 0), (0, 1))], axis=-1)
    clear = (~_spread(unknown, 3)).astype(np.float32)
    share = cv2.GaussianBlur(clear, (0, 0), ENERGY_BLUR)
    mean = cv2.GaussianBlur(slopes * clear[..., None], (0, 0), ENERGY_BLUR) / np.maximum(share, 1e-4)[..., None]
    return span(np.sqrt(mean), (share > 0.3) & ~unknown)


def _spread(hole: np.ndarray, side: int) -> np.ndarray:
    """Return the hole (H x W bool) widened to every pixel whose square of `side` pixels touches it."""
    return cv2.dilate(hole.view(np.uint8), np.ones((side, side), np.uint8)).view(bool)
