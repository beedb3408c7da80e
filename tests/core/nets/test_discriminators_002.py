"""The discriminators of paper 002's models: what is judged, how much of the picture one judgement sees."""

import pytest
import torch
from torch.nn.utils import parametrize

from inpaint.core.errors import RecipeError
from inpaint.core.nets import (
    CentreDiscriminatorConfig,
    DiscriminatorConfig,
    LayerDiscriminatorConfig,
    build_centre_discriminator,
    build_discriminators,
    build_layer_discriminator,
    judged_layers,
)


def seen_by(logit, image):
    """Side of the square of pixels on which one prediction depends."""
    (gradient,) = torch.autograd.grad(logit, image, retain_graph=True)
    rows = torch.nonzero(gradient.abs().sum(dim=(0, 1, 3)))
    return int(rows.max() - rows.min()) + 1


class TestLayers:
    def test_five_convolutions_whose_last_two_have_the_same_channels(self):
        discriminator = build_layer_discriminator(LayerDiscriminatorConfig())
        assert [c.out_channels for c in discriminator.convolutions] == [64, 128, 256, 512, 512]
        assert {c.stride for c in discriminator.convolutions} == {(2, 2)}
        assert sum(p.numel() for p in discriminator.parameters()) == 6_951_360

    def test_all_five_are_judged(self):
        assert len(build_layer_discriminator(LayerDiscriminatorConfig(width=4))(torch.rand(1, 3, 64, 64))) == 5

    @pytest.mark.parametrize("judged", [1, 3, 5])
    def test_several_scales_are_judged(self, judged):
        config = LayerDiscriminatorConfig(width=4, judged=judged)
        image = torch.rand(2, 3, 128, 96)
        outputs = build_layer_discriminator(config)(image)
        assert [tuple(x.shape[1:]) for x in outputs] == [
            (4, 64, 48),
            (8, 32, 24),
            (16, 16, 12),
            (32, 8, 6),
            (32, 4, 3),
        ][-judged:]
        shapes = [x.shape[2:] for x in judged_layers(image[:, :1], config)]
        assert shapes == [x.shape[2:] for x in outputs]

    def test_receptive_fields(self):
        # Only without instance norm, through which every output sees the whole picture.
        discriminator = build_layer_discriminator(LayerDiscriminatorConfig(width=4, judged=5))
        image = torch.rand(1, 3, 256, 256, requires_grad=True)
        x, sides = image, []
        for convolution in discriminator.convolutions:
            x = convolution(x)
            sides.append(seen_by(x[0, 0, x.shape[2] // 2, x.shape[3] // 2], image))
        assert sides == [4, 10, 22, 46, 94]

    def test_outputs_are_judged_before_they_are_normalised(self):
        """The mean of an output is its judgement, and instance norm would set it to zero."""
        torch.manual_seed(0)
        outputs = build_layer_discriminator(LayerDiscriminatorConfig(width=4))(torch.rand(1, 3, 64, 64))
        assert all(x.mean(dim=(2, 3)).abs().max() > 0.01 for x in outputs)

    def test_refuses_impossible_settings(self):
        with pytest.raises(RecipeError, match="1 to 5"):
            LayerDiscriminatorConfig(judged=6)


class TestPatchGan:
    @pytest.mark.parametrize("norm", ["spectral", "none"])
    def test_one_scale_sees_70_pixels_and_is_normalised_as_it_says(self, norm):
        discriminator = build_discriminators(DiscriminatorConfig(width=8, scales=1, norm=norm)).eval()
        convolutions = [m for m in discriminator.modules() if isinstance(m, torch.nn.Conv2d)]
        assert len(convolutions) == 5
        assert all(parametrize.is_parametrized(c, "weight") == (norm == "spectral") for c in convolutions)
        assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in discriminator.modules())
        image = torch.rand(1, 3, 256, 256, requires_grad=True)
        (logits,) = discriminator(image, image.detach(), torch.zeros(1, 1, 256, 256))
        assert seen_by(logits[0, 0, 15, 15], image) == 70


class TestCentre:
    def test_one_judgement_of_the_patch_alone(self):
        torch.manual_seed(0)
        discriminator = build_centre_discriminator(CentreDiscriminatorConfig(width=4), 32).eval()
        image, mask = torch.rand(2, 3, 64, 64, requires_grad=True), torch.zeros(2, 1, 64, 64)
        mask[:, :, 16:48, 16:48] = 1
        (logits,) = discriminator(image, mask)
        assert logits.shape == (2, 1, 1, 1)
        (gradient,) = torch.autograd.grad(logits.sum(), image)
        assert (gradient * (1 - mask)).abs().max() < 1e-6
        assert ((gradient * mask).abs().sum(dim=(0, 1)) > 0).sum() > 0.95 * 32 * 32

    def test_the_published_size(self):
        discriminator = build_centre_discriminator(CentreDiscriminatorConfig(), 64)
        channels = [m.out_channels for m in discriminator.modules() if isinstance(m, torch.nn.Conv2d)]
        assert channels == [64, 128, 256, 512, 1]
