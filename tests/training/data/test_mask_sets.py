import hashlib
import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from inpaint.core.errors import MaskError, OutputError, RecipeError
from inpaint.training.data import mask_sets as masksets
from inpaint.training.data.holes import HoleConfig, draw_holes
from inpaint.training.data.mask_sets import KINDS, draw_mask, freeze, open_mask_set


@pytest.mark.parametrize("kind", KINDS)
def test_a_frozen_set_comes_back_and_keeps_its_area(kind, tmp_path, shapes):
    frozen = freeze(tmp_path / "set", 12, kind=kind, size=96, seed=3, area=(0.05, 0.4), shapes=str(shapes))
    assert open_mask_set(tmp_path / "set") == frozen
    for number, mask in enumerate(frozen.masks):
        pixels = frozen.read(number)
        assert pixels.shape == (96, 96)
        assert pixels.dtype == np.bool_
        assert pixels.mean() == pytest.approx(mask.area, abs=1e-6)
        assert 0.05 <= mask.area <= 0.4
        assert (np.asarray(Image.open(tmp_path / "set" / mask.file).convert("L")) > 127).sum() == pixels.sum()
    record = json.loads((tmp_path / "set" / "masks.json").read_text())
    assert (record["kind"], record["seed"], record["size"]) == (kind, 3, [96, 96])


def test_mask_n_depends_on_the_seed_and_n_alone(tmp_path):
    short = freeze(tmp_path / "short", 3, size=64, seed=5)
    long = freeze(tmp_path / "long", 6, size=64, seed=5)
    other = freeze(tmp_path / "other", 3, size=64, seed=6)
    assert short.masks == long.masks[:3]
    assert {mask.sha256 for mask in short.masks}.isdisjoint(mask.sha256 for mask in other.masks)
    assert len({short.sha256, long.sha256, other.sha256}) == 3


def test_the_default_draws_the_holes_that_the_readme_was_measured_with(tmp_path):
    frozen = freeze(tmp_path / "set", 5, size=128, seed=0)
    policy = HoleConfig(strokes=0.5, area=(0.10, 0.35))
    for number in range(5):
        assert np.array_equal(frozen.read(number), draw_holes(policy, 128, np.random.default_rng((0, number))))


def test_the_hash_is_of_the_pixels():
    mask = np.zeros((4, 6), bool)
    mask[1, 2] = True
    packed = np.packbits(mask).tobytes()
    assert masksets.digest(mask) == hashlib.sha256(b"4 x 6\n" + packed).hexdigest()
    assert masksets.digest(mask) != masksets.digest(mask.reshape(6, 4))


def test_the_centre_hole_is_a_quarter_in_the_middle():
    mask = draw_mask("centre", 64, np.random.default_rng(0))
    assert mask.mean() == 0.25
    assert mask[16:48, 16:48].all()


def test_object_holes_have_the_shapes_of_the_label_maps(shapes):
    """A disc or a bar: the hole fills about pi/4 of its box, or nearly all of it, and nothing in between."""
    shares = []
    for seed in range(20):
        mask = draw_mask(
            "objects", 128, np.random.default_rng(seed), area=(0.1, 0.2), shapes=masksets.Shapes(str(shapes))
        )
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        shares.append(mask.sum() / ((np.ptp(rows) + 1) * (np.ptp(columns) + 1)))
    discs = [share for share in shares if share < 0.9]
    assert discs == pytest.approx([np.pi / 4] * len(discs), abs=0.04)
    assert 3 < len(discs) < 17


def test_shapes_come_out_of_shards_too(shapes, tmp_path):
    with tarfile.open(tmp_path / "shapes.tar", "w") as tar:
        for number in range(2):
            photo, labels = io.BytesIO(), (shapes / f"{number}.png").read_bytes()
            Image.new("RGB", (160, 120)).save(photo, "WEBP")
            for name, data in ((f"{number}.webp", photo.getvalue()), (f"{number}.png", labels)):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    frozen = freeze(tmp_path / "set", 4, kind="objects", size=64, shapes=str(tmp_path / "shapes.tar"))
    assert len(frozen) == 4


def test_what_cannot_be_drawn_is_refused(shapes, tmp_path, photographs):
    rng = np.random.default_rng(0)
    with pytest.raises(RecipeError, match="smaller area"):
        draw_mask("objects", 64, rng, area=(0.95, 0.99), shapes=masksets.Shapes(str(shapes)))
    with pytest.raises(RecipeError, match="wider area"):
        draw_mask("rectangles", 64, rng, area=(0.97, 0.98))
    with pytest.raises(RecipeError, match="smaller first"):
        draw_mask("strokes", 64, rng, area=(0.4, 0.1))
    with pytest.raises(RecipeError, match="--shapes"):
        draw_mask("objects", 64, rng)
    with pytest.raises(RecipeError, match="no label map"):
        draw_mask("objects", 64, rng, shapes=masksets.Shapes(str(photographs)))
    (tmp_path / "a.webp").write_bytes(b"x")
    with pytest.raises(RecipeError, match="label maps"):
        masksets.Shapes(str(tmp_path))
    with pytest.raises(RecipeError, match="on disk"):
        masksets.Shapes("http://127.0.0.1:1/x.tar")


def test_a_set_is_not_written_over_another(tmp_path):
    freeze(tmp_path, 1, size=64)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(OutputError, match="holds masks already"):
        freeze(tmp_path, 2, size=64, seed=1)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_changed_mask_is_noticed(tmp_path):
    frozen = freeze(tmp_path, 2, size=64)
    mask = frozen.read(1)
    mask[0, 0] = not mask[0, 0]
    Image.fromarray(mask).save(tmp_path / frozen.masks[1].file)
    reopened = open_mask_set(tmp_path)
    assert reopened.read(0).any()
    with pytest.raises(MaskError, match="not the mask that was frozen"):
        reopened.read(1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda record: record["masks"].reverse(), "changed by hand"),
        (lambda record: record["masks"].clear(), "changed by hand"),
        (lambda record: record["masks"][0].update(file="../x.png"), "outside its folder"),
        (lambda record: record.pop("sha256"), "damaged"),
    ],
)
def test_a_changed_record_is_noticed(tmp_path, change, sentence):
    freeze(tmp_path, 2, size=64)
    record = json.loads((tmp_path / "masks.json").read_text())
    change(record)
    (tmp_path / "masks.json").write_text(json.dumps(record))
    with pytest.raises(MaskError, match=sentence):
        open_mask_set(tmp_path)


def test_masks_from_elsewhere_are_a_set(tmp_path, hole):
    for name in ("b.png", "a.png"):
        Image.fromarray(hole(64, 64, 8, 8, 24, 40 if name == "a.png" else 24)).save(tmp_path / name)
    opened = open_mask_set(tmp_path)
    assert [mask.file for mask in opened.masks] == ["a.png", "b.png"]
    assert opened.seed is None
    assert opened.read(0).sum() == 16 * 32
    Image.new("L", (64, 64)).save(tmp_path / "c.png")
    with pytest.raises(MaskError, match="without a hole"):
        open_mask_set(tmp_path)


def test_an_empty_folder_has_no_masks(tmp_path):
    with pytest.raises(MaskError, match="inpaint masks"):
        open_mask_set(tmp_path)
