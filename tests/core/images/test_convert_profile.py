import imagecodecs
import numpy as np
import pytest

from inpaint.core.images.convert_profile import convert_profile

ADOBE = imagecodecs.cms_profile("adobergb")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float16])
def test_adobe_rgb_to_srgb_and_back(dtype) -> None:
    white = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    orange = (np.array([[[0.7, 0.45, 0.2]]]) * white).astype(dtype)
    there = convert_profile(orange, None, ADOBE)
    assert there is not None
    assert there.dtype == dtype
    # Published values: sRGB (178, 115, 51) is about (162, 115, 60) in Adobe RGB (1998).
    np.testing.assert_allclose(there[0, 0].astype(float) / white * 255, [162, 115, 60], atol=3)
    back = convert_profile(there, ADOBE, None)
    assert back is not None
    np.testing.assert_allclose(back.astype(float) / white, orange.astype(float) / white, atol=0.01)


def test_what_is_no_profile_for_rgb_converts_nothing() -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    grey = bytearray(ADOBE)
    grey[16:20] = b"GRAY"
    broken = ADOBE[:40] + b"x" * 60
    assert convert_profile(pixels, bytes(grey), None) is None
    assert convert_profile(pixels, broken, None) is None
