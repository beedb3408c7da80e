"""The three models of paper 002: architecture as published, known pixels, gradients, and sizes that they take."""

import pytest
import torch

from inpaint.core.errors import RecipeError
from inpaint.core.nets import (
    ContextEncoderConfig,
    FreeFormConfig,
    GatedConfig,
    build_context_encoder,
    build_free_form,
    build_gated,
)
from inpaint.core.nets.gated import GatedResidualBlock
from inpaint.core.nets.gating import GatedConvolution

SMALL = {
    "gated": lambda: build_gated(GatedConfig(width=4)),
    "context-encoder": lambda: build_context_encoder(ContextEncoderConfig(width=4, size=64, bottleneck=16)),
    "free-form": lambda: build_free_form(FreeFormConfig(width=4)),
}
each_small = pytest.mark.parametrize("build", SMALL.values(), ids=SMALL.keys())


def picture(size=64, batch=2):
    random = torch.Generator().manual_seed(0)
    image = torch.rand(batch, 3, size, size, generator=random) * 2 - 1
    mask = torch.zeros(batch, 1, size, size)
    mask[:, :, 16:40, 20:48] = 1
    return image, mask


def layers(network, kind):
    return [module for module in network.modules() if isinstance(module, kind)]


def weights(network):
    return sum(parameter.numel() for parameter in network.parameters())


@each_small
def test_keeps_the_shape_and_the_known_pixels(build):
    torch.manual_seed(0)
    image, mask = picture()
    output = build()(image, mask)
    assert output.shape == image.shape
    known = (mask == 0).expand_as(image)
    assert torch.equal(output[known], image[known])
    assert not torch.equal(output, image)


@each_small
def test_ignores_what_is_under_the_hole(build):
    generator = build().eval()
    image, mask = picture()
    assert torch.equal(generator(image, mask), generator(image * (1 - mask) + 0.7 * mask, mask))


@each_small
def test_the_gradient_reaches_every_weight(build):
    torch.manual_seed(0)
    generator = build()
    image, mask = picture()
    painted = generator(image, mask, stages=True)
    sum((stage - image).square().mean() for stage in painted).backward()
    assert [name for name, p in generator.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


@each_small
def test_state_survives_a_round_trip(build):
    one, other = build().eval(), build().eval()
    image, mask = picture()
    assert not torch.equal(one(image, mask), other(image, mask))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(image, mask), other(image, mask))


class TestGated:
    def test_is_the_paper_s_architecture(self):
        generator = build_gated(GatedConfig())
        assert weights(generator) == 14_129_635
        channels = [layer.convolution.out_channels // 2 for layer in layers(generator, GatedConvolution)]
        # Doubled after every gated convolution and residual block on the way in, and the reverse on the way out.
        assert channels == [32, 64, 128, 256, 256, 512, 512, 256, 256, 128, 128, 64, 32]
        assert [layer.convolution.stride[0] for layer in layers(generator, GatedConvolution)].count(2) == 2
        assert len(layers(generator, GatedResidualBlock)) == 4
        assert [layer.mode for layer in layers(generator, torch.nn.Upsample)] == ["bilinear", "bilinear"]
        assert len(layers(generator, torch.nn.InstanceNorm2d)) == len(channels)
        assert not layers(generator, torch.nn.ConvTranspose2d)

    def test_the_decoder_is_the_encoder_backwards(self):
        """What maps a to b channels on the way in has something that maps b to a on the way out, in reverse order."""
        kinds = []
        for layer in build_gated(GatedConfig()).layers:
            if isinstance(layer, GatedResidualBlock):
                kinds.append(("block", layer.shortcut.in_channels, layer.shortcut.out_channels))
            elif isinstance(layer, GatedConvolution):
                kinds.append(("gated", layer.convolution.in_channels, layer.convolution.out_channels // 2))
        encoder, decoder = kinds[1:5], kinds[5:]
        assert decoder == [(kind, after, before) for kind, before, after in reversed(encoder)]

    def test_the_bottom_is_a_quarter_of_the_size(self):
        generator, seen = build_gated(GatedConfig(width=4)), []
        for block in layers(generator, GatedResidualBlock):
            block.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape[2:])))
        generator(*picture())
        assert seen == [(16, 16)] * 4

    def test_a_closed_gate_lets_nothing_through(self):
        layer = GatedConvolution(3, 4)
        with torch.no_grad():
            layer.convolution.bias[4:] = -1e4
        assert layer(torch.rand(1, 3, 8, 8)).abs().max() == 0

    def test_the_gate_is_not_normalised(self):
        """Instance norm would hide from the gate how bright a picture is."""
        torch.manual_seed(0)
        layer, x = GatedConvolution(1, 1, norm=True), torch.rand(1, 1, 8, 8)
        features, gate = layer.convolution(x).chunk(2, dim=1)
        normal = torch.nn.functional.elu(torch.nn.functional.instance_norm(features))
        assert torch.allclose(layer(x), normal * torch.sigmoid(gate), atol=1e-6)


class TestFreeForm:
    def test_is_the_authors_architecture(self):
        generator = build_free_form(FreeFormConfig())
        assert weights(generator) == 4_240_494
        gated = layers(generator, GatedConvolution)
        assert not layers(generator, (torch.nn.InstanceNorm2d, torch.nn.BatchNorm2d))
        assert {type(layer.activation) for layer in gated} == {torch.nn.ELU}
        dilations = [layer.convolution.dilation[0] for layer in layers(generator.coarse, GatedConvolution)]
        assert dilations == [1] * 6 + [2, 4, 8, 16] + [1] * 6
        assert gated[0].convolution.out_channels == 48

    def test_the_refinement_sees_the_coarse_picture_in_the_hole_only(self):
        generator, seen = build_free_form(FreeFormConfig(width=4)), []
        generator.plain.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
        image, mask = picture()
        coarse, refined = generator(image, mask, stages=True)
        assert torch.equal(seen[0][:, :3], image * (1 - mask) + coarse * mask)
        assert torch.equal(seen[0][:, 3:], mask)
        assert not torch.equal(coarse, refined)


class TestContextEncoder:
    def test_is_the_published_architecture(self):
        generator = build_context_encoder(ContextEncoderConfig())
        assert weights(generator) == 71_124_611
        assert [layer.out_channels for layer in layers(generator, torch.nn.Conv2d)] == [64, 64, 128, 256, 512, 4000]
        back = [layer.out_channels for layer in layers(generator, torch.nn.ConvTranspose2d)]
        assert back == [512, 256, 128, 64, 3]

    def test_paints_half_of_the_side(self):
        generator, seen = SMALL["context-encoder"](), []
        generator.decoder.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape)))
        generator(*picture())
        assert seen == [(2, 3, 32, 32)]

    @pytest.mark.parametrize("shape", [(64, 64), (40, 100), (200, 77)])
    def test_fills_any_hole_of_any_picture(self, shape):
        torch.manual_seed(0)
        generator = SMALL["context-encoder"]().eval()
        image, mask = torch.rand(1, 3, *shape), torch.zeros(1, 1, *shape)
        mask[..., 5:37, shape[1] // 2 :] = 1
        output = generator(image, mask)
        assert torch.isfinite(output).all()
        assert ((output != image) * mask).sum() > 0.9 * 3 * mask.sum()

    def test_refuses_sizes_that_cannot_be_halved(self):
        with pytest.raises(RecipeError, match="power of two"):
            ContextEncoderConfig(size=96)
