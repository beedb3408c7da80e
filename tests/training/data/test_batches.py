import functools
import http.server
import multiprocessing
import os
import signal
import threading

import numpy as np
import pytest
import torch

from inpaint.core.errors import RecipeError
from inpaint.core.trainers import Phase, Schedule
from inpaint.training.data.batches import BatchPlan, Order, load_batches
from inpaint.training.data.crops import CropConfig, centre_crop, decode, random_crop
from inpaint.training.data.holes import HoleConfig
from inpaint.training.data.sources import FolderSource, ShardSource, StreamSource, open_source


def make_plan(**changes):
    settings = {
        "crops": {"default": CropConfig(size=32, batch=2), "large": CropConfig(size=64, batch=3)},
        "holes": {"default": HoleConfig(strokes=0.5)},
        "schedule": Schedule([Phase(name="a", steps=4), Phase(name="b", steps=4, data="large")]),
        "seed": 5,
    }
    return BatchPlan(**{**settings, **changes})


def same(one, other):
    return torch.equal(one.image, other.image) and torch.equal(one.mask, other.mask)


def test_a_folder_is_read_with_its_sub_folders(photographs):
    source = open_source(str(photographs))
    assert isinstance(source, FolderSource)
    assert len(source) == 6


def test_shards_hold_the_same_pictures_as_a_folder(photographs, shards):
    for location in (str(shards), str(shards / "train-*.tar")):
        source = open_source(location)
        assert isinstance(source, ShardSource)
        pictures = {decode(source.read(index)).tobytes() for index in range(len(source))}
        folder = open_source(str(photographs))
        assert pictures == {decode(folder.read(index)).tobytes() for index in range(6)}
    assert len(open_source(str(shards / "train-0001.tar"))) == 3


@pytest.mark.parametrize("name", ["nothing-here", "*.tar"])
def test_missing_data_is_one_sentence(tmp_path, name):
    with pytest.raises(RecipeError, match="does not exist"):
        open_source(str(tmp_path / name))


def test_data_without_pictures_is_one_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(RecipeError, match="No pictures"):
        open_source(str(tmp_path))
    (tmp_path / "broken.tar").write_bytes(b"x" * 700)
    with pytest.raises(RecipeError, match=r"broken\.tar"):
        open_source(str(tmp_path))


def test_a_broken_picture_is_one_sentence():
    with pytest.raises(RecipeError, match="cannot be decoded"):
        decode(b"not a picture")


def test_a_batch_is_a_pure_function_of_its_step(photographs):
    source = open_source(str(photographs))
    whole = list(load_batches(source, make_plan(), start=0, workers=0))
    assert len(whole) == 8
    for start in (3, 5):
        rest = list(load_batches(source, make_plan(), start=start, workers=0))
        assert all(same(a, b) for a, b in zip(whole[start:], rest, strict=True))
    assert not same(whole[0], whole[1])


def test_workers_change_nothing(photographs):
    source = open_source(str(photographs))
    alone = list(load_batches(source, make_plan(), start=2, workers=0))
    helped = list(load_batches(source, make_plan(), start=2, workers=2))
    assert all(same(a, b) for a, b in zip(alone, helped, strict=True))


def test_phases_choose_their_crops(photographs):
    batches = list(load_batches(open_source(str(photographs)), make_plan(), start=0, workers=0))
    assert [tuple(batch.image.shape) for batch in batches] == [(2, 3, 32, 32)] * 4 + [(3, 3, 64, 64)] * 4
    for batch in batches:
        assert batch.image.min() >= -1
        assert batch.image.max() <= 1
        assert set(batch.mask.unique().tolist()) == {0.0, 1.0}


def test_every_picture_is_seen_once_per_epoch(photographs):
    source = open_source(str(photographs))
    order = Order(len(source), seed=0)
    for epoch in range(3):
        assert sorted(order(number) for number in range(6 * epoch, 6 * epoch + 6)) == list(range(6))


