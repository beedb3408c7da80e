import pytest

from inpaint.core.errors import RecipeError
from inpaint.core.trainers import Phase, Schedule

ALGORITHM_1 = Schedule(
    [
        Phase(name="head", steps=150_000, lr=2e-4, adversarial=1.0),
        Phase(name="block 1", steps=1500, lr=2e-5, adversarial=0.1, grow=True),
        Phase(name="block 2", steps=1500, lr=2e-6, adversarial=0.01, grow=True),
        Phase(name="block 3", steps=1500, lr=2e-7, adversarial=0.001, grow=True),
    ]
)


@pytest.mark.parametrize(
    ("step", "phase", "grown", "lr", "adversarial", "fade"),
    [
        (0, "head", 0, 2e-4, 1.0, 1.0),
        (75_000, "head", 0, 2e-4 * 0.5**0.9, 1.0, 1.0),
        (149_999, "head", 0, 2e-4 * (1 / 150_000) ** 0.9, 1.0, 1.0),
        (150_000, "block 1", 1, 2e-5, 0.1, 0.0),
        (150_375, "block 1", 1, 2e-5 * 0.75**0.9, 0.1, 0.5),
        (150_750, "block 1", 1, 2e-5 * 0.5**0.9, 0.1, 1.0),
        (151_499, "block 1", 1, 2e-5 * (1 / 1500) ** 0.9, 0.1, 1.0),
        (151_500, "block 2", 2, 2e-6, 0.01, 0.0),
        (153_000, "block 3", 3, 2e-7, 0.001, 0.0),
        (154_499, "block 3", 3, 2e-7 * (1 / 1500) ** 0.9, 0.001, 1.0),
    ],
)
def test_algorithm_1_step_by_step(step, phase, grown, lr, adversarial, fade):
    moment = ALGORITHM_1.at(step)
    assert moment.phase.name == phase
    assert moment.grown == grown
    assert moment.lr == pytest.approx(lr)
    assert moment.adversarial == pytest.approx(adversarial)
    assert moment.fade == pytest.approx(fade)


def test_the_adversarial_weight_can_ramp():
    schedule = Schedule([Phase(name="rise", steps=10, adversarial=0.0, adversarial_end=1.0)])
    assert [schedule.at(step).adversarial for step in (0, 5, 9)] == pytest.approx([0.0, 0.5, 0.9])


def test_the_rate_can_stay_constant_or_end_above_zero():
    constant = Schedule([Phase(name="flat", steps=10, lr=1e-3, decay=0)])
    assert {constant.at(step).lr for step in range(10)} == {1e-3}
    linear = Schedule([Phase(name="down", steps=4, lr=1e-3, lr_end=5e-4, decay=1.0)])
    assert [linear.at(step).lr for step in range(4)] == pytest.approx([1e-3, 8.75e-4, 7.5e-4, 6.25e-4])


@pytest.mark.parametrize("step", [-1, 154_500])
def test_there_is_nothing_outside_the_schedule(step):
    with pytest.raises(ValueError, match="outside"):
        ALGORITHM_1.at(step)


@pytest.mark.parametrize(
    "settings",
    [{"steps": 0}, {"lr": 0.0}, {"adversarial": -1.0}, {"adversarial_end": -1.0}, {"fade": 0.0}, {"decay": -1.0}],
)
def test_impossible_phases_are_refused(settings):
    with pytest.raises(RecipeError):
        Phase(**{"name": "bad", "steps": 1, **settings})


def test_no_phases_are_refused():
    with pytest.raises(RecipeError, match="at least one phase"):
        Schedule([])
