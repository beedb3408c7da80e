"""Every family under the one trainer: shapes, polarity of the labels, exact resume, and that it learns."""

import pytest
import torch
from accelerate import Accelerator

from inpaint.core.errors import RecipeError
from inpaint.core.losses import Objective, ObjectiveConfig, discriminator_loss, generator_loss
from inpaint.core.nets import (
    CentreDiscriminatorConfig,
    ContextEncoderConfig,
    DiscriminatorConfig,
    FreeFormConfig,
    GatedConfig,
    GeneratorConfig,
    LayerDiscriminatorConfig,
)
from inpaint.core.trainers import AdversarialTrainer, Batch, Phase, Schedule, build_family, restore, state_tensors

FAMILIES = {
    "btgmi": (GeneratorConfig(width=4, blocks=1), DiscriminatorConfig(width=4, scales=2), "log"),
    "gated": (GatedConfig(width=4), LayerDiscriminatorConfig(width=4), "lsgan"),
    "context-encoder": (
        ContextEncoderConfig(width=4, size=64, bottleneck=16),
        CentreDiscriminatorConfig(width=4),
        "log",
    ),
    "free-form": (FreeFormConfig(width=4), DiscriminatorConfig(width=4, scales=1, norm="spectral"), "hinge"),
}
each_family = pytest.mark.parametrize("name", FAMILIES)
NEW = [name for name in FAMILIES if name != "btgmi"]
SCHEDULE = Schedule([Phase(name="one", steps=4, side=0.25), Phase(name="two", steps=4, side=0.5, adversarial=0.1)])


def make_family(name):
    return build_family(*FAMILIES[name][:2])


def make_trainer(name, seed=0):
    torch.manual_seed(seed)
    objective = ObjectiveConfig(ppl=0.0, l1_hole=6.0, l1_known=1.0, adversarial=FAMILIES[name][2])
    return AdversarialTrainer(
        make_family(name), {"default": Objective(objective)}, accelerator=Accelerator(cpu=True), ema_decay=0.9
    )


def make_batch(step=0, size=64):
    random = torch.Generator().manual_seed(step)
    mask = torch.zeros(2, 1, size, size)
    mask[:, :, size // 4 : -size // 4, size // 4 : -size // 4] = 1
    return Batch(torch.rand(2, 3, size, size, generator=random) * 2 - 1, mask)


def run(trainer, start, stop):
    for step in range(start, stop):
        trainer.step(make_batch(step), SCHEDULE.at(step))


@each_family
@pytest.mark.parametrize("size", [64, 96])
def test_labels_and_judgements_have_the_same_shapes(name, size):
    family, batch = make_family(name), make_batch(size=size)
    judged = family.judge(family.build_discriminators(), batch.image, batch)
    for logits, fakes in zip(judged, family.fakes(batch), strict=True):
        # One label serves all channels of an output.
        assert (logits.shape[0], *logits.shape[2:]) == (fakes.shape[0], *fakes.shape[2:])
        assert set(fakes.unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("name", NEW)
def test_everything_that_is_judged_of_a_painted_picture_is_fake(name):
    """Unlike BTGMI, these papers know no real patches in a completed picture."""
    assert all(fakes.min() == 1 for fakes in make_family(name).fakes(make_batch()))


@pytest.mark.parametrize("name", NEW)
def test_polarity_of_the_adversarial_terms(name):
    """The discriminator pulls photographs up and painted pictures down, the generator pulls its own up."""
    kind, family, batch = FAMILIES[name][2], make_family(name), make_batch()
    torch.manual_seed(0)
    discriminator = family.build_discriminators()
    # Undecided: between the least-squares labels 0 and 1, and at 0 for the other two.
    start = 0.5 if kind == "lsgan" else 0.0
    real, fake, own = (
        [torch.full_like(x, start).requires_grad_() for x in family.judge(discriminator, batch.image, batch)]
        for _ in range(3)
    )
    discriminator_loss(real, fake, family.fakes(batch), kind).backward()
    generator_loss(own, family.fakes(batch), kind).backward()
    assert all((x.grad < 0).all() for x in real)
    assert all((x.grad > 0).all() for x in fake)
    assert all((x.grad < 0).all() for x in own)


@each_family
def test_what_is_completed_and_compared(name):
    family, batch = make_family(name), make_batch()
    made = family.complete(family.build_generator(), batch, 1.0)
    assert [stage.image.shape for stage in made.stages] == [batch.image.shape] * (2 if name == "free-form" else 1)
    known = (batch.mask == 0).expand_as(batch.image)
    # The gated model is judged as it paints; all others only where there was a hole.
    assert torch.equal(made.completed[known], batch.image[known]) == (name != "gated")


@pytest.mark.parametrize("name", NEW)
def test_every_term_learns(name):
    trainer = make_trainer(name)
    before = {key: value.clone() for key, value in state_tensors(trainer).items()}
    terms = trainer.step(make_batch(), SCHEDULE.at(0))
    stages = ("coarse/", "refined/") if name == "free-form" else ("",)
    expected = {f"{stage}{term}" for stage in stages for term in ("l1_hole", "l1_known")}
    assert set(terms) == expected | {"discriminator", "adversarial"}
    after = state_tensors(trainer)
    for part in ("generator", "discriminators", "average"):
        keys = [key for key in before if key.startswith(f"{part}.") and ".weight" in key]
        assert any(not torch.equal(before[key], after[key]) for key in keys)


@pytest.mark.parametrize("name", NEW)
def test_a_flat_picture_is_learnt(name):
    torch.manual_seed(0)
    trainer = make_trainer(name)
    flat = Batch(torch.full((2, 3, 64, 64), 0.5), make_batch().mask)
    phase = Schedule([Phase(name="quiet", steps=40, adversarial=0.0, lr=2e-3, decay=0)])
    term = "refined/l1_hole" if name == "free-form" else "l1_hole"
    losses = [trainer.step(flat, phase.at(step))[term] for step in range(40)]
    assert losses[-1] < 0.4 * losses[0]


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("stop", [2, 4])
def test_resuming_is_exact(name, stop):
    """N + M steps = N, save, a new process's trainer, M steps: bit for bit, within and between two stages."""
    whole = make_trainer(name)
    run(whole, 0, 6)
    first = make_trainer(name)
    run(first, 0, stop)
    second = make_trainer(name, seed=99)
    restore(second, state_tensors(first), 0)
    run(second, stop, 6)
    expected, got = state_tensors(whole), state_tensors(second)
    assert expected.keys() == got.keys()
    assert [key for key in expected if not torch.equal(expected[key], got[key])] == []


def test_a_context_encoder_wants_two_pictures():
    trainer = make_trainer("context-encoder")
    with pytest.raises(RecipeError, match="two or more pictures"):
        trainer.step(make_batch().part(0, 1), SCHEDULE.at(0))


@pytest.mark.parametrize("name", NEW)
def test_other_discriminators_are_refused(name):
    wrong = next(configs[1] for configs in FAMILIES.values() if configs[1].kind != FAMILIES[name][1].kind)
    with pytest.raises(RecipeError, match=f'"{name}" is judged by'):
        build_family(FAMILIES[name][0], wrong)


@pytest.mark.parametrize("name", NEW)
def test_they_cannot_grow_blocks_and_say_so(name):
    schedule = Schedule([Phase(name="block", steps=2, grow=True)])
    with pytest.raises(RecipeError, match="cannot grow"):
        make_trainer(name).step(make_batch(), schedule.at(0))
