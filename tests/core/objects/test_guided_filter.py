import numpy as np

from inpaint.core.objects.guided_filter import guided_filter, repeat_change


def test_a_mask_moves_to_the_edge_of_its_picture(apple) -> None:
    pixels, disc = apple
    guide = pixels.astype(np.float32) / 255
    shifted = np.roll(disc, 2, axis=1).astype(np.float32)
    better = guided_filter(guide, shifted, 6, 1e-3) > 0.5
    assert (better != disc).sum() < 0.5 * (shifted != disc).sum()


def test_a_constant_stays_constant(picture) -> None:
    guide = picture(40, 50).astype(np.float32) / 255
    np.testing.assert_allclose(guided_filter(guide, np.full((40, 50), 0.3, np.float32), 4), 0.3, atol=1e-4)


def test_a_linear_change_is_repeated_in_full_size(picture) -> None:
    large = picture(160, 240).astype(np.float32) / 255
    small = large[::2, ::2]
    change = np.array([0.7, 0.9, 1.1], np.float32)
    again = repeat_change(small, small * change + 0.05, np.ones(small.shape[:2], np.float32), large)
    np.testing.assert_allclose(again, large * change + 0.05, atol=0.02)


def test_only_what_counts_decides(picture) -> None:
    large = picture(80, 120).astype(np.float32) / 255
    weight = np.zeros((80, 120), np.float32)
    weight[20:60, 30:90] = 1
    after = np.where(weight[..., None] > 0, large * 0.5, 1 - large)
    again = repeat_change(large, after, weight, large)
    np.testing.assert_allclose(again[20:60, 30:90], large[20:60, 30:90] * 0.5, atol=0.03)
