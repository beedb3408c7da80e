import numpy as np
import pytest

from inpaint.core import MaskError, harmonize, load_joint


@pytest.fixture(scope="module")
def joint(tiny_joint):
    return load_joint(tiny_joint, "cpu", 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
@pytest.mark.parametrize("network", [True, False])
def test_only_the_object_changes(apple, joint, dtype, network: bool) -> None:
    pixels, disc = apple
    white = 1.0 if dtype == np.float64 else np.iinfo(dtype).max
    image = (pixels / 255 * white).astype(dtype)
    result = harmonize(image, disc, joint if network else None)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result[~disc], image[~disc])
    assert (result[disc] != image[disc]).any()


def test_the_network_decides_the_colours(apple, joint) -> None:
    pixels, disc = apple
    result = harmonize(pixels, disc, joint)
    np.testing.assert_allclose(result[disc].mean(axis=0) - pixels[disc].mean(axis=0), 25.5, atol=1.5)


def test_a_large_photograph_keeps_its_texture(apple, joint) -> None:
    """The network sees a small copy; a checkerboard finer than that must come out as it was, 0.1 brighter."""
    pixels, disc = (np.kron(x, np.ones((8, 8, 1) if x.ndim == 3 else (8, 8), x.dtype)) for x in apple)
    pixels = (pixels.astype(int) + 20 * (np.indices(disc.shape).sum(0) % 2)[..., None]).clip(0, 255).astype(np.uint8)
    result = harmonize(pixels, disc, joint)
    change = result[disc].astype(int) - pixels[disc]
    assert abs(change.mean() - 25.5) < 2
    assert change.std() < 6


def test_strength(apple, joint) -> None:
    pixels, disc = apple
    half = harmonize(pixels, disc, joint, strength=0.5)
    np.testing.assert_allclose(half[disc].mean(axis=0) - pixels[disc].mean(axis=0), 12.75, atol=1)


@pytest.mark.parametrize(("value", "message"), [(0.0, "no object"), (1.0, "whole picture")])
def test_masks_that_say_nothing(apple, value, message) -> None:
    with pytest.raises(MaskError, match=message):
        harmonize(apple[0], np.full((90, 120), value, np.float32))


@pytest.mark.parametrize("network", [True, False])
def test_colours_that_nobody_sees_do_not_count(apple, joint, network: bool) -> None:
    pixels, disc = apple
    empty = np.zeros(disc.shape, bool)
    empty[:, :40] = True
    results = []
    for hidden in (0, 255):
        image = pixels.copy()
        image[empty & ~disc] = hidden
        results.append(harmonize(image, disc, joint if network else None, empty=empty & ~disc))
        np.testing.assert_array_equal(results[-1][~disc], image[~disc])
    np.testing.assert_array_equal(results[0][disc], results[1][disc])


def test_with_nothing_to_see_around_it_there_is_nothing_to_do(apple, joint) -> None:
    pixels, disc = apple
    for engine in (joint, None):
        with pytest.raises(MaskError, match="Everything around the object is transparent"):
            harmonize(pixels, disc, engine, empty=~disc)
