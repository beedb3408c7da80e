import io
import tarfile

import numpy as np
import pytest
from PIL import Image


def photograph(seed, width=96, height=80):
    """A smooth picture with an edge in it; no two seeds alike."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack(
        [128 + 100 * np.sin(rows / rng.uniform(8, 30) + columns / rng.uniform(8, 30)) for _ in range(3)], -1
    )
    pixels[:, width // 2 :] *= 0.6
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    (folder / "deeper").mkdir()
    for seed in range(6):
        photograph(seed).save(folder / ("deeper" if seed % 2 else ".") / f"{seed}.png")
    return folder


@pytest.fixture(scope="session")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    for shard in range(2):
        with tarfile.open(folder / f"train-{shard:04}.tar", "w") as tar:
            for key in range(3 * shard, 3 * shard + 3):
                buffer = io.BytesIO()
                photograph(key).save(buffer, "WEBP", lossless=True)
                for suffix, data in (("webp", buffer.getvalue()), ("json", b"{}")):
                    member = tarfile.TarInfo(f"{key:06}.{suffix}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
    return folder
