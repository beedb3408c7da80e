import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

from inpaint.core.errors import InpaintError
from inpaint.training.evaluation import gmic
from inpaint.training.evaluation.classical import telea
from inpaint.training.evaluation.fillers import make_methods
from inpaint.training.evaluation.samples import Sample

installed = pytest.mark.skipif(not shutil.which("gmic"), reason="gmic is not installed")


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """`stand_in(script)`: a program called gmic that is this shell script."""

    def make(script):
        program = tmp_path / "gmic"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    return make


def leftovers():
    return list(Path(tempfile.gettempdir()).glob("inpaint-gmic-*"))


def test_without_gmic_there_is_a_sentence_before_any_work(monkeypatch, sample):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InpaintError, match="apt install gmic"):
        make_methods(["telea", "gmic"], [])
    with pytest.raises(InpaintError, match="apt install gmic"):
        gmic.gmic(sample)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'no such command' >&2; exit 1", r"failed on one \(no such command\)"),
        ("exit 1", r"failed on one \(it says nothing\)"),
        ("exit 0", r"failed on one \(it wrote no picture\)"),
        ("echo rubbish > filled.png", r"failed on one \(it wrote no picture\)"),
    ],
)
def test_a_failing_gmic_is_one_sentence(stand_in, monkeypatch, tmp_path, sample, script, sentence):
    stand_in(script)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(InpaintError, match=sentence):
        gmic.gmic(sample)
    assert not leftovers()


def test_a_gmic_that_hangs_is_ended(stand_in, monkeypatch, sample):
    stand_in("exec sleep 60")
    monkeypatch.setattr(gmic, "SECONDS", 0.2)
    with pytest.raises(InpaintError, match=r"more than 0\.2 seconds for one"):
        gmic.gmic(sample)


def test_a_program_that_is_none_is_one_sentence(monkeypatch, tmp_path, sample):
    (tmp_path / "gmic").write_bytes(b"\x7fELF, but not really")
    (tmp_path / "gmic").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InpaintError, match="cannot be started"):
        gmic.gmic(sample)


def test_it_is_given_the_hole_and_not_the_truth_and_the_known_pixels_stay(stand_in, monkeypatch, tmp_path, sample):
    """A stand-in that keeps what it was given, and gives its input back with every pixel another."""
    kept = tmp_path / "kept"
    kept.mkdir()
    stand_in(f"cp given.png mask.png {kept}; cp mask.png filled.png; pwd > {kept}/where; echo $HOME > {kept}/home")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    filled = gmic.gmic(sample)
    from PIL import Image

    given, mask = (np.asarray(Image.open(kept / name)) for name in ("given.png", "mask.png"))
    assert not given[sample.hole].any()
    assert np.array_equal(given[~sample.hole], sample.picture[~sample.hole])
    assert np.array_equal(mask > 0, sample.hole)
    assert (filled[sample.hole] == 255).all()
    assert np.array_equal(filled[~sample.hole], sample.picture[~sample.hole])
    assert (kept / "where").read_text() == (kept / "home").read_text()
    assert not leftovers()


@installed
def test_the_real_one_says_its_version_and_options():
    (method,) = make_methods(["gmic"], [])
    assert method.about.startswith("G'MIC 2.") or method.about.startswith("G'MIC 3.")
    assert "inpaint_matchpatch 0,9,10,5,1,0" in method.about


@installed
def test_the_real_one_copies_texture(hole):
    """Stripes go on through the hole, where a smooth fill would be grey."""
    stripes = np.where(np.arange(128) // 4 % 2, 230, 20).astype(np.uint8)
    truth = np.broadcast_to(stripes[None, :, None], (96, 128, 3)).copy()
    sample = Sample("stripes", truth, hole())
    assert gmic.gmic(sample)[hole()].std() > 80 > telea(sample)[hole()].std()


@installed
def test_the_real_one_fills_the_same_again(sample):
    assert np.array_equal(gmic.gmic(sample), gmic.gmic(sample))
