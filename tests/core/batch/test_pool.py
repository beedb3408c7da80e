import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint.core import Engine, MaskChoice
from inpaint.core.batch import Item, Outcome, Settings, collect, fill_file, load_batch_engine, run_here
from inpaint.core.batch import pool as pool_module
from inpaint.core.batch.pool import Budget

Contents = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def items(album: Path) -> list[Item]:
    return collect([album / "photos"], album / "out", lambda path: ".png")


@pytest.mark.parametrize("beside", [1, 3])
def test_every_photograph_is_filled_as_if_alone(
    album: Path, items: list[Item], settings: Settings, engine: Engine, beside: int, contents: Contents
) -> None:
    alone = collect([album / "photos"], album / "alone", lambda path: ".png")
    for item in alone:
        fill_file(item, settings, engine)
    told: list[Outcome] = []
    run_here(items, settings, engine, told.append, beside=beside)
    assert sorted(outcome.output for outcome in told) == sorted(str(item.target) for item in items)
    assert {outcome.status for outcome in told} == {"done"}
    assert contents(album / "out") == contents(album / "alone")


def test_one_bad_file_does_not_stop_the_others(
    album: Path, items: list[Item], settings: Settings, engine: Engine, contents: Contents
) -> None:
    (album / "photos/2.png").write_bytes(b"not a picture")
    told: list[Outcome] = []
    run_here(items, settings, engine, told.append, beside=2)
    assert [Path(outcome.image).stem for outcome in told if outcome.status == "failed"] == ["2"]
    assert len(contents(album / "out")) == 7


def test_no_more_pixels_than_allowed_are_under_way(
    album: Path, items: list[Item], settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for two and a half of the photographs, and one that is larger than all of the room."""
    Image.fromarray(np.zeros((200, 300, 3), np.uint8)).save(album / "photos/6.png")
    under_way: list[int] = []
    most: list[list[int]] = []
    lock = threading.Lock()

    def watched(item: Item, *more: object) -> Outcome:
        with Image.open(item.image) as picture:
            pixels = picture.width * picture.height
        with lock:
            under_way.append(pixels)
            most.append(list(under_way))
        time.sleep(0.02)
        try:
            return fill_file(item, *more)  # type: ignore[arg-type]
        finally:
            with lock:
                under_way.remove(pixels)

    monkeypatch.setattr(pool_module, "fill_file", watched)
    run_here(items, settings, engine, lambda outcome: None, beside=8, pixels=128 * 96 * 5 // 2)
    assert len(most) == 8
    assert {sum(sizes) for sizes in most} <= {128 * 96, 2 * 128 * 96, 200 * 300}
    assert max(len(sizes) for sizes in most) == 2


def test_a_budget_frees_what_was_held() -> None:
    budget = Budget(10)
    for _ in range(3):
        with pytest.raises(KeyError), budget.hold(25):
            raise KeyError
    assert budget.used == 0


def test_an_interruption_reports_what_is_complete_and_nothing_else(
    album: Path, items: list[Item], settings: Settings, engine: Engine, contents: Contents
) -> None:
    told: list[Outcome] = []

    def report(outcome: Outcome) -> None:
        told.append(outcome)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_here(items, settings, engine, report, beside=2)
    assert 3 <= len(told) < 8
    assert sorted(contents(album / "out")) == sorted(
        Path(outcome.output).relative_to(album / "out").as_posix() for outcome in told
    )


def test_an_interruption_ends_a_long_job_at_its_next_region(
    album: Path, engine: Engine, picture: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch, contents: Contents
) -> None:
    mask = np.zeros((100, 2000), bool)
    mask[40:50, ::200] = True
    Image.fromarray(picture(100, 2000)).save(album / "wide.png")
    Image.fromarray(mask).save(album / "wide_mask.png")
    items = collect([album / "photos/0.png", album / "wide.png"], album / "out", lambda path: ".png")
    settings = Settings(choice=MaskChoice(file=album / "wide_mask.png"))
    runs: list[int] = []
    run = Engine.run

    def slow(self: Engine, *arrays: np.ndarray) -> np.ndarray:
        runs.append(1)
        time.sleep(0.05)
        return run(self, *arrays)

    def interrupt(outcome: Outcome) -> None:
        raise KeyboardInterrupt  # the small photograph has failed: the mask does not fit it

    monkeypatch.setattr(Engine, "run", slow)
    with pytest.raises(KeyboardInterrupt):
        run_here(items, settings, engine, interrupt, beside=2)
    assert len(runs) < 10
    assert contents(album / "out") == {}


@pytest.mark.parametrize(
    ("threads", "jobs", "wanted"), [(4, 100, (4, 1)), (4, 2, (2, 2)), (4, 1, (1, 4)), (1, 9, (1, 1))]
)
def test_cores_are_shared_out(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, threads: int, jobs: int, wanted: tuple[int, int]
) -> None:
    engine, beside = load_batch_engine(tiny_model, "cpu", threads, jobs)
    assert (beside, engine._threads) == wanted
