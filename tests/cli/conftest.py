"""What several commands are tried on."""

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def collage(tmp_path: Path, picture, apple, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with background.png, apple.png to be put into it, and mask.png of the apple."""
    monkeypatch.setattr("inpaint.core.engines.devices.cuda_devices", lambda: 0)
    Image.fromarray(picture(200, 260)).save(tmp_path / "background.png")
    Image.fromarray(apple[0]).save(tmp_path / "apple.png")
    Image.fromarray(apple[1]).save(tmp_path / "mask.png")
    return tmp_path
