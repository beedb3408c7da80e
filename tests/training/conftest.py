import io
import tarfile
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def shards(tmp_path_factory, picture):
    """The six pictures of `photographs`, losslessly in two WebDataset shards."""
    folder = tmp_path_factory.mktemp("shards")
    for shard in range(2):
        with tarfile.open(folder / f"train-{shard:04}.tar", "w") as tar:
            for key in range(3 * shard, 3 * shard + 3):
                buffer = io.BytesIO()
                Image.fromarray(picture(80, 96, key)).save(buffer, "WEBP", lossless=True)
                for suffix, data in (("webp", buffer.getvalue()), ("json", b"{}")):
                    member = tarfile.TarInfo(f"{key:06}.{suffix}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
    return folder


@pytest.fixture(scope="session")
def run(photographs, tmp_path_factory):
    """A run directory of six steps."""
    from inpaint.training.recipe import load_recipe
    from inpaint.training.run.session import Options, run_training

    out = tmp_path_factory.mktemp("runs") / "tiny-run"
    recipe = load_recipe("debug", ["phases.0.steps=3", "phases.1.steps=3", "name=tiny"])
    run_training(recipe, Options(data=str(photographs), out=out, device="cpu"))
    return out


@pytest.fixture(scope="session")
def shapes(tmp_path_factory):
    """Two label maps: a disc and a bar, and one map whose only segment is too small to be used."""
    folder = tmp_path_factory.mktemp("labels")
    rows, columns = np.mgrid[0:120, 0:160]
    maps = [
        np.where((rows - 60) ** 2 + (columns - 80) ** 2 < 900, 1, 0),
        np.where((abs(rows - 60) < 12) & (abs(columns - 80) < 40), 7, 0),
        np.where((rows < 3) & (columns < 3), 1, 0),
    ]
    for number, labels in enumerate(maps):
        Image.fromarray(labels.astype(np.uint8)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def no_file_so_large():
    """What a full disk does, for files of more than so many bytes, while it is entered: writing them fails halfway."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def limited(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited
