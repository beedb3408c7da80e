"""Steps that are recorded and replayed. Without a CUDA device a recording is the same work done again: what it would
have kept of its first step, it keeps here, too."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from accelerate import Accelerator

from inpaint.core.errors import DivergedError
from inpaint.core.losses import Objective, ObjectiveConfig
from inpaint.core.nets import (
    CentreDiscriminatorConfig,
    ContextEncoderConfig,
    DiscriminatorConfig,
    FreeFormConfig,
    GatedConfig,
    GeneratorConfig,
    JointConfig,
    LayerDiscriminatorConfig,
)
from inpaint.core.trainers import AdversarialTrainer, Batch, Phase, Schedule, build_family, restore, state_tensors
from inpaint.core.trainers.cuda_graphs import WARM_UP, CudaRecorder, GraphedSteps

# Everything that changes from step to step changes here: rates, weights, growth and fading.
SCHEDULE = Schedule(
    [
        Phase(name="head", steps=8, lr=2e-3, adversarial=1.0, adversarial_end=0.2),
        Phase(name="block 1", steps=12, lr=1e-3, adversarial=0.1, grow=True, fade=0.25),
        Phase(name="plain", steps=6, lr=1e-3, adversarial=0.0),
    ]
)
PATCHGAN = DiscriminatorConfig(width=4, scales=2, norm="batch")
FAMILIES = {
    "btgmi": (GeneratorConfig(width=4, blocks=1, start="push-pull"), PATCHGAN),
    "joint": (JointConfig(width=4, blocks=1, start="push-pull", tone="curves"), PATCHGAN),
    "gated": (GatedConfig(width=4), LayerDiscriminatorConfig(width=4)),
    "context-encoder": (ContextEncoderConfig(width=4, size=64, bottleneck=16), CentreDiscriminatorConfig(width=4)),
    "free-form": (FreeFormConfig(width=4), DiscriminatorConfig(width=4, scales=1, norm="spectral")),
}


class Repeating:
    """Records by keeping the work."""

    def __init__(self):
        self.recorded, self.replayed = 0, 0

    def run(self, work):
        return work()

    def record(self, work):
        self.recorded += 1

        def replay():
            self.replayed += 1
            return work()

        return replay


class Refusing(Repeating):
    """What a device does that cannot record."""

    def record(self, work):
        self.recorded += 1
        raise RuntimeError("operation not permitted when stream is capturing\nmore about it")


def make_batch(step, size=64):
    random = torch.Generator().manual_seed(step)
    mask = torch.zeros(2, 1, size, size)
    mask[:, :, 16:48, 16 : 24 + 4 * (step % 5)] = 1
    return Batch(torch.rand(2, 3, size, size, generator=random) * 2 - 1, mask)


def make_trainer(graphed):
    torch.manual_seed(0)
    objective = Objective(ObjectiveConfig(ppl=0.0, l1_hole=6.0))
    accelerator = Accelerator(cpu=True)
    family = build_family(*FAMILIES["btgmi"])
    return AdversarialTrainer(family, {"default": objective}, accelerator=accelerator, graphed=graphed)


def run(trainer, start=0, stop=SCHEDULE.steps):
    terms = [trainer.step(make_batch(step), SCHEDULE.at(step)) for step in range(start, stop)]
    return terms, state_tensors(trainer)


@pytest.fixture(scope="module")
def eager():
    """Twenty-six steps that a device refused to record: nothing of them can be stale."""
    trainer = make_trainer(Refusing())
    return *run(trainer), trainer


def same(one, other):
    assert one.keys() == other.keys()
    assert [key for key in one if not torch.equal(one[key], other[key])] == []


def test_replayed_steps_are_the_steps_themselves(eager):
    terms, state, _ = eager
    recorder = Repeating()
    again, replayed = run(make_trainer(recorder))
    # Once per kind of step, and not while the block fades in.
    assert recorder.recorded == 3
    assert recorder.replayed == SCHEDULE.steps - 3 - 3 * WARM_UP
    same(state, replayed)
    for one, other in zip(terms, again, strict=True):
        same(one, other)


def test_a_device_that_cannot_record_trains_all_the_same(eager):
    terms, _, trainer = eager
    assert trainer.graphed.refused == "operation not permitted when stream is capturing"
    assert trainer.graphed.recorder.recorded == 1
    assert not trainer.graphed.recorded
    assert all(p.requires_grad for p in trainer.discriminators.parameters())
    assert all(torch.isfinite(value) for step in terms for value in step.values())


def test_rates_in_tensors_train_as_rates_in_numbers(eager):
    """Tensors hold them in single precision: nothing else may differ."""
    terms, _, _ = eager
    plain = make_trainer(False)
    assert plain.graphed is None
    for one, other in zip(terms, run(plain)[0], strict=True):
        for name, value in one.items():
            assert torch.allclose(value, other[name], rtol=1e-3), name


def test_resuming_drops_the_recording(eager):
    _, state, _ = eager
    first = make_trainer(Repeating())
    _, middle = run(first, stop=7)
    second = make_trainer(Repeating())
    run(second, stop=6)
    assert second.graphed.recorded
    restore(second, middle, grown=0)
    assert not second.graphed.recorded
    same(state, run(second, start=7)[1])


def test_another_size_is_another_kind_of_step():
    recorder = Repeating()
    trainer, moment = make_trainer(recorder), SCHEDULE.at(0)
    for size in (64, 96):
        for step in range(WARM_UP + 2):
            trainer.step(make_batch(step, size), moment)
    assert (recorder.recorded, recorder.replayed) == (2, 4)


def test_a_recording_gets_every_batch():
    graphed, seen = GraphedSteps(Repeating()), []

    def work(batch):
        seen.append(float(batch.image.sum() + batch.mask.sum()))
        return {"sum": batch.image.sum()}

    batches = [make_batch(step) for step in range(WARM_UP + 3)]
    sums = [graphed("kind", batch, work)["sum"] for batch in batches]
    assert seen == [float(batch.image.sum() + batch.mask.sum()) for batch in batches]
    assert [float(value) for value in sums] == [float(batch.image.sum()) for batch in batches]


def test_replayed_steps_watch_their_gradients():
    trainer = make_trainer(Repeating())
    run(trainer, stop=WARM_UP + 2)
    assert trainer.graphed.recorded
    next(iter(trainer.generator.parameters())).register_hook(lambda gradient: gradient * float("nan"))
    with pytest.raises(DivergedError):
        trainer.step(make_batch(0), SCHEDULE.at(WARM_UP + 2))
    assert all(torch.isfinite(value).all() for value in state_tensors(trainer).values())


def test_without_a_cuda_device_nothing_is_recorded():
    assert make_trainer(True).graphed is None


@pytest.mark.parametrize("name", FAMILIES)
def test_a_step_asks_the_device_for_no_number(name, monkeypatch):
    """A recording cannot wait for the device. Tensors on "meta" have no values that could be asked for."""
    meta = torch.device("meta")
    accelerator = SimpleNamespace(
        device=meta,
        num_processes=1,
        autocast=nullcontext,
        no_sync=lambda _: nullcontext(),
        prepare_model=lambda model: model,
        backward=lambda loss: loss.backward(),
    )
    # The fused one knows no such device.
    simple = lambda _, parameters: torch.optim.SGD(list(parameters), lr=0.1, foreach=True)  # noqa: E731
    monkeypatch.setattr(AdversarialTrainer, "_adam", simple)
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # nor does this
    objective = Objective(ObjectiveConfig(ppl=0.0, l1_hole=6.0, ssim=1.0))
    trainer = AdversarialTrainer(build_family(*FAMILIES[name]), {"default": objective}, accelerator=accelerator)
    batch = make_batch(0)
    batch = Batch(batch.image, batch.mask, batch.image, 1 - batch.mask).to(meta)
    for _ in range(2):
        terms = trainer._learn(batch, SCHEDULE.at(0), 0.1, torch.zeros((), device=meta))
    assert {value.device for value in terms.values()} == {meta}
    with pytest.raises(RuntimeError, match="meta"):
        float(terms["adversarial"])


class Stream:
    """Keeps a list of what was waited for."""

    def __init__(self, log, name):
        self.log, self.name = log, name

    def wait_stream(self, other):
        self.log.append(f"{self.name} waits for {other.name}")


def test_cuda_recordings_are_made_and_replayed_in_order(monkeypatch):
    """What is asked of torch.cuda, and in which order: a stand-in, because nothing here has a GPU."""
    log = []
    current = Stream(log, "current")

    class Within:
        def __init__(self, *arguments, **options):
            log.append(f"within {[getattr(a, 'name', type(a).__name__) for a in arguments]} {sorted(options)}")
            assert options.get("capture_error_mode", "thread_local") == "thread_local"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            log.append("out")

    monkeypatch.setattr(torch.cuda, "Stream", lambda _: Stream(log, "side"))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: current)
    monkeypatch.setattr(torch.cuda, "stream", Within)
    monkeypatch.setattr(torch.cuda, "graph", Within)
    graph = type("Graph", (), {"replay": lambda _: log.append("replay")})
    monkeypatch.setattr(torch.cuda, "CUDAGraph", graph)

    recorder = CudaRecorder(torch.device("cuda"))
    assert recorder.run(lambda: {"a": torch.ones(())}) == {"a": torch.ones(())}
    assert log == ["side waits for current", "within ['side'] []", "out", "current waits for side"]
    log.clear()
    places = torch.tensor([1.0, 2.0])
    replay = recorder.record(lambda: dict(zip("ab", places.unbind(), strict=True)))
    assert log == ["within ['Graph'] ['capture_error_mode', 'stream']", "out"]
    first = replay()
    assert log[-1] == "replay"
    assert {name: float(value) for name, value in first.items()} == {"a": 1.0, "b": 2.0}
    assert first["a"].data_ptr() != replay()["a"].data_ptr()