def test_processes_share_the_samples_without_overlap():
    ranks = [make_plan(rank=rank, world=2) for rank in range(2)]
    numbers = [number for step in range(8) for plan in ranks for number in plan.sample_numbers(step)]
    assert numbers == list(range(2 * (4 * 2 + 4 * 3)))


def test_crops_are_never_enlarged_and_reach_every_corner():
    rng = np.random.default_rng(0)
    ramp = np.tile(np.arange(100, dtype=np.uint8)[:, None, None], (1, 200, 3))
    picture = decode(_png(ramp))
    tops = []
    for _ in range(60):
        crop = random_crop(picture, CropConfig(size=64, zoom=(1.0, 4.0), flip=False), rng)
        assert crop.shape == (64, 64, 3)
        assert np.diff(crop[:, 0, 0].astype(int)).max() <= 2
        tops.append(int(crop[0, 0, 0]))
    assert min(tops) <= 5
    assert max(tops) >= 30


def test_small_pictures_are_enlarged_to_the_crop():
    picture = decode(_png(np.full((20, 30, 3), 77, dtype=np.uint8)))
    crop = random_crop(picture, CropConfig(size=64), np.random.default_rng(0))
    assert crop.shape == (64, 64, 3)
    assert np.all(crop == 77)
    assert centre_crop(picture, 64).shape == (64, 64, 3)


def _png(pixels):
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def shard_server(shards):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(shards))
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_shards_stream_from_a_url_and_resume_exactly(shard_server):
    source = open_source(shard_server + "/train-{0000..0001}.tar", seed=3)
    assert isinstance(source, StreamSource)
    whole = list(load_batches(source, make_plan(), start=0, workers=0))
    assert len(whole) == 8
    rest = list(load_batches(source, make_plan(), start=5, workers=0))
    assert all(same(a, b) for a, b in zip(whole[5:], rest, strict=True))
    assert len({picture.place for picture in source.once()}) == len(list(source.once())) == 6


def test_shards_stream_to_each_of_several_processes(shard_server, monkeypatch):
    source = open_source(shard_server + "/train-{0000..0001}.tar", seed=3)
    alone = next(load_batches(source, make_plan(), start=0, workers=0))
    # What launchers set, and what webdataset looks at.
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    assert same(alone, next(load_batches(source, make_plan(), start=0, workers=0)))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_picture_is_its_own_sentence(photographs, tmp_path, workers):
    (tmp_path / "damaged.jpg").write_bytes(b"no picture")
    with pytest.raises(RecipeError) as caught:
        next(load_batches(FolderSource(tmp_path), make_plan(), start=0, workers=workers))
    assert "Traceback" not in str(caught.value)
    assert "DataLoader" not in str(caught.value)


def test_signals_are_not_for_those_who_decode(photographs):
    """They reach the whole group, and the training still wants its last pictures then."""
    heard = []
    previous = {number: signal.signal(number, lambda *_: heard.append(1)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        coming = load_batches(FolderSource(photographs), make_plan(), start=0, workers=1)
        next(coming)
        (worker,) = multiprocessing.active_children()
        for number in previous:
            os.kill(worker.pid, number)
        assert len(list(coming)) == 7
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    assert not heard


def test_a_changed_number_of_processes_goes_on_where_the_samples_stopped():
    """Three steps of two processes, then one process alone, across a change of batch size: no number twice, no gap."""
    pairs = [make_plan(rank=rank, world=2) for rank in range(2)]
    seen = [number for step in range(3) for plan in pairs for number in plan.sample_numbers(step)]
    alone = make_plan(anchor=(3, pairs[0].samples_before(3)))
    seen += [number for step in range(3, 8) for number in alone.sample_numbers(step)]
    assert seen == list(range(3 * 2 * 2 + 2 + 4 * 3))
    assert alone.samples_before(8) == len(seen)


def test_an_anchor_of_the_same_number_of_processes_changes_nothing():
    plan = make_plan(rank=1, world=2)
    anchored = make_plan(rank=1, world=2, anchor=(5, plan.samples_before(5)))
    assert all(plan.sample_numbers(step) == anchored.sample_numbers(step) for step in range(5, 8))
