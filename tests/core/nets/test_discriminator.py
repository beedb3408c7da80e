import pytest
import torch

from inpaint.core.nets import DiscriminatorConfig, build_discriminators, patch_overlap


def random_mask(size, seed):
    random = torch.Generator().manual_seed(seed)
    top, left, height, width = torch.randint(1, size // 3, (4,), generator=random).tolist()
    mask = torch.zeros(1, 1, size, size)
    mask[:, :, top : top + height, left : left + width] = 1
    return mask


def test_shapes_agree_with_the_overlaps():
    discriminators = build_discriminators(DiscriminatorConfig(width=4))
    image, mask = torch.rand(2, 3, 128, 160), torch.zeros(2, 1, 128, 160)
    logits = discriminators(image, image, mask)
    assert [x.shape for x in logits] == [x.shape for x in patch_overlap(mask, 3)]
    assert [tuple(x.shape[2:]) for x in logits] == [(14, 18), (6, 8), (2, 3)]


def test_the_scales_are_identical_but_for_their_weights():
    scales = build_discriminators(DiscriminatorConfig(width=4)).scales
    assert len({str(scale) for scale in scales}) == 1
    assert not torch.equal(scales[0][0].weight, scales[1][0].weight)


@pytest.mark.parametrize("norm", ["none", "spectral"])
@pytest.mark.parametrize("seed", range(3))
def test_overlap_is_exactly_the_receptive_field(norm, seed):
    """Brute force: a prediction overlaps the hole if and only if changing hole pixels can change it."""
    size, scales = 96, 2
    torch.manual_seed(seed)
    discriminators = build_discriminators(DiscriminatorConfig(width=4, scales=scales, norm=norm)).double().eval()
    mask = random_mask(size, seed)
    image = torch.rand(1, 3, size, size, dtype=torch.float64, requires_grad=True)
    incomplete = (image * (1 - mask)).detach()
    for logits, overlap in zip(
        discriminators(image, incomplete, mask.double()), patch_overlap(mask, scales), strict=True
    ):
        for row in range(logits.shape[2]):
            for column in range(logits.shape[3]):
                (gradient,) = torch.autograd.grad(logits[0, 0, row, column], image, retain_graph=True)
                sees_the_hole = bool((gradient.abs().sum(dim=1, keepdim=True) * mask).sum() > 0)
                assert sees_the_hole == bool(overlap[0, 0, row, column])


def test_one_pixel_is_seen_by_the_patches_around_it_only():
    mask = torch.zeros(1, 1, 256, 256)
    mask[..., 128, 128] = 1
    (finest,) = patch_overlap(mask, 1)
    # A 70 x 70 patch every 8 pixels: 8 or 9 patches per axis hold any one pixel.
    assert finest.sum() in (64, 72, 81)
    assert patch_overlap(torch.zeros(1, 1, 256, 256), 1)[0].sum() == 0
    assert patch_overlap(torch.ones(1, 1, 256, 256), 1)[0].min() == 1
