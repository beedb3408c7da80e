import pytest
import torch

from inpaint.core.errors import DivergedError
from inpaint.core.trainers import Guard

CPU = torch.device("cpu")


def test_finite_losses_pass():
    guard = Guard(CPU)
    guard.watch(torch.tensor(3.0))
    guard.end_step()
    guard.verify()
    assert guard.sound


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_host_hears_of_it_at_once_on_the_cpu(value):
    guard = Guard(CPU)
    guard.watch(torch.tensor(value))
    with pytest.raises(DivergedError, match="not finite"):
        guard.end_step()


def test_a_device_that_computes_ahead_is_asked_later():
    guard = Guard(CPU, lag=2)
    guard.watch(torch.tensor(float("nan")))
    assert not guard.sound
    guard.end_step()
    # What comes afterwards does not heal it.
    guard.watch(torch.tensor(1.0))
    guard.end_step()
    with pytest.raises(DivergedError):
        guard.verify()
    with pytest.raises(DivergedError):
        guard.end_step()


@pytest.mark.parametrize(("value", "sound"), [(1e10, True), (float("nan"), False), (float("inf"), False)])
def test_gradients_are_watched_too(value, sound):
    layers = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 2))
    guard = Guard(CPU)
    guard.watch_gradients(layers)  # there are none yet
    layers[1].bias.grad = torch.tensor([1.0, value])
    guard.watch_gradients(layers)
    assert guard.sound == sound
    layers[1].bias.grad = torch.zeros(2)
    guard.watch_gradients(layers)
    assert guard.sound == sound


def test_a_gradient_that_adam_cannot_square_is_not_finite():
    layer = torch.nn.Linear(2, 1)
    layer.weight.grad = torch.full((1, 2), 1e30)
    guard = Guard(CPU)
    guard.watch_gradients(layer)
    assert not guard.sound


def test_the_optimiser_skips_what_is_broken_and_everything_after():
    guard = Guard(CPU, lag=2)
    weight = torch.nn.Parameter(torch.ones(3))
    adam = torch.optim.Adam([weight], lr=0.1, fused=True)
    adam.found_inf = guard.broken
    for loss, moves in ((1.0, True), (float("nan"), False), (1.0, False)):
        before = weight.detach().clone()
        weight.grad = torch.ones(3)
        guard.watch(torch.tensor(loss))
        adam.step()
        assert torch.equal(before, weight.detach()) != moves
    assert adam.state[weight]["step"] == 1
