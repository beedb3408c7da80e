import pytest
import torch

from inpaint.core.errors import RecipeError
from inpaint.core.nets import GeneratorConfig, build_generator, push_pull
from inpaint.core.nets.layers import CONVOLUTIONS


def picture(size=64, batch=2, seed=0):
    random = torch.Generator().manual_seed(seed)
    image = torch.rand(batch, 3, size, size, generator=random) * 2 - 1
    mask = torch.zeros(batch, 1, size, size)
    mask[:, :, 16:40, 20:48] = 1
    return image, mask


@pytest.mark.parametrize("convolution", sorted(CONVOLUTIONS))
@pytest.mark.parametrize("start", ["zeros", "push-pull"])
def test_keeps_the_shape_and_the_known_pixels(convolution, start):
    generator = build_generator(GeneratorConfig(width=4, blocks=2, convolution=convolution, start=start))
    image, mask = picture()
    output = generator(image, mask)
    assert output.shape == image.shape
    known = (mask == 0).expand_as(image)
    assert torch.equal(output[known], image[known])
    assert not torch.equal(output, image)


def test_ignores_what_is_under_the_hole():
    for start in ("zeros", "push-pull"):
        generator = build_generator(GeneratorConfig(width=4, blocks=1, start=start)).eval()
        image, mask = picture()
        other = image * (1 - mask) + 0.7 * mask
        assert torch.equal(generator(image, mask), generator(other, mask))


def test_is_the_published_architecture():
    generator = build_generator(GeneratorConfig())
    convolutions = [m for m in generator.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d)]
    assert len(convolutions) == 3 + 2 * 9 + 3
    assert [c.stride[0] for c in convolutions] == [2] * 3 + [1] * 18 + [2] * 3
    assert [c.out_channels for c in convolutions] == [64, 128, 256] + [256] * 18 + [128, 64, 3]
    assert convolutions[0].in_channels == 4
    assert {c.dilation for c in convolutions[3:21]} == {(2, 2)}
    norms = [m for m in generator.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(norms) == len(convolutions) - 1
    assert isinstance(convolutions[-1], torch.nn.ConvTranspose2d)


def test_vanilla_and_interpolated_are_what_they_say():
    vanilla = build_generator(GeneratorConfig(width=4, blocks=1, convolution="vanilla"))
    assert vanilla.blocks[0].branch[0].dilation == (1, 1)
    interpolated = build_generator(GeneratorConfig(width=4, blocks=1, convolution="dilated+interpolated"))
    kinds = {type(m).__name__ for m in interpolated.modules()}
    assert {"MaxPool2d", "Upsample"} <= kinds
    assert "ConvTranspose2d" not in kinds
    assert interpolated.blocks[0].branch[0].dilation == (2, 2)


def stir(block):
    """Give a new block, which starts as the identity, something to do."""
    torch.nn.init.ones_(block.branch[-1].weight)


@pytest.mark.parametrize("training", [True, False])
def test_a_block_at_weight_zero_changes_no_bit(training):
    generator = build_generator(GeneratorConfig(width=4, blocks=2)).train(training)
    image, mask = picture()
    before = generator(image, mask)
    stir(generator.grow())
    assert torch.equal(generator(image, mask, 0.0), before)
    assert not torch.equal(generator(image, mask, 0.5), before)


def test_fading_mixes_trunk_and_block():
    generator = build_generator(GeneratorConfig(width=4, blocks=1, start="zeros"), grown=1).eval()
    stir(generator.grown[0])
    seen = {}
    generator.up.register_forward_pre_hook(lambda module, inputs: seen.__setitem__("trunk", inputs[0]))
    image, mask = picture()
    generator(image, mask, 0.0)
    trunk = seen["trunk"]
    generator(image, mask, 1.0)
    full = seen["trunk"]
    generator(image, mask, 0.25)
    assert torch.allclose(seen["trunk"], 0.75 * trunk + 0.25 * full, atol=1e-6)
    assert not torch.allclose(trunk, full)


def test_only_the_newest_block_fades():
    generator = build_generator(GeneratorConfig(width=4, blocks=1), grown=1).eval()
    image, mask = picture()
    before = generator(image, mask, 1.0)
    stir(generator.grow())
    assert torch.equal(generator(image, mask, 0.0), before)


def test_state_survives_a_round_trip():
    config = GeneratorConfig(width=4, blocks=1, start="push-pull")
    one, other = build_generator(config, grown=2).eval(), build_generator(config, grown=2).eval()
    other.load_state_dict(one.state_dict())
    image, mask = picture()
    assert torch.equal(one(image, mask), other(image, mask))


def test_refuses_impossible_settings():
    with pytest.raises(RecipeError, match="Unknown convolution"):
        GeneratorConfig(convolution="deformable")
    with pytest.raises(RecipeError, match="at least 1"):
        GeneratorConfig(width=0)
    with pytest.raises(RecipeError, match="Unknown start"):
        GeneratorConfig(start="noise")


class TestPushPull:
    def test_continues_a_flat_colour_exactly(self):
        image = torch.full((1, 3, 64, 64), 0.3)
        _, mask = picture(batch=1)
        assert torch.allclose(push_pull(image * (1 - mask), mask), image, atol=1e-5)

    def test_returns_known_pixels_as_they_are(self):
        image, mask = picture()
        known = (mask == 0).expand_as(image)
        assert torch.equal(push_pull(image, mask)[known], image[known])

    def test_stays_between_the_colours_around_the_hole(self):
        image, mask = picture()
        filled = push_pull(image, mask)
        assert filled.max() <= image.max() + 1e-5
        assert filled.min() >= image.min() - 1e-5

    def test_follows_a_gradient(self):
        ramp = torch.linspace(-1, 1, 128).expand(1, 3, 128, 128)
        mask = torch.zeros(1, 1, 128, 128)
        mask[:, :, 48:80, 48:80] = 1
        error = (push_pull(ramp, mask) - ramp).abs()[:, :, 48:80, 48:80]
        assert error.mean() < 0.1

    def test_an_image_without_known_pixels_is_zero(self):
        image = torch.rand(1, 3, 32, 32)
        assert torch.equal(push_pull(image, torch.ones(1, 1, 32, 32)), torch.zeros_like(image))

    def test_fills_a_hole_wider_than_its_coarsest_cell(self):
        image = torch.full((1, 3, 256, 256), 0.5)
        mask = torch.zeros(1, 1, 256, 256)
        mask[:, :, 32:224, 32:224] = 1
        assert torch.allclose(push_pull(image, mask), image, atol=1e-4)

    def test_passes_gradients_to_the_known_pixels(self):
        image, mask = picture(batch=1)
        image.requires_grad_()
        (push_pull(image, mask) * mask).sum().backward()
        assert torch.isfinite(image.grad).all()
        assert (image.grad * (1 - mask)).abs().sum() > 0
