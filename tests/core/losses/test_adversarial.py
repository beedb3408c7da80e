import math

import pytest
import torch

from inpaint.core.losses import discriminator_loss, generator_loss
from inpaint.core.nets import DiscriminatorConfig, build_discriminators, patch_overlap

KINDS = ["log", "lsgan", "hinge"]


def half_overlap():
    overlap = torch.zeros(1, 1, 2, 2)
    overlap[..., 0] = 1
    return [overlap]


@pytest.mark.parametrize(
    ("kind", "at_zero_d", "at_zero_g"),
    [("log", 2 * math.log(2), math.log(2)), ("lsgan", 1 + 0.5, 1.0), ("hinge", 2.0, 0.0)],
)
def test_known_values_for_undecided_discriminators(kind, at_zero_d, at_zero_g):
    zeros = [torch.zeros(1, 1, 2, 2)]
    assert discriminator_loss(zeros, zeros, half_overlap(), kind).item() == pytest.approx(at_zero_d)
    assert generator_loss(zeros, half_overlap(), kind).item() == pytest.approx(at_zero_g)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_of_the_discriminator(kind):
    """High logits = real: right everywhere on a photograph, right only beside the hole on a completed image."""
    overlap = half_overlap()
    sure = 1.0 if kind == "lsgan" else 8.0
    fake = 0.0 if kind == "lsgan" else -8.0
    real = [torch.full((1, 1, 2, 2), sure)]
    right = [torch.where(overlap[0] > 0, fake, sure)]
    wrong = [torch.where(overlap[0] > 0, sure, fake)]
    all_fake = [torch.full((1, 1, 2, 2), fake)]
    assert discriminator_loss(real, right, overlap, kind) < 0.01
    assert discriminator_loss(real, wrong, overlap, kind) > 0.9
    # The plain PatchGAN's labels, every patch of the completed image fake, are wrong here.
    assert discriminator_loss(real, all_fake, overlap, kind) > 0.4
    assert discriminator_loss(all_fake, right, overlap, kind) > 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_labels_of_the_generator_are_the_reverse(kind):
    """One descent step on the logits moves hole patches towards real, and all others not at all."""
    overlap = half_overlap()
    logits = torch.zeros(1, 1, 2, 2, requires_grad=True)
    generator_loss([logits], overlap, kind).backward()
    assert (logits.grad[overlap[0] > 0] < 0).all()
    assert (logits.grad[overlap[0] == 0] == 0).all()

    logits_d = torch.zeros(1, 1, 2, 2, requires_grad=True)
    discriminator_loss([torch.zeros(1, 1, 2, 2)], [logits_d], overlap, kind).backward()
    assert (logits_d.grad[overlap[0] > 0] >= 0).all()
    assert (logits_d.grad[overlap[0] == 0] < 0).all()
    if kind != "lsgan":  # at 0 the least-squares discriminator is already where fake belongs
        assert (logits_d.grad[overlap[0] > 0] > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_gradients(kind):
    torch.manual_seed(0)
    overlap = [(torch.rand(2, 1, 3, 3) > 0.5).double(), (torch.rand(2, 1, 2, 2) > 0.5).double()]
    real, fake = ([torch.randn(2, 1, n, n, dtype=torch.double, requires_grad=True) for n in (3, 2)] for _ in range(2))
    assert torch.autograd.gradcheck(lambda *x: discriminator_loss(x[:2], x[2:], overlap, kind), (*real, *fake))
    assert torch.autograd.gradcheck(lambda *x: generator_loss(x, overlap, kind), tuple(fake))


def test_patches_beside_the_hole_carry_no_gradient_to_the_image():
    """Why the generator's mean may leave them out: without batch statistics they cannot depend on the hole."""
    discriminators = build_discriminators(DiscriminatorConfig(width=4, scales=1, norm="none"))
    mask = torch.zeros(1, 1, 128, 128)
    mask[..., :16, :16] = 1
    image = torch.rand(1, 3, 128, 128, requires_grad=True)
    (logits,) = discriminators(image, image.detach() * (1 - mask), mask)
    (overlap,) = patch_overlap(mask, 1)
    assert 0 < overlap.sum() < overlap.numel()
    (gradient,) = torch.autograd.grad((logits * (1 - overlap)).sum(), image)
    assert (gradient * mask).abs().max() == 0


def test_without_any_overlap_the_generator_loss_is_zero():
    assert generator_loss([torch.randn(1, 1, 2, 2)], [torch.zeros(1, 1, 2, 2)]).item() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_counts_alike_however_many_patches_touch_its_hole(kind):
    """Equation 6 is an expectation over pictures."""
    torch.manual_seed(0)
    fake, overlap = torch.randn(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)
    overlap[0, :, 0, 0] = 1
    overlap[1, :, :3] = 1
    alone = [generator_loss([fake[n : n + 1]], [overlap[n : n + 1]], kind).item() for n in range(2)]
    assert generator_loss([fake], [overlap], kind).item() == pytest.approx(sum(alone) / 2, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_one_label_serves_all_channels_of_an_output(kind):
    """A discriminator may judge with several channels; the loss is the mean over them."""
    torch.manual_seed(0)
    real, fake, overlap = torch.randn(2, 3, 2, 2), torch.randn(2, 3, 2, 2), half_overlap()[0].expand(2, 1, 2, 2)
    single = [discriminator_loss([real[:, n : n + 1]], [fake[:, n : n + 1]], [overlap], kind) for n in range(3)]
    assert discriminator_loss([real], [fake], [overlap], kind) == pytest.approx(sum(single) / 3)
    single = [generator_loss([fake[:, n : n + 1]], [overlap], kind) for n in range(3)]
    assert generator_loss([fake], [overlap], kind) == pytest.approx(sum(single) / 3)
