"""A studio over a folder of small photographs, with a stand-in model, and a client that has its token."""

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from inpaint.core import load_engine
from inpaint.studio.library import Library
from inpaint.studio.models import Models
from inpaint.studio.server import make_app
from inpaint.studio.session import Studio

TOKEN = "token"


class TinyModels(Models):
    """Has one model, whatever is asked for."""

    def __init__(self, path):
        super().__init__("cpu", 1)
        self._engine = load_engine(path, "cpu")

    def engine(self, model="default"):
        return self._engine


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (120, 160, 3), np.uint8)).save(folder / "a.png")
    Image.fromarray(rng.integers(0, 256, (90, 70, 3), np.uint8)).save(folder / "b.jpg")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (folder / "notes.txt").write_text("no photograph")
    return folder


@pytest.fixture
def studio(folder, tiny_model):
    studio = Studio(Library(folder), TinyModels(tiny_model), "a.png")
    yield studio
    studio.close()


@pytest.fixture
def client(studio):
    with TestClient(make_app(studio, TOKEN, {"testserver"}), base_url=f"http://testserver/{TOKEN}/") as client:
        yield client
