"""From matches to colours: every pixel is the weighted mean of what the patches over it would put there."""

import numpy as np

from inpaint.core.exemplar.patches import RADIUS, window
from inpaint.core.exemplar.together import together

CHUNK = 8192
"""Pixels that are voted on at once."""


def vote(
    image: np.ndarray,
    pixels: np.ndarray,
    number: np.ndarray,
    match: np.ndarray,
    weight: np.ndarray,
    sharpness: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return P x C colours and P x 1 total weights for P pixels.

    - `image`: H x W x C float32, the canvas that matches point into;
    - `pixels`: P flat indices;
    - `number`: H·W int32, the number of the target patch centred there, -1 for none;
    - `match`: N flat indices, `weight`: N float32, of the target patches;
    - `sharpness`: power of the weights within a patch: the higher, the more its middle decides alone.
    """
    width = image.shape[1]
    planes = np.moveaxis(image, -1, 0).reshape(image.shape[2], -1)
    totals = np.zeros((len(planes), len(pixels)), np.float32)
    weights = np.zeros(len(pixels), np.float32)
    # Number -1 takes the last of these.
    match, weight = np.append(match, 0), np.append(weight, np.float32(0))
    shares = window() ** np.float32(sharpness)
    shares /= shares.sum()

    def count(start: int) -> None:
        part = slice(start, start + CHUNK)
        for dy in range(-RADIUS, RADIUS + 1):
            for dx in range(-RADIUS, RADIUS + 1):
                away = dy * width + dx
                patch = number.take(pixels[part] - away, mode="clip")
                share = weight.take(patch) * shares[dy + RADIUS, dx + RADIUS]
                there = match.take(patch) + away
                for plane, total in zip(planes, totals[:, part], strict=True):
                    total += plane.take(there, mode="clip") * share
                weights[part] += share

    together(count, range(0, len(pixels), CHUNK))
    return (totals / np.maximum(weights, 1e-12)).T, weights[:, None]
