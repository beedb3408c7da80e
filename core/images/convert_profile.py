"""Colours from one ICC profile to another, in every depth (LittleCMS, through imagecodecs)."""

import numpy as np


def convert_profile(pixels: np.ndarray, source: bytes | None, target: bytes | None) -> np.ndarray | None:
    """Return H x W x 3 RGB pixels of a `source` profile as they are in the `target` profile, in the same dtype.

    - `pixels`: uint8, uint16 or floats in [0, 1]; floats stay in that range;
    - `source`, `target`: ICC profiles; None = sRGB.

    Returns None where one of the two is no usable profile for RGB, such as one for grey.
    """
    import imagecodecs  # takes longer to import than most photographs to convert

    if any(profile and profile[16:20] != b"RGB " for profile in (source, target)):
        return None
    profiles = [imagecodecs.cms_profile("srgb") if profile is None else profile for profile in (source, target)]
    work = pixels.astype(np.float32) if pixels.dtype.kind == "f" else pixels
    try:
        done = imagecodecs.cms_transform(np.ascontiguousarray(work), *profiles, colorspace="rgb", outcolorspace="rgb")
    except imagecodecs.CmsError:
        return None
    return done if pixels.dtype.kind != "f" else done.clip(0, 1).astype(pixels.dtype)
