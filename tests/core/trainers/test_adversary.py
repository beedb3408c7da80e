import pytest
import torch
from accelerate import Accelerator

from inpaint.core.errors import DivergedError
from inpaint.core.losses import Objective, ObjectiveConfig
from inpaint.core.nets import DiscriminatorConfig, GeneratorConfig
from inpaint.core.trainers import (
    AdversarialTrainer,
    Batch,
    Phase,
    Schedule,
    build_family,
    restore,
    state_tensors,
    train,
)

SCHEDULE = Schedule([Phase(name="head", steps=4), Phase(name="block 1", steps=4, adversarial=0.1, grow=True)])


def make_trainer(seed=0, norm="spectral", **objective):
    torch.manual_seed(seed)
    config = ObjectiveConfig(**{"ppl": 0.0, "l1_hole": 6.0, **objective})
    return AdversarialTrainer(
        build_family(
            GeneratorConfig(width=4, blocks=1, start="push-pull"),
            DiscriminatorConfig(width=4, scales=2, norm=norm),
        ),
        {"default": Objective(config)},
        accelerator=Accelerator(cpu=True),
        ema_decay=0.9,
    )


def make_batch(step=0):
    random = torch.Generator().manual_seed(step)
    mask = torch.zeros(2, 1, 64, 64)
    mask[:, :, 16:48, 16:40] = 1
    return Batch(torch.rand(2, 3, 64, 64, generator=random) * 2 - 1, mask)


def run(trainer, start, stop):
    for step in range(start, stop):
        trainer.step(make_batch(step), SCHEDULE.at(step))


def test_reports_every_term():
    terms = make_trainer().step(make_batch(), SCHEDULE.at(0))
    assert set(terms) == {"discriminator", "l1_hole", "adversarial"}
    assert all(value > 0 for value in terms.values())


def test_the_generators_step_leaves_no_gradient_in_the_discriminators():
    trainer = make_trainer()
    gradients = {}

    def remember(*_):
        gradients["d"] = [p.grad.clone() for p in trainer.discriminators.parameters()]

    trainer.discriminator_adam.register_step_post_hook(remember)
    trainer.step(make_batch(), SCHEDULE.at(0))
    after = [p.grad for p in trainer.discriminators.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(gradients["d"], after, strict=True))
    assert all(p.requires_grad for p in trainer.discriminators.parameters())


def test_the_discriminators_step_leaves_no_gradient_in_the_generator():
    trainer = make_trainer()
    seen = []
    trainer.discriminator_adam.register_step_post_hook(
        lambda *_: seen.extend(p.grad for p in trainer.generator.parameters())
    )
    trainer.step(make_batch(), SCHEDULE.at(0))
    assert seen
    assert all(gradient is None for gradient in seen)


def test_without_adversarial_weight_the_discriminators_rest():
    trainer = make_trainer()
    before = [p.clone() for p in trainer.discriminators.parameters()]
    quiet = Schedule([Phase(name="quiet", steps=1, adversarial=0.0)])
    assert set(trainer.step(make_batch(), quiet.at(0))) == {"l1_hole"}
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.discriminators.parameters(), strict=True))


def test_learns_a_flat_picture():
    trainer = make_trainer(l1_hole=10.0)
    flat = Batch(torch.full((2, 3, 64, 64), 0.5), make_batch().mask)
    phase = Schedule([Phase(name="quiet", steps=30, adversarial=0.0, lr=5e-3)])
    losses = [trainer.step(flat, phase.at(step))["l1_hole"] for step in range(30)]
    assert losses[-1] < 0.5 * losses[0]


def test_growing_happens_when_the_schedule_says_so():
    trainer = make_trainer()
    run(trainer, 0, 4)
    assert len(trainer.generator.grown) == 0
    run(trainer, 4, 5)
    assert len(trainer.generator.grown) == len(trainer.ema.generator.grown) == 1
    adam_sizes = sum(p.numel() for group in trainer.generator_adam.param_groups for p in group["params"])
    assert adam_sizes == sum(p.numel() for p in trainer.generator.parameters())


