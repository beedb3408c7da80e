"""Pictures that are not usable: others take their places, the same ones whenever asked, and each is named once."""

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.core.errors import DataError, RecipeError
from inpaint.core.trainers import Phase, Schedule
from inpaint.training.data.batches import BatchPlan, load_batches
from inpaint.training.data.check_pictures import Check
from inpaint.training.data.composite_batches import choose_composites, load_composites
from inpaint.training.data.composites import CompositeConfig
from inpaint.training.data.crops import CropConfig, read_picture
from inpaint.training.data.holes import HoleConfig, draw_holes
from inpaint.training.data.object_shapes import Shapes
from inpaint.training.data.segments import FolderSegments
from inpaint.training.data.skipped import TRIES, SkippedPictures, read_or_replace
from inpaint.training.data.sources import Streamed, StreamSource, open_source
from inpaint.training.segmenter.train import SegmenterRecipe, draw_batch

STEPS = 12
RECTANGLES = HoleConfig()


@pytest.fixture
def damaged(tmp_path, picture):
    """Twenty pictures, of which two are none."""
    for number in range(20):
        Image.fromarray(picture(40, 48, number)).save(tmp_path / f"{number:02}.png")
    (tmp_path / "05.png").write_bytes((tmp_path / "05.png").read_bytes()[:300])
    (tmp_path / "11.png").write_bytes(b"")
    return tmp_path


def make_plan(batch=2, holes=RECTANGLES, **changes):
    schedule = Schedule([Phase(name="only", steps=STEPS)])
    crops = {"default": CropConfig(size=32, batch=batch)}
    return BatchPlan(crops=crops, holes={"default": holes}, schedule=schedule, seed=5, **changes)


def load(source, plan, start=0, workers=0, told=None):
    total = None if isinstance(source, StreamSource) else len(source)
    skipped = SkippedPictures(total, (told if told is not None else []).append)
    return list(load_batches(source, plan, start=start, workers=workers, skipped=skipped))


def same(ones, others):
    return all(torch.equal(a.image, b.image) and torch.equal(a.mask, b.mask) for a, b in zip(ones, others, strict=True))


def test_others_take_their_places_the_same_ones_whenever_asked(damaged):
    source, told = open_source(str(damaged)), []
    whole = load(source, make_plan(), told=told)
    assert sorted(sentence.split(" cannot be decoded")[0] for sentence in told) == [
        str(damaged / "05.png"),
        str(damaged / "11.png"),
    ]
    for start in (3, 10):
        assert same(load(source, make_plan(), start), whole[start:])
    assert same(load(source, make_plan(), workers=2), whole)


def test_nothing_else_is_different(damaged, picture):
    broken = torch.cat([batch.image for batch in load(open_source(str(damaged)), make_plan())])
    for name, seed in (("05.png", 5), ("11.png", 11)):
        Image.fromarray(picture(40, 48, seed)).save(damaged / name)
    mended = torch.cat([batch.image for batch in load(open_source(str(damaged)), make_plan())])
    assert 1 <= sum(not torch.equal(a, b) for a, b in zip(broken, mended, strict=True)) <= 4


def test_more_than_a_share_ends_it(damaged):
    (damaged / "12.png").write_bytes(b"x")
    with pytest.raises(RecipeError, match=r"3 of 20 pictures are not usable.*--dry-run --deep"):
        load(open_source(str(damaged)), make_plan())


def test_a_single_one_never_ends_it(tmp_path, picture):
    Image.fromarray(picture(40, 48)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"x")
    assert len(load(open_source(str(tmp_path)), make_plan())) == STEPS
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(RecipeError, match=r"No picture that was tried.*\.png cannot be decoded"):
        load(open_source(str(tmp_path)), make_plan())


def test_each_is_told_once_and_not_again_after_a_resume():
    told = []
    skipped = SkippedPictures(100, told.append, known=["old."])
    skipped.add(["old.", "new.", "new."])
    skipped.add(["new."])
    assert told == ["new."]


def test_of_a_stream_a_share_means_something_only_after_some_pictures():
    skipped = SkippedPictures()
    skipped.add(["1", "2", "3", "4", "5"], read=6)
    with pytest.raises(RecipeError, match="6 of 50 pictures"):
        skipped.add(["6"], read=8)
    SkippedPictures().add(map(str, range(10)), read=100)


class Stream(StreamSource):
    """Pictures without end, of which every tenth is none."""

    def __init__(self, encoded):
        super().__init__([], 0)
        self.encoded = encoded

    def __iter__(self):
        number = 0
        while True:
            yield Streamed(b"x" if number % 10 == 3 else self.encoded[number % len(self.encoded)], f"number {number}")
            number += 1


@pytest.mark.parametrize("batch", [1, 4])
def test_in_a_stream_the_next_one_takes_its_place(photographs, batch):
    source = open_source(str(photographs))
    stream, told = Stream([source.read(index) for index in range(6)]), []
    whole = load(stream, make_plan(batch), told=told)
    assert [sentence.split(" cannot")[0] for sentence in told] == [
        f"number {number}" for number in range(3, STEPS * batch, 10)
    ]
    for start in (2, 3, 7):
        assert same(load(stream, make_plan(batch), start), whole[start:])
    # Two processes take turns, with the same pictures.
    pairs = [load(stream, make_plan(batch, rank=rank, world=2)) for rank in range(2)]
    assert torch.equal(pairs[1][0].image, whole[1].image)


def test_label_maps_are_skipped_where_a_training_draws_and_nowhere_else(shapes, tmp_path, photographs):
    for path in shapes.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "9.png").write_bytes(b"x")
    outlines, holes = Shapes(str(tmp_path)), HoleConfig(objects=1.0, area=(0.05, 0.3))
    plan, told = make_plan(holes=holes, shapes=outlines), []
    source = open_source(str(photographs))
    whole = load(source, plan, told=told)
    assert [sentence.split(" cannot")[0] for sentence in told] == [str(tmp_path / "9.png")]
    assert same(load(source, plan, 5), whole[5:])
    drawn = (draw_holes(holes, 64, np.random.default_rng(seed), outlines) for seed in range(TRIES))
    with pytest.raises(DataError, match=r"9\.png"):
        list(drawn)


@pytest.fixture
def half_marked(discs, tmp_path):
    """Twelve segmented pictures: one has no object, and the label map of another is none."""
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
        for path in (discs / kind).iterdir():
            (tmp_path / kind / path.name).write_bytes(path.read_bytes())
    Image.new("L", (96, 80), 0).save(tmp_path / "masks" / "3.png")
    return FolderSegments(tmp_path)


def test_segmented_pictures_without_an_object_are_skipped(half_marked):
    told, plan = [], make_plan()
    skipped = SkippedPictures(12, told.append)
    whole = list(load_composites(half_marked, CompositeConfig(), plan, start=0, workers=0, skipped=skipped))
    assert len(told) == 1
    assert "3.png has no object" in told[0]
    rest = load_composites(half_marked, CompositeConfig(), plan, start=7, workers=0)
    assert all(torch.equal(a.composite, b.composite) for a, b in zip(rest, whole[7:], strict=True))
    assert len(choose_composites(half_marked, CompositeConfig(), plan.crops["default"], 0).image) == 12


def test_a_segmenter_skips_them_too(half_marked):
    recipe, skipped = SegmenterRecipe(batch=24, width=4), []
    first, again = (draw_batch(half_marked, recipe, 0, skipped) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert {"3.png has no object" in sentence for sentence in skipped} == {True}


@pytest.mark.parametrize("workers", [0, 1])
def test_everything_can_be_read_beforehand(damaged, half_marked, shapes, workers):
    source = open_source(str(damaged))
    found = list(Check("pictures", lambda index: read_picture(source, index), len(source)).sentences(workers))
    assert [number for number, sentence in enumerate(found) if sentence] == [5, 11]
    assert [n for n, sentence in enumerate(Check.of_segments(half_marked).sentences(workers)) if sentence] == [
        [path.name for path, _ in half_marked.pairs].index("3.png")
    ]
    outlines = Shapes(str(shapes))
    assert list(Check("label maps", outlines.read, len(outlines.maps)).sentences(workers)) == [None] * 3


def test_so_many_are_tried_and_no_more():
    tried = []

    def read(index):
        tried.append(index)
        raise DataError(f"{index} is not usable.")

    skipped = []
    with pytest.raises(RecipeError):
        read_or_replace(read, 7, 1000, (0,), skipped)
    assert len(tried) == TRIES == len(skipped)
