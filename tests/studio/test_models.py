"""What the studio loads where models for research only are not part of the installation."""

from pathlib import Path

import pytest

from inpaint.core import Engine, JointEngine, SegmenterEngine
from inpaint.studio.models import Models
from inpaint.weights import MODELS, known


def test_with_every_model_there_is_nothing_to_note() -> None:
    models = Models("cpu", 1)
    for kind, (loaded, notes) in ((JointEngine, models.joint()), (SegmenterEngine, models.segmenter())):
        assert isinstance(loaded, kind)
        assert notes == ()


def test_without_them_it_says_what_it_does_instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bundled").mkdir()
    for model in MODELS[:2]:  # the default one, which the studio cannot do without
        (tmp_path / "bundled" / model.file).symlink_to(model.locate())
    monkeypatch.setattr(known, "files", lambda package: tmp_path)
    models = Models("cpu", 1)
    engine, notes = models.joint()
    assert isinstance(engine, Engine)
    assert "joint is not part of this installation" in notes[0]
    segmenter, notes = models.segmenter()
    assert segmenter is None
    assert "GrabCut alone" in notes[0]