@pytest.mark.parametrize("stop", [2, 4, 6])
def test_resuming_is_exact(stop):
    """N + M steps = N, save, a new process's trainer, M steps: bit for bit, before, at and after growth."""
    whole = make_trainer()
    run(whole, 0, 8)
    first = make_trainer()
    run(first, 0, stop)
    saved, grown = state_tensors(first), len(first.generator.grown)
    second = make_trainer(seed=99)
    restore(second, saved, grown)
    run(second, stop, 8)
    expected, got = state_tensors(whole), state_tensors(second)
    assert expected.keys() == got.keys()
    assert [key for key in expected if not torch.equal(expected[key], got[key])] == []


def test_a_loss_that_is_not_finite_stops_before_it_does_harm():
    trainer = make_trainer()
    batch = make_batch()
    before = state_tensors(trainer)
    batch.image[0, 0, 0, 0] = float("nan")
    with pytest.raises(DivergedError, match="not finite"):
        trainer.step(batch, SCHEDULE.at(0))
    after = state_tensors(trainer)
    weights = [key for key in before if key.startswith(("average.", "generator_adam"))]
    assert all(torch.equal(before[key], after[key]) for key in weights)


def break_gradient(network):
    """Let a gradient overflow on its way back, which leaves the loss finite."""
    weight = next(iter(network.parameters()))
    return weight.register_hook(lambda gradient: gradient * float("inf"))


@pytest.mark.parametrize("network", ["generator", "discriminators"])
def test_a_gradient_that_is_not_finite_stops_before_it_does_harm(network):
    trainer = make_trainer()
    run(trainer, 0, 1)
    before = state_tensors(trainer)
    break_gradient(getattr(trainer, network))
    with pytest.raises(DivergedError, match="not finite"):
        trainer.step(make_batch(1), SCHEDULE.at(1))
    assert not trainer.guard.sound
    after = state_tensors(trainer)
    assert [key for key, value in after.items() if not torch.isfinite(value).all()] == []
    learned = [f"{network}.{name}" for name, _ in getattr(trainer, network).named_parameters()]
    learned += [
        key for key in before if key.startswith("generator_adam" if network == "generator" else "discriminator_adam")
    ]
    assert [key for key in learned if not torch.equal(before[key], after[key])] == []


def test_a_broken_gradient_is_heard_of_later_where_the_device_runs_ahead_and_does_no_harm_meanwhile():
    trainer = make_trainer()
    trainer.guard.lag = 2
    before = [p.clone() for p in trainer.generator.parameters()]
    hook = break_gradient(trainer.generator)
    run(trainer, 0, 1)
    hook.remove()
    assert not trainer.guard.sound
    run(trainer, 1, 2)
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.generator.parameters(), strict=True))
    assert all(torch.isfinite(p).all() for p in trainer.ema.generator.parameters())
    with pytest.raises(DivergedError):
        run(trainer, 2, 3)


def test_the_average_trails_the_generator():
    trainer = make_trainer()
    start = [p.clone() for p in trainer.ema.generator.parameters()]
    run(trainer, 0, 3)
    for old, average, current in zip(
        start, trainer.ema.generator.parameters(), trainer.generator.parameters(), strict=True
    ):
        if not torch.equal(old, current):
            assert not torch.equal(average, current)
    assert trainer.ema.updates == 3


def test_the_loop_stops_when_a_callback_asks():
    trainer, seen = make_trainer(), []

    def stop_after_two(report):
        seen.append((report.step, report.moment.phase.name))
        return report.step == 2

    batches = (make_batch(step) for step in range(8))
    assert train(trainer, SCHEDULE, batches, [stop_after_two]) == 2
    assert seen == [(1, "head"), (2, "head")]


