from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint.core import Engine, MaskChoice, load_engine
from inpaint.core.batch import Settings

Maker = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Engine:
    return load_engine(tiny_model, device="cpu", threads=1)


@pytest.fixture
def album(tmp_path: Path, picture: Maker, hole: Maker) -> Path:
    """A folder `photos` with eight PNGs, half of them in `photos/trip`, and `masks` with a mask for each."""
    for number in range(8):
        folder = "trip" if number % 2 else "."
        for kind, array in (("photos", picture(seed=number)), ("masks", hole())):
            (tmp_path / kind / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(tmp_path / kind / folder / f"{number}.png")
    return tmp_path


@pytest.fixture
def settings(album: Path) -> Settings:
    return Settings(choice=MaskChoice(), masks=album / "masks")


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """`contents(folder)`: every file below it but the manifest, hidden ones too, by relative path."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "manifest.jsonl"
        }

    return read
