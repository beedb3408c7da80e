import numpy as np

from inpaint.core.objects.reinhard import colour_statistics, reinhard, transfer_colour


def test_the_object_takes_mean_and_spread_of_its_surroundings(apple) -> None:
    pixels, disc = apple
    image = pixels.astype(np.float32) / 255
    moved = reinhard(image, disc.astype(np.float32), ~disc)
    wanted, got = colour_statistics(image, ~disc), colour_statistics(moved, disc)
    np.testing.assert_allclose(got[0], wanted[0], atol=1)
    np.testing.assert_allclose(got[1], wanted[1], atol=1)
    np.testing.assert_array_equal(moved[~disc], image[~disc])


def test_no_strength_is_no_change(picture) -> None:
    image = picture().astype(np.float32) / 255
    own, other = colour_statistics(image[:40]), colour_statistics(image[40:])
    np.testing.assert_allclose(
        transfer_colour(image, own, other, 0.0), image, atol=6e-3
    )  # there and back through CIELAB


def test_statistics_of_grey() -> None:
    mean, spread = colour_statistics(np.full((8, 8, 3), 1.0, np.float32))
    np.testing.assert_allclose(mean, [100, 0, 0], atol=0.01)
    np.testing.assert_allclose(spread, 0, atol=1e-5)


def test_nothing_to_go_by_is_no_change(picture) -> None:
    image = picture().astype(np.float32) / 255
    everything = np.ones(image.shape[:2], np.float32)
    assert reinhard(image, everything, everything < 0.5) is image