def test_the_fused_optimiser_does_what_the_plain_one_does_also_after_resuming():
    """It walks through weights, gradients and averages as they lie in memory: all must lie alike."""
    fused, plain = make_trainer(), make_trainer()
    for name in ("generator_adam", "discriminator_adam"):
        groups = getattr(plain, name).param_groups
        setattr(plain, name, torch.optim.Adam(groups[0]["params"], betas=(0.5, 0.999), foreach=False))
    run(fused, 0, 2)
    run(plain, 0, 2)
    resumed = make_trainer(seed=99)
    restore(resumed, state_tensors(fused), 0)
    run(resumed, 2, 4)
    run(plain, 2, 4)
    expected, got = state_tensors(plain), state_tensors(resumed)
    # Four steps of 2e-4 each: averages laid out wrongly would move weights by up to twice that.
    for key in expected:
        if key.startswith("generator."):
            assert (expected[key].float() - got[key].float()).abs().mean() < 2e-5, key


def test_one_judging_pass_gives_what_two_give():
    together, apart = make_trainer(norm="none"), make_trainer(norm="none")
    assert together._judges_together
    apart._judges_together = False
    # One step, and gradients: Adam's first steps blow differences in rounding up to the size of the learning rate.
    terms = [trainer.step(make_batch(), SCHEDULE.at(0))["discriminator"] for trainer in (together, apart)]
    assert float(terms[0]) == pytest.approx(float(terms[1]), rel=1e-4)
    pairs = zip(together.discriminators.parameters(), apart.discriminators.parameters(), strict=True)
    for one, two in pairs:
        assert torch.allclose(one.grad, two.grad, rtol=1e-2, atol=1e-3 * float(two.grad.abs().max()))


def test_batch_norm_judges_photographs_and_completed_pictures_apart():
    assert not make_trainer(norm="batch")._judges_together


@pytest.mark.parametrize("adversarial", [1.0, 0.0])
def test_a_batch_in_parts_gives_the_gradients_of_the_whole(adversarial):
    """On a batch of the same picture twice, so that batch norm sees the same in a part as in the whole."""
    picture = make_batch().part(0, 1)
    trainers = {}
    for parts in (1, 2):
        phase = Schedule([Phase(name="only", steps=1, adversarial=adversarial, accumulate=parts)])
        trainers[parts] = make_trainer(norm="none")
        terms = trainers[parts].step(picture.twice(), phase.at(0))
        trainers[parts].terms = {name: float(term) for name, term in terms.items()}
    assert trainers[2].terms == pytest.approx(trainers[1].terms, rel=1e-4)
    for network in ("generator", "discriminators"):
        pairs = zip(getattr(trainers[1], network).parameters(), getattr(trainers[2], network).parameters(), strict=True)
        for whole, parts in pairs:
            if whole.grad is not None:
                tolerance = 1e-3 * float(whole.grad.abs().max())
                assert torch.allclose(whole.grad, parts.grad, rtol=1e-2, atol=tolerance)


def test_parts_whose_holes_differ_give_the_gradients_of_the_whole_too():
    """Without batch norm, which would see other pictures in a part than in the whole."""
    batch = make_batch()
    batch.mask[1] = 0
    batch.mask[1, :, 30:34, 30:34] = 1
    trainers = {}
    for parts in (1, 2):
        phase = Schedule([Phase(name="only", steps=1, accumulate=parts)])
        trainers[parts] = make_trainer(norm="none", l2_hole=3.0, ssim=1.0)
        trainers[parts].generator.eval()
        trainers[parts].step(batch, phase.at(0))
    pairs = zip(trainers[1].generator.parameters(), trainers[2].generator.parameters(), strict=True)
    for whole, parts in pairs:
        assert torch.allclose(whole.grad, parts.grad, rtol=1e-2, atol=1e-3 * float(whole.grad.abs().max()))


def test_divergence_is_heard_of_later_where_the_device_runs_ahead():
    trainer = make_trainer()
    trainer.guard.lag = 2
    before = [p.clone() for p in trainer.generator.parameters()]
    batch = make_batch()
    batch.image[0, 0, 0, 0] = float("nan")
    trainer.step(batch, SCHEDULE.at(0))
    run(trainer, 1, 2)
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.generator.parameters(), strict=True))
    with pytest.raises(DivergedError):
        run(trainer, 2, 3)
