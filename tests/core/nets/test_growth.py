"""Growth can only help: a block that has just been added changes no bit, and can learn."""

import pytest
import torch

from inpaint.core.nets import DiscriminatorConfig, GeneratorConfig, Growing, JointConfig, blocks_grown
from inpaint.core.nets.layers import CONVOLUTIONS, ResidualBlock
from inpaint.core.trainers.families import build_family

# Every family whose generator can grow, in each of its forms.
CONFIGS = [
    *(
        GeneratorConfig(width=4, blocks=2, convolution=name, start=s)
        for name in CONVOLUTIONS
        for s in ("zeros", "push-pull")
    ),
    JointConfig(width=4, blocks=2),
    JointConfig(width=4, blocks=2, convolution="dilated+resized", start="push-pull", tone="curves"),
]


def network(config) -> Growing:
    torch.manual_seed(0)
    generator = build_family(config, DiscriminatorConfig(width=4)).build_generator()
    # As after a training: norms that have measured something, and no weight that is 0 or 1 by its start.
    with torch.no_grad():
        for weight in generator.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    generator.train()
    run(generator, config, seed=1)
    return generator


def run(generator, config, fade=1.0, seed=0):
    random = torch.Generator().manual_seed(seed)
    image = torch.rand(2, 3, 64, 64, generator=random) * 2 - 1
    mask, thing = torch.zeros(2, 1, 2, 64, 64).unbind(2)
    mask[:, :, 16:40, 20:48], thing[:, :, 24:32, 28:40] = 1, 1
    outputs = (
        generator(image, mask * (1 - thing), thing, fade)
        if isinstance(config, JointConfig)
        else generator(image, mask, fade)
    )
    return torch.cat(outputs) if isinstance(outputs, tuple) else outputs


def test_every_network_that_grows_is_here():
    assert {type(network(config)) for config in CONFIGS} == set(Growing.__subclasses__())


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("fade", [0.0, 0.3, 1.0])
def test_a_grown_network_computes_what_the_old_one_did_to_the_bit(config, precision, training, fade):
    generator = network(config).train(training)
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
        before = run(generator, config)
        for _ in range(3):
            generator.grow()
            assert torch.equal(run(generator, config, fade), before)
    assert blocks_grown(generator) == 3


@pytest.mark.parametrize("config", [CONFIGS[0], CONFIGS[-1]], ids=str)
def test_a_new_block_learns_all_of_its_weights(config):
    generator = network(config)
    block = generator.grow()
    adam = torch.optim.Adam(generator.parameters(), lr=1e-2)
    start = {name: weight.detach().clone() for name, weight in block.named_parameters()}
    for step in range(3):
        adam.zero_grad()
        run(generator, config, seed=step).square().mean().backward()
        adam.step()
    assert all(not torch.equal(weight, start[name]) for name, weight in block.named_parameters())


def test_only_the_new_block_starts_as_the_identity():
    generator = network(CONFIGS[0])
    head = [block.branch[-1].weight.detach().clone() for block in generator.blocks]
    generator.grow()
    for block, weight in zip(generator.blocks, head, strict=True):
        assert isinstance(block, ResidualBlock)
        assert torch.equal(block.branch[-1].weight, weight)
